package memfs

// tree is a sparse array: a radix tree of inner nodes with 64 slots each, as high
// as its greatest index needs. Its leaves are references: the blocks of a file,
// the entries of a directory by cookie, the chains of a table.
type tree struct {
	root   ref    // a leaf if height is 0
	height uint32 // levels of inner nodes
}

const (
	treeBits  = 6
	treeSlots = 1 << treeBits
	// treeMax bounds the indices; a file has 1<<51 blocks at most, and nobody lives to
	// create as many files.
	treeMax = 1 << 54
)

// beyond reports that an index needs a higher tree.
func (t *tree) beyond(index uint64) bool { return index>>(treeBits*t.height) != 0 }

// get returns a leaf, or 0.
func (a *arena) get(t *tree, index uint64) ref {
	if t.beyond(index) {
		return 0
	}
	r := t.root
	for level := t.height; level > 0 && r != 0; level-- {
		r = a.slots(r)[index>>(treeBits*(level-1))%treeSlots]
	}
	return r
}

// run returns the leaves around an index, from a multiple of treeSlots on, for who takes one after the
// other; nil if there are none, or only one. It is valid until the tree is changed.
func (a *arena) run(t *tree, index uint64) *[treeSlots]ref {
	if t.beyond(index) || t.height == 0 {
		return nil
	}
	r := t.root
	for level := t.height; level > 1 && r != 0; level-- {
		r = a.slots(r)[index>>(treeBits*(level-1))%treeSlots]
	}
	if r == 0 {
		return nil
	}
	return a.slots(r)
}

// slot returns where a leaf is, or is to be put. It is valid until the tree is
// changed otherwise.
func (a *arena) slot(t *tree, index uint64) (*ref, error) {
	for t.beyond(index) {
		if t.root != 0 {
			r, err := a.take(class256)
			if err != nil {
				a.prune(t, index)
				return nil, err
			}
			a.slots(r)[0] = t.root
			t.root = r
		}
		t.height++
	}
	p := &t.root
	for level := t.height; level > 0; level-- {
		if *p == 0 {
			r, err := a.take(class256)
			if err != nil {
				a.prune(t, index)
				return nil, err
			}
			*p = r
		}
		p = &a.slots(*p)[index>>(treeBits*(level-1))%treeSlots]
	}
	return p, nil
}

// clear takes a leaf out.
func (a *arena) clear(t *tree, index uint64) {
	if a.get(t, index) == 0 {
		return
	}
	if slot, err := a.slot(t, index); err == nil { // it is there, so nothing is taken
		*slot = 0
	}
	a.prune(t, index)
}

// blank reports that an inner node has nothing below.
func (a *arena) blank(r ref) bool {
	for _, word := range a.words(r) {
		if word != 0 {
			return false
		}
	}
	return true
}

// prune frees the inner nodes on the way to an index that have nothing below, and
// makes the tree no higher than it needs to be.
func (a *arena) prune(t *tree, index uint64) {
	if !t.beyond(index) {
		a.pruneBelow(&t.root, t.height, index)
	}
	for t.height > 0 && t.root != 0 {
		slots := a.slots(t.root)
		for _, r := range slots[1:] {
			if r != 0 {
				return
			}
		}
		below := slots[0]
		a.free(t.root)
		t.root = below
		t.height--
	}
	if t.root == 0 {
		t.height = 0
	}
}

// pruneBelow is prune of what *p refers to, height levels above the leaves.
func (a *arena) pruneBelow(p *ref, height uint32, index uint64) {
	if height == 0 || *p == 0 {
		return
	}
	a.pruneBelow(&a.slots(*p)[index>>(treeBits*(height-1))%treeSlots], height-1, index)
	if a.blank(*p) {
		a.free(*p)
		*p = 0
	}
}

// next returns the first leaf from an index on, or 0.
func (a *arena) next(t *tree, from uint64) (index uint64, leaf ref) {
	for t.root != 0 && !t.beyond(from) {
		r, level := t.root, t.height
		for level > 0 && r != 0 {
			shift := treeBits * (level - 1)
			slots := a.slots(r)
			i := from >> shift % treeSlots
			for slots[i] == 0 {
				from = (from>>shift + 1) << shift // the first below the next slot
				if i++; i == treeSlots {
					break
				}
			}
			if i == treeSlots {
				break // from is beyond this node: once more from the root
			}
			r = slots[i]
			level--
		}
		if level == 0 {
			return from, r
		}
	}
	return 0, 0
}

// cut frees the blocks from an index on.
func (a *arena) cut(t *tree, from uint64) {
	if t.root == 0 || t.beyond(from) {
		return
	}
	a.cutBelow(&t.root, t.height, from)
	a.prune(t, from)
}

// cutBelow is cut of what *p refers to; from counts from its first block.
func (a *arena) cutBelow(p *ref, height uint32, from uint64) {
	if *p == 0 {
		return
	}
	if height == 0 {
		a.freeBlock(*p)
		*p = 0
		return
	}
	shift := treeBits * (height - 1)
	slots := a.slots(*p)
	for i := from >> shift; i < treeSlots; i++ {
		first := i << shift
		a.cutBelow(&slots[i], height-1, max(from, first)-first)
	}
	if a.blank(*p) {
		a.free(*p)
		*p = 0
	}
}
