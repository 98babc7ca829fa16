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

// Reach stores where [address, address+n), which lies in linear memory, is for devices:
// a physical address and a length for each extent, in order, at list, which has room
// for most. It returns how many there are, or 0 if that is not enough, if no device may
// have what lies there, or if no frame is left for it.
//
// They hold until something faults within the 2 MiB around them, since then the frames
// may move into a large page; so all is there before the first is looked up.
//
//go:nosplit
func (s *Space) Reach(address, n, list, most uintptr) (found uintptr) {
	if n == 0 || !s.isLinear(address) || !s.isLinear(address+n-1) || n > UserLimit || !s.Allows(address, n, ProtectWrite) {
		return 0
	}
	end := address + n
	for at := address; at < end; {
		_, left := s.mapped(at)
		if left == 0 {
			if s.Fault(at, FaultWrite) != Done {
				return 0
			}
			continue // what is there now has a size
		}
		at += left
	}
	last, expect := list, uintptr(0)
	for at := address; at < end; {
		physical, left := s.mapped(at)
		left = min(left, end-at)
		if left == 0 {
			return 0
		}
		if found != 0 && physical == expect {
			cpu.Store64(last+8, cpu.Load64(last+8)+left)
		} else {
			if found == most {
				return 0
			}
			last = list + found*extentBytes
			cpu.Store64(last, physical)
			cpu.Store64(last+8, left)
			found++
		}
		at, expect = at+left, physical+left
	}
	return found
}

// extentBytes is what Reach stores of each: two words.
const extentBytes = 16

// isLinear reports whether address belongs to a linear memory. Its frames stay where they
// are, as long as nothing faults: nothing is ever unmapped there.
//
//go:nosplit
func (s *Space) isLinear(address uintptr) bool {
	return address >= s.linearLow && address < s.linearHigh || address >= s.moreLow && address < s.moreHigh
}

// mapped returns the physical address of a byte that may be written now, and how many
// bytes its page has from there on; 0 bytes if it has yet to be mapped.
//
//go:nosplit
func (s *Space) mapped(address uintptr) (physical, left uintptr) {
	slot := s.directory(address, false)
	if slot == 0 {
		return 0, 0
	}
	entry, size := cpu.Load64(slot), uintptr(LargePageBytes)
	if entry&entryPresent == 0 {
		return 0, 0
	}
	if entry&entryLarge == 0 {
		entry, size = cpu.Load64(entry&entryAddress+s.Frames.offset+address>>12&511*8), PageBytes
	}
	if entry&entryPresent == 0 || entry&entryWrite == 0 {
		return 0, 0
	}
	within := address & (size - 1)
	return entry&entryAddress&^(size-1) + within, size - within
}
