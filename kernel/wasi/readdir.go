package wasi

import (
	"encoding/binary"

	"mewz/kernel/vfs"
)

// dotEntries is how many entries stand before those of the file system: . and
// .. (wasmtime has them too; Go's and Rust's libraries drop them).
const dotEntries = 2

// fdReaddir is fd_readdir: the entries of a directory, from a cookie on. Each is
// a dirent (next cookie u64 at 0, ino u64 at 8, length of the name u32 at 16,
// type u8 at 20) and the name. They fill the buffer to its end, the last one
// cut off where it ends; a buffer that is not full tells the end of the
// directory. A cookie is the number of entries before it, so it stays valid.
//
// Parameters: fd i32; buf i32 and buf_len i32, the buffer; cookie i64, 0 for the
// start, else from a dirent; result.bufused i32, where the number of bytes goes
// (u32).
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTDIR: fd is no directory.
//   - EFAULT: the buffer or the result lies outside of memory.
//   - EIO: the file system is damaged.
//   - ENOTCAPABLE: the right fd_readdir was given up.
func (s *System) fdReaddir(a *Args) Errno {
	d, errno := s.directory(uint32(a[0]), RightFDReaddir)
	if errno != Success {
		return errno
	}
	b, ok := s.Memory.slice(uint32(a[1]), uint32(a[2]))
	if !ok {
		return EFault
	}
	result := uint32(a[4])
	if _, ok := s.Memory.slice(result, 4); !ok {
		return EFault
	}
	used := 0
	for cookie := a[3]; used < len(b); cookie++ {
		entry, err := directoryEntry(d, cookie)
		if err == vfs.ErrNotFound {
			break
		}
		if err != nil {
			return errnoOf(err)
		}
		used += putDirent(b[used:], cookie+1, entry)
	}
	s.Memory.putUint32(result, uint32(used))
	return Success
}

// directoryEntry returns the entry of a directory with number cookie.
func directoryEntry(d *descriptor, cookie uint64) (vfs.Entry, error) {
	switch cookie {
	case 0:
		return vfs.Entry{Node: d.node, Type: vfs.Directory, Name: dots[:1]}, nil
	case 1:
		parent, err := d.files.Parent(d.node)
		return vfs.Entry{Node: parent, Type: vfs.Directory, Name: dots[:]}, err
	default:
		return d.files.Entry(d.node, cookie-dotEntries)
	}
}

// dots is what the first two entries are called.
var dots = [dotEntries]byte{'.', '.'}

// putDirent writes as much of an entry as fits.
func putDirent(b []byte, next uint64, entry vfs.Entry) int {
	var header [direntBytes]byte
	le := binary.LittleEndian
	le.PutUint64(header[0:], next)
	le.PutUint64(header[8:], inode(entry.Node))
	le.PutUint32(header[16:], uint32(len(entry.Name)))
	header[20] = byte(fileTypeOf(entry.Type))
	n := copy(b, header[:])
	return n + copy(b[n:], entry.Name)
}
