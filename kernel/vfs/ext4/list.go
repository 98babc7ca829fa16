package ext4

import (
	"cmp"
	"slices"

	"mewz/kernel/vfs"
)

// A listing is in the order of the hashes of names, whatever the blocks look like,
// because entries move when a tree grows. A cookie is the hash of the name from
// which on to go on, and behind it another hash to tell names with the same one apart.
const (
	cookieDot    = 0
	cookieDotDot = 1
	cookieFirst  = 2
)

// listBatch is how many entries are sorted at once of a directory without hash tree, and of one
// with many names of the same hash.
const listBatch = 1024

// listed is an entry that is to be visited, or something else that is sorted: for each type that is
// sorted the kernel has another 10 KB.
type listed struct {
	key   uint64
	block uint64 // of the directory
	at    int
}

// sortListed sorts by keys.
func sortListed(list []listed) {
	slices.SortFunc(list, func(a, b listed) int { return cmp.Compare(a.key, b.key) })
}

// lister is memory of List: a part of a directory in order, which stays valid from call to call until
// the directory changes (forgetListed).
type lister struct {
	node  *inode // nil: it is not valid
	from  uint64 // the batch are the names with keys from here on
	end   uint64 // up to here, or if last is set all of them
	last  bool
	batch []listed
	most  int // listBatch
	entry vfs.DirectoryEntry
	name  [256]byte
}

// forgetListed is called when a block of a directory changes.
func (fs *FileSystem) forgetListed() { fs.lister.node = nil }

// key orders a name.
func (fs *FileSystem) key(version uint8, name []byte) uint64 {
	return max(uint64(fs.hashName(version, name))<<31|uint64(nameHash(0, name)), cookieFirst)
}

// hashOfKey returns the hash that a key begins with.
func hashOfKey(key uint64) uint32 { return uint32(key>>31) &^ 1 }

// List visits the entries of a directory.
func (fs *FileSystem) List(h vfs.Handle, cookie uint64, visit func(e *vfs.DirectoryEntry) bool) error {
	fs.cache.trim()
	open := fs.handles.get(h)
	if open == nil || !open.node.isDirectory() {
		return vfs.ErrNotDirectory
	}
	n := open.node
	if err := fs.accessed(n); err != nil {
		return err
	}
	if n.links == 0 {
		return nil
	}
	if cookie < cookieFirst {
		parent, err := fs.dotDot(n)
		if err != nil {
			return err
		}
		dots := [2]vfs.DirectoryEntry{
			{Serial: uint64(n.number), Type: vfs.Directory, Name: []byte("."), Next: cookieDotDot},
			{Serial: uint64(parent.entry.inode), Type: vfs.Directory, Name: []byte(".."), Next: cookieFirst},
		}
		for ; cookie < cookieFirst; cookie++ {
			if !visit(&dots[cookie]) {
				return nil
			}
		}
	}
	return fs.listFrom(n, cookie, visit)
}

// gather adds the entries of a block from a key on to the batch.
func (fs *FileSystem) gather(n *inode, block uint64, version uint8, from uint64) error {
	b, err := fs.directoryBlock(n, block, kindLeaf)
	if err != nil {
		return err
	}
	l := &fs.lister
	for at, end := 0, fs.leafEnd(); at < end; {
		e, ok := direntAt(b.data, at, end)
		if !ok {
			return fs.damage("a directory makes no sense, inode", uint64(n.number))
		}
		if e.inode != 0 && len(e.name) > 0 && string(e.name) != "." && string(e.name) != ".." {
			if key := fs.key(version, e.name); key >= from {
				l.batch = append(l.batch, listed{key, block, at})
			}
		}
		at += e.length
	}
	return nil
}

// keepLeast sorts the batch and keeps at most some of it, up to where there is not more.
func (l *lister) keepLeast(n int) {
	sortListed(l.batch)
	if len(l.batch) > n {
		l.batch = l.batch[:n]
		l.end, l.last = l.batch[n-1].key+1, false
	}
}

