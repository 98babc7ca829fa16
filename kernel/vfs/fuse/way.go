package fuse

import (
	"time"

	"mewz/kernel/vfs"
)

// way is where directories lead that were looked up just now: a program that works in one looks
// each of its files up through it. They stand as long as virtiofsd says, but no longer than data
// that was read ahead (decision 0019), and only until this machine changes any name. Names of
// files are asked for each time.
type way struct {
	all [waySteps]wayStep
}

// wayStep is a name of a directory.
type wayStep struct {
	parent uint64 // of virtiofsd
	node   uint32
	until  time.Duration
	seen   uint64 // wayChanges then
	bytes  uint8
	name   [wayNameMax]byte
}

const (
	// waySteps is how many names are kept, a power of two: paths are a few names long.
	waySteps = 32
	// wayNameMax is the longest of them.
	wayNameMax = 31
)

// step returns where a name of a directory is, or belongs.
func (w *way) step(parent uint64, name []byte) *wayStep {
	const prime = 0x0100_0193 // of FNV-1, for 32 bits
	h := uint32(parent)
	for _, c := range name {
		h = (h ^ uint32(c)) * prime
	}
	return &w.all[(h^h>>16)%waySteps]
}

// wayChanges is what may have made a name wrong: a change of any by this machine, and that
// virtiofsd may know another directory by the same number now.
func (f *FileSystem) wayChanges() uint64 { return f.changes + f.nodes.forgotten }

// passed returns a directory that a name has just led to, held, or none.
func (f *FileSystem) passed(parent uint64, name []byte) uint32 {
	s := f.way.step(parent, name)
	if s.parent != parent || s.seen != f.wayChanges() || string(s.name[:s.bytes]) != string(name) || f.now() >= s.until {
		return none
	}
	f.fresh.node = none
	f.nodes.hold(s.node)
	return s.node
}

// pass notes where a name leads, if it is a directory.
func (f *FileSystem) pass(parent uint64, name []byte, i uint32, stands time.Duration) {
	if f.nodes.all[i].kind != vfs.Directory || stands == 0 || len(name) > wayNameMax {
		return
	}
	s := f.way.step(parent, name)
	s.parent, s.node, s.until, s.seen = parent, i, f.now()+stands, f.wayChanges()
	s.bytes = uint8(copy(s.name[:], name))
}
