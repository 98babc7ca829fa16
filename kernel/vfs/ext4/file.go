package ext4

import (
	"syscall"

	"mewz/kernel/vfs"
)

// Sizes of transfers.
const (
	// directBytes is from which size on whole blocks go between the device and the
	// caller's buffers, past the cache.
	directBytes = 64 << 10
	// aheadBytes is how much is read at once for who reads on and on in small pieces.
	aheadBytes = 128 << 10
	// pieceBytes bounds what is allocated by one operation.
	pieceBytes = 4 << 20
)

// cursor walks over the buffers of a caller.
type cursor struct {
	rest [][]byte
	at   int // in the first of them
}

// piece returns the next bytes that lie together, at most n, and goes on.
func (c *cursor) piece(n int) []byte {
	for c.at == len(c.rest[0]) {
		c.rest, c.at = c.rest[1:], 0
	}
	p := c.rest[0][c.at:]
	if len(p) > n {
		p = p[:n]
	}
	c.at += len(p)
	return p
}

func (c *cursor) copyTo(b []byte) {
	for len(b) > 0 {
		b = b[copy(b, c.piece(len(b))):]
	}
}

func (c *cursor) copyFrom(b []byte) {
	for len(b) > 0 {
		b = b[copy(c.piece(len(b)), b):]
	}
}

func (c *cursor) zero(n int) {
	for n > 0 {
		p := c.piece(n)
		clear(p)
		n -= len(p)
	}
}

// cut appends the next n bytes to a list of buffers.
func (c *cursor) cut(list [][]byte, n int) [][]byte {
	for n > 0 {
		p := c.piece(n)
		list = append(list, p)
		n -= len(p)
	}
	return list
}

func total(buffers [][]byte) (n uint64) {
	for _, b := range buffers {
		n += uint64(len(b))
	}
	return n
}

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
	want := total(into)
	if want == 0 || offset >= n.size {
		return 0, nil
	}
	want = min(want, n.size-offset)
	if err := fs.accessed(n); err != nil {
		return 0, err
	}
	c := cursor{rest: into}
	ahead := offset == open.next
	for at := offset; at < offset+want; {
		m, err := fs.lookup(n, at>>fs.blockShift)
		if err != nil {
			return int(at - offset), err
		}
		in := int(at & uint64(fs.blockBytes-1))
		k := int(min(offset+want-at, m.count<<fs.blockShift-uint64(in), pieceBytes))
		if !m.written() {
			c.zero(k)
		} else if err := fs.fetch(m, in, k, &c, ahead); err != nil {
			return int(at - offset), err
		}
		at += uint64(k)
		fs.cache.trim()
	}
	open.next = offset + want
	return int(want), nil
}

// fetch copies n bytes of an extent.
func (fs *FileSystem) fetch(m mapping, in, n int, c *cursor, ahead bool) error {
	for block, left := m.physical, m.count; n > 0; {
		if b := fs.cache.find(block); b != nil {
			k := min(n, fs.blockBytes-in)
			c.copyFrom(b.data[in : in+k])
			block, left, n, in = block+1, left-1, n-k, 0
			continue
		}
		whole := fs.absent(block, min(left, uint64(n>>fs.blockShift)))
		if bytes := int(whole) << fs.blockShift; in == 0 && bytes >= directBytes {
			fs.vectors = c.cut(fs.vectors[:0], bytes)
			if err := fs.device.Read(fs.vectors, block<<fs.blockShift); err != nil {
				return vfs.ErrDamaged
			}
			block, left, n = block+whole, left-whole, n-bytes
			continue
		}
		most := uint64(in+n+fs.blockBytes-1) >> fs.blockShift
		if ahead {
			most = max(most, aheadBytes>>fs.blockShift)
		}
		if err := fs.loadRun(block, fs.absent(block, min(left, most, aheadBytes>>fs.blockShift))); err != nil {
			return err
		}
	}
	return nil
}

// absent returns how many of count blocks are not in memory, up to the first that is.
func (fs *FileSystem) absent(block, count uint64) uint64 {
	for i := range count {
		if fs.cache.buffers[block+i] != nil {
			return i
		}
	}
	return count
}

// loadRun reads blocks that are not in memory.
func (fs *FileSystem) loadRun(block, count uint64) error {
	list := fs.vectors[:0]
	for i := range count {
		list = append(list, fs.cache.make(block+i, kindData).data)
	}
	fs.vectors = list
	if err := fs.device.Read(list, block<<fs.blockShift); err != nil {
		for i := range count {
			fs.cache.drop(fs.cache.buffers[block+i])
		}
		return vfs.ErrDamaged
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
	want := total(from)
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
	c := cursor{rest: from}
	done := uint64(0)
	for done < want {
		if err := fs.relieve(); err != nil {
			return int(done), err
		}
		fs.cache.trim()
		k, err := fs.writePiece(n, &c, offset+done, want-done)
		done += uint64(k)
		if err != nil {
			return int(done), err
		}
	}
	return int(done), nil
}

// writePiece writes into one extent, which it makes where there is a hole.
func (fs *FileSystem) writePiece(n *inode, c *cursor, at, left uint64) (int, error) {
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
		n.modified = fs.time()
		n.changed = n.modified
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
		if _, err := fs.cache.get(m.physical, kindData); err != nil {
			return err
		}
	}
	if end := in + n; end&(fs.blockBytes-1) != 0 {
		_, err := fs.cache.get(m.physical+uint64(end)>>fs.blockShift, kindData)
		return err
	}
	return nil
}

// store writes n bytes into an extent; what else is in a fresh block are zeroes.
func (fs *FileSystem) store(m mapping, in, n int, c *cursor, fresh bool) error {
	block := m.physical
	for n > 0 {
		if whole := uint64(n >> fs.blockShift); in == 0 && whole<<fs.blockShift >= directBytes && fs.unpin(block, whole) {
			bytes := int(whole) << fs.blockShift
			fs.vectors = c.cut(fs.vectors[:0], bytes)
			if err := fs.device.Write(fs.vectors, block<<fs.blockShift); err != nil {
				return fs.fail(err)
			}
			block, n = block+whole, n-bytes
			continue
		}
		k := min(n, fs.blockBytes-in)
		b := fs.cache.find(block)
		if b == nil && (fresh || k == fs.blockBytes) {
			b = fs.cache.make(block, kindData)
		}
		if b == nil {
			var err error
			if b, err = fs.cache.get(block, kindData); err != nil {
				return err
			}
		}
		if fresh && k < fs.blockBytes {
			clear(b.data)
		}
		c.copyTo(b.data[in : in+k])
		fs.cache.setDirty(b)
		block, n, in = block+1, n-k, 0
	}
	if len(fs.cache.dirty) > fs.cache.limit/2 {
		return fs.writeData()
	}
	return nil
}

// unpin forgets what is in memory of blocks that are written past the cache. It
// reports false if some of them must stay.
func (fs *FileSystem) unpin(block, count uint64) bool {
	for i := range count {
		if b := fs.cache.buffers[block+i]; b != nil && (b.running || b.logged || b.keep || b.undo != nil) {
			return false
		}
	}
	for i := range count {
		if b := fs.cache.buffers[block+i]; b != nil {
			fs.cache.drop(b)
		}
	}
	return true
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
	b, err := fs.cache.get(m.physical, kindData)
	if err != nil {
		return err
	}
	for _, c := range b.data[in:] {
		if c != 0 {
			clear(b.data[in:])
			fs.cache.setDirty(b)
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
