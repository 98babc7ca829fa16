package wasi

import (
	"encoding/binary"

	"mewz/kernel/vfs"
)

// device is the number of the one file system there is.
const device = 1

// fdFdstatGet is fd_fdstat_get: what a descriptor is and may.
//
// Parameters: fd i32; result.stat i32, where the fdstat goes: type u8 at 0,
// flags u16 at 2, rights u64 at 8, inheriting rights u64 at 16.
//
// Errors:
//   - EBADF: fd is not open.
//   - EFAULT: the result lies outside of memory.
func (s *System) fdFdstatGet(a *Args) Errno {
	d := s.descriptors.get(uint32(a[0]))
	if d == nil {
		return EBadf
	}
	b, ok := s.Memory.slice(uint32(a[1]), fdstatBytes)
	if !ok {
		return EFault
	}
	le := binary.LittleEndian
	clear(b)
	b[0] = byte(d.fileType)
	le.PutUint16(b[2:], uint16(d.flags))
	le.PutUint64(b[8:], uint64(d.base))
	le.PutUint64(b[16:], uint64(d.inheriting))
	return Success
}

// fdFdstatSetFlags is fd_fdstat_set_flags: sets the flags of a descriptor.
// FlagNonblock takes effect on reading a stream and on sockets; the others are remembered.
//
// Parameters: fd i32; flags i32, fdflags.
//
// Errors:
//   - EBADF: fd is not open.
//   - EINVAL: there is no such flag.
//   - ENOTCAPABLE: the right fd_fdstat_set_flags was given up.
func (s *System) fdFdstatSetFlags(a *Args) Errno {
	d, flags := s.descriptors.get(uint32(a[0])), uint32(a[1])
	switch {
	case d == nil:
		return EBadf
	case flags&^uint32(allFlags) != 0:
		return EInval
	case d.base&RightFDFdstatSetFlags == 0:
		return ENotCapable
	}
	d.flags = FDFlags(flags)
	return Success
}

// fdFdstatSetRights is fd_fdstat_set_rights: gives up rights for good.
//
// Parameters: fd i32; fs_rights_base i64 and fs_rights_inheriting i64, those
// that remain.
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTCAPABLE: a right is among them that the descriptor does not have.
func (s *System) fdFdstatSetRights(a *Args) Errno {
	d, base, inheriting := s.descriptors.get(uint32(a[0])), Rights(a[1]), Rights(a[2])
	switch {
	case d == nil:
		return EBadf
	case base&^d.base != 0 || inheriting&^d.inheriting != 0:
		return ENotCapable
	}
	if d.kind == connection && base&RightPollFDReadwrite == 0 {
		s.network.plain = true
	}
	d.base, d.inheriting = base, inheriting
	return Success
}

// fdFilestatGet is fd_filestat_get: the attributes of an open file.
//
// Parameters: fd i32; result.buf i32, where the filestat goes: dev u64 at 0, ino
// u64 at 8, filetype u8 at 16, nlink u64 at 24, size u64 at 32, atim, mtim and
// ctim u64 at 40, 48 and 56. A stream has a type and nothing else.
//
// Errors:
//   - EBADF: fd is not open.
//   - EFAULT: the result lies outside of memory.
//   - EIO: the file system is damaged.
//   - ENOTCAPABLE: the right fd_filestat_get was given up.
func (s *System) fdFilestatGet(a *Args) Errno {
	d := s.descriptors.get(uint32(a[0]))
	switch {
	case d == nil:
		return EBadf
	case d.base&RightFDFilestatGet == 0:
		return ENotCapable
	case d.kind == file || d.kind == directory:
		return s.filestat(d.files, d.node, uint32(a[1]))
	}
	b, ok := s.Memory.slice(uint32(a[1]), filestatBytes)
	if !ok {
		return EFault
	}
	clear(b)
	b[16] = byte(d.fileType)
	binary.LittleEndian.PutUint64(b[24:], 1)
	return Success
}

