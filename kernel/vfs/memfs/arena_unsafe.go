package memfs

import "unsafe"

// What lies in the arena are plain numbers, at addresses that stay what they are
// until the arena is closed. An index is checked where it is turned into an
// address: objects do not cross blocks, and the arena is whole slabs.

// at returns the address of an object or block.
func (a *arena) at(r ref) unsafe.Pointer {
	return unsafe.Pointer(&a.bytes[uint64(r-firstRef)*unitBytes])
}

// raw returns n bytes from an object or block on. Preconditions: they are its own.
func (a *arena) raw(r ref, n int) []byte {
	return a.bytes[uint64(r-firstRef)*unitBytes:][:n:n]
}

// block returns the bytes of a block.
func (a *arena) block(r ref) *[blockBytes]byte { return (*[blockBytes]byte)(a.at(r)) }

// objects returns the header of a block that is cut into objects.
func (a *arena) objects(block ref) *objects { return (*objects)(a.at(block)) }

// slots returns what an inner node of a tree has below it.
func (a *arena) slots(r ref) *[treeSlots]ref { return (*[treeSlots]ref)(a.at(r)) }

// words returns the same, two at a time.
func (a *arena) words(r ref) *[treeSlots / 2]uint64 { return (*[treeSlots / 2]uint64)(a.at(r)) }

// link returns how an object hangs in a table: every such object begins with it.
func (a *arena) link(r ref) *link { return (*link)(a.at(r)) }

// entry returns a directory entry.
func (a *arena) entry(r ref) *entry { return (*entry)(a.at(r)) }

// nodeAt returns a node.
func (a *arena) nodeAt(r ref) *node { return (*node)(a.at(r)) }

// Sizes of what is taken from the arena; they are tested against the classes.
const (
	nodeBytes  = int(unsafe.Sizeof(node{}))
	entryBytes = int(unsafe.Offsetof(entry{}.name))
)
