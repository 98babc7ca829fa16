// Package request is what drivers of virtio devices share that answer requests:
// 9p, file systems, block devices.
//
// In: a device and buffers that it reads and writes. Out: that it has answered,
// in any order. Several requests may be on their way. Whoever waits for one lets
// the rest of the machine go on meanwhile, by Machine.Pause.
//
// The device is outside: what it has written is valid only as far as Wait says,
// and is checked by the driver, which copies it out of the buffer first or reads
// it once. A device that breaks the rules, or does not answer within Patience, is
// reset and given up; every request ends with an error then, so nobody hangs.
// Specification: virtio 1.2, chapter 2.
package request

import (
	"errors"
	"math/bits"
	"time"

	"mewz/kernel/device"
	"mewz/kernel/virtio"
)

// Patience is how long a device may take for an answer: a disk that has to write
// out gigabytes takes tens of seconds, one that has died takes for ever.
const Patience = 120 * time.Second

// queueMaxEntries bounds a queue: more requests than a few dozen at once make
// nothing faster.
const queueMaxEntries = 128

// stillPolls is how often a Poll that finds nothing passes before the device is
// asked how it is: notifications may get lost (package virtio).
const stillPolls = 64

// reachLeast is the shortest part of the program's memory that a device reads or writes
// where it lies: to find out where that is costs as much as to copy two pages.
const reachLeast = 16 << 10

const (
	// HeadersMax is how many buffers a request has at most beside what Reach returns.
	HeadersMax = 3
	// reachMax is how many extents Reach returns at most: 1 MiB in single pages.
	reachMax = 1<<20>>12 + 1
	// BuffersMax is how many buffers a request has at most.
	BuffersMax = HeadersMax + reachMax
)

// Errors of requests.
var (
	ErrFull   = errors.New("virtio: the queue is full")
	ErrSilent = errors.New("virtio: the device does not answer")
)

// Machine is what a Device works with.
type Machine struct {
	device.Machine
	Transport virtio.Transport
	// Pause lets the rest of the machine go on, until a device has interrupted or
	// limit has passed; it may end sooner. It calls Arm, Pending and Disarm of the
	// devices that it knows.
	Pause func(limit time.Duration)
}

// Device is a device that answers requests.
type Device struct {
	machine  Machine
	Features virtio.Features // agreed on
	lines    []line
	failed   error
	still    int
	waiting  bool
	awaited  ID // by Wait, while waiting
	reached  [reachMax]device.Extent
	table    device.Memory // of a request of more buffers than a chain holds, made when there is one
	tabled   bool          // that request is under way
	tableOf  ID
}

// line is a queue and what came of its requests.
type line struct {
	queue   virtio.Queue
	index   uint16
	answers []answer // by the head of the chain
	unshown bool     // something was started and not published
}

// answer is the state of a request.
type answer struct {
	taken bool // the request is under way, or its answer not fetched
	done  bool
	bytes uint32
}

// ID names a request from Start to Wait, or to a Done that is true.
type ID struct {
	line uint8
	head uint16
}

// Open resets the device of m and agrees on features with it; want is told what it
// offers. After an error the device is stopped. It answers requests after Ready;
// its configuration can be read before that.
func Open(m Machine, want func(offered virtio.Features) virtio.Features) (*Device, error) {
	features, err := virtio.StartWith(m.Transport, func(offered virtio.Features) virtio.Features {
		return want(offered) | virtio.FeatureEventIndex | virtio.FeatureIndirect
	})
	if err != nil {
		virtio.GiveUp(m.Transport)
		return nil, err
	}
	return &Device{machine: m, Features: features}, nil
}

// Ready enables the queues with the given indices, which Start numbers from 0, and
// sets the device going.
func (d *Device) Ready(queues ...uint16) error {
	d.lines = make([]line, len(queues))
	for i, index := range queues {
		if err := d.enable(&d.lines[i], index); err != nil {
			d.fail(err)
			return err
		}
	}
	virtio.Ready(d.machine.Transport)
	return nil
}

