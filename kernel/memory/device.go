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
// may move into a large page: so what is missing is made first, all of it.
//
//go:nosplit
func (s *Space) Reach(address, n, list, most uintptr) uintptr {
	if n == 0 || n > UserLimit || !s.isLinear(address) || !s.isLinear(address+n-1) || !s.Allows(address, n, ProtectWrite) {
		return 0
	}
	end := address + n
	found, missing := s.extents(address, end, list, most)
	if missing {
		for at := address; at < end; at = at&^(PageBytes-1) + PageBytes {
			if !s.writable(at) && s.Fault(at, FaultWrite) != Done {
				return 0
			}
		}
		if found, missing = s.extents(address, end, list, most); missing {
			return 0
		}
	}
	return found
}

// extentBytes is what Reach stores of each: two words.
const extentBytes = 16

// extents is Reach of what is mapped; missing is set if not all of it is.
//
//go:nosplit
func (s *Space) extents(at, end, list, most uintptr) (found uintptr, missing bool) {
	first, bytes := uintptr(0), uintptr(0) // the extent that grows
	for at < end {
		slot := s.directory(at, false)
		if slot == 0 {
			return 0, true
		}
		entry, size := cpu.Load64(slot), uintptr(LargePageBytes)
		table := entry&entryAddress + s.Frames.offset
		small := entry&entryLarge == 0
		if entry&entryPresent == 0 {
			return 0, true
		}
		for window := min(end, at&^windowMask+LargePageBytes); at < window; {
			if small {
				entry, size = cpu.Load64(table+at>>12&511*8), PageBytes
			}
			if entry&entryPresent == 0 || entry&entryWrite == 0 {
				return 0, true
			}
			within := at & (size - 1)
			physical, n := entry&entryAddress&^(size-1)+within, min(size-within, window-at)
			at += n
			if bytes != 0 && physical == first+bytes {
				bytes += n
				continue
			}
			if bytes != 0 {
				found = storeExtent(list, found, first, bytes)
			}
			if first, bytes = physical, n; found == most {
				return 0, false
			}
		}
	}
	return storeExtent(list, found, first, bytes), false
}

// storeExtent stores an extent behind those that were found before, and counts it.
//
//go:nosplit
func storeExtent(list, found, first, bytes uintptr) uintptr {
	cpu.Store64(list+found*extentBytes, first)
	cpu.Store64(list+found*extentBytes+8, bytes)
	return found + 1
}

// writable reports whether the page of address is mapped so that it can be written.
//
//go:nosplit
func (s *Space) writable(address uintptr) bool {
	slot := s.directory(address, false)
	if slot == 0 {
		return false
	}
	entry := cpu.Load64(slot)
	if entry&entryPresent != 0 && entry&entryLarge == 0 {
		entry = cpu.Load64(entry&entryAddress + s.Frames.offset + address>>12&511*8)
	}
	return entry&entryPresent != 0 && entry&entryWrite != 0
}

// isLinear reports whether address belongs to a linear memory. Its frames stay where they
// are, as long as nothing faults: nothing is ever unmapped there.
//
//go:nosplit
func (s *Space) isLinear(address uintptr) bool {
	return address >= s.linearLow && address < s.linearHigh || address >= s.moreLow && address < s.moreHigh
}
