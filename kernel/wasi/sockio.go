package wasi

import (
	"encoding/binary"
	"math"
	"syscall"

	"mewz/kernel/socket"
)

// Flags of sock_recv (witx: riflags and roflags).
const (
	receivePeek    = 1 << 0 // riflags.recv_peek
	receiveWaitAll = 1 << 1 // riflags.recv_waitall

	receivedTruncated = 1 << 0 // roflags.recv_data_truncated
)

// datagramMax is the longest datagram: what the length of UDP can tell (RFC 768).
const datagramMax = math.MaxUint16

// received is what came out of a socket.
type received struct {
	bytes     uint64
	truncated bool            // a datagram was longer
	from      socket.Endpoint // of a datagram, or if it was asked for
}

// sockRecv is sock_recv (and sock_recv_v2): bytes from a socket.
//
// Parameters: fd i32; ri_data i32 and ri_data_len i32, the buffers (iovec);
// ri_flags i32 (1 peek, 2 waitall); result.ro_datalen i32 (u32), 0 at the end;
// result.ro_flags i32 (u16), 1 if a datagram was longer than the buffers.
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
//   - EINVAL: there is no such flag.
//   - EAGAIN: it has FlagNonblock, or SO_RCVTIMEO has passed, and nothing is there.
//   - ENOTCONN: it is a stream and not connected.
//   - ECONNRESET, ETIMEDOUT, ECONNREFUSED, EHOSTUNREACH: the connection was lost.
//   - EFAULT: the list, a buffer or a result lies outside of memory.
//   - ENOTCAPABLE: the right fd_read was given up.
func (s *System) sockRecv(a *Args) Errno {
	d, errno := s.socket(uint32(a[0]), RightFDRead)
	if errno != Success {
		return errno
	}
	s.network.rearm(uint32(a[0]))
	if flagsAt := uint32(a[5]); uint32(a[2]) == 1 && uint32(a[3]) == 0 && s.Memory.has(flagsAt, 2) {
		if errno, done := s.receiveSole(d, uint32(a[1]), uint32(a[4])); done {
			if errno == Success {
				binary.LittleEndian.PutUint16(s.Memory[flagsAt:], 0)
			}
			return errno
		}
	}
	var r received
	return s.receiveCall(d, a, &r, uint32(a[3]), uint32(a[4]), uint32(a[5]))
}

// receiveSole is the short way for what programs do all the time: a stream, one buffer.
// done is false if it is something else.
func (s *System) receiveSole(d *descriptor, at, lengthAt uint32) (errno Errno, done bool) {
	into, ok := s.Memory.sole(at)
	if !ok || !s.Memory.has(lengthAt, 4) || d.protocol != socket.Stream || uint64(len(into))-1 >= transferMax {
		return Success, false
	}
	n, err := d.socket.Read(into, false)
	if err != nil {
		if isAgain(err) {
			n, err = s.receiveLater(d, into)
		}
		if err != nil {
			return errnoOf(err), true
		}
	}
	binary.LittleEndian.PutUint32(s.Memory[lengthAt:], uint32(n))
	return Success, true
}

// receiveCall does what the functions have in common that receive: the buffers are in
// a[1] and a[2]. flags are riflags, lengthAt and flagsAt the addresses of the results.
func (s *System) receiveCall(d *descriptor, a *Args, r *received, flags, lengthAt, flagsAt uint32) Errno {
	buffers, total, errno := s.checkBuffers(uint32(a[1]), uint32(a[2]), lengthAt)
	if errno != Success {
		return errno
	}
	flagsOut, ok := s.Memory.slice(flagsAt, 2)
	if !ok {
		return EFault
	}
	if flags&^(receivePeek|receiveWaitAll) != 0 {
		return EInval
	}
	if errno = s.receive(d, buffers, total, flags, r); errno != Success {
		return errno
	}
	s.Memory.putUint32(lengthAt, uint32(r.bytes))
	flagsOut[0], flagsOut[1] = 0, 0
	if r.truncated {
		flagsOut[0] = receivedTruncated
	}
	return Success
}

