package memory

import "mewz/kernel/cpu"

// Result says how a page fault or a change of the address space ended.
type Result uintptr

// Results.
const (
	Done      Result = iota
	NoArea           // nothing is mapped there
	Denied           // the area does not allow it
	NoMemory         // no frame is left, or no slot in the table of areas
	BadRange         // misaligned, empty, beyond the limits, or the kernel itself
	WriteExec        // memory that can be both written and executed is refused
)

// Bits of the error code of a page fault (Intel SDM volume 3, 4.7).
const (
	FaultPresent = 1 << 0
	FaultWrite   = 1 << 1
	FaultUser    = 1 << 2
	FaultFetch   = 1 << 4
)

// spuriousMax is how often the same address may fault although its entry allows
// the access, before that counts as denied: it must never repeat for ever.
const spuriousMax = 16

// Fault makes the access that faulted at address possible, if an area allows
// it: it maps a part of the image, or a zeroed frame.
//
//go:nosplit
func (s *Space) Fault(address, code uintptr) Result {
	a := s.areas.lookup(address)
	if a == nil {
		return NoArea
	}
	need := uintptr(ProtectRead)
	if code&FaultWrite != 0 {
		need = ProtectWrite
	}
	if code&FaultFetch != 0 {
		need = ProtectExec
	}
	if a.flags&need == 0 || a.flags&areaLocked != 0 {
		return Denied
	}
	s.Faults++
	slot := s.directory(address, true)
	if slot == 0 {
		return NoMemory
	}
	if a.flags&areaImage != 0 {
		return s.faultImage(a, slot, address)
	}
	return s.faultZero(a, slot, address)
}

// faultImage maps what lies of an image area within the 2 MiB around address:
// as one large page where the physical address has the same alignment.
//
//go:nosplit
func (s *Space) faultImage(a *area, slot, address uintptr) Result {
	low := max(a.low, address&^windowMask)
	high := min(a.high, address&^windowMask+LargePageBytes)
	physical := a.physical + (low - a.low)
	flags := entryFlags(a.flags)
	v := cpu.Load64(slot)
	if v&entryLarge != 0 {
		return s.spurious(address)
	}
	if v == 0 && high-low == LargePageBytes && physical&windowMask == 0 {
		cpu.Store64(slot, physical|flags|entryLarge)
		return Done
	}
	t := s.next(slot, true)
	if t == 0 {
		return NoMemory
	}
	if cpu.Load64(t+address>>12&511*8)&entryPresent != 0 {
		return s.spurious(address)
	}
	for at := low; at < high; at += PageBytes {
		cpu.Store64(t+at>>12&511*8, (physical+at-low)|flags)
	}
	return Done
}

// faultZero maps a cleared frame at address, or maps again what a change of
// protection had hidden. A window that faults often becomes one large page.
//
//go:nosplit
func (s *Space) faultZero(a *area, slot, address uintptr) Result {
	v := cpu.Load64(slot)
	if v&entryLarge != 0 {
		return s.spurious(address)
	}
	t := s.next(slot, true)
	if t == 0 {
		return NoMemory
	}
	flags := entryFlags(a.flags)
	at := t + address>>12&511*8
	e := cpu.Load64(at)
	if e&entryPresent != 0 {
		return s.spurious(address)
	}
	if e != 0 {
		cpu.Store64(at, e&entryAddress|e&entryOwned|flags)
		return Done
	}
	v = cpu.Load64(slot)
	if v&countField>>countShift >= promoteAfter {
		if s.promote(a, slot, address) {
			return Done
		}
		v &^= countField // try again after as many faults
	}
	cpu.Store64(slot, v+countOne)
	frame := s.Frames.Allocate(0)
	if frame == 0 {
		return NoMemory
	}
	cpu.ZeroPages(frame+s.Frames.offset, PageBytes)
	cpu.Store64(at, frame|flags|entryOwned)
	s.count(address, 1)
	return Done
}

// promote replaces the table at slot by one large page with the same content.
// It declines when the area does not cover the 2 MiB or memory is not ample.
//
//go:nosplit
func (s *Space) promote(a *area, slot, address uintptr) bool {
	low := address &^ windowMask
	if a.low > low || a.high < low+LargePageBytes || s.Frames.FreePages < max(s.Frames.TotalPages/4, ampleMinPages)+tableSlots {
		return false
	}
	block := s.Frames.Allocate(LargeOrder)
	if block == 0 {
		return false
	}
	frame := cpu.Load64(slot) & entryAddress
	table := frame + s.Frames.offset
	to := block + s.Frames.offset
	for i := uintptr(0); i < tableSlots; i++ {
		e := cpu.Load64(table + i*8)
		if e == 0 {
			cpu.ZeroPages(to+i*PageBytes, PageBytes)
			s.count(address, 1)
			continue
		}
		cpu.CopyPages(to+i*PageBytes, e&entryAddress+s.Frames.offset, PageBytes)
		if e&entryOwned != 0 {
			s.Frames.Free(e&entryAddress, 0)
		} else {
			s.count(address, 1)
		}
	}
	cpu.Store64(slot, block|entryFlags(a.flags)|entryLarge|entryOwned)
	s.Frames.Free(frame, 0)
	s.LargePages++
	if s.live {
		cpu.WriteCR3(s.root)
	}
	return true
}

// spurious answers a fault at an entry that allows the access: the TLB was
// behind. It gives up when the same address does it again and again.
//
//go:nosplit
func (s *Space) spurious(address uintptr) Result {
	if s.lastSpurious != address {
		s.lastSpurious, s.spuriousCount = address, 0
	}
	s.spuriousCount++
	if s.spuriousCount > spuriousMax {
		s.spuriousCount = 0
		return Denied
	}
	if s.live {
		cpu.InvalidatePage(address)
	}
	return Done
}
