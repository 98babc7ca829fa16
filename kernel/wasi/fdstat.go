package wasi

import (
	"encoding/binary"
	"math"

	"mewz/kernel/vfs"
)

// fdFdstatGet is fd_fdstat_get: what a descriptor is and may. Of a file it shows the rights
// that path_open was asked for: so two ways to one file show the same (docs/decisions/0016).
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
	le.PutUint64(b[8:], uint64(d.base&^d.quiet))
	le.PutUint64(b[16:], uint64(d.inheriting))
	return Success
}

// fdFdstatSetFlags is fd_fdstat_set_flags: sets the flags of a descriptor. FlagNonblock
// takes effect on streams and sockets, the others on writes to files.
//
// Parameters: fd i32; flags i32, fdflags.
//
// Errors:
//   - EBADF: fd is not open.
//   - EINVAL: there is no such flag.
//   - ENOTCAPABLE: the right fd_fdstat_set_flags was given up, or fd_datasync or fd_sync, which
//     flags need that have writes wait.
func (s *System) fdFdstatSetFlags(a *Args) Errno {
	d, flags := s.descriptors.get(uint32(a[0])), uint32(a[1])
	switch {
	case d == nil:
		return EBadf
	case flags&^uint32(allFlags) != 0:
		return EInval
	case d.base&RightFDFdstatSetFlags == 0 || d.kind == file && !d.base.allow(FDFlags(flags)&^d.flags):
		return ENotCapable
	}
	d.flags = FDFlags(flags)
	return Success
}

// fdFdstatSetRights is fd_fdstat_set_rights: gives up rights for good.
//
// Parameters: fd i32; fs_rights_base i64 and fs_rights_inheriting i64, those
// that remain. They are all that the descriptor has then, and all are shown.
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
	d.base, d.inheriting, d.quiet = base, inheriting, 0
	return Success
}

// fdFilestatGet is fd_filestat_get: the attributes of an open file.
//
// Parameters: fd i32; result.buf i32, where the filestat goes: dev u64 at 0, ino
// u64 at 8, filetype u8 at 16, nlink u64 at 24, size u64 at 32, atim, mtim and
// ctim u64 at 40, 48 and 56. A stream has a type and nothing else. Directories that
// the program found open and that show the same file system have the same dev.
//
// Errors:
//   - EBADF: fd is not open.
//   - EFAULT: the result lies outside of memory.
//   - ENOTCAPABLE: the right fd_filestat_get was given up.
//   - what the file system says (EIO).
func (s *System) fdFilestatGet(a *Args) Errno {
	return s.descriptorStat(uint32(a[0]), uint32(a[1]), filestatBytes)
}

// fdFilestatGetUnstable is fd_filestat_get of wasi_unstable, whose filestat has nlink
// u32 at 20, size u64 at 24, atim, mtim and ctim u64 at 32, 40 and 48.
func (s *System) fdFilestatGetUnstable(a *Args) Errno {
	return s.descriptorStat(uint32(a[0]), uint32(a[1]), unstableFilestatBytes)
}

// descriptorStat writes the attributes of a descriptor to a filestat of bytes.
func (s *System) descriptorStat(fd, at, bytes uint32) Errno {
	d := s.descriptors.get(fd)
	switch {
	case d == nil:
		return EBadf
	case d.base&RightFDFilestatGet == 0:
		return ENotCapable
	case d.kind == file || d.kind == directory:
		return s.filestat(d, d.node, at, bytes)
	}
	b, ok := s.Memory.slice(at, bytes)
	if !ok {
		return EFault
	}
	clear(b)
	b[16] = byte(d.fileType)
	putSizes(b, 1, 0)
	return Success
}

// putSizes writes what lies elsewhere in a filestat of wasi_unstable, and returns where the
// times follow.
func putSizes(b []byte, links, size uint64) (times []byte) {
	le := binary.LittleEndian
	if len(b) == unstableFilestatBytes {
		le.PutUint32(b[20:], uint32(min(links, math.MaxUint32)))
		le.PutUint64(b[24:], size)
		return b[32:]
	}
	le.PutUint64(b[24:], links)
	le.PutUint64(b[32:], size)
	return b[40:]
}

