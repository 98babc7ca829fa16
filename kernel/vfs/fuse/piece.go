package fuse

import (
	"time"

	"mewz/kernel/device"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/request"
)

// pieceHeadBytes is room for the header of a read and of its answer.
const pieceHeadBytes = smallBytes

// piece is a buffer for what is read or written, with a request for it.
//
//	free ── startRead ─▶ flying ── finish ─▶ ready ── drop, keep for too long ─▶ free
//	                        └────── drop ─▶ flying without an owner ── answer ─▶ free
type piece struct {
	head, data device.Memory
	state      pieceState
	owner      uint32 // handle whose window it is; none; theCall
	id         request.ID
	unique     uint64
	offset     uint64 // in the file
	asked, got int
	born       time.Duration // when it was asked for
}

type pieceState uint8

const (
	pieceFree pieceState = iota
	pieceFlying
	pieceReady
	pieceTaken // by the call under way
)

// keepFor is how long data that was read ahead stands for the file. Linux keeps it
// for a second, or until it sees that the file has changed (decision 0019).
const keepFor = 100 * time.Millisecond

// take returns a free piece, or nil if others need them all. In urgent need somebody
// loses what was read ahead.
func (f *FileSystem) take(urgent bool) *piece {
	if p := f.unused(false); p != nil {
		return p
	}
	if !urgent {
		return nil
	}
	if p := f.unused(true); p != nil {
		return p
	}
	for i := range f.pieces {
		if p := &f.pieces[i]; p.state == pieceFlying {
			_ = f.finish(p)
			f.disown(p)
			p.state = pieceTaken
			return p
		}
	}
	return nil
}

// unused finds a piece that is free, or too old; or, if all is set, just ready.
func (f *FileSystem) unused(all bool) *piece {
	for i := range f.pieces {
		p := &f.pieces[i]
		old := p.state != pieceFree && f.now()-p.born >= keepFor
		if p.state == pieceFlying && old && p.owner != theCall {
			f.disown(p)
		}
		if p.state == pieceFlying && p.owner == none {
			if _, done, _ := f.device.Done(p.id); done {
				p.state = pieceFree
			}
		}
		if p.state == pieceReady && (all || old) {
			f.disown(p)
			p.state = pieceFree
		}
		if p.state == pieceFree {
			p.state, p.owner = pieceTaken, none
			return p
		}
	}
	return nil
}

// theCall owns what the call under way waits for itself.
const theCall = none - 1

// disown takes a piece from its handle.
// Not inlined, for the size of the kernel: decision 0015.
//
//go:noinline
func (f *FileSystem) disown(p *piece) {
	if p.owner == none || p.owner == theCall {
		p.owner = none
		return
	}
	h := &f.handles.all[p.owner]
	for _, at := range [...]**piece{&h.current, &h.following, &h.block} {
		if *at == p {
			*at = nil
		}
	}
	p.owner = none
}

// drop frees a piece; what is still to come into it is not looked at.
// Not inlined, for the size of the kernel: decision 0015.
//
//go:noinline
func (f *FileSystem) drop(p *piece) {
	if p == nil {
		return
	}
	f.disown(p)
	if p.state != pieceFlying {
		p.state = pieceFree
	}
}

// reading says what startRead reads.
type reading struct {
	op     opcode // opRead or opReaddir
	h      *handle
	offset uint64
	bytes  int
}

// startRead asks for a piece of a file or directory.
func (f *FileSystem) startRead(p *piece, r reading) error {
	p.offset, p.asked, p.got, p.born = r.offset, r.bytes, 0, f.now()
	in := p.head.Bytes[:inHeaderBytes+readInBytes]
	p.unique = f.putRead(in, r)
	f.chain[0] = virtio.Buffer{Physical: p.head.Physical, Bytes: uint32(len(in))}
	f.chain[1] = virtio.Buffer{Physical: p.head.Physical + smallInBytes, Bytes: outHeaderBytes, Write: true}
	f.chain[2] = virtio.Buffer{Physical: p.data.Physical, Bytes: uint32(r.bytes), Write: true}
	id, err := f.device.Start(queueRequest, f.chain[:3]...)
	if err != nil {
		p.state = pieceFree
		return f.failed()
	}
	p.id, p.state = id, pieceFlying
	return nil
}

// putRead writes a request to read and returns its number.
func (f *FileSystem) putRead(in []byte, r reading) uint64 {
	return f.putTransfer(in, question{op: r.op, node: f.nodes.all[r.h.node].id, in: readInBytes},
		writing{r.h.fh, r.h.flags, r.offset, uint64(r.bytes)})
}

// putTransfer writes a request to read or to write: fuse_read_in and fuse_write_in are alike.
func (f *FileSystem) putTransfer(in []byte, q question, w writing) uint64 {
	f.unique++
	in = in[:inHeaderBytes+readInBytes]
	clear(in)
	putHeader(in, q, f.unique)
	put64(in, 40, w.fh)
	put64(in, 48, w.offset)
	put32(in, 56, uint32(w.bytes))
	put32(in, 72, w.flags)
	return f.unique
}

// finish waits for the answer to startRead. The piece belongs to the call then; after an
// error it is free.
func (f *FileSystem) finish(p *piece) error {
	written, err := f.device.Wait(p.id)
	p.state = pieceFree
	if err != nil {
		return f.failed()
	}
	n, err := f.answered(p.head.Bytes[smallInBytes:], p.unique, written)
	if err != nil {
		return err
	}
	if n > p.asked {
		return f.broken()
	}
	p.got, p.state = n, pieceTaken
	return nil
}
