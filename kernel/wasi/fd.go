package wasi

import (
	"io"
	"math"

	"mewz/kernel/socket"
)

// gatherBytes is up to where fd_write puts several buffers together, so that
// what a program prints at once (text and newline) leaves at once.
const gatherBytes = 4096

// transferMax is the most that one call reads or writes: what its u32 result
// can tell, and Linux's own limit (MAX_RW_COUNT).
const transferMax = 0x7fff_f000

// fdWrite is fd_write: writes buffers one after the other.
//
// Parameters: fd i32; iovs i32 and iovs_len i32, the buffers (ciovec);
// result.nwritten i32, where the number of bytes written goes (u32). A write to
// a stream waits until all is written. To a socket it is sock_send.
//
// Errors: of a socket those of sockSend, and
//   - EBADF: fd is not open, or not for writing.
//   - EFAULT: the list, a buffer or the result lies outside of memory; nothing
//     was written.
//   - EINVAL: the buffers have more bytes than the result can tell.
//   - EPIPE: nobody reads the stream any more.
//   - EIO: the stream failed in another way.
//   - ENOTCAPABLE: the right fd_write was given up.
func (s *System) fdWrite(a *Args) Errno {
	d := s.descriptors.get(uint32(a[0]))
	if d == nil || d.kind != output && d.kind != connection {
		return EBadf
	}
	if d.base&RightFDWrite == 0 {
		return ENotCapable
	}
	if d.kind == connection {
		return s.sendCall(d, a, 0, uint32(a[3]), nil)
	}
	buffers, ok := s.Memory.vector(uint32(a[1]), uint32(a[2]))
	if !ok {
		return EFault
	}
	result := uint32(a[3])
	if _, ok := s.Memory.slice(result, 4); !ok {
		return EFault
	}
	total, ok := buffers.bytes(s.Memory)
	if !ok {
		return EFault
	}
	if total > math.MaxUint32 {
		return EInval
	}
	written, err := s.write(d, buffers, total)
	if err != nil && written == 0 {
		return errnoOf(err)
	}
	s.Memory.putUint32(result, uint32(written))
	return Success
}

// write writes checked buffers of total bytes to a stream.
func (s *System) write(d *descriptor, buffers vector, total uint64) (written int, err error) {
	if len(buffers) > vectorItemBytes && total <= gatherBytes {
		n := 0
		for len(buffers) != 0 {
			b, _ := buffers.next(s.Memory)
			n += copy(s.gather[n:], b)
		}
		return d.out.Write(s.gather[:n])
	}
	for len(buffers) != 0 && err == nil {
		b, _ := buffers.next(s.Memory)
		if len(b) == 0 {
			continue
		}
		var n int
		n, err = d.out.Write(b)
		written += n
	}
	return written, err
}

// fdPwrite is fd_pwrite: fd_write at an offset. No file can be written here.
//
// Parameters: fd i32; iovs i32 and iovs_len i32, the buffers (ciovec); offset
// i64; result.nwritten i32.
//
// Errors:
//   - EBADF: fd is not open, or not for writing.
//   - ESPIPE: fd is a stream.
func (s *System) fdPwrite(a *Args) Errno {
	d := s.descriptors.get(uint32(a[0]))
	switch {
	case d == nil:
		return EBadf
	case d.isStream():
		return ESPipe
	default:
		return EBadf
	}
}

// readable returns descriptor fd if it can be read.
func (s *System) readable(fd uint32) (*descriptor, Errno) {
	d := s.descriptors.get(fd)
	switch {
	case d == nil || d.kind == output:
		return nil, EBadf
	case d.kind == directory:
		return nil, EIsDir
	case d.base&RightFDRead == 0:
		return nil, ENotCapable
	}
	return d, Success
}

// fdRead is fd_read: reads into buffers one after the other.
//
// Parameters: fd i32; iovs i32 and iovs_len i32, the buffers (iovec);
// result.nread i32, where the number of bytes goes (u32), 0 at the end. A read
// from a stream waits for the first byte only. From a socket it is sock_recv.
//
// Errors: of a socket those of sockRecv, and
//   - EBADF: fd is not open, or not for reading.
//   - EISDIR: fd is a directory.
//   - EFAULT: the list, a buffer or the result lies outside of memory; nothing
//     was read.
//   - EAGAIN: the stream has FlagNonblock and nothing is there.
//   - EIO: the stream or the file system failed.
//   - ENOTCAPABLE: the right fd_read was given up, or not asked for.
func (s *System) fdRead(a *Args) Errno {
	d, errno := s.readable(uint32(a[0]))
	if errno != Success {
		return errno
	}
	if d.kind == connection && uint32(a[2]) == 1 {
		if errno, done := s.receiveSole(d, uint32(a[1]), uint32(a[3])); done {
			return errno
		}
	}
	buffers, total, errno := s.readBuffers(uint32(a[1]), uint32(a[2]), uint32(a[3]))
	if errno != Success {
		return errno
	}
	var read uint64
	switch d.kind {
	case connection:
		var r received
		errno = s.receive(d, buffers, total, 0, &r)
		read = r.bytes
	case input:
		read, errno = s.readStream(d, buffers, total)
	default:
		read, errno = s.readFile(d, buffers, d.offset)
		d.offset += read
	}
	if errno != Success {
		return errno
	}
	s.Memory.putUint32(uint32(a[3]), uint32(read))
	return Success
}

