package ext4

import (
	"mewz/kernel/vfs"
)

// operation is a change of metadata that happens as a whole or not at all: what
// it has touched, so that it can be taken back.
type operation struct {
	active  bool
	touched []*buffer
	created []*buffer // blocks that were not in use before
	inodes  []savedInode
	freed   []run    // blocks given back
	revoked []uint64 // of those, the ones that held metadata
	orphans []savedOrphan
	first   savedOrphan // of the list, if was is set
}

type savedInode struct {
	inode *inode
	was   fields
	fresh bool // it did not exist before
}

// transaction is what was changed since the last commit.
type transaction struct {
	id      uint32
	buffers []*buffer
	revoked []uint64
	since   uint64            // nanoseconds since 1970, when it began; 0: it is empty
	busy    map[uint32][]byte // by group, the blocks freed by it
	spare   [][]byte          // memory for busy
	times   []*inode          // whose times are to be written
}

func (t *transaction) empty() bool { return len(t.buffers) == 0 && len(t.revoked) == 0 }

// operationMaxBuffers bounds what an operation changes, so that a transaction never
// outgrows the journal: two directories whose hash trees split, two extent trees
// of full depth, inodes, bitmaps and descriptors take half of it.
const operationMaxBuffers = 96

// begin starts an operation, after a commit if the transaction has no room for it.
func (fs *FileSystem) begin() error {
	if err := fs.writable(); err != nil {
		return err
	}
	if fs.op.active {
		return fs.damage("an operation begins within another", 0)
	}
	fs.cache.trim()
	if err := fs.relieve(); err != nil {
		return err
	}
	fs.op.active = true
	return nil
}

// relieve commits when the transaction has no room for another operation, or is
// old.
func (fs *FileSystem) relieve() error {
	now := uint64(0)
	if fs.running.since != 0 {
		now = fs.now()
	}
	return fs.relieveAt(now)
}

// relieveAt is relieve for who knows the time.
func (fs *FileSystem) relieveAt(now uint64) error {
	t := &fs.running
	if len(t.buffers)+len(t.times)+len(t.revoked)/64+operationMaxBuffers > fs.journal.transactionMax || fs.overdue(now) {
		return fs.commit()
	}
	return nil
}

// writable returns why the volume cannot be changed.
func (fs *FileSystem) writable() error {
	if fs.failed != nil {
		return vfs.ErrDamaged
	}
	if fs.readOnly {
		return vfs.ErrReadOnly
	}
	return nil
}

// modify prepares a buffer for a change by the operation under way.
func (fs *FileSystem) modify(b *buffer) {
	if b.kind >= kindLeaf {
		fs.forgetListed()
	}
	if b.undo != nil {
		return
	}
	b.undo, b.was, b.wasKind = fs.cache.save(b.data), b.running, b.kind
	fs.op.touched = append(fs.op.touched, b)
	fs.setRunning(b)
}

// create returns a zeroed buffer for a block that was just allocated.
func (fs *FileSystem) create(block uint64, k kind) *buffer {
	b := fs.cache.fresh(block, k)
	fs.forgetListed()
	fs.op.created = append(fs.op.created, b)
	fs.setRunning(b)
	return b
}

func (fs *FileSystem) setRunning(b *buffer) {
	if !b.running {
		b.running = true
		b.inTransact = len(fs.running.buffers)
		fs.running.buffers = append(fs.running.buffers, b)
	}
	fs.cache.use(b)
}

// unsetRunning takes a buffer out of the transaction.
// Not inlined, for the size of the kernel: decision 0015.
//
//go:noinline
func (fs *FileSystem) unsetRunning(b *buffer) {
	if !b.running {
		return
	}
	list := fs.running.buffers
	last := list[len(list)-1]
	list[b.inTransact], last.inTransact = last, b.inTransact
	list[len(list)-1] = nil
	fs.running.buffers = list[:len(list)-1]
	b.running = false
}

// room reports whether the operation may touch some more buffers.
func (fs *FileSystem) room(n int) bool {
	return len(fs.op.touched)+len(fs.op.created)+n <= operationMaxBuffers
}

// end ends an operation: it stands, or with an error it has never been.
func (fs *FileSystem) end(err error) error {
	if err == nil && !fs.room(0) {
		err = fs.damage("an operation is too large", uint64(len(fs.op.touched)))
	}
	if err != nil {
		fs.rollback()
	} else {
		fs.keep()
	}
	op := &fs.op
	for i := range op.touched {
		op.touched[i] = nil
	}
	for i := range op.created {
		op.created[i] = nil
	}
	for i := range op.inodes {
		op.inodes[i] = savedInode{}
	}
	*op = operation{touched: op.touched[:0], created: op.created[:0], inodes: op.inodes[:0], freed: op.freed[:0], revoked: op.revoked[:0], orphans: op.orphans[:0]}
	return err
}

