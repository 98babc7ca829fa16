package ext4

import "mewz/kernel/vfs"

// Extent trees (struct ext4_extent_header, ext4_extent, ext4_extent_idx). A node
// is a header and entries of 12 bytes; the root lies in the inode, and each other
// one ends with a sum.
const (
	extentMagic      = 0xf30a
	extentHeader     = 12
	extentBytes      = 12
	extentDepthMax   = 5
	extentWrittenMax = 1 << 15       // blocks of an extent
	extentUnwritten  = 1<<15 - 1     // and of one that was not written
	logicalMax       = 1<<32 - 1     // blocks of a file
	insertTries      = 2 * (2 + 5*2) // each try without success has made room at one level
)

// mapping is blocks of a file that lie one after the other; physical is 0 for a
// hole.
type mapping struct {
	logical, physical, count uint64
	unwritten                bool // has room, reads as zeroes
}

func (m mapping) end() uint64 { return m.logical + m.count }

// written reports whether there are bytes on the volume.
func (m mapping) written() bool { return m.physical != 0 && !m.unwritten }

// from returns the rest of m from a block on.
func (m mapping) from(logical uint64) mapping {
	skip := logical - m.logical
	m.logical, m.count = logical, m.count-skip
	if m.physical != 0 {
		m.physical += skip
	}
	return m
}

// step is a node on the way to a leaf, and the entry that was taken: the last one
// that does not begin behind what is searched, -1 if there is none.
type step struct {
	buffer *buffer // nil: the root
	b      []byte
	at     int
}

func (s *step) entries() int       { return int(le.Uint16(s.b[2:])) }
func (s *step) max() int           { return int(le.Uint16(s.b[4:])) }
func (s *step) depth() int         { return int(le.Uint16(s.b[6:])) }
func (s *step) full() bool         { return s.entries() >= s.max() }
func (s *step) setEntries(n int)   { le.PutUint16(s.b[2:], uint16(n)) }
func (s *step) entry(i int) []byte { return s.b[extentHeader+extentBytes*i:][:extentBytes] }
func (s *step) key(i int) uint64   { return uint64(le.Uint32(s.entry(i))) }

// child returns where an entry of an inner node leads.
func (s *step) child(i int) uint64 {
	e := s.entry(i)
	return uint64(le.Uint32(e[4:])) | uint64(le.Uint16(e[8:]))<<32
}

// extent returns an entry of a leaf.
// Not inlined, for the size of the kernel: decision 0015.
//
//go:noinline
func (s *step) extent(i int) mapping {
	e := s.entry(i)
	m := mapping{logical: uint64(le.Uint32(e)), count: uint64(le.Uint16(e[4:])), physical: uint64(le.Uint32(e[8:])) | uint64(le.Uint16(e[6:]))<<32}
	if m.count > extentWrittenMax {
		m.count, m.unwritten = m.count-extentWrittenMax, true
	}
	return m
}

func (s *step) setExtent(i int, m mapping) {
	e := s.entry(i)
	n := uint16(m.count)
	if m.unwritten {
		n += extentWrittenMax
	}
	le.PutUint32(e, uint32(m.logical))
	le.PutUint16(e[4:], n)
	le.PutUint16(e[6:], uint16(m.physical>>32))
	le.PutUint32(e[8:], uint32(m.physical))
}

func (s *step) setChild(i int, key, block uint64) {
	e := s.entry(i)
	le.PutUint32(e, uint32(key))
	le.PutUint32(e[4:], uint32(block))
	le.PutUint32(e[8:], uint32(block>>32))
}

// open makes room for an entry.
//
// Preconditions: the node is not full.
func (s *step) open(i int) {
	n := s.entries()
	copy(s.b[extentHeader+extentBytes*(i+1):extentHeader+extentBytes*(n+1)], s.b[extentHeader+extentBytes*i:])
	s.setEntries(n + 1)
}

func (s *step) remove(i int) {
	n := s.entries()
	copy(s.b[extentHeader+extentBytes*i:], s.b[extentHeader+extentBytes*(i+1):extentHeader+extentBytes*n])
	s.setEntries(n - 1)
}

// find sets at for a block.
func (s *step) find(logical uint64) {
	s.at = lastUpTo(s.b[extentHeader:], extentBytes, 0, s.entries(), uint32(min(logical, logicalMax)))
}

