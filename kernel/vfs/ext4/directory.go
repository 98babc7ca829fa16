package ext4

import "mewz/kernel/vfs"

// Entries of directories (struct ext4_dir_entry_2): inode, length of the entry,
// length and type of what it names, name. They fill their block; one with inode 0
// is free. With sums a block ends with what looks like a free entry of 12 bytes.
const (
	entryHeader  = 8
	entryTail    = 12
	entryTailTag = 0xde // type of that entry

	entryFile      = 1
	entryDirectory = 2
	entrySymlink   = 7
)

// dirent is an entry in its block.
type dirent struct {
	at, length int
	inode      uint32
	kind       uint8
	name       []byte
}

func entryBytes(name int) int { return (entryHeader + name + 3) &^ 3 }

// used is how much of an entry it needs.
func (e *dirent) used() int {
	if e.inode == 0 {
		return 0
	}
	return entryBytes(len(e.name))
}

// leafEnd is where the entries of a block end.
func (fs *FileSystem) leafEnd() int {
	if fs.sums() {
		return fs.blockBytes - entryTail
	}
	return fs.blockBytes
}

// entryAt returns the header of the entry at an offset, which must end at or before end, as it
// stands there; 0 if that is none.
func entryAt(b []byte, at, end int) (header uint64) {
	if at+entryHeader > end {
		return 0
	}
	h := le.Uint64(b[at:])
	length := int(h >> 32 & 0xffff)
	if length&3 != 0 || at+length > end || entryHeader+int(h>>48&0xff) > length {
		return 0
	}
	return h
}

// direntAt reads the entry at an offset, which must end at or before end.
func direntAt(b []byte, at, end int) (e dirent, ok bool) {
	h := entryAt(b, at, end)
	if h == 0 {
		return e, false
	}
	return dirent{
		at: at, length: int(h >> 32 & 0xffff), inode: uint32(h), kind: uint8(h >> 56),
		name: b[at+entryHeader:][:h>>48&0xff],
	}, true
}

func putDirent(b []byte, at, length int, number uint32, kind uint8, name []byte) {
	le.PutUint32(b[at:], number)
	le.PutUint16(b[at+4:], uint16(length))
	b[at+6], b[at+7] = byte(len(name)), kind
	copy(b[at+entryHeader:], name)
}

func setLength(b []byte, at, length int) { le.PutUint16(b[at+4:], uint16(length)) }

// putTail makes the end of a block of entries.
func (fs *FileSystem) putTail(b []byte) {
	if fs.sums() {
		at := len(b) - entryTail
		clear(b[at:])
		setLength(b, at, entryTail)
		b[at+7] = entryTailTag
	}
}

func sealLeaf(b *buffer) {
	at := len(b.data) - entryTail
	if le.Uint16(b.data[at+4:]) == entryTail && b.data[at+7] == entryTailTag {
		le.PutUint32(b.data[at+entryHeader:], crc(b.owner, b.data[:at]))
	}
}

// directoryBlocks returns how many blocks a directory has.
func (fs *FileSystem) directoryBlocks(n *inode) uint64 { return n.size >> fs.blockShift }

// directoryBlock returns a block of a directory as what it is to be: entries, or part of
// the hash tree.
func (fs *FileSystem) directoryBlock(n *inode, logical uint64, k kind) (*buffer, error) {
	if logical >= fs.directoryBlocks(n) {
		return nil, fs.damage("a directory ends too early, inode", uint64(n.number))
	}
	m, err := fs.lookup(n, logical)
	if err != nil {
		return nil, err
	}
	if !m.written() {
		return nil, fs.damage("a directory has a hole, inode", uint64(n.number))
	}
	b, err := fs.cache.get(m.physical, k)
	if err != nil {
		return nil, err
	}
	if b.checked && b.kind == k && b.owner == n.seed {
		return b, nil
	}
	if fs.sums() && !checkDirectory(b.data, n.seed, k) {
		return nil, fs.damage("the checksum of a directory is wrong, inode", uint64(n.number))
	}
	b.checked, b.kind, b.owner = true, k, n.seed
	return b, nil
}

