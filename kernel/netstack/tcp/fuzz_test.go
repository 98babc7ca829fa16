package tcp

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/netstack/ip"
	"mewz/kernel/socket"
)

// hostile is an engine with connections in several states, and a peer that sends whatever
// the bytes of a fuzzer say.
type hostile struct {
	t        *testing.T
	layer    *layer
	engine   *Engine
	listener *Listener
	conns    []*Conn
	input    []byte
}

func (h *hostile) byte() byte {
	if len(h.input) == 0 {
		return 0
	}
	b := h.input[0]
	h.input = h.input[1:]
	return b
}

// near returns a number at or close to n.
func (h *hostile) near(n uint32) uint32 {
	offsets := [...]uint32{0, 0, 0, 0, 1, 2, 100, 1448, 5000, 65535, 70000, 300000, ^uint32(0), ^uint32(99), ^uint32(70000), 1 << 31}
	return n + offsets[h.byte()%16]
}

// segment sends one segment from a port to the engine, as if to connection c if there is one.
func (h *hostile) segment() {
	be := binary.BigEndian
	kind := h.byte()
	ports := uint32(80)<<16 | uint32(4000+int(kind%8))
	var seq, ack, echo uint32
	if i := int(kind>>3) % 8; i < len(h.conns) {
		c := h.conns[i]
		ports, seq, ack, echo = c.key.ports, c.rcvNxt, c.sndNxt, h.engine.ms+c.tsOffset
	} else if x := h.engine.waiting.first; x != 0 {
		e := &h.engine.waiting.entries[x]
		ports, seq, ack = e.ports, e.rcvNxt, e.sndNxt
	}
	flags := [...]uint8{flagACK, flagACK, flagACK | flagPSH, flagACK | flagFIN, flagSYN, flagSYN | flagACK, flagRST, flagRST | flagACK, 0, flagFIN, 0xff, flagSYN | flagFIN}[h.byte()%12]
	t := make([]byte, 20, 100)
	be.PutUint16(t, uint16(ports))
	be.PutUint16(t[2:], uint16(ports>>16))
	be.PutUint32(t[4:], h.near(seq))
	be.PutUint32(t[8:], h.near(ack))
	be.PutUint16(t[14:], uint16(h.byte())<<(h.byte()%9))
	switch h.byte() % 5 {
	case 0:
		t = append(t, 1, 1, 8, 10)
		t = be.AppendUint32(t, h.near(1000))
		t = be.AppendUint32(t, h.near(echo))
	case 1:
		t = append(t, 1, 1, 5, 18)
		for range 4 {
			t = be.AppendUint32(t, h.near(ack))
		}
	case 2:
		t = append(t, 2, 4, h.byte(), h.byte(), 1, 3, 3, h.byte(), 1, 1, 4, 2)
	case 3:
		for range int(h.byte()%10) * 4 {
			t = append(t, h.byte())
		}
	default:
	}
	t[12] = byte(len(t) / 4 << 4)
	if h.byte() == 0 {
		t[12] = h.byte()
	}
	t[13] = flags
	for range []int{0, 0, 1, 100, 1448, 3000, 60000}[h.byte()%7] {
		t = append(t, 0x55)
	}
	ours, theirs := v4(10, 0, 0, 1), v4(10, 0, 0, 2)
	be.PutUint16(t[16:], ^header.Fold(header.Sum(t, pseudo(&theirs, &ours)+uint64(len(t)))))
	p := &ip.Packet{Source: theirs, Destination: ours, IsIPv4: true, Protocol: ip.ProtocolTCP, Bytes: len(t), Payload: t}
	if cut := 60 + int(h.byte()); cut < len(t) && h.byte()%4 == 0 {
		p.Payload, p.More = t[:cut], [][]byte{t[cut : cut+(len(t)-cut)/3], t[cut+(len(t)-cut)/3:]}
	}
	h.engine.Input(p)
}

