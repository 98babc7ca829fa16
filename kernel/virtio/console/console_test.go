package console

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"mewz/kernel/virtio"
)

func pattern(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{7}).Read(b)
	return b
}

// readAll reads n bytes from a port.
func readAll(t *testing.T, p *Port, n int) []byte {
	t.Helper()
	got := make([]byte, 0, n)
	b := make([]byte, 10_000)
	for len(got) < n {
		k, err := p.Read(b, Forever)
		if err != nil || k == 0 {
			t.Fatalf("Read = %d, %v after %d bytes", k, err, len(got))
		}
		got = append(got, b[:k]...)
	}
	return got
}

func TestStreamsOverBothTransports(t *testing.T) {
	for _, transport := range transports {
		for _, interrupts := range []bool{true, false} {
			h, m := newHost()
			m.NoInterrupts = !interrupts
			d, err := Open(m, transport.open(t, h.Device), "in", "out", "err")
			if err != nil {
				t.Fatalf("%s: Open = %v", transport.name, err)
			}
			if h.opened != [4]bool{1: true, 2: true, 3: true} || h.Accepted != FeatureMultiport|virtio.FeatureVersion1 {
				t.Errorf("%s: opened %v with features %#x", transport.name, h.opened, h.Accepted)
			}
			want := pattern(300_000)
			if n, err := d.Port("out").Write(want); n != len(want) || err != nil {
				t.Errorf("%s: Write = %d, %v", transport.name, n, err)
			}
			if !bytes.Equal(h.written[2], want) || h.written[3] != nil {
				t.Errorf("%s: %d bytes came out and differ", transport.name, len(h.written[2]))
			}
			h.input[1] = bytes.Clone(want)
			if got := readAll(t, d.Port("in"), len(want)); !bytes.Equal(got, want) {
				t.Errorf("%s: what was read differs", transport.name)
			}
		}
	}
}

func TestReadTakesWhatIsThere(t *testing.T) {
	h, m := newHost()
	d, err := h.open(t, m)
	if err != nil {
		t.Fatal(err)
	}
	in, b := d.Port("in"), make([]byte, 3)
	until := m.Now() + 10*time.Millisecond
	if n, err := in.Read(b, until); n != 0 || err != nil || m.Now() < until {
		t.Errorf("Read of nothing = %d, %v at %v, want 0 at %v", n, err, m.Now(), until)
	}
	if n, err := in.Read(b, m.Now()); n != 0 || err != nil {
		t.Errorf("Read without waiting = %d, %v", n, err)
	}
	h.input[1] = []byte("abcde")
	for _, want := range []string{"abc", "de"} {
		if n, err := in.Read(b, Forever); string(b[:n]) != want || err != nil {
			t.Errorf("Read = %q, %v, want %q", b[:n], err, want)
		}
	}
	// The host closes the port: what came before is still read.
	m.Waiting = func() {
		m.Waiting = nil
		h.input[1] = []byte("z")
		h.feed(1)
		h.send(1, eventPortOpen, 0, "")
	}
	if n, err := in.Read(b, Forever); n != 1 || err != nil {
		t.Errorf("Read = %d, %v, want the last byte", n, err)
	}
	if n, err := in.Read(b, Forever); n != 0 || err != ErrClosed {
		t.Errorf("Read of a closed port = %d, %v, want ErrClosed", n, err)
	}
}

// TestIdleWaitsAreLong bounds how often an idle machine wakes up.
func TestIdleWaitsAreLong(t *testing.T) {
	h, m := newHost()
	d, err := h.open(t, m)
	if err != nil {
		t.Fatal(err)
	}
	m.Waits = 0
	if n, err := d.Port("in").Read(make([]byte, 1), m.Now()+time.Minute); n != 0 || err != nil {
		t.Fatalf("Read = %d, %v", n, err)
	}
	if m.Waits > 150 {
		t.Errorf("%d waits in a minute", m.Waits)
	}
}

