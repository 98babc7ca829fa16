package ext4

import "mewz/kernel/vfs"

// goodGroups is how many groups are searched for room in one piece, before any
// free block is taken.
const goodGroups = 8

// freeBlocks returns how many blocks are free, those included that the running
// transaction has freed.
func (fs *FileSystem) freeBlocks() uint64 {
	b := fs.super.data[fs.superAt:]
	return uint64(le.Uint32(b[superFreeBlocks:])) | fs.high(uint64(le.Uint32(b[superFreeHigh:]))<<32)
}

func (fs *FileSystem) high(v uint64) uint64 {
	if fs.incompat&incompat64 == 0 {
		return 0
	}
	return v
}

// addFree changes the count of free blocks in the superblock.
func (fs *FileSystem) addFree(by int64) {
	fs.modify(fs.super)
	b := fs.super.data[fs.superAt:]
	v := fs.freeBlocks()
	if by < 0 && v < uint64(-by) {
		v = 0 // it was wrong: e2fsck counts
	} else {
		v = uint64(int64(v) + by)
	}
	le.PutUint32(b[superFreeBlocks:], uint32(v))
	if fs.incompat&incompat64 != 0 {
		le.PutUint32(b[superFreeHigh:], uint32(v>>32))
	}
}

// allocateBlocks takes up to want blocks that lie one after the other, if possible from
// goal on.
func (fs *FileSystem) allocateBlocks(goal uint64, want uint64) (run, error) {
	if goal < fs.firstBlock || goal >= fs.blocks {
		goal = fs.firstBlock
	}
	first := uint32((goal - fs.firstBlock) / uint64(fs.groupBlocks))
	from := uint32(goal - fs.groupStart(first))
	for pass := range 2 {
		groups, least := fs.groups, uint64(1)
		if pass == 0 {
			groups, least = min(groups, goodGroups), want
		}
		for i := range groups {
			r, err := fs.allocateIn((first+i)%fs.groups, from, want, least)
			if err != nil || r.count > 0 {
				return r, err
			}
			from = 0
		}
		from = uint32(goal - fs.groupStart(first))
	}
	r, err := fs.allocateIn(first, 0, want, 1) // before the goal
	if err == nil && r.count == 0 {
		err = vfs.ErrNoSpace
	}
	return r, err
}

// allocateIn takes at least least and at most want blocks of a group, or none.
func (fs *FileSystem) allocateIn(group, from uint32, want, least uint64) (run, error) {
	d, err := fs.descriptor(group)
	if err != nil || uint64(d.freeBlocks()) < least {
		return run{}, err
	}
	bitmap, err := fs.blockBitmap(d)
	if err != nil {
		return run{}, err
	}
	busy, size := fs.running.busy[group], fs.groupSize(group)
	for at := from; ; {
		at = nextClear(bitmap.data, busy, at, size)
		if at >= size {
			return run{}, nil
		}
		end := nextSet(bitmap.data, busy, at, uint32(min(uint64(size), uint64(at)+want)))
		if uint64(end-at) < least {
			at = end
			continue
		}
		r := run{fs.groupStart(group) + uint64(at), uint64(end - at)}
		if !fs.valid(r) {
			return run{}, fs.damage("a bitmap says that a block of the volume itself is free, in group", uint64(group))
		}
		return r, fs.mark(d, bitmap, r, true)
	}
}

// mark sets or clears the bits of a run in a group, and the counts.
func (fs *FileSystem) mark(d descriptor, bitmap *buffer, r run, used bool) error {
	fs.modify(bitmap)
	fs.modify(d.buffer)
	from, n := uint32(r.block-fs.groupStart(d.group)), uint32(r.count)
	by := int(n)
	if used {
		setBits(bitmap.data, from, n)
		by = -by
	} else {
		clearBits(bitmap.data, from, n)
	}
	d.clearFlag(groupNoBlocks)
	fs.addFree(int64(by))
	return d.add(groupFreeBlocks, by)
}

