package ext4

import (
	"syscall"

	"mewz/kernel/vfs"
)

// held returns an inode that the caller holds a reference to.
func (fs *FileSystem) held(node vfs.NodeID) (*inode, error) {
	if n := fs.inodes.at(node); n != nil {
		return n, nil
	}
	return nil, syscall.EBADF
}

func (fs *FileSystem) directory(node vfs.NodeID) (*inode, error) {
	n, err := fs.held(node)
	if err == nil && !n.isDirectory() {
		err = vfs.ErrNotDirectory
	}
	return n, err
}

// Root implements vfs.FileSystem, as the methods below.
func (fs *FileSystem) Root() vfs.NodeID { return nodeOf(fs.top) }

// Hold takes another reference.
func (fs *FileSystem) Hold(node vfs.NodeID) {
	if n, err := fs.held(node); err == nil {
		n.refs++
	}
}

// Release gives a reference back; a file without a name is gone with the last one.
func (fs *FileSystem) Release(node vfs.NodeID) {
	n, err := fs.held(node)
	if err != nil || n.refs == 0 {
		return
	}
	if n.refs--; n.refs > 0 {
		return
	}
	switch {
	case n == fs.top:
	case n.links == 0:
		if fs.writable() == nil {
			_ = fs.destroy(n) // what fails stays an orphan
		} else if !n.timesLater {
			fs.inodes.remove(n)
		}
	case !n.timesLater:
		fs.inodes.rest(n)
	}
}

// child returns the inode that an entry names, with a reference.
func (fs *FileSystem) child(number uint32) (*inode, error) {
	if number != rootInode && number < fs.firstInode {
		return nil, fs.damage("a directory names what is no file, inode", uint64(number))
	}
	n, err := fs.inode(number)
	if err == nil && n.links == 0 {
		if n.refs--; n.refs == 0 {
			fs.inodes.remove(n)
		}
		return nil, fs.damage("a directory names a file that was removed, inode", uint64(number))
	}
	return n, err
}

// gone is an error for a directory that was removed while somebody held it.
func gone(n *inode) error {
	if n.links == 0 {
		return vfs.ErrNotFound
	}
	return nil
}

// Lookup finds a name.
func (fs *FileSystem) Lookup(directory vfs.NodeID, name []byte) (vfs.Entry, error) {
	fs.cache.trim()
	dir, err := fs.directory(directory)
	if err == nil {
		err = gone(dir)
	}
	if err != nil {
		return vfs.Entry{}, err
	}
	number, slot, known := fs.names.find(dir.number, name)
	if !known {
		switch p, err := fs.locate(dir, name); err {
		case nil:
			number = p.entry.inode
		case vfs.ErrNotFound:
		default:
			return vfs.Entry{}, err
		}
	}
	n := fs.inodes.at(vfs.NodeID(slot)<<32 | vfs.NodeID(number))
	switch {
	case number == 0:
		err = vfs.ErrNotFound
	case n != nil && n.links > 0:
		fs.inodes.wake(n)
		n.refs++
	default:
		if n, err = fs.child(number); err != nil {
			return vfs.Entry{}, err
		}
		known = false
	}
	if !known {
		fs.names.put(dir.number, name, n)
	}
	if err != nil {
		return vfs.Entry{}, err
	}
	return vfs.Entry{Node: nodeOf(n), Type: n.kind()}, nil
}

// entryKind is the type of an inode in a directory.
func entryKind(n *inode) uint8 {
	kinds := [16]uint8{1: 5, 2: 3, 4: entryDirectory, 6: 4, 8: entryFile, 10: entrySymlink, 12: 6}
	return kinds[n.mode>>12]
}

// vacant checks that a directory can be given a name.
func (fs *FileSystem) vacant(dir *inode, name []byte) error {
	if err := gone(dir); err != nil {
		return err
	}
	switch _, err := fs.locate(dir, name); err {
	case nil:
		return vfs.ErrExists
	case vfs.ErrNotFound:
		return nil
	default:
		return err
	}
}

// makeNode gives a new inode a name; fill makes its content.
func (fs *FileSystem) makeNode(dir *inode, name []byte, mode uint16, fill func(n *inode) error) (made *inode, err error) {
	if err := fs.vacant(dir, name); err != nil {
		return nil, err
	}
	if err := fs.changeable(dir); err != nil {
		return nil, err
	}
	err = fs.change(func() error {
		n, err := fs.newInode(dir, mode)
		if err != nil {
			return err
		}
		if err := fill(n); err != nil {
			return err
		}
		if err := fs.put(n); err != nil {
			return err
		}
		fs.touch(dir)
		if err := fs.add(dir, name, n.number, entryKind(n)); err != nil {
			return err
		}
		if n.isDirectory() {
			fs.addLink(dir)
		}
		made = n
		return fs.stamp(dir)
	})
	return made, err
}

