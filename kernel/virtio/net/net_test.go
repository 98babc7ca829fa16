package net

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"mewz/kernel/packet"
	"mewz/kernel/virtio"
)

// basic is what QEMU offers for its user network.
const basic = FeatureMAC | FeatureStatus | FeatureMergeReceive | virtio.FeatureEventIndex

// all is everything that the driver knows.
const all = basic | FeatureChecksum | FeatureGuestChecksum | FeatureMTU | FeatureGuestTCP4 | FeatureGuestTCP6 |
	FeatureHostTCP4 | FeatureHostTCP6

func TestNegotiation(t *testing.T) {
	tests := []struct {
		name             string
		offered, refused virtio.Features
		offload          packet.Offload
		mtu              int
	}{
		{"nothing", 0, 0, packet.Offload{}, 1500},
		{"user network", basic, 0, packet.Offload{}, 1500},
		{"all", all, 0, packet.Offload{SendChecksum: true, SendTCP4: true, SendTCP6: true}, 1400},
		{"segments without checksums", all &^ FeatureChecksum, FeatureHostTCP4 | FeatureHostTCP6, packet.Offload{}, 1400},
		{"joins without checksums", all &^ FeatureGuestChecksum, FeatureGuestTCP4 | FeatureGuestTCP6, packet.Offload{SendChecksum: true, SendTCP4: true, SendTCP6: true}, 1400},
		{"joins without merging", all &^ FeatureMergeReceive, FeatureGuestTCP4 | FeatureGuestTCP6, packet.Offload{SendChecksum: true, SendTCP4: true, SendTCP6: true}, 1400},
		{"only IPv4", all &^ FeatureHostTCP6, 0, packet.Offload{SendChecksum: true, SendTCP4: true}, 1400},
		{"unknown ones", basic | 1<<17 | 1<<22 | 1<<33 | 1<<34, 1<<17 | 1<<22 | 1<<33 | 1<<34, packet.Offload{}, 1500},
	}
	for _, test := range tests {
		for i, transport := range transports {
			p, _ := newPeer(test.offered)
			d, _ := p.mustStart(t, i)
			if want := test.offered&^test.refused | virtio.FeatureVersion1; p.Accepted != want {
				t.Errorf("%s, %s: the driver accepts %#x, want %#x", transport.name, test.name, p.Accepted, want)
			}
			if d.Offload() != test.offload || d.MTU() != test.mtu {
				t.Errorf("%s, %s: %+v, MTU %d, want %+v, %d", transport.name, test.name, d.Offload(), d.MTU(), test.offload, test.mtu)
			}
			want := testMAC
			if test.offered&FeatureMAC == 0 {
				want = packet.MAC{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff}
			}
			if d.MAC() != want || !d.LinkUp() {
				t.Errorf("%s, %s: address %x, want %x; link up %v", transport.name, test.name, d.MAC(), want, d.LinkUp())
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name   string
		break_ func(p *peer)
		want   error
	}{
		{"no version 1", func(p *peer) { p.Offered &^= virtio.FeatureVersion1 }, virtio.ErrLegacy},
		{"features refused", func(p *peer) { p.Refuse = true }, virtio.ErrFeatures},
		{"no queues", func(p *peer) { p.QueueMax = 0 }, virtio.ErrNoQueue},
		{"small queues", func(p *peer) { p.QueueMax = 32 }, virtio.ErrNoQueue},
		{"MTU", func(p *peer) { binary.LittleEndian.PutUint16(p.Config[configMTU:], 67) }, ErrMTU},
	}
	for _, test := range tests {
		for i, transport := range transports {
			p, _ := newPeer(all)
			test.break_(p)
			if _, _, err := p.start(t, i); !errors.Is(err, test.want) {
				t.Errorf("%s, %s: Open = %v, want %v", transport.name, test.name, err, test.want)
			}
			if p.Status&virtio.StatusDriverOK != 0 {
				t.Errorf("%s, %s: the device still runs", transport.name, test.name)
			}
		}
	}
}

// send sends a frame of a header and payload in chunks of n bytes.
func send(t testing.TB, d *Device, pool *packet.Pool, header, payload string, n int) {
	t.Helper()
	f := d.Reserve()
	if f == nil {
		t.Fatal("no room")
	}
	f.HeaderBytes = uint16(copy(f.Header, header))
	f.PartCount, f.Checksum, f.Segmentation = 0, false, packet.SegmentNone
	for len(payload) > 0 {
		id, ok := pool.Get()
		if !ok {
			t.Fatal("no chunk")
		}
		const offset = 5
		k := copy(pool.Bytes(id)[offset:], payload[:min(n, len(payload))])
		f.Parts[f.PartCount] = packet.Part{Chunk: id, Offset: offset, Bytes: uint16(k)}
		f.PartCount++
		payload = payload[k:]
	}
	parts := f.Parts
	count := f.PartCount
	d.Send(f)
	for _, p := range parts[:count] {
		pool.Release(p.Chunk)
	}
}

func TestSend(t *testing.T) {
	for i, transport := range transports {
		for _, features := range []virtio.Features{0, basic, all} {
			p, _ := newPeer(features)
			d, pool := p.mustStart(t, i)
			payload := strings.Repeat("0123456789abcdef", 4000)
			for range 300 { // around the ring
				send(t, d, pool, "head", payload, 4000)
				send(t, d, pool, "alone", "", 1)
				if len(p.sent) != 0 {
					t.Fatal("the device sees a frame before Flush")
				}
				d.Flush()
				if len(p.sent) != 2 || p.sent[0].bytes != "head"+payload || p.sent[1].bytes != "alone" || p.sent[0].header != [headerBytes]byte{} {
					t.Fatalf("%s, %#x: sent %d frames", transport.name, features, len(p.sent))
				}
				p.sent = nil
			}
			if pool.Used() != 0 || d.Err() != nil {
				t.Errorf("%s, %#x: %d chunks are held, %v", transport.name, features, pool.Used(), d.Err())
			}
		}
	}
}

func TestReceive(t *testing.T) {
	for i, transport := range transports {
		for _, features := range []virtio.Features{0, basic, all} {
			p, _ := newPeer(features)
			d, _ := p.mustStart(t, i)
			for n := range 1000 {
				text := strings.Repeat("x", n) + "end"
				if !p.arrive(frame{bytes: text}) || !p.arrive(frame{bytes: "2"}) {
					t.Fatalf("%s, %#x, %d: no buffers", transport.name, features, n)
				}
				for _, want := range []string{text, "2"} {
					if r := d.Receive(); r == nil || string(r.Bytes) != want || r.More != nil || r.ChecksumGood || r.SegmentBytes != 0 {
						t.Fatalf("%s, %#x, %d: received %+v", transport.name, features, n, r)
					}
				}
				if d.Receive() != nil {
					t.Fatal("received what nobody sent")
				}
				d.Recycle()
			}
		}
	}
}
