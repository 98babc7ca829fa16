package net

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"mewz/kernel/packet"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/virtiotest"
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
		name    string
		corrupt func(p *peer)
		want    error
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
			test.corrupt(p)
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

func TestReceiveMerged(t *testing.T) {
	p, _ := newPeer(all)
	d, _ := p.mustStart(t, 0)
	for n := 1; n < packetMaxBytes; n += 777 {
		text := strings.Repeat("0123456789", n/10+1)[:n]
		f := frame{bytes: text}
		f.header[0], f.header[1] = flagNeedsChecksum, byte(packet.SegmentTCP4)|segmentECN
		binary.LittleEndian.PutUint16(f.header[4:], 1448)
		if !p.arrive(f) {
			t.Fatalf("%d: no buffers", n)
		}
		r := d.Receive()
		if r == nil {
			t.Fatalf("%d: nothing is received: %v", n, d.Err())
		}
		got := string(r.Bytes)
		for _, b := range r.More {
			got += string(b)
		}
		if got != text || !r.ChecksumGood || r.SegmentBytes != 1448 {
			t.Fatalf("%d: received %d bytes, good %v, segments of %d", n, len(got), r.ChecksumGood, r.SegmentBytes)
		}
		d.Recycle()
	}
}

// TestChecksumNotAgreed: what the header says counts only if it was agreed on.
func TestChecksumNotAgreed(t *testing.T) {
	p, _ := newPeer(basic)
	d, _ := p.mustStart(t, 0)
	f := frame{bytes: "frame"}
	f.header[0] = flagDataValid
	p.arrive(f)
	if r := d.Receive(); r == nil || r.ChecksumGood {
		t.Errorf("received %+v, want a checksum that is not good", r)
	}
}

func TestSendOffload(t *testing.T) {
	p, _ := newPeer(all)
	d, pool := p.mustStart(t, 1)
	f := d.Reserve()
	f.HeaderBytes = uint16(copy(f.Header, "0123456789"))
	id, _ := pool.Get()
	f.PartCount, f.Parts[0] = 1, packet.Part{Chunk: id, Offset: 4000, Bytes: 96}
	f.Checksum, f.ChecksumStart, f.ChecksumOffset = true, 34, 16
	f.Segmentation, f.SegmentBytes = packet.SegmentTCP6, 1440
	d.Send(f)
	pool.Release(id)
	d.Flush()
	want := [headerBytes]byte{1, 4, 10, 0, 1440 & 0xff, 1440 >> 8, 34, 0, 16, 0}
	if len(p.sent) != 1 || p.sent[0].header != want || len(p.sent[0].bytes) != 106 {
		t.Errorf("sent %+v, want the header %v", p.sent, want)
	}
}

// TestSendFull: a queue that is full gives no frame, asks to be interrupted, and
// goes on when there is room. Frames that are reserved always have room.
func TestSendFull(t *testing.T) {
	for _, features := range []virtio.Features{0, all} {
		p, _ := newPeer(features)
		p.async = true
		d, pool := p.mustStart(t, 0)
		frames := 0
		for {
			f := d.Reserve()
			if f == nil {
				break
			}
			d.Cancel(f)
			send(t, d, pool, "head", strings.Repeat("x", 2*packet.PartsMax), 2)
			frames++
		}
		if want := (256 - chainBuffers) / chainBuffers; frames < want {
			t.Errorf("%#x: %d frames of %d buffers, want %d", features, frames, chainBuffers, want)
		}
		if _, pending := d.Arm(); pending {
			t.Errorf("%#x: pending, though nothing happened", features)
		}
		before := p.Interrupts
		p.step()
		if p.Interrupts == before || !d.Pending() {
			t.Errorf("%#x: room comes without an interrupt", features)
		}
		d.Disarm()
		if f := d.Reserve(); f == nil || len(p.sent) != frames || pool.Used() != 0 {
			t.Errorf("%#x: frame %v, %d of %d are sent, %d chunks are held", features, f, len(p.sent), frames, pool.Used())
		}
		before = p.Interrupts
		send(t, d, pool, "head", "", 1)
		d.Flush()
		p.step()
		if p.Interrupts != before {
			t.Errorf("%#x: an interrupt for a frame that nobody waits for", features)
		}
	}
}

