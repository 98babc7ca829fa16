package ext4

import (
	"encoding/binary"

	"mewz/kernel/vfs"
)

// The journal of jbd2: a superblock, and behind it a ring of transactions, each of
//
//	descriptor  which blocks follow, with their sums
//	blocks      as they shall be
//	revoke      which blocks of earlier transactions shall stay as they are
//	commit      all of it is there
//
// in any number but for the commit, which is the last. Numbers are big-endian.
const (
	journalMagic      = 0xc03b3998
	journalHeader     = 12 // magic, type, sequence
	journalDescriptor = 1
	journalCommit     = 2
	journalSuper2     = 4
	journalRevoke     = 5

	journalSuperBytes = 1024
	journalBlockBytes = 12 // fields of its superblock
	journalLength     = 16
	journalFirst      = 20
	journalSequence   = 24
	journalStart      = 28
	journalErrno      = 32
	journalCompat     = 36
	journalIncompat   = 40
	journalReadCompat = 44
	journalUUID       = 48
	journalSumType    = 80
	journalFastBlocks = 84
	journalSum        = 252

	journalSums1      = 1 // compatible feature: sums of whole transactions, which the others replace
	journalRevokes    = 1 // incompatible features
	journal64         = 2
	journalSums2      = 8
	journalSums3      = 16
	journalFastCommit = 32
	journalKnown      = journalRevokes | journal64 | journalSums2 | journalSums3

	tagEscaped  = 1 // the block began with the magic
	tagSameUUID = 2
	tagLast     = 8

	revokeHeader  = 16
	journalTail   = 4 // sum at the end of a descriptor or revoke block
	commitSum     = 16
	commitSeconds = 48
	commitNanos   = 56
)

// journalMinBlocks is JBD2_MIN_JOURNAL_BLOCKS.
const journalMinBlocks = 1024

// journalRunsMax bounds the pieces that a journal lies in, and so the memory for them: mkfs.ext4
// makes one of each 128 MiB, and one that grew on a full volume has some hundreds.
const journalRunsMax = 1 << 14

// revokesMax bounds the table of revoked blocks of a replay, which a journal of 1
// GiB could make as large as the memory.
const revokesMax = 1 << 20

// transactionBlocks bounds a transaction, and so the memory that it pins.
const transactionBlocks = 1024

var be = binary.BigEndian

// journal is where the log is on the volume, and what of it is in use.
type journal struct {
	runs     []run    // of the journal's file, in order
	ends     []uint64 // and at which block of the file each ends
	super    []byte   // its superblock
	buffer   []byte   // a block
	length   uint64
	first    uint64
	features uint32
	seed     uint32
	head     uint64 // block of the log to be written next
	used     uint64 // blocks from the tail to the head
	// The last transaction: where it begins, how many blocks it has.
	last, lastUsed uint64
	lastID         uint32
	logged         []*buffer
	// transactionMax bounds the buffers of a transaction; a commit leaves room for that
	// many and what describes them.
	transactionMax int
	vectors        [][]byte
}

// place returns where a block of the journal is.
func (j *journal) place(block uint64) (uint64, bool) {
	begin := uint64(0)
	for i, end := range j.ends {
		if block < end {
			return j.runs[i].block + block - begin, true
		}
		begin = end
	}
	return 0, false
}

// after returns the block of the log that follows one.
func (j *journal) after(block uint64) uint64 {
	if block++; block >= j.length {
		return j.first
	}
	return block
}

func (fs *FileSystem) journalBlock(block uint64, into []byte) error {
	at, ok := fs.journal.place(block)
	if !ok {
		return fs.damage("the journal leads out of its file, to block", block)
	}
	return fs.readBlock(at, into)
}

func (fs *FileSystem) readBlock(block uint64, into []byte) error {
	if err := fs.device.Read([][]byte{into}, block<<fs.blockShift); err != nil {
		return vfs.ErrDamaged
	}
	return nil
}