func checkDirectory(b []byte, seed uint32, k kind) bool {
	if k == kindIndex {
		base := indexBase(b)
		tail := base + 8*int(le.Uint16(b[base:]))
		return tail+8 <= len(b) && indexSum(b, seed) == le.Uint32(b[tail+4:])
	}
	at := len(b) - entryTail
	return le.Uint16(b[at+4:]) == entryTail && b[at+7] == entryTailTag && crc(seed, b[:at]) == le.Uint32(b[at+entryHeader:])
}

// place is where an entry is.
type place struct {
	buffer   *buffer
	entry    dirent
	previous int // where the entry before it in the block begins, -1 for the first
}

// search finds a name in a block.
func (fs *FileSystem) search(n *inode, b *buffer, name []byte) (p place, found bool, err error) {
	previous, end := -1, fs.leafEnd()
	for at := 0; at < end; {
		h := entryAt(b.data, at, end)
		if h == 0 {
			return p, false, fs.damage("a directory makes no sense, inode", uint64(n.number))
		}
		if int(h>>48&0xff) == len(name) && uint32(h) != 0 && string(b.data[at+entryHeader:][:len(name)]) == string(name) {
			e, _ := direntAt(b.data, at, end)
			return place{b, e, previous}, true, nil
		}
		previous = at
		at += int(h >> 32 & 0xffff)
	}
	return p, false, nil
}

// locate finds a name in a directory.
//
// Preconditions: nobody holds a buffer that is not changed.
func (fs *FileSystem) locate(n *inode, name []byte) (place, error) {
	if n.flags&inodeIndexed != 0 {
		return fs.locateIndexed(n, name)
	}
	for block := range fs.directoryBlocks(n) {
		b, err := fs.directoryBlock(n, block, kindLeaf)
		if err != nil {
			return place{}, err
		}
		if p, found, err := fs.search(n, b, name); found || err != nil {
			return p, err
		}
		fs.cache.trim() // what the operation under way has changed stays
	}
	return place{}, vfs.ErrNotFound
}

// insertEntry puts an entry into a block, if there is room.
func (fs *FileSystem) insertEntry(n *inode, b *buffer, number uint32, kind uint8, name []byte) (bool, error) {
	need, end := entryBytes(len(name)), fs.leafEnd()
	for at := 0; at < end; {
		e, ok := direntAt(b.data, at, end)
		if !ok {
			return false, fs.damage("a directory makes no sense, inode", uint64(n.number))
		}
		if e.length-e.used() >= need {
			fs.modify(b)
			if used := e.used(); used > 0 {
				setLength(b.data, at, used)
				putDirent(b.data, at+used, e.length-used, number, kind, name)
			} else {
				putDirent(b.data, at, e.length, number, kind, name)
			}
			return true, nil
		}
		at += e.length
	}
	return false, nil
}

// add puts a name into a directory that does not have it.
//
// Preconditions: touch(n); put(n) follows. Nobody holds a buffer that is not changed.
func (fs *FileSystem) add(n *inode, name []byte, number uint32, kind uint8) error {
	fs.names.forget(n.number, name)
	if n.flags&inodeIndexed != 0 {
		return fs.addIndexed(n, name, number, kind)
	}
	blocks := fs.directoryBlocks(n)
	for block := range blocks {
		b, err := fs.directoryBlock(n, block, kindLeaf)
		if err != nil {
			return err
		}
		if ok, err := fs.insertEntry(n, b, number, kind, name); ok || err != nil {
			return err
		}
		fs.cache.trim()
	}
	if blocks == 1 && fs.compat&compatIndex != 0 && fs.defaultHash() < hashVersions {
		if err := fs.makeIndex(n); err != nil {
			return err
		}
		return fs.addIndexed(n, name, number, kind)
	}
	b, _, err := fs.appendBlock(n, kindLeaf)
	if err != nil {
		return err
	}
	setLength(b.data, 0, fs.leafEnd())
	fs.putTail(b.data)
	_, err = fs.insertEntry(n, b, number, kind, name)
	return err
}

