package memfs

import (
	"syscall"

	"mewz/kernel/device"
	"mewz/kernel/vfs"
)

// blockOf returns how many blocks begin before an offset.
func blocksOf(bytes uint64) uint64 {
	return bytes/blockBytes + (bytes%blockBytes+blockBytes-1)/blockBytes
}

// opened returns the node of a handle that is open for mode.
func (f *FileSystem) opened(h vfs.Handle, mode vfs.Mode) (*node, error) {
	n := f.node(ref(h))
	switch {
	case vfs.Mode(h>>handleModeShift)&mode == 0:
		return nil, syscall.EBADF
	case n.kind != vfs.File:
		return nil, vfs.ErrDirectory
	}
	return n, nil
}

// Read fills buffers from offset on.
func (f *FileSystem) Read(h vfs.Handle, into [][]byte, offset uint64) (int, error) {
	n, err := f.opened(h, vfs.ModeRead)
	if err != nil {
		return 0, err
	}
	if n.flags&nodeOwn == 0 {
		return f.lower.Read(n.handle, into, offset)
	}
	if n.accessed <= n.modified || n.accessed <= n.changed {
		n.accessed = f.now()
	}
	if offset >= n.size {
		return 0, nil
	}
	left := min(vfs.Total(into), n.size-offset)
	v := device.Cursor{Buffers: into}
	done := 0
	var run *[treeSlots]ref
	for left > 0 {
		index, within := offset/blockBytes, offset%blockBytes
		if run == nil || index%treeSlots == 0 {
			run = f.arena.run(&n.tree, index)
		}
		block := ref(0)
		if run != nil {
			block = run[index%treeSlots]
		} else {
			block = f.arena.get(&n.tree, index)
		}
		piece := v.Piece(int(min(left, blockBytes-within)))
		if block != 0 {
			f.copier.Copy(piece, f.arena.block(block)[within:])
		} else if err := f.readLower(n, piece, offset); err != nil {
			return done, err
		}
		done += len(piece)
		left -= uint64(len(piece))
		offset += uint64(len(piece))
	}
	return done, nil
}

// readLower reads what is not here: from below, or zeroes.
func (f *FileSystem) readLower(n *node, into []byte, offset uint64) error {
	done := 0
	if offset < n.lowerBytes {
		if err := f.openLower(n); err != nil {
			return err
		}
		f.piece[0] = into[:min(uint64(len(into)), n.lowerBytes-offset)]
		var err error
		done, err = f.lower.Read(n.handle, f.piece[:], offset)
		f.piece[0] = nil
		if err != nil {
			return err
		}
	}
	clear(into[done:])
	return nil
}

// fill makes a block of a file that is not there yet: what is below, or zeroes. One
// that is about to be overwritten from end to end gets neither.
func (f *FileSystem) fill(n *node, index uint64, whole bool) (ref, error) {
	if f.arena.blocks >= f.limitBlocks {
		return 0, vfs.ErrNoSpace
	}
	block, err := f.arena.takeBlock()
	if err != nil {
		return 0, err
	}
	if !whole {
		err = f.readLower(n, f.arena.block(block)[:], index*blockBytes)
	}
	if err == nil {
		var slot *ref
		if slot, err = f.arena.slot(&n.tree, index); err == nil {
			*slot = block
			return block, nil
		}
	}
	f.arena.freeBlock(block)
	return 0, err
}

// Write writes buffers at offset.
func (f *FileSystem) Write(h vfs.Handle, from [][]byte, offset uint64) (int, error) {
	n, err := f.opened(h, vfs.ModeWrite)
	if err != nil {
		return 0, err
	}
	left := vfs.Total(from)
	switch {
	case left == 0:
		return 0, nil
	case offset >= vfs.OffsetMax:
		return 0, vfs.ErrTooLarge
	}
	if err := f.own(n); err != nil {
		return 0, err
	}
	left = vfs.Clip(offset, left)
	v := device.Cursor{Buffers: from, Copier: f.copier}
	done := 0
	for left > 0 {
		within := offset % blockBytes
		part := min(left, blockBytes-within)
		block := f.arena.get(&n.tree, offset/blockBytes)
		if block == 0 {
			if block, err = f.fill(n, offset/blockBytes, part == blockBytes); err != nil {
				break
			}
		}
		v.Drain(f.arena.block(block)[within:][:part])
		done += int(part)
		left -= part
		offset += part
		n.size = max(n.size, offset)
	}
	if done == 0 {
		return 0, err
	}
	f.touch(n)
	return done, nil
}

// Append writes at the end of the file.
func (f *FileSystem) Append(h vfs.Handle, from [][]byte) (int, uint64, error) {
	n, err := f.opened(h, vfs.ModeWrite)
	if err == nil {
		err = f.own(n)
	}
	if err != nil {
		return 0, 0, err
	}
	done, err := f.Write(h, from, n.size)
	return done, n.size, err
}

// resize sets the size of a file.
func (f *FileSystem) resize(n *node, size uint64) error {
	switch {
	case n.kind == vfs.Directory:
		return vfs.ErrDirectory
	case n.kind != vfs.File:
		return vfs.ErrInvalid
	case size > vfs.OffsetMax:
		return vfs.ErrTooLarge
	}
	if err := f.own(n); err != nil {
		return err
	}
	if size < n.size {
		f.arena.cut(&n.tree, blocksOf(size))
		if within := size % blockBytes; within != 0 {
			if block := f.arena.get(&n.tree, size/blockBytes); block != 0 {
				clear(f.arena.block(block)[within:])
			}
		}
		n.lowerBytes = min(n.lowerBytes, size)
	}
	n.size = size
	f.touch(n)
	return nil
}

// Allocate makes room for [offset, offset+bytes). Where that fails nothing is
// taken but holes before the end of the file.
func (f *FileSystem) Allocate(h vfs.Handle, offset, bytes uint64) error {
	n, err := f.opened(h, vfs.ModeWrite)
	switch {
	case err != nil:
		return err
	case bytes == 0:
		return vfs.ErrInvalid
	case offset > vfs.OffsetMax || bytes > vfs.OffsetMax-offset:
		return vfs.ErrTooLarge
	}
	if err := f.own(n); err != nil {
		return err
	}
	end := offset + bytes
	missing := f.missing(n, offset/blockBytes, blocksOf(end))
	if f.arena.blocks+missing > f.limitBlocks {
		return vfs.ErrNoSpace
	}
	for index := offset / blockBytes; index < blocksOf(end); index++ {
		if f.arena.get(&n.tree, index) != 0 {
			continue
		}
		if _, err := f.fill(n, index, false); err != nil {
			f.arena.cut(&n.tree, blocksOf(n.size))
			return err
		}
	}
	if end > n.size {
		n.size = end
		f.touch(n)
	}
	return nil
}

// missing counts the blocks in [first, end) that are not there.
func (f *FileSystem) missing(n *node, first, end uint64) uint64 {
	have := uint64(0)
	for index, block := f.arena.next(&n.tree, first); block != 0 && index < end; index, block = f.arena.next(&n.tree, index+1) {
		have++
	}
	return end - first - have
}