// filestat writes the attributes of a node.
func (s *System) filestat(files vfs.FileSystem, node vfs.NodeID, at uint32) Errno {
	attributes, err := files.Attributes(node)
	if err != nil {
		return errnoOf(err)
	}
	b, ok := s.Memory.slice(at, filestatBytes)
	if !ok {
		return EFault
	}
	le := binary.LittleEndian
	clear(b)
	le.PutUint64(b[0:], device)
	le.PutUint64(b[8:], inode(node))
	b[16] = byte(fileTypeOf(attributes.Type))
	le.PutUint64(b[24:], attributes.Links)
	le.PutUint64(b[32:], attributes.Size)
	for at := 40; at < filestatBytes; at += 8 {
		le.PutUint64(b[at:], attributes.ModifiedNanos)
	}
	return Success
}

// inode is the serial number of a node. Zero is none: wasi-libc takes it in a
// directory entry for unknown.
func inode(node vfs.NodeID) uint64 { return uint64(node) + 1 }

func fileTypeOf(t vfs.Type) FileType {
	switch t {
	case vfs.Directory:
		return FileTypeDirectory
	case vfs.File:
		return FileTypeRegular
	case vfs.Symlink:
		return FileTypeSymbolicLink
	default:
		return FileTypeUnknown
	}
}

// fdFilestatSetSize is fd_filestat_set_size: cuts or extends a file.
//
// Parameters: fd i32; size i64.
//
// Errors:
//   - EBADF: fd is not open.
//   - EINVAL: fd is a stream.
//   - EISDIR: fd is a directory.
//   - EROFS: fd is a file: its file system is read-only.
func (s *System) fdFilestatSetSize(a *Args) Errno {
	d := s.descriptors.get(uint32(a[0]))
	switch {
	case d == nil:
		return EBadf
	case d.kind == directory:
		return EIsDir
	case d.kind == file:
		return ERofs
	default:
		return EInval
	}
}

// fdFilestatSetTimes is fd_filestat_set_times: sets the times of a file.
//
// Parameters: fd i32; atim i64; mtim i64; fst_flags i32.
//
// Errors:
//   - EBADF: fd is not open.
//   - EINVAL: fd is a stream.
//   - EROFS: fd is a file or directory: its file system is read-only.
func (s *System) fdFilestatSetTimes(a *Args) Errno {
	d := s.descriptors.get(uint32(a[0]))
	switch {
	case d == nil:
		return EBadf
	case d.kind == file || d.kind == directory:
		return ERofs
	default:
		return EInval
	}
}

// fdPrestatGet is fd_prestat_get: whether a descriptor is a directory that the
// program found open, and how long its name is. Programs ask for 3, 4 and so on
// until the answer is EBADF.
//
// Parameters: fd i32; result.buf i32, where the prestat goes: tag u8 at 0 (0, a
// directory), length of the name u32 at 4.
//
// Errors:
//   - EBADF: fd is not open, or was not so from the start.
//   - EFAULT: the result lies outside of memory.
func (s *System) fdPrestatGet(a *Args) Errno {
	d := s.descriptors.get(uint32(a[0]))
	if d == nil || d.preopen == "" {
		return EBadf
	}
	b, ok := s.Memory.slice(uint32(a[1]), prestatBytes)
	if !ok {
		return EFault
	}
	clear(b)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(d.preopen)))
	return Success
}

// fdPrestatDirName is fd_prestat_dir_name: the name of a directory that the
// program found open, without a zero byte.
//
// Parameters: fd i32; path i32 and path_len i32, where the name goes.
//
// Errors:
//   - EBADF: fd is not open, or was not so from the start.
//   - ENAMETOOLONG: path_len is less than the name has.
//   - EFAULT: path lies outside of memory.
func (s *System) fdPrestatDirName(a *Args) Errno {
	d := s.descriptors.get(uint32(a[0]))
	if d == nil || d.preopen == "" {
		return EBadf
	}
	b, ok := s.Memory.slice(uint32(a[1]), uint32(a[2]))
	if !ok {
		return EFault
	}
	if len(b) < len(d.preopen) {
		return ENameTooLong
	}
	copy(b, d.preopen)
	return Success
}