// lastUpTo returns the last of sorted entries, from low up to high, that does not begin behind key,
// or low-1. Entries have size bytes and begin with theirs, as in extent trees and hash trees.
func lastUpTo(entries []byte, size, low, high int, key uint32) int {
	for low < high {
		if middle := (low + high) / 2; le.Uint32(entries[size*middle:]) <= key {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low - 1
}

// initExtents gives an inode an empty tree.
func (n *inode) initExtents() {
	n.flags |= inodeExtents
	clear(n.root[:])
	s := step{b: n.root[:]}
	putHeader(s.b, 0, (inodeBlockBytes-extentHeader)/extentBytes, 0)
}

func putHeader(b []byte, entries, max, depth int) {
	le.PutUint16(b, extentMagic)
	le.PutUint16(b[2:], uint16(entries))
	le.PutUint16(b[4:], uint16(max))
	le.PutUint16(b[6:], uint16(depth))
	le.PutUint32(b[8:], 0)
}

// extentsPerBlock is how many entries a node has room for.
func (fs *FileSystem) extentsPerBlock() int { return (fs.blockBytes - extentHeader) / extentBytes }

// node returns a node of the tree of an inode that is no root.
func (fs *FileSystem) node(n *inode, block uint64, depth int) (step, error) {
	if !fs.valid(run{block, 1}) {
		return step{}, fs.damage("an extent tree leads out of the volume, of inode", uint64(n.number))
	}
	b, err := fs.cache.get(block, kindExtents)
	if err != nil {
		return step{}, err
	}
	s := step{buffer: b, b: b.data}
	if !b.checked || b.kind != kindExtents || b.owner != n.seed {
		tail := extentHeader + extentBytes*s.max()
		if fs.sums() && (tail+4 > len(b.data) || crc(n.seed, b.data[:tail]) != le.Uint32(b.data[tail:])) {
			return step{}, fs.damage("the checksum of an extent tree is wrong, of inode", uint64(n.number))
		}
		b.checked, b.kind, b.owner = true, kindExtents, n.seed
	}
	if !s.sound(depth, fs.extentsPerBlock()) || s.entries() == 0 {
		return step{}, fs.damage("an extent tree makes no sense, of inode", uint64(n.number))
	}
	return s, nil
}

// sound checks a header.
func (s *step) sound(depth, most int) bool {
	return le.Uint16(s.b) == extentMagic && s.max() <= most && s.max() > 0 && s.entries() <= s.max() && s.depth() == depth
}

// descend finds the way to the leaf for a block. next is where what follows the
// leaf begins.
func (fs *FileSystem) descend(n *inode, logical uint64) (path []step, next uint64, err error) {
	s := step{b: n.root[:]}
	depth := s.depth()
	if depth > extentDepthMax || !s.sound(depth, (inodeBlockBytes-extentHeader)/extentBytes) {
		return nil, 0, fs.damage("an extent tree makes no sense, of inode", uint64(n.number))
	}
	path, next = fs.path[:0], logicalMax
	for {
		s.find(logical)
		if s.at+1 < s.entries() {
			next = min(next, s.key(s.at+1))
		}
		if depth == 0 {
			return append(path, s), next, nil
		}
		if s.entries() == 0 {
			return nil, 0, fs.damage("an extent tree makes no sense, of inode", uint64(n.number))
		}
		s.at = max(s.at, 0)
		path = append(path, s)
		depth--
		if s, err = fs.node(n, s.child(s.at), depth); err != nil {
			return nil, 0, err
		}
	}
}

// lookup finds where a block of a file is, and how far that goes on.
func (fs *FileSystem) lookup(n *inode, logical uint64) (mapping, error) {
	if r := &n.recent; logical >= r.logical && logical < r.end() {
		return r.from(logical), nil
	}
	if n.flags&inodeExtents == 0 {
		return fs.lookupOld(n, logical)
	}
	if logical >= logicalMax {
		return mapping{logical: logical, count: 1 << 40}, nil
	}
	path, next, err := fs.descend(n, logical)
	if err != nil {
		return mapping{}, err
	}
	leaf := &path[len(path)-1]
	m := mapping{logical: logical, count: max(next, logical+1) - logical}
	if leaf.at >= 0 {
		if e := leaf.extent(leaf.at); logical >= e.logical && logical < e.end() {
			if !fs.valid(run{e.physical, e.count}) {
				return mapping{}, fs.damage("an extent leads out of the volume, of inode", uint64(n.number))
			}
			n.recent = e
			return e.from(logical), nil
		}
	}
	return m, nil
}

// lookupOld is lookup for a file with a map of blocks, as ext2 and ext3 have them:
// 12 blocks, then blocks of numbers, of one, two and three levels.
func (fs *FileSystem) lookupOld(n *inode, logical uint64) (mapping, error) {
	const direct = 12
	at, slot, levels := logical, direct, 0
	width := fs.blockShift - 2
	if at < direct {
		slot = int(at)
	} else {
		at -= direct
		for levels = 1; at>>(width*uint(levels)) != 0; levels++ {
			if levels == 3 {
				return mapping{logical: logical, count: 1}, nil
			}
			at -= 1 << (width * uint(levels))
		}
		slot = direct + levels - 1
	}
	block := uint64(le.Uint32(n.root[4*slot:]))
	for ; block != 0; levels-- {
		if !fs.valid(run{block, 1}) {
			return mapping{}, fs.damage("a map of blocks leads out of the volume, of inode", uint64(n.number))
		}
		if levels == 0 {
			break
		}
		b, err := fs.cache.get(block, kindPlain)
		if err != nil {
			return mapping{}, err
		}
		i := at >> (width * uint(levels-1)) & (1<<width - 1)
		block = uint64(le.Uint32(b.data[4*i:]))
	}
	return mapping{logical: logical, physical: block, count: 1}, nil
}

// modifyStep lets the operation change a node.
func (fs *FileSystem) modifyStep(n *inode, s *step) {
	if s.buffer != nil {
		fs.modify(s.buffer)
		return
	}
	fs.touch(n)
}

// insert maps blocks that were a hole.
//
// Preconditions: touch(n); put(n) follows.
func (fs *FileSystem) insert(n *inode, e mapping) error {
	n.recent, n.needsData = mapping{}, fs.running.id
	for range insertTries {
		path, _, err := fs.descend(n, e.logical)
		if err != nil {
			return err
		}
		leaf := &path[len(path)-1]
		if leaf.at >= 0 && leaf.extent(leaf.at).end() > e.logical || leaf.at+1 < leaf.entries() && leaf.key(leaf.at+1) < e.end() {
			return fs.damage("extents overlap, of inode", uint64(n.number))
		}
		if fs.join(n, path, e) {
			return nil
		}
		if !leaf.full() {
			fs.modifyStep(n, leaf)
			at := leaf.at + 1
			leaf.open(at)
			leaf.setExtent(at, e)
			if at == 0 {
				fs.setKeys(n, path, e.logical)
			}
			return nil
		}
		if err := fs.split(n, path); err != nil {
			return err
		}
	}
	return fs.damage("an extent tree makes no sense, of inode", uint64(n.number))
}

// joins reports whether b continues a.
func joins(a, b mapping) bool {
	most := uint64(extentWrittenMax)
	if a.unwritten {
		most = extentUnwritten
	}
	return a.unwritten == b.unwritten && a.end() == b.logical && a.physical+a.count == b.physical && a.count+b.count <= most
}

// join makes an extent part of its neighbours, if it continues one.
func (fs *FileSystem) join(n *inode, path []step, e mapping) bool {
	leaf := &path[len(path)-1]
	at := leaf.at
	if at >= 0 {
		if left := leaf.extent(at); joins(left, e) {
			fs.modifyStep(n, leaf)
			left.count += e.count
			if at+1 < leaf.entries() && joins(left, leaf.extent(at+1)) {
				left.count += leaf.extent(at + 1).count
				leaf.remove(at + 1)
			}
			leaf.setExtent(at, left)
			return true
		}
	}
	if at+1 < leaf.entries() {
		if right := leaf.extent(at + 1); joins(e, right) {
			fs.modifyStep(n, leaf)
			e.count += right.count
			leaf.setExtent(at+1, e)
			if at+1 == 0 {
				fs.setKeys(n, path, e.logical)
			}
			return true
		}
	}
	return false
}

// setKeys tells the nodes above a leaf that it begins elsewhere.
func (fs *FileSystem) setKeys(n *inode, path []step, key uint64) {
	for i := len(path) - 2; i >= 0; i-- {
		s := &path[i]
		fs.modifyStep(n, s)
		le.PutUint32(s.entry(s.at), uint32(key))
		if s.at != 0 {
			return
		}
	}
}

// split makes room in the lowest node of a full path whose parent has room, or
// gives the tree another level.
func (fs *FileSystem) split(n *inode, path []step) error {
	low := len(path) - 1
	for low > 0 && path[low-1].full() {
		low--
	}
	if low == 0 && path[0].depth() >= extentDepthMax {
		return vfs.ErrTooLarge
	}
	r, err := fs.allocateBlocks(fs.near(n), 1)
	if err != nil {
		return err
	}
	fs.addBlocks(n, 1)
	b := fs.create(r.block, kindExtents)
	b.owner = n.seed
	s, made := &path[low], step{buffer: b, b: b.data}
	fs.modifyStep(n, s)
	count := s.entries()
	if low == 0 { // all of the root moves down
		putHeader(made.b, count, fs.extentsPerBlock(), s.depth())
		copy(made.b[extentHeader:], s.b[extentHeader:extentHeader+extentBytes*count])
		putHeader(s.b, 1, s.max(), s.depth()+1)
		s.setChild(0, made.key(0), r.block)
		return nil
	}
	keep := count / 2
	if s.at == count-1 { // at the end, as files grow
		keep = count - 1
	}
	putHeader(made.b, count-keep, fs.extentsPerBlock(), s.depth())
	copy(made.b[extentHeader:], s.b[extentHeader+extentBytes*keep:extentHeader+extentBytes*count])
	s.setEntries(keep)
	parent := &path[low-1]
	fs.modifyStep(n, parent)
	parent.open(parent.at + 1)
	parent.setChild(parent.at+1, made.key(0), r.block)
	return nil
}

// near is where blocks of an inode without any are looked for.
func (fs *FileSystem) near(n *inode) uint64 { return fs.groupStart((n.number - 1) / fs.groupInodes) }

// setWritten makes blocks of an extent that was not written count as written.
//
// Preconditions: touch(n); put(n) follows. They lie in one unwritten extent.
func (fs *FileSystem) setWritten(n *inode, logical, count uint64) error {
	n.recent, n.needsData = mapping{}, fs.running.id
	path, _, err := fs.descend(n, logical)
	if err != nil {
		return err
	}
	leaf := &path[len(path)-1]
	at := leaf.at
	if at < 0 {
		return fs.damage("an extent tree makes no sense, of inode", uint64(n.number))
	}
	e := leaf.extent(at)
	if !e.unwritten || logical < e.logical || logical+count > e.end() {
		return fs.damage("an extent tree makes no sense, of inode", uint64(n.number))
	}
	fs.modifyStep(n, leaf)
	middle, right := e.from(logical), mapping{}
	if end := logical + count; end < e.end() {
		right = e.from(end)
	}
	middle.count, middle.unwritten = count, false
	switch {
	case logical > e.logical:
		e.count = logical - e.logical
		leaf.setExtent(at, e)
		if err := fs.insert(n, middle); err != nil || right.count == 0 {
			return err
		}
		return fs.insert(n, right)
	case right.count > 0:
		leaf.setExtent(at, right)
		if at == 0 {
			fs.setKeys(n, path, right.logical)
		}
		return fs.insert(n, middle)
	}
	if at > 0 && joins(leaf.extent(at-1), middle) {
		left := leaf.extent(at - 1)
		left.count += count
		leaf.setExtent(at-1, left)
		leaf.remove(at)
		return nil
	}
	leaf.setExtent(at, middle)
	return nil
}

// cutBuffers is what giving one extent back touches at most: bitmaps and
// descriptors of the groups that it lies in, and the nodes above it.
const cutBuffers = 2*(extentWrittenMax/8192+2) + extentDepthMax + 4

// cut gives the blocks of a file back from one on; it is not done when the operation
// has no room for more.
//
// Preconditions: touch(n); put(n) follows.
func (fs *FileSystem) cut(n *inode, from uint64) (done bool, err error) {
	n.recent, n.needsData = mapping{}, fs.running.id
	metadata := n.isDirectory() || n.isSymlink()
	for fs.room(cutBuffers) {
		path, _, err := fs.descend(n, logicalMax)
		if err != nil {
			return false, err
		}
		leaf := &path[len(path)-1]
		last := leaf.entries() - 1
		if last < 0 {
			return true, nil
		}
		e := leaf.extent(last)
		if e.end() <= from {
			return true, nil
		}
		gone := e
		if e.logical < from {
			gone = e.from(from)
		}
		if err := fs.free(run{gone.physical, gone.count}, metadata); err != nil {
			return false, err
		}
		fs.addBlocks(n, -int64(gone.count))
		fs.modifyStep(n, leaf)
		if e.count -= gone.count; e.count > 0 {
			leaf.setExtent(last, e)
			return true, nil
		}
		leaf.remove(last)
		if err := fs.prune(n, path); err != nil {
			return false, err
		}
	}
	return false, nil
}

// prune gives the nodes back at the end of a tree that have become empty.
func (fs *FileSystem) prune(n *inode, path []step) error {
	for i := len(path) - 1; i > 0 && path[i].entries() == 0; i-- {
		if err := fs.free(run{path[i].buffer.block, 1}, true); err != nil {
			return err
		}
		fs.addBlocks(n, -1)
		fs.modifyStep(n, &path[i-1])
		path[i-1].remove(path[i-1].at)
	}
	if path[0].entries() == 0 {
		putHeader(n.root[:], 0, (inodeBlockBytes-extentHeader)/extentBytes, 0)
	}
	return nil
}