// appendBlock gives a directory another block, full of zeroes.
func (fs *FileSystem) appendBlock(n *inode, k kind) (*buffer, uint64, error) {
	logical := fs.directoryBlocks(n)
	goal := fs.near(n)
	if logical > 0 {
		m, err := fs.lookup(n, logical-1)
		if err != nil {
			return nil, 0, err
		}
		if m.physical != 0 {
			goal = m.physical + 1
		}
	}
	r, err := fs.allocateBlocks(goal, 1)
	if err != nil {
		return nil, 0, err
	}
	fs.touch(n)
	if err := fs.insert(n, mapping{logical: logical, physical: r.block, count: 1}); err != nil {
		return nil, 0, err
	}
	fs.addBlocks(n, 1)
	n.size += uint64(fs.blockBytes)
	b := fs.create(r.block, k)
	b.owner = n.seed
	return b, logical, nil
}

// remove takes an entry out of its block.
func (fs *FileSystem) remove(p *place) {
	fs.modify(p.buffer)
	b := p.buffer.data
	if p.previous >= 0 {
		setLength(b, p.previous, int(le.Uint16(b[p.previous+4:]))+p.entry.length)
		return
	}
	le.PutUint32(b[p.entry.at:], 0)
}

// firstEntries writes . and .. into the first block of a directory.
func (fs *FileSystem) firstEntries(n *inode, parent uint32) error {
	b, _, err := fs.appendBlock(n, kindLeaf)
	if err != nil {
		return err
	}
	own := entryBytes(1)
	putDirent(b.data, 0, own, n.number, entryDirectory, []byte("."))
	putDirent(b.data, own, fs.leafEnd()-own, parent, entryDirectory, []byte(".."))
	fs.putTail(b.data)
	return nil
}

// dotDot returns the .. of a directory, which is its second entry.
func (fs *FileSystem) dotDot(n *inode) (place, error) {
	k := kindLeaf
	if n.flags&inodeIndexed != 0 {
		k = kindIndex
	}
	b, err := fs.directoryBlock(n, 0, k)
	if err != nil {
		return place{}, err
	}
	dot, ok := direntAt(b.data, 0, fs.blockBytes)
	if ok {
		var e dirent
		if e, ok = direntAt(b.data, dot.length, fs.blockBytes); ok && string(e.name) == ".." {
			return place{b, e, 0}, nil
		}
	}
	return place{}, fs.damage("a directory has no .., inode", uint64(n.number))
}

// isEmpty reports whether a directory has no entry but . and ...
func (fs *FileSystem) isEmpty(n *inode) (bool, error) {
	for block := range fs.directoryBlocks(n) {
		if n.flags&inodeIndexed != 0 && block == 0 {
			continue
		}
		b, err := fs.entriesOf(n, block)
		if err != nil {
			return false, err
		}
		if b == nil {
			continue
		}
		for at, end := 0, fs.leafEnd(); at < end; {
			e, ok := direntAt(b.data, at, end)
			if !ok {
				return false, fs.damage("a directory makes no sense, inode", uint64(n.number))
			}
			if e.inode != 0 && string(e.name) != "." && string(e.name) != ".." {
				return false, nil
			}
			at += e.length
		}
		fs.cache.trim()
	}
	return true, nil
}

// entriesOf returns a block of a directory that holds entries, nil for one that
// belongs to the hash tree: that looks like one free entry and has no sum of entries.
func (fs *FileSystem) entriesOf(n *inode, logical uint64) (*buffer, error) {
	if n.flags&inodeIndexed == 0 {
		return fs.directoryBlock(n, logical, kindLeaf)
	}
	m, err := fs.lookup(n, logical)
	if err != nil {
		return nil, err
	}
	if m.written() {
		b, err := fs.cache.get(m.physical, kindIndex)
		if err != nil {
			return nil, err
		}
		if le.Uint32(b.data) == 0 && int(le.Uint16(b.data[4:])) == fs.blockBytes {
			return nil, nil
		}
	}
	return fs.directoryBlock(n, logical, kindLeaf)
}
