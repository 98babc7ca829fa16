package fuse

import (
	"mewz/kernel/device"
	"mewz/kernel/vfs"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/request"
)

// Sizes of reading ahead.
const (
	// windowFirst is what the first small read asks for: files of few pages are read, end
	// and all, by one request. Each window after it has twice the size, up to a piece.
	windowFirst = 16 << 10
	// directBytes is a read that gains nothing from a window.
	directBytes = 64 << 10
	pageBytes   = 4096
)

// ahead is what was read ahead of a handle: a program that reads one part after the
// other in small steps asks the host once for many. following is on its way while current is
// used up. A window that is shorter than asked for ends where the file does.
type ahead struct {
	expect             uint64 // where a read goes on
	window             int    // bytes of the next one; 0: windowFirst
	current, following *piece
}

// dropAhead drops what was read ahead of a node.
func (f *FileSystem) dropAhead(n *node) {
	for i := n.handles; i != none; i = f.handles.all[i].next {
		h := &f.handles.all[i]
		f.drop(h.current)
		f.drop(h.following)
		h.window = 0
	}
}

// abandon frees all pieces of a handle.
func (f *FileSystem) abandon(h *handle) {
	f.drop(h.current)
	f.drop(h.following)
	f.drop(h.block)
}

// Read fills buffers.
func (f *FileSystem) Read(number vfs.Handle, into [][]byte, offset uint64) (int, error) {
	h, err := f.handle(number, vfs.File)
	if err != nil {
		return 0, err
	}
	f.fresh.node = none
	v := device.Cursor{Buffers: into, Copier: f.copier}
	at, end := offset, offset+vfs.Clip(offset, vfs.Total(into))
	sequential := at == h.expect
	if !sequential {
		h.window = 0
	}
	for at < end {
		var p *piece
		if p, err = f.windowAt(h, at); p == nil && err == nil && sequential && !h.direct && end-at < directBytes {
			p, err = f.openWindow(h, at, int(end-at))
		}
		if err != nil {
			break
		}
		if p == nil {
			likely := end
			if at == offset {
				likely = f.likelyEnd(h, at, end)
			}
			if at, err = f.readUnkept(h, &v, at, likely); err != nil || at < likely {
				break
			}
			continue
		}
		b := p.data.Bytes[at-p.offset : p.got]
		if len(b) == 0 {
			break // the end of the file
		}
		b = b[:min(uint64(len(b)), end-at)]
		v.Fill(b)
		at += uint64(len(b))
		f.goOn(h, at)
	}
	h.expect = at
	n := &f.nodes.all[h.node]
	n.seen = max(n.seen, at)
	if at != offset {
		err = nil // the next call meets it again
	}
	return int(at - offset), err
}

// windowAt returns the window that tells what the file has at an offset, or nil.
func (f *FileSystem) windowAt(h *handle, at uint64) (*piece, error) {
	if p := h.following; p != nil && at-p.offset < uint64(p.asked) {
		f.drop(h.current)
		h.current, h.following = p, nil
	}
	p := h.current
	if p == nil || at-p.offset > uint64(p.asked) {
		return nil, nil
	}
	if p.state == pieceFlying {
		if err := f.finish(p); err != nil {
			f.disown(p)
			return nil, err
		}
		p.state = pieceReady
	}
	if f.now()-p.born >= keepFor {
		f.drop(p)
		return nil, nil
	}
	if in := at - p.offset; in < uint64(p.got) || in == uint64(p.got) && p.got < p.asked {
		return p, nil
	}
	return nil, nil
}

// openWindow reads a window of a handle, or returns nil if there is no piece for it.
func (f *FileSystem) openWindow(h *handle, at uint64, least int) (*piece, error) {
	f.drop(h.current)
	f.drop(h.following)
	p := f.take(false)
	if p == nil {
		return nil, nil
	}
	if h.window == 0 {
		h.window = windowFirst
	}
	h.window = min(max(h.window, (4*least+pageBytes-1)&^(pageBytes-1)), pieceBytes)
	if err := f.startRead(p, reading{opRead, h, at, int(vfs.Clip(at, uint64(h.window)))}); err != nil {
		return nil, err
	}
	if err := f.finish(p); err != nil {
		return nil, err
	}
	h.window = min(2*h.window, pieceBytes)
	p.state, p.owner, h.current = pieceReady, h.self, p
	return p, nil
}

