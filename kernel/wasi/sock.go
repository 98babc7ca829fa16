package wasi

import (
	"syscall"
	"time"

	"mewz/kernel/socket"
)

// endpoint is what a descriptor is that is a socket.
type endpoint struct {
	socket       socket.Socket
	family       socket.Family
	protocol     socket.Kind
	sendClosed   bool          // sock_shutdown was called for what the program sends
	receiveLimit time.Duration // SO_RCVTIMEO, or 0
	sendLimit    time.Duration // SO_SNDTIMEO, or 0
}

// WasmEdge's numbers of address families and socket types.
const (
	familyINET4 = 1 // __WASI_ADDRESS_FAMILY_INET4
	familyINET6 = 2 // __WASI_ADDRESS_FAMILY_INET6

	typeAny      = 0 // __WASI_SOCK_TYPE_SOCK_ANY
	typeDatagram = 1 // __WASI_SOCK_TYPE_SOCK_DGRAM
	typeStream   = 2 // __WASI_SOCK_TYPE_SOCK_STREAM
)

// Flags of sock_shutdown (witx: sdflags).
const (
	shutdownRead  = 1 << 0
	shutdownWrite = 1 << 1
)

// socket returns descriptor fd as a socket with rights.
func (s *System) socket(fd uint32, rights Rights) (*descriptor, Errno) {
	d := s.descriptors.get(fd)
	switch {
	case d == nil:
		return nil, EBadf
	case d.kind != connection:
		return nil, ENotSock
	case d.base&rights != rights:
		return nil, ENotCapable
	}
	return d, Success
}

// sockOpen is sock_open (and sock_open_v2): a new socket, which waits.
//
// Parameters: address_family i32 (1 INET4, 2 INET6); sock_type i32 (1 DGRAM, 2
// STREAM); result.fd i32, where its number goes (u32).
//
// Errors:
//   - ENETDOWN: the machine has no network. Not ENOSYS, for the function is there,
//     and not ENOTSUP, which would blame the parameters.
//   - EAFNOSUPPORT: there is no such family; AF_UNIX is none here.
//   - EPROTONOSUPPORT: there is no such type.
//   - EMFILE: the program has 65536 descriptors open.
//   - ENOBUFS: the stack has no room for another socket.
//   - EFAULT: the result lies outside of memory.
func (s *System) sockOpen(a *Args) Errno {
	if _, ok := s.Memory.slice(uint32(a[2]), 4); !ok {
		return EFault
	}
	var family socket.Family
	var protocol socket.Kind
	switch uint32(a[0]) {
	case familyINET4:
		family = socket.IPv4
	case familyINET6:
		family = socket.IPv6
	default:
		return EAfNoSupport
	}
	switch uint32(a[1]) {
	case typeDatagram:
		protocol = socket.Datagram
	case typeStream:
		protocol = socket.Stream
	default:
		return EProtoNoSupport
	}
	switch {
	case s.network.stack == nil:
		return ENetDown
	case s.descriptors.full():
		return EMFile
	}
	opened, err := s.network.stack.Open(family, protocol)
	if err != nil {
		return errnoOf(err)
	}
	fd, errno := s.openSocket(opened, family, protocol, 0)
	if errno != Success {
		opened.Close()
		return errno
	}
	s.Memory.putUint32(uint32(a[2]), fd)
	return Success
}

// sockBind is sock_bind (and sock_bind_v2): gives a socket its own address.
//
// Parameters: fd i32; addr i32, an address (see address); port i32, 0 for any.
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
//   - EINVAL: the address has no length that there is, the port is above 65535, or the
//     socket has an address already.
//   - EAFNOSUPPORT: the address is of another family than the socket.
//   - EADDRINUSE: another socket has it.
//   - EADDRNOTAVAIL: it is none of the machine's.
//   - EFAULT: addr or the address lies outside of memory.
func (s *System) sockBind(a *Args) Errno {
	d, errno := s.socket(uint32(a[0]), 0)
	if errno != Success {
		return errno
	}
	e, errno := s.address(d, uint32(a[1]), uint32(a[2]))
	if errno != Success {
		return errno
	}
	return errnoOf(d.socket.Bind(e))
}

// sockListen is sock_listen (and sock_listen_v2): a socket is to accept connections.
//
// Parameters: fd i32; backlog i32, how many may wait; a negative one is the most there
// can be, as on Linux.
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
//   - ENOTSUP: it is a datagram socket.
//   - EINVAL: it is connected.
//   - EADDRINUSE: another socket listens there.
func (s *System) sockListen(a *Args) Errno {
	d, errno := s.socket(uint32(a[0]), 0)
	if errno != Success {
		return errno
	}
	backlog := int32(a[1])
	if backlog < 0 || backlog > listenBacklog {
		backlog = listenBacklog
	}
	return errnoOf(d.socket.Listen(int(backlog)))
}