// TestArm: a frame interrupts between Arm and Disarm, and at no other time.
func TestArm(t *testing.T) {
	for i, transport := range transports {
		for _, features := range []virtio.Features{0, all} {
			p, m := newPeer(features)
			d, _ := p.mustStart(t, i)
			for range 500 {
				p.arrive(frame{bytes: "quiet"})
				if p.Interrupts != 0 || !d.Pending() {
					t.Fatalf("%s, %#x: %d interrupts, pending %v", transport.name, features, p.Interrupts, d.Pending())
				}
				if _, pending := d.Arm(); !pending {
					t.Fatalf("%s, %#x: Arm does not see what is there", transport.name, features)
				}
				d.Receive()
				d.Recycle()
				slots, pending := d.Arm()
				if slots == 0 || pending {
					t.Fatalf("%s, %#x: Arm = %#x, %v", transport.name, features, slots, pending)
				}
				p.arrive(frame{bytes: "loud"})
				if p.Interrupts != 1 || m.Wait(slots, 1) != slots {
					t.Fatalf("%s, %#x: no interrupt", transport.name, features)
				}
				d.Disarm()
				d.Receive()
				d.Recycle()
				d.Arm() // takes the line of MMIO down
				d.Disarm()
				p.Interrupts = 0
			}
		}
	}
}

// TestNoAllocation: nothing is allocated while frames flow.
func TestNoAllocation(t *testing.T) {
	p, _ := newPeer(all)
	d, pool := p.mustStart(t, 0)
	b := newBench(p, d, pool)
	writeCounts(d, 1)
	for range 1000 {
		b.round()
	}
	if n := testing.AllocsPerRun(1000, b.round); n != 0 {
		t.Errorf("%v allocations for a frame in each direction", n)
	}
}

// bench sends a frame for each that it receives, with a device that costs little.
type bench struct {
	p    *peer
	d    *Device
	pool *packet.Pool
	id   packet.ChunkID
	rx   plainQueue
	tx   plainQueue
}

// plainQueue is the device's half of a queue without checks.
type plainQueue struct {
	available, used []byte
	mask, at        uint16
}

func newPlainQueue(q *virtiotest.Queue, m *virtiotest.Machine) plainQueue {
	return plainQueue{m.Bytes(q.At.Available, 4+2*int(q.At.Size)), m.Bytes(q.At.Used, 6+8*int(q.At.Size)), q.At.Size - 1, 0}
}

func newBench(p *peer, d *Device, pool *packet.Pool) *bench {
	p.async = true
	id, _ := pool.Get()
	return &bench{
		p: p, d: d, pool: pool, id: id,
		rx: newPlainQueue(&p.Queues[queueReceive], p.Machine), tx: newPlainQueue(&p.Queues[queueTransmit], p.Machine),
	}
}

// use uses the next chain.
func (q *plainQueue) use(n uint32) {
	le := binary.LittleEndian
	head := le.Uint16(q.available[4+2*(q.at&q.mask):])
	e := q.used[4+8*int(q.at&q.mask):]
	le.PutUint64(e, uint64(head)|uint64(n)<<32)
	q.at++
	le.PutUint16(q.used[2:], q.at)
}

// framesAtOnce is how many frames a poll of the stack finds.
const framesAtOnce = 16

func (b *bench) round() {
	for range framesAtOnce {
		b.rx.use(headerBytes + 100)
	}
	for b.d.Receive() != nil {
		f := b.d.Reserve()
		f.HeaderBytes, f.PartCount = 66, 1
		f.Parts[0] = packet.Part{Chunk: b.id, Bytes: 400}
		b.d.Send(f)
	}
	b.d.Recycle()
	b.d.Flush()
	for range framesAtOnce {
		b.tx.use(0)
	}
}

func BenchmarkFrames(b *testing.B) {
	p, _ := newPeer(all)
	d, pool := p.mustStart(b, 0)
	f := newBench(p, d, pool)
	writeCounts(d, 1)
	b.ResetTimer()
	for b.Loop() {
		f.round()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*framesAtOnce), "ns/frame")
	if err := d.Err(); err != nil {
		b.Fatal(err)
	}
}

// writeCounts says in every receive buffer of how many buffers its frame is.
func writeCounts(d *Device, n uint16) {
	for i := range len(d.bufferOf) {
		binary.LittleEndian.PutUint16(d.buffers.Bytes[i*d.bufferSize+10:], n)
	}
}
