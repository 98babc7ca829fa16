package wasi

import "mewz/kernel/vfs"

// fdSeek is fd_seek: moves the offset of a file.
//
// Parameters: fd i32; offset i64, by how much; whence i32, from where (0 start,
// 1 offset, 2 end); result.newoffset i32, where the new offset goes (u64). It
// may lie beyond the end.
//
// Errors:
//   - EBADF: fd is not open, or a directory.
//   - ESPIPE: fd is a stream.
//   - EINVAL: whence is none of the three, or the new offset is negative or above 2^63-1.
//   - EFAULT: the result lies outside of memory; the offset did not move.
//   - ENOTCAPABLE: the right fd_seek was given up; asking for the offset needs
//     fd_seek or fd_tell.
//   - what the file system says when it is asked for the size (EIO).
func (s *System) fdSeek(a *Args) Errno {
	return s.seek(uint32(a[0]), int64(a[1]), uint32(a[2]), uint32(a[3]))
}

// fdSeekUnstable is fd_seek of wasi_unstable: fdSeek with other numbers for whence
// (0 offset, 1 end, 2 start).
func (s *System) fdSeekUnstable(a *Args) Errno {
	whence := uint32(a[2])
	if whence <= whenceEnd {
		whence = (whence + 1) % (whenceEnd + 1)
	}
	return s.seek(uint32(a[0]), int64(a[1]), whence, uint32(a[3]))
}

func (s *System) seek(fd uint32, delta int64, whence, result uint32) Errno {
	rights := RightFDSeek
	if delta == 0 && whence == whenceCurrent {
		rights |= RightFDTell
	}
	d, errno := s.seekable(fd, rights)
	if errno != Success {
		return errno
	}
	var from uint64
	switch whence {
	case whenceSet:
	case whenceCurrent:
		from = d.offset
	case whenceEnd:
		attributes, err := d.files.Attributes(d.node)
		if err != nil {
			return errnoOf(err)
		}
		from = attributes.Size
	default:
		return EInval
	}
	target := int64(from) + delta
	if target < 0 || from > vfs.OffsetMax || (delta > 0 && target < delta) {
		return EInval
	}
	if !s.Memory.putUint64(result, uint64(target)) {
		return EFault
	}
	d.offset = uint64(target)
	return Success
}

// fdTell is fd_tell: the offset of a file.
//
// Parameters: fd i32; result.offset i32, where the offset goes (u64).
//
// Errors:
//   - EBADF: fd is not open, or a directory.
//   - ESPIPE: fd is a stream.
//   - EFAULT: the result lies outside of memory.
//   - ENOTCAPABLE: the rights fd_seek and fd_tell were given up.
func (s *System) fdTell(a *Args) Errno {
	d, errno := s.seekable(uint32(a[0]), RightFDSeek|RightFDTell)
	if errno != Success {
		return errno
	}
	if !s.Memory.putUint64(uint32(a[1]), d.offset) {
		return EFault
	}
	return Success
}

// seekable returns descriptor fd if it has an offset and one of rights.
func (s *System) seekable(fd uint32, rights Rights) (*descriptor, Errno) {
	d := s.descriptors.get(fd)
	switch {
	case d == nil || d.kind == directory:
		return nil, EBadf
	case d.kind != file:
		return nil, ESPipe
	case d.base&rights == 0:
		return nil, ENotCapable
	}
	return d, Success
}

// fdClose is fd_close: gives a descriptor back; its number is free again, whatever the
// result. What was written to a socket is still sent.
//
// Parameters: fd i32.
//
// Errors:
//   - EBADF: fd is not open.
//   - EIO, ENOSPC, EDQUOT and what else the file system says: something that was written
//     before is lost.
func (s *System) fdClose(a *Args) Errno {
	fd := uint32(a[0])
	if s.descriptors.get(fd) == nil {
		return EBadf
	}
	return errnoOf(s.closeDescriptor(fd))
}

