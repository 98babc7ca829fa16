package wasi

import (
	"encoding/binary"

	"mewz/kernel/vfs"
)

// listing is one call of fd_readdir.
type listing struct {
	into []byte
	used int
	// An entry that the file system does not know well enough ends the visit, because no call
	// begins before another has ended; it is looked up then.
	unknown bool
	name    []byte
	next    uint64
}

// fdReaddir is fd_readdir: the entries of a directory, from a cookie on, with . and
// .. first. Each is a dirent (next cookie u64 at 0, ino u64 at 8, length of the name u32
// at 16, type u8 at 20) and the name. They fill the buffer to its end, the last one
// cut off where it ends; a buffer that is not full tells the end of the
// directory. A cookie stays valid whatever is made or removed meanwhile.
//
// Parameters: fd i32; buf i32 and buf_len i32, the buffer; cookie i64, 0 for the
// start, else from a dirent; result.bufused i32, where the number of bytes goes
// (u32).
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTDIR: fd is no directory.
//   - EFAULT: the buffer or the result lies outside of memory.
//   - ENOTCAPABLE: the right fd_readdir was given up.
//   - what the file system says (EIO).
func (s *System) fdReaddir(a *Args) Errno {
	d, errno := s.directory(uint32(a[0]), RightFDReaddir)
	if errno != Success {
		return errno
	}
	b, ok := s.Memory.slice(uint32(a[1]), uint32(a[2]))
	result := uint32(a[4])
	if !ok || !s.Memory.has(result, 4) {
		return EFault
	}
	l := &s.listing
	l.into, l.used, l.next = b, 0, a[3]
	for again := len(b) != 0; again; again = l.unknown && l.used < len(b) {
		l.unknown = false
		err := d.files.List(d.handle, l.next, s.visit)
		if err == nil && l.unknown {
			err = l.lookUp(d)
		}
		if err != nil {
			return errnoOf(err)
		}
	}
	s.Memory.putUint32(result, uint32(l.used))
	return Success
}

// visitor returns what puts entries into the buffer, and reports whether there is room for
// more. It is one function without calls but to copy the name: it runs for each name of each listing.
// Within New, which is long, the compiler would leave them calls.
//
//go:noinline
func (l *listing) visitor() func(e *vfs.DirectoryEntry) bool {
	return func(e *vfs.DirectoryEntry) bool {
		b := l.into[l.used:]
		if e.Serial == 0 || e.Type == 0 || len(b) < direntBytes+len(e.Name) {
			return l.visit(e)
		}
		header, le := (*[direntBytes]byte)(b), binary.LittleEndian
		l.next = e.Next
		le.PutUint64(header[0:], e.Next)
		le.PutUint64(header[8:], e.Serial)
		le.PutUint32(header[16:], uint32(len(e.Name)))
		le.PutUint32(header[20:], uint32(fileTypeOf(e.Type))) // and three bytes of nothing
		n := direntBytes + copy(b[direntBytes:], e.Name)
		l.used += n
		return n < len(b)
	}
}

// visit is visitor for an entry that is unknown, or does not fit.
func (l *listing) visit(e *vfs.DirectoryEntry) bool {
	l.next = e.Next
	if e.Serial == 0 || e.Type == 0 {
		l.unknown, l.name = true, append(l.name[:0], e.Name...)
		return false
	}
	l.put(e.Serial, e.Type, e.Name)
	return l.used < len(l.into)
}

// lookUp puts the entry that was unknown. It is left out if it is gone; and .. tells the
// number of the directory itself, which is all that can be known above a root.
func (l *listing) lookUp(d *descriptor) error {
	node := d.node
	if string(l.name) != "." && string(l.name) != ".." {
		entry, err := d.files.Lookup(d.node, l.name)
		if err == vfs.ErrNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		defer d.files.Release(entry.Node)
		node = entry.Node
	}
	attributes, err := d.files.Attributes(node)
	if err == nil {
		l.put(attributes.Serial, attributes.Type, l.name)
	}
	return err
}

// put writes as much of an entry as fits.
func (l *listing) put(serial uint64, t vfs.Type, name []byte) {
	var header [direntBytes]byte
	le := binary.LittleEndian
	le.PutUint64(header[0:], l.next)
	le.PutUint64(header[8:], serial)
	le.PutUint32(header[16:], uint32(len(name)))
	header[20] = byte(fileTypeOf(t))
	l.used += copy(l.into[l.used:], header[:])
	l.used += copy(l.into[l.used:], name)
}
