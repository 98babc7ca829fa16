package vfs

import "syscall"

// readOnly answers every change of a file system that cannot be changed: what is
// wrong with it, or else ErrReadOnly.
type readOnly struct {
	self FileSystem
}

// openError says why what a node is cannot be opened.
func openError(t Type, mode Mode) error {
	writes := mode&(ModeWrite|ModeTruncate) != 0
	switch {
	case t == Symlink:
		return ErrLoop
	case t == Directory && writes:
		return ErrDirectory
	case t != Directory && t != File:
		return ErrNotSupported
	case writes:
		return ErrReadOnly
	}
	return nil
}

// absent answers a request to make a name.
func (r readOnly) absent(directory NodeID, name []byte) error {
	entry, err := r.self.Lookup(directory, name)
	switch err {
	case nil:
		r.self.Release(entry.Node)
		return ErrExists
	case ErrNotFound:
		return ErrReadOnly
	}
	return err
}

// SetAttributes changes nothing.
func (r readOnly) SetAttributes(node NodeID, change Change) error {
	a, err := r.self.Attributes(node)
	switch {
	case err != nil:
		return err
	case change.SetSize && a.Type == Directory:
		return ErrDirectory
	case change.SetSize && a.Type != File:
		return ErrInvalid
	case change.SetSize && change.Size > OffsetMax:
		return ErrTooLarge
	}
	return ErrReadOnly
}

// Create makes nothing.
func (r readOnly) Create(directory NodeID, name []byte, _ Mode) (Entry, Handle, error) {
	return Entry{}, 0, r.absent(directory, name)
}

// Write writes nothing: no handle is open for writing.
func (r readOnly) Write(Handle, [][]byte, uint64) (int, error) { return 0, syscall.EBADF }

// Append writes nothing.
func (r readOnly) Append(Handle, [][]byte) (int, uint64, error) { return 0, 0, syscall.EBADF }

// Allocate allocates nothing.
func (r readOnly) Allocate(Handle, uint64, uint64) error { return syscall.EBADF }

// MakeDirectory makes nothing.
func (r readOnly) MakeDirectory(directory NodeID, name []byte) error {
	return r.absent(directory, name)
}

// MakeSymlink makes nothing.
func (r readOnly) MakeSymlink(directory NodeID, name, _ []byte) error {
	return r.absent(directory, name)
}

// MakeLink makes nothing.
func (r readOnly) MakeLink(node, directory NodeID, name []byte) error {
	a, err := r.self.Attributes(node)
	switch {
	case err != nil:
		return err
	case a.Type == Directory:
		return syscall.EPERM
	}
	return r.absent(directory, name)
}

// Unlink removes nothing.
func (r readOnly) Unlink(directory NodeID, name []byte) error {
	entry, err := r.self.Lookup(directory, name)
	if err != nil {
		return err
	}
	r.self.Release(entry.Node)
	if entry.Type == Directory {
		return ErrDirectory
	}
	return ErrReadOnly
}

// RemoveDirectory removes nothing.
func (r readOnly) RemoveDirectory(directory NodeID, name []byte) error {
	entry, err := r.self.Lookup(directory, name)
	if err != nil {
		return err
	}
	defer r.self.Release(entry.Node)
	if entry.Type != Directory {
		return ErrNotDirectory
	}
	return r.empty(entry.Node)
}

// empty answers a request to remove a directory.
func (r readOnly) empty(directory NodeID) error {
	h, err := r.self.Open(directory, ModeRead)
	if err != nil {
		return err
	}
	defer r.self.Close(h)
	answer := ErrReadOnly
	if err := r.self.List(h, dotEntries, func(*DirectoryEntry) bool {
		answer = ErrNotEmpty
		return false
	}); err != nil {
		return err
	}
	return answer
}

// Rename moves nothing. That a directory would come below itself is not looked
// at: it is refused all the same.
func (r readOnly) Rename(from NodeID, fromName []byte, to NodeID, toName []byte) error {
	entry, err := r.self.Lookup(from, fromName)
	if err != nil {
		return err
	}
	defer r.self.Release(entry.Node)
	old, err := r.self.Lookup(to, toName)
	switch {
	case err == ErrNotFound:
		return ErrReadOnly
	case err != nil:
		return err
	}
	defer r.self.Release(old.Node)
	switch {
	case old.Type == Directory && entry.Type != Directory:
		return ErrDirectory
	case old.Type != Directory && entry.Type == Directory:
		return ErrNotDirectory
	case old.Type == Directory:
		return r.empty(old.Node)
	}
	return ErrReadOnly
}
