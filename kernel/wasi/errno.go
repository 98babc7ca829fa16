package wasi

import (
	"io"
	"syscall"

	"mewz/kernel/vfs"
)

// Errno is the result of a function (witx: errno).
type Errno uint16

// The error numbers that functions here return, with their names in witx.
const (
	Success      Errno = 0
	E2Big        Errno = 1
	EAgain       Errno = 6
	EBadf        Errno = 8
	EExist       Errno = 20
	EFault       Errno = 21
	EInval       Errno = 28
	EIO          Errno = 29
	EIsDir       Errno = 31
	ELoop        Errno = 32
	EMFile       Errno = 33
	ENameTooLong Errno = 37
	ENoEnt       Errno = 44
	ENoSys       Errno = 52
	ENotDir      Errno = 54
	ENotSock     Errno = 57
	ENotSup      Errno = 58
	EOverflow    Errno = 61
	EPerm        Errno = 63
	EPipe        Errno = 64
	ERofs        Errno = 69
	ESPipe       Errno = 70
	ENotCapable  Errno = 76

	// Exited is no errno of WASI: proc_exit was called, nothing runs any more.
	Exited Errno = 1<<16 - 1
)

// errnoOf is the one place where errors of the kernel become error numbers.
func errnoOf(err error) Errno {
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
	case syscall.EPIPE:
		return EPipe
	case syscall.EAGAIN:
		return EAgain
	default:
		return EIO
	}
}
