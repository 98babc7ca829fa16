package virtio

import "unsafe"

// descriptor is struct virtq_desc (virtio 1.2, 2.7.5).
type descriptor struct {
	address uint64
	bytes   uint32
	flags   uint16
	next    uint16
}

// usedElement is struct virtq_used_elem (2.7.8).
type usedElement struct {
	head  uint32
	bytes uint32
}

// rings are the three parts of a queue. The heads are flags in the low and the
// index in the high half; of the events only the low half counts. All four are
// aligned to 4 bytes, because sizes are powers of two from 2 on.
type rings struct {
	descriptors    []descriptor
	availableHead  *uint32
	available      []uint16
	usedEvent      *uint32
	usedHead       *uint32
	used           []usedElement
	availableEvent *uint32
}

// ringLayout says how many entries there are and where two of the parts begin.
type ringLayout struct{ size, available, used int }

// newRings lays the parts over b. Init has checked that b has QueueBytes and
// begins at a multiple of 16; it is memory of a device.Machine, which never
// moves, and the slices keep fake memory of a test alive.
func newRings(b []byte, l ringLayout) rings {
	at := func(offset int) unsafe.Pointer { return unsafe.Pointer(&b[offset]) }
	return rings{
		descriptors:    unsafe.Slice((*descriptor)(at(0)), l.size),
		availableHead:  (*uint32)(at(l.available)),
		available:      unsafe.Slice((*uint16)(at(l.available+ringHeadBytes)), l.size),
		usedEvent:      (*uint32)(at(l.available + ringHeadBytes + availableBytes*l.size)),
		usedHead:       (*uint32)(at(l.used)),
		used:           unsafe.Slice((*usedElement)(at(l.used+ringHeadBytes)), l.size),
		availableEvent: (*uint32)(at(l.used + ringHeadBytes + usedBytes*l.size)),
	}
}