// fdRenumber is fd_renumber: moves a descriptor to a number that is open, and
// closes what was there. What closing says is lost, as with dup2(2).
//
// Parameters: fd i32, the descriptor; to i32, its new number.
//
// Errors:
//   - EBADF: one of the two is not open.
func (s *System) fdRenumber(a *Args) Errno {
	from, to := uint32(a[0]), uint32(a[1])
	d, replaced := s.descriptors.get(from), s.descriptors.get(to)
	if d == nil || replaced == nil {
		return EBadf
	}
	if from == to {
		return Success
	}
	_ = s.release(replaced)
	if replaced.kind == connection {
		s.network.untag(to)
	}
	*replaced = *d
	if d.kind == connection {
		s.network.tag(d.socket, to)
		s.network.untag(from)
	}
	s.descriptors.close(from)
	return Success
}

// fdAdvise is fd_advise: how a file is going to be read, which is checked and ignored:
// file systems find that out by themselves.
//
// Parameters: fd i32; offset i64 and len i64, the part of the file; advice i32.
//
// Errors:
//   - EBADF: fd is not open, or a directory.
//   - ESPIPE: fd is a stream.
//   - EINVAL: there is no such advice, or offset or len is negative.
//   - ENOTCAPABLE: the right fd_advise was given up.
func (s *System) fdAdvise(a *Args) Errno {
	_, errno := s.seekable(uint32(a[0]), RightFDAdvise)
	switch {
	case errno != Success:
		return errno
	case uint32(a[3]) > adviceLast || int64(a[1]) < 0 || int64(a[2]) < 0:
		return EInval
	}
	return Success
}

// fdAllocate is fd_allocate: room for a part of a file, which grows where that lies
// beyond its end; writing there does not fail for lack of room then.
//
// Parameters: fd i32; offset i64 and len i64, the part of the file.
//
// Errors:
//   - EBADF: fd is not open, not for writing, or a directory.
//   - ESPIPE: fd is a stream.
//   - EINVAL: len is 0, or offset or len is negative.
//   - EFBIG: the part ends above 2^63-1, or where the file system has no files that long.
//   - ENOSPC, EDQUOT: there is not that much room.
//   - ENOTSUP: the file system cannot.
//   - ENOTCAPABLE: the right fd_allocate was given up.
//   - what else the file system says (EIO).
func (s *System) fdAllocate(a *Args) Errno {
	d, offset, bytes := s.descriptors.get(uint32(a[0])), a[1], a[2]
	switch {
	case d != nil && d.isStream():
		return ESPipe
	case d == nil || d.kind != file || d.base&RightFDWrite == 0:
		return EBadf
	case d.base&RightFDAllocate == 0:
		return ENotCapable
	case bytes == 0 || int64(offset) < 0 || int64(bytes) < 0:
		return EInval
	case offset+bytes > vfs.OffsetMax:
		return EFBig
	}
	return errnoOf(d.files.Allocate(d.handle, offset, bytes))
}

// fdSync is fd_sync: waits until what was written is safe: of a file its bytes and
// attributes, of a directory the names in it.
//
// Parameters: fd i32.
//
// Errors:
//   - EBADF: fd is not open.
//   - EINVAL: fd is a stream.
//   - EIO, ENOSPC, EDQUOT and what else the file system says: something that was written
//     is lost.
//   - ENOTCAPABLE: the right fd_sync was given up.
func (s *System) fdSync(a *Args) Errno { return s.sync(uint32(a[0]), RightFDSync) }

// fdDatasync is fd_datasync: fd_sync without the attributes that reading does not need. Of a
// directory it is fd_sync, for hosts differ in what fdatasync(2) of one means.
//
// Parameters: fd i32.
//
// Errors: those of fdSync, and
//   - ENOTCAPABLE: the right fd_datasync was given up.
func (s *System) fdDatasync(a *Args) Errno { return s.sync(uint32(a[0]), RightFDDatasync) }

func (s *System) sync(fd uint32, right Rights) Errno {
	d := s.descriptors.get(fd)
	switch {
	case d == nil:
		return EBadf
	case d.isStream():
		return EInval
	case d.base&right == 0:
		return ENotCapable
	}
	return errnoOf(d.files.Sync(d.handle, right == RightFDDatasync && d.kind == file))
}