// receive takes bytes or a datagram out of a socket into checked buffers of total bytes.
func (s *System) receive(d *descriptor, buffers vector, total uint64, flags uint32, r *received) Errno {
	switch {
	case d.protocol == socket.Datagram:
		return s.receiveDatagram(d, buffers, flags&receivePeek != 0, r)
	case total == 0:
		return Success
	case flags&receivePeek != 0:
		return s.peekStream(d, buffers, r)
	}
	for len(buffers) != 0 && r.bytes < transferMax {
		into, ok := buffers.next(s.Memory)
		if !ok {
			return EFault // what was received has changed the list
		}
		for len(into) != 0 {
			n, err := s.receiveSome(d, into, r.bytes == 0 || flags&receiveWaitAll != 0)
			r.bytes += uint64(n)
			switch {
			case err != nil && r.bytes == 0:
				return errnoOf(err)
			case err != nil || n == 0:
				return Success
			}
			into = into[n:]
			if len(into) != 0 && flags&receiveWaitAll == 0 {
				return Success
			}
		}
	}
	return Success
}

// receiveSome reads from a stream once, and waits for it only if it may.
func (s *System) receiveSome(d *descriptor, into []byte, wait bool) (n int, err error) {
	n, err = d.socket.Read(into, false)
	if !wait || !isAgain(err) {
		return n, err
	}
	return s.receiveLater(d, into)
}

// receiveLater is Read for a stream that had nothing.
func (s *System) receiveLater(d *descriptor, into []byte) (n int, err error) {
	p := pause{flags: d.flags, limit: d.receiveLimit}
	err = syscall.EAGAIN
	for isAgain(err) && s.again(&p) {
		n, err = d.socket.Read(into, false)
	}
	return n, err
}

// peekStream is receive for bytes that stay: the socket gives them from the first on
// each time, so that several buffers are filled at once.
func (s *System) peekStream(d *descriptor, buffers vector, r *received) Errno {
	into, several := s.one(buffers)
	p := pause{flags: d.flags, limit: d.receiveLimit}
	n, err := d.socket.Read(into, true)
	for isAgain(err) && s.again(&p) {
		n, err = d.socket.Read(into, true)
	}
	if err != nil {
		return errnoOf(err)
	}
	r.bytes = uint64(n)
	if several {
		r.bytes = s.scatter(buffers, into[:n])
	}
	return Success
}

// receiveDatagram takes the next datagram.
func (s *System) receiveDatagram(d *descriptor, buffers vector, peek bool, r *received) Errno {
	into, several := s.one(buffers)
	p := pause{flags: d.flags, limit: d.receiveLimit}
	n, from, err := d.socket.Receive(into, peek)
	for isAgain(err) && s.again(&p) {
		n, from, err = d.socket.Receive(into, peek)
	}
	if err != nil {
		return errnoOf(err)
	}
	r.from = from
	r.bytes = uint64(min(n, len(into)))
	if several {
		r.bytes = s.scatter(buffers, into[:r.bytes])
	}
	r.truncated = uint64(n) > r.bytes
	return Success
}

// one returns the only one of the buffers, or the staging area if there are several.
func (s *System) one(buffers vector) (b []byte, several bool) {
	switch len(buffers) {
	case 0:
		return nil, false
	case vectorItemBytes:
		b, _ = buffers.next(s.Memory)
		return b[:min(len(b), transferMax)], false
	}
	if s.staging == nil {
		s.staging = make([]byte, datagramMax)
	}
	return s.staging, true
}

// scatter copies b into buffers and returns how much of it they took.
func (s *System) scatter(buffers vector, b []byte) (bytes uint64) {
	for len(buffers) != 0 && len(b) != 0 {
		into, ok := buffers.next(s.Memory)
		if !ok {
			break // what was copied has changed the list
		}
		n := copy(into, b)
		b = b[n:]
		bytes += uint64(n)
	}
	return bytes
}

