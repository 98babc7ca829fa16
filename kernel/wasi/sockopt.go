package wasi

import (
	"encoding/binary"
	"math"
	"time"

	"mewz/kernel/socket"
)

// Levels of sock_getsockopt and sock_setsockopt: WasmEdge's number for the socket, IANA's
// protocol numbers for the others, as wasi-go has them.
const (
	levelSocket = 0  // SOL_SOCKET
	levelTCP    = 6  // IPPROTO_TCP
	levelIPv6   = 41 // IPPROTO_IPV6
)

// Options of levelSocket that are more than a number of socket.Option.
const (
	optionType         = 1  // SO_TYPE
	optionError        = 2  // SO_ERROR
	optionLinger       = 9  // SO_LINGER
	optionReceiveLimit = 11 // SO_RCVTIMEO
	optionSendLimit    = 12 // SO_SNDTIMEO
	optionDevice       = 14 // SO_BINDTODEVICE
)

// Sizes of values. A timeval has two i64, as wasi-libc's.
const (
	optionIntBytes     = 4
	optionLingerBytes  = 8
	optionTimevalBytes = 16
)

// optionSizeByValue is what stands in the place of the address of a size for callers of
// wasi-go's (stealthrocket/net): the size itself. No program has a variable there.
const optionSizeByValue = 4

// optionUnit is what the value of an option counts.
type optionUnit uint8

const (
	unitNumber optionUnit = iota
	unitBoolean
	unitSeconds
)

// plainOption is an option that the stack has.
type plainOption struct {
	level, name uint32
	option      socket.Option
	unit        optionUnit
	readOnly    bool
}

// plainOptions are those whose value is an int. The numbers of levelTCP are Linux's, but
// for the first, which is wasi-go's.
var plainOptions = [...]plainOption{
	{levelSocket, 0, socket.OptionReuseAddress, unitBoolean, false},   // SO_REUSEADDR
	{levelSocket, 4, socket.OptionBroadcast, unitBoolean, false},      // SO_BROADCAST
	{levelSocket, 5, socket.OptionSendBuffer, unitNumber, false},      // SO_SNDBUF
	{levelSocket, 6, socket.OptionReceiveBuffer, unitNumber, false},   // SO_RCVBUF
	{levelSocket, 7, socket.OptionKeepAlive, unitBoolean, false},      // SO_KEEPALIVE
	{levelSocket, 13, socket.OptionAccepting, unitBoolean, true},      // SO_ACCEPTCONN
	{levelTCP, 15, socket.OptionNoDelay, unitBoolean, false},          // TCP_NODELAY of wasi-go
	{levelTCP, 1, socket.OptionNoDelay, unitBoolean, false},           // TCP_NODELAY
	{levelTCP, 4, socket.OptionKeepAliveIdle, unitSeconds, false},     // TCP_KEEPIDLE
	{levelTCP, 5, socket.OptionKeepAliveInterval, unitSeconds, false}, // TCP_KEEPINTVL
	{levelTCP, 6, socket.OptionKeepAliveCount, unitNumber, false},     // TCP_KEEPCNT
	{levelIPv6, 26, socket.OptionOnlyIPv6, unitBoolean, false},        // IPV6_V6ONLY
}

func findOption(level, name uint32) *plainOption {
	for i := range plainOptions {
		if o := &plainOptions[i]; o.level == level && o.name == name {
			return o
		}
	}
	return nil
}

// sockGetsockopt is sock_getsockopt: an option of a socket.
//
// Parameters: fd i32; level i32; name i32; value i32, where the value goes; size i32, the
// address of the size of its buffer (u32), which becomes that of the value. A size of 4
// may stand there itself: that is how wasi-go has it.
//
// Values are i32, but for SO_LINGER (on i32, seconds i32) and SO_RCVTIMEO and
// SO_SNDTIMEO (seconds i64, microseconds i64). SO_ERROR is an errno of WASI and clears
// it, SO_TYPE is 1 for datagrams and 2 for a stream.
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
//   - ENOPROTOOPT: there is no such option, or not for this socket.
//   - EINVAL: the buffer is smaller than the value.
//   - EFAULT: the buffer or the size lies outside of memory.
func (s *System) sockGetsockopt(a *Args) Errno {
	d, errno := s.socket(uint32(a[0]), 0)
	if errno != Success {
		return errno
	}
	size := uint32(optionSizeByValue)
	var sizeAt []byte
	if uint32(a[4]) != optionSizeByValue {
		var ok bool
		if sizeAt, ok = s.Memory.slice(uint32(a[4]), 4); !ok {
			return EFault
		}
		size = binary.LittleEndian.Uint32(sizeAt)
	}
	b, ok := s.Memory.slice(uint32(a[3]), size)
	if !ok {
		return EFault
	}
	bytes, errno := s.getOption(d, uint32(a[1]), uint32(a[2]), b)
	if errno == Success && sizeAt != nil {
		binary.LittleEndian.PutUint32(sizeAt, bytes)
	}
	return errno
}

