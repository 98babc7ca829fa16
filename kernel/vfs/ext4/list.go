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

// listBatch is how many entries of a directory without hash tree are sorted at once.
const listBatch = 1024

// listed is an entry that is to be visited.
type listed struct {
	key   uint64
	block uint64 // of the directory
	at    int
}

// lister is memory of List.
type lister struct {
	batch []listed
	name  [256]byte
}

// key orders a name.
func (fs *FileSystem) key(version uint8, name []byte) uint64 {
	return max(uint64(fs.hashName(version, name))<<31|uint64(crc(^uint32(0), name)), cookieFirst)
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
	if n.flags&inodeIndexed != 0 {
		return fs.listIndexed(n, cookie, visit)
	}
	return fs.listLinear(n, cookie, visit)
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

// keepLeast sorts the batch and keeps at most some of it.
func (l *lister) keepLeast(n int) {
	slices.SortFunc(l.batch, func(a, b listed) int { return cmp.Compare(a.key, b.key) })
	l.batch = l.batch[:min(n, len(l.batch))]
}

// visit visits the batch. next is the cookie behind it.
func (fs *FileSystem) visit(n *inode, from uint64, visit func(e *vfs.DirectoryEntry) bool) (next uint64, more bool, err error) {
	types := [16]vfs.Type{entryFile: vfs.File, entryDirectory: vfs.Directory, entrySymlink: vfs.Symlink, 3: vfs.Other, 4: vfs.Other, 5: vfs.Other, 6: vfs.Other}
	next = from
	for _, listed := range fs.lister.batch {
		b, err := fs.directoryBlock(n, listed.block, kindLeaf)
		if err != nil {
			return next, false, err
		}
		e, ok := direntAt(b.data, listed.at, fs.leafEnd())
		if !ok {
			return next, false, fs.damage("a directory makes no sense, inode", uint64(n.number))
		}
		next = listed.key + 1
		name := fs.lister.name[:copy(fs.lister.name[:], e.name)]
		if !visit(&vfs.DirectoryEntry{Serial: uint64(e.inode), Type: types[e.kind&15], Name: name, Next: next}) {
			return next, false, nil
		}
	}
	return next, true, nil
}

// listIndexed goes through the leaves from that of the cookie on.
func (fs *FileSystem) listIndexed(n *inode, cookie uint64, visit func(e *vfs.DirectoryEntry) bool) error {
	_, version, _, err := fs.root(n)
	if err != nil {
		return err
	}
	w, err := fs.probe(n, nil, hashOfKey(cookie))
	if err != nil {
		return err
	}
	for ok := true; ok; {
		fs.lister.batch = fs.lister.batch[:0]
		for {
			if err := fs.gather(n, w.leaf(), version, cookie); err != nil {
				return err
			}
			var hash uint32
			if hash, ok, err = fs.next(n, &w); err != nil {
				return err
			}
			if !ok || hash&1 == 0 || len(fs.lister.batch) > listBatch { // no more names of the same hash
				break
			}
		}
		fs.lister.keepLeast(len(fs.lister.batch))
		var more bool
		if cookie, more, err = fs.visit(n, cookie, visit); err != nil || !more {
			return err
		}
	}
	return nil
}

// listLinear goes through all blocks for each batch.
func (fs *FileSystem) listLinear(n *inode, cookie uint64, visit func(e *vfs.DirectoryEntry) bool) error {
	for {
		fs.lister.batch = fs.lister.batch[:0]
		for block := range fs.directoryBlocks(n) {
			if err := fs.gather(n, block, fs.defaultHash(), cookie); err != nil {
				return err
			}
			if len(fs.lister.batch) > 2*listBatch {
				fs.lister.keepLeast(listBatch)
			}
			fs.cache.trim()
		}
		fs.lister.keepLeast(listBatch)
		last := len(fs.lister.batch) < listBatch
		next, more, err := fs.visit(n, cookie, visit)
		if cookie = next; err != nil || !more || last {
			return err
		}
	}
}