// call is what the program does.
func (h *hostile) call() {
	which := h.byte()
	if c, err := h.listener.Accept(); err == nil {
		c.Watch(&readySign{})
		h.conns = append(h.conns, c)
	}
	if len(h.conns) == 0 {
		return
	}
	i := int(which>>4) % len(h.conns)
	c := h.conns[i]
	b := make([]byte, 1+int(h.byte())*64)
	switch which % 8 {
	case 0, 1:
		c.Write(b, false)
	case 2:
		c.Write(b, true)
	case 3, 4:
		c.Read(b, false)
	case 5:
		c.Shutdown(socket.Shutdown(1 + h.byte()%3))
	case 6:
		c.SetOption(socket.Option(h.byte()%13), int64(h.byte())<<(h.byte()%40))
	case 7:
		if h.byte()%2 == 0 {
			c.Close()
		} else {
			c.Abort()
		}
		h.conns = append(h.conns[:i:i], h.conns[i+1:]...)
	}
}

func (h *hostile) pass(d time.Duration) {
	h.layer.now += d
	h.engine.EndPoll(h.layer.now)
}

func (h *hostile) run() {
	for range 2 {
		if c, err := h.engine.Connect(socket.Endpoint{}, socket.Endpoint{Address: v4(10, 0, 0, 2), Port: 80}, &readySign{}); err == nil {
			h.conns = append(h.conns, c)
		}
	}
	for len(h.input) > 0 {
		switch h.byte() % 8 {
		case 0:
			h.call()
		case 1:
			h.pass(time.Duration(h.byte()) * time.Duration(h.byte()) * time.Millisecond)
		case 2:
			h.layer.room = int(h.byte()%8) - 4
		case 3:
			q := make([]byte, 8)
			if len(h.conns) > 0 {
				c := h.conns[0]
				binary.BigEndian.PutUint32(q, c.key.ports)
				binary.BigEndian.PutUint32(q[4:], h.near(c.sndUna))
			}
			h.engine.Failed(v4(10, 0, 0, 1), v4(10, 0, 0, 2), q, ip.Failure(h.byte()%6))
			h.engine.PathMTU(v4(10, 0, 0, 1), v4(10, 0, 0, 2), q, uint16(h.byte())<<4)
		default:
			h.segment()
		}
		if h.byte()%3 == 0 {
			h.pass(time.Millisecond)
		}
	}
	h.layer.room = -1
	for _, c := range h.conns {
		c.SetOption(socket.OptionLinger, -1)
		c.Close()
	}
	h.listener.Close()
	for range 40 {
		h.pass(10 * time.Second)
	}
	checkIdle(h.t, "engine", h.engine)
	if h.engine.Deadline() != socket.Forever {
		h.t.Error("a timer runs when all is closed")
	}
}

func newHostile(t *testing.T, input []byte) *hostile {
	l, e := newLayer(t, 1, 2<<20)
	h := &hostile{t: t, layer: l, engine: e, input: input}
	l.sent = func(p []byte, r *ip.Route) {
		if !checksumHolds(received(p)) {
			t.Fatalf("wrong checksum in % x", p)
		}
	}
	listener, err := e.Listen(socket.Endpoint{Port: 80}, socket.IPv4, false, 4, &readySign{})
	if err != nil {
		t.Fatal(err)
	}
	h.listener = listener
	return h
}

func FuzzInput(f *testing.F) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 9))
		b := make([]byte, 3000)
		for i := range b {
			b[i] = byte(r.Uint32())
			if r.IntN(3) == 0 {
				b[i] = 0
			}
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > 1<<14 {
			return
		}
		newHostile(t, input).run()
	})
}

// TestHostile is what FuzzInput does, for inputs that are made here.
func TestHostile(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 10))
		b := make([]byte, 200+r.IntN(4000))
		zeros := 1 + r.IntN(10)
		for i := range b {
			b[i] = byte(r.Uint32())
			if r.IntN(zeros) == 0 {
				b[i] = 0
			}
		}
		newHostile(t, b).run()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