// loadJournal finds the journal and checks its superblock.
func (fs *FileSystem) loadJournal() error {
	n, err := fs.inode(fs.journalInode)
	if err != nil {
		return err
	}
	defer fs.inodes.remove(n)
	if !n.isFile() || n.flags&inodeExtents == 0 {
		return refuse("the journal is no file with extents" + remedy)
	}
	j := &fs.journal
	*j = journal{buffer: make([]byte, fs.blockBytes), super: make([]byte, fs.blockBytes)}
	total := n.size >> fs.blockShift
	if total > fs.blocks {
		return refuse("the journal is larger than the volume; repair it with e2fsck -f")
	}
	for at := uint64(0); at < total; {
		m, err := fs.lookup(n, at)
		if err != nil {
			return err
		}
		if !m.written() {
			return refuse("the journal has holes; repair the volume with e2fsck -f")
		}
		if len(j.runs) == journalRunsMax {
			return refuse("the journal lies in too many pieces; make it again with tune2fs -O ^has_journal, e2fsck -f and tune2fs -j")
		}
		j.runs = append(j.runs, run{m.physical, m.count})
		at = m.end()
		fs.cache.trim()
		j.ends = append(j.ends, at)
	}
	if err := fs.journalBlock(0, j.super); err != nil {
		return err
	}
	b := j.super
	j.features = be.Uint32(b[journalIncompat:])
	j.length, j.first = uint64(be.Uint32(b[journalLength:])), uint64(be.Uint32(b[journalFirst:]))
	switch {
	case be.Uint32(b) != journalMagic || be.Uint32(b[4:]) != journalSuper2 || be.Uint32(b[journalBlockBytes:]) != uint32(fs.blockBytes) ||
		j.length > total || j.length < journalMinBlocks || j.first == 0 || j.first >= j.length/2 ||
		uint64(be.Uint32(b[journalStart:])) >= j.length:
		return refuse("the superblock of the journal makes no sense; repair the volume with e2fsck -f")
	case j.features&^journalKnown != 0 || be.Uint32(b[journalReadCompat:]) != 0:
		return refuse("the journal has features that are not supported (fast_commit?); run e2fsck -f, and make volumes with mkfs.ext4 -O ^fast_commit")
	case j.sums() && be.Uint32(b[journalSum:]) != superSumOf(b):
		return refuse("the checksum of the superblock of the journal is wrong; repair the volume with e2fsck -f")
	case be.Uint32(b[journalErrno:]) != 0:
		return refuse("the journal says that an error has happened before; repair the volume with e2fsck -f")
	}
	j.seed = crc(^uint32(0), b[journalUUID:journalUUID+16])
	return nil
}

func (j *journal) sums() bool { return j.features&(journalSums2|journalSums3) != 0 }

func superSumOf(b []byte) uint32 {
	s := crc(^uint32(0), b[:journalSum])
	s = crcZeroes(s, 4)
	return crc(s, b[journalSum+4:journalSuperBytes])
}

// tagBytes is the size of a tag without UUID (journal_tag_bytes).
func (j *journal) tagBytes() int {
	if j.features&journalSums3 != 0 {
		return 16
	}
	n := 8
	if j.features&journalSums2 != 0 {
		n += 2
	}
	if j.features&journal64 != 0 {
		n += 4
	}
	return n
}

func (j *journal) numberBytes() int {
	if j.features&journal64 != 0 {
		return 8
	}
	return 4
}

// tail checks the sum at the end of a descriptor or revoke block.
func (j *journal) tail(b []byte) bool {
	if !j.sums() {
		return true
	}
	n := len(b) - journalTail
	return crcZeroes(crc(j.seed, b[:n]), journalTail) == be.Uint32(b[n:])
}

// replay is a pass over the log after a crash.
type replay struct {
	fs       *FileSystem
	revoked  map[uint64]uint32 // by block, the last transaction that revokes it
	block    []byte
	ends     uint32 // the first transaction that is not complete
	apply    func(block uint64, b []byte) error
	copied   uint64
	seen     uint64 // blocks of this pass: more than the journal has is a loop
	scanning bool
}

// recover replays the journal: what is complete goes to its place.
func (fs *FileSystem) recover() error {
	j := &fs.journal
	start := uint64(be.Uint32(j.super[journalStart:]))
	first := be.Uint32(j.super[journalSequence:])
	next := first
	if start != 0 {
		r := replay{fs: fs, revoked: map[uint64]uint32{}, block: make([]byte, fs.blockBytes), scanning: true}
		if err := r.pass(start, first); err != nil {
			return err
		}
		r.scanning = false
		r.apply = func(block uint64, b []byte) error {
			return fs.device.Write([][]byte{b}, block<<fs.blockShift)
		}
		if err := r.pass(start, first); err != nil {
			return err
		}
		fs.log("ext4: after a crash " + decimal(r.copied) + " blocks came from the journal")
		if err := fs.device.Flush(); err != nil {
			return vfs.ErrDamaged
		}
		next = r.ends + 1 // not the number of what may lie there incomplete
	}
	return fs.writeJournalSuper(0, next)
}

// writeJournalSuper tells where the log begins, 0 if it is empty, and makes that safe.
func (fs *FileSystem) writeJournalSuper(start uint64, sequence uint32) error {
	j := &fs.journal
	be.PutUint32(j.super[journalStart:], uint32(start))
	be.PutUint32(j.super[journalSequence:], sequence)
	be.PutUint32(j.super[journalIncompat:], j.features)
	if j.sums() {
		j.super[journalSumType] = 4 // JBD2_CRC32C_CHKSUM
		be.PutUint32(j.super[journalSum:], superSumOf(j.super))
	}
	at, _ := j.place(0)
	if err := fs.device.Write([][]byte{j.super}, at<<fs.blockShift); err != nil {
		return fs.fail(err)
	}
	if err := fs.device.Flush(); err != nil {
		return fs.fail(err)
	}
	return nil
}

