package ext4

import (
	"bytes"

	"mewz/kernel/vfs"
)

// depthMax bounds the way from a directory up to the root: with names of one
// letter it is far beyond what a path can name.
const depthMax = 1 << 16

// renaming is a rename under way.
type renaming struct {
	from, to         *inode
	fromName, toName []byte
	what             *inode
	over             *inode // what has the new name, or nil
}

// Rename gives what has a name another one.
func (fs *FileSystem) Rename(from vfs.NodeID, fromName []byte, to vfs.NodeID, toName []byte) error {
	r := renaming{fromName: fromName, toName: toName}
	var err error
	if r.from, err = fs.directory(from); err != nil {
		return err
	}
	if r.to, err = fs.directory(to); err != nil {
		return err
	}
	if r.what, err = fs.victim(r.from, fromName); err != nil {
		return err
	}
	defer fs.Release(nodeOf(r.what))
	switch r.over, err = fs.victim(r.to, toName); err {
	case nil:
		defer fs.Release(nodeOf(r.over))
	case vfs.ErrNotFound:
		if err := gone(r.to); err != nil {
			return err
		}
	default:
		return err
	}
	if r.over == r.what && (r.from != r.to || !bytes.Equal(fromName, toName)) && r.what.isDirectory() {
		return fs.damage("a directory has two names, inode", uint64(r.what.number))
	}
	if r.over == r.what {
		return nil
	}
	if err := fs.checkRename(&r); err != nil {
		return err
	}
	return fs.change(func() error { return fs.rename(&r) })
}

func (fs *FileSystem) checkRename(r *renaming) error {
	if r.what.isDirectory() {
		if err := fs.notBelow(r.to, r.what); err != nil {
			return err
		}
	}
	if r.over != nil {
		if err := fs.removable(r.over, r.what.isDirectory()); err != nil {
			return err
		}
	} else if r.what.isDirectory() && r.from != r.to && r.to.links >= linksMax && fs.readCompat&readManyLinks == 0 {
		return vfs.ErrTooManyLinks
	}
	for _, n := range []*inode{r.from, r.to} {
		if err := fs.changeable(n); err != nil {
			return err
		}
	}
	return nil
}

// notBelow checks that a directory is not another one or below it.
func (fs *FileSystem) notBelow(dir, above *inode) error {
	number := dir.number
	for range depthMax {
		if number == above.number {
			return vfs.ErrInvalid
		}
		if number == rootInode {
			return nil
		}
		n, err := fs.inode(number)
		if err != nil {
			return err
		}
		if !n.isDirectory() {
			err = fs.damage("the parent of a directory is none, inode", uint64(number))
		}
		var p place
		if err == nil {
			p, err = fs.dotDot(n)
		}
		fs.Release(nodeOf(n))
		if err != nil {
			return err
		}
		number = p.entry.inode
	}
	return fs.damage("directories contain each other, inode", uint64(dir.number))
}

func (fs *FileSystem) rename(r *renaming) error {
	fs.names.forget(r.from.number, r.fromName)
	fs.names.forget(r.to.number, r.toName)
	fs.touch(r.from)
	fs.touch(r.to)
	fs.touch(r.what)
	if r.over != nil {
		p, err := fs.locate(r.to, r.toName)
		if err != nil {
			return err
		}
		fs.modify(p.buffer)
		le.PutUint32(p.buffer.data[p.entry.at:], r.what.number)
		p.buffer.data[p.entry.at+7] = entryKind(r.what)
		if err := fs.lose(r.over, r.to); err != nil {
			return err
		}
	} else if err := fs.add(r.to, r.toName, r.what.number, entryKind(r.what)); err != nil {
		return err
	}
	p, err := fs.locate(r.from, r.fromName) // adding may have moved it
	if err != nil {
		return err
	}
	fs.remove(&p)
	if r.what.isDirectory() && r.from != r.to {
		p, err := fs.dotDot(r.what)
		if err != nil {
			return err
		}
		fs.modify(p.buffer)
		le.PutUint32(p.buffer.data[p.entry.at:], r.to.number)
		fs.dropLink(r.from)
		fs.addLink(r.to)
	}
	r.what.changed = fs.time()
	if err := fs.put(r.what); err != nil {
		return err
	}
	if err := fs.stamp(r.from); err != nil {
		return err
	}
	return fs.stamp(r.to)
}
