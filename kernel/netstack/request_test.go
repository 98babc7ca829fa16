package netstack

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/packet"
	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

// Bounds of a wire: frames on it at once, and bytes of each.
const (
	wireFrames = 8
	wireBytes  = 16 << 10
)

// wire is one end of a cable that costs next to nothing and allocates nothing.
type wire struct {
	mac      packet.MAC
	pool     *packet.Pool
	peer     *wire
	frame    packet.Frame
	in       [wireFrames][]byte
	first    int
	count    int
	received packet.Received
	lost     int
}

func newWire(mac byte) *wire {
	w := &wire{mac: packet.MAC{2, 0, 0, 0, 0, mac}, pool: packettest.NewPool(1 << 20)}
	w.frame.Header = make([]byte, packet.HeaderMaxBytes)
	for i := range w.in {
		w.in[i] = make([]byte, 0, wireBytes)
	}
	return w
}

func (w *wire) MAC() packet.MAC { return w.mac }
func (w *wire) MTU() int        { return 1500 }
func (w *wire) Offload() packet.Offload {
	return packet.Offload{SendChecksum: true, SendTCP4: true, SendTCP6: true}
}
func (w *wire) Recycle()               {}
func (w *wire) Reserve() *packet.Frame { return &w.frame }
func (w *wire) Cancel(*packet.Frame)   {}
func (w *wire) Flush()                 {}
func (w *wire) Err() error             { return nil }

// Send lays a frame before the other end.
func (w *wire) Send(f *packet.Frame) {
	p := w.peer
	if p.count == wireFrames {
		p.lost++
		return
	}
	b := append(p.in[(p.first+p.count)%wireFrames][:0], f.Header[:f.HeaderBytes]...)
	for _, part := range f.Parts[:f.PartCount] {
		b = append(b, w.pool.Bytes(part.Chunk)[part.Offset:part.Offset+part.Bytes]...)
	}
	p.in[(p.first+p.count)%wireFrames] = b
	p.count++
}

func (w *wire) Receive() *packet.Received {
	if w.count == 0 {
		return nil
	}
	w.received = packet.Received{Bytes: w.in[w.first], ChecksumGood: true}
	w.first = (w.first + 1) % wireFrames
	w.count--
	return &w.received
}

// exchange is a client and a server with a connection between them.
type exchange struct {
	t              testing.TB
	clock          packettest.Clock
	wires          [2]*wire
	stacks         [2]*Stack
	client, server socket.Socket
	head, body     []byte
	buffer         []byte
}

// newExchange connects a client to a server whose response has a head of 100 bytes and n more.
func newExchange(t testing.TB, n int) *exchange {
	x := &exchange{t: t, head: make([]byte, 100), body: make([]byte, n), buffer: make([]byte, 16<<10)}
	x.clock.Advance(time.Second)
	x.wires = [2]*wire{newWire(1), newWire(2)}
	x.wires[0].peer, x.wires[1].peer = x.wires[1], x.wires[0]
	for i, c := range []abi.Network{static1, static2} {
		var err error
		x.stacks[i], err = New(Machine{Device: x.wires[i], Pool: x.wires[i].pool, Random: newRandom(byte(i)), Now: x.clock.Now, Config: c})
		if err != nil {
			t.Fatal(err)
		}
	}
	listener, err := x.stacks[1].Open(socket.IPv4, socket.Stream)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(listener.Bind(socket.Endpoint{Port: 80}), listener.Listen(1)); err != nil {
		t.Fatal(err)
	}
	if x.client, err = x.stacks[0].Open(socket.IPv4, socket.Stream); err != nil {
		t.Fatal(err)
	}
	to := socket.Endpoint{Port: 80}
	to.Address[10], to.Address[11] = 0xff, 0xff
	copy(to.Address[12:], []byte{10, 0, 0, 2})
	if err := x.client.Connect(to); !errors.Is(err, syscall.EINPROGRESS) {
		t.Fatalf("Connect = %v, want EINPROGRESS", err)
	}
	for range 3000 { // addresses are probed, and neighbors asked for
		x.clock.Advance(time.Millisecond)
		x.stacks[0].Poll()
		x.stacks[1].Poll()
	}
	if x.server, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	x.client.SetTag(0)
	x.server.SetTag(0)
	return x
}

