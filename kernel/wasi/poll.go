package wasi

import (
	"encoding/binary"
	"math"
	"time"

	"mewz/kernel/console"
	"mewz/kernel/socket"
)

// Kinds of subscriptions and events (witx: eventtype). Those of descriptors are the bits
// of socket.Readiness that they ask for.
const (
	eventClock = 0
	eventRead  = uint8(socket.Readable)
	eventWrite = uint8(socket.Writable)
)

const (
	clockAbsolute = 1 // subclockflags.subscription_clock_abstime
	eventHangup   = 1 // eventrwflags.fd_readwrite_hangup
)

// Where things lie in a subscription (witx).
const (
	subscriptionTag     = 8
	subscriptionFD      = 16 // of eventRead and eventWrite
	subscriptionClock   = 16 // of eventClock: id u32
	subscriptionTimeout = 24 // u64
	subscriptionFlags   = 40 // u16

	// In wasi_unstable a clock has an identifier of its own before all that.
	subscriptionIdentifierBytes = 8
)

// pollState is one call of poll_oneoff. Its passes over the subscriptions stop only
// where something is ready, or is no socket.
type pollState struct {
	system *System
	stride int // bytes of a subscription
	events uint32
	errno  Errno // of the call: there is a subscription of no kind

	waited bool                       // this is not the first pass
	start  [ClockMonotonic + 1]uint64 // relative timeouts count from here, once it waited
	now    [ClockMonotonic + 1]uint64 // of this pass, 0: not read yet
	next   time.Duration              // until the first timeout, or socket.Forever

	wantInput bool // standard input is waited for
	asked     bool // input is known in this pass
	input     console.Readiness
}

// pollOneoff is poll_oneoff: waits until one of several things
// happens, and says which have. Files and output streams are always ready, and the bytes of
// an event that reads a file are those up to its end. Whatever is ready is told in each call,
// so that nothing is kept waiting by others.
//
// Parameters: in i32, subscriptions (userdata u64 at 0, tag u8 at 8; for a clock
// id u32 at 16, timeout u64 at 24, precision u64 at 32, flags u16 at 40; for
// reading and writing fd u32 at 16); out i32, where the events go (userdata u64
// at 0, error u16 at 8, type u8 at 10, bytes u64 at 16, flags u16 at 24);
// nsubscriptions i32, the number of subscriptions and of events that fit;
// result.nevents i32, where the number of events goes (u32). The error of an
// event is EBADF for a descriptor that is not open (or not in this direction),
// ENOTCAPABLE for one whose right poll_fd_readwrite was given up,
// EINVAL for a clock that does not exist and ENOTSUP for one that counts
// processor time, which does not pass while waiting, and what the file system says of a file
// (EIO). What is wrong with a connection is
// no error here but of what the program does next: mio gives up polling at once. A socket
// has the flag hangup when its connection is gone in both directions, as POLLHUP on Linux.
//
// Errors:
//   - EINVAL: there are no subscriptions, or one of no kind that nothing else was ready
//     before.
//   - EFAULT: in, out or the result lies outside of memory.
func (s *System) pollOneoff(a *Args) Errno { return s.pollSubscriptions(a, subscriptionBytes) }

// pollOneoffUnstable is poll_oneoff of wasi_unstable, where id, timeout, precision and flags
// of a clock lie 8 bytes further behind, and a subscription has 56 bytes.
func (s *System) pollOneoffUnstable(a *Args) Errno {
	return s.pollSubscriptions(a, unstableSubscriptionBytes)
}

func (s *System) pollSubscriptions(a *Args, stride uint32) Errno {
	in, inOK := s.Memory.array(uint32(a[0]), uint32(a[2]), stride)
	out, outOK := s.Memory.array(uint32(a[1]), uint32(a[2]), pollEventBytes)
	if _, ok := s.Memory.slice(uint32(a[3]), 4); !ok || !inOK || !outOK {
		return EFault
	}
	if len(in) == 0 {
		return EInval
	}
	p := pollState{system: s, stride: int(stride), next: socket.Forever}
	s.poll()
	p.pass(in, out)
	if p.events == 0 && p.errno == Success {
		p.waitFor(in, out)
	}
	if p.errno != Success {
		return p.errno
	}
	s.Memory.putUint32(uint32(a[3]), p.events)
	return Success
}

// waitFor makes passes until there is an event.
func (p *pollState) waitFor(in, out []byte) {
	s := p.system
	for at := subscriptionTag; at < len(in); at += p.stride {
		if in[at] > eventWrite {
			p.errno = EInval
			return
		}
	}
	for id := range p.start {
		p.start[id], _ = s.machine.Clock.Now(ClockID(id))
	}
	p.waited = true
	for p.events == 0 && p.errno == Success {
		s.wait(p.wantInput, p.next)
		s.poll()
		p.now, p.asked, p.next = [ClockMonotonic + 1]uint64{}, false, socket.Forever
		p.pass(in, out)
	}
}

// pass looks at all subscriptions once and writes an event for each thing that has
// happened. A program may have put out over in: events are smaller, so each subscription is
// read before it is overwritten.
func (p *pollState) pass(in, out []byte) {
	if p.stride != subscriptionBytes {
		p.passUnstable(in, out)
		return
	}
	ready := p.system.network.table()
	for at := nextInteresting(in, 0, ready); at < len(in); at = nextInteresting(in, at+subscriptionBytes, ready) {
		if !p.look((*[subscriptionBytes]byte)(in[at:]), out) {
			return
		}
	}
}

