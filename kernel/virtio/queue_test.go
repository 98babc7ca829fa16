package virtio_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"mewz/kernel/virtio"
	"mewz/kernel/virtio/virtiotest"
)

// newQueue returns a queue and the device's half of it.
func newQueue(t testing.TB, size uint16) (*virtio.Queue, *virtiotest.Queue, *virtiotest.Machine) {
	t.Helper()
	m := virtiotest.NewMachine()
	memory, err := m.Allocate(virtio.QueueBytes(size))
	if err != nil {
		t.Fatal(err)
	}
	q := new(virtio.Queue)
	if err := q.Init(memory, size); err != nil {
		t.Fatal(err)
	}
	d := virtiotest.NewDevice(m, virtio.DeviceConsole, 0)
	d.Lies = true
	d.Queues[0].At, d.Queues[0].Ready = q.Addresses(), true
	return q, &d.Queues[0], m
}

func TestInitRefuses(t *testing.T) {
	m := virtiotest.NewMachine()
	memory, _ := m.Allocate(virtio.QueueBytes(8))
	for _, size := range []uint16{0, 3, 16, virtio.QueueMaxSize + 1} {
		if err := new(virtio.Queue).Init(memory, size); err != virtio.ErrSize {
			t.Errorf("Init of %d = %v, want ErrSize", size, err)
		}
	}
	if err := new(virtio.Queue).Init(memory.Part(8, len(memory.Bytes)-8), 4); err != virtio.ErrSize {
		t.Errorf("Init in memory that is not aligned = %v, want ErrSize", err)
	}
}

// TestQueueRoundTrips sends chains until the indices have wrapped.
func TestQueueRoundTrips(t *testing.T) {
	q, device, m := newQueue(t, 8)
	memory, _ := m.Allocate(64)
	for i := range 70_000 {
		buffers := []virtio.Buffer{
			{Physical: memory.Physical, Bytes: 4},
			{Physical: memory.Part(8, 8).Physical, Bytes: 8, Write: true},
			{Physical: memory.Part(16, 8).Physical, Bytes: 8, Write: true},
		}
		binary.LittleEndian.PutUint32(memory.Bytes, uint32(i))
		head, ok := q.Add(buffers...)
		if !ok || q.InFlight() != 1 || q.Free() != 5 {
			t.Fatalf("%d: Add = %v, %v with %d in flight and %d free", i, head, ok, q.InFlight(), q.Free())
		}
		if _, ok := device.Pop(); ok {
			t.Fatalf("%d: the device sees a chain that is not published", i)
		}
		q.Publish()
		c, ok := device.Pop()
		if !ok || c.Head != head || len(c.Into) != 2 || binary.LittleEndian.Uint32(c.Read) != uint32(i) {
			t.Fatalf("%d: the device sees %+v, %v", i, c, ok)
		}
		if _, ok, _ := q.Used(); ok {
			t.Fatalf("%d: used before the device used it", i)
		}
		device.Fill(c, []byte("0123456789"))
		done, ok, err := q.Used()
		if !ok || err != nil || done != (virtio.Completion{Head: head, Bytes: 10}) || q.Free() != 8 {
			t.Fatalf("%d: Used = %+v, %v, %v with %d free", i, done, ok, err, q.Free())
		}
	}
}

func TestQueueFull(t *testing.T) {
	q, device, m := newQueue(t, 4)
	memory, _ := m.Allocate(16)
	b := virtio.Buffer{Physical: memory.Physical, Bytes: 16}
	for range 4 {
		if _, ok := q.Add(b); !ok {
			t.Fatal("no room in an empty queue")
		}
	}
	if _, ok := q.Add(b); ok {
		t.Error("a fifth chain fits a queue of 4")
	}
	if _, ok := q.Add(); ok {
		t.Error("a chain without buffers is accepted")
	}
	q.Publish()
	for want := range uint16(4) { // in another order than they came
		c, _ := device.Pop()
		device.Push(3-c.Head, 99) // of a chain that the device reads, the length means nothing
		if done, ok, err := q.Used(); !ok || err != nil || done.Head != 3-want || done.Bytes != 0 {
			t.Errorf("Used = %+v, %v, %v", done, ok, err)
		}
	}
}