// pass walks over the log. The first pass finds its end and what is revoked, the
// second one copies.
func (r *replay) pass(start uint64, sequence uint32) error {
	fs, j := r.fs, &r.fs.journal
	at, last := start, r.ends
	r.ends, r.seen = sequence, 0
	var pending []uint64 // revoke blocks of the transaction, in the first pass
	for range j.length {
		if !r.scanning && sequence == last {
			break
		}
		if err := fs.journalBlock(at, r.block); err != nil {
			return err
		}
		b := r.block
		if be.Uint32(b) != journalMagic || be.Uint32(b[8:]) != sequence {
			break
		}
		here := at
		at = j.after(at)
		switch be.Uint32(b[4:]) {
		case journalDescriptor:
			if r.scanning && !j.tail(b) {
				return nil
			}
			next, err := r.descriptor(at, sequence)
			if err != nil {
				return err
			}
			at = next
		case journalRevoke:
			if r.scanning {
				pending = append(pending, here)
			}
		case journalCommit:
			if r.scanning && !j.committed(b) {
				return nil
			}
			if err := r.revoke(pending, sequence); err != nil {
				return err
			}
			pending = pending[:0]
			sequence++
			r.ends = sequence
		default:
			return nil
		}
	}
	return nil
}

// committed checks the sum of a commit record.
func (j *journal) committed(b []byte) bool {
	if !j.sums() {
		return true
	}
	s := crcZeroes(crc(j.seed, b[:commitSum]), 4)
	return crc(s, b[commitSum+4:]) == be.Uint32(b[commitSum:])
}

// revoke takes the revoke blocks of a complete transaction.
func (r *replay) revoke(blocks []uint64, sequence uint32) error {
	j, n := &r.fs.journal, r.fs.journal.numberBytes()
	for _, block := range blocks {
		if err := r.fs.journalBlock(block, r.block); err != nil {
			return err
		}
		end := int(be.Uint32(r.block[12:]))
		if !j.tail(r.block) || end < revokeHeader || end > len(r.block) || len(r.revoked) > revokesMax {
			return refuse("the journal is damaged; repair the volume with e2fsck -f")
		}
		for at := revokeHeader; at+n <= end; at += n {
			number := uint64(be.Uint32(r.block[at:]))
			if n == 8 {
				number = be.Uint64(r.block[at:])
			}
			r.revoked[number] = sequence
		}
	}
	return nil
}

// descriptor walks over a descriptor block in r.block and the blocks that follow,
// and copies them unless this is the first pass. It returns what comes next.
func (r *replay) descriptor(at uint64, sequence uint32) (uint64, error) {
	j := &r.fs.journal
	end := len(r.block)
	if j.sums() {
		end -= journalTail
	}
	size := j.tagBytes()
	for p := journalHeader; p+size <= end; {
		t := r.block[p:]
		block, flags, sum := uint64(be.Uint32(t)), uint32(be.Uint16(t[6:])), uint32(be.Uint16(t[4:]))
		if j.features&journalSums3 != 0 {
			flags, sum = be.Uint32(t[4:]), be.Uint32(t[12:])
		}
		if j.features&journal64 != 0 {
			block |= uint64(be.Uint32(t[8:])) << 32
		}
		if !r.scanning {
			if err := r.copy(at, tag{block, flags, sum, sequence}); err != nil {
				return 0, err
			}
		}
		at = j.after(at)
		if r.seen++; r.seen > j.length {
			return 0, refuse("the journal is damaged; repair the volume with e2fsck -f")
		}
		p += size
		if flags&tagSameUUID == 0 {
			p += 16
		}
		if flags&tagLast != 0 {
			break
		}
	}
	return at, nil
}

// tag is what a descriptor says of a block.
type tag struct {
	block                uint64
	flags, sum, sequence uint32
}

// copy puts a block of the log into its place, unless it is revoked.
func (r *replay) copy(at uint64, t tag) error {
	fs, j := r.fs, &r.fs.journal
	if last, ok := r.revoked[t.block]; ok && int32(last-t.sequence) >= 0 {
		return nil
	}
	b := j.buffer
	if err := fs.journalBlock(at, b); err != nil {
		return err
	}
	if j.sums() {
		sum := crc(j.dataSeed(t.sequence), b)
		if j.features&journalSums3 == 0 {
			sum &= 0xffff
		}
		if sum != t.sum {
			return refuse("a block in the journal has a wrong checksum; repair the volume with e2fsck -f")
		}
	}
	if t.flags&tagEscaped != 0 {
		be.PutUint32(b, journalMagic)
	}
	if t.block >= fs.blocks || j.owns(t.block) {
		return refuse("the journal leads out of the volume; repair it with e2fsck -f")
	}
	r.copied++
	if err := r.apply(t.block, b); err != nil {
		return vfs.ErrDamaged
	}
	return nil
}

// dataSeed is what the sums of blocks of a transaction begin with.
func (j *journal) dataSeed(sequence uint32) uint32 {
	var b [4]byte
	be.PutUint32(b[:], sequence)
	return crc(j.seed, b[:])
}

// owns reports whether a block of the volume is part of the journal.
func (j *journal) owns(block uint64) bool {
	for _, r := range j.runs {
		if block >= r.block && block < r.end() {
			return true
		}
	}
	return false
}
