package ext4

import (
	"encoding/binary"
	"errors"
	"strconv"
)

var le = binary.LittleEndian

// The superblock (struct ext4_super_block) and its fields.
const (
	superOffset = 1024
	superBytes  = 1024
	superMagic  = 0xef53

	superInodes        = 0x00
	superBlocks        = 0x04
	superFreeBlocks    = 0x0c
	superFreeInodes    = 0x10
	superFirstBlock    = 0x14
	superLogBlock      = 0x18
	superLogCluster    = 0x1c
	superGroupBlocks   = 0x20
	superGroupInodes   = 0x28
	superMounted       = 0x2c
	superWritten       = 0x30
	superMounts        = 0x34
	superMagicAt       = 0x38
	superState         = 0x3a
	superRevision      = 0x4c
	superFirstInode    = 0x54
	superInodeBytes    = 0x58
	superCompatible    = 0x5c
	superIncompatible  = 0x60
	superReadCompat    = 0x64
	superUUID          = 0x68
	superReservedTable = 0xce
	superJournal       = 0xe0
	superOrphans       = 0xe8
	superHashSeed      = 0xec
	superHashVersion   = 0xfc
	superDescriptor    = 0xfe
	superFirstMeta     = 0x104
	superBlocksHigh    = 0x150
	superFreeHigh      = 0x158
	superExtraBytes    = 0x15e
	superFlags         = 0x160
	superSumType       = 0x175
	superSumSeed       = 0x270
	superWrittenHigh   = 0x274
	superMountedHigh   = 0x275
	superOrphanFile    = 0x280
	superSum           = 0x3fc
)

// Values of fields of the superblock.
const (
	stateErrors      = 2 // EXT4_ERROR_FS
	flagUnsignedHash = 2 // EXT2_FLAGS_UNSIGNED_HASH
	sumCRC32C        = 1 // EXT4_CRC32C_CHKSUM
)

// Features: a volume with one of the first kind that is not known is used all the
// same, of the second refused, of the third only read.
const (
	compatJournal     = 0x0004
	compatIndex       = 0x0020
	compatSparse2     = 0x0200
	compatOrphanFile  = 0x1000
	incompatFileType  = 0x0002
	incompatRecover   = 0x0004
	incompatExtents   = 0x0040
	incompat64        = 0x0080
	incompatFlexGroup = 0x0200
	incompatSumSeed   = 0x2000
	incompatKnown     = incompatFileType | incompatRecover | incompatExtents | incompat64 | incompatFlexGroup | incompatSumSeed

	readSparseSuper   = 0x0001
	readLargeFile     = 0x0002
	readHugeFile      = 0x0008
	readGroupSums     = 0x0010
	readManyLinks     = 0x0020
	readExtraInode    = 0x0040
	readClusters      = 0x0200
	readSums          = 0x0400
	readReadOnly      = 0x1000
	readOrphanPresent = 0x10000
	readKnown         = readSparseSuper | readLargeFile | readHugeFile | readGroupSums | readManyLinks | readExtraInode | readSums |
		readOrphanPresent
)

// featureNames are the features that mkfs.ext4 may have been asked for.
var featureNames = []struct {
	bit  uint32
	name string
}{
	{0x1, "compression"}, {0x8, "journal_dev"}, {0x10, "meta_bg"}, {0x100, "mmp"}, {0x400, "ea_inode"}, {0x1000, "dirdata"},
	{0x4000, "large_dir"}, {0x8000, "inline_data"}, {0x10000, "encrypt"}, {0x20000, "casefold"},
}

// readFeatureNames are those that prevent writing.
var readFeatureNames = []struct {
	bit  uint32
	name string
}{
	{0x100, "quota"}, {0x800, "replica"}, {readReadOnly, "read-only"}, {0x2000, "project"},
	{0x4000, "shared_blocks"}, {0x8000, "verity"},
}

// Bounds of a volume.
const (
	blockMinBytes = 1024
	blockMaxBytes = 4096
	inodeMinBytes = 128
	// groupsMax is a volume of 16 TiB in blocks of 4 KiB: its descriptors are 8 MiB.
	groupsMax      = 1 << 17
	descriptorOld  = 32
	descriptorBig  = 64
	cacheMinBlocks = 256
	rootInode      = 2
	oldFirstInode  = 11
)

// geometry is what the superblock says and does not change while it is used.
type geometry struct {
	blockBytes, inodeBytes, descriptorBytes int
	blockShift                              uint
	blocks, firstBlock                      uint64
	groupBlocks, groupInodes, inodes        uint32
	firstInode                              uint32
	groups                                  uint32
	reservedTable                           uint64
	compat, incompat, readCompat            uint32
	seed                                    uint32 // of all sums
	uuid                                    [16]byte
	hashSeed                                [4]uint32
	hashVersion                             uint8
	hashUnsigned                            bool
	extraBytes                              uint16
	journalInode, orphanFile                uint32
}

