package ext4

import "slices"

// A file that was removed or is being cut stays in a list until that is done, so
// that a crash in between leaves nothing behind: the superblock names the first
// inode, and the time of deletion of each the next one.

// Blocks of the orphan file, in which Linux keeps such inodes too (orphan_file): numbers,
// then magic and sum.
const (
	orphanTail  = 8
	orphanMagic = 0x0b10ca04
)

// setOrphans is the list after a change by the operation under way.
func (fs *FileSystem) setOrphans(list []uint32) {
	if !fs.op.saved {
		fs.op.saved, fs.op.orphans = true, fs.orphans
	}
	fs.orphans = list
}

// addOrphan puts an inode at the beginning of the list; put(n) follows.
func (fs *FileSystem) addOrphan(n *inode) {
	next := uint32(0)
	if len(fs.orphans) > 0 {
		next = fs.orphans[0]
	}
	fs.setOrphans(append([]uint32{n.number}, fs.orphans...))
	fs.touch(n)
	n.deleted = next
	fs.setLastOrphan(n.number)
}

func (fs *FileSystem) setLastOrphan(number uint32) {
	fs.modify(fs.super)
	le.PutUint32(fs.super.data[fs.superAt+superOrphans:], number)
}

// isOrphan reports whether an inode is in the list.
func (fs *FileSystem) isOrphan(n *inode) bool { return slices.Contains(fs.orphans, n.number) }

// removeOrphan takes an inode out of the list; put(n) follows.
func (fs *FileSystem) removeOrphan(n *inode) error {
	at := slices.Index(fs.orphans, n.number)
	if at < 0 {
		return nil
	}
	next := uint32(0)
	if at+1 < len(fs.orphans) {
		next = fs.orphans[at+1]
	}
	fs.touch(n)
	n.deleted = 0
	if at == 0 {
		fs.setLastOrphan(next)
	} else {
		before, err := fs.inode(fs.orphans[at-1])
		if err != nil {
			return err
		}
		fs.touch(before)
		before.deleted = next
		err = fs.put(before)
		if before.refs--; err != nil {
			return err
		}
	}
	fs.setOrphans(slices.Delete(slices.Clone(fs.orphans), at, at+1))
	return nil
}

// orphansMax bounds the files that a crash may leave: as many as a program could
// have had open.
const orphansMax = 1 << 16

// cleanOrphans finishes what a crash has left.
func (fs *FileSystem) cleanOrphans() error {
	next := le.Uint32(fs.super.data[fs.superAt+superOrphans:])
	var list []uint32
	seen := map[uint32]bool{}
	for next != 0 {
		if seen[next] || len(list) >= orphansMax || next < fs.firstInode || next > fs.geometry.inodes {
			return refuse("the list of orphans is damaged; repair the volume with e2fsck -f")
		}
		seen[next] = true
		list = append(list, next)
		_, raw, err := fs.inodeAt(next)
		if err != nil {
			return err
		}
		next = le.Uint32(raw[inodeDeleted:])
		fs.cache.trim()
	}
	fs.orphans = list
	for len(fs.orphans) > 0 {
		n, err := fs.inode(fs.orphans[0])
		if err != nil {
			return err
		}
		if err := fs.finishOrphan(n); err != nil {
			return err
		}
	}
	if fs.orphanFile != 0 && fs.readCompat&readOrphanPresent != 0 {
		return fs.cleanOrphanFile()
	}
	return nil
}

// finishOrphan removes or cuts a file of the list, and gives a reference back.
func (fs *FileSystem) finishOrphan(n *inode) error {
	if n.links == 0 {
		err := fs.destroy(n)
		n.refs--
		return err
	}
	var err error
	if n.isFile() {
		err = fs.finishCut(n)
	} else {
		err = fs.change(func() error {
			if err := fs.removeOrphan(n); err != nil {
				return err
			}
			return fs.put(n)
		})
	}
	fs.Release(nodeOf(n))
	return err
}

// cleanOrphanFile finishes the inodes of the orphan file, and empties it.
func (fs *FileSystem) cleanOrphanFile() error {
	file, err := fs.inode(fs.orphanFile)
	if err != nil {
		return err
	}
	defer fs.inodes.remove(file)
	for at := uint64(0); at < file.size>>fs.blockShift && at < orphansMax; at++ {
		m, err := fs.lookup(file, at)
		if err != nil {
			return err
		}
		if !m.written() {
			return refuse("the orphan file has holes; repair the volume with e2fsck -f")
		}
		if err := fs.cleanOrphanBlock(file, m.physical); err != nil {
			return err
		}
	}
	return fs.change(func() error {
		fs.modify(fs.super)
		b := fs.super.data[fs.superAt:]
		fs.readCompat &^= readOrphanPresent
		le.PutUint32(b[superReadCompat:], fs.readCompat)
		return nil
	})
}

func (fs *FileSystem) cleanOrphanBlock(file *inode, block uint64) error {
	b, err := fs.cache.get(block, kindPlain)
	if err != nil {
		return err
	}
	end := len(b.data) - orphanTail
	if le.Uint32(b.data[end:]) != orphanMagic {
		return refuse("the orphan file is damaged; repair the volume with e2fsck -f")
	}
	var list []uint32
	for at := 0; at < end; at += 4 {
		if number := le.Uint32(b.data[at:]); number != 0 {
			list = append(list, number)
		}
	}
	for _, number := range list {
		if number < fs.firstInode || number > fs.geometry.inodes {
			return refuse("the orphan file is damaged; repair the volume with e2fsck -f")
		}
		n, err := fs.inode(number)
		if err != nil {
			return err
		}
		if err := fs.finishOrphan(n); err != nil {
			return err
		}
	}
	return fs.change(func() error {
		b, err := fs.cache.get(block, kindPlain)
		if err != nil {
			return err
		}
		fs.modify(b)
		clear(b.data[:end])
		var number [8]byte
		le.PutUint64(number[:], block)
		le.PutUint32(b.data[end+4:], crc(crc(file.seed, number[:]), b.data[:end]))
		return nil
	})
}