// free gives blocks back. They are not given away before the commit.
func (fs *FileSystem) free(r run, metadata bool) error {
	if !fs.valid(r) {
		return fs.damage("a file has blocks that no file can have, from", r.block)
	}
	for rest := r; rest.count > 0; {
		group := uint32((rest.block - fs.firstBlock) / uint64(fs.groupBlocks))
		from := uint32(rest.block - fs.groupStart(group))
		part := run{rest.block, min(rest.count, uint64(fs.groupBlocks-from))}
		d, err := fs.descriptor(group)
		if err != nil {
			return err
		}
		bitmap, err := fs.blockBitmap(d)
		if err != nil {
			return err
		}
		end := from + uint32(part.count)
		for i := from; i < end; i++ {
			if !bit(bitmap.data, i) {
				return fs.damage("a file has a block that is free", part.block+uint64(i-from))
			}
		}
		if err := fs.mark(d, bitmap, part, false); err != nil {
			return err
		}
		rest.block, rest.count = part.end(), rest.count-part.count
	}
	fs.setBusy(r, true)
	fs.op.freed = append(fs.op.freed, r)
	if metadata {
		for block := r.block; block < r.end(); block++ {
			fs.op.revoked = append(fs.op.revoked, block)
		}
	}
	return nil
}

// allocateInode takes the first free inode, from the group of another one on.
func (fs *FileSystem) allocateInode(near uint32, directory bool) (uint32, error) {
	first := (near - 1) / fs.groupInodes
	for i := range fs.groups {
		d, err := fs.descriptor((first + i) % fs.groups)
		if err != nil {
			return 0, err
		}
		if d.freeInodes() == 0 {
			continue
		}
		b, err := fs.inodeBitmap(d)
		if err != nil {
			return 0, err
		}
		from := uint32(0)
		if d.group == 0 {
			from = fs.firstInode - 1
		}
		at := nextClear(b.data, nil, from, fs.groupInodes)
		if at == fs.groupInodes {
			continue
		}
		return d.group*fs.groupInodes + at + 1, fs.takeInode(d, b, at, directory)
	}
	return 0, vfs.ErrNoSpace
}

func (fs *FileSystem) takeInode(d descriptor, b *buffer, at uint32, directory bool) error {
	if d.flag(groupNoBlocks) { // Linux does the same: inodes in use, so the blocks are
		bitmap, err := fs.blockBitmap(d)
		if err != nil {
			return err
		}
		fs.modify(bitmap)
		fs.modify(d.buffer)
		d.clearFlag(groupNoBlocks)
	}
	fs.modify(b)
	fs.modify(d.buffer)
	setBits(b.data, at, 1)
	if fs.groupSums() {
		unused := d.unused()
		if d.flag(groupNoInodes) {
			unused = fs.groupInodes
		}
		unused = min(unused, fs.groupInodes-at-1)
		d.setCount(groupUnusedInodes, groupHighUnused, unused)
	}
	d.clearFlag(groupNoInodes)
	if directory {
		if err := d.add(groupDirectories, 1); err != nil {
			return err
		}
	}
	fs.addFreeInodes(-1)
	return d.add(groupFreeInodes, -1)
}

// freeInode gives an inode back.
func (fs *FileSystem) freeInode(number uint32, directory bool) error {
	d, err := fs.descriptor((number - 1) / fs.groupInodes)
	if err != nil {
		return err
	}
	b, err := fs.inodeBitmap(d)
	if err != nil {
		return err
	}
	at := (number - 1) % fs.groupInodes
	if !bit(b.data, at) {
		return fs.damage("an inode is in use and free", uint64(number))
	}
	fs.modify(b)
	fs.modify(d.buffer)
	clearBits(b.data, at, 1)
	if directory {
		if err := d.add(groupDirectories, -1); err != nil {
			return err
		}
	}
	fs.addFreeInodes(1)
	return d.add(groupFreeInodes, 1)
}

func (fs *FileSystem) addFreeInodes(by int) {
	fs.modify(fs.super)
	b := fs.super.data[fs.superAt+superFreeInodes:]
	le.PutUint32(b, uint32(max(0, int64(le.Uint32(b))+int64(by))))
}
