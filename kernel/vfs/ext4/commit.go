package ext4

import (
	"cmp"
	"slices"

	"mewz/kernel/vfs"
)

// commitAfter is how long a change waits for a commit that nobody asks for (Linux:
// commit=5).
const commitAfter = 5 * second

// overdue reports whether the transaction has waited long enough.
func (fs *FileSystem) overdue(now uint64) bool {
	since := fs.running.since
	return since != 0 && (now < since || now-since >= commitAfter)
}

// startJournal makes an empty journal ready for transactions.
func (fs *FileSystem) startJournal() error {
	j := &fs.journal
	j.features |= journalRevokes
	be.PutUint32(j.super[journalCompat:], be.Uint32(j.super[journalCompat:])&^journalSums1)
	if fs.incompat&incompat64 != 0 {
		j.features |= journal64
	}
	if fs.sums() {
		j.features = j.features&^journalSums2 | journalSums3
	}
	j.head, j.used = j.first, 0
	most := int(j.length-j.first) / 4
	j.transactionMax = min(most-most/8, transactionBlocks, max(fs.cache.limit/2, 2*operationMaxBuffers))
	fs.running = transaction{id: be.Uint32(j.super[journalSequence:]), busy: map[uint32][]byte{}}
	return fs.writeJournalSuper(j.first, fs.running.id)
}

// commit makes all that was changed safe.
func (fs *FileSystem) commit() error {
	if fs.failed != nil {
		return vfs.ErrDamaged
	}
	if err := fs.writeTimes(); err != nil {
		return err
	}
	if err := fs.writeData(); err != nil {
		return err
	}
	if fs.running.empty() {
		fs.running.since = 0
		return nil
	}
	if err := fs.seal(); err != nil {
		return err
	}
	if err := fs.writeTransaction(); err != nil {
		return fs.fail(err)
	}
	fs.settle()
	j := &fs.journal
	if j.length-j.first-j.used < 2*fs.logBlocks(j.transactionMax) || len(j.logged) > fs.cache.limit/2 {
		return fs.checkpoint()
	}
	return nil
}

// logBlocks is how many blocks of the log a transaction takes at most.
func (fs *FileSystem) logBlocks(buffers int) uint64 {
	perBlock := (fs.blockBytes - journalHeader - 16 - journalTail) / fs.journal.tagBytes()
	return uint64(buffers + buffers/perBlock + 4 + buffers/8)
}

// seal makes the sums of all blocks of the transaction.
func (fs *FileSystem) seal() error {
	for i := 0; i < len(fs.running.buffers); i++ { // more may be added at the end
		b := fs.running.buffers[i]
		switch {
		case !fs.sums():
		case b.kind == kindBlockBitmap || b.kind == kindInodeBitmap:
			d, err := fs.descriptor(b.owner)
			if err != nil {
				return err
			}
			fs.setRunning(d.buffer)
			fs.sealBitmap(d, b)
		case b.kind == kindExtents:
			tail := extentHeader + extentBytes*int(le.Uint16(b.data[4:]))
			if tail+4 <= len(b.data) {
				le.PutUint32(b.data[tail:], crc(b.owner, b.data[:tail]))
			}
		case b.kind == kindLeaf:
			sealLeaf(b)
		case b.kind == kindIndex:
			sealIndex(b)
		}
	}
	for _, b := range fs.running.buffers {
		if b.kind == kindGroups && fs.groupSums() {
			fs.sealGroups(b)
		}
	}
	fs.setRunning(fs.super)
	fs.sealSuper()
	return nil
}

// sealGroups makes the sums of a block of descriptors.
func (fs *FileSystem) sealGroups(b *buffer) {
	each := uint32(fs.blockBytes / fs.descriptorBytes)
	first := uint32(b.block-fs.firstBlock-1) * each
	for i := range each {
		if first+i >= fs.groups {
			return
		}
		at := int(i) * fs.descriptorBytes
		d := descriptor{fs, b, b.data[at : at+fs.descriptorBytes], first + i}
		le.PutUint16(d.b[groupSum:], d.sum())
	}
}

func (fs *FileSystem) sealSuper() {
	b := fs.super.data[fs.superAt:][:superBytes]
	seconds := fs.time() / second
	le.PutUint32(b[superWritten:], uint32(seconds))
	b[superWrittenHigh] = byte(seconds >> 32)
	if fs.sums() {
		le.PutUint32(b[superSum:], crc(^uint32(0), b[:superSum]))
	}
}

