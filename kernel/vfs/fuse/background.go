package fuse

import "mewz/kernel/vfs"

// background are the requests to close handles, which nobody waits for.
type background struct {
	slots  []release
	oldest int // under way
	count  int // under way
}

// release is a request to close a handle of a node, which it holds: virtiofsd
// may not forget a file before it has closed it, and the two come by different queues.
type release struct {
	slot
	node uint32
}

// closeHandle closes a handle of virtiofsd. It is waited for where a name was removed while
// the file was known: the file itself may be gone with it, and then its room on the host
// has to be free without another call.
func (f *FileSystem) closeHandle(h *handle, fh uint64) {
	n := &f.nodes.all[h.node]
	q := question{op: opRelease, node: n.id, in: 24}
	if h.kind == vfs.Directory {
		q.op = opReleasedir
	}
	if n.since != f.nodes.removals {
		putRelease(f.args(), h, fh)
		_, _ = f.ask(q) // what could be lost FLUSH has told
		return
	}
	b := &f.background
	if b.count == len(b.slots) {
		f.reap(true)
	}
	t := &b.slots[(b.oldest+b.count)%len(b.slots)]
	putRelease(t.in.Bytes[inHeaderBytes:], h, fh)
	if f.start(&t.slot, q) != nil {
		return
	}
	t.node = h.node
	n.refs++
	b.count++
	f.device.Kick()
}

// putRelease writes fuse_release_in.
func putRelease(args []byte, h *handle, fh uint64) {
	clear(args[:24])
	put64(args, 0, fh)
	put32(args, 8, h.flags)
}

// reap takes the answers that are there from the oldest request on; if wait is set it waits for one.
func (f *FileSystem) reap(wait bool) {
	for b := &f.background; b.count != 0; wait = false {
		t := &b.slots[b.oldest]
		if wait {
			if _, err := f.device.Wait(t.id); err != nil {
				_ = f.failed()
			}
		} else if _, done, _ := f.device.Done(t.id); !done {
			return
		}
		b.oldest, b.count = (b.oldest+1)%len(b.slots), b.count-1
		f.nodes.release(t.node)
	}
}

// settle waits for everything that is under way.
func (f *FileSystem) settle() {
	for f.background.count != 0 {
		f.reap(true)
	}
}