// sockRecvFrom is sock_recv_from in the first form of WasmEdge: sock_recv that tells
// where from.
//
// Parameters: fd i32; ri_data i32 and ri_data_len i32, the buffers (iovec); addr i32, a
// record of address and length of a buffer, where the address of the sender goes, as
// many bytes as it has; ri_flags i32; result.ro_datalen i32 (u32); result.ro_flags
// i32 (u16).
//
// Errors: those of sockRecv, and
//   - EINVAL: the address does not fit into its buffer.
//   - EFAULT: the record or its buffer lies outside of memory.
func (s *System) sockRecvFrom(a *Args) Errno {
	return s.receiveFrom(a, uint32(a[5]), uint32(a[6]), nil)
}

// sockRecvFromPort is sock_recv_from in the second form of WasmEdge (and
// sock_recv_from_v2): sock_recv that tells where from.
//
// Parameters: fd i32; ri_data i32 and ri_data_len i32, the buffers (iovec); addr i32, a
// record of address and length (4, 16 or 128) of a buffer, where the address of the
// sender goes; ri_flags i32; result.port i32, where its port goes (u32);
// result.ro_datalen i32 (u32); result.ro_flags i32 (u16).
//
// Errors: those of sockRecvFrom.
func (s *System) sockRecvFromPort(a *Args) Errno {
	port, ok := s.Memory.slice(uint32(a[5]), 4)
	if !ok {
		return EFault
	}
	return s.receiveFrom(a, uint32(a[6]), uint32(a[7]), port)
}

// receiveFrom is sock_recv_from; port is where the port goes, or nil.
func (s *System) receiveFrom(a *Args, lengthAt, flagsAt uint32, port []byte) Errno {
	d, errno := s.socket(uint32(a[0]), RightFDRead)
	if errno != Success {
		return errno
	}
	s.network.rearm(uint32(a[0]))
	address, errno := s.addressBuffer(uint32(a[3]))
	if errno != Success {
		return errno
	}
	if len(address) < addressIPv4Bytes || d.family == socket.IPv6 && len(address) < addressIPv6Bytes {
		return EInval
	}
	var r received
	if errno = s.receiveCall(d, a, &r, uint32(a[4]), lengthAt, flagsAt); errno != Success {
		return errno
	}
	if d.protocol == socket.Stream {
		if r.from, _ = d.socket.Peer(); r.from == (socket.Endpoint{}) {
			return Success // the connection has ended: its peer is nobody
		}
	}
	putAddress(address, d.family, r.from)
	if port != nil {
		port[0], port[1], port[2], port[3] = byte(r.from.Port), byte(r.from.Port>>8), 0, 0
	}
	return Success
}

// sockSend is sock_send (and sock_send_v2): bytes to a socket. A stream that waits takes
// all of them, one with FlagNonblock what there is room for.
//
// Parameters: fd i32; si_data i32 and si_data_len i32, the buffers (ciovec);
// si_flags i32, 0; result.so_datalen i32 (u32).
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
//   - EINVAL: a flag is set.
//   - EAGAIN: it has FlagNonblock, or SO_SNDTIMEO has passed, and there is no room.
//   - EPIPE: it was shut down, or the connection has ended.
//   - ENOTCONN, EDESTADDRREQ: it is not connected, a stream and a datagram socket.
//   - EMSGSIZE: a datagram cannot be that long.
//   - ECONNRESET, ETIMEDOUT, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH: the connection was lost.
//   - EFAULT: the list, a buffer or the result lies outside of memory; nothing was sent.
//   - ENOTCAPABLE: the right fd_write was given up.
func (s *System) sockSend(a *Args) Errno {
	d, errno := s.socket(uint32(a[0]), RightFDWrite)
	if errno != Success {
		return errno
	}
	return s.sendCall(d, a, uint32(a[3]), uint32(a[4]), nil)
}

// sockSendTo is sock_send_to (and sock_send_to_v2): a datagram to somebody. On a stream it
// is sock_send, and the address is not used.
//
// Parameters: fd i32; si_data i32 and si_data_len i32, the buffers (ciovec); addr i32,
// an address (see address); port i32; si_flags i32, 0; result.so_datalen i32 (u32).
//
// Errors: those of sockSend, and
//   - EINVAL: the address has no length that there is, or the port is above 65535.
//   - EAFNOSUPPORT: the address is of another family than the socket.
//   - EACCES: it is a broadcast address, and SO_BROADCAST was not set.
func (s *System) sockSendTo(a *Args) Errno {
	d, errno := s.socket(uint32(a[0]), RightFDWrite)
	if errno != Success {
		return errno
	}
	e, errno := s.address(d, uint32(a[3]), uint32(a[4]))
	if errno != Success {
		return errno
	}
	return s.sendCall(d, a, uint32(a[5]), uint32(a[6]), &e)
}