// filestat writes the attributes of a node in the file system of d to a filestat of bytes.
func (s *System) filestat(d *descriptor, node vfs.NodeID, at, bytes uint32) Errno {
	if !s.Memory.has(at, bytes) {
		return EFault
	}
	attributes, err := d.files.Attributes(node)
	if err != nil {
		return errnoOf(err)
	}
	b, le := s.Memory[at:at+bytes], binary.LittleEndian
	clear(b[16:24])
	le.PutUint64(b[0:], d.device)
	le.PutUint64(b[8:], attributes.Serial)
	b[16] = byte(fileTypeOf(attributes.Type))
	times := putSizes(b, attributes.Links, attributes.Size)
	le.PutUint64(times[0:], attributes.AccessedNanos)
	le.PutUint64(times[8:], attributes.ModifiedNanos)
	le.PutUint64(times[16:], attributes.ChangedNanos)
	return Success
}

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

// fdFilestatSetSize is fd_filestat_set_size: cuts a file, or extends it by zeroes.
//
// Parameters: fd i32; size i64.
//
// Errors:
//   - EBADF: fd is not open.
//   - EISDIR: fd is a directory.
//   - EINVAL: fd is a stream or not open for writing, or size is negative.
//   - EFBIG: the file system has no files that long.
//   - ENOSPC, EDQUOT: there is no room.
//   - ENOTCAPABLE: the right fd_filestat_set_size was given up.
//   - what else the file system says (EIO).
func (s *System) fdFilestatSetSize(a *Args) Errno {
	d := s.descriptors.get(uint32(a[0]))
	switch {
	case d == nil:
		return EBadf
	case d.kind == directory:
		return EIsDir
	case d.kind != file || d.base&RightFDWrite == 0 || a[1] > vfs.OffsetMax:
		return EInval
	case d.base&RightFDFilestatSetSize == 0:
		return ENotCapable
	}
	return errnoOf(d.files.SetAttributes(d.node, vfs.Change{SetSize: true, Size: a[1]}))
}

// fdFilestatSetTimes is fd_filestat_set_times: sets the times of a file or directory.
//
// Parameters: fd i32; atim i64 and mtim i64, nanoseconds since 1970; fst_flags i32, what
// becomes of the two (FstFlags); what no flag names stays.
//
// Errors:
//   - EBADF: fd is not open.
//   - EINVAL: fd is a stream, there is no such flag, or one time is to be set both to its
//     parameter and to now.
//   - EROFS: the file system cannot be changed.
//   - ENOTCAPABLE: the right fd_filestat_set_times was given up.
//   - what else the file system says (EPERM, EIO).
func (s *System) fdFilestatSetTimes(a *Args) Errno {
	d := s.descriptors.get(uint32(a[0]))
	change, errno := timesChange(uint32(a[3]), a[1], a[2])
	switch {
	case d == nil:
		return EBadf
	case d.isStream():
		return EInval
	case errno != Success:
		return errno
	case d.base&RightFDFilestatSetTimes == 0:
		return ENotCapable
	}
	return errnoOf(d.files.SetAttributes(d.node, change))
}

// timesChange is the change that flags ask for.
func timesChange(flags uint32, accessed, modified uint64) (c vfs.Change, errno Errno) {
	const (
		bothAccessed = SetAccessed | SetAccessedNow
		bothModified = SetModified | SetModifiedNow
	)
	f := FstFlags(flags)
	if flags&^uint32(allFstFlags) != 0 || f&bothAccessed == bothAccessed || f&bothModified == bothModified {
		return c, EInval
	}
	c.Accessed, c.AccessedNanos = timeChange(f&SetAccessed != 0, f&SetAccessedNow != 0), accessed
	c.Modified, c.ModifiedNanos = timeChange(f&SetModified != 0, f&SetModifiedNow != 0), modified
	return c, Success
}

func timeChange(set, now bool) vfs.TimeChange {
	switch {
	case set:
		return vfs.TimeSet
	case now:
		return vfs.TimeNow
	default:
		return vfs.TimeKeep
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
	if d == nil || d.preopen == nil {
		return EBadf
	}
	b, ok := s.Memory.slice(uint32(a[1]), prestatBytes)
	if !ok {
		return EFault
	}
	clear(b)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(d.preopen.Name)))
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
	if d == nil || d.preopen == nil {
		return EBadf
	}
	b, ok := s.Memory.slice(uint32(a[1]), uint32(a[2]))
	if !ok {
		return EFault
	}
	if len(b) < len(d.preopen.Name) {
		return ENameTooLong
	}
	copy(b, d.preopen.Name)
	return Success
}
