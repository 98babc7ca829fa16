package ext4

import (
	"slices"

	"mewz/kernel/vfs"
)

// Hash trees of directories (struct dx_root, dx_node). The root hides behind . and
// .. in the first block, a node behind what looks like a free entry:
//
//	root   . (12 bytes), .. (the rest), {0, version, 8, levels}, entries
//	node   free entry (8 bytes), entries
//
// An entry is the hash from which on a block is for, and that block; in place of
// the first hash stand limit and count. A hash with its last bit set says that the
// block before has names of the same hash.
const (
	indexRootInfo = 24
	indexRootBase = 32
	indexNodeBase = 8
	indexEntry    = 8
	indexMask     = 0x0fff_ffff // of a block
	indexLevels   = 2           // of nodes, without large_dir
	insertRetries = 8
)

// indexBase returns where the entries of a root or node begin.
func indexBase(b []byte) int {
	if le.Uint32(b) == 0 && int(le.Uint16(b[4:])) == len(b) {
		return indexNodeBase
	}
	return indexRootBase
}

// indexSum returns the sum of a root or node.
func indexSum(b []byte, seed uint32) uint32 {
	base := indexBase(b)
	limit, count := int(le.Uint16(b[base:])), int(le.Uint16(b[base+2:]))
	tail := base + indexEntry*limit
	if count > limit || tail+8 > len(b) {
		return 0
	}
	s := crc(seed, b[:base+indexEntry*count])
	s = crc(s, b[tail:tail+4])
	return crcZeroes(s, 4)
}

func sealIndex(b *buffer) {
	base := indexBase(b.data)
	if tail := base + indexEntry*int(le.Uint16(b.data[base:])); tail+8 <= len(b.data) {
		le.PutUint32(b.data[tail+4:], indexSum(b.data, b.owner))
	}
}

// frame is a root or node on the way to a leaf, and the entry that was taken.
type frame struct {
	buffer *buffer
	b      []byte // entries
	at     int
}

func (f *frame) limit() int                   { return int(le.Uint16(f.b)) }
func (f *frame) count() int                   { return int(le.Uint16(f.b[2:])) }
func (f *frame) setCount(n int)               { le.PutUint16(f.b[2:], uint16(n)) }
func (f *frame) hash(i int) uint32            { return le.Uint32(f.b[indexEntry*i:]) }
func (f *frame) block(i int) uint64           { return uint64(le.Uint32(f.b[indexEntry*i+4:]) & indexMask) }
func (f *frame) setBlock(i int, block uint64) { le.PutUint32(f.b[indexEntry*i+4:], uint32(block)) }

// insert puts an entry behind the one that was taken.
//
// Preconditions: there is room.
func (f *frame) insert(hash uint32, block uint64) {
	at, n := f.at+1, f.count()
	copy(f.b[indexEntry*(at+1):indexEntry*(n+1)], f.b[indexEntry*at:])
	le.PutUint32(f.b[indexEntry*at:], hash)
	f.setBlock(at, block)
	f.setCount(n + 1)
}

// indexMost is how many entries there is room for.
func (fs *FileSystem) indexMost(base int) int {
	n := (fs.blockBytes - base) / indexEntry
	if fs.sums() {
		n--
	}
	return n
}

// frame returns a checked root or node.
func (fs *FileSystem) frame(n *inode, logical uint64, base int) (frame, error) {
	b, err := fs.directoryBlock(n, logical, kindIndex)
	if err != nil {
		return frame{}, err
	}
	f := frame{buffer: b, b: b.data[base:]}
	if indexBase(b.data) != base || f.limit() > fs.indexMost(base) || f.count() > f.limit() || f.count() == 0 {
		return frame{}, fs.damage("the hash tree of a directory makes no sense, inode", uint64(n.number))
	}
	return f, nil
}

// find takes the entry for a hash.
func (f *frame) find(hash uint32) { f.at = lastUpTo(f.b, indexEntry, 1, f.count(), hash) }

// walk is a way through a hash tree.
type walk struct {
	frames [indexLevels]frame
	depth  int // frames in use
	hash   uint32
}

func (w *walk) last() *frame { return &w.frames[w.depth-1] }
func (w *walk) leaf() uint64 { return w.last().block(w.last().at) }

