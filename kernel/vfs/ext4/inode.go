package ext4

import "mewz/kernel/vfs"

// Inodes (struct ext4_inode): fields.
const (
	inodeMode        = 0x00
	inodeSize        = 0x04
	inodeAccessed    = 0x08
	inodeChanged     = 0x0c
	inodeModified    = 0x10
	inodeDeleted     = 0x14
	inodeLinks       = 0x1a
	inodeBlocks      = 0x1c
	inodeFlags       = 0x20
	inodeBlock       = 0x28
	inodeGeneration  = 0x64
	inodeAttributes  = 0x68 // block of extended attributes
	inodeSizeHigh    = 0x6c
	inodeBlocksHigh  = 0x74
	inodeAttrHigh    = 0x76
	inodeSumLow      = 0x7c
	inodeExtra       = 0x80
	inodeSumHigh     = 0x82
	inodeChangedMore = 0x84
	inodeModMore     = 0x88
	inodeAccMore     = 0x8c
	inodeCreated     = 0x90
	inodeCreatedMore = 0x94

	inodeBlockBytes = 60
	// inodeExtraBytes is how much of an inode of 256 bytes behind the first 128 has
	// a meaning.
	inodeExtraBytes = 32
)

// Modes and flags of inodes.
const (
	modeType      = vfs.ModeType
	modeDirectory = vfs.ModeDirectory
	modeFile      = vfs.ModeFile
	modeSymlink   = vfs.ModeSymlink

	inodeIndexed = 0x1000     // EXT4_INDEX_FL: a directory with a hash tree
	inodeHuge    = 0x40000    // EXT4_HUGE_FILE_FL: blocks are counted in blocks
	inodeExtents = 0x80000    // EXT4_EXTENTS_FL
	inodeInline  = 0x10000000 // EXT4_INLINE_DATA_FL
	// inodeBad are EXT4_ENCRYPT_FL, EXT4_INLINE_DATA_FL and EXT4_CASEFOLD_FL.
	inodeBad = 0x800 | inodeInline | 0x40000000
	// inodeFixed are EXT4_IMMUTABLE_FL and EXT4_APPEND_FL.
	inodeFixed = 0x10 | 0x20
)

// linksMax is EXT4_LINK_MAX.
const linksMax = 65000

// inode is an inode that somebody refers to.
type inode struct {
	number uint32
	refs   int
	seed   uint32 // of the sums of what it owns
	fields
	recent mapping // the extent found last; count 0: none
	// The transactions that Sync has to commit, for what is needed to find the data
	// and for everything.
	needsData, needsAll uint32
	timesLater          bool // in transaction.times
	slot                uint32
	older, newer        *inode // in the ring of inodeTable, while nobody refers to it
}

// fields are what an operation may change, and take back.
type fields struct {
	mode                        uint16
	links                       uint16
	flags                       uint32
	generation                  uint32
	size, blocks                uint64 // blocks of 512 bytes
	accessed, modified, changed uint64 // nanoseconds since 1970
	created                     uint64
	deleted                     uint32 // or the next orphan
	attributes                  uint64 // block of extended attributes
	root                        [inodeBlockBytes]byte
}

func (n *inode) isDirectory() bool { return n.mode&modeType == modeDirectory }
func (n *inode) isFile() bool      { return n.mode&modeType == modeFile }
func (n *inode) isSymlink() bool   { return n.mode&modeType == modeSymlink }

func (n *inode) kind() vfs.Type { return vfs.TypeOfMode(uint32(n.mode)) }

// inodeAt returns where an inode lies.
func (fs *FileSystem) inodeAt(number uint32) (*buffer, []byte, error) {
	if number == 0 || number > fs.geometry.inodes {
		return nil, nil, fs.damage("there is no such inode", uint64(number))
	}
	d, err := fs.descriptor((number - 1) / fs.groupInodes)
	if err != nil {
		return nil, nil, err
	}
	at := uint64((number-1)%fs.groupInodes) * uint64(fs.inodeBytes)
	block := d.block(groupInodeTable) + at>>fs.blockShift
	if block >= fs.blocks {
		return nil, nil, fs.damage("the inode table leads out of the volume, of inode", uint64(number))
	}
	b, err := fs.cache.get(block, kindPlain)
	if err != nil {
		return nil, nil, err
	}
	from := int(at & uint64(fs.blockBytes-1))
	return b, b.data[from : from+fs.inodeBytes], nil
}

