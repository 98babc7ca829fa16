package ninep

import (
	"syscall"

	"mewz/kernel/vfs"
)

const (
	// listFirstBytes is what a listing asks for at first, then twice as much each time:
	// callers take some kilobytes, and what they do not take is read again.
	listFirstBytes = 8 << 10
	listLastBytes  = 64 << 10

	// listMax bounds the entries of one List: more than any file system of a host has
	// in a directory. A server may go on for ever.
	listMax = 1 << 28

	// Cookies: . and .. come first, whatever the order of the host; then the host's
	// cookie and cookieHost.
	cookieSelf   = 0
	cookieParent = 1
	cookieHost   = 2
)

// List implements vfs.FileSystem.
func (f *FileSystem) List(id vfs.Handle, cookie uint64, visit func(e *vfs.DirectoryEntry) bool) error {
	h, err := f.opened(id, vfs.Directory)
	if err != nil {
		return err
	}
	n := &f.nodes[h.node]
	e := vfs.DirectoryEntry{Type: vfs.Directory}
	if cookie == cookieSelf {
		e.Serial, e.Name, e.Next = n.serial, append(f.name[:0], '.'), cookieParent
		if !visit(&e) {
			return nil
		}
		cookie = cookieParent
	}
	if cookie == cookieParent {
		e.Serial, e.Name, e.Next = n.parent, append(f.name[:0], '.', '.'), cookieHost
		if !visit(&e) {
			return nil
		}
		cookie = cookieHost
	}
	seen, bytes := 0, listFirstBytes
	for more := true; more && err == nil; {
		cookie, more, err = f.listPart(h, cookie, min(bytes, f.message-dataHeadBytes), visit)
		bytes = min(2*bytes, listLastBytes)
		if seen++; seen > listMax/(listFirstBytes/entryHeadBytes) && err == nil {
			err = f.lie("a directory without an end")
		}
	}
	return err
}

// listPart visits what one Rreaddir holds. more: there is something behind it, and
// it is wanted.
func (f *FileSystem) listPart(h *handle, cookie uint64, bytes int, visit func(e *vfs.DirectoryEntry) bool) (next uint64, more bool, err error) {
	s := f.beginRead(kindReaddir, h.fid, cookie-cookieHost, 0, bytes)
	n, err := f.endListing(s)
	if err == vfs.ErrNotFound {
		err = nil // the directory was removed, so nothing is in it (getdents(2))
	}
	if err != nil || n == 0 {
		return cookie, false, err
	}
	isRoot := h.node == rootIndex
	a := answer{b: s.into.Bytes[:n]}
	for len(a.b) > 0 {
		read := a.entry()
		name := f.name[:copy(f.name[:], read.name)] // the server may write where it was
		if a.bad || !validName(name) || read.cookie > ^uint64(0)-cookieHost {
			return 0, false, f.lie("an entry of a directory")
		}
		cookie = read.cookie + cookieHost
		if string(name) == "." || string(name) == ".." || isRoot && isHidden(name) {
			continue
		}
		e := vfs.DirectoryEntry{Serial: read.qid.path, Type: read.kind, Name: name, Next: cookie}
		if !visit(&e) {
			return cookie, false, nil
		}
	}
	return cookie, true, nil
}

// endListing sends what beginRead began and waits for it.
func (f *FileSystem) endListing(s *slot) (int, error) {
	_ = f.send(s) // endRead knows
	return f.endRead(s)
}

// validName reports whether a directory can have an entry of that name.
func validName(name []byte) bool {
	if len(name) == 0 || len(name) > nameMaxBytes {
		return false
	}
	for _, b := range name {
		if b == 0 || b == '/' {
			return false
		}
	}
	return true
}

// MakeDirectory implements vfs.FileSystem.
func (f *FileSystem) MakeDirectory(directory vfs.NodeID, name []byte) error {
	d, err := f.place(directory, name)
	if err != nil {
		return err
	}
	return f.mkdir(d.fid, name, permissionsDirectory)
}

func (f *FileSystem) mkdir(directory uint32, name []byte, permissions uint32) error {
	s := f.beginFid(kindMkdir, directory)
	s.name(name)
	s.uint32(permissions)
	s.uint32(nobody)
	_, err := f.qid(s, 0)
	return err
}

