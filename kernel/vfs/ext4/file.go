package ext4

import (
	"math/bits"
	"syscall"

	"mewz/kernel/device"
	"mewz/kernel/vfs"
)

// Sizes of transfers.
const (
	// aheadMinBytes is how much is read at once for who reads on and on, aheadMaxBytes
	// after some time: as much as the driver has requests for.
	aheadMinBytes = 128 << 10
	aheadMaxBytes = 1 << 20
	// pieceBytes bounds what is allocated by one operation.
	pieceBytes = 4 << 20
)

// sizeMax is the greatest size of a file.
func (fs *FileSystem) sizeMax() uint64 { return logicalMax << fs.blockShift }

// opened returns the file of a handle that was opened for something.
func (fs *FileSystem) opened(h vfs.Handle, mode vfs.Mode) (*handle, error) {
	open := fs.handles.get(h)
	if open == nil || open.mode&mode == 0 {
		return nil, syscall.EBADF
	}
	if open.node.isDirectory() {
		return nil, vfs.ErrDirectory
	}
	return open, nil
}

// Read fills buffers from offset on.
func (fs *FileSystem) Read(h vfs.Handle, into [][]byte, offset uint64) (int, error) {
	fs.cache.trim()
	open, err := fs.opened(h, vfs.ModeRead)
	if err != nil {
		return 0, err
	}
	n := open.node
	want := vfs.Total(into)
	if want == 0 || offset >= n.size {
		return 0, nil
	}
	want = min(want, n.size-offset)
	if err := fs.accessed(n); err != nil {
		return 0, err
	}
	if len(into) == 1 && uint64(len(into[0])) == want && fs.hit(n, into[0], offset) {
		open.next = offset + want
		return int(want), nil
	}
	c := device.Cursor{Buffers: into, Copier: fs.copier}
	if offset != open.next {
		open.window = 0
	} else if open.window == 0 {
		open.window = aheadMinBytes
	}
	for at := offset; at < offset+want; {
		m, err := fs.lookup(n, at>>fs.blockShift)
		if err != nil {
			return int(at - offset), err
		}
		in := int(at & uint64(fs.blockBytes-1))
		k := int(min(offset+want-at, m.count<<fs.blockShift-uint64(in), pieceBytes))
		if !m.written() {
			c.Zero(k)
		} else if err := fs.fetch(m, in, k, &c, open); err != nil {
			return int(at - offset), err
		}
		at += uint64(k)
		fs.cache.trim()
	}
	open.next = offset + want
	return int(want), nil
}

// inChunk returns where n bytes from a place in a block on lie in its chunk: the block, the
// bytes, and how many of them.
func (fs *FileSystem) inChunk(block uint64, in, n int) (first uint64, at, bytes int) {
	first = block & fs.data.mask
	at = int(first)<<fs.blockShift + in
	return first, at, min(n, chunkBytes-at)
}

// hit reads what lies in the extent and the chunk found last, as most small reads do; it
// reports whether that is so.
func (fs *FileSystem) hit(n *inode, into []byte, offset uint64) bool {
	e, d := &n.recent, fs.data
	skip := offset>>fs.blockShift - e.logical
	block := e.physical + skip
	at := int(block&d.mask)<<fs.blockShift + int(offset&uint64(fs.blockBytes-1))
	end := at + len(into)
	if skip >= e.count || !e.written() || end > chunkBytes || d.recent.number != block>>d.shift {
		return false
	}
	first, last := uint64(at)>>fs.blockShift, uint64(end-1)>>fs.blockShift
	if skip+last-first >= e.count || ^d.recent.have&some(first, last-first+1) != 0 {
		return false
	}
	fs.copier.Copy(into, d.recent.data[at:end])
	return true
}

