package request

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"mewz/kernel/device"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/discovery"
	"mewz/kernel/virtio/virtiotest"
)

const testBytes = 16 // of a buffer

// peer answers each request by its bytes in reverse.
type peer struct {
	*virtiotest.Device
	machine *virtiotest.Machine
	driver  *Device
	pauses  int
	paused  func() // called in each Pause
	memory  device.Memory
	used    int
}

var transports = []string{"mmio", "pci"}

func newPeer(t testing.TB, transport string, features virtio.Features) *peer {
	t.Helper()
	m := virtiotest.NewMachine()
	p := &peer{Device: virtiotest.NewDevice(m, virtio.Device9P, features), machine: m}
	var found []discovery.Device
	var err error
	if transport == "mmio" {
		m.Windows[0xfeb0_0000] = virtiotest.MicroVM{Index: 3, Registers: virtiotest.MMIO{Device: p.Device}}
		found, err = discovery.Find(m, nil)
	} else {
		found, err = discovery.Find(m, virtiotest.NewPCI(p.Device))
	}
	if err != nil || len(found) != 1 {
		t.Fatalf("Find = %v, %v", found, err)
	}
	registers, err := found[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	machine := Machine{Machine: m, Transport: registers, Pause: p.pause}
	if p.driver, err = Open(machine, func(virtio.Features) virtio.Features { return 0 }); err != nil {
		t.Fatal(err)
	}
	if err := p.driver.Ready(0, 1); err != nil {
		t.Fatal(err)
	}
	if p.memory, err = p.driver.Allocate(64 * testBytes); err != nil {
		t.Fatal(err)
	}
	return p
}

// pause is as the waiter of the kernel: it arms, waits, disarms.
func (p *peer) pause(limit time.Duration) {
	p.pauses++
	if p.paused != nil {
		p.paused()
	}
	if slots, pending := p.driver.Arm(); !pending {
		p.machine.Wait(slots, min(limit, 250*time.Millisecond))
	}
	p.driver.Disarm()
}

// answer answers what is there on a queue.
func (p *peer) answer(queue int) {
	q := &p.Queues[queue]
	for c, ok := q.Pop(); ok; c, ok = q.Pop() {
		q.Fill(c, reverse(c.Read))
	}
	q.Ask(true)
}

func reverse(b []byte) []byte {
	r := make([]byte, len(b))
	for i := range b {
		r[len(b)-1-i] = b[i]
	}
	return r
}

// start starts a request with a text.
func (p *peer) start(t testing.TB, queue int, text string) (ID, []byte) {
	t.Helper()
	out, in := p.memory.Part(p.used, testBytes), p.memory.Part(p.used+testBytes, testBytes)
	p.used = (p.used + 2*testBytes) % len(p.memory.Bytes)
	n := copy(out.Bytes, text)
	id, err := p.driver.Start(queue, virtio.Buffer{Physical: out.Physical, Bytes: uint32(n)},
		virtio.Buffer{Physical: in.Physical, Bytes: testBytes, Write: true})
	if err != nil {
		t.Fatal(err)
	}
	return id, in.Bytes
}

// both runs a test on each transport with and without the event index.
func both(t *testing.T, test func(t *testing.T, p *peer)) {
	for _, transport := range transports {
		for _, features := range []virtio.Features{0, virtio.FeatureEventIndex} {
			t.Run(transport, func(t *testing.T) { test(t, newPeer(t, transport, features)) })
		}
	}
}

// TestAnswers: requests of two queues are answered in any order, each to whoever
// asked, and far more than the queue has entries.
func TestAnswers(t *testing.T) {
	both(t, func(t *testing.T, p *peer) {
		p.Notified = func(queue uint16) {
			q := &p.Queues[queue]
			var chains []virtiotest.Chain
			for c, ok := q.Pop(); ok; c, ok = q.Pop() {
				chains = append(chains, c)
			}
			for i := range chains { // last first
				c := chains[len(chains)-1-i]
				q.Fill(c, reverse(c.Read))
			}
			q.Ask(true)
		}
		for range 200 {
			a, inA := p.start(t, 0, "first")
			b, inB := p.start(t, 1, "second")
			c, inC := p.start(t, 0, "third")
			for _, want := range []struct {
				id   ID
				in   []byte
				text string
			}{{b, inB, "dnoces"}, {a, inA, "tsrif"}, {c, inC, "driht"}} {
				n, err := p.driver.Wait(want.id)
				if err != nil || !bytes.Equal(want.in[:n], []byte(want.text)) {
					t.Fatalf("Wait = %d, %v: %q, want %q", n, err, want.in[:n], want.text)
				}
			}
		}
		if p.driver.Room(0) != 64 || p.driver.Room(1) != 64 || p.pauses != 0 {
			t.Errorf("Room = %d, %d, want 64; %d pauses", p.driver.Room(0), p.driver.Room(1), p.pauses)
		}
	})
}

// TestSlow: whoever waits lets the machine go on until the device has interrupted.
func TestSlow(t *testing.T) {
	both(t, func(t *testing.T, p *peer) {
		id, in := p.start(t, 0, "abc")
		if _, done, err := p.driver.Done(id); done || err != nil {
			t.Fatalf("Done = %v, %v before it is shown", done, err)
		}
		p.paused = func() {
			if p.pauses == 3 {
				p.answer(0)
			}
		}
		n, err := p.driver.Wait(id)
		if err != nil || string(in[:n]) != "cba" || p.pauses != 3 {
			t.Errorf("Wait = %d, %v after %d pauses, want 3", n, err, p.pauses)
		}
		if slots, pending := p.driver.Arm(); slots != 0 || pending {
			t.Errorf("Arm of an idle device = %#x, %v", slots, pending)
		}
	})
}

// TestInterrupt: an answer after Arm interrupts, and ends the wait.
func TestInterrupt(t *testing.T) {
	both(t, func(t *testing.T, p *peer) {
		id, _ := p.start(t, 0, "abc")
		p.driver.Kick()
		if slots, pending := p.driver.Arm(); slots == 0 || pending {
			t.Fatalf("Arm = %#x, %v", slots, pending)
		}
		p.answer(0)
		if !p.driver.Pending() || p.Interrupts != 1 {
			t.Errorf("pending %v, %d interrupts, want 1", p.driver.Pending(), p.Interrupts)
		}
		p.driver.Disarm()
		if _, done, err := p.driver.Done(id); !done || err != nil || p.driver.Pending() {
			t.Errorf("Done = %v, %v", done, err)
		}
	})
}

// TestPendingOnce: an answer that nobody waits for ends one wait, not all that follow.
func TestPendingOnce(t *testing.T) {
	both(t, func(t *testing.T, p *peer) {
		id, _ := p.start(t, 0, "abc")
		p.driver.Kick()
		p.answer(0)
		if !p.driver.Pending() || p.driver.Pending() {
			t.Error("an answer has to be news once")
		}
		if _, pending := p.driver.Arm(); pending {
			t.Error("Arm says that there is news")
		}
		if _, done, err := p.driver.Done(id); !done || err != nil {
			t.Errorf("Done = %v, %v", done, err)
		}
	})
}

// TestGiveUp: a driver that gives the device up ends all requests.
func TestGiveUp(t *testing.T) {
	both(t, func(t *testing.T, p *peer) {
		id, _ := p.start(t, 0, "abc")
		reason := errors.New("it talks nonsense")
		p.driver.GiveUp(reason)
		if _, err := p.driver.Wait(id); err != reason || p.driver.Err() != reason || p.Status&virtio.StatusDriverOK != 0 {
			t.Errorf("Wait = %v, status %#x", err, p.Status)
		}
	})
}

// TestFull: a queue without room refuses, and takes more later.
func TestFull(t *testing.T) {
	both(t, func(t *testing.T, p *peer) {
		var ids []ID
		for range 32 {
			id, _ := p.start(t, 0, "x")
			ids = append(ids, id)
		}
		if _, err := p.driver.Start(0, virtio.Buffer{Physical: p.memory.Physical, Bytes: 1}); !errors.Is(err, ErrFull) {
			t.Errorf("Start = %v, want ErrFull", err)
		}
		p.Notified = func(queue uint16) { p.answer(int(queue)) }
		for _, id := range ids {
			if _, err := p.driver.Wait(id); err != nil {
				t.Fatal(err)
			}
		}
		if p.driver.Room(0) != 64 {
			t.Errorf("Room = %d", p.driver.Room(0))
		}
	})
}

// TestReach: a request for memory of the program has as many buffers as that has extents, by
// a table if need be and if the device knows that.
func TestReach(t *testing.T) {
	program := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
	for _, test := range []struct {
		extents  int
		features virtio.Features
		want     bool
	}{
		{1, 0, true},
		{virtio.ChainMax - HeadersMax, 0, true},
		{virtio.ChainMax - HeadersMax + 1, 0, false},
		{virtio.ChainMax - HeadersMax + 1, virtio.FeatureIndirect, true},
		{reachMax, virtio.FeatureIndirect, true},
		{reachMax + 1, virtio.FeatureIndirect, false},
	} {
		p := newPeer(t, "mmio", test.features)
		p.machine.Extents = test.extents
		p.Notified = func(queue uint16) { p.answer(int(queue)) }
		for range 3 {
			extents := p.driver.Reach(0, program)
			if (len(extents) != 0) != test.want {
				t.Fatalf("%d extents, features %#x: Reach finds %d", test.extents, test.features, len(extents))
			}
			if !test.want {
				continue
			}
			chain := AppendReached(nil, extents, false)
			chain = append(chain, virtio.Buffer{Physical: p.memory.Physical, Bytes: 16, Write: true})
			id, err := p.driver.Start(0, chain...)
			if err != nil {
				t.Fatal(err)
			}
			if test.extents > virtio.ChainMax && len(p.driver.Reach(0, program)) != 0 {
				t.Error("two requests get the same table")
			}
			if n, err := p.driver.Wait(id); n != 16 || err != nil || string(p.memory.Bytes[:16]) != "fedcba9876543210" {
				t.Errorf("%d extents: %d bytes come back, %q, %v", test.extents, n, p.memory.Bytes[:16], err)
			}
		}
		if p.driver.Reach(0, program[:reachLeast-1]) != nil {
			t.Error("a short buffer is not copied")
		}
		p.driver.GiveUp(ErrSilent)
		if p.driver.Reach(0, program) != nil {
			t.Error("a device that is given up reaches memory")
		}
	}
}

// TestSilent: a device that never answers is given up in bounded time.
func TestSilent(t *testing.T) {
	both(t, func(t *testing.T, p *peer) {
		a, _ := p.start(t, 0, "abc")
		b, _ := p.start(t, 1, "abc")
		for _, id := range []ID{a, b} {
			if _, err := p.driver.Wait(id); !errors.Is(err, ErrSilent) {
				t.Errorf("Wait = %v, want ErrSilent", err)
			}
		}
		if now := p.machine.Now(); now < Patience || now > 2*Patience {
			t.Errorf("given up after %v", now)
		}
		if _, err := p.driver.Start(0); !errors.Is(err, ErrSilent) || p.Status&virtio.StatusDriverOK != 0 {
			t.Errorf("Start = %v, status %#x", err, p.Status)
		}
	})
}

// TestDead: a device that is gone, or asks for a reset, ends the requests.
func TestDead(t *testing.T) {
	for _, dead := range []bool{false, true} {
		both(t, func(t *testing.T, p *peer) {
			id, _ := p.start(t, 0, "abc")
			p.paused = func() {
				if p.Dead = dead; !dead {
					p.Status |= virtio.StatusNeedsReset
					p.Isr |= 2
				}
			}
			if _, err := p.driver.Wait(id); !errors.Is(err, virtio.ErrBroken) || p.pauses > 2 {
				t.Errorf("dead %v: Wait = %v after %d pauses, want ErrBroken", dead, err, p.pauses)
			}
			if slots, pending := p.driver.Arm(); slots != 0 || pending || p.driver.Pending() {
				t.Errorf("dead %v: Arm = %#x, %v", dead, slots, pending)
			}
			p.driver.Disarm()
			p.driver.Kick()
		})
	}
}

// TestLies: a device that breaks a rule is given up.
func TestLies(t *testing.T) {
	for _, test := range []struct {
		name string
		lie  func(q *virtiotest.Queue)
		want error
	}{
		{"index jumps", func(q *virtiotest.Queue) { q.SetUsed(q.UsedIdx + 9) }, virtio.ErrUsedIndex},
		{"index goes back", func(q *virtiotest.Queue) { q.SetUsed(q.UsedIdx - 1) }, virtio.ErrUsedIndex},
		{"head beyond the queue", func(q *virtiotest.Queue) { q.PushRaw(64, 1) }, virtio.ErrUsedHead},
		{"head of nothing", func(q *virtiotest.Queue) { q.PushRaw(40, 1) }, virtio.ErrUsedHead},
		{"twice", func(q *virtiotest.Queue) { q.PushRaw(0, 1); q.PushRaw(0, 1) }, virtio.ErrUsedHead},
		{"too many bytes", func(q *virtiotest.Queue) { q.PushRaw(0, testBytes+1) }, virtio.ErrUsedLength},
	} {
		both(t, func(t *testing.T, p *peer) {
			p.Lies = true
			a, _ := p.start(t, 0, "abc")
			b, _ := p.start(t, 0, "def")
			p.driver.Kick()
			test.lie(&p.Queues[0])
			for _, id := range []ID{b, a} {
				if _, err := p.driver.Wait(id); !errors.Is(err, test.want) {
					t.Errorf("%s: Wait = %v, want %v", test.name, err, test.want)
				}
			}
			if !errors.Is(p.driver.Err(), test.want) || p.Status&virtio.StatusDriverOK != 0 {
				t.Errorf("%s: Err = %v, status %#x", test.name, p.driver.Err(), p.Status)
			}
		})
	}
}

// TestLostNotification: a device that asked for a notification too late gets it
// when the machine waits, when somebody polls, and even if Pause does not know it.
func TestLostNotification(t *testing.T) {
	for _, how := range []string{"arm", "poll", "blind"} {
		both(t, func(t *testing.T, p *peer) {
			p.Notified = func(queue uint16) { p.answer(int(queue)) }
			p.Queues[0].Ask(false)
			id, _ := p.start(t, 0, "abc")
			p.driver.Kick()
			p.Queues[0].Ask(true)
			if p.driver.Pending() {
				t.Fatal("the notification was not lost")
			}
			switch how {
			case "arm":
				if _, pending := p.driver.Arm(); !pending {
					t.Error("a wait begins with a request that the device has not seen")
				}
				p.driver.Disarm()
			case "poll":
				for range 2 * stillPolls {
					p.driver.poll()
				}
			case "blind":
				p.driver.machine.Pause = func(time.Duration) { p.pauses++ }
			}
			if _, err := p.driver.Wait(id); err != nil || p.pauses > 2 {
				t.Errorf("%s: Wait = %v after %d pauses", how, err, p.pauses)
			}
		})
	}
}

// TestRefused: features, queues and memory that are not there are errors, and the
// device is stopped.
func TestRefused(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(p *virtiotest.Device)
		want  error
	}{
		{"legacy", func(p *virtiotest.Device) { p.Offered = 0 }, virtio.ErrLegacy},
		{"features", func(p *virtiotest.Device) { p.Refuse = true }, virtio.ErrFeatures},
		{"no queue", func(p *virtiotest.Device) { p.QueueMax = 0 }, virtio.ErrNoQueue},
		{"tiny queue", func(p *virtiotest.Device) { p.QueueMax = 1 }, virtio.ErrNoQueue},
		{"dead", func(p *virtiotest.Device) { p.Dead = true }, virtio.ErrReset},
	} {
		p := newPeer(t, "mmio", 0)
		test.spoil(p.Device)
		d, err := Open(p.driver.machine, func(virtio.Features) virtio.Features { return 0 })
		if err == nil {
			err = d.Ready(0)
		}
		if !errors.Is(err, test.want) || p.Status&virtio.StatusDriverOK != 0 {
			t.Errorf("%s: %v, want %v; status %#x", test.name, err, test.want, p.Status)
		}
	}
}

