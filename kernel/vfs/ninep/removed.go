package ninep

import (
	"bytes"
	"strconv"
	"syscall"

	"mewz/kernel/vfs"
)

// QEMU's server knows a file by its path (hw/9pfs, V9fsFidState.path): what is
// removed has no attributes and cannot be cut any more, even while it is open. So a
// file that somebody holds is not removed but gets a name in a hidden directory of
// the share, and is removed when nobody holds it any more, as NFS clients do it:
//
//	Unlink   renameat(d, name → hidden, number)
//	Rename   link(file → hidden, number), then renameat over the old name, at once
//	Release  unlinkat(hidden, number), of the last one unlinkat(root, hidden)
//
// Where that does not work (another file system of the host, no permission, no
// room), the file is removed at once, and its attributes are what they were.
// Reading, writing and syncing go on in both cases.
//
// A machine that loses its power leaves the directory behind. Who made it is not
// known, so no machine removes one of another; people may, when no machine runs.

// hiddenPrefix begins the name of a hidden directory, which no program sees or makes.
const hiddenPrefix = ".mewz-removed-"

// hiddenTries bounds the names that are tried for the directory. The first is 1, which is
// taken while another machine has files there, or was left behind; the others are random, so
// that however many there are the second is free. A host that says otherwise lies.
const hiddenTries = 4

// hiding is the hidden directory.
type hiding struct {
	directory uint32 // its number, 0: there is none
	fid       uint32
	files     int    // in it
	last      uint32 // number that a file got last
	random    func() uint32
	text      [len(hiddenPrefix) + 20]byte
}

// isHidden reports whether a name in the root is for hidden directories.
func isHidden(name []byte) bool { return bytes.HasPrefix(name, []byte(hiddenPrefix)) }

// hiddenName returns the name of a hidden file or, with the prefix, of a directory.
// It is valid until the next call.
func (f *FileSystem) hiddenName(prefix string, number uint32) []byte {
	return strconv.AppendUint(append(f.hiding.text[:0], prefix...), uint64(number), 10)
}

// heldAt returns the node that somebody holds besides the caller and that a name
// leads to, or 0. d and also are the directories that the caller holds.
func (f *FileSystem) heldAt(d *node, name []byte, also *node) (uint32, error) {
	own := 1 // the root
	if d != &f.nodes[rootIndex] {
		own++
	}
	if also != d && also != &f.nodes[rootIndex] {
		own++
	}
	if !f.byPath || f.live == own {
		return 0, nil
	}
	fid, q, err := f.walk(d.fid, name)
	if err != nil {
		return 0, err
	}
	f.clunkLater(fid)
	i := f.find(q.path)
	if i == 0 || i == rootIndex || f.nodes[i].hidden != 0 || f.nodes[i].kind != q.node() {
		return 0, nil
	}
	return i, nil
}

// leadsTo reports whether a name leads to a node.
func (f *FileSystem) leadsTo(d *node, name []byte, held uint32) (bool, error) {
	fid, q, err := f.walk(d.fid, name)
	if err != nil {
		return false, err
	}
	f.clunkLater(fid)
	return q.path == f.nodes[held].serial, nil
}

// remember returns the attributes that a node has when a name of it is gone.
func (f *FileSystem) remember(held uint32) *vfs.Attributes {
	if held == 0 {
		return nil
	}
	at, err := f.Attributes(vfs.NodeID(held))
	if err != nil {
		n := &f.nodes[held]
		at = vfs.Attributes{Serial: n.serial, Type: n.kind, Links: 1}
	}
	if at.Type == vfs.Directory || at.Links == 0 {
		at.Links = 1
	}
	at.Links--
	return &at
}

// forget says that the fid of a node leads nowhere any more.
func (f *FileSystem) forget(held uint32, known *vfs.Attributes) {
	if held != 0 && known != nil {
		f.retire(held, known)
	}
}

