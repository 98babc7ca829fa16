package memory

import "mewz/kernel/cpu"

// Bits of a page table entry (Intel SDM volume 3, tables 4-15 to 4-20).
const (
	entryPresent   = 1 << 0
	entryWrite     = 1 << 1
	entryUncached  = 1<<3 | 1<<4 // PWT, PCD
	entryLarge     = 1 << 7      // PS
	entryOwned     = 1 << 9      // ours: the frame came from Frames
	entryNoExecute = 1 << 63

	entryAddress = 0x000f_ffff_ffff_f000

	// A page directory entry that refers to a table counts in bits that the
	// processor ignores how many faults its window has had.
	countShift = 52
	countOne   = 1 << countShift
	countField = 127 << countShift
)

// Fixed addresses, see the package comment.
const (
	DirectBase  = 0xffff_8000_0000_0000
	stackBase   = 0xffff_ff00_0000_0000
	deviceBase  = 0xffff_ff00_4000_0000
	scratchPage = 0xffff_ff00_6000_0000
	UserLimit   = 0x7fff_ffff_f000
	userFloor   = 0x1_0000        // as Linux's vm.mmap_min_addr
	mmapFloor   = 0x100_0000_0000 // above all that has an address of its own
	mmapCeiling = 0x7f00_0000_0000
	windowMask  = LargePageBytes - 1
	gigabyte    = 1 << 30
	tableSlots  = 512
	flushAtOnce = 32 // more pages than this and the whole TLB is emptied

	// ampleMinPages stay free when a large page is made. It is what a program of the
	// smallest machine needs: less would make it fail where one with less memory starts.
	ampleMinPages = 4 << 20 / PageBytes

	// promoteAfter is how many faults a window of 2 MiB has before it becomes one
	// page. The first window of the Go heap has 70 at boot, which must not pay
	// for clearing all of it.
	promoteAfter = 96
)

// Space is the one address space of a machine.
type Space struct {
	Frames Frames
	areas  Areas
	root   uintptr // physical address of the page map
	live   bool    // the processor uses root, so changes must leave the TLB
	early  bool    // Frames is not ready: tables come from boot ranges
	huge   bool    // 1 GiB pages exist
	device uintptr // next free address for device registers

	flushes  int // pages whose translation changed since the last flush
	flushOne uintptr

	linearLow, linearHigh uintptr // linear memory, for Commit
	moreLow, moreHigh     uintptr // and that of memories after the first, and the heap
	linearPages           uintptr // frames that back it
	committedPages        uintptr

	lastSpurious  uintptr
	spuriousCount uintptr

	Faults, LargePages uintptr // counters for tests
}

// table returns a cleared frame for a page table, or 0.
//
//go:nosplit
func (s *Space) table() uintptr {
	p := uintptr(0)
	if s.early {
		p = bootRanges.take(PageBytes, gigabyte)
	} else {
		p = s.Frames.Allocate(0)
	}
	if p != 0 {
		cpu.ZeroPages(p+s.Frames.offset, PageBytes)
	}
	return p
}

// next returns the address of the table that the entry at slot refers to. A
// missing one is made when create is set. 0: there is none.
//
//go:nosplit
func (s *Space) next(slot uintptr, create bool) uintptr {
	v := cpu.Load64(slot)
	if v&entryPresent == 0 {
		if !create {
			return 0
		}
		p := s.table()
		if p == 0 {
			return 0
		}
		v = p | entryPresent | entryWrite
		cpu.Store64(slot, v)
	}
	return v&entryAddress + s.Frames.offset
}

// pointer returns the address of the page-directory-pointer entry of address.
//
//go:nosplit
func (s *Space) pointer(address uintptr, create bool) uintptr {
	t := s.next(s.root+s.Frames.offset+address>>39&511*8, create)
	if t == 0 {
		return 0
	}
	return t + address>>30&511*8
}

// directory returns the address of the page-directory entry of address, or 0.
//
//go:nosplit
func (s *Space) directory(address uintptr, create bool) uintptr {
	slot := s.pointer(address, create)
	if slot == 0 {
		return 0
	}
	t := s.next(slot, create)
	if t == 0 {
		return 0
	}
	return t + address>>21&511*8
}

// page returns the address of the page-table entry of address, made if need
// be, or 0 when there is no frame for a table. A large page is split.
//
//go:nosplit
func (s *Space) page(address uintptr) uintptr {
	slot := s.directory(address, true)
	if slot == 0 {
		return 0
	}
	if cpu.Load64(slot)&entryLarge != 0 && !s.split(slot, address) {
		return 0
	}
	t := s.next(slot, true)
	if t == 0 {
		return 0
	}
	return t + address>>12&511*8
}