// byBlock orders buffers as they lie on the volume.
func byBlock(a, b *buffer) int { return cmp.Compare(a.block, b.block) }

// writeOut writes buffers in order, neighbours together.
func (fs *FileSystem) writeOut(list []*buffer) error {
	slices.SortFunc(list, byBlock)
	for i := 0; i < len(list); {
		vectors := fs.journal.vectors[:0]
		k := i
		for ; k < len(list) && list[k].block == list[i].block+uint64(k-i); k++ {
			vectors = append(vectors, list[k].data)
		}
		fs.journal.vectors = vectors
		if err := fs.device.Write(vectors, list[i].block<<fs.blockShift); err != nil {
			return err
		}
		i = k
	}
	return nil
}

// logger writes blocks to the log, one after the other.
type logger struct {
	fs    *FileSystem
	batch [][]byte
	from  uint64 // where the batch goes
	err   error
}

// logBatch is how many blocks go to the device in one write.
const logBatch = 64

func (l *logger) add(b []byte) {
	j := &l.fs.journal
	at, ok := j.place(j.head)
	if !ok {
		l.err = vfs.ErrDamaged
		return
	}
	if n := len(l.batch); n == logBatch || n > 0 && at != l.from+uint64(n) {
		l.flush()
	}
	if len(l.batch) == 0 {
		l.from = at
	}
	l.batch = append(l.batch, b)
	j.head = j.after(j.head)
	j.used++
}

func (l *logger) flush() {
	if l.err == nil && len(l.batch) > 0 {
		l.err = l.fs.device.Write(l.batch, l.from<<l.fs.blockShift)
	}
	l.batch = l.batch[:0]
}

// headerBlock begins a block of the log in memory of its own.
func (j *journal) headerBlock(b []byte, kind, sequence uint32) {
	clear(b)
	be.PutUint32(b, journalMagic)
	be.PutUint32(b[4:], kind)
	be.PutUint32(b[8:], sequence)
}

// writeTransaction writes the transaction to the log and makes it safe.
func (fs *FileSystem) writeTransaction() error {
	j := &fs.journal
	before := j.used
	j.last, j.lastID = j.head, fs.running.id
	l := logger{fs: fs, batch: j.vectors[:0]}
	slices.SortFunc(fs.running.buffers, byBlock)
	for i, b := range fs.running.buffers {
		b.inTransact = i
	}
	perBlock := (fs.blockBytes - journalHeader - 16 - journalTail) / j.tagBytes()
	for list := fs.running.buffers; len(list) > 0; {
		n := min(perBlock, len(list))
		fs.logSome(&l, list[:n])
		list = list[n:]
	}
	fs.logRevokes(&l)
	l.flush()
	if l.err == nil {
		l.err = fs.device.Flush()
	}
	if l.err != nil {
		return l.err
	}
	b := j.buffer
	j.headerBlock(b, journalCommit, fs.running.id)
	now := fs.time()
	be.PutUint64(b[commitSeconds:], now/second)
	be.PutUint32(b[commitNanos:], uint32(now%second))
	if j.sums() {
		be.PutUint32(b[commitSum:], crc(j.seed, b))
	}
	l.add(b)
	l.flush()
	j.vectors, j.lastUsed = l.batch[:0], j.used-before
	if l.err == nil {
		l.err = fs.device.Flush()
	}
	return l.err
}

// logSome writes a descriptor and its blocks.
func (fs *FileSystem) logSome(l *logger, list []*buffer) {
	j := &fs.journal
	d := make([]byte, fs.blockBytes)
	j.headerBlock(d, journalDescriptor, fs.running.id)
	p, size := journalHeader, j.tagBytes()
	seed := j.dataSeed(fs.running.id)
	blocks := make([][]byte, len(list))
	for i, b := range list {
		flags := uint32(tagSameUUID)
		if i == 0 {
			flags = 0
		}
		if i == len(list)-1 {
			flags |= tagLast
		}
		if blocks[i] = b.data; be.Uint32(b.data) == journalMagic {
			flags |= tagEscaped
			blocks[i] = slices.Clone(b.data)
			clear(blocks[i][:4])
		}
		sum := uint32(0)
		if j.sums() {
			sum = crc(seed, blocks[i])
		}
		t := d[p:]
		be.PutUint32(t, uint32(b.block))
		if j.features&journalSums3 != 0 {
			be.PutUint32(t[4:], flags)
			be.PutUint32(t[12:], sum)
		} else {
			be.PutUint16(t[4:], uint16(sum))
			be.PutUint16(t[6:], uint16(flags))
		}
		if j.features&journal64 != 0 {
			be.PutUint32(t[8:], uint32(b.block>>32))
		}
		p += size
		if i == 0 {
			copy(d[p:], j.super[journalUUID:journalUUID+16])
			p += 16
		}
	}
	j.sealTail(d)
	l.add(d)
	for _, b := range blocks {
		l.add(b)
	}
}

