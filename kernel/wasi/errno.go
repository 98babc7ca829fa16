package wasi

import (
	"io"
	"syscall"

	"mewz/kernel/instance"
	"mewz/kernel/socket"
)

// Errno is the result of a function (witx: errno).
type Errno uint16

// All error numbers, with their names in witx.
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
	EBadMsg         Errno = 9
	EBusy           Errno = 10
	ECanceled       Errno = 11
	EChild          Errno = 12
	EConnAborted    Errno = 13
	EConnRefused    Errno = 14
	EConnReset      Errno = 15
	EDeadlk         Errno = 16
	EDestAddrReq    Errno = 17
	EDom            Errno = 18
	EDQuot          Errno = 19
	EExist          Errno = 20
	EFault          Errno = 21
	EFBig           Errno = 22
	EHostUnreach    Errno = 23
	EIDRM           Errno = 24
	EIlSeq          Errno = 25
	EInProgress     Errno = 26
	EIntr           Errno = 27
	EInval          Errno = 28
	EIO             Errno = 29
	EIsConn         Errno = 30
	EIsDir          Errno = 31
	ELoop           Errno = 32
	EMFile          Errno = 33
	EMLink          Errno = 34
	EMsgSize        Errno = 35
	EMultiHop       Errno = 36
	ENameTooLong    Errno = 37
	ENetDown        Errno = 38
	ENetReset       Errno = 39
	ENetUnreach     Errno = 40
	ENFile          Errno = 41
	ENoBufs         Errno = 42
	ENoDev          Errno = 43
	ENoEnt          Errno = 44
	ENoExec         Errno = 45
	ENoLck          Errno = 46
	ENoLink         Errno = 47
	ENoMem          Errno = 48
	ENoMsg          Errno = 49
	ENoProtoOpt     Errno = 50
	ENoSpc          Errno = 51
	ENoSys          Errno = 52
	ENotConn        Errno = 53
	ENotDir         Errno = 54
	ENotEmpty       Errno = 55
	ENotRecoverable Errno = 56
	ENotSock        Errno = 57
	ENotSup         Errno = 58
	ENotTy          Errno = 59
	ENXIO           Errno = 60
	EOverflow       Errno = 61
	EOwnerDead      Errno = 62
	EPerm           Errno = 63
	EPipe           Errno = 64
	EProto          Errno = 65
	EProtoNoSupport Errno = 66
	EProtoType      Errno = 67
	ERange          Errno = 68
	ERofs           Errno = 69
	ESPipe          Errno = 70
	ESrch           Errno = 71
	EStale          Errno = 72
	ETimedOut       Errno = 73
	ETxtBsy         Errno = 74
	EXDev           Errno = 75
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

// errnoOf is the one place where errors of the kernel become error numbers. File systems,
// sockets and streams fail by the numbers of Linux.
func errnoOf(err error) Errno {
	if number, ok := err.(syscall.Errno); ok {
		return errnoOfSystem(number)
	}
	switch err {
	case nil, io.EOF:
		return Success
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

// systemErrnos are the numbers of Linux that WASI has a name for.
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
	syscall.EBADMSG:         EBadMsg,
	syscall.EBUSY:           EBusy,
	syscall.ECANCELED:       ECanceled,
	syscall.ECHILD:          EChild,
	syscall.ECONNABORTED:    EConnAborted,
	syscall.ECONNREFUSED:    EConnRefused,
	syscall.ECONNRESET:      EConnReset,
	syscall.EDEADLK:         EDeadlk,
	syscall.EDESTADDRREQ:    EDestAddrReq,
	syscall.EDOM:            EDom,
	syscall.EDQUOT:          EDQuot,
	syscall.EEXIST:          EExist,
	syscall.EFAULT:          EFault,
	syscall.EFBIG:           EFBig,
	syscall.EHOSTUNREACH:    EHostUnreach,
	syscall.EIDRM:           EIDRM,
	syscall.EILSEQ:          EIlSeq,
	syscall.EINPROGRESS:     EInProgress,
	syscall.EINTR:           EIntr,
	syscall.EINVAL:          EInval,
	syscall.EIO:             EIO,
	syscall.EISCONN:         EIsConn,
	syscall.EISDIR:          EIsDir,
	syscall.ELOOP:           ELoop,
	syscall.EMFILE:          EMFile,
	syscall.EMLINK:          EMLink,
	syscall.EMSGSIZE:        EMsgSize,
	syscall.EMULTIHOP:       EMultiHop,
	syscall.ENAMETOOLONG:    ENameTooLong,
	syscall.ENETDOWN:        ENetDown,
	syscall.ENETRESET:       ENetReset,
	syscall.ENETUNREACH:     ENetUnreach,
	syscall.ENFILE:          ENFile,
	syscall.ENOBUFS:         ENoBufs,
	syscall.ENODEV:          ENoDev,
	syscall.ENOENT:          ENoEnt,
	syscall.ENOEXEC:         ENoExec,
	syscall.ENOLCK:          ENoLck,
	syscall.ENOLINK:         ENoLink,
	syscall.ENOMEM:          ENoMem,
	syscall.ENOMSG:          ENoMsg,
	syscall.ENOPROTOOPT:     ENoProtoOpt,
	syscall.ENOSPC:          ENoSpc,
	syscall.ENOSYS:          ENoSys,
	syscall.ENOTCONN:        ENotConn,
	syscall.ENOTDIR:         ENotDir,
	syscall.ENOTEMPTY:       ENotEmpty,
	syscall.ENOTRECOVERABLE: ENotRecoverable,
	syscall.ENOTSOCK:        ENotSock,
	syscall.EOPNOTSUPP:      ENotSup,
	syscall.ENOTTY:          ENotTy,
	syscall.ENXIO:           ENXIO,
	syscall.EOVERFLOW:       EOverflow,
	syscall.EOWNERDEAD:      EOwnerDead,
	syscall.EPERM:           EPerm,
	syscall.EPIPE:           EPipe,
	syscall.EPROTO:          EProto,
	syscall.EPROTONOSUPPORT: EProtoNoSupport,
	syscall.EPROTOTYPE:      EProtoType,
	syscall.ERANGE:          ERange,
	syscall.EROFS:           ERofs,
	syscall.ESPIPE:          ESPipe,
	syscall.ESRCH:           ESrch,
	syscall.ESTALE:          EStale,
	syscall.ETIMEDOUT:       ETimedOut,
	syscall.ETXTBSY:         ETxtBsy,
	syscall.EXDEV:           EXDev,
}

// errnoOfSystem translates a number of Linux; those that WASI has no name for are EIO.
// Not inlined, for the size of the kernel: decision 0015.
//
//go:noinline
func errnoOfSystem(number syscall.Errno) Errno {
	if uint64(number) >= uint64(len(systemErrnos)) || number != 0 && systemErrnos[number] == Success {
		return EIO
	}
	return systemErrnos[number]
}
