package wasi

import (
	"io"
	"syscall"

	"mewz/kernel/instance"
	"mewz/kernel/socket"
	"mewz/kernel/vfs"
)

// Errno is the result of a function (witx: errno).
type Errno uint16

// The error numbers that functions here return, with their names in witx.
const (
	Success         Errno = 0
	E2Big           Errno = 1
	EAcces          Errno = 2
	EAddrInUse      Errno = 3
	EAddrNotAvail   Errno = 4
	EAfNoSupport    Errno = 5
	EAgain          Errno = 6
	EAlready        Errno = 7
	EBadf           Errno = 8
	EConnAborted    Errno = 13
	EConnRefused    Errno = 14
	EConnReset      Errno = 15
	EDestAddrReq    Errno = 17
	EExist          Errno = 20
	EFault          Errno = 21
	EHostUnreach    Errno = 23
	EInProgress     Errno = 26
	EInval          Errno = 28
	EIO             Errno = 29
	EIsConn         Errno = 30
	EIsDir          Errno = 31
	ELoop           Errno = 32
	EMFile          Errno = 33
	EMsgSize        Errno = 35
	ENameTooLong    Errno = 37
	ENetDown        Errno = 38
	ENetUnreach     Errno = 40
	ENFile          Errno = 41
	ENoBufs         Errno = 42
	ENoDev          Errno = 43
	ENoEnt          Errno = 44
	ENoMem          Errno = 48
	ENoProtoOpt     Errno = 50
	ENoSys          Errno = 52
	ENotConn        Errno = 53
	ENotDir         Errno = 54
	ENotSock        Errno = 57
	ENotSup         Errno = 58
	EOverflow       Errno = 61
	EPerm           Errno = 63
	EPipe           Errno = 64
	EProto          Errno = 65
	EProtoNoSupport Errno = 66
	EProtoType      Errno = 67
	ERofs           Errno = 69
	ESPipe          Errno = 70
	ETimedOut       Errno = 73
	ENotCapable     Errno = 76

	// What WasmEdge adds for sock_getaddrinfo: the EAI_ numbers of POSIX.
	AIAgain    Errno = 78
	AIBadFlags Errno = 79
	AIFail     Errno = 80
	AIFamily   Errno = 81
	AIMemory   Errno = 82
	AINoData   Errno = 83
	AINoName   Errno = 84
	AIService  Errno = 85
	AISockType Errno = 86

	// Exited is no errno of WASI: proc_exit was called, nothing runs any more.
	Exited Errno = instance.Exited
)

// errnoOf is the one place where errors of the kernel become error numbers.
func errnoOf(err error) Errno {
	if number, ok := err.(syscall.Errno); ok {
		return errnoOfSystem(number)
	}
	switch err {
	case nil, io.EOF:
		return Success
	case vfs.ErrNotFound:
		return ENoEnt
	case vfs.ErrNotDirectory:
		return ENotDir
	case vfs.ErrDirectory:
		return EIsDir
	case vfs.ErrLoop:
		return ELoop
	case vfs.ErrNameTooLong:
		return ENameTooLong
	case vfs.ErrEscape:
		return EPerm
	case vfs.ErrInvalid, vfs.ErrNotLink:
		return EInval
	case vfs.ErrReadOnly:
		return ERofs
	case vfs.ErrExists:
		return EExist
	case socket.ErrNoName:
		return AINoName
	case socket.ErrNoServer:
		return AIAgain
	default:
		return EIO
	}
}

// isAgain reports that something would have to wait. The comparison of interfaces would
// cost 40 instructions.
func isAgain(err error) bool {
	number, ok := err.(syscall.Errno)
	return ok && number == syscall.EAGAIN
}

// systemErrnos are the numbers of Linux by which streams and sockets fail.
var systemErrnos = [...]Errno{
	0:                       Success,
	syscall.E2BIG:           E2Big,
	syscall.EACCES:          EAcces,
	syscall.EADDRINUSE:      EAddrInUse,
	syscall.EADDRNOTAVAIL:   EAddrNotAvail,
	syscall.EAFNOSUPPORT:    EAfNoSupport,
	syscall.EAGAIN:          EAgain,
	syscall.EALREADY:        EAlready,
	syscall.EBADF:           EBadf,
	syscall.ECONNABORTED:    EConnAborted,
	syscall.ECONNREFUSED:    EConnRefused,
	syscall.ECONNRESET:      EConnReset,
	syscall.EDESTADDRREQ:    EDestAddrReq,
	syscall.EFAULT:          EFault,
	syscall.EHOSTUNREACH:    EHostUnreach,
	syscall.EINPROGRESS:     EInProgress,
	syscall.EINVAL:          EInval,
	syscall.EISCONN:         EIsConn,
	syscall.EMFILE:          EMFile,
	syscall.EMSGSIZE:        EMsgSize,
	syscall.ENETDOWN:        ENetDown,
	syscall.ENETUNREACH:     ENetUnreach,
	syscall.ENFILE:          ENFile,
	syscall.ENOBUFS:         ENoBufs,
	syscall.ENOMEM:          ENoMem,
	syscall.ENOPROTOOPT:     ENoProtoOpt,
	syscall.ENOSYS:          ENoSys,
	syscall.ENOTCONN:        ENotConn,
	syscall.ENOTSOCK:        ENotSock,
	syscall.EOPNOTSUPP:      ENotSup,
	syscall.EOVERFLOW:       EOverflow,
	syscall.EPERM:           EPerm,
	syscall.EPIPE:           EPipe,
	syscall.EPROTO:          EProto,
	syscall.EPROTONOSUPPORT: EProtoNoSupport,
	syscall.EPROTOTYPE:      EProtoType,
	syscall.ETIMEDOUT:       ETimedOut,
}

// errnoOfSystem translates a number of Linux; those that no stream and no socket has are
// EIO.
func errnoOfSystem(number syscall.Errno) Errno {
	if uint64(number) >= uint64(len(systemErrnos)) || number != 0 && systemErrnos[number] == Success {
		return EIO
	}
	return systemErrnos[number]
}
