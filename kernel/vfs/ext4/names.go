package ext4

// Sizes of what is remembered of names: 4096 entries of 64 bytes, so 256 KiB.
const (
	nameSlots = 1 << (32 - nameShift)
	nameShift = 20 // the upper bits of a hash are the good ones
	// nameInline is the length of the longest name that is remembered: nearly all of those
	// that programs use again and again.
	nameInline = 47
)

// nameEntry says where a name leads.
type nameEntry struct {
	directory uint32 // 0: the entry is free
	inode     uint32 // 0: nowhere
	slot      uint32 // where the inode is in inodeTable, if it is still there
	hash      uint32
	length    uint8
	name      [nameInline]byte
}

// names remembers what was looked up, one entry for each hash. What it says is what the directory
// says: a change of a name forgets it (add, unname, rename), before it can fail and be taken back.
// A directory that is removed has no names then, so what is left of it, that names lead nowhere,
// is true for the next directory of that number.
type names struct{ entries []nameEntry }

// nameHash mixes a directory and a name.
func nameHash(directory uint32, name []byte) uint32 {
	const factor = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	h := uint64(directory)<<8 | uint64(len(name))
	for ; len(name) >= 8; name = name[8:] {
		h = (h ^ le.Uint64(name)) * factor
		h ^= h >> 32
	}
	rest := uint64(0)
	if len(name) >= 4 { // the last four once more
		rest = uint64(le.Uint32(name)) | uint64(le.Uint32(name[len(name)-4:]))<<32
	} else {
		for _, c := range name {
			rest = rest<<8 | uint64(c)
		}
	}
	h ^= rest
	return uint32((h ^ h>>32) * factor >> 32)
}

// entry returns the place of a name, nil if it is not remembered however often it comes.
func (t *names) entry(directory uint32, name []byte) (*nameEntry, uint32) {
	if t.entries == nil || len(name) > nameInline {
		return nil, 0
	}
	hash := nameHash(directory, name)
	return &t.entries[hash>>nameShift], hash
}

func (e *nameEntry) is(directory, hash uint32, name []byte) bool {
	return e.hash == hash && e.directory == directory && string(e.name[:e.length]) == string(name)
}

// find returns where a name leads, 0 for nowhere, if that is known.
func (t *names) find(directory uint32, name []byte) (inode, slot uint32, known bool) {
	if e, hash := t.entry(directory, name); e != nil && e.is(directory, hash, name) {
		return e.inode, e.slot, true
	}
	return 0, 0, false
}

// put remembers a name, that of no inode if n is nil.
func (t *names) put(directory uint32, name []byte, n *inode) {
	if t.entries == nil {
		t.entries = make([]nameEntry, nameSlots)
	}
	if e, hash := t.entry(directory, name); e != nil {
		*e = nameEntry{directory: directory, hash: hash, length: uint8(len(name))}
		copy(e.name[:], name)
		if n != nil {
			e.inode, e.slot = n.number, n.slot
		}
	}
}

// forget forgets a name.
func (t *names) forget(directory uint32, name []byte) {
	if e, hash := t.entry(directory, name); e != nil && e.is(directory, hash, name) {
		*e = nameEntry{}
	}
}
