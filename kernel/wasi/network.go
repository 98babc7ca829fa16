package wasi

import (
	"errors"
	"syscall"
	"time"

	"mewz/kernel/console"
	"mewz/kernel/socket"
	"mewz/kernel/system"
)

// Waiter is the one place where a program waits.
type Waiter interface {
	// Wait returns when a device has interrupted, when standard input may be ready
	// if input is set, or when timeout has passed; socket.Forever is no timeout. It may
	// return early with none of it.
	Wait(input bool, timeout time.Duration)
}

// streamWaiter waits for the clock and for standard input, in a machine without other
// devices.
type streamWaiter struct {
	clock Clock
	stdin console.Input
}

func (w streamWaiter) Wait(input bool, timeout time.Duration) {
	if timeout == socket.Forever {
		timeout = system.Forever
	}
	if input {
		w.stdin.Wait(timeout)
		return
	}
	w.clock.Sleep(timeout)
}

// network is what System knows of the network.
type network struct {
	stack socket.Network // or nil
	// devices says that Machine.Wait knows of devices, so that nobody may wait elsewhere.
	devices bool
	// ready is the stack's table of readiness by descriptor. Those of numbers that are
	// no socket have the mark socket.Other, so that a scan of subscriptions stops there.
	ready  []socket.Readiness
	marked int // numbers that have been marked, or are sockets
	edges
	// plain says that poll_oneoff must look at every subscription: a socket has a number
	// that is a clock's too, or has lost the right to be polled.
	plain bool
}

var (
	errWaiter = errors.New("wasi: a network without a Waiter")
	errListen = errors.New("wasi: --listen: there is no network to listen on (--net none)")
)

// listenError is a socket that cannot be opened before the program starts.
type listenError struct {
	text   string // of abi.Network.Listen
	reason error
}

func (e *listenError) Error() string {
	text := "wasi: cannot listen on " + e.text + ": " + e.reason.Error()
	if e.reason == syscall.EADDRNOTAVAIL {
		text += ": listen on 0.0.0.0 or [::], or give the machine this address"
	}
	return text
}

func (e *listenError) Unwrap() error { return e.reason }

var errEndpoint = errors.New("want ADDRESS:PORT, for instance 0.0.0.0:8080 or [::]:8080")

// openNetwork prepares the network and opens the sockets that the program is to find,
// after its directories: that is where Go's and wasi-libc's programs look for them.
func (s *System) openNetwork() error {
	s.network.stack, s.network.devices = s.machine.Network, s.machine.Wait != nil
	listen := s.machine.Config.Network.Listen
	switch {
	case s.machine.Wait == nil && s.network.stack != nil:
		return errWaiter
	case s.machine.Wait == nil:
		s.machine.Wait = streamWaiter{s.machine.Clock, s.machine.Stdin}
	}
	if s.network.stack == nil {
		if len(listen) != 0 {
			return errListen
		}
		return nil
	}
	s.network.refresh()
	for _, text := range listen {
		if err := s.openListener(text); err != nil {
			return &listenError{text, err}
		}
	}
	return nil
}

// listenBacklog is the backlog of sockets of --listen: that of Linux
// (net.core.somaxconn).
const listenBacklog = 4096

// openListener opens one socket of --listen. It does not wait, as those that wasmtime
// gives a program: their accept is called when poll_oneoff says so.
func (s *System) openListener(text string) error {
	e, family, ok := socket.ParseEndpoint(text)
	if !ok {
		return errEndpoint
	}
	opened, err := s.network.stack.Open(family, socket.Stream)
	if err != nil {
		return err
	}
	err = opened.SetOption(socket.OptionReuseAddress, 1)
	if err == nil {
		err = opened.Bind(e)
	}
	if err == nil {
		err = opened.Listen(listenBacklog)
	}
	if err == nil {
		if _, errno := s.openSocket(opened, family, socket.Stream, FlagNonblock); errno != Success {
			err = syscall.EMFILE
		}
	}
	if err != nil {
		opened.Close()
	}
	return err
}

// openSocket gives a socket a number.
func (s *System) openSocket(opened socket.Socket, f socket.Family, k socket.Kind, flags FDFlags) (fd uint32, errno Errno) {
	fileType := FileTypeSocketStream
	if k == socket.Datagram {
		fileType = FileTypeSocketDatagram
	}
	fd, errno = s.descriptors.open(descriptor{
		kind: connection, fileType: fileType, flags: flags, base: socketRights, inheriting: socketRights,
		endpoint: endpoint{socket: opened, family: f, protocol: k},
	})
	if errno == Success {
		s.network.tag(opened, fd)
	}
	return fd, errno
}

// tag makes fd the number of a socket in the table of readiness.
func (n *network) tag(opened socket.Socket, fd uint32) {
	n.plain = n.plain || fd <= uint32(ClockThreadCPU)
	opened.SetTag(fd)
	n.refresh()
	if uint64(fd) < uint64(len(n.ready)) {
		n.ready[fd] &^= socket.Other
	}
	if uint64(fd) < uint64(len(n.raised)) {
		n.raised[fd] &^= socket.Other
	}
}

// untag marks a number that is a socket's no longer.
func (n *network) untag(fd uint32) {
	if uint64(fd) < uint64(len(n.ready)) {
		n.ready[fd] = socket.Other
	}
	if uint64(fd) < uint64(len(n.raised)) {
		n.raised[fd] = socket.Other
	}
}

// refresh takes the table of readiness again, which may have grown.
func (n *network) refresh() {
	n.ready = n.stack.Ready()
	if n.raised != nil {
		n.raised = n.stack.Raised()
		for i := n.marked; i < len(n.raised); i++ {
			n.raised[i] |= socket.Other
		}
	}
	for ; n.marked < len(n.ready); n.marked++ {
		n.ready[n.marked] |= socket.Other
	}
}

// of returns the readiness of descriptor fd, which is a socket.
func (n *network) of(fd uint32) socket.Readiness {
	if uint64(fd) < uint64(len(n.ready)) {
		return n.ready[fd]
	}
	return 0
}

// poll lets the network run; it reports whether anything happened.
func (s *System) poll() bool { return s.network.stack != nil && s.network.stack.Poll() }

// wait waits for the network's devices, for its timers, for input, or until limit has
// passed.
func (s *System) wait(input bool, limit time.Duration) {
	if s.network.stack != nil {
		limit = min(limit, s.network.stack.Wait())
	}
	if limit > 0 {
		s.machine.Wait.Wait(input, limit)
	}
}

// pause is the waiting of one call.
type pause struct {
	flags    FDFlags       // of the descriptor
	limit    time.Duration // SO_RCVTIMEO or SO_SNDTIMEO, or 0
	deadline uint64        // when limit has passed, or 0: not known yet
	polled   bool
}

// again is asked when something would have to wait: it lets the network run, and waits
// if the descriptor does. It reports whether to try again; EAGAIN is the answer if not.
func (s *System) again(p *pause) bool {
	if p.flags&FlagNonblock != 0 {
		if p.polled {
			return false
		}
		p.polled = true
		return s.poll()
	}
	limit := socket.Forever
	if p.limit > 0 {
		now, _ := s.machine.Clock.Now(ClockMonotonic)
		if p.deadline == 0 {
			p.deadline = now + uint64(p.limit)
		}
		if now >= p.deadline {
			return false
		}
		limit = time.Duration(p.deadline - now)
	}
	if !s.poll() {
		s.wait(false, limit)
		s.poll()
	}
	return true
}