// MakeSymlink implements vfs.FileSystem.
func (f *FileSystem) MakeSymlink(directory vfs.NodeID, name, target []byte) error {
	d, err := f.place(directory, name)
	if err != nil {
		return err
	}
	if len(target) > linkMaxBytes {
		return vfs.ErrNameTooLong
	}
	// The target is payload, and the gid the end of it.
	s := f.beginFid(kindSymlink, d.fid)
	s.name(name)
	s.uint16(uint16(len(target)))
	n := copy(f.data.Bytes, target)
	copy(f.data.Bytes[n:], "\xff\xff\xff\xff")
	s.payload = f.data.Part(0, n+4)
	_, err = f.qid(s, 0)
	return err
}

// MakeLink implements vfs.FileSystem.
func (f *FileSystem) MakeLink(id vfs.NodeID, directory vfs.NodeID, name []byte) error {
	n, err := f.node(id)
	if err != nil {
		return err
	}
	d, err := f.place(directory, name)
	switch {
	case err != nil:
		return err
	case n.kind == vfs.Directory:
		return syscall.EPERM
	case n.known != nil:
		return vfs.ErrNotFound
	}
	return f.makeLink(d.fid, n.fid, name)
}

func (f *FileSystem) makeLink(directory, fid uint32, name []byte) error {
	s := f.beginFid(kindLink, directory)
	s.uint32(fid)
	s.name(name)
	return f.ok(s)
}

// unlinkat removes a name.
func (f *FileSystem) unlinkat(directory uint32, name []byte, flags uint32) error {
	s := f.beginFid(kindUnlinkat, directory)
	s.name(name)
	s.uint32(flags)
	return f.ok(s)
}

// renameat gives a name to what has another one.
func (f *FileSystem) renameat(from uint32, fromName []byte, to uint32, toName []byte) error {
	s := f.beginFid(kindRenameat, from)
	s.name(fromName)
	s.uint32(to)
	s.name(toName)
	return f.ok(s)
}

// named returns a directory in which a name is to be removed, and the node that it leads to if
// somebody holds that.
func (f *FileSystem) named(directory vfs.NodeID, name []byte) (d *node, held uint32, err error) {
	if d, err = f.directory(directory, name); err == nil {
		held, err = f.heldAt(d, name, d)
	}
	return d, held, err
}

// Unlink implements vfs.FileSystem.
func (f *FileSystem) Unlink(directory vfs.NodeID, name []byte) error {
	d, held, err := f.named(directory, name)
	if err != nil {
		return err
	}
	if held == 0 || f.nodes[held].kind == vfs.Directory {
		return f.unlinkat(d.fid, name, 0)
	}
	return f.unlinkHeld(d.fid, name, held)
}

// RemoveDirectory implements vfs.FileSystem.
func (f *FileSystem) RemoveDirectory(directory vfs.NodeID, name []byte) error {
	d, held, err := f.named(directory, name)
	if err != nil {
		return err
	}
	known := f.remember(held)
	if err := f.unlinkat(d.fid, name, unlinkatDir); err != nil {
		return err
	}
	f.forget(held, known)
	return nil
}

// Rename implements vfs.FileSystem.
func (f *FileSystem) Rename(from vfs.NodeID, fromName []byte, to vfs.NodeID, toName []byte) error {
	source, err := f.directory(from, fromName)
	if err != nil {
		return err
	}
	target, err := f.place(to, toName)
	if err != nil {
		return err
	}
	held, err := f.heldAt(target, toName, source)
	if err == vfs.ErrNotFound {
		err = nil // nothing is replaced
	}
	if err != nil {
		return err
	}
	var known *vfs.Attributes
	if held != 0 {
		if same, err := f.leadsTo(source, fromName, held); err != nil || same {
			if err != nil {
				return err
			}
			held = 0 // nothing becomes of it: the names stay as they are
		} else if known, err = f.cover(held, target.fid, toName); err != nil {
			return err
		}
	}
	if err := f.renameat(source.fid, fromName, target.fid, toName); err != nil {
		return err
	}
	f.forget(held, known)
	return nil
}