// fdPread is fd_pread: fd_read at an offset, which leaves the descriptor's own
// as it is.
//
// Parameters: fd i32; iovs i32 and iovs_len i32, the buffers (iovec); offset
// i64; result.nread i32, where the number of bytes goes (u32), 0 at the end.
//
// Errors:
//   - EBADF: fd is not open, or not for reading.
//   - ESPIPE: fd is a stream.
//   - EISDIR: fd is a directory.
//   - EINVAL: offset is negative.
//   - EFAULT: the list, a buffer or the result lies outside of memory; nothing
//     was read.
//   - EIO: the file system is damaged.
//   - ENOTCAPABLE: the right fd_read or fd_seek was given up, or not asked for.
func (s *System) fdPread(a *Args) Errno {
	d := s.descriptors.get(uint32(a[0]))
	if d != nil && d.isStream() {
		return ESPipe
	}
	d, errno := s.readable(uint32(a[0]))
	switch {
	case errno != Success:
		return errno
	case d.base&RightFDSeek == 0:
		return ENotCapable
	case int64(a[3]) < 0:
		return EInval
	}
	buffers, _, errno := s.readBuffers(uint32(a[1]), uint32(a[2]), uint32(a[4]))
	if errno != Success {
		return errno
	}
	read, errno := s.readFile(d, buffers, a[3])
	if errno != Success {
		return errno
	}
	s.Memory.putUint32(uint32(a[4]), uint32(read))
	return Success
}

// readBuffers checks everything in memory that a read touches.
func (s *System) readBuffers(at, count, result uint32) (buffers vector, total uint64, errno Errno) {
	buffers, ok := s.Memory.vector(at, count)
	if !ok {
		return nil, 0, EFault
	}
	if _, ok := s.Memory.slice(result, 4); !ok {
		return nil, 0, EFault
	}
	total, ok = buffers.bytes(s.Memory)
	if !ok {
		return nil, 0, EFault
	}
	return buffers, total, Success
}

// readFile copies bytes of a file from offset on into checked buffers. The
// buffers are looked up anew, for what was read may have changed their list.
func (s *System) readFile(d *descriptor, buffers vector, offset uint64) (read uint64, errno Errno) {
	for len(buffers) != 0 && read < transferMax {
		into, ok := buffers.next(s.Memory)
		if !ok {
			return read, EFault
		}
		for len(into) != 0 {
			b, err := d.files.Bytes(d.node, offset+read, min(uint64(len(into)), transferMax-read))
			if err != nil && read == 0 {
				return 0, errnoOf(err)
			}
			if len(b) == 0 {
				return read, Success
			}
			n := copy(into, b)
			into = into[n:]
			read += uint64(n)
		}
	}
	return read, Success
}

// readStream reads what a stream has: it waits for the first byte, and goes on
// to the next buffer only as long as it need not wait.
func (s *System) readStream(d *descriptor, buffers vector, total uint64) (read uint64, errno Errno) {
	if total == 0 {
		return 0, Success
	}
	wait := d.flags&FlagNonblock != 0
	for len(buffers) != 0 && read < transferMax {
		into, ok := buffers.next(s.Memory)
		if !ok {
			return read, EFault
		}
		if len(into) == 0 {
			continue
		}
		if wait && !d.in.Wait(0).Ready {
			if read == 0 {
				return 0, EAgain
			}
			return read, Success
		}
		if !wait {
			s.awaitInput(d)
		}
		n, err := d.in.Read(into)
		read += uint64(n)
		if err != nil && err != io.EOF && read == 0 {
			return 0, errnoOf(err)
		}
		if err != nil || n < len(into) {
			return read, Success
		}
		wait = true
	}
	return read, Success
}

// awaitInput waits for input while the network runs: connections must not die of a
// program that reads what somebody types.
func (s *System) awaitInput(d *descriptor) {
	for s.network.stack != nil && !d.in.Wait(0).Ready {
		if !s.poll() {
			s.wait(true, socket.Forever)
		}
	}
}