func TestLostNotifications(t *testing.T) {
	h, m := newHost()
	d, err := h.open(t, m)
	if err != nil {
		t.Fatal(err)
	}
	h.deaf = 2
	if n, err := d.Port("out").Write([]byte("x")); n != 1 || err != nil || string(h.written[2]) != "x" {
		t.Errorf("Write = %d, %v, the host got %q", n, err, h.written[2])
	}
	if m.Now() > time.Second {
		t.Errorf("it took %v", m.Now())
	}
}

// TestHostInAnotherThread has a device that works while the driver waits, as it
// is under KVM, and one that interrupts for nothing.
func TestHostInAnotherThread(t *testing.T) {
	for _, transport := range transports {
		h, m := newHost()
		var todo []uint16
		h.Notified = func(queue uint16) { todo = append(todo, queue) }
		waits := 0
		m.Waiting = func() {
			if waits++; waits%2 == 0 {
				for _, queue := range todo {
					h.notified(queue)
				}
				todo = nil
			}
		}
		d, err := Open(m, transport.open(t, h.Device), "in", "out", "err")
		if err != nil {
			t.Fatalf("%s: Open = %v", transport.name, err)
		}
		want := pattern(200_000)
		h.input[1] = bytes.Clone(want)
		got := readAll(t, d.Port("in"), len(want))
		n, err := d.Port("err").Write(got)
		if n != len(want) || err != nil || !bytes.Equal(h.written[3], want) {
			t.Errorf("%s: Write = %d, %v, %d bytes came out", transport.name, n, err, len(h.written[3]))
		}
		if m.Now() > time.Second {
			t.Errorf("%s: it took %v: interrupts are missed", transport.name, m.Now())
		}
	}
}