// keep makes the operation part of the transaction.
func (fs *FileSystem) keep() {
	for _, b := range fs.op.touched {
		fs.cache.undos = append(fs.cache.undos, b.undo)
		b.undo = nil
		fs.cache.use(b)
	}
	for _, block := range fs.op.revoked {
		if b := fs.cache.find(block); b != nil && b.logged {
			fs.running.revoked = append(fs.running.revoked, block)
		}
	}
	for _, r := range fs.op.freed {
		fs.forget(r)
	}
	if fs.running.since == 0 && !fs.running.empty() {
		fs.running.since = max(fs.now(), 1)
	}
}

// forget drops the content of blocks that are no longer in use. What is logged
// stays until the commit, for the journal is freed only when it is in its place.
func (fs *FileSystem) forget(r run) {
	fs.forgetListed()
	one := func(b *buffer) {
		fs.unsetRunning(b)
		if b.logged {
			b.kind = kindPlain
			fs.cache.use(b)
			return
		}
		fs.cache.drop(b)
	}
	fs.data.forget(r)
	if r.count > uint64(len(fs.cache.buffers)) {
		for block, b := range fs.cache.buffers {
			if block >= r.block && block < r.end() {
				one(b)
			}
		}
		return
	}
	for block := r.block; block < r.end(); block++ {
		if b := fs.cache.buffers[block]; b != nil {
			one(b)
		}
	}
}

// rollback takes an operation back.
func (fs *FileSystem) rollback() {
	op := &fs.op
	fs.forgetListed()
	for _, b := range op.touched {
		copy(b.data, b.undo)
		fs.cache.undos = append(fs.cache.undos, b.undo)
		b.undo, b.kind = nil, b.wasKind
		if !b.was {
			fs.unsetRunning(b)
		}
		fs.cache.use(b)
	}
	for _, b := range op.created {
		fs.unsetRunning(b)
		fs.cache.drop(b)
	}
	for i := len(op.inodes) - 1; i >= 0; i-- {
		s := &op.inodes[i]
		s.inode.fields = s.was
		s.inode.recent = mapping{}
		if s.fresh {
			fs.inodes.remove(s.inode)
		}
	}
	for _, r := range op.freed {
		fs.setBusy(r, false)
	}
	fs.rollbackOrphans()
}

// change runs an operation. When the volume is full but for what was freed since
// the last commit, it commits and tries again.
func (fs *FileSystem) change(do func() error) error {
	for again := true; ; again = false {
		if err := fs.begin(); err != nil {
			return err
		}
		err := fs.end(do())
		if err != vfs.ErrNoSpace || !again || len(fs.running.busy) == 0 {
			return err
		}
		if err := fs.commit(); err != nil {
			return err
		}
	}
}

// setBusy marks blocks that must not be given away before the commit.
func (fs *FileSystem) setBusy(r run, busy bool) {
	for r.count > 0 {
		group := uint32((r.block - fs.firstBlock) / uint64(fs.groupBlocks))
		from := uint32(r.block - fs.groupStart(group))
		n := uint32(min(r.count, uint64(fs.groupBlocks-from)))
		b := fs.running.busy[group]
		if b == nil && busy {
			if k := len(fs.running.spare); k > 0 {
				b, fs.running.spare = fs.running.spare[k-1], fs.running.spare[:k-1]
				clear(b)
			} else {
				b = make([]byte, fs.blockBytes)
			}
			fs.running.busy[group] = b
		}
		switch {
		case busy:
			setBits(b, from, n)
		case b != nil:
			clearBits(b, from, n)
		}
		r.block, r.count = r.block+uint64(n), r.count-uint64(n)
	}
}

// reset makes the transaction empty, after its commit.
func (t *transaction) reset(id uint32) {
	for i := range t.buffers {
		t.buffers[i] = nil
	}
	for _, b := range t.busy {
		t.spare = append(t.spare, b)
	}
	clear(t.busy)
	t.id, t.buffers, t.revoked, t.since = id, t.buffers[:0], t.revoked[:0], 0
}

// damage is a volume that contradicts itself.
func (fs *FileSystem) damage(what string, where uint64) error {
	fs.warn("ext4: " + what + " (" + decimal(where) + "): the volume is damaged, repair it with e2fsck -f")
	return vfs.ErrDamaged
}

// fail makes the volume read-only after a device has failed to write.
func (fs *FileSystem) fail(err error) error {
	if fs.failed == nil {
		fs.failed = err
		fs.warn("ext4: the device fails (" + err.Error() + "): the volume can only be read from now on, what was not synchronised may be lost")
	}
	return vfs.ErrDamaged
}
