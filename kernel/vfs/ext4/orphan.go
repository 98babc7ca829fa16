package ext4

// A file that was removed or is being cut stays in a list until that is done, so
// that a crash in between leaves nothing behind: the superblock names the first
// inode, and the time of deletion of each the next one.

// Blocks of the orphan file, in which Linux keeps such inodes too (orphan_file): numbers,
// then magic and sum.
const (
	orphanTail  = 8
	orphanMagic = 0x0b10ca04
)

// orphans is the list, as it is on the volume and in both directions.
type orphans struct {
	first uint32 // 0: the list is empty
	links map[uint32]orphanLink
}

// orphanLink are the neighbours of an inode in the list, 0 for none.
type orphanLink struct{ before, after uint32 }

// savedOrphan is what the list had of an inode before an operation changed it.
type savedOrphan struct {
	number uint32
	link   orphanLink
	was    bool
}

// linkOrphan changes what the list has of an inode; that can be taken back.
func (fs *FileSystem) linkOrphan(number uint32, link orphanLink) {
	fs.saveOrphan(number)
	fs.orphans.links[number] = link
}

func (fs *FileSystem) saveOrphan(number uint32) {
	was, ok := fs.orphans.links[number]
	fs.op.orphans = append(fs.op.orphans, savedOrphan{number, was, ok})
}

// setFirstOrphan changes where the list begins.
func (fs *FileSystem) setFirstOrphan(number uint32) {
	if !fs.op.first.was {
		fs.op.first = savedOrphan{number: fs.orphans.first, was: true}
	}
	fs.orphans.first = number
	fs.modify(fs.super)
	le.PutUint32(fs.super.data[fs.superAt+superOrphans:], number)
}

// rollbackOrphans makes the list what it was before the operation.
func (fs *FileSystem) rollbackOrphans() {
	op := &fs.op
	for i := len(op.orphans) - 1; i >= 0; i-- {
		if s := op.orphans[i]; s.was {
			fs.orphans.links[s.number] = s.link
		} else {
			delete(fs.orphans.links, s.number)
		}
	}
	if op.first.was {
		fs.orphans.first = op.first.number
	}
}

// addOrphan puts an inode at the beginning of the list; put(n) follows.
func (fs *FileSystem) addOrphan(n *inode) {
	next := fs.orphans.first
	if next != 0 {
		link := fs.orphans.links[next]
		link.before = n.number
		fs.linkOrphan(next, link)
	}
	fs.linkOrphan(n.number, orphanLink{after: next})
	fs.touch(n)
	n.deleted = next
	fs.setFirstOrphan(n.number)
}

// isOrphan reports whether an inode is in the list.
func (fs *FileSystem) isOrphan(n *inode) bool {
	_, ok := fs.orphans.links[n.number]
	return ok
}

// removeOrphan takes an inode out of the list; put(n) follows.
func (fs *FileSystem) removeOrphan(n *inode) error {
	link, ok := fs.orphans.links[n.number]
	if !ok {
		return nil
	}
	fs.touch(n)
	n.deleted = 0
	if link.before == 0 {
		fs.setFirstOrphan(link.after)
	} else {
		before, err := fs.inode(link.before)
		if err != nil {
			return err
		}
		fs.touch(before)
		before.deleted = link.after
		err = fs.put(before)
		if before.refs--; err != nil {
			return err
		}
		other := fs.orphans.links[link.before]
		other.after = link.after
		fs.linkOrphan(link.before, other)
	}
	if link.after != 0 {
		other := fs.orphans.links[link.after]
		other.before = link.before
		fs.linkOrphan(link.after, other)
	}
	fs.saveOrphan(n.number)
	delete(fs.orphans.links, n.number)
	return nil
}

// orphansMax bounds the files that a crash may leave: as many as a program could
// have had open.
const orphansMax = 1 << 16

// orphanFileMaxBytes bounds the orphan file, as Linux does (fs/ext4/orphan.c).
const orphanFileMaxBytes = 8 << 20

// cleanOrphans finishes what a crash has left.
func (fs *FileSystem) cleanOrphans() error {
	next := le.Uint32(fs.super.data[fs.superAt+superOrphans:])
	links := map[uint32]orphanLink{}
	fs.orphans = orphans{next, links}
	for before := uint32(0); next != 0; {
		if _, seen := links[next]; seen || len(links) >= orphansMax || next < fs.firstInode || next > fs.geometry.inodes {
			return refuse("the list of orphans is damaged; repair the volume with e2fsck -f")
		}
		_, raw, err := fs.inodeAt(next)
		if err != nil {
			return err
		}
		after := le.Uint32(raw[inodeDeleted:])
		links[next] = orphanLink{before, after}
		before, next = next, after
		fs.cache.trim()
	}
	for len(links) > 0 {
		n, err := fs.inode(fs.orphans.first)
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
	if file.size > orphanFileMaxBytes {
		return refuse("the orphan file is too large; repair the volume with e2fsck -f")
	}
	seen := map[uint32]bool{}
	for at := uint64(0); at < file.size>>fs.blockShift; at++ {
		m, err := fs.lookup(file, at)
		if err != nil {
			return err
		}
		if !m.written() {
			return refuse("the orphan file has holes; repair the volume with e2fsck -f")
		}
		if err := fs.cleanOrphanBlock(file, m.physical, seen); err != nil {
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

// cleanOrphanBlock does that for a block; seen are the inodes of those before it.
func (fs *FileSystem) cleanOrphanBlock(file *inode, block uint64, seen map[uint32]bool) error {
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
		if seen[number] || len(seen) >= orphansMax || number < fs.firstInode || number > fs.geometry.inodes {
			return refuse("the orphan file is damaged; repair the volume with e2fsck -f")
		}
		seen[number] = true
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
