package sockettest

import (
	"syscall"

	"mewz/kernel/socket"
)

// Socket is a socket of a Network.
type Socket struct {
	network *Network
	family  socket.Family
	kind    socket.Kind
	tag     int
	local   socket.Endpoint
	bound   bool
	options map[socket.Option]int64
	err     syscall.Errno // pending

	listening bool
	backlog   int
	queue     []*Socket // connections to accept

	peer       *Socket // of a connection, also one that has ended
	remote     socket.Endpoint
	connecting bool
	ended      bool   // the peer sends no more
	sendClosed bool   // this side sends no more
	gone       bool   // reset
	in         []byte // received
	Limit      int    // what in holds, or 0: bufferBytes

	datagrams []datagram
}

type datagram struct {
	from socket.Endpoint
	b    []byte
}

// datagramMax is the payload that fits into a datagram over IPv4 (RFC 768, RFC 791).
const datagramMax = 65507

var _ socket.Socket = (*Socket)(nil)

// SetTag sets the number.
func (s *Socket) SetTag(tag uint32) {
	n := s.network
	if s.tag >= 0 {
		n.ready[s.tag] = 0
	}
	for len(n.ready) <= int(tag) {
		n.ready = append(n.ready, 0)
	}
	s.tag = int(tag)
	s.update()
}

// update writes the readiness.
func (s *Socket) update() {
	if s.tag < 0 {
		return
	}
	var r socket.Readiness
	if len(s.in) != 0 || s.ended || s.gone || s.err != 0 || len(s.queue) != 0 || len(s.datagrams) != 0 {
		r |= socket.Readable
	}
	connected := s.peer != nil && !s.connecting
	if s.kind == socket.Datagram || s.gone || s.err != 0 || connected && (s.sendClosed || s.peer.room() > 0) {
		r |= socket.Writable
	}
	if s.ended || s.gone {
		r |= socket.Hangup
	}
	s.network.set(s.tag, r)
}

func (s *Socket) room() int {
	limit := s.Limit
	if limit == 0 {
		limit = bufferBytes
	}
	return limit - len(s.in)
}

// Bind sets the address.
func (s *Socket) Bind(e socket.Endpoint) error {
	any := e.Address == socket.Address{} || e.Address == socket.FromIPv4([4]byte{})
	switch {
	case s.bound:
		return syscall.EINVAL
	case !any && e.Address != Loopback() && e.Address != socket.Address{15: 1}:
		return syscall.EADDRNOTAVAIL
	case e.Port != 0 && s.network.find(s.kind, e, false) != nil:
		return syscall.EADDRINUSE
	}
	if e.Port == 0 {
		s.network.port++
		e.Port = 40000 + s.network.port
	}
	s.local, s.bound = e, true
	return nil
}

// Listen makes it accept connections.
func (s *Socket) Listen(backlog int) error {
	switch {
	case s.kind == socket.Datagram:
		return syscall.EOPNOTSUPP
	case s.peer != nil:
		return syscall.EINVAL
	}
	s.listening, s.backlog = true, backlog
	return nil
}

// Accept takes a connection.
func (s *Socket) Accept() (socket.Socket, error) {
	switch {
	case s.kind == socket.Datagram:
		return nil, syscall.EOPNOTSUPP
	case !s.listening:
		return nil, syscall.EINVAL
	case len(s.queue) == 0:
		return nil, syscall.EAGAIN
	}
	accepted := s.queue[0]
	s.queue = s.queue[1:]
	s.update()
	return accepted, nil
}

// Connect connects in the next Poll.
func (s *Socket) Connect(e socket.Endpoint) error {
	switch {
	case s.kind == socket.Datagram:
		s.remote = e
		return nil
	case s.connecting:
		return syscall.EALREADY
	case s.peer != nil:
		return syscall.EISCONN
	case s.listening:
		return syscall.EOPNOTSUPP
	}
	s.connecting, s.remote = true, e
	s.network.pending = append(s.network.pending, s.connected)
	return syscall.EINPROGRESS
}

// connected is the answer of the other side.
func (s *Socket) connected() {
	if !s.network.Sockets[s] {
		return
	}
	s.connecting = false
	other := s.network.find(socket.Stream, s.remote, true)
	if other == nil || len(other.queue) >= other.backlog {
		s.Fail(syscall.ECONNREFUSED)
		return
	}
	if !s.bound {
		s.network.port++
		s.local, s.bound = socket.Endpoint{Address: Loopback(), Port: 40000 + s.network.port}, true
	}
	accepted := s.network.add(&Socket{network: s.network, family: other.family, tag: -1, local: s.remote, bound: true, remote: s.local, peer: s})
	s.peer = accepted
	other.queue = append(other.queue, accepted)
	other.update()
	s.update()
}

// Fail loses the connection.
func (s *Socket) Fail(err syscall.Errno) {
	s.err, s.gone = err, true
	s.in = nil
	s.update()
}

// Other is the other side of a connection.
func (s *Socket) Other() *Socket { return s.peer }

// takeError returns the pending error once.
func (s *Socket) takeError() error {
	if s.err == 0 {
		return nil
	}
	err := s.err
	s.err = 0
	s.update()
	return err
}