// inode returns an inode, with another reference to it.
func (fs *FileSystem) inode(number uint32) (*inode, error) {
	if n := fs.inodes.byNumber[number]; n != nil {
		fs.inodes.wake(n)
		n.refs++
		return n, nil
	}
	_, raw, err := fs.inodeAt(number)
	if err != nil {
		return nil, err
	}
	n := &inode{number: number, refs: 1}
	n.decode(raw)
	n.seed = crc32(crc32(fs.seed, number), n.generation)
	if fs.sums() {
		sum := fs.inodeSum(n, raw)
		want := uint32(le.Uint16(raw[inodeSumLow:]))
		if hasHighSum(raw) {
			want |= uint32(le.Uint16(raw[inodeSumHigh:])) << 16
		} else {
			sum &= 0xffff
		}
		if sum != want {
			return nil, fs.damage("the checksum of an inode is wrong", uint64(number))
		}
	}
	if n.mode == 0 || n.flags&inodeBad != 0 || n.size > vfs.OffsetMax || n.isDirectory() && n.size>>fs.blockShift > fs.blocks {
		return nil, fs.damage("an inode makes no sense", uint64(number))
	}
	if fs.running.since != 0 { // it may have been changed by the running transaction
		n.needsData, n.needsAll = fs.running.id, fs.running.id
	}
	fs.inodes.add(n)
	return n, nil
}

// hasHighSum reports whether an inode has room for a sum of 32 bits.
func hasHighSum(raw []byte) bool {
	return len(raw) > inodeMinBytes && le.Uint16(raw[inodeExtra:]) >= 4
}

func (fs *FileSystem) inodeSum(n *inode, raw []byte) uint32 {
	s := crc(n.seed, raw[:inodeSumLow])
	s = crcZeroes(s, 2)
	if len(raw) == inodeMinBytes {
		return crc(s, raw[inodeSumLow+2:])
	}
	s = crc(s, raw[inodeSumLow+2:inodeSumHigh])
	if hasHighSum(raw) {
		s = crcZeroes(s, 2)
	} else {
		s = crc(s, raw[inodeSumHigh:inodeSumHigh+2])
	}
	return crc(s, raw[inodeSumHigh+2:])
}

// extra reports whether an inode has a field beyond the first 128 bytes.
func extra(raw []byte, field int) bool {
	return len(raw) > inodeMinBytes && field+4 <= inodeMinBytes+int(le.Uint16(raw[inodeExtra:])) && field+4 <= len(raw)
}

func (n *inode) decode(raw []byte) {
	n.mode, n.links = le.Uint16(raw[inodeMode:]), le.Uint16(raw[inodeLinks:])
	n.flags, n.generation = le.Uint32(raw[inodeFlags:]), le.Uint32(raw[inodeGeneration:])
	n.size = uint64(le.Uint32(raw[inodeSize:])) | uint64(le.Uint32(raw[inodeSizeHigh:]))<<32
	n.blocks = uint64(le.Uint32(raw[inodeBlocks:])) | uint64(le.Uint16(raw[inodeBlocksHigh:]))<<32
	n.deleted = le.Uint32(raw[inodeDeleted:])
	n.attributes = uint64(le.Uint32(raw[inodeAttributes:])) | uint64(le.Uint16(raw[inodeAttrHigh:]))<<32
	n.accessed = getTime(raw, inodeAccessed, inodeAccMore)
	n.modified = getTime(raw, inodeModified, inodeModMore)
	n.changed = getTime(raw, inodeChanged, inodeChangedMore)
	if extra(raw, inodeCreated) {
		n.created = getTime(raw, inodeCreated, inodeCreatedMore)
	}
	copy(n.root[:], raw[inodeBlock:])
}

const second = 1_000_000_000

// getTime reads a time: 32 bits of seconds, and in the upper field 2 more and the
// nanoseconds. Before 1970 there is only 1970.
func getTime(raw []byte, low, more int) uint64 {
	seconds, nanos := int64(int32(le.Uint32(raw[low:]))), uint64(0)
	if extra(raw, more) {
		v := le.Uint32(raw[more:])
		seconds += int64(v&3) << 32
		nanos = min(uint64(v>>2), second-1)
	}
	if seconds < 0 {
		return 0
	}
	return uint64(seconds)*second + nanos
}

// Last seconds that an inode has room for: in 2446, and of an old one in 2038.
const (
	lastSecond    = 1<<34 - 1<<31 - 1
	lastSecondOld = 1<<31 - 1
)

// storable returns a time as an inode keeps it: a small one has seconds only.
func (fs *FileSystem) storable(t uint64) uint64 {
	if fs.inodeBytes > inodeMinBytes {
		return min(t, lastSecond*second+second-1)
	}
	return min(t/second, lastSecondOld) * second
}

func putTime(raw []byte, low, more int, t uint64) {
	seconds, nanos := t/second, t%second
	if !extra(raw, more) {
		le.PutUint32(raw[low:], uint32(min(seconds, lastSecondOld)))
		return
	}
	seconds = min(seconds, lastSecond)
	le.PutUint32(raw[low:], uint32(seconds))
	epoch := uint32((int64(seconds) - int64(int32(uint32(seconds)))) >> 32)
	le.PutUint32(raw[more:], epoch&3|uint32(nanos)<<2)
}