// fdSeek is fd_seek: moves the offset of a file.
//
// Parameters: fd i32; offset i64, by how much; whence i32, from where (0 start,
// 1 offset, 2 end); result.newoffset i32, where the new offset goes (u64). It
// may lie beyond the end. A directory can be sought to its start only.
//
// Errors:
//   - EBADF: fd is not open.
//   - ESPIPE: fd is a stream.
//   - EISDIR: fd is a directory and the target not its start.
//   - EINVAL: whence is none of the three, or the new offset is negative.
//   - EFAULT: the result lies outside of memory; the offset did not move.
//   - EIO: the file system is damaged.
//   - ENOTCAPABLE: the right fd_seek was given up; asking for the offset needs
//     fd_tell only.
func (s *System) fdSeek(a *Args) Errno {
	delta, whence := int64(a[1]), uint32(a[2])
	right := RightFDSeek
	if delta == 0 && whence == whenceCurrent {
		right = RightFDTell
	}
	d, errno := s.seekable(uint32(a[0]), right)
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
	if target < 0 || from > math.MaxInt64 || (delta > 0 && target < delta) {
		return EInval
	}
	if d.kind == directory && (target != 0 || whence == whenceEnd) {
		return EIsDir
	}
	if !s.Memory.putUint64(uint32(a[3]), uint64(target)) {
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
//   - EBADF: fd is not open.
//   - ESPIPE: fd is a stream.
//   - EFAULT: the result lies outside of memory.
//   - ENOTCAPABLE: the right fd_tell was given up.
func (s *System) fdTell(a *Args) Errno {
	d, errno := s.seekable(uint32(a[0]), RightFDTell)
	if errno != Success {
		return errno
	}
	if !s.Memory.putUint64(uint32(a[1]), d.offset) {
		return EFault
	}
	return Success
}

// seekable returns descriptor fd if it has an offset.
func (s *System) seekable(fd uint32, right Rights) (*descriptor, Errno) {
	d := s.descriptors.get(fd)
	switch {
	case d == nil:
		return nil, EBadf
	case d.isStream():
		return nil, ESPipe
	case d.kind == file && d.base&right == 0:
		return nil, ENotCapable
	}
	return d, Success
}

// fdClose is fd_close: gives a descriptor back; its number is free again. What was
// written to a socket is still sent.
//
// Parameters: fd i32.
//
// Errors:
//   - EBADF: fd is not open.
func (s *System) fdClose(a *Args) Errno {
	fd := uint32(a[0])
	d := s.descriptors.get(fd)
	if d == nil {
		return EBadf
	}
	s.closeSocket(d, fd)
	s.descriptors.close(fd)
	return Success
}

// fdRenumber is fd_renumber: moves a descriptor to a number that is open, and
// closes what was there.
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
	s.closeSocket(replaced, to)
	*replaced = *d
	if d.kind == connection {
		s.network.tag(d.socket, to)
		s.network.untag(from)
	}
	s.descriptors.close(from)
	return Success
}

// fdAdvise is fd_advise: how a file is going to be read. It lies in memory
// anyway, so nothing is done.
//
// Parameters: fd i32; offset i64 and len i64, the part of the file; advice i32.
//
// Errors:
//   - EBADF: fd is not open, or a directory.
//   - ESPIPE: fd is a stream.
//   - EINVAL: there is no such advice, or offset or len is negative.
//   - ENOTCAPABLE: the right fd_advise was given up.
func (s *System) fdAdvise(a *Args) Errno {
	d := s.descriptors.get(uint32(a[0]))
	switch {
	case d == nil || d.kind == directory:
		return EBadf
	case d.kind != file:
		return ESPipe
	case d.base&RightFDAdvise == 0:
		return ENotCapable
	case uint32(a[3]) > adviceLast || int64(a[1]) < 0 || int64(a[2]) < 0:
		return EInval
	}
	return Success
}

// fdAllocate is fd_allocate: room for a file to grow. wasmtime has dropped it
// too.
//
// Parameters: fd i32; offset i64 and len i64, the part of the file.
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSUP: always.
func (s *System) fdAllocate(a *Args) Errno {
	if s.descriptors.get(uint32(a[0])) == nil {
		return EBadf
	}
	return ENotSup
}

// fdSync is fd_sync: waits until what was written is safe, which for a file
// that cannot be written it is.
//
// Parameters: fd i32.
//
// Errors:
//   - EBADF: fd is not open.
//   - EINVAL: fd is a stream.
//   - ENOTCAPABLE: the right fd_sync was given up.
func (s *System) fdSync(a *Args) Errno { return s.sync(uint32(a[0]), RightFDSync) }

// fdDatasync is fd_datasync: fd_sync without the attributes.
//
// Parameters: fd i32.
//
// Errors:
//   - EBADF: fd is not open.
//   - EINVAL: fd is a stream.
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
	return Success
}
