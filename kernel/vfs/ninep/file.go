package ninep

import (
	"syscall"

	"mewz/kernel/device"
	"mewz/kernel/vfs"
)

// Open implements vfs.FileSystem.
func (f *FileSystem) Open(id vfs.NodeID, mode vfs.Mode) (vfs.Handle, error) {
	n, err := f.node(id)
	switch {
	case err != nil:
		return 0, err
	case n.kind == vfs.Symlink:
		return 0, vfs.ErrLoop
	case n.kind == vfs.Directory && mode&(vfs.ModeWrite|vfs.ModeTruncate) != 0:
		return 0, vfs.ErrDirectory
	case n.known != nil:
		return 0, syscall.ESTALE
	}
	flags := openDirectory
	if n.kind == vfs.File {
		flags = flagsOf(mode)
	}
	fid, err := f.reopen(uint32(id), flags)
	if err == nil && mode&vfs.ModeTruncate != 0 {
		if err = f.set(fid, setSize, &vfs.Change{}); err != nil {
			_ = f.clunk(fid)
		}
	}
	if err != nil {
		return 0, err
	}
	return f.handle(handle{node: uint32(id), fid: fid, appendix: noFid, flags: flags}), nil
}

// flagsOf returns the flags for a file.
func flagsOf(mode vfs.Mode) openFlags {
	flags := openRead
	switch mode & (vfs.ModeRead | vfs.ModeWrite) {
	case vfs.ModeWrite:
		flags = openWrite
	case vfs.ModeRead | vfs.ModeWrite:
		flags = openReadWrite
	default:
	}
	if mode&vfs.ModeSync != 0 {
		flags |= openSync | openDataSync // the second alone is O_DSYNC, as Linux has it
	}
	if mode&vfs.ModeDataSync != 0 {
		flags |= openDataSync
	}
	return flags
}

// reopen opens a file by a fid of its own. The server must not open a device of the
// host, so it is asked first what a file is that it calls one.
func (f *FileSystem) reopen(i uint32, flags openFlags) (uint32, error) {
	n := &f.nodes[i]
	fid, err := f.newFid()
	if err != nil {
		return 0, err
	}
	var question *slot
	if n.kind == vfs.File && !n.regular {
		question = f.beginAttributes(n.fid)
		f.sendOnly(question)
	}
	clone := f.beginClone(n.fid, fid)
	err = f.cloned(f.call(clone))
	if question != nil {
		at, failed := f.readAttributes(f.finish(question))
		if at, failed = f.checked(n, at, failed); failed == nil && at.Type == vfs.Other {
			failed = vfs.ErrNotSupported
		}
		if failed != nil {
			if err == nil {
				f.clunkLater(fid)
			} else {
				f.dropFid(fid)
			}
			return 0, failed
		}
	}
	if err != nil {
		f.dropFid(fid)
		return 0, err
	}
	s := f.beginFid(kindLopen, fid)
	s.uint32(uint32(flags))
	q, err := f.qid(s, 4)
	if err == nil && (q.path != n.serial || q.node() != n.kind) {
		err = syscall.ESTALE // the host has put another file there
	}
	if err != nil {
		f.clunkLater(fid)
		return 0, err
	}
	return fid, nil
}

// handle puts a handle into the table, which holds its node.
func (f *FileSystem) handle(h handle) vfs.Handle {
	f.nodes[h.node].refs++
	i := f.freeOpen
	if i == 0 {
		i = uint32(len(f.handles))
		f.handles = append(f.handles, h)
	} else {
		f.freeOpen = f.handles[i].next
		f.handles[i] = h
	}
	return vfs.Handle(i)
}

// opened returns an open file of a type.
func (f *FileSystem) opened(id vfs.Handle, want vfs.Type) (*handle, error) {
	if id >= vfs.Handle(len(f.handles)) || f.handles[id].node == 0 {
		return nil, syscall.EBADF
	}
	h := &f.handles[id]
	switch kind := f.nodes[h.node].kind; {
	case kind == want:
		return h, nil
	case kind == vfs.Directory:
		return nil, vfs.ErrDirectory
	default:
		return nil, vfs.ErrNotDirectory
	}
}

