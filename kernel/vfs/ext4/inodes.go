package ext4

import "mewz/kernel/vfs"

// idleInodes is how many inodes stay in memory that nobody refers to: those of the files that
// a program opens and looks at again and again, in 300 KiB.
const idleInodes = 1024

// inodeTable are the inodes in memory, each one once. What one says is what the volume
// says, or newer, whether somebody refers to it or not.
type inodeTable struct {
	byNumber map[uint32]*inode
	slots    []*inode // a NodeID has the place of its inode here
	free     []uint32
	idle     inode // head of the ring of those that nobody refers to: newer is idle for longest
	idles    int
}

func (t *inodeTable) reset() {
	*t = inodeTable{byNumber: map[uint32]*inode{}}
	t.idle.older, t.idle.newer = &t.idle, &t.idle
}

// add puts an inode into the table.
func (t *inodeTable) add(n *inode) {
	t.byNumber[n.number] = n
	if k := len(t.free); k > 0 {
		n.slot, t.free = t.free[k-1], t.free[:k-1]
		t.slots[n.slot] = n
		return
	}
	n.slot = uint32(len(t.slots))
	t.slots = append(t.slots, n)
}

// remove takes an inode out of the table, if it is there.
func (t *inodeTable) remove(n *inode) {
	if t.byNumber[n.number] != n {
		return
	}
	t.wake(n)
	delete(t.byNumber, n.number)
	t.slots[n.slot] = nil
	t.free = append(t.free, n.slot)
}

// wake takes an inode out of the ring, if it is there.
// Not inlined, for the size of the kernel: decision 0015.
//
//go:noinline
func (t *inodeTable) wake(n *inode) {
	if n.newer != nil {
		n.older.newer, n.newer.older = n.newer, n.older
		n.older, n.newer = nil, nil
		t.idles--
	}
}

// rest keeps an inode that nobody refers to, in the place of the one idle for longest.
func (t *inodeTable) rest(n *inode) {
	last := t.idle.older
	n.older, n.newer = last, &t.idle
	last.newer, t.idle.older = n, n
	if t.idles++; t.idles > idleInodes {
		t.remove(t.idle.newer)
	}
}

// nodeOf is the name of an inode for as long as somebody refers to it.
func nodeOf(n *inode) vfs.NodeID { return vfs.NodeID(n.slot)<<32 | vfs.NodeID(n.number) }

// at returns the inode of a name that is valid, or nil.
func (t *inodeTable) at(node vfs.NodeID) *inode {
	if slot := uint64(node >> 32); slot < uint64(len(t.slots)) {
		if n := t.slots[slot]; n != nil && n.number == uint32(node) {
			return n
		}
	}
	return nil
}
