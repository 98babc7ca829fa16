package block

import "syscall"

// File is a file of Linux, or a device of it, in the place of a Device, for a
// kernel that is a process.
type File struct {
	descriptor int
	bytes      uint64
	readOnly   bool
}

// OpenFile takes an open file.
func OpenFile(descriptor int) (*File, error) {
	end, err := syscall.Seek(descriptor, 0, 2) // of a device, too; Stat says 0 there
	if err != nil {
		return nil, err
	}
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(descriptor), syscall.F_GETFL, 0)
	if errno != 0 {
		return nil, errno
	}
	return &File{descriptor, uint64(end) &^ (SectorBytes - 1), flags&syscall.O_ACCMODE == syscall.O_RDONLY}, nil
}

// Bytes returns how large the file is, in whole sectors.
func (f *File) Bytes() uint64 { return f.bytes }

// ReadOnly reports whether it can be read only.
func (f *File) ReadOnly() bool { return f.readOnly }

// Read fills buffers from offset on, all or nothing.
func (f *File) Read(into [][]byte, offset uint64) error {
	return f.each(into, offset, func(b []byte, at int64) (int, error) { return syscall.Pread(f.descriptor, b, at) })
}

// Write writes buffers from offset on.
func (f *File) Write(from [][]byte, offset uint64) error {
	if f.readOnly {
		return syscall.EROFS
	}
	return f.each(from, offset, func(b []byte, at int64) (int, error) { return syscall.Pwrite(f.descriptor, b, at) })
}

// Flush waits until all that was written is safe (fdatasync).
func (f *File) Flush() error {
	for {
		if err := syscall.Fdatasync(f.descriptor); err != syscall.EINTR {
			return err
		}
	}
}

// each transfers buffers. The file does not grow: beyond its end is EINVAL, and if
// somebody has cut it meanwhile, EIO.
func (f *File) each(buffers [][]byte, offset uint64, transfer func(b []byte, at int64) (int, error)) error {
	for _, b := range buffers {
		if offset > f.bytes || uint64(len(b)) > f.bytes-offset {
			return syscall.EINVAL
		}
		for len(b) > 0 {
			n, err := transfer(b, int64(offset))
			switch {
			case err == syscall.EINTR:
			case err != nil:
				return err
			case n <= 0:
				return syscall.EIO
			default:
				b, offset = b[n:], offset+uint64(n)
			}
		}
	}
	return nil
}