// Create implements vfs.FileSystem.
func (f *FileSystem) Create(directory vfs.NodeID, name []byte, mode vfs.Mode) (vfs.Entry, vfs.Handle, error) {
	d, err := f.place(directory, name)
	if err != nil {
		return vfs.Entry{}, 0, err
	}
	fid, err := f.newFid()
	if err != nil {
		return vfs.Entry{}, 0, err
	}
	if err := f.cloned(f.call(f.beginClone(d.fid, fid))); err != nil {
		f.dropFid(fid)
		return vfs.Entry{}, 0, err
	}
	flags := flagsOf(mode)
	s := f.beginFid(kindLcreate, fid)
	s.name(name)
	s.uint32(uint32(flags | openCreate | openExclusive))
	s.uint32(permissionsFile)
	s.uint32(nobody)
	q, err := f.qid(s, 4)
	if err != nil {
		f.clunkLater(fid)
		return vfs.Entry{}, 0, err
	}
	i, err := f.created(d, name, q)
	if err != nil {
		_ = f.clunk(fid)
		return vfs.Entry{}, 0, err
	}
	f.nodes[i].regular = true
	h := f.handle(handle{node: i, fid: fid, appendix: noFid, flags: flags})
	return vfs.Entry{Node: vfs.NodeID(i), Type: vfs.File}, h, nil
}

// created holds the node of a file that was just made.
func (f *FileSystem) created(d *node, name []byte, q qid) (uint32, error) {
	fid, found, err := f.walk(d.fid, name)
	if err != nil {
		return 0, err
	}
	if found != q || q.node() != vfs.File {
		f.clunkLater(fid)
		return 0, syscall.ESTALE // the host was faster
	}
	return f.hold(q, d.serial, fid), nil
}

// Close implements vfs.FileSystem.
func (f *FileSystem) Close(id vfs.Handle) error {
	if id >= vfs.Handle(len(f.handles)) || f.handles[id].node == 0 {
		return syscall.EBADF
	}
	h := f.handles[id]
	f.handles[id] = handle{next: f.freeOpen}
	f.freeOpen = uint32(id)
	err := f.clunk(h.fid)
	if h.appendix != noFid {
		if failed := f.clunk(h.appendix); err == nil {
			err = failed
		}
	}
	f.Release(vfs.NodeID(h.node))
	return err
}

// Read implements vfs.FileSystem. An answer that is short is the end of the file:
// servers read on until there is nothing more.
func (f *FileSystem) Read(id vfs.Handle, into [][]byte, offset uint64) (got int, err error) {
	h, err := f.opened(id, vfs.File)
	if err != nil {
		return 0, err
	}
	want, to := int(vfs.Clip(offset, vfs.Total(into))), device.Cursor{Buffers: into, Copier: f.copier}
	for got < want {
		at, tried, n := offset+uint64(got), want-got, 0
		if got == 0 {
			tried = f.likely(h, at, want)
		}
		if b := to.Next(min(tried, f.message-dataHeadBytes)); f.carrier.reach(b) {
			tried = len(b)
			n, err = f.readReached(h.fid, at, b)
			to.At += n
		} else {
			n, err = f.readCopied(h.fid, at, &to, tried)
		}
		if got += n; n < tried {
			break
		}
	}
	f.sees(h, offset+uint64(got))
	if got > 0 {
		err = nil // the next call finds it again
	}
	return got, err
}

// sees notes that a file has bytes up to an offset.
func (f *FileSystem) sees(h *handle, end uint64) {
	n := &f.nodes[h.node]
	n.seen = max(n.seen, end)
}

// likely returns how much of a read to ask for first: what lies a little behind where the file
// was seen to end is worth no request, and to find the memory for it no time.
func (f *FileSystem) likely(h *handle, at uint64, want int) int {
	const beyond = 16 << 10
	if seen := f.nodes[h.node].seen; seen > at {
		return int(min(uint64(want), seen-at+beyond))
	}
	return min(want, beyond)
}

// readReached reads into memory of the program that the server reaches. Nothing of it is left
// to come when it returns.
func (f *FileSystem) readReached(fid uint32, offset uint64, b []byte) (int, error) {
	s := f.beginFid(kindRead, fid)
	s.uint64(offset)
	s.uint32(uint32(len(b)))
	s.headBytes, s.into, s.reached = dataHeadBytes, device.Memory{Bytes: b}, true
	_ = f.send(s) // endRead knows
	return f.endRead(s)
}

