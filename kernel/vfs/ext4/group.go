package ext4

import (
	"math/bits"

	"mewz/kernel/vfs"
)

// Group descriptors (struct ext4_group_desc): fields, and where their upper
// halves are in descriptors of 64 bytes.
const (
	groupBlockBitmap    = 0x00
	groupInodeBitmap    = 0x04
	groupInodeTable     = 0x08
	groupFreeBlocks     = 0x0c
	groupFreeInodes     = 0x0e
	groupDirectories    = 0x10
	groupFlags          = 0x12
	groupBlockBitmapSum = 0x18
	groupInodeBitmapSum = 0x1a
	groupUnusedInodes   = 0x1c
	groupSum            = 0x1e
	groupHigh           = 0x20 // distance of the upper half of a block number
	groupHighCount      = 0x20 // and of a count
	groupHighUnused     = 0x32
	groupHighBlockSum   = 0x38
	groupHighInodeSum   = 0x3a

	groupNoInodes = 1 // EXT4_BG_INODE_UNINIT
	groupNoBlocks = 2 // EXT4_BG_BLOCK_UNINIT
)

// descriptor is a group descriptor in its buffer.
type descriptor struct {
	fs     *FileSystem
	buffer *buffer
	b      []byte
	group  uint32
}

// descriptor returns that of a group.
func (fs *FileSystem) descriptor(group uint32) (descriptor, error) {
	if group >= fs.groups {
		return descriptor{}, vfs.ErrDamaged
	}
	each := uint32(fs.blockBytes / fs.descriptorBytes)
	buffer, err := fs.cache.get(fs.firstBlock+1+uint64(group/each), kindGroups)
	if err != nil {
		return descriptor{}, err
	}
	at := int(group%each) * fs.descriptorBytes
	return descriptor{fs, buffer, buffer.data[at : at+fs.descriptorBytes], group}, nil
}

func (d descriptor) block(field int) uint64 {
	v := uint64(le.Uint32(d.b[field:]))
	if len(d.b) >= descriptorBig {
		v |= uint64(le.Uint32(d.b[field+groupHigh:])) << 32
	}
	return v
}

func (d descriptor) count(field, high int) uint32 {
	v := uint32(le.Uint16(d.b[field:]))
	if len(d.b) >= descriptorBig {
		v |= uint32(le.Uint16(d.b[high:])) << 16
	}
	return v
}

func (d descriptor) setCount(field, high int, v uint32) {
	le.PutUint16(d.b[field:], uint16(v))
	if len(d.b) >= descriptorBig {
		le.PutUint16(d.b[high:], uint16(v>>16))
	}
}

func (d descriptor) freeBlocks() uint32 {
	return d.count(groupFreeBlocks, groupFreeBlocks+groupHighCount)
}
func (d descriptor) freeInodes() uint32 {
	return d.count(groupFreeInodes, groupFreeInodes+groupHighCount)
}
func (d descriptor) unused() uint32 { return d.count(groupUnusedInodes, groupHighUnused) }

// add changes a count of the group; one that would be negative is damage.
func (d descriptor) add(field int, by int) error {
	v := int64(d.count(field, field+groupHighCount)) + int64(by)
	if v < 0 {
		return d.fs.damage("a count of a group goes below zero", uint64(d.group))
	}
	d.setCount(field, field+groupHighCount, uint32(v))
	return nil
}

func (d descriptor) flag(f uint16) bool {
	return d.fs.groupSums() && le.Uint16(d.b[groupFlags:])&f != 0
}

func (d descriptor) clearFlag(f uint16) {
	le.PutUint16(d.b[groupFlags:], le.Uint16(d.b[groupFlags:])&^f)
}

// sum returns the checksum of the descriptor.
func (d descriptor) sum() uint16 {
	var number [4]byte
	le.PutUint32(number[:], d.group)
	if d.fs.sums() {
		s := crc(d.fs.seed, number[:])
		s = crc(s, d.b[:groupSum])
		s = crcZeroes(s, 2)
		return uint16(crc(s, d.b[groupSum+2:]))
	}
	s := crc16(^uint16(0), d.fs.uuid[:])
	s = crc16(s, number[:])
	s = crc16(s, d.b[:groupSum])
	if d.fs.incompat&incompat64 != 0 {
		s = crc16(s, d.b[groupSum+2:])
	}
	return s
}

// loadGroups checks all descriptors and finds the zones of the volume.
func (fs *FileSystem) loadGroups() error {
	var list []run
	if fs.firstBlock != 0 {
		list = append(list, run{0, 1})
	}
	for g := range fs.groups {
		d, err := fs.descriptor(g)
		if err != nil {
			return err
		}
		if fs.groupSums() && d.sum() != le.Uint16(d.b[groupSum:]) {
			return fs.damage("the checksum of a group descriptor is wrong", uint64(g))
		}
		if fs.hasSuper(g) {
			list = append(list, run{fs.groupStart(g), 1 + fs.tableBlocks() + fs.reservedTable})
		}
		list = append(list, run{d.block(groupBlockBitmap), 1}, run{d.block(groupInodeBitmap), 1},
			run{d.block(groupInodeTable), fs.inodeTableBlocks()})
		for _, r := range list[len(list)-3:] {
			if r.block <= fs.firstBlock || r.block >= fs.blocks || r.count > fs.blocks-r.block {
				return fs.damage("a group descriptor leads out of the volume", uint64(g))
			}
		}
		if g%1024 == 0 {
			fs.cache.trim()
		}
	}
	fs.zones = newZones(list)
	return nil
}