// fetch copies n bytes of an extent.
func (fs *FileSystem) fetch(m mapping, in, n int, c *device.Cursor, open *handle) error {
	d := fs.data
	for block := m.physical; n > 0; {
		first, at, k := fs.inChunk(block, in, n)
		count := uint64(at+k-1)>>fs.blockShift + 1 - first
		if found := d.find(block); found != nil && ^found.have&some(first, count) == 0 {
			c.Fill(found.data[at : at+k])
			block, n, in = block+count, n-k, 0
			continue
		} else if found != nil {
			if here := ^(found.have >> first); here&1 == 0 { // up to the first that is missing
				count = uint64(bits.TrailingZeros64(here))
				k = int(count)<<fs.blockShift - in
				c.Fill(found.data[at : at+k])
				block, n, in = block+count, n-k, 0
				continue
			}
		}
		most := max(uint64(in+n+fs.blockBytes-1), uint64(open.window)) >> fs.blockShift
		if err := fs.loadData(block, min(most, aheadMaxBytes>>fs.blockShift, m.physical+m.count-block)); err != nil {
			return err
		}
		open.window = min(2*open.window, aheadMaxBytes)
	}
	return nil
}

// Write writes buffers at offset.
func (fs *FileSystem) Write(h vfs.Handle, from [][]byte, offset uint64) (int, error) {
	open, err := fs.opened(h, vfs.ModeWrite)
	if err != nil {
		return 0, err
	}
	n, err := fs.write(open.node, from, offset)
	return fs.written(open, n, err)
}

// Append writes at the end of the file.
func (fs *FileSystem) Append(h vfs.Handle, from [][]byte) (int, uint64, error) {
	open, err := fs.opened(h, vfs.ModeWrite)
	if err != nil {
		return 0, 0, err
	}
	n, err := fs.write(open.node, from, open.node.size)
	n, err = fs.written(open, n, err)
	return n, open.node.size, err
}

func (fs *FileSystem) write(n *inode, from [][]byte, offset uint64) (int, error) {
	if err := fs.writable(); err != nil {
		return 0, err
	}
	want := vfs.Total(from)
	if want == 0 {
		return 0, nil
	}
	if offset >= fs.sizeMax() {
		return 0, vfs.ErrTooLarge
	}
	want = min(want, fs.sizeMax()-offset)
	if offset > n.size {
		if err := fs.zeroTail(n, n.size); err != nil {
			return 0, err
		}
	}
	c := device.Cursor{Buffers: from, Copier: fs.copier}
	done := uint64(0)
	for done < want {
		now := fs.now()
		if err := fs.relieveAt(now); err != nil {
			return int(done), err
		}
		fs.cache.trim()
		k, err := fs.writePiece(n, &c, stretch{offset + done, want - done}, fs.storable(now))
		done += uint64(k)
		if err != nil {
			return int(done), err
		}
	}
	return int(done), nil
}

// stretch is a part of a file.
type stretch struct{ offset, bytes uint64 }

// writePiece writes the beginning of a part into one extent, which it makes where there is a hole.
func (fs *FileSystem) writePiece(n *inode, c *device.Cursor, part stretch, now uint64) (int, error) {
	at, left := part.offset, part.bytes
	block, in := at>>fs.blockShift, int(at&uint64(fs.blockBytes-1))
	m, err := fs.lookup(n, block)
	if err != nil {
		return 0, err
	}
	want := (uint64(in) + left + uint64(fs.blockBytes) - 1) >> fs.blockShift
	m.count = min(m.count, want, pieceBytes>>fs.blockShift)
	fresh := !m.written()
	length := func() int { return int(min(left, m.count<<fs.blockShift-uint64(in))) }
	switch {
	case m.physical == 0:
		err = fs.fill(n, &m, func() uint64 { return at + uint64(length()) })
	case m.unwritten:
		err = fs.change(func() error {
			fs.touch(n)
			if err := fs.setWritten(n, m.logical, m.count); err != nil {
				return err
			}
			return fs.grow(n, at+uint64(length()))
		})
	default:
		if err = fs.loadEnds(m, in, length()); err != nil {
			return 0, err
		}
		if at+uint64(length()) > n.size {
			err = fs.change(func() error {
				fs.touch(n)
				return fs.grow(n, at+uint64(length()))
			})
			break
		}
		n.modified, n.changed = now, now
		fs.later(n)
	}
	if err != nil {
		return 0, err
	}
	k := length()
	return k, fs.store(m, in, k, c, fresh)
}

