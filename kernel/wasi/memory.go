package wasi

import (
	"encoding/binary"
	"math"
)

// Memory is linear memory as the program has it at the time of a call. All
// access goes through these methods; ok is false where one leaves it.
type Memory []byte

// slice returns bytes bytes at address at.
func (m Memory) slice(at, bytes uint32) (b []byte, ok bool) {
	end := uint64(at) + uint64(bytes)
	if end > uint64(len(m)) {
		return nil, false
	}
	return m[at:end:end], true
}

// has reports that bytes bytes at address at are there.
func (m Memory) has(at, bytes uint32) bool { return uint64(at)+uint64(bytes) <= uint64(len(m)) }

// sole returns the buffer of a list of one (see vector).
func (m Memory) sole(at uint32) (b []byte, ok bool) {
	if !m.has(at, vectorItemBytes) {
		return nil, false
	}
	item := binary.LittleEndian.Uint64(m[at:])
	start, end := item&math.MaxUint32, item&math.MaxUint32+item>>32
	if end > uint64(len(m)) {
		return nil, false
	}
	return m[start:end:end], true
}

// array returns count items of itemBytes each.
func (m Memory) array(at, count, itemBytes uint32) (b []byte, ok bool) {
	bytes := uint64(count) * uint64(itemBytes)
	if uint64(at)+bytes > uint64(len(m)) {
		return nil, false
	}
	return m[at : uint64(at)+bytes], true
}

// putUint32 writes a little-endian word.
func (m Memory) putUint32(at, v uint32) (ok bool) {
	b, ok := m.slice(at, 4)
	if ok {
		binary.LittleEndian.PutUint32(b, v)
	}
	return ok
}

// putUint64 writes a little-endian double word.
func (m Memory) putUint64(at uint32, v uint64) (ok bool) {
	b, ok := m.slice(at, 8)
	if ok {
		binary.LittleEndian.PutUint64(b, v)
	}
	return ok
}

// vector is the buffers of a scattered read or a gathered write (witx: iovec,
// ciovec): address and length of each.
type vector []byte

const vectorItemBytes = 8

// vector returns count buffers listed at address at. Their own addresses are
// checked one by one as they are used.
func (m Memory) vector(at, count uint32) (vector, bool) {
	b, ok := m.array(at, count, vectorItemBytes)
	return vector(b), ok
}

// next takes the first buffer off v.
func (v *vector) next(m Memory) (b []byte, ok bool) {
	le := binary.LittleEndian
	at, n := le.Uint32((*v)[0:]), le.Uint32((*v)[4:])
	*v = (*v)[vectorItemBytes:]
	return m.slice(at, n)
}

// bytes returns the length of all buffers together; ok is false if one is not
// in memory. The length may exceed 32 bits, because buffers may overlap.
func (v vector) bytes(m Memory) (total uint64, ok bool) {
	for len(v) != 0 {
		b, ok := v.next(m)
		if !ok {
			return 0, false
		}
		total += uint64(len(b))
	}
	return total, true
}