// root returns the root of the tree, its hash and how many levels are below it.
func (fs *FileSystem) root(n *inode) (f frame, version uint8, levels int, err error) {
	if f, err = fs.frame(n, 0, indexRootBase); err != nil {
		return f, 0, 0, err
	}
	info := f.buffer.data[indexRootInfo:]
	version, levels = info[4], int(info[6])
	if version <= hashTea && fs.hashUnsigned {
		version += hashUnsigned
	}
	if le.Uint32(info) != 0 || version >= hashVersions || info[5] != 8 || levels >= indexLevels {
		err = fs.damage("the hash tree of a directory makes no sense, inode", uint64(n.number))
	}
	return f, version, levels, err
}

// defaultHash is the hash of new trees, and of the order of directories without.
func (fs *FileSystem) defaultHash() uint8 {
	if fs.hashVersion <= hashTea && fs.hashUnsigned {
		return fs.hashVersion + hashUnsigned
	}
	return fs.hashVersion
}

// probe finds the leaf for a hash; that of name, unless it is nil.
func (fs *FileSystem) probe(n *inode, name []byte, hash uint32) (w walk, err error) {
	f, version, levels, err := fs.root(n)
	if err != nil {
		return w, err
	}
	if name != nil {
		hash = fs.hashName(version, name)
	}
	w.hash = hash
	f.find(hash)
	w.frames[0], w.depth = f, 1
	if levels == 0 {
		return w, nil
	}
	if f, err = fs.frame(n, f.block(f.at), indexNodeBase); err != nil {
		return w, err
	}
	f.find(hash)
	w.frames[1], w.depth = f, 2
	return w, nil
}

// next goes on to the next leaf and returns the hash from which on it is for.
func (fs *FileSystem) next(n *inode, w *walk) (hash uint32, ok bool, err error) {
	f := w.last()
	if f.at++; f.at < f.count() {
		return f.hash(f.at), true, nil
	}
	if w.depth == 1 {
		return 0, false, nil
	}
	f = &w.frames[0]
	if f.at++; f.at >= f.count() {
		return 0, false, nil
	}
	hash = f.hash(f.at)
	w.frames[1], err = fs.frame(n, f.block(f.at), indexNodeBase)
	return hash, err == nil, err
}

func (fs *FileSystem) locateIndexed(n *inode, name []byte) (place, error) {
	w, err := fs.probe(n, name, 0)
	if err != nil {
		return place{}, err
	}
	for {
		b, err := fs.directoryBlock(n, w.leaf(), kindLeaf)
		if err != nil {
			return place{}, err
		}
		if p, found, err := fs.search(n, b, name); found || err != nil {
			return p, err
		}
		hash, ok, err := fs.next(n, &w)
		if err != nil {
			return place{}, err
		}
		if !ok || hash&1 == 0 || hash&^1 != w.hash {
			return place{}, vfs.ErrNotFound
		}
	}
}

func (fs *FileSystem) addIndexed(n *inode, name []byte, number uint32, kind uint8) error {
	for range insertRetries {
		w, err := fs.probe(n, name, 0)
		if err != nil {
			return err
		}
		b, err := fs.directoryBlock(n, w.leaf(), kindLeaf)
		if err != nil {
			return err
		}
		if ok, err := fs.insertEntry(n, b, number, kind, name); ok || err != nil {
			return err
		}
		if f := w.last(); f.count() == f.limit() {
			err = fs.growIndex(n, &w)
		} else {
			err = fs.splitLeaf(n, &w, b)
		}
		if err != nil {
			return err
		}
	}
	return fs.damage("the hash tree of a directory makes no sense, inode", uint64(n.number))
}