// getOption writes the value of an option into b.
func (s *System) getOption(d *descriptor, level, name uint32, b []byte) (bytes uint32, errno Errno) {
	if level == levelSocket {
		switch name {
		case optionType:
			number := int64(typeStream)
			if d.protocol == socket.Datagram {
				number = typeDatagram
			}
			return putInt(b, number)
		case optionError:
			if len(b) < optionIntBytes {
				return 0, EInval // before it is cleared
			}
			return putInt(b, int64(s.socketError(d)))
		case optionLinger:
			return getLinger(d, b)
		case optionReceiveLimit:
			return putTimeval(b, d.receiveLimit)
		case optionSendLimit:
			return putTimeval(b, d.sendLimit)
		case optionDevice:
			return 0, Success // to none
		}
	}
	o := findOption(level, name)
	if o == nil {
		return 0, ENoProtoOpt
	}
	v, err := d.socket.Option(o.option)
	if err != nil {
		return 0, errnoOf(err)
	}
	if o.unit == unitSeconds {
		v /= int64(time.Second)
	}
	return putInt(b, v)
}

func putInt(b []byte, v int64) (bytes uint32, errno Errno) {
	if len(b) < optionIntBytes {
		return 0, EInval
	}
	binary.LittleEndian.PutUint32(b, uint32(min(max(v, math.MinInt32), math.MaxInt32)))
	return optionIntBytes, Success
}

func getLinger(d *descriptor, b []byte) (bytes uint32, errno Errno) {
	if len(b) < optionLingerBytes {
		return 0, EInval
	}
	v, err := d.socket.Option(socket.OptionLinger)
	if err != nil {
		return 0, errnoOf(err)
	}
	on := uint32(1)
	if v < 0 {
		on, v = 0, 0
	}
	binary.LittleEndian.PutUint32(b[0:], on)
	binary.LittleEndian.PutUint32(b[4:], uint32(min(v/int64(time.Second), math.MaxInt32)))
	return optionLingerBytes, Success
}

func putTimeval(b []byte, limit time.Duration) (bytes uint32, errno Errno) {
	if len(b) < optionTimevalBytes {
		return 0, EInval
	}
	binary.LittleEndian.PutUint64(b[0:], uint64(limit/time.Second))
	binary.LittleEndian.PutUint64(b[8:], uint64(limit%time.Second/time.Microsecond))
	return optionTimevalBytes, Success
}

// sockSetsockopt is sock_setsockopt: sets an option of a socket.
//
// Parameters: fd i32; level i32; name i32; value i32 and size i32, the value, as in
// sockGetsockopt. A time of 0 is none. SO_BINDTODEVICE takes the name of no device only,
// for a machine has one.
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
//   - ENOPROTOOPT: there is no such option, it can only be read, or is not for this socket.
//   - EINVAL: the value has another size, or is none for this option.
//   - ENODEV: there is no such device.
//   - EFAULT: the value lies outside of memory.
func (s *System) sockSetsockopt(a *Args) Errno {
	d, errno := s.socket(uint32(a[0]), 0)
	if errno != Success {
		return errno
	}
	b, ok := s.Memory.slice(uint32(a[3]), uint32(a[4]))
	if !ok {
		return EFault
	}
	level, name := uint32(a[1]), uint32(a[2])
	if level == levelSocket {
		switch name {
		case optionLinger:
			return setLinger(d, b)
		case optionReceiveLimit:
			return setTimeval(b, &d.receiveLimit)
		case optionSendLimit:
			return setTimeval(b, &d.sendLimit)
		case optionDevice:
			if len(b) != 0 && b[0] != 0 {
				return ENoDev
			}
			return Success
		}
	}
	o := findOption(level, name)
	switch {
	case o == nil || o.readOnly:
		return ENoProtoOpt
	case len(b) < optionIntBytes:
		return EInval
	}
	v := int64(int32(binary.LittleEndian.Uint32(b)))
	switch {
	case o.unit == unitBoolean && v != 0:
		v = 1
	case v < 0:
		return EInval
	case o.unit == unitSeconds:
		v *= int64(time.Second)
	}
	return errnoOf(d.socket.SetOption(o.option, v))
}

func setLinger(d *descriptor, b []byte) Errno {
	if len(b) < optionLingerBytes {
		return EInval
	}
	le := binary.LittleEndian
	v := int64(-1)
	if le.Uint32(b[0:]) != 0 {
		v = int64(int32(le.Uint32(b[4:]))) * int64(time.Second)
		if v < 0 {
			return EInval
		}
	}
	return errnoOf(d.socket.SetOption(socket.OptionLinger, v))
}

// setTimeval reads a time to wait; one beyond what the clock can count is none.
func setTimeval(b []byte, limit *time.Duration) Errno {
	if len(b) < optionTimevalBytes {
		return EInval
	}
	le := binary.LittleEndian
	seconds, micros := int64(le.Uint64(b[0:])), int64(le.Uint64(b[8:]))
	switch {
	case seconds < 0 || micros < 0 || micros >= int64(time.Second/time.Microsecond):
		return EInval
	case seconds > math.MaxInt64/int64(time.Second)-1:
		*limit = 0
	default:
		*limit = time.Duration(seconds)*time.Second + time.Duration(micros)*time.Microsecond
	}
	return Success
}