// fill gives a hole blocks: of m, as many as there are in one piece.
func (fs *FileSystem) fill(n *inode, m *mapping, end func() uint64) error {
	want := *m
	return fs.change(func() error {
		*m = want
		goal, err := fs.goal(n, m.logical)
		if err != nil {
			return err
		}
		r, err := fs.allocateBlocks(goal, min(m.count, extentWrittenMax))
		if err != nil {
			return err
		}
		m.physical, m.count = r.block, r.count
		fs.touch(n)
		if err := fs.insert(n, *m); err != nil {
			return err
		}
		fs.addBlocks(n, int64(m.count))
		return fs.grow(n, end())
	})
}

// goal is where the block of a file should lie: behind the one before it.
func (fs *FileSystem) goal(n *inode, logical uint64) (uint64, error) {
	if logical > 0 {
		m, err := fs.lookup(n, logical-1)
		if err != nil {
			return 0, err
		}
		if m.physical != 0 {
			return m.physical + 1, nil
		}
	}
	return fs.near(n), nil
}

// grow notes that a file was written up to an end.
func (fs *FileSystem) grow(n *inode, end uint64) error {
	if end > n.size {
		n.size = end
		n.needsData = fs.running.id
	}
	n.modified = fs.time()
	n.changed = n.modified
	return fs.put(n)
}

// loadEnds reads the blocks of which only a part will be written.
func (fs *FileSystem) loadEnds(m mapping, in, n int) error {
	if in != 0 || n < fs.blockBytes {
		if _, _, err := fs.dataBlock(m.physical); err != nil {
			return err
		}
	}
	if end := in + n; end&(fs.blockBytes-1) != 0 {
		_, _, err := fs.dataBlock(m.physical + uint64(end)>>fs.blockShift)
		return err
	}
	return nil
}

// store writes n bytes into an extent; what else is in a fresh block are zeroes. What a fresh
// block holds on the volume must never be seen: without memory for it the volume is not
// written any more.
func (fs *FileSystem) store(m mapping, in, n int, c *device.Cursor, fresh bool) error {
	d := fs.data
	for block := m.physical; n > 0; {
		first, at, k := fs.inChunk(block, in, n)
		count := uint64(at+k-1)>>fs.blockShift + 1 - first
		to, err := fs.storeChunk(block, count)
		if err != nil {
			return fs.fail(err)
		}
		from, end := int(first)<<fs.blockShift, int(first+count)<<fs.blockShift
		if fresh {
			clear(to.data[from:at])
			clear(to.data[at+k : end])
		} else if err := fs.keepEnds(to, block, count, at-from, end-at-k); err != nil {
			return err
		}
		c.Drain(to.data[at : at+k])
		to.have |= some(first, count)
		d.setDirty(to, some(first, count))
		block, n, in = block+count, n-k, 0
	}
	if d.dirtyBlocks<<fs.blockShift > d.limit/2*pageBytes {
		return fs.writeData()
	}
	return nil
}

// storeChunk returns the chunk of blocks, with memory for them.
func (fs *FileSystem) storeChunk(block, count uint64) (*chunk, error) {
	c, err := fs.chunk(block)
	if err != nil {
		return nil, err
	}
	first := int(block & fs.data.mask)
	if pages := pagesOf(first<<fs.blockShift, (first+int(count))<<fs.blockShift); pages&^c.memory != 0 {
		c.busy = true
		fs.data.unlist(c)
		err = fs.back(c, pages)
		c.busy = false
		fs.data.use(c)
	}
	return c, err
}

// keepEnds makes sure that the first and the last of some blocks are here, if a part of them
// stays; they were read before, but may have made room for others since.
func (fs *FileSystem) keepEnds(c *chunk, block, count uint64, before, behind int) error {
	first := block & fs.data.mask
	if before > 0 && c.have>>first&1 == 0 {
		if err := fs.loadData(block, 1); err != nil {
			return err
		}
	}
	if last := first + count - 1; behind > 0 && c.have>>last&1 == 0 {
		return fs.loadData(block+count-1, 1)
	}
	return nil
}