func (g *geometry) sums() bool      { return g.readCompat&readSums != 0 }
func (g *geometry) groupSums() bool { return g.readCompat&(readSums|readGroupSums) != 0 }

// refuse is why a volume is not used.
// Not inlined, for the size of the kernel: decision 0015.
//
//go:noinline
func refuse(text string) error { return errors.New("ext4: " + text) }

const remedy = "; make the volume with mkfs.ext4 and its defaults"

// parse checks a superblock. readOnly is why the volume can only be read.
func parse(b []byte, deviceBytes uint64) (g geometry, readOnly error, err error) {
	if le.Uint16(b[superMagicAt:]) != superMagic {
		return g, nil, refuse("the volume has no ext2, ext3 or ext4 file system" + remedy)
	}
	g.compat, g.incompat, g.readCompat = le.Uint32(b[superCompatible:]), le.Uint32(b[superIncompatible:]), le.Uint32(b[superReadCompat:])
	if readOnly, err = checkFeatures(&g); err != nil {
		return g, nil, err
	}
	copy(g.uuid[:], b[superUUID:])
	if g.sums() {
		if b[superSumType] != sumCRC32C || crc(^uint32(0), b[:superSum]) != le.Uint32(b[superSum:]) {
			return g, nil, refuse("the checksum of the superblock is wrong; repair the volume with e2fsck -f")
		}
	}
	if g.seed = crc(^uint32(0), g.uuid[:]); g.incompat&incompatSumSeed != 0 {
		g.seed = le.Uint32(b[superSumSeed:])
	}
	if !g.measure(b, deviceBytes) {
		return g, nil, refuse("the superblock contradicts itself or the size of the device (" +
			strconv.FormatUint(deviceBytes, 10) + " bytes); repair the volume with e2fsck -f")
	}
	for i := range g.hashSeed {
		g.hashSeed[i] = le.Uint32(b[superHashSeed+4*i:])
	}
	g.hashVersion = b[superHashVersion]
	g.hashUnsigned = le.Uint32(b[superFlags:])&flagUnsignedHash != 0
	g.extraBytes = min(max(le.Uint16(b[superExtraBytes:]), inodeExtraBytes), 96)
	g.journalInode = le.Uint32(b[superJournal:])
	if g.compat&compatOrphanFile != 0 {
		g.orphanFile = le.Uint32(b[superOrphanFile:])
	}
	if readOnly == nil && le.Uint16(b[superState:])&stateErrors != 0 {
		readOnly = refuse("the volume is marked as damaged: it is only read until e2fsck -f has repaired it")
	}
	return g, readOnly, nil
}

// checkFeatures refuses what is not understood.
func checkFeatures(g *geometry) (readOnly, err error) {
	if unknown := g.incompat &^ incompatKnown; unknown != 0 {
		for _, f := range featureNames {
			if unknown&f.bit != 0 {
				return nil, refuse("the volume has the feature " + f.name + ", which is not supported: make it with mkfs.ext4 -O ^" + f.name)
			}
		}
		return nil, refuse("the volume has unknown features (incompatible 0x" + strconv.FormatUint(uint64(unknown), 16) + ")" + remedy)
	}
	if g.incompat&incompatFileType == 0 {
		return nil, refuse("the volume lacks the feature filetype: make it with mkfs.ext4 -O filetype")
	}
	if g.readCompat&readClusters != 0 {
		return nil, refuse("the volume has the feature bigalloc, which is not supported: make it with mkfs.ext4 -O ^bigalloc")
	}
	if unknown := g.readCompat &^ readKnown; unknown != 0 {
		for _, f := range readFeatureNames {
			if unknown&f.bit != 0 {
				return refuse("the volume has the feature " + f.name + ", so it is only read: make it with mkfs.ext4 -O ^" + f.name), nil
			}
		}
		return refuse("the volume has unknown features (read-only compatible 0x" + strconv.FormatUint(uint64(unknown), 16) +
			"), so it is only read" + remedy), nil
	}
	switch {
	case g.compat&compatSparse2 != 0:
		return refuse("the volume has the feature sparse_super2, so it is only read: make it with mkfs.ext4 -O ^sparse_super2"), nil
	case g.compat&compatJournal == 0:
		return refuse("the volume has no journal, so it is only read: add one with tune2fs -j"), nil
	case g.incompat&incompatExtents == 0:
		return refuse("the volume has no extents, so it is only read: make it with mkfs.ext4"), nil
	}
	return nil, nil
}