// goOn asks for the following window when half of the current one is used up, if the
// program has shown that it reads far.
func (f *FileSystem) goOn(h *handle, at uint64) {
	p := h.current
	if h.following != nil || p.asked != pieceBytes || p.got != p.asked || at-p.offset < pieceBytes/2 {
		return
	}
	from := p.offset + pieceBytes
	n := int(vfs.Clip(from, pieceBytes))
	if n == 0 {
		return
	}
	next := f.take(false)
	if next == nil || f.startRead(next, reading{opRead, h, from, n}) != nil {
		return
	}
	next.owner, h.following = h.self, next
	f.device.Kick()
}

// likelyEnd is where a read to end is likely to end: a little behind where the file was seen to
// end. Programs read small files into large buffers, to find which costs more than they hold.
func (f *FileSystem) likelyEnd(h *handle, at, end uint64) uint64 {
	ahead := uint64(windowFirst)
	if seen := f.nodes.all[h.node].seen; seen > at {
		ahead = max(ahead, seen-at+pageBytes)
	}
	if end-at <= ahead {
		return end
	}
	return at + ahead
}

// readUnkept reads from an offset to another, past what is read ahead, and returns where it
// ended: into the caller's memory itself as far as virtiofsd reaches it.
func (f *FileSystem) readUnkept(h *handle, v *device.Cursor, at, end uint64) (uint64, error) {
	for at < end {
		b := v.Next(int(min(end-at, uint64(f.readMax))))
		extents := f.device.Reach(queueRequest, b)
		if len(extents) == 0 {
			return f.readCopied(h, v, at, end)
		}
		n, err := f.readReached(reading{opRead, h, at, len(b)}, extents)
		v.At += n
		at += uint64(n)
		if err != nil || n < len(b) {
			return at, err
		}
	}
	return at, nil
}

// readReached is a request that virtiofsd answers into memory of the program. Nothing of it is
// left to come when it returns.
func (f *FileSystem) readReached(r reading, extents []device.Extent) (int, error) {
	t := &f.call
	in := t.in.Bytes[:inHeaderBytes+readInBytes]
	t.unique = f.putRead(in, r)
	chain := append(f.chain[:0], virtio.Buffer{Physical: t.in.Physical, Bytes: uint32(len(in))},
		virtio.Buffer{Physical: t.out.Physical, Bytes: outHeaderBytes, Write: true})
	n, err := f.exchange(request.AppendReached(chain, extents, true))
	if n > r.bytes {
		return 0, f.broken()
	}
	return n, err
}

// readCopied reads from an offset to another, several pieces at once, and returns where it
// ended.
func (f *FileSystem) readCopied(h *handle, v *device.Cursor, at, end uint64) (uint64, error) {
	var flying [piecesMax]*piece
	first, count := 0, 0
	var err error
	for asked := at; at < end; {
		for asked < end && count < len(flying) {
			p := f.take(count == 0)
			if p == nil {
				break
			}
			n := int(min(end-asked, pieceBytes))
			if err = f.startRead(p, reading{opRead, h, asked, n}); err != nil {
				return at, err // the share is given up, and the pieces with it
			}
			p.owner = theCall
			flying[(first+count)%len(flying)] = p
			count++
			asked += uint64(n)
		}
		p := flying[first]
		first, count = (first+1)%len(flying), count-1
		if err = f.finish(p); err != nil {
			break
		}
		v.Fill(p.data.Bytes[:p.got])
		at += uint64(p.got)
		p.state, p.owner = pieceFree, none
		if p.got < p.asked {
			break
		}
	}
	for i := range count { // freed when their answers have come
		f.disown(flying[(first+i)%len(flying)])
	}
	return at, err
}
