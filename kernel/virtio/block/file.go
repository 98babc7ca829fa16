package block

import (
	"syscall"
	"time"

	"mewz/kernel/system"
)

// File is a file of Linux, or a device of it, in the place of a Device, for a
// kernel that is a process. What may take long, because a disk has to do it, a
// thread of its own does, while the rest goes on.
type File struct {
	descriptor int
	bytes      uint64
	readOnly   bool
	pause      func(limit time.Duration)
	jobs       chan job
	results    chan error
	ends       [2]int // a pipe that has a byte for each job that has ended
}

// job is what the thread does; without buffers it is a flush.
type job struct {
	buffers [][]byte
	offset  uint64
	write   bool
}

// patienceTurn bounds a pause: whoever waits looks again then.
const patienceTurn = time.Second

// OpenFile takes an open file. pause lets the rest of the machine go on until Ended
// can be read, or limit has passed; it may end sooner.
func OpenFile(descriptor int, pause func(limit time.Duration)) (*File, error) {
	end, err := syscall.Seek(descriptor, 0, 2) // of a device, too; Stat says 0 there
	if err != nil {
		return nil, err
	}
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(descriptor), syscall.F_GETFL, 0)
	if errno != 0 {
		return nil, errno
	}
	f := &File{
		descriptor: descriptor, bytes: uint64(end) &^ (SectorBytes - 1), readOnly: flags&syscall.O_ACCMODE == syscall.O_RDONLY,
		pause: pause, jobs: make(chan job), results: make(chan error, 1),
	}
	if err := syscall.Pipe2(f.ends[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK); err != nil {
		return nil, err
	}
	go f.serve()
	return f, nil
}

// Ended is a descriptor that can be read when what pause waits for has ended.
func (f *File) Ended() int { return f.ends[0] }

// Bytes returns how large the file is, in whole sectors.
func (f *File) Bytes() uint64 { return f.bytes }

// ReadOnly reports whether it can be read only.
func (f *File) ReadOnly() bool { return f.readOnly }

// Read fills buffers from offset on, all or nothing. What Linux has in memory is read
// at once.
func (f *File) Read(into [][]byte, offset uint64) error {
	if err := f.check(into, offset); err != nil {
		return err
	}
	for i, b := range into {
		for len(b) > 0 {
			n, errno := system.ReadNow(f.descriptor, b, offset)
			if errno != 0 || n <= 0 {
				into[i] = b // the rest; the caller's list is his to fill again
				return f.do(job{buffers: into[i:], offset: offset})
			}
			b, offset = b[n:], offset+uint64(n)
		}
	}
	return nil
}

// Write writes buffers from offset on.
func (f *File) Write(from [][]byte, offset uint64) error {
	if f.readOnly {
		return syscall.EROFS
	}
	if err := f.check(from, offset); err != nil {
		return err
	}
	if len(from) == 0 {
		return nil
	}
	return f.do(job{buffers: from, offset: offset, write: true})
}

// Flush waits until all that was written is safe (fdatasync).
func (f *File) Flush() error { return f.do(job{}) }

// check refuses what lies beyond the end: the file does not grow.
func (f *File) check(buffers [][]byte, offset uint64) error {
	for _, b := range buffers {
		if offset > f.bytes || uint64(len(b)) > f.bytes-offset {
			return syscall.EINVAL
		}
		offset += uint64(len(b))
	}
	return nil
}

// do has the thread do a job and waits for it.
func (f *File) do(j job) error {
	f.jobs <- j
	for {
		select {
		case err := <-f.results:
			return err
		default:
		}
		f.pause(patienceTurn)
		var bytes [8]byte
		_, _ = syscall.Read(f.ends[0], bytes[:]) // EAGAIN: it ended for another reason
	}
}

// serve does jobs, one after the other.
func (f *File) serve() {
	for j := range f.jobs {
		f.results <- f.serveOne(j)
		_, _ = syscall.Write(f.ends[1], []byte{0}) // a full pipe can be read, too
	}
}

func (f *File) serveOne(j job) error {
	if j.buffers == nil {
		for {
			if err := syscall.Fdatasync(f.descriptor); err != syscall.EINTR {
				return err
			}
		}
	}
	transfer := syscall.Pread
	if j.write {
		transfer = syscall.Pwrite
	}
	for _, b := range j.buffers {
		for len(b) > 0 {
			n, err := transfer(f.descriptor, b, int64(j.offset))
			switch {
			case err == syscall.EINTR:
			case err != nil:
				return err
			case n <= 0:
				return syscall.EIO // somebody has cut it
			default:
				b, j.offset = b[n:], j.offset+uint64(n)
			}
		}
	}
	return nil
}
