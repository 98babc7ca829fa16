package device

import "testing"

// bytes16 are registers whose content is their offset.
type bytes16 struct{ stored []uint32 }

func (r *bytes16) Load8(offset uint32) uint8     { return uint8(min(offset, 0xff)) }
func (r *bytes16) Load16(offset uint32) uint16   { return uint16(min(offset, 0xffff)) }
func (r *bytes16) Load32(offset uint32) uint32   { return offset }
func (r *bytes16) Store8(offset uint32, _ uint8) { r.stored = append(r.stored, offset) }
func (r *bytes16) Store16(offset uint32, _ uint16) {
	r.stored = append(r.stored, offset)
}
func (r *bytes16) Store32(offset uint32, _ uint32) { r.stored = append(r.stored, offset) }

func TestPart(t *testing.T) {
	for _, test := range []struct{ offset, want uint32 }{
		{0, 16}, {4, 20}, {5, ^uint32(0)}, {8, ^uint32(0)}, {1 << 31, ^uint32(0)}, {^uint32(0), ^uint32(0)},
	} {
		if got := Part(&bytes16{}, 16, 8).Load32(test.offset); got != test.want {
			t.Errorf("Load32(%#x) comes from %#x, want %#x", test.offset, got, test.want)
		}
	}
	if got := Part(&bytes16{}, 1<<32-4, 8).Load16(6); got != 0xffff {
		t.Errorf("a part beyond the end reads %#x", got)
	}
}

func TestCut(t *testing.T) {
	m := Memory{Bytes: []byte("abcdef"), Physical: 100}
	for _, want := range []Memory{{[]byte("ab"), 100}, {nil, 102}, {[]byte("cdef"), 102}} {
		if got := m.Cut(len(want.Bytes)); string(got.Bytes) != string(want.Bytes) || got.Physical != want.Physical || cap(got.Bytes) != len(want.Bytes) {
			t.Errorf("Cut(%d) = %+v, want %+v", len(want.Bytes), got, want)
		}
	}
	if len(m.Bytes) != 0 {
		t.Errorf("%q is left", m.Bytes)
	}
}

func TestWindowBounds(t *testing.T) {
	w := &window{at: 0, bytes: 0} // an access would fault
	if w.Load8(0) != 0xff || w.Load16(0) != 0xffff || w.Load32(0) != 0xffff_ffff || w.Load32(^uint32(0)) != 0xffff_ffff {
		t.Error("an offset beyond the window does not read as all ones")
	}
	w.Store8(0, 1)
	w.Store16(0, 1)
	w.Store32(^uint32(0)-1, 1)
}

func TestOpenOnLinux(t *testing.T) {
	if _, ok := Open(); ok {
		t.Error("a Linux process has no devices")
	}
}
