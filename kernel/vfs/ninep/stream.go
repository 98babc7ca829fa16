package ninep

import (
	"encoding/binary"
	"errors"
	"time"

	"mewz/kernel/device"
	"mewz/kernel/system"
	"mewz/kernel/virtio/request"
)

// Errors of a stream.
var (
	errClosed    = errors.New("ninep: the server is gone")
	errInherited = errors.New("ninep: the descriptor of the share is not inherited: run the program by mewz")
	errAnswer    = errors.New("ninep: the server answers what nobody asked")
)

// sendPause is how long to wait for room in a socket before the rest of the machine goes on, and
// before looking whether there is an answer to be taken: a server that waits for that makes
// no room.
const sendPause = 10 * time.Millisecond

// stream is a stream socket that does not block, with a server at the other end:
// messages one after the other (Plan 9 manual, section 5, intro).
type stream struct {
	descriptor int
	pause      func(limit time.Duration)
	received   []byte // messageBytes
	have       int    // bytes of received
	waiting    [slotsMax]*slot
	vectors    [2]system.Vector
	failed     error
}

func openStream(descriptor int, pause func(limit time.Duration)) (*stream, error) {
	if !system.Inherited(descriptor) {
		return nil, errInherited
	}
	return &stream{descriptor: descriptor, pause: pause, received: make([]byte, messageBytes)}, nil
}

func (t *stream) allocate(n int) (device.Memory, error) {
	return device.Memory{Bytes: make([]byte, n)}, nil
}

func (t *stream) close() {
	if t.failed == nil {
		t.failed = errGivenUp
	}
}

// reach has nothing to find: the kernel of the host copies whatever memory it is.
func (t *stream) reach([]byte) bool { return true }

// send writes a request, all of it, and takes answers meanwhile.
func (t *stream) send(s *slot) error {
	t.waiting[s.tag], s.bytes = s, 0
	head, payload, until := s.out, s.payload.Bytes, time.Duration(0)
	for len(head)+len(payload) > 0 && t.failed == nil {
		t.vectors = [2]system.Vector{system.NewVector(head), system.NewVector(payload)}
		n, errno := system.WriteVectors(t.descriptor, t.vectors[:])
		switch errno {
		case 0:
			first := min(n, len(head))
			head, payload, until = head[first:], payload[n-first:], 0
		case system.Interrupted:
		case system.WouldBlock:
			if until == 0 {
				until = deadline()
			}
			t.awaitRoom(until)
		default:
			t.failed = errClosed
		}
	}
	return t.failed
}

// awaitRoom waits a while for room in the socket; until is when a server that makes none
// counts as dead.
func (t *stream) awaitRoom(until time.Duration) {
	t.take()
	found, _ := system.Poll(t.descriptor, system.PollIn|system.PollOut, sendPause) // an error: look again
	switch {
	case found != 0 || t.failed != nil:
	case monotonic() >= until:
		t.failed = request.ErrSilent
	case t.pause != nil:
		t.pause(0)
	}
}

// receive waits for the answer to a request.
func (t *stream) receive(s *slot) (int, error) {
	for until := deadline(); ; {
		if t.waiting[s.tag] != s {
			return s.bytes, nil
		}
		if t.failed != nil {
			return 0, t.failed
		}
		if t.take() {
			continue
		}
		left := until - monotonic()
		switch {
		case left <= 0:
			return 0, request.ErrSilent
		case t.pause != nil:
			t.pause(left)
		default:
			system.Poll(t.descriptor, system.PollIn, left) // an error: look again
		}
	}
}

func monotonic() time.Duration {
	nanos, _ := system.Now(system.ClockMonotonic) // there always is one
	return time.Duration(nanos)
}

func deadline() time.Duration { return monotonic() + request.Patience }

// take reads what has come and gives answers to their requests; it reports whether
// there was anything.
func (t *stream) take() bool {
	if t.failed != nil {
		return false
	}
	n, errno := system.Read(t.descriptor, t.received[t.have:])
	switch {
	case errno == system.WouldBlock || errno == system.Interrupted:
		return false
	case errno != 0 || n == 0:
		t.failed = errClosed
		return false
	}
	t.have += n
	rest := t.received[:t.have]
	for t.failed == nil {
		n := t.deliver(rest)
		if n == 0 {
			break
		}
		rest = rest[n:]
	}
	t.have = copy(t.received, rest)
	return true
}

// deliver gives the message at the beginning of b to its request and returns how
// long it is, or 0 when it is not complete.
func (t *stream) deliver(b []byte) int {
	if len(b) < headerBytes {
		return 0
	}
	size := int64(binary.LittleEndian.Uint32(b))
	if size < headerBytes || size > messageBytes {
		t.failed = errAnswer
		return 0
	}
	n := int(size)
	if len(b) < n {
		return 0
	}
	tag := binary.LittleEndian.Uint16(b[5:])
	if tag == noTag {
		tag = 0 // Rversion, to the first request
	}
	if tag >= slotsMax || t.waiting[tag] == nil {
		t.failed = errAnswer
		return 0
	}
	s := t.waiting[tag]
	if n > s.headBytes+len(s.into.Bytes) {
		t.failed = errAnswer
		return 0
	}
	s.bytes = n
	head := min(n, s.headBytes)
	copy(s.in.Bytes, b[:head])
	copy(s.into.Bytes, b[head:n])
	t.waiting[tag] = nil
	return n
}

func (t *stream) source() source { return t }

// Arm implements source: no interrupt belongs to a socket. A wait for it polls the
// descriptor.
func (t *stream) Arm() (slots uint32, pending bool) { return 0, t.Pending() }

// Disarm does nothing.
func (t *stream) Disarm() {}

// Pending reports whether the server is gone.
func (t *stream) Pending() bool { return t.failed != nil }