// Read reads.
func (s *Socket) Read(b []byte, peek bool) (int, error) {
	if s.kind == socket.Datagram {
		n, _, err := s.Receive(b, peek)
		return min(n, len(b)), err
	}
	switch err := s.takeError(); {
	case err != nil:
		return 0, err
	case s.gone:
		return 0, nil
	case s.peer == nil:
		return 0, syscall.ENOTCONN
	case len(s.in) == 0 && s.ended:
		return 0, nil
	case len(s.in) == 0:
		return 0, syscall.EAGAIN
	}
	n := copy(b, s.in)
	if !peek {
		s.in = append(s.in[:0], s.in[n:]...)
		s.update()
		s.peer.update()
	}
	return n, nil
}

// Write writes to the other side.
func (s *Socket) Write(b []byte, _ bool) (int, error) {
	if s.kind == socket.Datagram {
		if s.remote == (socket.Endpoint{}) {
			return 0, syscall.EDESTADDRREQ
		}
		return len(b), s.Send(b, s.remote)
	}
	switch err := s.takeError(); {
	case err != nil:
		return 0, err
	case s.gone, s.sendClosed, s.peer != nil && !s.network.Sockets[s.peer]:
		return 0, syscall.EPIPE
	case s.connecting:
		return 0, syscall.EAGAIN
	case s.peer == nil:
		return 0, syscall.ENOTCONN
	}
	n := min(len(b), s.peer.room())
	if n == 0 {
		return 0, syscall.EAGAIN
	}
	s.peer.in = append(s.peer.in, b[:n]...)
	s.peer.update()
	s.update()
	return n, nil
}

// Receive takes a datagram.
func (s *Socket) Receive(b []byte, peek bool) (int, socket.Endpoint, error) {
	if s.kind == socket.Stream {
		n, err := s.Read(b, peek)
		return n, s.remote, err
	}
	if err := s.takeError(); err != nil {
		return 0, socket.Endpoint{}, err
	}
	if len(s.datagrams) == 0 {
		return 0, socket.Endpoint{}, syscall.EAGAIN
	}
	d := s.datagrams[0]
	copy(b, d.b)
	if !peek {
		s.datagrams = s.datagrams[1:]
		s.update()
	}
	return len(d.b), d.from, nil
}

// Send sends a datagram; one to nobody comes back as ECONNREFUSED.
func (s *Socket) Send(b []byte, to socket.Endpoint) error {
	if err := s.takeError(); err != nil {
		return err
	}
	switch {
	case len(b) > datagramMax:
		return syscall.EMSGSIZE
	case s.sendClosed:
		return syscall.EPIPE
	}
	if !s.bound {
		if err := s.Bind(socket.Endpoint{Address: Loopback()}); err != nil {
			return err
		}
	}
	other := s.network.find(socket.Datagram, to, false)
	if other == nil {
		s.err = syscall.ECONNREFUSED
		s.update()
		return nil
	}
	from := s.local
	if from.Address == (socket.Address{}) || from.Address == socket.FromIPv4([4]byte{}) {
		from.Address = Loopback()
	}
	other.datagrams = append(other.datagrams, datagram{from, append([]byte(nil), b...)})
	other.update()
	return nil
}

// Shutdown ends directions.
func (s *Socket) Shutdown(how socket.Shutdown) error {
	if s.peer == nil && (s.kind == socket.Stream || s.remote == (socket.Endpoint{})) {
		return syscall.ENOTCONN
	}
	if how&socket.ShutdownWrite != 0 {
		s.sendClosed = true
		if s.peer != nil {
			s.peer.ended = true
			s.peer.update()
		}
	}
	if how&socket.ShutdownRead != 0 {
		s.ended = true
		s.in = nil
	}
	s.update()
	return nil
}

// Local is the own address.
func (s *Socket) Local() socket.Endpoint { return s.local }

// Peer is the address of the other side.
func (s *Socket) Peer() (socket.Endpoint, error) {
	if s.gone || s.connecting || s.remote == (socket.Endpoint{}) || s.ended && s.sendClosed {
		return socket.Endpoint{}, syscall.ENOTCONN
	}
	return s.remote, nil
}

// Option returns an option.
func (s *Socket) Option(o socket.Option) (int64, error) {
	switch o {
	case socket.OptionError:
		err := s.err
		s.err = 0
		s.update()
		return int64(err), nil
	case socket.OptionAccepting:
		if s.listening {
			return 1, nil
		}
		return 0, nil
	case socket.OptionNoDelay:
		if s.kind == socket.Datagram {
			return 0, syscall.EOPNOTSUPP
		}
	}
	return s.options[o], nil
}

// SetOption sets an option.
func (s *Socket) SetOption(o socket.Option, v int64) error {
	if o == socket.OptionNoDelay && s.kind == socket.Datagram {
		return syscall.EOPNOTSUPP
	}
	s.options[o] = v
	return nil
}

// Close closes it; the other side reads to the end.
func (s *Socket) Close() {
	if !s.network.Sockets[s] {
		panic("sockettest: a socket is closed twice")
	}
	delete(s.network.Sockets, s)
	if s.peer != nil {
		s.peer.ended = true
		s.peer.update()
	}
	for _, waiting := range s.queue {
		waiting.Close()
	}
	if s.tag >= 0 {
		s.network.ready[s.tag] = 0
	}
	s.tag = -1
}
