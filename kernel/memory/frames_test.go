package memory

import (
	"math/rand/v2"
	"testing"
)

func TestFramesAllocateAll(t *testing.T) {
	f, low, high := newFrames(t, 8<<20)
	f.AddRange(low+PageBytes, high-3*PageBytes) // nothing is aligned
	want := (high-low)/PageBytes - 4
	seen := map[uintptr]bool{}
	for {
		p := f.Allocate(0)
		if p == 0 {
			break
		}
		if p < low+PageBytes || p >= high-3*PageBytes || p%PageBytes != 0 || seen[p] {
			t.Fatalf("Allocate(0) = %#x", p)
		}
		seen[p] = true
	}
	if uintptr(len(seen)) != want || f.FreePages != 0 || f.TotalPages != want {
		t.Fatalf("%d frames, %d free, %d in all; want %d, 0, %d", len(seen), f.FreePages, f.TotalPages, want, want)
	}
	for p := range seen {
		f.Free(p, 0)
	}
	large := 0
	for f.Allocate(LargeOrder) != 0 {
		large++
	}
	if large != 2 { // of four, the first and the last are not whole
		t.Errorf("%d large blocks after all was freed, want 2", large)
	}
}

func TestFramesRandom(t *testing.T) {
	f, low, high := newFrames(t, 16<<20)
	f.AddRange(low, high)
	random := rand.New(rand.NewPCG(1, 2))
	owner := map[uintptr]int{} // frame to block
	type block struct{ physical, order uintptr }
	var blocks []block
	for step := range 20000 {
		if random.IntN(2) == 0 || len(blocks) == 0 {
			order := uintptr(random.IntN(10))
			p := f.Allocate(order)
			if p == 0 {
				continue
			}
			if p%(PageBytes<<order) != 0 {
				t.Fatalf("step %d: Allocate(%d) = %#x is not aligned", step, order, p)
			}
			for i := range uintptr(1) << order {
				if _, taken := owner[p+i*PageBytes]; taken {
					t.Fatalf("step %d: frame %#x given twice", step, p+i*PageBytes)
				}
				owner[p+i*PageBytes] = step
			}
			blocks = append(blocks, block{p, order})
			continue
		}
		i := random.IntN(len(blocks))
		b := blocks[i]
		blocks[i] = blocks[len(blocks)-1]
		blocks = blocks[:len(blocks)-1]
		for i := range uintptr(1) << b.order {
			delete(owner, b.physical+i*PageBytes)
		}
		f.Free(b.physical, b.order)
		if want := (high-low)/PageBytes - uintptr(len(owner)); f.FreePages != want {
			t.Fatalf("step %d: %d frames free, want %d", step, f.FreePages, want)
		}
	}
}