// visit visits the batch from a key on; it reports whether there shall be more.
func (fs *FileSystem) visit(n *inode, from uint64, visit func(e *vfs.DirectoryEntry) bool) (more bool, err error) {
	types := [16]vfs.Type{entryFile: vfs.File, entryDirectory: vfs.Directory, entrySymlink: vfs.Symlink, 3: vfs.Other, 4: vfs.Other, 5: vfs.Other, 6: vfs.Other}
	l := &fs.lister
	first, _ := slices.BinarySearchFunc(l.batch, from, func(a listed, key uint64) int { return cmp.Compare(a.key, key) })
	var b *buffer
	block := ^uint64(0)
	for _, listed := range l.batch[first:] {
		if listed.block != block {
			block = listed.block
			if b, err = fs.directoryBlock(n, block, kindLeaf); err != nil {
				return false, err
			}
		}
		e, ok := direntAt(b.data, listed.at, fs.leafEnd())
		if !ok {
			return false, fs.damage("a directory makes no sense, inode", uint64(n.number))
		}
		l.entry = vfs.DirectoryEntry{
			Serial: uint64(e.inode), Type: types[e.kind&15], Name: l.name[:copy(l.name[:], e.name)], Next: listed.key + 1,
		}
		if !visit(&l.entry) {
			return false, nil
		}
	}
	return true, nil
}

// listFrom visits the names of a directory from a key on, batch by batch.
func (fs *FileSystem) listFrom(n *inode, cookie uint64, visit func(e *vfs.DirectoryEntry) bool) error {
	l := &fs.lister
	for {
		if l.node != n || cookie < l.from || cookie >= l.end && !l.last {
			l.node = nil
			l.batch, l.from, l.end, l.last = l.batch[:0], cookie, 0, true
			gather := fs.gatherLinear
			if n.flags&inodeIndexed != 0 {
				gather = fs.gatherIndexed
			}
			if err := gather(n, cookie); err != nil {
				return err
			}
			l.node = n
		}
		more, err := fs.visit(n, cookie, visit)
		if err != nil || !more || l.last {
			return err
		}
		cookie = l.end
	}
}

// gatherIndexed makes the batch of the leaf for a key, and of some behind it: at least of those that
// have names of the same hash as its last, but only the least of them, for a volume may have been
// made to have many.
func (fs *FileSystem) gatherIndexed(n *inode, cookie uint64) error {
	_, version, _, err := fs.root(n)
	if err != nil {
		return err
	}
	w, err := fs.probe(n, nil, hashOfKey(cookie))
	if err != nil {
		return err
	}
	l, cut := &fs.lister, false
	for {
		if err := fs.gather(n, w.leaf(), version, cookie); err != nil {
			return err
		}
		hash, ok, err := fs.next(n, &w)
		if err != nil {
			return err
		}
		if !ok || hash&1 == 0 && len(l.batch) >= l.most { // no more names of the same hash
			l.end, l.last = max(uint64(hash)<<31, cookie+1), !ok
			break
		}
		if len(l.batch) > 2*l.most {
			l.keepLeast(l.most)
			cut = true
		}
		fs.cache.trim()
	}
	if !cut {
		l.keepLeast(len(l.batch))
		return nil
	}
	l.keepLeast(l.most)
	l.end, l.last = l.batch[len(l.batch)-1].key+1, false
	return nil
}

// gatherLinear makes the next batch of a directory without hash tree, from all of its blocks.
func (fs *FileSystem) gatherLinear(n *inode, cookie uint64) error {
	l := &fs.lister
	for block := range fs.directoryBlocks(n) {
		if err := fs.gather(n, block, fs.defaultHash(), cookie); err != nil {
			return err
		}
		if len(l.batch) > 2*l.most {
			l.keepLeast(l.most)
		}
		fs.cache.trim()
	}
	l.keepLeast(l.most)
	return nil
}
