package fuse

import (
	"syscall"

	"mewz/kernel/device"
	"mewz/kernel/vfs"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/request"
)

// Write writes buffers at an offset.
func (f *FileSystem) Write(number vfs.Handle, from [][]byte, offset uint64) (int, error) {
	h, err := f.writable(number)
	if err != nil {
		return 0, err
	}
	v := device.Cursor{Buffers: from, Copier: f.copier}
	total := vfs.Total(from)
	room := vfs.Clip(offset, total)
	if room == 0 && total != 0 {
		return 0, vfs.ErrTooLarge
	}
	f.dropAhead(&f.nodes.all[h.node])
	return f.write(h, &v, writing{fh: h.fh, flags: h.flags, offset: offset, bytes: room})
}

// writable finds a handle that may be written.
func (f *FileSystem) writable(number vfs.Handle) (*handle, error) {
	h, err := f.handle(number, vfs.File)
	if err == nil && !h.writes {
		err = syscall.EBADF
	}
	return h, err
}

// Append writes at the end, by a handle with O_APPEND: so the host finds the end and
// writes there in one step, whoever else appends.
func (f *FileSystem) Append(number vfs.Handle, from [][]byte) (n int, end uint64, err error) {
	h, err := f.writable(number)
	if err != nil {
		return 0, 0, err
	}
	node := vfs.NodeID(h.node) + 1
	flags := h.flags&^flagReadWrite | flagWriteOnly | flagAppend
	if !h.appends {
		put32(f.args(), 0, flags)
		put32(f.args(), 4, 0)
		out, err := f.ask(question{opOpen, f.nodes.all[h.node].id, 8, openOutBytes})
		if err != nil {
			return 0, 0, err
		}
		h.appendFh, h.appends = get64(out, 0), true
	}
	v := device.Cursor{Buffers: from, Copier: f.copier}
	f.dropAhead(&f.nodes.all[h.node])
	n, err = f.write(h, &v, writing{fh: h.appendFh, flags: flags, offset: f.nodes.all[h.node].seen, bytes: vfs.Total(from)})
	if n == 0 && err != nil {
		return 0, 0, err
	}
	f.fresh.node = none
	a, failed := f.Attributes(node)
	if failed != nil {
		a.Size = f.nodes.all[h.node].seen // it is written all the same, and who asks next learns what is wrong
	}
	return n, a.Size, err
}

// writing says what write writes.
type writing struct {
	fh     uint64
	flags  uint32
	offset uint64
	bytes  uint64
}

// write writes what it is told from v on. A request follows only on an answer that all of
// the one before is written, so after an error nothing is behind it.
func (f *FileSystem) write(h *handle, v *device.Cursor, w writing) (int, error) {
	f.fresh.node = none
	h.dirty = true
	n := uint64(0)
	for n < w.bytes {
		rest := *v
		sent := writing{w.fh, w.flags, w.offset + n, min(w.bytes-n, uint64(f.writeMax))}
		wrote, err := f.writeOnce(h, &rest, sent)
		if err != nil {
			return int(n), err
		}
		v.Skip(wrote)
		n += uint64(wrote)
	}
	seen := &f.nodes.all[h.node].seen
	*seen = max(*seen, w.offset+n)
	return int(n), nil
}

// headersOfWrite are buffers of their own before the data: QEMU's virtiofsd copies everything
// otherwise.
const headersOfWrite = 2

// writeOnce is one request: of the caller's memory if virtiofsd reaches it, else of as many pieces
// as there are for it.
func (f *FileSystem) writeOnce(h *handle, v *device.Cursor, w writing) (int, error) {
	b := v.Next(int(w.bytes))
	if extents := f.device.Reach(queueRequest, b); len(extents) != 0 {
		chain := request.AppendReached(f.chain[:headersOfWrite], extents, false)
		w.bytes = uint64(len(b))
		return f.writeChain(h, len(chain), w)
	}
	var taken [piecesMax]*piece
	count, sent := 0, 0
	for uint64(sent) < w.bytes && count < len(taken) && count < virtio.ChainMax-headersOfWrite-1 {
		p := f.take(count == 0)
		if p == nil {
			break
		}
		n := int(min(w.bytes-uint64(sent), pieceBytes))
		v.Drain(p.data.Bytes[:n])
		f.chain[headersOfWrite+count] = virtio.Buffer{Physical: p.data.Physical, Bytes: uint32(n)}
		taken[count] = p
		count++
		sent += n
	}
	w.bytes = uint64(sent)
	n, err := f.writeChain(h, headersOfWrite+count, w)
	for _, p := range taken[:count] {
		p.state = pieceFree
	}
	return n, err
}

// writeChain sends the data that is in the chain behind the headers, and waits.
func (f *FileSystem) writeChain(h *handle, buffers int, w writing) (int, error) {
	t := &f.call
	t.unique = f.putTransfer(t.in.Bytes, question{op: opWrite, node: f.nodes.all[h.node].id, in: readInBytes + int(w.bytes)}, w)
	f.chain[0] = virtio.Buffer{Physical: t.in.Physical, Bytes: inHeaderBytes}
	f.chain[1] = virtio.Buffer{Physical: t.in.Physical + inHeaderBytes, Bytes: readInBytes}
	f.chain[buffers] = virtio.Buffer{Physical: t.out.Physical, Bytes: smallOutBytes, Write: true}
	n, err := f.exchange(f.chain[:buffers+1])
	if err != nil {
		return 0, err
	}
	wrote := int(get32(t.out.Bytes, outHeaderBytes))
	if n != writeOutBytes || uint64(wrote) > w.bytes || wrote == 0 {
		return 0, f.broken()
	}
	return wrote, nil
}
