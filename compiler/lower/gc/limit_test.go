package gc

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// number is the last word of the objects below.
func number(o address, bytes uint32) uint64 { return load64(o + address(bytes) - 8) }

// TestMarkStackOverflow holds that marking finds everything when its stack cannot
// grow: a list whose elements lead to structures, or to arrays longer than a slice.
func TestMarkStackOverflow(t *testing.T) {
	const length, elements = 12000, slice + 20
	p := newProgram(t)
	pair, leaf, list := p.structType(24, 8, 16), p.structType(24, 8), p.arrayType(8, true)
	global := p.static(0, 0)
	p.register(uint64(global), 2)
	extra := func(k uint64) (o, last address) {
		last = p.makeStruct(leaf)
		store64(last+16, k)
		storeAddress(global+8, last)
		if k%100 != 0 {
			o = p.makeStruct(leaf)
			storeAddress(o+8, last)
			return o, last
		}
		o = NewArray(list, elements)
		storeAddress(o+arrayElementsAt+(elements-1)*8, last)
		return o, last
	}
	for k := uint64(0); k < length; k++ {
		e, _ := extra(k)
		storeAddress(global+8, e)
		o := p.makeStruct(pair)
		storeAddress(o+8, e)
		storeAddress(o+16, loadAddress(global))
		storeAddress(global, o)
	}
	p.refuse = true
	for range 2 {
		setPointer(frameAt, testStack)
		collect()
		for range 1000 {
			p.makeStruct(pair)
			NewArray(list, 100)
		}
	}
	if overflow := word(markBytesAt); overflow != blockBytes {
		t.Fatalf("the mark stack has %d bytes, want %d", overflow, blockBytes)
	}
	k := uint64(length)
	for o := loadAddress(global); o != 0; o = loadAddress(o + 16) {
		k--
		e := loadAddress(o + 8)
		last := loadAddress(e + 8)
		if k%100 == 0 {
			last = loadAddress(e + arrayElementsAt + (elements-1)*8)
		}
		if loadAddress(last) != leaf || number(last, 24) != k {
			t.Fatalf("element %d has %d in an object of type %#x", k, number(last, 24), uint64(loadAddress(last)))
		}
	}
	if k != 0 {
		t.Errorf("the list ends %d elements early", k)
	}
}

// TestNoRoom uses the heap up, lets go of everything and does it again: there must
// be as much room as before, for objects of each size.
func TestNoRoom(t *testing.T) {
	for _, bytes := range []uint32{16, 48, 1000, 20000, 40000, 300000} {
		p := newProgram(t)
		size := (bytes + 7) &^ 7
		of := p.structType(size, 8)
		global := p.static(0)
		p.register(uint64(global), 1)
		var counts [3]int
		for round := range counts {
			for o := p.makeStruct(of); o != 0; o = p.makeStruct(of) {
				storeAddress(o+8, loadAddress(global))
				storeAddress(global, o)
				counts[round]++
			}
			storeAddress(global, 0)
		}
		least := testObjectBytes / 2 / int(size)
		if counts[0] < least || counts[1] < counts[0] || counts[2] < counts[0] {
			t.Errorf("objects of %d bytes until there is no room: %v, want %d at least and not fewer the next times", size, counts, least)
		}
	}
}

// TestNewBeyond holds what is larger than the heap, and a heap too small to be one.
func TestNewBeyond(t *testing.T) {
	p := newProgram(t)
	vectors := p.arrayType(16, false)
	if o := NewArray(vectors, 1<<32-1); o != 0 {
		t.Errorf("an array of 64 GiB at %#x", uint64(o))
	}
	if o := NewArray(vectors, testObjectBytes/16); o != 0 {
		t.Errorf("an array as large as the heap at %#x", uint64(o))
	}
	if o := NewArray(vectors, testObjectBytes/32); o == 0 {
		t.Error("no room for an array half as large as the heap")
	}
	for name, set := range map[string]func(*program){
		"range":  func(*program) { store64(testHeap+bytesAt, markStackBytes) },
		"memory": func(p *program) { p.refuse = true },
	} {
		p := newProgram(t)
		set(p)
		of := p.structType(32)
		if a, b, c := p.makeStruct(of), NewArray(p.arrayType(1, false), 5), NewLarge(p.structType(70000)); a != 0 || b != 0 || c != 0 {
			t.Errorf("without %s: objects at %#x, %#x, %#x", name, uint64(a), uint64(b), uint64(c))
		}
	}
}

// TestRegister holds that a module is in the list once.
func TestRegister(t *testing.T) {
	p := newProgram(t)
	a, b := p.static(0, 0, 0, 0), p.static(0, 0, 0, 0)
	for _, module := range []address{a, b, a, b} {
		Register(module)
	}
	if first := pointer(modulesAt); first != b || loadAddress(b) != a || loadAddress(a) != 0 {
		t.Errorf("modules: %#x, then %#x, then %#x", uint64(first), uint64(loadAddress(b)), uint64(loadAddress(a)))
	}
}

func TestFill(t *testing.T) {
	var v vector
	copy(v[:], "0123456789abcdef")
	little := func(n int, value uint64) []byte { return binary.LittleEndian.AppendUint64(nil, value)[:n] }
	for _, test := range []struct {
		fill  func(to address, count uint64)
		value []byte
	}{
		{func(to address, n uint64) { Fill1(to, n, 0xab) }, little(1, 0xab)},
		{func(to address, n uint64) { Fill2(to, n, 0xabcd) }, little(2, 0xabcd)},
		{func(to address, n uint64) { Fill4(to, n, 0xabcdef12) }, little(4, 0xabcdef12)},
		{func(to address, n uint64) { Fill8(to, n, 0xabcdef1234567890) }, little(8, 0xabcdef1234567890)},
		{func(to address, n uint64) { Fill16(to, n, v) }, v[:]},
	} {
		for _, count := range []int{0, 1, 7} {
			p := newProgram(t)
			to := p.static(make([]uint64, 20)...)
			test.fill(to+16, uint64(count))
			want := make([]byte, 160)
			copy(want[16:], bytes.Repeat(test.value, count))
			if got := at(to, 160, 8); !bytes.Equal(got, want) {
				t.Errorf("%d of %x: %x", count, test.value, got)
			}
		}
	}
}

// TestClassFor compares with the table.
func TestClassFor(t *testing.T) {
	for bytes := uint64(1); bytes <= largestCell; bytes++ {
		if want, _ := class(bytes); classFor(bytes) != want {
			t.Fatalf("classFor(%d) = %d, want %d", bytes, classFor(bytes), want)
		}
	}
}