func TestWriteWaitsForTheHost(t *testing.T) {
	h, m := newHost()
	d, err := h.open(t, m)
	if err != nil {
		t.Fatal(err)
	}
	h.full = true
	waits := 0
	m.Waiting = func() {
		if waits++; waits == 20 {
			h.full = false
			h.take(7)
		}
	}
	if n, err := d.Port("err").Write([]byte("late")); n != 4 || err != nil || string(h.written[3]) != "late" {
		t.Errorf("Write = %d, %v, the host got %q", n, err, h.written[3])
	}
	h.full = true
	m.Waiting = func() { h.send(3, eventPortOpen, 0, "") }
	if n, err := d.Port("err").Write([]byte("never")); n != 0 || err != ErrClosed {
		t.Errorf("Write to a port that closes = %d, %v, want ErrClosed", n, err)
	}
	if n, err := d.Port("err").Write([]byte("never")); n != 0 || err != ErrClosed {
		t.Errorf("Write to a closed port = %d, %v, want ErrClosed", n, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(h *host)
		want   error
	}{
		{"legacy", func(h *host) { h.Offered = FeatureMultiport }, virtio.ErrLegacy},
		{"one port", func(h *host) { h.Offered = virtio.FeatureVersion1 }, ErrNoPorts},
		{"no reset", func(h *host) { h.Dead = true }, virtio.ErrReset},
		{"features taken back", func(h *host) { h.Refuse = true }, virtio.ErrFeatures},
		{"small queues", func(h *host) { h.QueueMax = 1 }, virtio.ErrNoQueue},
		{"another name", func(h *host) { h.names[2] = "other" }, ErrNoPorts},
		{"no names", func(h *host) { h.names = nil }, ErrNoPorts},
		{"few ports", func(h *host) { h.Config[configPortCount] = 2 }, ErrNoPorts},
		{"silent", func(h *host) { h.Notified = nil }, virtio.ErrBroken},
		{"needs reset", func(h *host) {
			h.Notified = func(uint16) { h.Status |= virtio.StatusNeedsReset }
		}, virtio.ErrBroken},
		{"control length", func(h *host) {
			h.Notified = func(queue uint16) {
				h.notified(queue)
				h.Queues[queueControlIn].PushRaw(15, controlBytes+1)
			}
		}, virtio.ErrUsedLength},
	}
	for _, test := range tests {
		h, m := newHost()
		transport := transports[0].open(t, h.Device)
		test.change(h)
		if _, err := Open(m, transport, "in", "out", "err"); !errors.Is(err, test.want) {
			t.Errorf("%s: Open = %v, want %v", test.name, err, test.want)
		}
		if m.Now() > 2*handshakePatience {
			t.Errorf("%s: it took %v", test.name, m.Now())
		}
	}
}

func TestPortLies(t *testing.T) {
	const in, out = 4, 9 // queues of "in" and "err"
	tests := []struct {
		name  string
		queue uint16
		lie   func(h *host)
		want  error
	}{
		{"input longer than a buffer", in, func(h *host) { h.Queues[in].PushRaw(3, inputBufferBytes+1) }, virtio.ErrUsedLength},
		{"input of no buffer", in, func(h *host) { h.Queues[in].PushRaw(99, 1) }, virtio.ErrUsedHead},
		{"input index", in, func(h *host) { h.Queues[in].SetUsed(17) }, virtio.ErrUsedIndex},
		{"output index", out, func(h *host) { h.Queues[out].SetUsed(2) }, virtio.ErrUsedIndex},
		{"reset of its own accord", out, func(h *host) { h.Status = 0 }, virtio.ErrBroken},
		{"gone", out, func(h *host) { h.Dead = true }, virtio.ErrBroken},
	}
	for _, test := range tests {
		h, m := newHost()
		d, err := h.open(t, m)
		if err != nil {
			t.Fatal(err)
		}
		h.Notified = func(queue uint16) {
			if queue == test.queue {
				test.lie(h)
			}
		}
		for range 2 { // the second time it knows
			if test.queue == in {
				_, err = d.Port("in").Read(make([]byte, 1), m.Now()+time.Minute)
			} else {
				_, err = d.Port("err").Write([]byte("x"))
			}
			if !errors.Is(err, test.want) {
				t.Errorf("%s: %v, want %v", test.name, err, test.want)
			}
		}
	}
}

// FuzzDevice lets the input choose what a device does when it is notified and
// while the driver waits. Every call of the driver returns.
func FuzzDevice(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7, 9, 2, 4, 1})
	f.Add([]byte{1, 0, 2, 2, 0, 3, 6, 0, 4, 255, 255, 5, 3, 0, 8})
	f.Fuzz(func(t *testing.T, actions []byte) {
		h, m := newHost()
		h.Lies = true
		next := func() int {
			if len(actions) == 0 {
				return 0
			}
			a := actions[0]
			actions = actions[1:]
			return int(a)
		}
		act := func() {
			q := &h.Queues[next()%10]
			switch next() % 6 {
			case 1:
				q.PushRaw(uint32(next()), uint32(next()))
			case 2:
				q.SetUsed(uint16(next()))
			case 3:
				h.Status = virtio.Status(next())
			case 4:
				if c, ok := h.Queues[queueControlIn].Pop(); ok {
					h.Queues[queueControlIn].Fill(c, controlMessage(uint32(next()), event(next()), uint16(next()), "in"))
				}
			case 5:
				h.input[1] = append(h.input[1], "some input"...)
				h.feed(1)
			}
		}
		h.Notified = func(queue uint16) {
			if next()%4 == 0 {
				h.notified(queue)
			} else {
				act()
			}
		}
		waits := 0
		m.Waiting = func() {
			if act(); len(actions) == 0 {
				if waits++; waits > 100 {
					h.Dead = true // so that nothing waits for ever
				}
			}
		}
		d, err := h.open(t, m)
		if err != nil {
			return
		}
		b := make([]byte, 100)
		in, out := d.Port("in"), d.Port("out") // kept, as kernel/console does: the device may remove them
		for range 8 {
			_, _ = in.Read(b, m.Now()+time.Second)
			_, _ = out.Write(b)
		}
	})
}
