package wasi

import (
	"encoding/binary"
	"math"
	"time"

	"mewz/kernel/console"
	"mewz/kernel/system"
)

// Kinds of subscriptions and events (witx: eventtype).
const (
	eventClock = 0
	eventRead  = 1
	eventWrite = 2
)

const (
	clockAbsolute = 1 // subclockflags.subscription_clock_abstime
	eventHangup   = 1 // eventrwflags.fd_readwrite_hangup
)

// subscription is what a program waits for (witx: subscription).
type subscription struct {
	userdata uint64
	tag      uint8
	fd       uint32 // of eventRead, eventWrite

	clock   ClockID // of eventClock
	timeout uint64  // nanoseconds
	flags   uint16
}

func parseSubscription(b []byte) subscription {
	le := binary.LittleEndian
	return subscription{
		userdata: le.Uint64(b[0:]), tag: b[8], fd: le.Uint32(b[16:]),
		clock: ClockID(le.Uint32(b[16:])), timeout: le.Uint64(b[24:]), flags: le.Uint16(b[40:]),
	}
}

// pollState is one call of poll_oneoff.
type pollState struct {
	system *System
	start  [ClockThreadCPU + 1]uint64 // relative timeouts count from here
	input  console.Readiness          // of standard input, found last
	in     console.Input              // the stream that is waited for, or nil
	next   time.Duration              // until the first timeout, or system.Forever
}

// pollOneoff is poll_oneoff: waits until one of several things happens, and
// says which have. Files and output streams are always ready.
//
// Parameters: in i32, subscriptions (userdata u64 at 0, tag u8 at 8; for a clock
// id u32 at 16, timeout u64 at 24, precision u64 at 32, flags u16 at 40; for
// reading and writing fd u32 at 16); out i32, where the events go (userdata u64
// at 0, error u16 at 8, type u8 at 10, bytes u64 at 16, flags u16 at 24);
// nsubscriptions i32, the number of subscriptions and of events that fit;
// result.nevents i32, where the number of events goes (u32). The error of an
// event is EBADF for a descriptor that is not open (or not in this direction),
// EINVAL for a clock that does not exist and ENOTSUP for one that counts
// processor time, which does not pass while waiting.
//
// Errors:
//   - EINVAL: there are no subscriptions, or one of no kind.
//   - EFAULT: in, out or the result lies outside of memory.
func (s *System) pollOneoff(a *Args) Errno {
	in, inOK := s.Memory.array(uint32(a[0]), uint32(a[2]), subscriptionBytes)
	out, outOK := s.Memory.array(uint32(a[1]), uint32(a[2]), pollEventBytes)
	if _, ok := s.Memory.slice(uint32(a[3]), 4); !ok || !inOK || !outOK {
		return EFault
	}
	if len(in) == 0 {
		return EInval
	}
	for b := in; len(b) != 0; b = b[subscriptionBytes:] {
		if b[8] > eventWrite {
			return EInval
		}
	}
	p := pollState{system: s}
	for id := range p.start {
		p.start[id], _ = s.machine.Clock.Now(ClockID(id))
	}
	for !p.look(in) {
		p.wait()
	}
	s.Memory.putUint32(uint32(a[3]), p.answer(in, out))
	return Success
}

// look finds out whether anything has happened, and what to wait for if not.
func (p *pollState) look(in []byte) (ready bool) {
	p.in, p.input, p.next = nil, console.Readiness{}, system.Forever
	for ; len(in) != 0; in = in[subscriptionBytes:] {
		sub := parseSubscription(in)
		if happened, _ := p.check(&sub); happened {
			ready = true
		}
	}
	return ready
}

// wait sleeps until the first timeout or until the stream is ready.
func (p *pollState) wait() {
	if p.in != nil {
		p.in.Wait(p.next)
		return
	}
	p.system.machine.Clock.Sleep(p.next)
}

// check finds out whether one thing has happened, or has gone wrong.
func (p *pollState) check(sub *subscription) (happened bool, errno Errno) {
	if sub.tag == eventClock {
		return p.checkClock(sub)
	}
	d := p.system.descriptors.get(sub.fd)
	switch {
	case d == nil, d.kind == directory, (sub.tag == eventRead) != (d.kind == input || d.kind == file):
		return true, EBadf
	case d.base&RightPollFDReadwrite == 0:
		return true, ENotCapable
	case d.kind != input:
		return true, Success
	}
	if p.in == nil {
		p.in = d.in
		p.input = d.in.Wait(0)
	}
	return p.input.Ready, Success
}

// checkClock is check for a timeout; one that has not passed is noted in next.
func (p *pollState) checkClock(sub *subscription) (happened bool, errno Errno) {
	now, ok := p.system.machine.Clock.Now(sub.clock)
	switch {
	case !ok:
		return true, EInval
	case sub.clock > ClockMonotonic:
		return true, ENotSup
	}
	deadline := sub.timeout
	if sub.flags&clockAbsolute == 0 {
		deadline += p.start[sub.clock]
		if deadline < sub.timeout {
			deadline = math.MaxUint64
		}
	}
	if now >= deadline {
		return true, Success
	}
	left := time.Duration(min(deadline-now, math.MaxInt64))
	if p.next == system.Forever || left < p.next {
		p.next = left
	}
	return false, Success
}

// answer writes an event for everything that has happened and returns how many
// there are. A program may have put out over in: events are smaller, so each
// subscription is read before it is overwritten.
func (p *pollState) answer(in, out []byte) (events uint32) {
	for ; len(in) != 0; in = in[subscriptionBytes:] {
		sub := parseSubscription(in)
		happened, errno := p.check(&sub)
		if !happened {
			continue
		}
		p.putEvent(out[events*pollEventBytes:][:pollEventBytes], &sub, errno)
		events++
	}
	return events
}

// putEvent writes one event.
func (p *pollState) putEvent(b []byte, sub *subscription, errno Errno) {
	le := binary.LittleEndian
	clear(b)
	le.PutUint64(b[0:], sub.userdata)
	le.PutUint16(b[8:], uint16(errno))
	b[10] = sub.tag
	if errno != Success || sub.tag == eventClock {
		return
	}
	d := p.system.descriptors.get(sub.fd)
	switch d.kind {
	case input:
		le.PutUint64(b[16:], 1) // at least; nobody knows how many
		if p.input.Hangup {
			le.PutUint16(b[24:], eventHangup)
		}
	case file:
		if attributes, err := d.files.Attributes(d.node); err == nil && attributes.Size > d.offset {
			le.PutUint64(b[16:], attributes.Size-d.offset)
		}
	default:
		le.PutUint64(b[16:], gatherBytes)
	}
}