// valid reports whether blocks may belong to a file.
func (fs *FileSystem) valid(r run) bool {
	return r.count > 0 && r.block > fs.firstBlock && r.block < fs.blocks && r.count <= fs.blocks-r.block && !fs.zones.touches(r)
}

// blockBitmap returns the bitmap of the blocks of a group.
func (fs *FileSystem) blockBitmap(d descriptor) (*buffer, error) {
	b, err := fs.bitmap(d, groupBlockBitmap, kindBlockBitmap, groupNoBlocks)
	if err != nil || b.checked {
		return b, err
	}
	b.checked = true
	n := fs.groupSize(d.group)
	if !d.flag(groupNoBlocks) {
		return b, fs.checkBitmap(d, b, int(fs.groupBlocks/8), groupBlockBitmapSum, groupHighBlockSum)
	}
	clear(b.data)
	start := fs.groupStart(d.group)
	if fs.hasSuper(d.group) {
		setBits(b.data, 0, min(n, uint32(1+fs.tableBlocks()+fs.reservedTable)))
	}
	for _, r := range []run{{d.block(groupBlockBitmap), 1}, {d.block(groupInodeBitmap), 1},
		{d.block(groupInodeTable), fs.inodeTableBlocks()}} {
		if r.block >= start && r.end() <= start+uint64(n) { // with flex_bg it may be elsewhere
			setBits(b.data, uint32(r.block-start), uint32(r.count))
		}
	}
	setBits(b.data, n, uint32(8*fs.blockBytes)-n)
	return b, nil
}

// inodeBitmap returns the bitmap of the inodes of a group.
func (fs *FileSystem) inodeBitmap(d descriptor) (*buffer, error) {
	b, err := fs.bitmap(d, groupInodeBitmap, kindInodeBitmap, groupNoInodes)
	if err != nil || b.checked {
		return b, err
	}
	b.checked = true
	if !d.flag(groupNoInodes) {
		return b, fs.checkBitmap(d, b, int(fs.groupInodes/8), groupInodeBitmapSum, groupHighInodeSum)
	}
	clear(b.data)
	setBits(b.data, fs.groupInodes, uint32(8*fs.blockBytes)-fs.groupInodes)
	return b, nil
}

// bitmap returns the block of a bitmap; if nothing was written there yet, whatever
// it holds.
func (fs *FileSystem) bitmap(d descriptor, field int, k kind, absent uint16) (*buffer, error) {
	block := d.block(field)
	b := fs.cache.find(block)
	if b == nil && d.flag(absent) {
		b = fs.cache.make(block, k)
	}
	if b == nil {
		var err error
		if b, err = fs.cache.get(block, k); err != nil {
			return nil, err
		}
	}
	b.kind, b.owner = k, d.group
	return b, nil
}

func (fs *FileSystem) checkBitmap(d descriptor, b *buffer, n, low, high int) error {
	if !fs.sums() {
		return nil
	}
	sum := crc(fs.seed, b.data[:n])
	want := uint32(le.Uint16(d.b[low:]))
	if len(d.b) >= descriptorBig {
		want |= uint32(le.Uint16(d.b[high:])) << 16
	} else {
		sum &= 0xffff
	}
	if sum != want {
		b.checked = false
		return fs.damage("the checksum of a bitmap is wrong, of group", uint64(d.group))
	}
	return nil
}

// sealBitmap puts the sum of a bitmap into its descriptor.
func (fs *FileSystem) sealBitmap(d descriptor, b *buffer) {
	n, low, high := int(fs.groupBlocks/8), groupBlockBitmapSum, groupHighBlockSum
	if b.kind == kindInodeBitmap {
		n, low, high = int(fs.groupInodes/8), groupInodeBitmapSum, groupHighInodeSum
	}
	sum := crc(fs.seed, b.data[:n])
	le.PutUint16(d.b[low:], uint16(sum))
	if len(d.b) >= descriptorBig {
		le.PutUint16(d.b[high:], uint16(sum>>16))
	}
}

func bit(b []byte, n uint32) bool { return b[n/8]&(1<<(n%8)) != 0 }

func setBits(b []byte, from, n uint32) {
	for i := from; i < from+n; i++ {
		b[i/8] |= 1 << (i % 8)
	}
}

func clearBits(b []byte, from, n uint32) {
	for i := from; i < from+n; i++ {
		b[i/8] &^= 1 << (i % 8)
	}
}

// nextClear returns the first bit from from on that is clear in a and, unless it is nil, in
// b; end if there is none before it.
func nextClear(a, b []byte, from, end uint32) uint32 {
	for from < end {
		at := from &^ 63
		w := le.Uint64(a[at/8:])
		if b != nil {
			w |= le.Uint64(b[at/8:])
		}
		w |= 1<<(from-at) - 1
		if w != ^uint64(0) {
			return min(at+uint32(bits.TrailingZeros64(^w)), end)
		}
		from = at + 64
	}
	return end
}

// nextSet is the same for a bit that is set in one of them.
func nextSet(a, b []byte, from, end uint32) uint32 {
	for from < end {
		at := from &^ 63
		w := le.Uint64(a[at/8:])
		if b != nil {
			w |= le.Uint64(b[at/8:])
		}
		w &^= 1<<(from-at) - 1
		if w != 0 {
			return min(at+uint32(bits.TrailingZeros64(w)), end)
		}
		from = at + 64
	}
	return end
}