func TestQueueLies(t *testing.T) {
	tests := []struct {
		name string
		lie  func(d *virtiotest.Queue)
		want error
	}{
		{"index jumps", func(d *virtiotest.Queue) { d.SetUsed(d.UsedIdx + 3) }, virtio.ErrUsedIndex},
		{"index goes back", func(d *virtiotest.Queue) { d.SetUsed(d.UsedIdx - 1) }, virtio.ErrUsedIndex},
		{"head beyond the queue", func(d *virtiotest.Queue) { d.PushRaw(8, 0) }, virtio.ErrUsedHead},
		{"head far away", func(d *virtiotest.Queue) { d.PushRaw(1<<32-1, 0) }, virtio.ErrUsedHead},
		{"head of nothing", func(d *virtiotest.Queue) { d.PushRaw(7, 0) }, virtio.ErrUsedHead},
		{"second descriptor of a chain", func(d *virtiotest.Queue) { d.PushRaw(1, 0) }, virtio.ErrUsedHead},
		{"the same twice", func(d *virtiotest.Queue) { d.PushRaw(0, 8); d.PushRaw(0, 8) }, virtio.ErrUsedHead},
		{"length too large", func(d *virtiotest.Queue) { d.PushRaw(0, 9) }, virtio.ErrUsedLength},
	}
	for _, test := range tests {
		q, device, m := newQueue(t, 8)
		memory, _ := m.Allocate(16)
		write := virtio.Buffer{Physical: memory.Physical, Bytes: 8, Write: true}
		read := virtio.Buffer{Physical: memory.Physical, Bytes: 8}
		q.Add(read, write)
		q.Add(write)
		q.Publish()
		test.lie(device)
		var err error
		for range 3 {
			if _, _, err = q.Used(); err != nil {
				break
			}
		}
		if !errors.Is(err, test.want) {
			t.Errorf("%s: Used = %v, want %v", test.name, err, test.want)
			continue
		}
		if _, ok := q.Add(write); ok {
			t.Errorf("%s: a broken queue takes buffers", test.name)
		}
		if _, _, again := q.Used(); again != err {
			t.Errorf("%s: Used of a broken queue = %v", test.name, again)
		}
	}
}

// FuzzQueue lets the input choose what driver and device do. Whatever the device
// does, the driver gets each of its buffers back at most once, or an error.
func FuzzQueue(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 0, 0, 1, 1, 2, 2})
	f.Add([]byte{0, 0, 0, 0, 4, 9, 0, 2})
	f.Fuzz(func(t *testing.T, actions []byte) {
		const size = 4
		q, device, m := newQueue(t, size)
		memory, _ := m.Allocate(64)
		write := virtio.Buffer{Physical: memory.Physical, Bytes: 16, Write: true}
		has := map[uint16]bool{}
		var popped []virtiotest.Chain
		for i, a := range actions {
			switch a % 6 {
			case 0:
				if head, ok := q.Add(write, write); ok {
					if has[head] {
						t.Fatalf("action %d: chain %d is given twice", i, head)
					}
					has[head] = true
				}
				q.Publish()
			case 1:
				if c, ok := device.Pop(); ok {
					popped = append(popped, c)
				}
			case 2:
				if n := len(popped); n > 0 {
					device.Push(popped[n-1].Head, uint32(a/6))
					popped = popped[:n-1]
				}
			case 3:
				c, ok, err := q.Used()
				if err != nil {
					return
				}
				if ok && (!has[c.Head] || c.Bytes > 32) {
					t.Fatalf("action %d: completion %+v of a chain the device does not have", i, c)
				}
				if ok {
					delete(has, c.Head)
				}
			case 4:
				device.PushRaw(uint32(a/6), uint32(a))
			case 5:
				device.SetUsed(uint16(a / 6))
			}
			if q.Free() < 0 || q.Free() > size || q.InFlight() > size {
				t.Fatalf("action %d: %d free, %d in flight", i, q.Free(), q.InFlight())
			}
		}
	})
}

// newEventQueue is newQueue with the event index.
func newEventQueue(t testing.TB, size uint16) (*virtio.Queue, *virtiotest.Queue, *virtiotest.Machine) {
	t.Helper()
	q, device, m := newQueue(t, size)
	device.AcceptForTest(virtio.FeatureEventIndex)
	q.UseEventIndex()
	return q, device, m
}