func (j *journal) sealTail(b []byte) {
	if j.sums() {
		be.PutUint32(b[len(b)-journalTail:], crc(j.seed, b))
	}
}

// logRevokes writes which blocks of earlier transactions are no longer valid.
func (fs *FileSystem) logRevokes(l *logger) {
	j, size := &fs.journal, fs.journal.numberBytes()
	for list := fs.running.revoked; len(list) > 0; {
		n := min(len(list), (fs.blockBytes-revokeHeader-journalTail)/size)
		b := make([]byte, fs.blockBytes)
		j.headerBlock(b, journalRevoke, fs.running.id)
		be.PutUint32(b[12:], uint32(revokeHeader+n*size))
		for i, block := range list[:n] {
			if size == 8 {
				be.PutUint64(b[revokeHeader+8*i:], block)
			} else {
				be.PutUint32(b[revokeHeader+4*i:], uint32(block))
			}
		}
		j.sealTail(b)
		l.add(b)
		list = list[n:]
	}
}

// settle is what follows a commit: what was changed waits for its place, what was
// freed is free.
func (fs *FileSystem) settle() {
	t := &fs.running
	for _, block := range t.revoked {
		if b := fs.cache.buffers[block]; b != nil && b.logged && !b.running {
			fs.unlog(b)
			fs.cache.drop(b)
		}
	}
	for _, b := range t.buffers {
		b.running, b.loggedIn = false, t.id
		if !b.logged {
			b.logged = true
			b.inLog = len(fs.journal.logged)
			fs.journal.logged = append(fs.journal.logged, b)
		}
		fs.cache.use(b)
	}
	t.reset(t.id + 1)
}

// unlog takes a buffer out of those that wait for their place.
func (fs *FileSystem) unlog(b *buffer) {
	list := fs.journal.logged
	last := list[len(list)-1]
	list[b.inLog], last.inLog = last, b.inLog
	list[len(list)-1] = nil
	fs.journal.logged = list[:len(list)-1]
	b.logged = false
}

// checkpoint writes what is in the journal to its place, which frees the journal
// but for the last transaction: each one has a copy of the superblock, so that the
// one in its place is written only when a volume is opened and closed. Half of that would
// be a volume that nobody can read.
//
// Preconditions: the running transaction is empty.
func (fs *FileSystem) checkpoint() error {
	j := &fs.journal
	if j.used == j.lastUsed {
		return nil
	}
	list := fs.scratch[:0]
	for _, b := range j.logged {
		if b != fs.super {
			list = append(list, b)
		}
	}
	err := fs.writeOut(list)
	clear(list)
	fs.scratch = list[:0]
	if err == nil {
		err = fs.device.Flush()
	}
	if err != nil {
		return fs.fail(err)
	}
	for i := len(j.logged) - 1; i >= 0; i-- {
		if b := j.logged[i]; b.loggedIn != j.lastID {
			fs.unlog(b)
			fs.cache.use(b)
		}
	}
	j.used = j.lastUsed
	return fs.writeJournalSuper(j.last, j.lastID)
}

// finish writes all to its place and leaves the journal empty.
//
// Preconditions: as of checkpoint.
func (fs *FileSystem) finish() error {
	j := &fs.journal
	if err := fs.writeOut(j.logged); err != nil {
		return fs.fail(err)
	}
	if err := fs.device.Flush(); err != nil {
		return fs.fail(err)
	}
	for i, b := range j.logged {
		b.logged = false
		fs.cache.use(b)
		j.logged[i] = nil
	}
	j.logged, j.used = j.logged[:0], 0
	return fs.writeJournalSuper(0, fs.running.id)
}