// request is one request of 100 bytes and its response.
func (x *exchange) request() {
	x.clock.Advance(50 * time.Microsecond)
	x.write(x.client, x.head, false)
	x.stacks[0].Poll()
	x.stacks[1].Poll()
	x.read(1, x.server, len(x.head))
	x.write(x.server, x.head, true)
	x.write(x.server, x.body, false)
	x.stacks[1].Poll()
	x.clock.Advance(50 * time.Microsecond)
	x.stacks[0].Poll()
	x.read(0, x.client, len(x.head)+len(x.body))
}

func (x *exchange) write(s socket.Socket, b []byte, more bool) {
	if n, err := s.Write(b, more); n != len(b) || err != nil {
		x.t.Fatalf("Write = %d, %v, want %d", n, err, len(b))
	}
}

func (x *exchange) read(stack int, s socket.Socket, want int) {
	if x.stacks[stack].Ready()[0]&socket.Readable == 0 {
		x.t.Fatal("nothing to read")
	}
	if n, err := s.Read(x.buffer, false); n != want || err != nil {
		x.t.Fatalf("Read = %d, %v, want %d", n, err, want)
	}
}

// TestRequestAllocatesNothing holds the whole stack to it, from frames to sockets, as a
// client and as a server, and to the short way for every segment.
func TestRequestAllocatesNothing(t *testing.T) {
	for _, n := range []int{300, 10_240} {
		x := newExchange(t, n)
		for range 100 {
			x.request()
		}
		const requests = 500
		var had [2]uint64
		for i, s := range x.stacks {
			had[i] = s.tcp.Stats.Received - s.tcp.Stats.Predicted
		}
		if allocated := testing.AllocsPerRun(requests, x.request); allocated != 0 {
			t.Errorf("a request with %d bytes allocates %v times, want 0", n, allocated)
		}
		for i, s := range x.stacks {
			if slow := s.tcp.Stats.Received - s.tcp.Stats.Predicted - had[i]; slow != 0 {
				t.Errorf("%d bytes: %d segments went the long way into stack %d", n, slow, i)
			}
			if x.wires[i].lost != 0 {
				t.Errorf("%d frames did not fit on the wire", x.wires[i].lost)
			}
		}
	}
}

// BenchmarkRequest is the whole stack in both roles: a request and its response in a client and
// in a server.
func BenchmarkRequest(b *testing.B) {
	for _, c := range []struct {
		name  string
		bytes int
	}{{"400B", 300}, {"10KB", 10_240}} {
		b.Run(c.name, func(b *testing.B) {
			x := newExchange(b, c.bytes)
			b.ReportAllocs()
			for b.Loop() {
				x.request()
			}
		})
	}
}

// TestRaised has the bits of what becomes ready, whatever became of it, until they are taken away.
func TestRaised(t *testing.T) {
	x := newExchange(t, 300)
	raised := x.stacks[1].Raised()
	if raised[0] != socket.Writable {
		t.Fatalf("Raised = %03b at first, want what Ready has", raised[0])
	}
	raised[0] = socket.Other
	x.request() // it became readable, and is no longer
	if raised[0] != socket.Readable|socket.Other {
		t.Errorf("Raised = %08b after a request, want Readable and the bit of the caller", raised[0])
	}
	raised[0] = 0
	x.write(x.client, x.head, false)
	x.client.Close()
	x.stacks[0].Poll()
	x.stacks[1].Poll()
	if want := socket.Readable | socket.Writable | socket.Hangup; raised[0] != want {
		t.Errorf("Raised = %03b at the end, want %03b", raised[0], want)
	}
	x.server.SetTag(5)
	if raised = x.stacks[1].Raised(); len(raised) != 6 || raised[0] != 0 || raised[5] != x.stacks[1].Ready()[5] {
		t.Errorf("Raised = %b after another tag, want what is ready there", raised)
	}
	x.server.Close()
	if raised[5] != 0 {
		t.Errorf("Raised = %03b of a closed socket, want 0", raised[5])
	}
}
