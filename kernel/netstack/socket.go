package netstack

import (
	"syscall"

	"mewz/kernel/netstack/header"
	"mewz/kernel/netstack/tcp"
	"mewz/kernel/netstack/udp"
	"mewz/kernel/socket"
)

// Socket is a socket: a connection, a listener or an endpoint of UDP, or none of them yet.
type Socket struct {
	stack  *Stack
	index  int // in stack.sockets
	family socket.Family
	kind   socket.Kind
	tag    int // in stack.ready, or -1
	ready  socket.Readiness

	endpoint *udp.Endpoint
	listener *tcp.Listener
	conn     *tcp.Conn
	local    socket.Endpoint // of a stream before it is connected
	bound    bool
	only6    bool
	reuse    bool
	// options are those that were set before there was a connection, which gets them; a
	// listener gives them to its connections.
	options [socket.OptionOnlyIPv6 + 1]int64
	set     uint32 // as bits
}

// socketsMax bounds the sockets of the program.
const socketsMax = 65536

// Open: see socket.Network. Errors: EAFNOSUPPORT, EPROTONOSUPPORT, ENFILE.
func (s *Stack) Open(f socket.Family, k socket.Kind) (socket.Socket, error) {
	switch {
	case f != socket.IPv4 && f != socket.IPv6:
		return nil, syscall.EAFNOSUPPORT
	case k != socket.Stream && k != socket.Datagram:
		return nil, syscall.EPROTONOSUPPORT
	}
	x, err := s.newSocket(f, k)
	if err != nil {
		return nil, err
	}
	if k == socket.Datagram {
		if x.endpoint, err = s.udp.Open(f, x); err != nil {
			x.Close()
			return nil, err
		}
	} else {
		x.SetReady(socket.Writable | socket.Hangup) // as Linux tells of one that is not connected
	}
	return x, nil
}

// newSocket takes a closed socket or makes one.
func (s *Stack) newSocket(f socket.Family, k socket.Kind) (*Socket, error) {
	if len(s.sockets) >= socketsMax {
		return nil, syscall.ENFILE
	}
	var x *Socket
	if n := len(s.free); n > 0 {
		x, s.free = s.free[n-1], s.free[:n-1]
	} else {
		x = new(Socket)
	}
	*x = Socket{stack: s, index: len(s.sockets), family: f, kind: k, tag: -1}
	s.sockets = append(s.sockets, x)
	return x, nil
}

// SetReady: see tcp.Watcher, udp.Watcher.
func (x *Socket) SetReady(r socket.Readiness) {
	up := r &^ x.ready
	x.ready = r
	if x.tag < 0 {
		return
	}
	s := x.stack
	s.ready[x.tag] = r
	if s.raised != nil {
		if up&socket.Hangup != 0 {
			up = r
		}
		s.raised[x.tag] |= up
	}
}

// SetTag: see socket.Socket.
func (x *Socket) SetTag(tag uint32) {
	s := x.stack
	x.untag()
	for len(s.ready) <= int(tag) {
		s.ready = append(s.ready, 0)
	}
	x.tag = int(tag)
	s.ready[tag] = x.ready
	if s.raised != nil {
		s.raised = append(s.raised, s.ready[len(s.raised):]...)
		s.raised[tag] = x.ready
	}
}

// untag takes the socket out of the tables of readiness.
func (x *Socket) untag() {
	if x.tag < 0 {
		return
	}
	s := x.stack
	s.ready[x.tag] = 0
	if s.raised != nil {
		s.raised[x.tag] = 0
	}
}

// Close: see socket.Socket.
func (x *Socket) Close() {
	s := x.stack
	if s == nil {
		return
	}
	switch {
	case x.endpoint != nil:
		x.endpoint.Close()
	case x.listener != nil:
		x.listener.Close()
	case x.conn != nil:
		x.conn.Watch(nobody{})
		x.conn.Close()
	}
	if x.bound {
		s.tcp.Free(x.binding())
	}
	x.untag()
	last := s.sockets[len(s.sockets)-1]
	s.sockets[x.index], last.index = last, x.index
	s.sockets = s.sockets[:len(s.sockets)-1]
	*x = Socket{}
	s.free = append(s.free, x)
}

// nobody watches a connection whose socket is closed.
type nobody struct{}

func (nobody) SetReady(socket.Readiness) {}

// Bind: see socket.Socket. Errors: EINVAL when it is bound, EADDRNOTAVAIL, EADDRINUSE,
// EAFNOSUPPORT.
func (x *Socket) Bind(e socket.Endpoint) error {
	if x.endpoint != nil {
		return x.endpoint.Bind(e)
	}
	if x.bound || x.listener != nil || x.conn != nil {
		return syscall.EINVAL
	}
	any := header.IsUnspecified(e.Address)
	switch {
	case any:
		e.Address = socket.Address{}
	case header.IsIPv4(e.Address) && x.only6:
		return syscall.EINVAL
	case !header.IsIPv4(e.Address) && x.family == socket.IPv4:
		return syscall.EAFNOSUPPORT
	case !x.stack.ip.IsLocal(e.Address):
		return syscall.EADDRNOTAVAIL
	}
	x.local = e
	port, err := x.stack.tcp.Reserve(x.binding())
	if err != nil {
		x.local = socket.Endpoint{}
		return err
	}
	x.local.Port, x.bound = port, true
	return nil
}