// TestNotifications: a device is told of what it asks for, and of nothing else.
func TestNotifications(t *testing.T) {
	for _, events := range []bool{false, true} {
		q, device, m := newQueue(t, 8)
		if events {
			q, device, m = newEventQueue(t, 8)
		}
		memory, _ := m.Allocate(16)
		give := func() {
			q.Add(virtio.Buffer{Physical: memory.Physical, Bytes: 8})
			q.Publish()
		}
		take := func() {
			c, _ := device.Pop()
			device.Push(c.Head, 0)
			q.Used()
		}
		for i := range 70_000 { // until the indices have wrapped
			device.Ask(true)
			if q.NeedsNotify() {
				t.Fatalf("events %v, %d: notified of nothing", events, i)
			}
			give()
			if !q.NeedsNotify() {
				t.Fatalf("events %v, %d: the device is not notified", events, i)
			}
			if q.NeedsNotify() {
				t.Fatalf("events %v, %d: notified twice", events, i)
			}
			if q.Unseen() {
				t.Fatalf("events %v, %d: notified again before the device has done anything", events, i)
			}
			device.Ask(false)
			take()
			give()
			if q.NeedsNotify() || q.Unseen() {
				t.Fatalf("events %v, %d: a device that is awake is notified", events, i)
			}
			device.Ask(true) // too late to be seen, and without a look at the ring
			if !q.Unseen() || q.Unseen() {
				t.Fatalf("events %v, %d: a lost notification is not found once", events, i)
			}
			take()
			device.Ask(true)
			if q.Unseen() {
				t.Fatalf("events %v, %d: a device that has seen all has missed something", events, i)
			}
		}
	}
}

// TestInterrupts: a device interrupts when it is asked to, and not else.
func TestInterrupts(t *testing.T) {
	for _, events := range []bool{false, true} {
		q, device, m := newQueue(t, 8)
		if events {
			q, device, m = newEventQueue(t, 8)
		}
		memory, _ := m.Allocate(16)
		round := func() int {
			q.Add(virtio.Buffer{Physical: memory.Physical, Bytes: 8})
			q.Publish()
			before := device.Interrupts()
			c, _ := device.Pop()
			device.Push(c.Head, 0)
			if !q.HasUsed() {
				t.Fatal("HasUsed sees nothing")
			}
			q.Used()
			return device.Interrupts() - before
		}
		q.QuietInterrupts()
		for i := range 60_000 {
			if round() != 0 {
				t.Fatalf("events %v, %d: an interrupt that nobody wants", events, i)
			}
			if i%100 != 0 {
				continue
			}
			q.WantInterrupts()
			if round() != 1 {
				t.Fatalf("events %v, %d: no interrupt", events, i)
			}
			q.QuietInterrupts()
		}
	}
}

// TestIndirect sends chains by a table and believes no more of the device than of others.
func TestIndirect(t *testing.T) {
	q, device, m := newQueue(t, 2)
	device.AcceptForTest(virtio.FeatureIndirect)
	memory, _ := m.Allocate(1000)
	table, _ := m.Allocate(virtio.IndirectBytes(40))
	var buffers []virtio.Buffer
	for i := range 40 {
		memory.Bytes[i] = byte(i)
		buffers = append(buffers, virtio.Buffer{Physical: memory.Part(i*10, 10).Physical, Bytes: 10, Write: i >= 30})
	}
	for range 5 {
		head, ok := q.AddIndirect(table, buffers)
		if !ok || q.Free() != 1 {
			t.Fatalf("AddIndirect = %v, %d free", ok, q.Free())
		}
		q.Publish()
		c, ok := device.Pop()
		if !ok || c.Head != head || len(c.Read) != 300 || len(c.Into) != 10 || c.Read[1] != 1 {
			t.Fatalf("the device sees %v, %d bytes and %d buffers", ok, len(c.Read), len(c.Into))
		}
		device.Push(head, 100)
		if c, ok, err := q.Used(); !ok || c.Bytes != 100 || err != nil || q.Free() != 2 {
			t.Fatalf("Used = %v, %v, %v", c, ok, err)
		}
	}
	head, _ := q.AddIndirect(table, buffers)
	q.Publish()
	device.Push(head, 101)
	if _, _, err := q.Used(); err != virtio.ErrUsedLength {
		t.Errorf("Used = %v, want ErrUsedLength", err)
	}
}
