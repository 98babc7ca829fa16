package wasi

import (
	"encoding/binary"
	"math"

	"mewz/kernel/socket"
)

// How WasmEdge writes addresses: a record of address and length of a buffer, which has
// 4 bytes of IPv4, 16 of IPv6, or the 128 of the second generation: family u16 at 0,
// the bytes at 2.
const (
	addressRecordBytes  = 8
	addressIPv4Bytes    = 4
	addressIPv6Bytes    = 16
	addressStorageBytes = 128
	addressStorageStart = 2
)

// What the first generation calls the families in sock_getlocaladdr and
// sock_getpeeraddr.
const (
	addressTypeIPv4 = 4
	addressTypeIPv6 = 6
)

// addressBuffer returns the buffer that the record at address at names.
func (s *System) addressBuffer(at uint32) (b []byte, errno Errno) {
	record, ok := s.Memory.slice(at, addressRecordBytes)
	if !ok {
		return nil, EFault
	}
	le := binary.LittleEndian
	b, ok = s.Memory.slice(le.Uint32(record[0:]), le.Uint32(record[4:]))
	if !ok {
		return nil, EFault
	}
	return b, Success
}

// address reads an address for socket d. A socket of IPv6 takes one of IPv4 too, as
// IPv4-mapped.
func (s *System) address(d *descriptor, at, port uint32) (e socket.Endpoint, errno Errno) {
	b, errno := s.addressBuffer(at)
	if errno != Success {
		return e, errno
	}
	if port > math.MaxUint16 {
		return e, EInval
	}
	if len(b) == addressStorageBytes {
		switch binary.LittleEndian.Uint16(b) {
		case familyINET4:
			b = b[addressStorageStart:][:addressIPv4Bytes]
		case familyINET6:
			b = b[addressStorageStart:][:addressIPv6Bytes]
		default:
			return e, EAfNoSupport
		}
	}
	switch {
	case len(b) == addressIPv4Bytes:
		e.Address = socket.FromIPv4([addressIPv4Bytes]byte(b))
	case len(b) != addressIPv6Bytes:
		return e, EInval
	case d.family == socket.IPv4:
		return e, EAfNoSupport
	default:
		e.Address = socket.Address(b)
	}
	e.Port = uint16(port)
	return e, Success
}

// putAddress writes the address of an endpoint of a socket of family f into a buffer;
// ok is false if it does not fit.
func putAddress(b []byte, f socket.Family, e socket.Endpoint) (ok bool) {
	bytes := e.Address[:]
	number := uint16(familyINET6)
	if f == socket.IPv4 {
		v4, _ := e.Address.IPv4() // 0.0.0.0 if there is none yet
		number, bytes = familyINET4, v4[:]
	}
	if len(b) == addressStorageBytes {
		clear(b)
		binary.LittleEndian.PutUint16(b, number)
		b = b[addressStorageStart:]
	}
	return copy(b, bytes) == len(bytes)
}

// sockGetlocaladdr is sock_getlocaladdr in the first form of WasmEdge: the address of
// a socket.
//
// Parameters: fd i32; addr i32, a record of address and length (4 or 16) of a buffer,
// where the address goes; result.type i32, where 4 or 6 goes (u32); result.port i32,
// where the port goes (u32), in the order of the machine.
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
//   - EINVAL: the buffer has another length, or 4 and the address 16.
//   - EFAULT: the record, the buffer or a result lies outside of memory.
func (s *System) sockGetlocaladdr(a *Args) Errno {
	return s.localAddress(a, (*System).putTypedAddress)
}

// sockGetpeeraddr is sock_getpeeraddr in the first form of WasmEdge: the address of
// whom a socket is connected to.
//
// Parameters: those of sockGetlocaladdr.
//
// Errors: those of sockGetlocaladdr, and
//   - ENOTCONN: the socket is not connected.
func (s *System) sockGetpeeraddr(a *Args) Errno {
	return s.peerAddress(a, (*System).putTypedAddress)
}

// addressForm writes the results of one form.
type addressForm func(s *System, a *Args, f socket.Family, e socket.Endpoint) Errno

func (s *System) localAddress(a *Args, put addressForm) Errno {
	d, errno := s.socket(uint32(a[0]), 0)
	if errno != Success {
		return errno
	}
	return put(s, a, d.family, d.socket.Local())
}

func (s *System) peerAddress(a *Args, put addressForm) Errno {
	d, errno := s.socket(uint32(a[0]), 0)
	if errno != Success {
		return errno
	}
	e, err := d.socket.Peer()
	if err != nil {
		return errnoOf(err)
	}
	return put(s, a, d.family, e)
}

// putTypedAddress writes the results of the first form.
func (s *System) putTypedAddress(a *Args, f socket.Family, e socket.Endpoint) Errno {
	b, errno := s.addressBuffer(uint32(a[1]))
	if errno != Success {
		return errno
	}
	_, typeOK := s.Memory.slice(uint32(a[2]), 4)
	_, portOK := s.Memory.slice(uint32(a[3]), 4)
	switch {
	case !typeOK || !portOK:
		return EFault
	case len(b) != addressIPv4Bytes && len(b) != addressIPv6Bytes:
		return EInval
	}
	if !putAddress(b, f, e) {
		return EInval
	}
	number := uint32(addressTypeIPv6)
	if f == socket.IPv4 {
		number = addressTypeIPv4
	}
	s.Memory.putUint32(uint32(a[2]), number)
	s.Memory.putUint32(uint32(a[3]), uint32(e.Port))
	return Success
}

// sockGetlocaladdrStorage is sock_getlocaladdr in the second form of WasmEdge (and
// sock_getlocaladdr_v2): the address of a socket.
//
// Parameters: fd i32; addr i32, a record of address and length (128) of a buffer, where
// the family (u16) and at 2 the address go; result.port i32, where the port goes (u32).
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
//   - EINVAL: the buffer has another length.
//   - EFAULT: the record, the buffer or the result lies outside of memory.
func (s *System) sockGetlocaladdrStorage(a *Args) Errno {
	return s.localAddress(a, (*System).putStorage)
}

// sockGetpeeraddrStorage is sock_getpeeraddr in the second form of WasmEdge (and
// sock_getpeeraddr_v2).
//
// Parameters: those of sockGetlocaladdrStorage.
//
// Errors: those of sockGetlocaladdrStorage, and
//   - ENOTCONN: the socket is not connected.
func (s *System) sockGetpeeraddrStorage(a *Args) Errno {
	return s.peerAddress(a, (*System).putStorage)
}

// putStorage writes the results of the second form.
func (s *System) putStorage(a *Args, f socket.Family, e socket.Endpoint) Errno {
	b, errno := s.addressBuffer(uint32(a[1]))
	if errno != Success {
		return errno
	}
	if _, ok := s.Memory.slice(uint32(a[2]), 4); !ok {
		return EFault
	}
	if len(b) != addressStorageBytes {
		return EInval
	}
	putAddress(b, f, e)
	s.Memory.putUint32(uint32(a[2]), uint32(e.Port))
	return Success
}
