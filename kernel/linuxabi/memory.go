package linuxabi

import "mewz/kernel/memory"

// Flags of mmap and advice of madvise (Linux asm-generic/mman-common.h).
const (
	mapShared    = 0x01
	mapFixed     = 0x10
	mapAnonymous = 0x20
	mapNoReplace = 0x100000

	adviseDontNeed = 4
)

//go:nosplit
func pageUp(n uintptr) uintptr {
	return (n + memory.PageBytes - 1) &^ (memory.PageBytes - 1)
}

// errnoOf turns the result of a change of the address space into a return value.
//
//go:nosplit
func errnoOf(r memory.Result) uintptr {
	switch r {
	case memory.Done:
		return 0
	case memory.NoMemory, memory.NoArea:
		return enomem
	case memory.WriteExec:
		return eacces
	default:
		return einval
	}
}

// sysMmap maps zeroes on demand: mmap(addr, length, prot, flags).
//
//go:nosplit
func sysMmap(t *thread) uintptr {
	address, n, flags := t.rdi, pageUp(t.rsi), t.r10
	if flags&mapAnonymous == 0 || flags&mapShared != 0 {
		return enodev
	}
	if n < t.rsi || n == 0 {
		return einval
	}
	if flags&mapNoReplace != 0 {
		if memory.Kernel.Taken(address, n) {
			return eexist
		}
	} else if flags&mapFixed == 0 {
		if address = memory.Kernel.Find(address, n); address == 0 {
			return enomem
		}
	}
	if e := errnoOf(memory.Kernel.Map(address, n, t.rdx&7)); e != 0 {
		return e
	}
	return address
}

//go:nosplit
func sysMprotect(t *thread) uintptr {
	if t.rsi == 0 {
		return 0
	}
	return errnoOf(memory.Kernel.Protect(t.rdi, pageUp(t.rsi), t.rdx&7))
}

//go:nosplit
func sysMunmap(t *thread) uintptr {
	return errnoOf(memory.Kernel.Unmap(t.rdi, pageUp(t.rsi)))
}

//go:nosplit
func sysMadvise(t *thread) uintptr {
	if t.rdx != adviseDontNeed || t.rsi == 0 {
		return 0
	}
	return errnoOf(memory.Kernel.Discard(t.rdi, pageUp(t.rsi)))
}

// sysCommit claims or gives back frames for linear memory:
// mewz_commit(delta), in bytes, signed.
//
//go:nosplit
func sysCommit(t *thread) uintptr {
	if !memory.Kernel.Commit(int(t.rdi) / memory.PageBytes) {
		return enomem
	}
	return 0
}
