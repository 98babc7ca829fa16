package fuse

import (
	"syscall"

	"mewz/kernel/vfs"
)

// Bounds of nodes.
const (
	// nodesMax bounds the files that are known at once: each open one, and the
	// directories on the way to it. virtiofsd has a descriptor for each.
	nodesMax = 1 << 16
	// parkedMax is how many nodes nobody holds any more are not forgotten yet: a
	// program that opens the same files over and over costs no FORGET.
	parkedMax    = 64
	bucketsFirst = 64
)

// none is no index into a table.
const none = ^uint32(0)

// node is a file of the share that virtiofsd knows by a number, because it was looked
// up. It stays known until as many lookups are forgotten.
type node struct {
	id      uint64 // of virtiofsd
	lookups uint64
	refs    uint32   // of callers and handles; 0: parked, or free
	kind    vfs.Type // 0: free
	handles uint32   // the first open one
	bucket  uint32   // next in the same bucket, or next free
	// In the list of the parked.
	before, after uint32
	since         uint64 // removals when it became known or was held again
	// As seen last, to notice that somebody else has changed the content.
	size, modified uint64
	seen           uint64 // the size as far as it is known, as a hint
}

// nodes is the table of nodes. The root has index 0; it is never forgotten.
type nodes struct {
	session *session
	all     []node
	buckets []uint32 // by id
	free    uint32
	used    int
	parked  int
	// removals counts the names that were removed or replaced: one of them may have been the last
	// of a file, which takes room on the host for as long as it is known.
	removals uint64
	// forgotten counts the directories that were given back.
	forgotten uint64
	// The parked ones from the oldest to the newest.
	oldest, newest uint32
}

func (t *nodes) init(s *session) {
	*t = nodes{session: s, free: none, oldest: none, newest: none}
	t.rehash(bucketsFirst)
	t.insert(rootNode, vfs.Directory)
	t.all[0].refs = 1
}

func (t *nodes) bucketOf(id uint64) *uint32 {
	const golden = 0x9e3779b97f4a7c15 // 2^64 by the golden ratio: spreads numbers in a row
	return &t.buckets[id*golden>>32&uint64(len(t.buckets)-1)]
}

// rehash makes n buckets.
func (t *nodes) rehash(n int) {
	t.buckets = make([]uint32, n)
	for i := range t.buckets {
		t.buckets[i] = none
	}
	for i := range t.all {
		if t.all[i].kind != 0 {
			b := t.bucketOf(t.all[i].id)
			t.all[i].bucket, *b = *b, uint32(i)
		}
	}
}

func (t *nodes) find(id uint64) uint32 {
	i := *t.bucketOf(id)
	for i != none && t.all[i].id != id {
		i = t.all[i].bucket
	}
	return i
}

// insert makes a node without references.
//
// Preconditions: reserve; it is not there.
func (t *nodes) insert(id uint64, kind vfs.Type) uint32 {
	i := t.free
	if i == none {
		i = uint32(len(t.all))
		t.all = append(t.all, node{})
		if len(t.all) > len(t.buckets) {
			t.rehash(2 * len(t.buckets))
		}
	} else {
		t.free = t.all[i].bucket
	}
	b := t.bucketOf(id)
	t.all[i] = node{id: id, kind: kind, handles: none, bucket: *b, since: t.removals}
	*b = i
	t.used++
	return i
}

// reserve makes sure that one more node fits.
func (t *nodes) reserve() error {
	if t.used == nodesMax {
		t.forgetParked()
	}
	if t.used == nodesMax {
		return syscall.ENFILE
	}
	return nil
}

// looked counts an answer that leads to a node and gives the caller a reference.
//
// Preconditions: reserve.
func (t *nodes) looked(e *entryAnswer) (uint32, error) {
	if e.node == rootNode {
		return none, syscall.EIO // a share within itself; it is not counted
	}
	i := t.find(e.node)
	switch {
	case i == none:
		i = t.insert(e.node, e.attributes.Type)
	case t.all[i].kind != e.attributes.Type:
		return none, t.session.broken()
	}
	t.hold(i)
	t.all[i].lookups++
	return i, nil
}

// hold takes a reference to a node that may be parked, or new.
func (t *nodes) hold(i uint32) {
	n := &t.all[i]
	if n.refs == 0 && n.lookups != 0 {
		t.unpark(i)
		n.since = t.removals
	}
	n.refs++
}

// release gives a reference back. What nobody holds is parked, unless it may be
// removed.
func (t *nodes) release(i uint32) {
	n := &t.all[i]
	if n.refs--; n.refs != 0 {
		return
	}
	n.before, n.after = t.newest, none
	if t.newest == none {
		t.oldest = i
	} else {
		t.all[t.newest].after = i
	}
	t.newest = i
	if t.parked++; n.since != t.removals {
		t.forget(i)
		t.session.sendForgets()
	} else if t.parked > parkedMax {
		t.forget(t.oldest)
	}
}

func (t *nodes) unpark(i uint32) {
	n := &t.all[i]
	if n.before == none {
		t.oldest = n.after
	} else {
		t.all[n.before].after = n.after
	}
	if n.after == none {
		t.newest = n.before
	} else {
		t.all[n.after].before = n.before
	}
	t.parked--
}

// forget gives a parked node back to virtiofsd.
func (t *nodes) forget(i uint32) {
	t.unpark(i)
	n := &t.all[i]
	t.session.forget(n.id, n.lookups)
	if n.kind == vfs.Directory {
		t.forgotten++
	}
	at := t.bucketOf(n.id)
	for *at != i {
		at = &t.all[*at].bucket
	}
	*at = n.bucket
	*n = node{bucket: t.free}
	t.free = i
	t.used--
}

// forgetParked gives all parked nodes back at once.
func (t *nodes) forgetParked() {
	for t.oldest != none {
		t.forget(t.oldest)
	}
	t.session.sendForgets()
}
