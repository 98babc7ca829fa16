package ext4

import "math/bits"

// Sizes of what is remembered of names: 4096 entries of 64 bytes, so 256 KiB.
const (
	nameSlots = 4096
	// nameInline is the length of the longest name that is remembered: nearly all of those
	// that programs use again and again.
	nameInline = 51
)

// nameEntry says where a name leads.
type nameEntry struct {
	directory uint32 // 0: the entry is free
	inode     uint32 // 0: nowhere
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
	for i, c := range name {
		rest |= uint64(c) << (8 * i)
	}
	h = (h ^ rest) * factor
	return uint32(h>>32) ^ bits.RotateLeft32(uint32(h), 16)
}

// entry returns the place of a name, nil if it is not remembered however often it comes.
func (t *names) entry(directory uint32, name []byte) (*nameEntry, uint32) {
	if t.entries == nil || len(name) > nameInline {
		return nil, 0
	}
	hash := nameHash(directory, name)
	return &t.entries[hash%nameSlots], hash
}

func (e *nameEntry) is(directory, hash uint32, name []byte) bool {
	return e.hash == hash && e.directory == directory && string(e.name[:e.length]) == string(name)
}

// find returns where a name leads, 0 for nowhere, if that is known.
func (t *names) find(directory uint32, name []byte) (inode uint32, known bool) {
	if e, hash := t.entry(directory, name); e != nil && e.is(directory, hash, name) {
		return e.inode, true
	}
	return 0, false
}

// put remembers a name.
func (t *names) put(directory uint32, name []byte, inode uint32) {
	if t.entries == nil {
		t.entries = make([]nameEntry, nameSlots)
	}
	if e, hash := t.entry(directory, name); e != nil {
		*e = nameEntry{directory: directory, inode: inode, hash: hash, length: uint8(len(name))}
		copy(e.name[:], name)
	}
}

// forget forgets a name.
func (t *names) forget(directory uint32, name []byte) {
	if e, hash := t.entry(directory, name); e != nil && e.is(directory, hash, name) {
		*e = nameEntry{}
	}
}