// changeable refuses what carries a flag against it.
func (fs *FileSystem) changeable(n *inode) error {
	if err := fs.writable(); err != nil {
		return err
	}
	if n.flags&inodeFixed != 0 {
		return syscall.EPERM
	}
	if n.flags&inodeExtents == 0 && (n.isDirectory() || n.isFile()) {
		return vfs.ErrNotSupported // a map of blocks, as of ext3: it can be read
	}
	return nil
}

// stamp writes a directory whose entries have changed.
func (fs *FileSystem) stamp(dir *inode) error {
	now := fs.time()
	dir.modified, dir.changed = now, now
	return fs.put(dir)
}

// addLink counts a directory in another one; beyond linksMax it is not counted (dir_nlink).
func (fs *FileSystem) addLink(dir *inode) {
	if dir.links == 1 {
		return
	}
	if dir.links++; dir.links >= linksMax && fs.readCompat&readManyLinks != 0 && dir.flags&inodeIndexed != 0 {
		dir.links = 1
	}
}

func (fs *FileSystem) dropLink(dir *inode) {
	if dir.links > 2 {
		dir.links--
	}
}

// Create makes a file and opens it.
func (fs *FileSystem) Create(directory vfs.NodeID, name []byte, mode vfs.Mode) (vfs.Entry, vfs.Handle, error) {
	dir, err := fs.directory(directory)
	if err != nil {
		return vfs.Entry{}, 0, err
	}
	n, err := fs.makeNode(dir, name, modeFile|0o644, func(*inode) error { return nil })
	if err != nil {
		return vfs.Entry{}, 0, err
	}
	return vfs.Entry{Node: nodeOf(n), Type: vfs.File}, fs.handles.open(n, mode), nil
}

// MakeDirectory makes a directory.
func (fs *FileSystem) MakeDirectory(directory vfs.NodeID, name []byte) error {
	dir, err := fs.directory(directory)
	if err != nil {
		return err
	}
	if dir.links >= linksMax && fs.readCompat&readManyLinks == 0 {
		return vfs.ErrTooManyLinks
	}
	n, err := fs.makeNode(dir, name, modeDirectory|0o755, func(n *inode) error {
		n.links = 2
		return fs.firstEntries(n, dir.number)
	})
	if err == nil {
		fs.Release(nodeOf(n))
	}
	return err
}

// MakeSymlink makes a symbolic link.
func (fs *FileSystem) MakeSymlink(directory vfs.NodeID, name, target []byte) error {
	dir, err := fs.directory(directory)
	if err != nil {
		return err
	}
	if len(target) == 0 {
		return vfs.ErrNotFound
	}
	if len(target) >= fs.blockBytes {
		return vfs.ErrNameTooLong
	}
	n, err := fs.makeNode(dir, name, modeSymlink|0o777, func(n *inode) error {
		n.size = uint64(len(target))
		if len(target) < inodeBlockBytes {
			copy(n.root[:], target)
			return nil
		}
		n.initExtents()
		r, err := fs.allocateBlocks(fs.near(n), 1)
		if err != nil {
			return err
		}
		copy(fs.create(r.block, kindPlain).data, target)
		fs.addBlocks(n, 1)
		return fs.insert(n, mapping{physical: r.block, count: 1})
	})
	if err == nil {
		fs.Release(nodeOf(n))
	}
	return err
}

// fast reports whether the target of a symbolic link lies in its inode.
func (n *inode) fast() bool {
	return n.isSymlink() && n.flags&inodeExtents == 0 && n.size < inodeBlockBytes
}

// ReadLink returns where a symbolic link leads.
func (fs *FileSystem) ReadLink(node vfs.NodeID) ([]byte, error) {
	fs.cache.trim()
	n, err := fs.held(node)
	switch {
	case err != nil:
		return nil, err
	case !n.isSymlink():
		return nil, vfs.ErrNotLink
	case n.fast():
		fs.target = append(fs.target[:0], n.root[:n.size]...)
		return fs.target, nil
	case n.size == 0 || n.size >= uint64(fs.blockBytes):
		return nil, fs.damage("a symbolic link makes no sense, inode", uint64(n.number))
	}
	m, err := fs.lookup(n, 0)
	if err != nil {
		return nil, err
	}
	if !m.written() {
		return nil, fs.damage("a symbolic link makes no sense, inode", uint64(n.number))
	}
	b, err := fs.cache.get(m.physical, kindPlain)
	if err != nil {
		return nil, err
	}
	fs.target = append(fs.target[:0], b.data[:n.size]...)
	return fs.target, nil
}

// MakeLink gives a file another name.
func (fs *FileSystem) MakeLink(node, directory vfs.NodeID, name []byte) error {
	n, err := fs.held(node)
	if err != nil {
		return err
	}
	dir, err := fs.directory(directory)
	if err != nil {
		return err
	}
	if n.isDirectory() {
		return syscall.EPERM
	}
	if err := fs.vacant(dir, name); err != nil {
		return err
	}
	switch {
	case n.links == 0:
		return vfs.ErrNotFound
	case n.links >= linksMax:
		return vfs.ErrTooManyLinks
	}
	if err := fs.changeable(dir); err != nil {
		return err
	}
	return fs.change(func() error {
		fs.touch(n)
		fs.touch(dir)
		if err := fs.add(dir, name, n.number, entryKind(n)); err != nil {
			return err
		}
		n.links++
		n.changed = fs.time()
		if err := fs.put(n); err != nil {
			return err
		}
		return fs.stamp(dir)
	})
}

