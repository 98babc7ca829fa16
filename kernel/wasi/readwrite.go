package wasi

import (
	"encoding/binary"
	"io"
	"math"

	"mewz/kernel/socket"
	"mewz/kernel/vfs"
)

// gatherBytes is up to where fd_write puts several buffers together, so that
// what a program prints at once (text and newline) leaves at once.
const gatherBytes = 4096

// transferMax is the most that one call reads or writes: what its u32 result
// can tell, and Linux's own limit (MAX_RW_COUNT).
const transferMax = 0x7fff_f000

// buffersMax is how many buffers of a program one call of a file system gets: more than
// programs have, within what a message to a host holds (P9_MAXWELEM is 16, IOV_MAX 1024).
// Longer lists become several calls.
const buffersMax = 64

// fdWrite is fd_write: writes buffers one after the other.
//
// Parameters: fd i32; iovs i32 and iovs_len i32, the buffers (ciovec);
// result.nwritten i32, where the number of bytes written goes (u32). A write to
// a stream waits until all is written. To a socket it is sock_send. To a file it goes
// where the offset is, with FlagAppend to the end, and moves the offset behind it; less than
// all is written when an error comes in the middle.
//
// Errors: of a socket those of sockSend, and
//   - EBADF: fd is not open, or not for writing.
//   - EFAULT: the list, a buffer or the result lies outside of memory; nothing
//     was written.
//   - EINVAL: fd is a stream and the buffers have more bytes than the result can tell.
//   - EPIPE: nobody reads the stream any more.
//   - EIO: the stream failed in another way.
//   - EFBIG: the file would be longer than it can be.
//   - ENOSPC, EDQUOT: there is no room.
//   - ENOTCAPABLE: fd is a stream and the right fd_write was given up.
//   - what else the file system says (EIO).
func (s *System) fdWrite(a *Args) Errno {
	d := s.descriptors.get(uint32(a[0]))
	switch {
	case d == nil || d.kind == input || d.kind == directory:
		return EBadf
	case d.base&RightFDWrite == 0:
		return d.closedTo()
	case d.kind == connection:
		return s.sendCall(d, a, 0, uint32(a[3]), nil)
	}
	buffers, total, errno := s.checkBuffers(uint32(a[1]), uint32(a[2]), uint32(a[3]))
	if errno != Success {
		return errno
	}
	var written uint64
	if d.kind == file {
		written, d.offset, errno = s.writeFile(d, buffers, total, d.offset, d.flags&FlagAppend != 0)
	} else {
		written, errno = s.writeStream(d, buffers, total)
	}
	if errno == Success {
		s.Memory.putUint32(uint32(a[3]), uint32(written))
	}
	return errno
}

// closedTo is the answer to who reads or writes without the right. Of a file it says, as
// POSIX, that the file was not opened for it, which is the common case.
func (d *descriptor) closedTo() Errno {
	if d.kind == file {
		return EBadf
	}
	return ENotCapable
}

