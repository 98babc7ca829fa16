package memory

import "mewz/kernel/cpu"

// IsMemory reports whether [physical, physical+n) meets memory that this
// package manages or the image lies in. Device registers never do.
//
//go:nosplit
func IsMemory(physical, n uintptr) bool {
	high := physical + n
	for i := 0; i < ramRanges.n; i++ {
		v := &ramRanges.list[i&rangeMask]
		if physical < v.high && v.low < high {
			return true
		}
	}
	for h := firstHeader(); h.more(); h.advance() {
		if h.load() && physical < h.physical()+h.memoryBytes() && h.physical() < high {
			return true
		}
	}
	return false
}

// AllocateContiguous returns the physical address of n bytes in whole frames,
// one after the other and cleared, or 0. What is more than n of the block that
// they come from is given back. They stay taken.
//
//go:nosplit
func (s *Space) AllocateContiguous(n uintptr) uintptr {
	order := uintptr(0)
	for uintptr(PageBytes)<<order < n {
		if order++; order >= orders {
			return 0
		}
	}
	physical := s.Frames.Allocate(order)
	if physical == 0 {
		return 0
	}
	end := physical + PageBytes<<order
	used := physical + (n+PageBytes-1)&^(PageBytes-1)
	for at := used; at < end; at += PageBytes {
		s.Frames.Free(at, 0)
	}
	cpu.ZeroPages(physical+s.Frames.offset, used-physical)
	return physical
}
