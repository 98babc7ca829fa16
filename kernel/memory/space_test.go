package memory

import (
	"math/rand/v2"
	"testing"

	"mewz/kernel/cpu"
)

// newSpace returns an address space over RAM of the test process, which the
// processor does not use.
func newSpace(t *testing.T, bytes uintptr) *Space {
	f, low, high := newFrames(t, bytes)
	f.AddRange(low, high)
	s := &Space{Frames: *f}
	if s.root = s.table(); s.root == 0 {
		t.Fatal("no frame for the page map")
	}
	return s
}

// translate walks the page tables as the processor does and returns where in
// this process the byte at address lies, and the bits of the entry.
func (s *Space) translate(address uintptr) (at, flags uintptr) {
	table := s.root
	for shift := uint(39); ; shift -= 9 {
		e := cpu.Load64(table + s.Frames.offset + address>>shift&511*8)
		if e&entryPresent == 0 {
			return 0, 0
		}
		if shift == 12 || shift == 21 && e&entryLarge != 0 {
			mask := uintptr(1)<<shift - 1
			return e&entryAddress&^mask + address&mask + s.Frames.offset, e
		}
		table = e & entryAddress
	}
}

// touch does what the processor does at a load or store.
func (s *Space) touch(address, code uintptr) (uintptr, Result) {
	for range 2 {
		at, flags := s.translate(address)
		if at != 0 && (code&FaultWrite == 0 || flags&entryWrite != 0) {
			return at, Done
		}
		if r := s.Fault(address, code); r != Done {
			return 0, r
		}
	}
	return 0, Denied
}

const testBase = 0x2000_0000_0000

func TestSpaceDemandZero(t *testing.T) {
	s := newSpace(t, 16<<20)
	free := s.Frames.FreePages
	if r := s.Map(testBase, 8<<20, ProtectRead|ProtectWrite); r != Done {
		t.Fatal(r)
	}
	for i := uintptr(0); i < 8<<20; i += PageBytes {
		at, r := s.touch(testBase+i, FaultWrite)
		if r != Done || cpu.Load64(at) != 0 {
			t.Fatalf("touch(%#x) = %v", i, r)
		}
		cpu.Store64(at, i+1)
	}
	if s.LargePages == 0 {
		t.Error("8 MiB touched in order, but no large page")
	}
	for i := uintptr(0); i < 8<<20; i += PageBytes {
		if at, _ := s.translate(testBase + i); at == 0 || cpu.Load64(at) != i+1 {
			t.Fatalf("content at %#x changed", i)
		}
	}
	if r := s.Unmap(testBase, 1<<30); r != Done {
		t.Fatal(r)
	}
	if leaked := free - s.Frames.FreePages; leaked > 2 { // directory pointers of the last levels stay
		t.Errorf("%d frames leaked", leaked)
	}
}

func TestSpaceProtect(t *testing.T) {
	s := newSpace(t, 32<<20)
	s.Map(testBase, 4<<20, ProtectRead|ProtectWrite)
	for i := uintptr(0); i < 4<<20; i += PageBytes {
		at, _ := s.touch(testBase+i, FaultWrite)
		cpu.Store64(at, i+7)
	}
	for _, step := range []struct{ low, n, protection uintptr }{
		{0x3000, 0x5000, 0}, {0x200000, 0x200000, 0}, {0x200000, 0x200000, ProtectRead}, {0x3000, 0x1000, 3}, {0, 4 << 20, 3},
	} {
		if r := s.Protect(testBase+step.low, step.n, step.protection); r != Done {
			t.Fatalf("Protect(%#x) = %v", step.low, r)
		}
		_, r := s.touch(testBase+step.low, 0)
		if readable := step.protection != 0; (r == Done) != readable {
			t.Errorf("after Protect(%#x, %d): read gives %v", step.low, step.protection, r)
		}
		_, r = s.touch(testBase+step.low, FaultWrite)
		if writable := step.protection&ProtectWrite != 0; (r == Done) != writable {
			t.Errorf("after Protect(%#x, %d): write gives %v", step.low, step.protection, r)
		}
	}
	for i := uintptr(0); i < 4<<20; i += PageBytes {
		if at, r := s.touch(testBase+i, 0); r != Done || cpu.Load64(at) != i+7 {
			t.Fatalf("content at %#x changed", i)
		}
	}
}