// readCopied reads up to want bytes, some of them while those before are copied.
func (f *FileSystem) readCopied(fid uint32, offset uint64, to *device.Cursor, want int) (got int, err error) {
	piece := min(pieceBytes, f.message-dataHeadBytes)
	asked := 0
	var under [pieces]*slot
	first, count := 0, 0 // of under
	for err == nil && (asked < want || count > 0) {
		for asked < want && count < pieces {
			i := (first + count) % pieces
			n := min(piece, want-asked)
			under[i] = f.beginRead(kindRead, fid, offset+uint64(asked), i*pieceBytes, n)
			_ = f.send(under[i]) // finish knows
			asked += n
			count++
		}
		s := under[first]
		first, count = (first+1)%pieces, count-1
		var n int
		n, err = f.endRead(s)
		to.Fill(s.into.Bytes[:n])
		got += n
		if n < len(s.into.Bytes) {
			break
		}
	}
	for ; count > 0; first, count = (first+1)%pieces, count-1 {
		_, _ = f.wait(under[first]) // beyond the end, or behind an error
	}
	return got, err
}

// beginRead begins a request for n bytes, which come to a place in data.
func (f *FileSystem) beginRead(k kind, fid uint32, offset uint64, at, n int) *slot {
	s := f.beginFid(k, fid)
	s.uint64(offset)
	s.uint32(uint32(n))
	s.headBytes, s.into = dataHeadBytes, f.data.Part(at, n)
	return s
}

// endRead waits for what beginRead began and returns how many bytes have come.
func (f *FileSystem) endRead(s *slot) (int, error) {
	a, err := f.wait(s)
	if err != nil {
		return 0, err
	}
	n := int64(a.uint32())
	if !a.done() || n > int64(len(s.into.Bytes)) || int64(s.bytes) != dataHeadBytes+n {
		return 0, f.lie("data of a wrong length")
	}
	return int(n), nil
}

// Write implements vfs.FileSystem.
func (f *FileSystem) Write(id vfs.Handle, from [][]byte, offset uint64) (int, error) {
	h, err := f.opened(id, vfs.File)
	if err != nil {
		return 0, err
	}
	return f.write(h, h.fid, from, offset)
}

// write writes buffers, part by part: one begins when the one before it is written.
func (f *FileSystem) write(h *handle, fid uint32, from [][]byte, offset uint64) (done int, err error) {
	want := int(vfs.Clip(offset, vfs.Total(from)))
	if want == 0 && len(from) > 0 && offset >= vfs.OffsetMax {
		return 0, tooLarge(from)
	}
	source := device.Cursor{Buffers: from, Copier: f.copier}
	for done < want && err == nil {
		var tried, written int
		tried, written, err = f.writePart(h, fid, &source, offset+uint64(done), want-done)
		if isFull(err) && fid == h.appendix {
			written = f.grown(h, offset+uint64(done), tried)
		}
		done += written
		if written < tried {
			break // the next call finds out why, if this one does not say
		}
	}
	f.sees(h, offset+uint64(done))
	if n := &f.nodes[h.node]; n.known != nil {
		n.known.Size = max(n.known.Size, offset+uint64(done))
	}
	if done > 0 {
		err = nil // the next call finds it again
	}
	return done, err
}

// writePart writes some of want bytes, and tells how many it has tried, too. A part that the
// server has no room for is copied, so that it can be written in smaller ones.
func (f *FileSystem) writePart(h *handle, fid uint32, source *device.Cursor, offset uint64, want int) (tried, written int, err error) {
	if b := source.Next(min(want, f.message-writeHeadBytes)); f.carrier.reach(b) {
		s := f.beginWrite(fid, offset, device.Memory{Bytes: b})
		s.reached = true
		_ = f.send(s) // endWrite knows
		if written, err = f.endWrite(s); err == nil || !isFull(err) || fid == h.appendix {
			source.At += written
			return len(b), written, err
		}
	}
	data := f.data.Part(0, min(partBytes, f.message-writeHeadBytes, want))
	source.Drain(data.Bytes)
	s := f.beginWrite(fid, offset, data)
	_ = f.send(s) // endWrite knows
	if written, err = f.endWrite(s); isFull(err) && fid != h.appendix {
		written = f.squeeze(fid, offset, data)
	}
	return len(data.Bytes), written, err
}

// isFull reports whether an error says that less might have been written.
func isFull(err error) bool {
	return err == syscall.ENOSPC || err == syscall.EDQUOT || err == syscall.EFBIG
}

// squeeze writes as much of data as there is room for, and returns how much that is.
// QEMU fails when the host has taken only a part, and does not say how much: so this
// finds out by smaller and smaller parts.
func (f *FileSystem) squeeze(fid uint32, offset uint64, data device.Memory) (done int) {
	for n := len(data.Bytes) / 2; n > 0 && done < len(data.Bytes); {
		s := f.beginWrite(fid, offset+uint64(done), data.Part(done, min(n, len(data.Bytes)-done)))
		_ = f.send(s) // endWrite knows
		written, err := f.endWrite(s)
		done += written
		switch {
		case isFull(err):
			n /= 2
		case err != nil:
			return done
		}
	}
	return done
}