// victim finds what a name is that is to be removed, with a reference.
func (fs *FileSystem) victim(dir *inode, name []byte) (*inode, error) {
	fs.cache.trim()
	if err := gone(dir); err != nil {
		return nil, err
	}
	p, err := fs.locate(dir, name)
	if err != nil {
		return nil, err
	}
	return fs.child(p.entry.inode)
}

// Unlink removes the name of what is no directory.
func (fs *FileSystem) Unlink(directory vfs.NodeID, name []byte) error {
	return fs.unname(directory, name, false)
}

// RemoveDirectory removes an empty directory.
func (fs *FileSystem) RemoveDirectory(directory vfs.NodeID, name []byte) error {
	return fs.unname(directory, name, true)
}

func (fs *FileSystem) unname(directory vfs.NodeID, name []byte, wantDirectory bool) error {
	dir, err := fs.directory(directory)
	if err != nil {
		return err
	}
	n, err := fs.victim(dir, name)
	if err != nil {
		return err
	}
	defer fs.Release(nodeOf(n))
	if err := fs.removable(n, wantDirectory); err != nil {
		return err
	}
	if err := fs.changeable(dir); err != nil {
		return err
	}
	return fs.change(func() error {
		p, err := fs.locate(dir, name)
		if err != nil {
			return err
		}
		fs.names.forget(dir.number, name)
		fs.remove(&p)
		fs.touch(dir)
		if err := fs.lose(n, dir); err != nil {
			return err
		}
		return fs.stamp(dir)
	})
}

// removable checks that a name of n can go.
func (fs *FileSystem) removable(n *inode, wantDirectory bool) error {
	switch {
	case wantDirectory && !n.isDirectory():
		return vfs.ErrNotDirectory
	case !wantDirectory && n.isDirectory():
		return vfs.ErrDirectory
	case n.number == rootInode:
		return syscall.EBUSY
	}
	if n.isDirectory() {
		empty, err := fs.isEmpty(n)
		if err == nil && !empty {
			err = vfs.ErrNotEmpty
		}
		if err != nil {
			return err
		}
	}
	return fs.changeable(n)
}

// lose takes a link of an inode away, of which the name is gone.
func (fs *FileSystem) lose(n, dir *inode) error {
	fs.touch(n)
	n.changed = fs.time()
	if n.isDirectory() {
		n.links = 0
		fs.dropLink(dir)
	} else {
		n.links--
	}
	if n.links == 0 {
		fs.addOrphan(n)
	}
	return fs.put(n)
}

// destroy gives back what an inode has that nobody can reach.
func (fs *FileSystem) destroy(n *inode) error {
	for done := false; !done; {
		err := fs.change(func() (err error) {
			fs.touch(n)
			done = true
			if n.flags&inodeExtents != 0 {
				if done, err = fs.cut(n, 0); err != nil {
					return err
				}
			}
			if !done {
				return fs.put(n)
			}
			if err := fs.freeAttributes(n); err != nil {
				return err
			}
			if err := fs.removeOrphan(n); err != nil {
				return err
			}
			n.size, n.deleted = 0, uint32(fs.time()/second)
			if err := fs.put(n); err != nil {
				return err
			}
			return fs.freeInode(n.number, n.isDirectory())
		})
		if err != nil {
			return err
		}
	}
	fs.inodes.remove(n)
	return nil
}

// The block of extended attributes, which files may share (struct ext4_xattr_header).
const (
	attributesMagic = 0xea020000
	attributesRefs  = 4
	attributesSum   = 16
)

// freeAttributes gives the block of extended attributes back.
func (fs *FileSystem) freeAttributes(n *inode) error {
	if n.attributes == 0 {
		return nil
	}
	block := n.attributes
	if !fs.valid(run{block, 1}) {
		return fs.damage("extended attributes lead out of the volume, of inode", uint64(n.number))
	}
	b, err := fs.cache.get(block, kindPlain)
	if err != nil {
		return err
	}
	refs := le.Uint32(b.data[attributesRefs:])
	if le.Uint32(b.data) != attributesMagic || refs == 0 {
		return fs.damage("extended attributes make no sense, of inode", uint64(n.number))
	}
	n.attributes = 0
	fs.addBlocks(n, -1)
	if refs == 1 {
		return fs.free(run{block, 1}, true)
	}
	fs.modify(b)
	le.PutUint32(b.data[attributesRefs:], refs-1)
	if fs.sums() {
		var number [8]byte
		le.PutUint64(number[:], block)
		clear(b.data[attributesSum : attributesSum+4])
		le.PutUint32(b.data[attributesSum:], crc(crc(fs.seed, number[:]), b.data))
	}
	return nil
}