func (x *Socket) binding() tcp.Binding {
	return tcp.Binding{Local: x.local, Family: x.family, Only6: x.only6, Reuse: x.reuse}
}

// Listen: see socket.Socket. Errors: EOPNOTSUPP for UDP, EISCONN, EADDRINUSE.
func (x *Socket) Listen(backlog int) error {
	switch {
	case x.endpoint != nil:
		return syscall.EOPNOTSUPP
	case x.conn != nil:
		return syscall.EISCONN
	case x.listener != nil:
		return nil
	}
	if !x.bound {
		if err := x.Bind(socket.Endpoint{}); err != nil {
			return err
		}
	}
	l, err := x.stack.tcp.Listen(x.local, x.family, x.only6, backlog, x)
	if err != nil {
		return err
	}
	x.listener = l
	x.SetReady(x.ready &^ (socket.Writable | socket.Hangup))
	return nil
}

// Accept: see socket.Socket. Errors: EINVAL when it does not listen, EAGAIN, ENFILE.
func (x *Socket) Accept() (socket.Socket, error) {
	if x.listener == nil {
		if x.endpoint != nil {
			return nil, syscall.EOPNOTSUPP
		}
		return nil, syscall.EINVAL
	}
	if len(x.stack.sockets) >= socketsMax {
		return nil, syscall.ENFILE
	}
	c, err := x.listener.Accept()
	if err != nil {
		return nil, err
	}
	y, err := x.stack.newSocket(x.family, socket.Stream)
	if err != nil {
		return nil, err
	}
	y.conn, y.only6, y.options, y.set = c, x.only6, x.options, x.set
	y.applyOptions()
	c.Watch(y)
	return y, nil
}

// Connect: see socket.Socket. Errors: EINPROGRESS when it has begun, EALREADY, EISCONN,
// and those of a route.
func (x *Socket) Connect(e socket.Endpoint) error {
	if x.endpoint != nil {
		return x.endpoint.Connect(e)
	}
	if err := x.mayConnect(e); err != nil {
		return err
	}
	local := x.local
	switch e.Address {
	case header.Unspecified4:
		e.Address = header.Loopback4
	case header.Unspecified6:
		if e.Address = header.Loopback6; x.family == socket.IPv4 {
			e.Address = header.Loopback4
		}
	}
	c, err := x.stack.tcp.Connect(local, e, x)
	if err != nil {
		return err
	}
	x.conn = c
	c.Watch(x)
	x.applyOptions()
	return syscall.EINPROGRESS
}

// mayConnect says whether a stream may connect to e now.
func (x *Socket) mayConnect(e socket.Endpoint) error {
	switch {
	case x.listener != nil:
		return syscall.EISCONN
	case x.conn != nil && x.conn.Established():
		return syscall.EISCONN
	case x.conn != nil && x.ready&socket.Hangup == 0:
		return syscall.EALREADY
	case x.conn != nil: // an attempt has failed: the next may begin
		x.conn.Close()
		x.conn = nil
	}
	isIPv4 := header.IsIPv4(e.Address)
	switch {
	case e.Port == 0:
		return syscall.ECONNREFUSED
	case x.family == socket.IPv4 && !isIPv4 && e.Address != header.Unspecified6:
		return syscall.EAFNOSUPPORT
	case isIPv4 && x.only6, header.IsMulticast(e.Address), x.stack.ip.IsBroadcast(e.Address):
		return syscall.ENETUNREACH
	}
	return nil
}

// Read: see socket.Socket. Errors: ENOTCONN, EAGAIN, that of the connection.
func (x *Socket) Read(b []byte, peek bool) (int, error) {
	switch {
	case x.conn != nil:
		return x.conn.Read(b, peek)
	case x.endpoint != nil:
		n, _, err := x.endpoint.Receive(b, peek)
		return n, err
	}
	return 0, syscall.ENOTCONN
}

// Write: see socket.Socket. Errors: ENOTCONN, EAGAIN, EPIPE, that of the connection.
func (x *Socket) Write(b []byte, more bool) (int, error) {
	switch {
	case x.conn != nil:
		return x.conn.Write(b, more)
	case x.endpoint != nil:
		if err := x.endpoint.Write(b); err != nil {
			return 0, err
		}
		return len(b), nil
	}
	return 0, syscall.ENOTCONN
}