// split replaces the large page at slot by a table of small ones.
//
//go:nosplit
func (s *Space) split(slot, address uintptr) bool {
	t := s.table()
	if t == 0 {
		return false
	}
	v := cpu.Load64(slot) &^ (entryLarge | countField)
	for i := uintptr(0); i < tableSlots; i++ {
		cpu.Store64(t+s.Frames.offset+i*8, v+i*PageBytes)
	}
	cpu.Store64(slot, t|entryPresent|entryWrite)
	s.changed(address)
	return true
}

// mapRange maps [address, address+n) to physical with flags, in the largest
// pages that fit. It reports whether there were frames for the tables.
//
//go:nosplit
func (s *Space) mapRange(address, physical, n, flags uintptr) bool {
	for n != 0 {
		step := uintptr(LargePageBytes)
		both := address | physical
		switch {
		case s.huge && both&(gigabyte-1) == 0 && n >= gigabyte:
			slot := s.pointer(address, true)
			if slot == 0 {
				return false
			}
			step = gigabyte
			cpu.Store64(slot, physical|flags|entryLarge)
		case both&windowMask == 0 && n >= LargePageBytes:
			slot := s.directory(address, true)
			if slot == 0 {
				return false
			}
			cpu.Store64(slot, physical|flags|entryLarge)
		default:
			step = min(n, LargePageBytes-address&windowMask)
			slot := s.page(address)
			if slot == 0 {
				return false
			}
			for i := uintptr(0); i < step; i += PageBytes {
				cpu.Store64(slot+i>>9, (physical+i)|flags)
			}
		}
		address, physical, n = address+step, physical+step, n-step
	}
	return true
}

// changed notes that the translation of address must leave the TLB.
//
//go:nosplit
func (s *Space) changed(address uintptr) {
	if !s.live {
		return
	}
	if s.flushes < flushAtOnce {
		cpu.InvalidatePage(address)
	}
	s.flushes++
}

// flush empties the TLB if more changed than was invalidated one by one.
//
//go:nosplit
func (s *Space) flush() {
	if s.live && s.flushes > flushAtOnce {
		cpu.WriteCR3(s.root)
	}
	s.flushes = 0
}

// entryFlags returns the bits of an entry that protection asks for.
//
//go:nosplit
func entryFlags(protection uintptr) uintptr {
	flags := uintptr(0)
	if protection&protectMask != 0 {
		flags |= entryPresent
	}
	if protection&ProtectWrite != 0 {
		flags |= entryWrite
	}
	if protection&ProtectExec == 0 {
		flags |= entryNoExecute
	}
	return flags
}

// count adds pages that back address to the statistics of linear memory.
//
//go:nosplit
func (s *Space) count(address, pages uintptr) {
	if s.isLinear(address) {
		s.linearPages += pages
	}
}

// drop unmaps [low, high), frees the frames that were allocated for it, and the
// tables that only served it. Areas stay as they are. It reports whether there
// was a frame for the table of a large page that had to be split.
//
//go:nosplit
func (s *Space) drop(low, high uintptr) bool {
	done := true
	for at := low; at < high; {
		slot := s.directory(at, false)
		if slot == 0 {
			at = at&^(gigabyte-1) + gigabyte
			continue
		}
		end := min(high, at&^windowMask+LargePageBytes)
		if v := cpu.Load64(slot); v&entryPresent != 0 {
			done = s.dropWindow(slot, at, end) && done
		}
		at = end
	}
	s.flush()
	s.dropDirectories(low, high)
	return done
}

// dropWindow unmaps [low, high) within the 2 MiB that the directory entry at
// slot stands for.
//
//go:nosplit
func (s *Space) dropWindow(slot, low, high uintptr) bool {
	whole := high-low == LargePageBytes
	v := cpu.Load64(slot)
	if v&entryLarge != 0 {
		if whole {
			cpu.Store64(slot, 0)
			s.changed(low)
			if v&entryOwned != 0 {
				s.Frames.Free(v&entryAddress, LargeOrder)
				s.count(low, ^uintptr(tableSlots-1)) // minus 512
			}
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
		cpu.Store64(t+at>>12&511*8, 0)
		s.changed(at)
		if e&entryOwned != 0 {
			s.Frames.Free(e&entryAddress, 0)
			s.count(at, ^uintptr(0))
		}
	}
	if whole {
		cpu.Store64(slot, 0)
		s.changed(low)
		s.Frames.Free(v&entryAddress, 0)
	}
	return true
}

// dropDirectories frees the page directories of the whole gigabytes in
// [low, high), which drop has emptied.
//
//go:nosplit
func (s *Space) dropDirectories(low, high uintptr) {
	for at := (low + gigabyte - 1) &^ (gigabyte - 1); at < high && high-at >= gigabyte; at += gigabyte {
		slot := s.pointer(at, false)
		if slot == 0 {
			continue
		}
		if v := cpu.Load64(slot); v&entryPresent != 0 && v&entryLarge == 0 {
			cpu.Store64(slot, 0)
			s.changed(at)
			s.Frames.Free(v&entryAddress, 0)
		}
	}
	s.flush()
}
