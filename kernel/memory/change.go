package memory

import "mewz/kernel/cpu"

// valid reports whether [low, low+n) is a range that a program may change.
//
//go:nosplit
func (s *Space) valid(low, n uintptr) bool {
	return low&(PageBytes-1) == 0 && n != 0 && n&(PageBytes-1) == 0 && low >= userFloor &&
		low < UserLimit && n <= UserLimit-low && !s.areas.overlaps(low, low+n, areaLocked)
}

// Find returns an address for n bytes: hint if it is free, else one of our own,
// or 0 when the address space is full.
//
//go:nosplit
func (s *Space) Find(hint, n uintptr) uintptr {
	if s.valid(hint, n) && !s.areas.overlaps(hint, hint+n, 0) {
		return hint
	}
	return s.areas.gap(n, mmapFloor, mmapCeiling)
}

// Taken reports whether anything is mapped in [low, low+n).
//
//go:nosplit
func (s *Space) Taken(low, n uintptr) bool { return s.areas.overlaps(low, low+n, 0) }

// Map makes [low, low+n) zeroes on demand, whatever it was before.
//
//go:nosplit
func (s *Space) Map(low, n, protection uintptr) Result {
	if !s.valid(low, n) {
		return BadRange
	}
	if protection&ProtectExec != 0 {
		return WriteExec
	}
	if !s.areas.hasRoom() || !s.drop(low, low+n) {
		return NoMemory
	}
	s.areas.set(low, low+n, 0, protection)
	return Done
}

// Unmap removes whatever is mapped in [low, low+n).
//
//go:nosplit
func (s *Space) Unmap(low, n uintptr) Result {
	if !s.valid(low, n) {
		return BadRange
	}
	if !s.areas.hasRoom() || !s.drop(low, low+n) {
		return NoMemory
	}
	s.areas.remove(low, low+n)
	return Done
}

// Discard makes [low, low+n) read as zeroes again (MADV_DONTNEED). Memory of
// the image keeps what was written to it.
//
//go:nosplit
func (s *Space) Discard(low, n uintptr) Result {
	if !s.valid(low, n) {
		return BadRange
	}
	if !s.drop(low, low+n) {
		return NoMemory
	}
	return Done
}

// Protect changes the protection of [low, low+n), all of which must be mapped.
// Its content stays, even while it cannot be reached.
//
//go:nosplit
func (s *Space) Protect(low, n, protection uintptr) Result {
	if !s.valid(low, n) {
		return BadRange
	}
	if protection&ProtectExec != 0 {
		return WriteExec
	}
	if !s.areas.hasRoom() {
		return NoMemory
	}
	if !s.splitEdge(low) || !s.splitEdge(low+n) {
		return NoMemory
	}
	if !s.areas.protect(low, low+n, protection) {
		return NoArea
	}
	for at := low; at < low+n; {
		slot := s.directory(at, false)
		if slot == 0 {
			at = at&^(gigabyte-1) + gigabyte
			continue
		}
		end := min(low+n, at&^windowMask+LargePageBytes)
		if cpu.Load64(slot)&entryPresent != 0 && !s.protectWindow(slot, at, end, entryFlags(protection)) {
			return NoMemory
		}
		at = end
	}
	s.flush()
	return Done
}

// splitEdge splits the large page across address, if one lies there.
//
//go:nosplit
func (s *Space) splitEdge(address uintptr) bool {
	if address&windowMask == 0 {
		return true
	}
	slot := s.directory(address, false)
	if slot == 0 || cpu.Load64(slot)&entryLarge == 0 {
		return true
	}
	return s.split(slot, address)
}

// protectWindow changes the entries of [low, high) within the 2 MiB of slot. An
// entry that may not be reached any more keeps its frame with the present bit
// off; that needs a table, which a large page gets.
//
//go:nosplit
func (s *Space) protectWindow(slot, low, high, flags uintptr) bool {
	const changes = entryPresent | entryWrite | entryNoExecute
	v := cpu.Load64(slot)
	if v&entryLarge != 0 {
		if flags&entryPresent != 0 {
			cpu.Store64(slot, v&^changes|flags)
			s.changed(low)
			return true
		}
		if !s.split(slot, low) {
			return false
		}
		v = cpu.Load64(slot)
	}
	t := v&entryAddress + s.Frames.offset
	for at := low; at < high; at += PageBytes {
		e := cpu.Load64(t + at>>12&511*8)
		if e == 0 {
			continue
		}
		cpu.Store64(t+at>>12&511*8, e&^changes|flags)
		s.changed(at)
	}
	return true
}

// Allows reports whether all of [low, low+n) may be read, or written when
// protection is ProtectWrite, by the first touch at the latest.
//
//go:nosplit
func (s *Space) Allows(low, n, protection uintptr) bool {
	return n == 0 || low < UserLimit && n <= UserLimit-low && s.areas.covers(low, low+n, protection)
}

// reserveMin and reserveMax bound the frames that linear memory may not claim,
// so that the kernel itself can go on: an eighth of all in between.
const (
	reserveMin = 256     // 1 MiB
	reserveMax = 64 << 8 // 64 MiB
)

// Commit claims pages frames for linear memory, or gives claims back when pages
// is negative. It reports false, and changes nothing, when the frames that are
// free and not promised yet do not suffice.
//
//go:nosplit
func (s *Space) Commit(pages int) bool {
	if pages < 0 {
		s.committedPages -= min(s.committedPages, uintptr(-pages))
		return true
	}
	promised := uintptr(0) // claimed, but not touched yet
	if s.committedPages > s.linearPages {
		promised = s.committedPages - s.linearPages
	}
	reserve := min(max(s.Frames.TotalPages/8, reserveMin), reserveMax)
	if promised+uintptr(pages)+reserve > s.Frames.FreePages {
		return false
	}
	s.committedPages += uintptr(pages)
	return true
}