// Receive: see socket.Socket.
func (x *Socket) Receive(b []byte, peek bool) (int, socket.Endpoint, error) {
	switch {
	case x.conn != nil:
		n, err := x.conn.Read(b, peek)
		return n, x.conn.Peer(), err
	case x.endpoint != nil:
		return x.endpoint.Receive(b, peek)
	}
	return 0, socket.Endpoint{}, syscall.ENOTCONN
}

// Send: see socket.Socket. Errors: EISCONN for a stream, those of a route, EMSGSIZE.
func (x *Socket) Send(b []byte, to socket.Endpoint) error {
	switch {
	case x.endpoint != nil:
		return x.endpoint.Send(b, to)
	case x.conn != nil:
		return syscall.EISCONN
	}
	return syscall.ENOTCONN
}

// Shutdown: see socket.Socket. Errors: ENOTCONN.
func (x *Socket) Shutdown(how socket.Shutdown) error {
	switch {
	case x.conn != nil:
		return x.conn.Shutdown(how)
	case x.endpoint != nil:
		return x.endpoint.Shutdown(how)
	}
	return syscall.ENOTCONN
}

// Local: see socket.Socket.
func (x *Socket) Local() socket.Endpoint {
	e := x.local
	switch {
	case x.conn != nil:
		e = x.conn.Local()
	case x.endpoint != nil:
		e = x.endpoint.Local()
	}
	if x.family == socket.IPv4 && e.Address == header.Unspecified6 {
		e.Address = header.Unspecified4
	}
	return e
}

// Peer: see socket.Socket. Errors: ENOTCONN.
func (x *Socket) Peer() (socket.Endpoint, error) {
	switch {
	case x.conn != nil && x.conn.Established():
		return x.conn.Peer(), nil
	case x.endpoint != nil:
		return x.endpoint.Peer()
	}
	return socket.Endpoint{}, syscall.ENOTCONN
}

// Option: see socket.Socket. Errors: ENOPROTOOPT.
func (x *Socket) Option(o socket.Option) (int64, error) {
	switch {
	case o == socket.OptionError:
		return x.takeError()
	case x.endpoint != nil:
		return x.endpoint.Option(o)
	case o == socket.OptionAccepting:
		return number(x.listener != nil), nil
	case o == socket.OptionReuseAddress:
		return number(x.reuse), nil
	case o == socket.OptionOnlyIPv6:
		return number(x.only6), nil
	case o == socket.OptionBroadcast:
		return 0, nil
	case x.conn != nil:
		return x.conn.Option(o)
	case o > socket.OptionOnlyIPv6:
		return 0, syscall.ENOPROTOOPT
	case x.set&(1<<o) != 0:
		return x.options[o], nil
	}
	return defaultOption(o), nil
}

// defaultOption is the value of an option of a stream before anybody has set it.
func defaultOption(o socket.Option) int64 {
	switch o {
	case socket.OptionSendBuffer, socket.OptionReceiveBuffer:
		return 128 << 10
	case socket.OptionKeepAliveIdle:
		return 7200e9 // RFC 9293, 3.8.4
	case socket.OptionKeepAliveInterval:
		return 75e9
	case socket.OptionKeepAliveCount:
		return 9
	case socket.OptionLinger:
		return -1
	}
	return 0
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// takeError returns the pending error as errno and clears it.
func (x *Socket) takeError() (int64, error) {
	var err error
	switch {
	case x.conn != nil:
		err = x.conn.Error()
	case x.endpoint != nil:
		err = x.endpoint.Error()
	}
	if errno, ok := err.(syscall.Errno); ok {
		return int64(errno), nil
	}
	return 0, nil
}

// SetOption: see socket.Socket. Errors: ENOPROTOOPT, EINVAL.
func (x *Socket) SetOption(o socket.Option, v int64) error {
	switch {
	case x.endpoint != nil:
		if err := x.endpoint.SetOption(o, v); err != nil {
			return err
		}
	case o == socket.OptionError || o == socket.OptionAccepting || o > socket.OptionOnlyIPv6:
		return syscall.ENOPROTOOPT
	case o == socket.OptionReuseAddress:
		x.reuse = v != 0
	case o == socket.OptionBroadcast:
		// Means nothing to a stream, and Linux takes it.
	case o == socket.OptionOnlyIPv6:
		if x.bound || x.conn != nil || x.family != socket.IPv6 {
			return syscall.EINVAL
		}
		x.only6 = v != 0
	case x.conn != nil:
		return x.conn.SetOption(o, v)
	default:
		x.options[o] = v
		x.set |= 1 << o
	}
	return nil
}

// applyOptions gives a new connection what was set before.
func (x *Socket) applyOptions() {
	if x.set == 0 {
		return
	}
	for o := range x.options {
		if x.set&(1<<o) != 0 {
			// An option that the connection refuses is like one that was never set.
			_ = x.conn.SetOption(socket.Option(o), x.options[o])
		}
	}
}