func (d *Device) enable(l *line, index uint16) error {
	n := min(d.machine.Transport.QueueMax(index), queueMaxEntries)
	if n < 2 {
		return virtio.ErrNoQueue
	}
	size := uint16(1) << (bits.Len16(n) - 1)
	memory, err := d.machine.Allocate(virtio.QueueBytes(size))
	if err != nil {
		return err
	}
	if err := l.queue.Init(memory, size); err != nil {
		return err
	}
	if d.Features&virtio.FeatureEventIndex != 0 {
		l.queue.UseEventIndex()
	}
	l.queue.QuietInterrupts()
	l.index, l.answers = index, make([]answer, size)
	return d.machine.Transport.EnableQueue(index, l.queue.Addresses())
}

// Config reads the configuration of the device.
func (d *Device) Config() virtio.Transport { return d.machine.Transport }

// Allocate takes memory that the device reaches, for good.
func (d *Device) Allocate(n int) (device.Memory, error) { return d.machine.Allocate(n) }

// Reach returns where b, memory of the program, lies for the device, which then reads or
// writes it without a copy in between: nothing if it is better copied, or if a queue has no room
// for a request for it. It holds for one request, which has to be done when the program goes
// on, however it ends: what a device writes late it would write into memory that the
// program uses for something else by then.
func (d *Device) Reach(queue int, b []byte) []device.Extent {
	if len(b) < reachLeast || d.failed != nil {
		return nil
	}
	n := d.machine.Reach(b, d.reached[:])
	if !d.fits(queue, HeadersMax+n) && (d.Room(queue) == 0 || !d.hasTable()) {
		return nil
	}
	return d.reached[:n]
}

// fits reports whether a queue has room for a chain of n buffers.
func (d *Device) fits(queue, n int) bool { return n <= min(virtio.ChainMax, d.Room(queue)) }

// hasTable reports whether there is a table for a request of more buffers. If there is no
// memory for it those are copied.
func (d *Device) hasTable() bool {
	if d.table.Bytes == nil && d.Features&virtio.FeatureIndirect != 0 {
		d.table, _ = d.machine.Allocate(virtio.IndirectBytes(BuffersMax))
	}
	return d.table.Bytes != nil && !d.tabled
}

// AppendReached adds what Reach has returned to the buffers of a request.
func AppendReached(buffers []virtio.Buffer, extents []device.Extent, write bool) []virtio.Buffer {
	for _, e := range extents {
		buffers = append(buffers, virtio.Buffer{Physical: e.Physical, Bytes: uint32(e.Bytes), Write: write})
	}
	return buffers
}

// Err returns why the device is given up, or nil.
func (d *Device) Err() error { return d.failed }

// Room returns how many buffers can be started on a queue.
func (d *Device) Room(queue int) int { return d.lines[queue].queue.Free() }

// Start gives the device a request: buffers that it reads, and then those that it
// writes. It sees the request when somebody waits, or after Kick. The buffers
// belong to the device until the request is done.
func (d *Device) Start(queue int, buffers ...virtio.Buffer) (ID, error) {
	if d.failed != nil {
		return ID{}, d.failed
	}
	l := &d.lines[queue]
	tabled := !d.fits(queue, len(buffers)) && len(buffers) <= BuffersMax && d.hasTable()
	var head uint16
	var ok bool
	if tabled {
		head, ok = l.queue.AddIndirect(d.table, buffers)
	} else {
		head, ok = l.queue.Add(buffers...)
	}
	if !ok {
		return ID{}, ErrFull
	}
	l.answers[head] = answer{taken: true}
	l.unshown = true
	id := ID{uint8(queue), head}
	if tabled {
		d.tabled, d.tableOf = true, id
	}
	return id, nil
}

// Kick shows the device what was started.
func (d *Device) Kick() {
	for i := range d.lines {
		l := &d.lines[i]
		if !l.unshown || d.failed != nil {
			continue
		}
		l.unshown = false
		l.queue.Publish()
		if l.queue.NeedsNotify() {
			d.machine.Transport.Notify(l.index)
		}
	}
}