// sendCall does what the functions have in common that send: the buffers are in a[1] and
// a[2]. flags are siflags, lengthAt is the address of the result; to is nil for the peer.
func (s *System) sendCall(d *descriptor, a *Args, flags, lengthAt uint32, to *socket.Endpoint) Errno {
	if flags != 0 {
		return EInval
	}
	if uint32(a[2]) == 1 && d.protocol == socket.Stream && s.Memory.has(lengthAt, 4) {
		if b, ok := s.Memory.sole(uint32(a[1])); ok && len(b) <= transferMax { // the short way
			n, err := s.sendAll(d, b, false, false)
			if n == 0 && err != nil {
				return errnoOf(err)
			}
			binary.LittleEndian.PutUint32(s.Memory[lengthAt:], uint32(n))
			return Success
		}
	}
	buffers, _, errno := s.checkBuffers(uint32(a[1]), uint32(a[2]), lengthAt)
	if errno != Success {
		return errno
	}
	sent, errno := s.send(d, buffers, to)
	if errno == Success {
		s.Memory.putUint32(lengthAt, uint32(sent))
	}
	return errno
}

// send sends checked buffers.
func (s *System) send(d *descriptor, buffers vector, to *socket.Endpoint) (sent uint64, errno Errno) {
	if d.protocol == socket.Datagram {
		return s.sendDatagram(d, buffers, to)
	}
	for len(buffers) != 0 && sent < transferMax {
		b, _ := buffers.next(s.Memory)
		b = b[:min(uint64(len(b)), transferMax-sent)]
		n, err := s.sendAll(d, b, len(buffers) != 0, sent != 0)
		sent += uint64(n)
		switch {
		case err != nil && sent == 0:
			return 0, errnoOf(err)
		case err != nil:
			return sent, Success
		}
	}
	return sent, Success
}

// sendAll writes b to a stream. One with FlagNonblock waits for nothing once something was
// sent, of b or, if begun is set, before it.
func (s *System) sendAll(d *descriptor, b []byte, more, begun bool) (n int, err error) {
	for n < len(b) {
		m, err := d.socket.Write(b[n:], more)
		if err != nil && isAgain(err) && (d.flags&FlagNonblock == 0 || n == 0 && !begun) {
			m, err = s.sendLater(d, b[n:], more)
		}
		n += m
		if err != nil || m == 0 {
			return n, err
		}
	}
	return n, nil
}

// sendLater is Write for a stream that had no room.
func (s *System) sendLater(d *descriptor, b []byte, more bool) (n int, err error) {
	p := pause{flags: d.flags, limit: d.sendLimit}
	err = syscall.EAGAIN
	for isAgain(err) && s.again(&p) {
		n, err = d.socket.Write(b, more)
	}
	return n, err
}

// sendDatagram sends buffers as one datagram.
func (s *System) sendDatagram(d *descriptor, buffers vector, to *socket.Endpoint) (sent uint64, errno Errno) {
	b, several := s.one(buffers)
	if several {
		n := 0
		for len(buffers) != 0 {
			part, _ := buffers.next(s.Memory)
			if len(part) > len(b)-n {
				return 0, EMsgSize
			}
			n += copy(b[n:], part)
		}
		b = b[:n]
	}
	if len(b) > datagramMax {
		return 0, EMsgSize
	}
	p := pause{flags: d.flags, limit: d.sendLimit}
	err := sendOnce(d.socket, b, to)
	for isAgain(err) && s.again(&p) {
		err = sendOnce(d.socket, b, to)
	}
	if err != nil {
		return 0, errnoOf(err)
	}
	return uint64(len(b)), Success
}

func sendOnce(to socket.Socket, b []byte, e *socket.Endpoint) error {
	if e != nil {
		return to.Send(b, *e)
	}
	_, err := to.Write(b, false)
	return err
}