// sockAccept is sock_accept (and sock_accept_v2): the next connection of a listening
// socket.
//
// Parameters: fd i32; flags i32, fdflags of the new descriptor; result.fd i32,
// where it goes (u32).
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
//   - EINVAL: it does not listen, or there is no such flag.
//   - ENOTSUP: it is a datagram socket.
//   - EAGAIN: it has FlagNonblock, or SO_RCVTIMEO has passed, and there is none.
//   - ECONNABORTED: the connection was gone before it was accepted.
//   - EMFILE: the program has 65536 descriptors open; the connection stays.
//   - EFAULT: the result lies outside of memory.
//   - ENOTCAPABLE: the right sock_accept was given up.
func (s *System) sockAccept(a *Args) Errno {
	return s.accept(uint32(a[0]), uint32(a[1]), uint32(a[2]))
}

// sockAcceptBlocking is sock_accept in the first form of WasmEdge: as the other without
// flags.
//
// Parameters: fd i32; result.fd i32, where the new descriptor goes (u32).
//
// Errors: those of sockAccept.
func (s *System) sockAcceptBlocking(a *Args) Errno {
	return s.accept(uint32(a[0]), 0, uint32(a[1]))
}

func (s *System) accept(fd, flags, result uint32) Errno {
	d, errno := s.socket(fd, RightSockAccept)
	if errno != Success {
		return errno
	}
	s.network.rearm(fd)
	if _, ok := s.Memory.slice(result, 4); !ok {
		return EFault
	}
	switch {
	case flags&^uint32(allFlags) != 0:
		return EInval
	case s.descriptors.full():
		return EMFile
	}
	p := pause{flags: d.flags, limit: d.receiveLimit}
	accepted, err := d.socket.Accept()
	for isAgain(err) && s.again(&p) {
		accepted, err = d.socket.Accept()
	}
	if err != nil {
		return errnoOf(err)
	}
	opened, errno := s.openSocket(accepted, d.family, d.protocol, FDFlags(flags))
	if errno != Success {
		accepted.Close()
		return errno
	}
	s.Memory.putUint32(result, opened)
	return Success
}

// sockConnect is sock_connect (and sock_connect_v2): connects a socket, or sets the
// peer of a datagram socket.
//
// Parameters: fd i32; addr i32, an address (see address); port i32.
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
//   - EINVAL: the address has no length that there is, or the port is above 65535.
//   - EAFNOSUPPORT: the address is of another family than the socket.
//   - EINPROGRESS: it has FlagNonblock, or SO_SNDTIMEO has passed: poll_oneoff says
//     when it is done, and SO_ERROR how.
//   - EALREADY: it is being connected.
//   - EISCONN: it is connected.
//   - ECONNREFUSED, ETIMEDOUT, ENETUNREACH, EHOSTUNREACH: the peer cannot be reached.
//   - EADDRNOTAVAIL: no port is free.
//   - EFAULT: addr or the address lies outside of memory.
func (s *System) sockConnect(a *Args) Errno {
	fd := uint32(a[0])
	d, errno := s.socket(fd, 0)
	if errno != Success {
		return errno
	}
	e, errno := s.address(d, uint32(a[1]), uint32(a[2]))
	if errno != Success {
		return errno
	}
	err := d.socket.Connect(e)
	if err != syscall.EINPROGRESS || d.flags&FlagNonblock != 0 {
		return errnoOf(err)
	}
	p := pause{flags: d.flags, limit: d.sendLimit}
	for s.network.of(fd)&socket.Writable == 0 {
		if !s.again(&p) {
			return EInProgress
		}
	}
	return s.socketError(d)
}

// socketError takes the pending error of a socket.
func (s *System) socketError(d *descriptor) Errno {
	pending, err := d.socket.Option(socket.OptionError)
	if err != nil {
		return errnoOf(err)
	}
	return errnoOfSystem(syscall.Errno(pending))
}

// sockShutdown is sock_shutdown: ends one or both directions of a connection.
//
// Parameters: fd i32; how i32, sdflags.
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
//   - EINVAL: how is no direction, or none that there is.
//   - ENOTCONN: the socket is not connected.
//   - ENOTCAPABLE: the right sock_shutdown was given up.
func (s *System) sockShutdown(a *Args) Errno {
	d, errno := s.socket(uint32(a[0]), RightSockShutdown)
	if errno != Success {
		return errno
	}
	flags := uint32(a[1])
	if flags == 0 || flags&^(shutdownRead|shutdownWrite) != 0 {
		return EInval
	}
	var how socket.Shutdown
	if flags&shutdownRead != 0 {
		how |= socket.ShutdownRead
	}
	if flags&shutdownWrite != 0 {
		how |= socket.ShutdownWrite
	}
	if err := d.socket.Shutdown(how); err != nil {
		return errnoOf(err)
	}
	if flags&shutdownWrite != 0 {
		d.sendClosed = true
	}
	return Success
}