// passUnstable is pass for subscriptions of wasi_unstable, which it brings into the form of
// the others.
func (p *pollState) passUnstable(in, out []byte) {
	var sub [subscriptionBytes]byte
	for ; len(in) != 0; in = in[unstableSubscriptionBytes:] {
		copy(sub[:], in)
		if sub[subscriptionTag] == eventClock {
			copy(sub[subscriptionClock:], in[subscriptionClock+subscriptionIdentifierBytes:unstableSubscriptionBytes])
		}
		if !p.look(&sub, out) {
			return
		}
	}
}

// look looks at a subscription; false ends the call.
func (p *pollState) look(sub *[subscriptionBytes]byte, out []byte) bool {
	event := (*[pollEventBytes]byte)(out[p.events*pollEventBytes:])
	switch tag := sub[subscriptionTag]; {
	case tag == eventClock:
		p.clock(sub, event)
	case tag <= eventWrite:
		p.descriptor(sub, event)
	default:
		p.errno = EInval
		return false
	}
	return true
}

// put writes an event.
func (p *pollState) put(event *[pollEventBytes]byte, sub *[subscriptionBytes]byte, errno Errno, bytes uint64, flags uint16) {
	le := binary.LittleEndian
	userdata, tag := le.Uint64(sub[0:]), sub[subscriptionTag]
	le.PutUint64(event[0:], userdata)
	le.PutUint64(event[8:], uint64(errno)|uint64(tag)<<16)
	le.PutUint64(event[16:], bytes)
	le.PutUint64(event[24:], uint64(flags))
	p.events++
}

// descriptor finds out whether a descriptor is ready.
func (p *pollState) descriptor(sub *[subscriptionBytes]byte, event *[pollEventBytes]byte) {
	fd, tag := binary.LittleEndian.Uint32(sub[subscriptionFD:]), sub[subscriptionTag]
	d := p.system.descriptors.get(fd)
	switch {
	case d == nil, d.kind == directory:
		p.put(event, sub, EBadf, 0, 0)
	case d.base&RightPollFDReadwrite == 0:
		p.put(event, sub, ENotCapable, 0, 0)
	case d.kind == connection:
		if n := &p.system.network; !n.asking || n.take(fd, tag) {
			p.socket(sub, event, d, n.of(fd)&(socket.Readiness(tag)|socket.Hangup))
		}
	case tag == eventRead && d.base&RightFDRead == 0, tag == eventWrite && d.base&RightFDWrite == 0:
		p.put(event, sub, EBadf, 0, 0)
	case d.kind == input:
		p.stream(sub, event, d)
	case d.kind == file && tag == eventRead:
		attributes, err := d.files.Attributes(d.node)
		left := attributes.Size - min(attributes.Size, d.offset)
		p.put(event, sub, errnoOf(err), left, 0)
	default:
		p.put(event, sub, Success, gatherBytes, 0)
	}
}

// socket is descriptor for a socket, of whose readiness bits are what was asked for.
func (p *pollState) socket(sub *[subscriptionBytes]byte, event *[pollEventBytes]byte, d *descriptor, bits socket.Readiness) {
	if bits&^socket.Hangup == 0 {
		return
	}
	flags := uint16(0)
	if bits&socket.Hangup != 0 && sub[subscriptionTag] == eventRead {
		// That the peer says no more is the end of what there is to read and no more.
		if _, err := d.socket.Peer(); err != nil || d.sendClosed {
			flags = eventHangup
		}
	}
	p.put(event, sub, Success, 1, flags) // at least; nobody asks how many
}

// stream is descriptor for standard input, which is asked once a pass.
func (p *pollState) stream(sub *[subscriptionBytes]byte, event *[pollEventBytes]byte, d *descriptor) {
	if !p.asked {
		p.asked = true
		p.input = d.in.Wait(0)
	}
	p.wantInput = true
	if !p.input.Ready {
		return
	}
	flags := uint16(0)
	if p.input.Hangup {
		flags = eventHangup
	}
	p.put(event, sub, Success, 1, flags) // at least; nobody knows how many
}

// clock finds out whether a time has come; if not, next is no later than that. A clock
// is read once a pass, and for relative timeouts not before it has to wait.
func (p *pollState) clock(sub *[subscriptionBytes]byte, event *[pollEventBytes]byte) {
	le := binary.LittleEndian
	id, timeout := ClockID(le.Uint32(sub[subscriptionClock:])), le.Uint64(sub[subscriptionTimeout:])
	switch {
	case id > ClockThreadCPU:
		p.put(event, sub, EInval, 0, 0)
		return
	case id > ClockMonotonic:
		p.put(event, sub, ENotSup, 0, 0)
		return
	}
	left := timeout
	if absolute := le.Uint16(sub[subscriptionFlags:])&clockAbsolute != 0; absolute || p.waited {
		if p.now[id] == 0 {
			p.now[id], _ = p.system.machine.Clock.Now(id)
		}
		from := p.now[id]
		if !absolute {
			from -= p.start[id] // what has passed
		}
		left = timeout - min(timeout, from)
	}
	if left == 0 {
		p.put(event, sub, Success, 0, 0)
		return
	}
	p.next = min(p.next, time.Duration(min(left, math.MaxInt64)))
}
