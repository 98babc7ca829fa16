package memfs

import "mewz/kernel/vfs"

// Names of the file system below that were looked up last, which does not change, and
// where they lead: a program that opens files again and again costs no search for them. Names
// that are here, or removed here, are found before, so nothing is ever wrong in it
// but what leads to a node that is gone, or from one: drop takes that out.
type known struct {
	all []knownName // nil: nothing was looked up yet
}

// knownName is a name in a directory below.
type knownName struct {
	directory vfs.NodeID // below
	node      ref        // here; 0: nothing
	bytes     uint8
	name      [knownNameMax]byte
}

const (
	// knownNames is how many names there is room for: twice as many as nodes stay that nobody
	// holds, so that few have to go for others.
	knownNames = 2 * idleNodes
	// knownNameMax is the longest of them; there are few longer ones.
	knownNameMax = 35
)

// slot returns where a name belongs.
func (k *known) slot(hash uint32) int {
	if k.all == nil {
		k.all = make([]knownName, knownNames)
	}
	return int(hash % knownNames)
}

// know notes where a name leads, instead of what was there.
func (f *FileSystem) know(slot int, directory vfs.NodeID, name []byte, r ref) {
	if len(name) > knownNameMax {
		return
	}
	k := &f.known.all[slot]
	if k.node != 0 {
		f.node(k.node).known = 0
	}
	n := f.node(r)
	if n.known != 0 { // another name of the same file
		f.known.all[n.known-1].node = 0
	}
	n.known = uint16(slot) + 1
	k.directory, k.node, k.bytes = directory, r, uint8(copy(k.name[:], name))
}

// unknow forgets the name that leads to a node, and if it is a directory all names.
func (f *FileSystem) unknow(n *node) {
	if n.known != 0 {
		f.known.all[n.known-1].node, n.known = 0, 0
	}
	if n.kind != vfs.Directory {
		return
	}
	for i := range f.known.all {
		if k := &f.known.all[i]; k.node != 0 && k.directory == n.lower {
			f.node(k.node).known, k.node = 0, 0
		}
	}
}