// zeroTail clears what is behind a position in its block: it becomes visible when
// the file grows.
func (fs *FileSystem) zeroTail(n *inode, from uint64) error {
	in := int(from & uint64(fs.blockBytes-1))
	if in == 0 {
		return nil
	}
	m, err := fs.lookup(n, from>>fs.blockShift)
	if err != nil || !m.written() {
		return err
	}
	found, b, err := fs.dataBlock(m.physical)
	if err != nil {
		return err
	}
	for _, c := range b[in:] {
		if c != 0 {
			clear(b[in:])
			fs.data.setDirty(found, some(m.physical&fs.data.mask, 1))
			break
		}
	}
	return nil
}

// setSize cuts a file, or extends it by a hole.
func (fs *FileSystem) setSize(n *inode, size uint64) error {
	if size > fs.sizeMax() {
		return vfs.ErrTooLarge
	}
	before := n.size
	if size > before {
		if err := fs.zeroTail(n, before); err != nil {
			return err
		}
	}
	done := true
	err := fs.change(func() (err error) {
		fs.touch(n)
		n.size = size
		n.modified = fs.time()
		n.changed = n.modified
		n.needsData = fs.running.id
		if size < before {
			if done, err = fs.cut(n, fs.blocksFor(size)); err != nil {
				return err
			}
			if !done && !fs.isOrphan(n) {
				fs.addOrphan(n)
			}
		}
		return fs.put(n)
	})
	if err != nil || size >= before {
		return err
	}
	if err := fs.zeroTail(n, size); err != nil {
		return err
	}
	if !done {
		return fs.finishCut(n)
	}
	return nil
}

func (fs *FileSystem) blocksFor(size uint64) uint64 {
	return (size + uint64(fs.blockBytes) - 1) >> fs.blockShift
}

// finishCut gives back what a file in the list of orphans has beyond its end.
func (fs *FileSystem) finishCut(n *inode) error {
	for done := false; !done; {
		err := fs.change(func() (err error) {
			fs.touch(n)
			if done, err = fs.cut(n, fs.blocksFor(n.size)); err != nil {
				return err
			}
			if done && n.links > 0 {
				if err := fs.removeOrphan(n); err != nil {
					return err
				}
			}
			return fs.put(n)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Allocate makes room for a part of a file.
func (fs *FileSystem) Allocate(h vfs.Handle, offset, bytes uint64) error {
	open, err := fs.opened(h, vfs.ModeWrite)
	if err != nil {
		return err
	}
	if err := fs.writable(); err != nil {
		return err
	}
	if bytes > fs.sizeMax() || offset > fs.sizeMax()-bytes {
		return vfs.ErrTooLarge
	}
	n, end := open.node, offset+bytes
	first, last := offset>>fs.blockShift, fs.blocksFor(end)
	if holes, err := fs.holes(n, first, last); err != nil || holes > fs.freeBlocks() {
		if err == nil {
			err = vfs.ErrNoSpace
		}
		return err
	}
	if end > n.size {
		if err := fs.zeroTail(n, n.size); err != nil {
			return err
		}
	}
	for at := first; at < last; {
		fs.cache.trim()
		m, err := fs.lookup(n, at)
		if err != nil {
			return err
		}
		if m.count = min(m.count, last-at); m.physical == 0 {
			m.count, m.unwritten = min(m.count, extentUnwritten), true
			if err := fs.fill(n, &m, func() uint64 { return n.size }); err != nil {
				return err
			}
		}
		at = m.end()
	}
	if end > n.size {
		return fs.change(func() error {
			fs.touch(n)
			return fs.grow(n, end)
		})
	}
	return nil
}

// holes counts the blocks that a part of a file lacks.
func (fs *FileSystem) holes(n *inode, first, last uint64) (count uint64, err error) {
	for at := first; at < last; {
		m, err := fs.lookup(n, at)
		if err != nil {
			return 0, err
		}
		m.count = min(m.count, last-at)
		if m.physical == 0 {
			count += m.count
		}
		at = m.end()
		fs.cache.trim()
	}
	return count, nil
}