// take takes the answers that are there; it reports whether there were any.
func (d *Device) take() (any bool) {
	for i := range d.lines {
		l := &d.lines[i]
		for d.failed == nil {
			c, ok := l.queue.Take()
			if !ok {
				break
			}
			l.answers[c.Head].done, l.answers[c.Head].bytes = true, c.Bytes
			any = true
		}
		if err := l.queue.Err(); err != nil {
			d.fail(err)
		}
	}
	return any
}

// poll is take, and asks the device how it is when nothing comes for long.
func (d *Device) poll() {
	if d.take() {
		d.still = 0
	} else if d.still++; d.still >= stillPolls {
		d.still = 0
		d.look()
	}
}

// look asks the device how it is and repeats notifications that were lost: after
// the access both sides see all that the other has written.
func (d *Device) look() {
	if err := d.machine.Transport.Acknowledge(); err != nil {
		d.fail(err)
		return
	}
	for i := range d.lines {
		if l := &d.lines[i]; l.queue.Unseen() {
			d.machine.Transport.Notify(l.index)
		}
	}
}

// Done reports, without waiting, that a request is answered, and how many bytes
// the device has written; the ID is free again then.
func (d *Device) Done(id ID) (written uint32, done bool, err error) {
	if d.failed == nil && !d.answer(id).done {
		d.poll()
	}
	if d.failed != nil {
		return 0, true, d.failed
	}
	a := d.answer(id)
	if !a.done {
		return 0, false, nil
	}
	written = a.bytes
	*a = answer{}
	d.tabled = d.tabled && id != d.tableOf
	d.lines[id.line].queue.Release(id.head)
	return written, true, nil
}

func (d *Device) answer(id ID) *answer { return &d.lines[id.line].answers[id.head] }

// Wait waits until a request is answered and returns how many bytes the device has
// written. The rest of the machine goes on meanwhile.
func (d *Device) Wait(id ID) (written uint32, err error) {
	d.Kick()
	written, done, err := d.Done(id)
	if done {
		return written, err
	}
	d.waiting, d.awaited = true, id
	defer func() { d.waiting = false }()
	for until := d.machine.Now() + Patience; ; {
		left := until - d.machine.Now()
		if left <= 0 {
			d.fail(ErrSilent)
		} else {
			d.machine.Pause(left)
			d.still = stillPolls // nothing came: look at once, for Pause may not know this device
		}
		if written, done, err = d.Done(id); done {
			return written, err
		}
	}
}

// GiveUp stops the device for good, because its driver found an answer that breaks
// the rules; every request ends with err from now on.
func (d *Device) GiveUp(err error) { d.fail(err) }

// fail gives the device up: it is reset, so it touches no buffer any more.
func (d *Device) fail(err error) {
	if d.failed == nil {
		d.failed = err
		virtio.GiveUp(d.machine.Transport)
	}
}

// Pending reports whether there is news: an answer that nobody has seen yet, or the one
// that somebody waits for. Answers are taken here, so those that nobody waits for end one wait
// and no more.
func (d *Device) Pending() bool {
	if d.failed != nil {
		return false
	}
	for i := range d.lines { // most often there is nothing: whoever spins asks a hundred times
		if d.lines[i].queue.HasUsed() {
			return d.take() || d.failed != nil
		}
	}
	return d.waiting && d.answer(d.awaited).done
}

// Arm asks the device to interrupt when something is Pending, as long as requests
// are under way, and looks for lost notifications. It returns the interrupts to
// wait for and whether something is Pending already.
func (d *Device) Arm() (slots uint32, pending bool) {
	if d.failed != nil || !d.busy() {
		return 0, false
	}
	for i := range d.lines {
		d.lines[i].queue.WantInterrupts()
	}
	d.look()
	if d.failed != nil {
		return 0, true // whoever waits has to learn it
	}
	return d.machine.Transport.Slots(), d.Pending()
}

// busy reports whether the device has requests: only then Arm makes a difference.
func (d *Device) busy() bool {
	for i := range d.lines {
		if d.lines[i].queue.InFlight() != 0 {
			return true
		}
	}
	return false
}

// Disarm takes Arm back.
func (d *Device) Disarm() {
	if d.failed != nil {
		return
	}
	for i := range d.lines {
		d.lines[i].queue.QuietInterrupts()
	}
}
