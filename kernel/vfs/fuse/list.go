package fuse

import "mewz/kernel/vfs"

// Bounds of listing a directory.
const (
	// listBytes is what is asked for at once: a thousand names, as much as the host
	// reads from its own file system.
	listBytes = 32 << 10
	// blocksMax bounds the blocks of one call: some sixty million files.
	blocksMax = 1 << 16
	// dotsWithin is how far the entries . and .. are looked for; their serial numbers are
	// left out otherwise.
	dotsWithin = 8
)

// Cookies: 0 is the first entry, ., which is ours, 1 the second, ..; the host's count begins
// at 0, too, which is cookieHost here.
const cookieHost = 2

// listing is the block of a directory that was read last, and how far it is visited.
type listing struct {
	block       *piece
	blockAt     int    // the entry to visit next
	blockCookie uint64 // of the host: where that is
	blockSeen   uint64 // changes when it was read
}

// List visits the entries of a directory.
func (f *FileSystem) List(number vfs.Handle, cookie uint64, visit func(e *vfs.DirectoryEntry) bool) error {
	h, err := f.handle(number, vfs.Directory)
	if err != nil {
		return err
	}
	f.fresh.node = none
	if cookie < cookieHost {
		if goesOn, err := f.listDots(h, cookie, visit); !goesOn || err != nil {
			return err
		}
		cookie = cookieHost
	}
	at, e := cookie-cookieHost, &f.listed
	for range blocksMax {
		b, err := f.blockFrom(h, at)
		if err != nil || len(b) == 0 {
			return err
		}
		for len(b) != 0 {
			n, next := e.parse(b), e.Next
			if n == 0 || next == at || next > 1<<64-1-cookieHost {
				return f.broken()
			}
			e.Next = next + cookieHost
			if e.dots() == 0 && !visit(&e.DirectoryEntry) {
				return nil
			}
			at, b = next, b[n:]
			h.blockAt, h.blockCookie = h.blockAt+n, at
		}
	}
	return f.broken()
}

// listDots visits . and .., which the host has anywhere among the others.
func (f *FileSystem) listDots(h *handle, cookie uint64, visit func(e *vfs.DirectoryEntry) bool) (goesOn bool, err error) {
	f.drop(h.block) // from the beginning means anew
	b, err := f.blockFrom(h, 0)
	if err != nil {
		return false, err
	}
	e := &f.listed
	var serials [3]uint64 // by entryBuffer.dots
	for i := 0; i < dotsWithin && len(b) != 0; i++ {
		n := e.parse(b)
		if n == 0 {
			return false, f.broken()
		}
		serials[e.dots()] = e.Serial
		b = b[n:]
	}
	if h.node == 0 {
		serials[2] = serials[1]
	}
	for n := int(cookie) + 1; n <= 2; n++ {
		e.setDots(n, serials[n])
		if !visit(&e.DirectoryEntry) {
			return false, nil
		}
	}
	return true, nil
}

// blockFrom returns entries from a place on that the host has named; none: the end.
func (f *FileSystem) blockFrom(h *handle, at uint64) ([]byte, error) {
	p := h.block
	if p != nil && h.blockSeen == f.changes && f.now()-p.born < keepFor && h.blockAt < p.got {
		if at != h.blockCookie { // perhaps behind the entry that was refused last
			if n := f.listed.parse(p.data.Bytes[h.blockAt:p.got]); n != 0 && f.listed.Next == at {
				h.blockAt, h.blockCookie = h.blockAt+n, at
			}
		}
		if at == h.blockCookie && h.blockAt < p.got {
			return p.data.Bytes[h.blockAt:p.got], nil
		}
	}
	f.drop(p)
	p = f.take(true)
	if err := f.startRead(p, reading{opReaddir, h, at, listBytes}); err != nil {
		return nil, err
	}
	if err := f.finish(p); err != nil {
		return nil, err
	}
	p.state, p.owner = pieceReady, h.self
	h.listing = listing{block: p, blockCookie: at, blockSeen: f.changes}
	return p.data.Bytes[:p.got], nil
}