func TestSpaceRefuses(t *testing.T) {
	s := newSpace(t, 4<<20)
	s.areas.set(0x400000, 0x500000, 0, ProtectRead|areaLocked)
	for _, test := range []struct {
		what string
		got  Result
		want Result
	}{
		{"page 0", s.Map(0, PageBytes, 3), BadRange},
		{"misaligned", s.Map(testBase+1, PageBytes, 3), BadRange},
		{"the kernel", s.Map(0x4ff000, 2*PageBytes, 3), BadRange},
		{"unmapping the kernel", s.Unmap(0x300000, 1<<21), BadRange},
		{"protecting the kernel", s.Protect(0x400000, PageBytes, 3), BadRange},
		{"the upper half", s.Map(DirectBase, PageBytes, 3), BadRange},
		{"wrapping around", s.Map(testBase, ^uintptr(PageBytes-1), 3), BadRange},
		{"executable", s.Map(testBase, PageBytes, 7), WriteExec},
		{"nothing there", s.Protect(testBase, PageBytes, 3), NoArea},
		{"no area", s.Fault(testBase, 0), NoArea},
		{"the kernel's text", s.Fault(0x400000, FaultWrite), Denied},
	} {
		if test.got != test.want {
			t.Errorf("%s: %v, want %v", test.what, test.got, test.want)
		}
	}
}

func TestSpaceCommit(t *testing.T) {
	s := newSpace(t, 16<<20)
	s.linearLow, s.linearHigh = testBase, testBase+1<<30
	s.Map(testBase, 1<<30, 3)
	free := int(s.Frames.FreePages)
	if s.Commit(free) {
		t.Error("Commit of all frames leaves no reserve")
	}
	half := free / 2
	if !s.Commit(half) || s.Commit(half) {
		t.Error("half of the frames once, but not twice")
	}
	for i := range uintptr(half) { // using what was claimed changes nothing
		if _, r := s.touch(testBase+i*PageBytes, FaultWrite); r != Done {
			t.Fatal(r)
		}
	}
	if s.Commit(half) || !s.Commit(16) {
		t.Error("claimed frames count twice once they are used")
	}
	s.Discard(testBase, 1<<30)
	if s.linearPages != 0 {
		t.Errorf("%d frames of linear memory after Discard", s.linearPages)
	}
	s.Commit(-half - 16)
	if !s.Commit(half) {
		t.Error("claims were not given back")
	}
}

func TestSpaceOutOfMemory(t *testing.T) {
	s := newSpace(t, 2<<20)
	s.Map(testBase, 1<<30, 3)
	for i := uintptr(0); ; i += PageBytes {
		if _, r := s.touch(testBase+i, FaultWrite); r == NoMemory {
			break
		}
		if i > 4<<20 {
			t.Fatal("more frames than there are")
		}
	}
	s.Unmap(testBase, 1<<30)
	s.Map(testBase, 1<<30, 3)
	if _, r := s.touch(testBase, FaultWrite); r != Done {
		t.Errorf("after all was freed: %v", r)
	}
}

func TestSpaceImage(t *testing.T) {
	s := newSpace(t, 16<<20)
	block := s.Frames.Allocate(LargeOrder + 1)
	for i := uintptr(0); i < 4<<20; i += PageBytes {
		cpu.Store64(block+s.Frames.offset+i, i+3)
	}
	free := s.Frames.FreePages
	for _, base := range []uintptr{testBase, testBase + 1<<30 + PageBytes} { // same and other alignment
		s.areas.set(base, base+4<<20, block, ProtectRead|areaImage)
		for i := uintptr(0); i < 4<<20; i += PageBytes {
			if at, r := s.touch(base+i, 0); r != Done || cpu.Load64(at) != i+3 {
				t.Fatalf("image page at %#x: %v", base+i, r)
			}
		}
		if _, r := s.touch(base, FaultWrite); r != Denied {
			t.Errorf("write to the image: %v", r)
		}
		s.Unmap(base, 4<<20)
	}
	if s.Frames.FreePages+8 < free || s.Frames.FreePages > free {
		t.Errorf("%d frames free after unmapping the image, %d before", s.Frames.FreePages, free)
	}
}