// TestSteadyState: requests take no memory.
func TestSteadyState(t *testing.T) {
	p := newPeer(t, "mmio", virtio.FeatureEventIndex)
	q := &p.Queues[0]
	p.Notified = func(uint16) {
		if head, ok := q.PopHead(); ok {
			q.Push(head, 1)
		}
		q.Ask(true)
	}
	out := virtio.Buffer{Physical: p.memory.Physical, Bytes: 4}
	in := virtio.Buffer{Physical: p.memory.Physical + testBytes, Bytes: 4, Write: true}
	if n := testing.AllocsPerRun(100, func() {
		id, err := p.driver.Start(0, out, in)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.driver.Wait(id); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a request allocates %v times", n)
	}
}

// FuzzDevice lets the input choose what both sides do: nothing panics, every
// request ends.
func FuzzDevice(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 3, 4})
	f.Add([]byte{1, 0, 0, 5, 3, 8, 6, 1, 9, 2, 4})
	f.Fuzz(func(t *testing.T, in []byte) {
		take := func() (b byte) {
			if len(in) > 0 {
				b, in = in[0], in[1:]
			}
			return b
		}
		p := newPeer(t, transports[take()%2], virtio.FeatureEventIndex*virtio.Features(take()&1))
		p.Lies = true
		q := &p.Queues[0]
		var ids []ID
		for len(in) > 0 {
			switch take() % 9 {
			case 0:
				if p.driver.Err() == nil && p.driver.Room(0) > 2 {
					id, _ := p.start(t, 0, "abc")
					ids = append(ids, id)
				}
			case 1:
				p.driver.Kick()
			case 2:
				if head, ok := q.PopHead(); ok {
					q.Push(head, uint32(take()%(testBytes+1)))
				}
			case 3:
				q.PushRaw(uint32(take()), uint32(take()))
			case 4:
				q.SetUsed(q.UsedIdx + uint16(take()))
			case 5:
				if n := len(ids); n > 0 {
					if _, done, _ := p.driver.Done(ids[n-1]); done {
						ids = ids[:n-1]
					}
				}
			case 6:
				p.driver.Arm()
			case 7:
				p.driver.Disarm()
			case 8:
				q.Ask(take()&1 == 0)
			}
		}
		for _, id := range ids {
			_, _ = p.driver.Wait(id) // ends
		}
	})
}
