package tcp

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/device"
	"mewz/kernel/netstack/header"
	"mewz/kernel/netstack/ip"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// layer is an ip.Output whose packets a test takes.
type layer struct {
	t        testing.TB
	now      time.Duration
	offload  packet.Offload
	mtu      uint16
	pool     *packet.Pool
	room     int  // frames that the device takes, < 0: any number
	reserves int  // calls of Reserve
	deaf     bool // packets are not even put together
	sent     func(p []byte, r *ip.Route)
	frame    packet.Frame
	reserved bool
	buffer   []byte
	confirms int
}

func (l *layer) Route(source, destination socket.Address) (ip.Route, error) {
	r := ip.Route{Source: source, Destination: destination, MTU: l.mtu, IsIPv4: isIPv4(&destination)}
	if source == (socket.Address{}) {
		r.Source = v4(10, 0, 0, 1)
		if !r.IsIPv4 {
			r.Source = v6(1)
		}
	}
	return r, nil
}

func (l *layer) Reserve() *packet.Frame {
	l.reserves++
	if l.room == 0 {
		return nil
	}
	if l.reserved {
		l.t.Fatal("two frames are reserved at once")
	}
	l.reserved = true
	if l.frame.Header == nil {
		l.frame.Header = make([]byte, packet.HeaderMaxBytes)
	}
	return &l.frame
}

// Send puts the packet together and hands it to sent, cut as a device does it.
func (l *layer) Send(r *ip.Route, f *packet.Frame) {
	if !l.reserved || f != &l.frame {
		l.t.Fatal("a frame is sent that was not reserved")
	}
	l.reserved = false
	if l.room > 0 {
		l.room--
	}
	if l.deaf {
		return
	}
	l.buffer = append(l.buffer[:0], f.Header[14:f.HeaderBytes]...)
	for _, p := range f.Parts[:f.PartCount] {
		l.buffer = append(l.buffer, l.pool.Bytes(p.Chunk)[p.Offset:p.Offset+p.Bytes]...)
	}
	ipBytes := 40
	if r.IsIPv4 {
		ipBytes = 20
		if sum := header.Fold(header.Sum(l.buffer[:20], 0)); sum != 0xffff {
			l.t.Fatalf("sum of the IPv4 header is %#x", sum)
		}
		if n := int(binary.BigEndian.Uint16(l.buffer[2:])); n != len(l.buffer) {
			l.t.Fatalf("total length %d of %d bytes", n, len(l.buffer))
		}
	} else if n := int(binary.BigEndian.Uint16(l.buffer[4:])); n != len(l.buffer)-40 {
		l.t.Fatalf("payload length %d of %d bytes", n, len(l.buffer)-40)
	}
	if f.Checksum != l.offload.SendChecksum {
		l.t.Fatalf("checksum offload %v, the device has %v", f.Checksum, l.offload.SendChecksum)
	}
	sumAt := int(f.ChecksumStart) - 14 + int(f.ChecksumOffset)
	if f.Segmentation == packet.SegmentNone {
		if len(l.buffer) > int(l.mtu) {
			l.t.Fatalf("packet of %d bytes, MTU %d", len(l.buffer), l.mtu)
		}
		if f.Checksum {
			finishSum(l.buffer, ipBytes, sumAt, uint32(header.Fold(uint64(binary.BigEndian.Uint16(l.buffer[sumAt:])))))
		}
		l.sent(l.buffer, r)
		return
	}
	l.cut(r, f, ipBytes)
}

// finishSum is what a device does for Checksum.
func finishSum(b []byte, ipBytes, at int, start uint32) {
	b[at], b[at+1] = 0, 0
	binary.BigEndian.PutUint16(b[at:], ^header.Fold(header.Sum(b[ipBytes:], uint64(start))))
}

// cut is what a device does for Segmentation.
func (l *layer) cut(r *ip.Route, f *packet.Frame, ipBytes int) {
	be := binary.BigEndian
	all := l.buffer
	tcp := ipBytes + int(all[ipBytes+12]>>4)*4
	size := int(f.SegmentBytes)
	if !l.offload.SendTCP4 || len(all)-tcp <= size || tcp+size > int(l.mtu) {
		l.t.Fatalf("segmentation of %d bytes into %d, MTU %d", len(all)-tcp, size, l.mtu)
	}
	flags := all[ipBytes+13]
	for at := tcp; at < len(all); at += size {
		end := min(at+size, len(all))
		b := append(append([]byte{}, all[:tcp]...), all[at:end]...)
		be.PutUint32(b[ipBytes+4:], be.Uint32(all[ipBytes+4:])+uint32(at-tcp))
		if end < len(all) {
			b[ipBytes+13] = flags &^ (flagFIN | flagPSH)
		}
		if r.IsIPv4 {
			be.PutUint16(b[2:], uint16(len(b)))
		} else {
			be.PutUint16(b[4:], uint16(len(b)-40))
		}
		start := header.Fold(pseudo(&r.Source, &r.Destination) + uint64(len(b)-ipBytes))
		finishSum(b, ipBytes, ipBytes+16, uint32(start))
		l.sent(b, r)
	}
}

func (l *layer) Cancel(f *packet.Frame)        { l.reserved = false }
func (l *layer) Confirm(r *ip.Route)           { l.confirms++ }
func (l *layer) IsLocal(a socket.Address) bool { return a == v4(10, 0, 0, 1) || a == v6(1) }
func (l *layer) Offload() packet.Offload       { return l.offload }
func (l *layer) Now() time.Duration            { return l.now }

func v4(a, b, c, d byte) socket.Address {
	return socket.Address{10: 0xff, 11: 0xff, 12: a, 13: b, 14: c, 15: d}
}
func v6(last byte) socket.Address { return socket.Address{0: 0xfd, 15: last} }

// seeded is a Random that gives the same each time.
type seeded struct{ *rand.Rand }

func (s seeded) Fill(p []byte) {
	for i := range p {
		p[i] = byte(s.Uint32())
	}
}

func newSeeded(seed uint64) seeded { return seeded{rand.New(rand.NewPCG(seed, 1))} }

func newPool(bytes int) *packet.Pool {
	return packet.NewPool(func(n int) (device.Memory, error) {
		return device.Memory{Bytes: make([]byte, n), Physical: abi.PhysAddr(0)}, nil
	}, bytes)
}

// fullOffload is a device that does everything.
var fullOffload = packet.Offload{SendChecksum: true, SendTCP4: true, SendTCP6: true}

// newLayer returns a layer and an engine over it.
func newLayer(t testing.TB, seed uint64, poolBytes int) (*layer, *Engine) {
	l := &layer{t: t, now: time.Second, offload: fullOffload, mtu: 1500, pool: newPool(poolBytes), room: -1}
	return l, New(l, l.pool, newSeeded(seed))
}

// received makes what package ip hands on of an IP packet.
func received(b []byte) *ip.Packet {
	p := &ip.Packet{Protocol: ip.ProtocolTCP}
	if b[0]>>4 == 4 {
		p.IsIPv4 = true
		p.Source = v4(b[12], b[13], b[14], b[15])
		p.Destination = v4(b[16], b[17], b[18], b[19])
		p.Payload = b[20:]
	} else {
		copy(p.Source[:], b[8:])
		copy(p.Destination[:], b[24:])
		p.Payload = b[40:]
	}
	p.Bytes = len(p.Payload)
	return p
}

// readySign is a Watcher that remembers.
type readySign struct {
	now   socket.Readiness
	times int
}

func (r *readySign) SetReady(v socket.Readiness) { r.now = v; r.times++ }