// unlinkHeld removes the name of a file that somebody holds.
func (f *FileSystem) unlinkHeld(directory uint32, name []byte, held uint32) error {
	if f.openHiding() == nil {
		number := f.hiding.last + 1
		if err := f.renameat(directory, name, f.hiding.fid, f.hiddenName("", number)); err == nil {
			f.hiding.last = number
			return f.anchor(held, number)
		}
		f.closeHiding()
	}
	known := f.remember(held)
	if err := f.unlinkat(directory, name, 0); err != nil {
		return err
	}
	f.forget(held, known)
	return nil
}

// cover prepares that a name of a node, in a directory, is given to something else. It returns
// what is known of the node from then on, or nil if its fid leads to a hidden name.
func (f *FileSystem) cover(held uint32, directory uint32, name []byte) (*vfs.Attributes, error) {
	if f.nodes[held].kind == vfs.Directory || f.openHiding() != nil {
		return f.remember(held), nil
	}
	fid, q, err := f.walk(directory, name)
	if err != nil {
		return nil, err
	}
	number := f.hiding.last + 1
	if q.path == f.nodes[held].serial {
		err = f.makeLink(f.hiding.fid, fid, f.hiddenName("", number))
	} else {
		err = syscall.ESTALE
	}
	f.clunkLater(fid)
	if err != nil {
		f.closeHiding()
		return f.remember(held), f.failure()
	}
	f.hiding.last = number
	return nil, f.anchor(held, number)
}

// anchor has the fid of a node lead to a hidden name, which exists.
func (f *FileSystem) anchor(held, number uint32) error {
	f.hiding.files++
	fid, q, err := f.walk(f.hiding.fid, f.hiddenName("", number))
	if err != nil {
		f.reveal(number)
		return err
	}
	n := &f.nodes[held]
	if q.path != n.serial {
		// The host has exchanged the file at the last moment.
		f.clunkLater(fid)
		f.reveal(number)
		return f.failure()
	}
	f.clunkLater(n.fid)
	n.fid, n.hidden = fid, number
	return nil
}

// reveal removes a hidden file, which nobody holds any more.
func (f *FileSystem) reveal(number uint32) {
	_ = f.unlinkat(f.hiding.fid, f.hiddenName("", number), 0) // people may have been faster
	f.hiding.files--
	f.closeHiding()
}

// openHiding makes the hidden directory if there is none.
func (f *FileSystem) openHiding() error {
	if f.hiding.directory != 0 {
		return nil
	}
	root := f.nodes[rootIndex].fid
	number := uint32(1)
	err := f.mkdir(root, f.hiddenName(hiddenPrefix, number), permissionsHidden)
	for tries := 1; err == syscall.EEXIST && tries < hiddenTries; tries++ {
		number = max(f.hiding.random(), 1)
		err = f.mkdir(root, f.hiddenName(hiddenPrefix, number), permissionsHidden)
	}
	if err != nil {
		return err
	}
	fid, q, err := f.walk(root, f.hiddenName(hiddenPrefix, number))
	if err != nil {
		return err
	}
	if q.node() != vfs.Directory {
		f.clunkLater(fid)
		return syscall.ESTALE
	}
	f.hiding.directory, f.hiding.fid = number, fid
	return nil
}

// closeHiding removes the hidden directory when nothing is in it.
func (f *FileSystem) closeHiding() {
	if f.hiding.files != 0 || f.hiding.directory == 0 {
		return
	}
	f.clunkLater(f.hiding.fid)
	_ = f.unlinkat(f.nodes[rootIndex].fid, f.hiddenName(hiddenPrefix, f.hiding.directory), unlinkatDir) // it stays then
	f.hiding.directory = 0
}

// End removes what is hidden, at the end of the machine. Nothing is called after it.
func (f *FileSystem) End() error {
	for i := range f.nodes {
		if n := &f.nodes[i]; n.refs != 0 && n.hidden != 0 {
			number := n.hidden
			n.hidden = 0
			f.reveal(number)
		}
	}
	return nil
}