func TestSpaceRandom(t *testing.T) {
	s := newSpace(t, 32<<20)
	random := rand.New(rand.NewPCG(5, 6))
	const pages = 1024
	var content [pages]uintptr // 0: zero
	mapped := [pages]bool{}
	for step := range uintptr(30000) {
		page := uintptr(random.IntN(pages))
		n := uintptr(1 + random.IntN(min(64, pages-int(page))))
		low := testBase + page*PageBytes
		switch random.IntN(8) {
		case 0:
			s.Map(low, n*PageBytes, 3)
			for i := page; i < page+n; i++ {
				content[i], mapped[i] = 0, true
			}
		case 1:
			s.Unmap(low, n*PageBytes)
			for i := page; i < page+n; i++ {
				mapped[i] = false
			}
		case 2:
			s.Discard(low, n*PageBytes)
			clear(content[page : page+n])
		default:
			at, r := s.touch(low, FaultWrite)
			if (r == Done) != mapped[page] {
				t.Fatalf("step %d: touch of page %d gives %v, mapped is %v", step, page, r, mapped[page])
			}
			if r == Done {
				if got := cpu.Load64(at); got != content[page] {
					t.Fatalf("step %d: page %d has %#x, want %#x", step, page, got, content[page])
				}
				content[page] = step + 1
				cpu.Store64(at, step+1)
			}
		}
	}
}

func TestSpaceReach(t *testing.T) {
	s := newSpace(t, 32<<20)
	s.linearLow, s.linearHigh = testBase, testBase+1<<30
	if r := s.Map(testBase, 8<<20, ProtectRead|ProtectWrite); r != Done {
		t.Fatal(r)
	}
	f, low, high := newFrames(t, 1<<20) // somewhere to store extents
	f.AddRange(low, high)
	list := f.Allocate(0) + f.offset
	type extent struct{ physical, bytes uintptr }
	reach := func(address, n, most uintptr) (all []extent) {
		found := s.Reach(address, n, list, most)
		for i := range found {
			all = append(all, extent{cpu.Load64(list + 16*i), cpu.Load64(list + 16*i + 8)})
		}
		return all
	}
	// Pages that are touched downwards lie in frames of their own.
	for i := uintptr(16); i > 0; i-- {
		s.touch(testBase+(i-1)*PageBytes, FaultWrite)
	}
	for _, test := range []struct {
		what       string
		address, n uintptr
	}{
		{"what is touched", testBase + 100, 5*PageBytes + 7},
		{"what nobody has touched", testBase + 1<<20, 200 * PageBytes}, // it becomes a large page meanwhile
		{"across windows", testBase + LargePageBytes - 5, 2*LargePageBytes + 10},
		{"one byte", testBase, 1},
	} {
		const most = 64
		extents := reach(test.address, test.n, most)
		at := test.address
		for k, e := range extents {
			for i := uintptr(0); i < e.bytes; i++ {
				if want, flags := s.translate(at + i); want != e.physical+i+s.Frames.offset || flags&entryWrite == 0 {
					t.Fatalf("%s: extent %d: byte %#x is at %#x, want %#x", test.what, k, at+i, e.physical+i+s.Frames.offset, want)
				}
			}
			at += e.bytes
		}
		if at != test.address+test.n {
			t.Errorf("%s: %d extents have %d bytes, want %d", test.what, len(extents), at-test.address, test.n)
		}
		if n := uintptr(len(extents)); n > 1 && reach(test.address, test.n, n-1) != nil {
			t.Errorf("%s: more extents than there is room for", test.what)
		}
	}
	if s.LargePages == 0 {
		t.Error("no large page was made on the way")
	}
	s.Protect(testBase+6<<20, 4096, ProtectRead)
	s.Map(testBase+2<<30, 1<<20, ProtectRead|ProtectWrite)
	for what, address := range map[string]uintptr{
		"nothing there": testBase + 8<<20 - 4096, "only to be read": testBase + 6<<20, "no linear memory": testBase + 2<<30, "the kernel": 0x40_0000,
		"beyond all": ^uintptr(0) - 4096,
	} {
		if got := reach(address, 8192, 64); got != nil {
			t.Errorf("%s: %v", what, got)
		}
	}
	if got := reach(testBase, 0, 64); got != nil {
		t.Errorf("no bytes: %v", got)
	}
	for s.Frames.Allocate(0) != 0 {
	}
	if got := reach(testBase+6<<20+4096, 1<<20, 64); got != nil {
		t.Errorf("without a frame: %v", got)
	}
}