// growIndex makes room in a full node, or another level below a full root.
func (fs *FileSystem) growIndex(n *inode, w *walk) error {
	root := &w.frames[0]
	if w.depth == indexLevels && root.count() == root.limit() {
		return vfs.ErrNoSpace // as Linux: the tree has no room for more
	}
	b, logical, err := fs.appendBlock(n, kindIndex)
	if err != nil {
		return err
	}
	setLength(b.data, 0, fs.blockBytes)
	made := frame{buffer: b, b: b.data[indexNodeBase:]}
	full := w.last()
	fs.modify(full.buffer)
	keep := 0
	if w.depth == indexLevels {
		keep = full.count() / 2
	}
	count := full.count()
	copy(made.b[:indexEntry*(count-keep)], full.b[indexEntry*keep:])
	hash := full.hash(keep) // of the root it is no hash, and not used
	le.PutUint16(made.b, uint16(fs.indexMost(indexNodeBase)))
	made.setCount(count - keep)
	if w.depth == indexLevels {
		full.setCount(keep)
		fs.modify(root.buffer)
		root.insert(hash, logical)
		return nil
	}
	root.setCount(1)
	root.setBlock(0, logical)
	root.buffer.data[indexRootInfo+6] = 1
	return nil
}

// splitLeaf moves the upper half of a leaf to a block of its own.
//
// Preconditions: the last frame has room.
func (fs *FileSystem) splitLeaf(n *inode, w *walk, b *buffer) error {
	_, version, _, err := fs.root(n)
	if err != nil {
		return err
	}
	source := slices.Clone(b.data)
	var list []listed // the entries, with the room that they need in place of a block
	total, end := 0, fs.leafEnd()
	for at := 0; at < end; {
		e, ok := direntAt(source, at, end)
		if !ok {
			return fs.damage("a directory makes no sense, inode", uint64(n.number))
		}
		if e.inode != 0 {
			hash := fs.hashName(version, e.name)
			list = append(list, listed{uint64(hash)<<32 | uint64(len(list)), uint64(e.used()), at})
			total += e.used()
		}
		at += e.length
	}
	if len(list) < 2 {
		return fs.damage("a directory makes no sense, inode", uint64(n.number))
	}
	sortListed(list)
	keep, kept := 1, int(list[0].block)
	for keep < len(list)-1 && kept+int(list[keep].block)/2 <= total/2 {
		kept += int(list[keep].block)
		keep++
	}
	hash := uint32(list[keep].key >> 32)
	if hash == uint32(list[keep-1].key>>32) {
		hash |= 1
	}
	made, logical, err := fs.appendBlock(n, kindLeaf)
	if err != nil {
		return err
	}
	fs.modify(b)
	fs.pack(made.data, source, list[keep:])
	fs.pack(b.data, source, list[:keep])
	f := w.last()
	fs.modify(f.buffer)
	f.insert(hash, logical)
	return nil
}

// pack fills a block with entries of another one.
func (fs *FileSystem) pack(b, source []byte, list []listed) {
	at, end := 0, fs.leafEnd()
	clear(b)
	for i := range list {
		e, _ := direntAt(source, list[i].at, end)
		length := e.used()
		if i == len(list)-1 {
			length = end - at
		}
		putDirent(b, at, length, e.inode, e.kind, e.name)
		at += length
	}
	if len(list) == 0 {
		setLength(b, 0, end)
	}
	fs.putTail(b)
}

// makeIndex gives a directory of one block a hash tree.
func (fs *FileSystem) makeIndex(n *inode) error {
	root, err := fs.directoryBlock(n, 0, kindLeaf)
	if err != nil {
		return err
	}
	source, end := slices.Clone(root.data), fs.leafEnd()
	var list []listed
	for i, at := 0, 0; at < end; i++ {
		e, ok := direntAt(source, at, end)
		if !ok || i == 0 && (string(e.name) != "." || e.length != 12) || i == 1 && string(e.name) != ".." {
			return fs.damage("a directory makes no sense, inode", uint64(n.number))
		}
		if i >= 2 && e.inode != 0 {
			list = append(list, listed{at: at})
		}
		at += e.length
	}
	leaf, logical, err := fs.appendBlock(n, kindLeaf)
	if err != nil {
		return err
	}
	fs.pack(leaf.data, source, list)
	fs.modify(root)
	root.kind = kindIndex
	clear(root.data[12+12:])
	setLength(root.data, 12, fs.blockBytes-12)
	info := root.data[indexRootInfo:]
	info[4], info[5] = fs.hashVersion, 8
	f := frame{buffer: root, b: root.data[indexRootBase:]}
	le.PutUint16(f.b, uint16(fs.indexMost(indexRootBase)))
	f.setCount(1)
	f.setBlock(0, logical)
	fs.touch(n)
	n.flags |= inodeIndexed
	return nil
}