func (n *inode) encode(raw []byte) {
	le.PutUint16(raw[inodeMode:], n.mode)
	le.PutUint16(raw[inodeLinks:], n.links)
	le.PutUint32(raw[inodeFlags:], n.flags)
	le.PutUint32(raw[inodeSize:], uint32(n.size))
	le.PutUint32(raw[inodeSizeHigh:], uint32(n.size>>32))
	le.PutUint32(raw[inodeBlocks:], uint32(n.blocks))
	le.PutUint16(raw[inodeBlocksHigh:], uint16(n.blocks>>32))
	le.PutUint32(raw[inodeDeleted:], n.deleted)
	le.PutUint32(raw[inodeAttributes:], uint32(n.attributes))
	le.PutUint16(raw[inodeAttrHigh:], uint16(n.attributes>>32))
	putTime(raw, inodeAccessed, inodeAccMore, n.accessed)
	putTime(raw, inodeModified, inodeModMore, n.modified)
	putTime(raw, inodeChanged, inodeChangedMore, n.changed)
	copy(raw[inodeBlock:], n.root[:])
}

// touch lets the operation under way change an inode; put writes it then.
// Not inlined, for the size of the kernel: decision 0015.
//
//go:noinline
func (fs *FileSystem) touch(n *inode) {
	for i := range fs.op.inodes {
		if fs.op.inodes[i].inode == n {
			return
		}
	}
	fs.op.inodes = append(fs.op.inodes, savedInode{inode: n, was: n.fields})
}

// put writes an inode as part of the operation under way.
func (fs *FileSystem) put(n *inode) error {
	b, raw, err := fs.inodeAt(n.number)
	if err != nil {
		return err
	}
	fs.modify(b)
	n.encode(raw)
	fs.sealInode(n, raw)
	n.needsAll = fs.running.id
	return nil
}

func (fs *FileSystem) sealInode(n *inode, raw []byte) {
	if !fs.sums() {
		return
	}
	sum := fs.inodeSum(n, raw)
	le.PutUint16(raw[inodeSumLow:], uint16(sum))
	if hasHighSum(raw) {
		le.PutUint16(raw[inodeSumHigh:], uint16(sum>>16))
	}
}

// newInode makes an inode, to which the caller has the only reference.
func (fs *FileSystem) newInode(parent *inode, mode uint16) (*inode, error) {
	number, err := fs.allocateInode(parent.number, mode&modeType == modeDirectory)
	if err != nil {
		return nil, err
	}
	if fs.inodes.byNumber[number] != nil {
		return nil, fs.damage("an inode is in use and free", uint64(number))
	}
	b, raw, err := fs.inodeAt(number)
	if err != nil {
		return nil, err
	}
	fs.modify(b)
	clear(raw)
	now := fs.time()
	fs.generation = crc32(fs.generation, uint32(now))
	n := &inode{number: number, refs: 1, needsData: fs.running.id}
	n.fields = fields{mode: mode, links: 1, generation: fs.generation, accessed: now, modified: now, changed: now, created: now}
	le.PutUint32(raw[inodeGeneration:], n.generation)
	if len(raw) > inodeMinBytes {
		le.PutUint16(raw[inodeExtra:], fs.extraBytes)
		putTime(raw, inodeCreated, inodeCreatedMore, now)
	}
	n.seed = crc32(crc32(fs.seed, number), n.generation)
	if mode&modeType != modeSymlink {
		n.initExtents()
	}
	fs.inodes.add(n)
	fs.op.inodes = append(fs.op.inodes, savedInode{inode: n, was: n.fields, fresh: true})
	return n, nil
}

// later has the times of an inode written with the next commit.
func (fs *FileSystem) later(n *inode) {
	n.needsAll = fs.running.id
	if n.timesLater || fs.readOnly {
		return
	}
	n.timesLater = true
	fs.running.times = append(fs.running.times, n)
	if fs.running.since == 0 {
		fs.running.since = max(fs.now(), 1)
	}
}

// writeTimes puts the inodes that later was called for into the transaction.
func (fs *FileSystem) writeTimes() error {
	for len(fs.running.times) > 0 {
		last := len(fs.running.times) - 1
		n := fs.running.times[last]
		fs.running.times[last] = nil
		fs.running.times = fs.running.times[:last]
		n.timesLater = false
		if n.links > 0 {
			fs.op.active = true
			if err := fs.end(fs.put(n)); err != nil {
				return err
			}
		}
		if n.refs == 0 && n.links > 0 {
			fs.inodes.rest(n)
		}
	}
	return nil
}

// addBlocks counts blocks of an inode.
func (fs *FileSystem) addBlocks(n *inode, count int64) {
	if n.flags&inodeHuge == 0 {
		count <<= fs.blockShift - 9
	}
	n.blocks = uint64(max(0, int64(n.blocks)+count))
}