// grown is squeeze for a fid that appends, where writing again would not write over the part
// that the host has taken but behind it: it is what the file has grown by, up to n bytes.
func (f *FileSystem) grown(h *handle, offset uint64, n int) int {
	at, err := f.Attributes(vfs.NodeID(h.node))
	if err != nil || at.Size <= offset {
		return 0
	}
	return int(min(at.Size-offset, uint64(n)))
}

// tooLarge returns what writing beyond the greatest offset gives.
func tooLarge(from [][]byte) error {
	for _, b := range from {
		if len(b) > 0 {
			return vfs.ErrTooLarge
		}
	}
	return nil
}

// beginWrite begins a request to write a piece of data.
func (f *FileSystem) beginWrite(fid uint32, offset uint64, data device.Memory) *slot {
	s := f.beginFid(kindWrite, fid)
	s.uint64(offset)
	s.uint32(uint32(len(data.Bytes)))
	s.payload = data
	return s
}

// endWrite waits for what beginWrite began and returns how many bytes are written.
func (f *FileSystem) endWrite(s *slot) (int, error) {
	a, err := f.wait(s)
	if err != nil {
		return 0, err
	}
	written := int64(a.uint32())
	if !a.done() || written > int64(len(s.payload.Bytes)) {
		return 0, f.lie("Rwrite")
	}
	if written == 0 {
		return 0, vfs.ErrDamaged // neither written nor an error
	}
	return int(written), nil
}

// Append implements vfs.FileSystem. A fid that appends has the host find the end, so
// that nothing is lost where the host appends, too; the offset is for a host that
// does not. A file whose name is gone has no attributes: then the end is where the
// last Append was.
func (f *FileSystem) Append(id vfs.Handle, from [][]byte) (n int, end uint64, err error) {
	h, err := f.opened(id, vfs.File)
	if err != nil {
		return 0, 0, err
	}
	if h.appendix == noFid {
		fid, err := f.reopen(h.node, h.flags|openAppend)
		if err != nil {
			return 0, 0, err
		}
		h.appendix = fid
	}
	at, err := f.Attributes(vfs.NodeID(h.node))
	switch {
	case err == syscall.ENOENT || err == syscall.ESTALE:
		at.Size = h.end
	case err != nil:
		return 0, 0, err
	}
	n, err = f.write(h, h.appendix, from, at.Size)
	h.end = at.Size + uint64(n)
	return n, h.end, err
}

// Allocate implements vfs.FileSystem, as far as 9P can, which has no message for it:
// what lies beyond the end is written, with zeroes. Holes before the end stay holes.
func (f *FileSystem) Allocate(id vfs.Handle, offset, bytes uint64) error {
	h, err := f.opened(id, vfs.File)
	if err != nil {
		return err
	}
	if offset > vfs.OffsetMax || bytes > vfs.OffsetMax-offset {
		return vfs.ErrTooLarge
	}
	at, err := f.Attributes(vfs.NodeID(h.node))
	if err != nil || at.Size >= offset+bytes {
		return err
	}
	zeroes := f.data.Part(0, min(partBytes, f.message-writeHeadBytes))
	clear(zeroes.Bytes)
	for from := max(offset, at.Size); from < offset+bytes && err == nil; {
		s := f.beginWrite(h.fid, from, zeroes.Part(0, int(min(uint64(len(zeroes.Bytes)), offset+bytes-from))))
		_ = f.send(s) // endWrite knows
		var n int
		n, err = f.endWrite(s)
		from += uint64(n)
	}
	if err != nil {
		// The file is as long as it was; if that fails too, it has more zeroes.
		_ = f.SetAttributes(vfs.NodeID(h.node), vfs.Change{SetSize: true, Size: at.Size})
	}
	return err
}

// Sync implements vfs.FileSystem.
func (f *FileSystem) Sync(id vfs.Handle, data bool) error {
	if id >= vfs.Handle(len(f.handles)) || f.handles[id].node == 0 {
		return syscall.EBADF
	}
	s := f.beginFid(kindFsync, f.handles[id].fid)
	if data {
		s.uint32(fsyncContents)
	} else {
		s.uint32(0)
	}
	return f.ok(s)
}