// writeStream writes checked buffers of total bytes to a stream.
func (s *System) writeStream(d *descriptor, buffers vector, total uint64) (uint64, Errno) {
	if total > math.MaxUint32 {
		return 0, EInval
	}
	written, err := s.write(d, buffers, total)
	if err != nil && written == 0 {
		return 0, errnoOf(err)
	}
	return uint64(written), Success
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

// fdPwrite is fd_pwrite: fd_write to a file at an offset, which leaves the descriptor's own
// as it is. FlagAppend does not matter, as POSIX has it.
//
// Parameters: fd i32; iovs i32 and iovs_len i32, the buffers (ciovec); offset
// i64; result.nwritten i32, where the number of bytes written goes (u32).
//
// Errors: those of fdWrite to a file, and
//   - ESPIPE: fd is a stream.
//   - EINVAL: offset is negative.
//   - ENOTCAPABLE: the right fd_seek was given up.
func (s *System) fdPwrite(a *Args) Errno {
	d := s.descriptors.get(uint32(a[0]))
	switch {
	case d != nil && d.isStream():
		return ESPipe
	case d == nil || d.kind != file || d.base&RightFDWrite == 0:
		return EBadf
	case d.base&RightFDSeek == 0:
		return ENotCapable
	case a[3] > vfs.OffsetMax:
		return EInval
	}
	buffers, total, errno := s.checkBuffers(uint32(a[1]), uint32(a[2]), uint32(a[4]))
	if errno != Success {
		return errno
	}
	written, _, errno := s.writeFile(d, buffers, total, a[3], false)
	if errno == Success {
		s.Memory.putUint32(uint32(a[4]), uint32(written))
	}
	return errno
}

// nextBuffers takes buffers off a checked list that hold up to most bytes together, as many
// as one call of a file system gets. A buffer that is not in memory any more, because the
// list was overwritten by what was read before, ends the list.
func (s *System) nextBuffers(list *vector, most uint64) (taken [][]byte, bytes uint64) {
	n := 0
	for len(*list) != 0 && n < buffersMax && bytes < most {
		b, ok := list.next(s.Memory)
		if !ok {
			*list = nil
			break
		}
		if len(b) == 0 {
			continue
		}
		b = b[:min(uint64(len(b)), most-bytes)]
		s.buffers[n] = b
		n++
		bytes += uint64(len(b))
	}
	return s.buffers[:n], bytes
}

// writeFile writes checked buffers of total bytes at an offset, or at the end of a file, and
// returns where the next byte goes. An error counts if nothing was written before.
func (s *System) writeFile(d *descriptor, buffers vector, total, offset uint64, appending bool) (written, end uint64, errno Errno) {
	end = offset
	total = min(total, transferMax)
	for written < total {
		most := total - written
		if !appending {
			most = min(most, vfs.OffsetMax-end)
		}
		from, bytes := s.nextBuffers(&buffers, most)
		var n int
		err := vfs.ErrTooLarge
		if bytes != 0 {
			n, end, err = d.writeOnce(from, end, appending)
		}
		written += uint64(n)
		if err != nil && written == 0 {
			return 0, offset, errnoOf(err)
		}
		if err != nil || uint64(n) < bytes {
			break
		}
	}
	if needed := syncMode(d.flags); needed&^d.mode != 0 && written != 0 {
		if err := d.files.Sync(d.handle, needed == vfs.ModeDataSync); err != nil {
			return 0, offset, errnoOf(err)
		}
	}
	return written, end, Success
}

// writeOnce writes buffers by one call of the file system.
func (d *descriptor) writeOnce(from [][]byte, offset uint64, appending bool) (n int, end uint64, err error) {
	if !appending {
		n, err = d.files.Write(d.handle, from, offset)
		return n, offset + uint64(n), err
	}
	n, end, err = d.files.Append(d.handle, from)
	if n == 0 {
		end = offset
	}
	return n, end, err
}

// syncMode is how a file is opened for flags; nothing for a file that need not be safe.
func syncMode(flags FDFlags) vfs.Mode {
	switch {
	case flags&syncFlags == 0:
		return 0
	case flags&syncFlags == FlagDSync:
		return vfs.ModeDataSync
	default:
		return vfs.ModeSync
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
		return nil, d.closedTo()
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
//   - ENOTCAPABLE: fd is a stream and the right fd_read was given up.
//   - what else the stream or the file system says (EIO), if nothing was read before.
func (s *System) fdRead(a *Args) Errno {
	d, errno := s.readable(uint32(a[0]))
	if errno != Success {
		return errno
	}
	if uint32(a[2]) == 1 {
		if d.kind == file {
			n, errno := s.readSole(d, uint32(a[1]), uint32(a[3]), d.offset)
			d.offset += n
			return errno
		}
		if d.kind == connection {
			if errno, done := s.receiveSole(d, uint32(a[1]), uint32(a[3])); done {
				return errno
			}
		}
	}
	buffers, total, errno := s.checkBuffers(uint32(a[1]), uint32(a[2]), uint32(a[3]))
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
// Errors: those of fdRead from a file, and
//   - ESPIPE: fd is a stream.
//   - EINVAL: offset is negative.
//   - ENOTCAPABLE: the right fd_seek was given up.
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
	if uint32(a[2]) == 1 {
		_, errno := s.readSole(d, uint32(a[1]), uint32(a[4]), a[3])
		return errno
	}
	buffers, _, errno := s.checkBuffers(uint32(a[1]), uint32(a[2]), uint32(a[4]))
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

// checkBuffers checks everything in memory that a read or a write touches.
func (s *System) checkBuffers(at, count, result uint32) (buffers vector, total uint64, errno Errno) {
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

// readSole is readFile for what programs do all the time: one buffer. It is listed at
// address at; the number of bytes goes to address result.
func (s *System) readSole(d *descriptor, at, result uint32, offset uint64) (read uint64, errno Errno) {
	into, ok := s.Memory.sole(at)
	if !ok || !s.Memory.has(result, 4) {
		return 0, EFault
	}
	s.buffers[0] = into[:min(len(into), transferMax)]
	n, err := d.files.Read(d.handle, s.buffers[:1], offset)
	if err != nil && n == 0 {
		return 0, errnoOf(err)
	}
	binary.LittleEndian.PutUint32(s.Memory[result:], uint32(n))
	return uint64(n), Success
}

// readFile reads from an offset of a file on into checked buffers. An error counts if
// nothing was read before.
func (s *System) readFile(d *descriptor, buffers vector, offset uint64) (read uint64, errno Errno) {
	for read < transferMax {
		into, bytes := s.nextBuffers(&buffers, transferMax-read)
		if bytes == 0 {
			break
		}
		n, err := d.files.Read(d.handle, into, offset+read)
		read += uint64(n)
		if err != nil && read == 0 {
			return 0, errnoOf(err)
		}
		if err != nil || uint64(n) < bytes {
			break
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
	for s.network.devices && !d.in.Wait(0).Ready {
		if !s.poll() {
			s.wait(true, socket.Forever)
		}
	}
}