// measure takes the sizes and reports whether they fit together.
func (g *geometry) measure(b []byte, deviceBytes uint64) bool {
	log := le.Uint32(b[superLogBlock:])
	if log > 2 || le.Uint32(b[superRevision:]) == 0 {
		return false
	}
	g.blockShift = uint(10 + log)
	g.blockBytes = 1 << g.blockShift
	g.blocks, g.firstBlock = uint64(le.Uint32(b[superBlocks:])), uint64(le.Uint32(b[superFirstBlock:]))
	g.descriptorBytes = descriptorOld
	if g.incompat&incompat64 != 0 {
		g.blocks |= uint64(le.Uint32(b[superBlocksHigh:])) << 32
		g.descriptorBytes = int(le.Uint16(b[superDescriptor:]))
		if g.descriptorBytes < descriptorBig || g.descriptorBytes > blockMinBytes || g.descriptorBytes&(g.descriptorBytes-1) != 0 {
			return false
		}
	}
	g.groupBlocks, g.groupInodes = le.Uint32(b[superGroupBlocks:]), le.Uint32(b[superGroupInodes:])
	g.inodes, g.firstInode = le.Uint32(b[superInodes:]), le.Uint32(b[superFirstInode:])
	g.inodeBytes = int(le.Uint16(b[superInodeBytes:]))
	g.reservedTable = uint64(le.Uint16(b[superReservedTable:]))
	bits := uint32(8 * g.blockBytes)
	first := uint64(0)
	if g.blockBytes == blockMinBytes {
		first = 1
	}
	if g.firstBlock != first || g.blocks <= first || g.blocks > deviceBytes>>g.blockShift ||
		g.groupBlocks < 256 || g.groupBlocks > bits || g.groupBlocks%8 != 0 ||
		g.groupInodes < 8 || g.groupInodes > bits || g.groupInodes%8 != 0 ||
		g.inodeBytes < inodeMinBytes || g.inodeBytes > g.blockBytes || g.inodeBytes&(g.inodeBytes-1) != 0 ||
		g.firstInode < oldFirstInode || g.firstInode > g.inodes {
		return false
	}
	groups := (g.blocks - first + uint64(g.groupBlocks) - 1) / uint64(g.groupBlocks)
	if groups > groupsMax || groups*uint64(g.groupInodes) != uint64(g.inodes) {
		return false
	}
	g.groups = uint32(groups)
	return first+1+g.tableBlocks() < g.blocks
}

// tableBlocks returns how many blocks the descriptors take.
func (g *geometry) tableBlocks() uint64 {
	each := uint64(g.blockBytes / g.descriptorBytes)
	return (uint64(g.groups) + each - 1) / each
}

// inodeTableBlocks returns how many blocks the inodes of a group take.
func (g *geometry) inodeTableBlocks() uint64 {
	return (uint64(g.groupInodes)*uint64(g.inodeBytes) + uint64(g.blockBytes) - 1) >> g.blockShift
}

// groupStart returns the first block of a group.
func (g *geometry) groupStart(group uint32) uint64 {
	return g.firstBlock + uint64(group)*uint64(g.groupBlocks)
}

// groupSize returns how many blocks a group has: the last one may be smaller.
func (g *geometry) groupSize(group uint32) uint32 {
	return uint32(min(uint64(g.groupBlocks), g.blocks-g.groupStart(group)))
}

// hasSuper reports whether a group begins with a copy of the superblock and the
// descriptors (sparse_super).
func (g *geometry) hasSuper(group uint32) bool {
	if g.readCompat&readSparseSuper == 0 || group <= 1 {
		return true
	}
	for _, base := range []uint32{3, 5, 7} {
		n := base
		for n < group && n < groupsMax {
			n *= base
		}
		if n == group {
			return true
		}
	}
	return false
}

// run is blocks that lie one after the other.
type run struct {
	block uint64
	count uint64
}

func (r run) end() uint64 { return r.block + r.count }

// zones are the blocks that belong to the volume itself, in order: no file has one of
// them.
type zones []run

// newZones sorts and joins runs.
func newZones(list []run) zones {
	order := make([]listed, len(list))
	for i, r := range list {
		order[i] = listed{key: r.block, block: r.count}
	}
	sortListed(order)
	var z zones
	for _, o := range order {
		r := run{o.key, o.block}
		if n := len(z); n > 0 && r.block <= z[n-1].end() {
			z[n-1].count = max(z[n-1].end(), r.end()) - z[n-1].block
			continue
		}
		z = append(z, r)
	}
	return z
}

// touches reports whether a run has a block of the volume itself.
func (z zones) touches(r run) bool {
	low, high := 0, len(z) // the first that ends behind the beginning of r
	for low < high {
		if middle := (low + high) / 2; z[middle].end() > r.block {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low < len(z) && z[low].block < r.end()
}
