package vmm

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Share is a directory of the host that the machine sees, live.
type Share struct {
	Path string // absolute
	// Tag is how the machine finds it: the mount tag of a device, or the number of a
	// descriptor of a process.
	Tag      string
	ReadOnly bool
	// VirtioFS says that it goes by virtio-fs, which needs a daemon, not by 9P.
	VirtioFS bool
}

// Volume is a file, or a block device, of the host that the machine has as a disk.
type Volume struct {
	Path string // absolute
	// Tag is how the machine finds it: the serial number of the disk, or the number of a
	// descriptor of a process.
	Tag      string
	ReadOnly bool
}

// KeepsFiles says whether something that the machine writes outlives it.
func (m *Machine) KeepsFiles() bool {
	for _, s := range m.Shares {
		if !s.ReadOnly {
			return true
		}
	}
	for _, v := range m.Volumes {
		if !v.ReadOnly {
			return true
		}
	}
	return false
}

// How long a machine that is asked to end may take to close its connections, and to write
// out what is to outlive it: four seconds more than it takes by itself (kernel), for it may have
// to wait for a processor.
const (
	stopGrace      = 5 * time.Second
	stopGraceFiles = 12 * time.Second
)

// StopGrace is how long the machine may go on after it is asked to end; 0: it is not asked,
// for there is nothing to bring to an end.
func (m *Machine) StopGrace() time.Duration {
	switch {
	case m.KeepsFiles():
		return stopGraceFiles
	case m.Network != nil:
		return stopGrace
	default:
		return 0
	}
}

// Bytes of a file that QEMU locks to keep others off it (block/file-posix.c): from 100 on
// what it does with the file, from 200 on what it lets nobody else do.
const (
	lockStart = 100
	lockBytes = 200
)

// OpenVolume opens the file of a volume for a process, and locks it, so that no other
// process and no QEMU has it at the same time.
func OpenVolume(v Volume) (*os.File, error) {
	mode, kind := os.O_RDWR, int16(unix.F_WRLCK)
	if v.ReadOnly {
		mode, kind = os.O_RDONLY, unix.F_RDLCK
	}
	f, err := os.OpenFile(v.Path, mode, 0)
	if err != nil {
		return nil, err
	}
	lock := unix.Flock_t{Type: kind, Whence: 0, Start: lockStart, Len: lockBytes}
	err = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lock)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		err = fmt.Errorf("--volume %s: another machine, or another program, uses the file: end it first", v.Path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
