package boot

import (
	"mewz/abi"
	"mewz/kernel/linuxabi"
)

// enter brings the machine up. It runs on the boot stack, in the page tables
// that the entry code made, and does not return.
//
//lint:ignore U1000 called from entry_amd64.s
//go:nosplit
func enter(startInfo uintptr) {
	linuxabi.StartOutput()
	linuxabi.StartTables(bootStackTop())
	linuxabi.StartProcessor()
	linuxabi.StartMemory(startInfo, kernelEnd())
	linuxabi.StartStacks()
	linuxabi.StartTime()
	linuxabi.StartInput()
	linuxabi.Run(runtimeEntry())
}

// Numbers of the entry code.
const (
	channelPort  = abi.ChannelPort
	channelMagic = abi.ChannelMagic
	serialPort   = abi.SerialPort
	exitPort     = abi.DebugExitPort
	exitKernel   = abi.ExitKernel

	noteNameBytes = 4
	noteDescBytes = 8
	noteTypeEntry = 18         // XEN_ELFNOTE_PHYS32_ENTRY
	noteName      = 0x006e6558 // "Xen"

	bootStackBytes = 4096
	bootTableBytes = 4 * 4096 // three page tables and slack to align them

	entryBits      = 3    // present, writable
	entryLargeBits = 0x83 // and 2 MiB
	largeBytes     = 2 << 20
	tableBytes     = 4096
	tableEntries   = 512

	cr0Bits      = 0x8001_0023 // PG, WP, NE, MP, PE: ring 0 respects read-only pages
	cr4Bits      = 0x20        // PAE
	cr4SSE       = 0x600       // OSFXSR, OSXMMEXCPT
	eferMSR      = 0xc000_0080
	eferBits     = 0x901 // NXE, LME, SCE
	fsBaseMSR    = 0xc000_0100
	extendedMax  = 0x8000_0000
	extendedLeaf = 0x8000_0001
	longModeBits = 1<<29 | 1<<20 // LM, NX (CPUID.80000001:EDX)

	codeSelector = 8
	dataSelector = 16

	// Offsets in bootAddresses.
	addressTables   = 0
	addressGDT      = 8
	addressStart64  = 16
	addressOldFrame = 24
	addressOldText  = 32
)

// pvhEntry is where the VMM jumps to: 32-bit protected mode, flat segments,
// paging and interrupts off, no stack; EBX is the address of hvm_start_info. It
// identity-maps the first GiB and goes to start64 in long mode. All its
// instructions have the same encoding in 32-bit and 64-bit mode, for Go's
// assembler knows the latter only.
//
//lint:ignore U1000 called by the VMM
func pvhEntry()

// getPC returns the address after its call in AX. 32-bit code, where what looks
// like an address relative to the instruction is an absolute one.
//
//lint:ignore U1000 called from entry_amd64.s
func getPC()

// noLongMode says on both ports that the processor is too old, then stops.
// 32-bit code; DI = bootAddresses.
//
//lint:ignore U1000 called from entry_amd64.s
func noLongMode()

// start64 gives Go code what it needs (a stack, SSE, a thread-local word for g)
// and calls enter. Long mode, interrupts off; BX = address of hvm_start_info.
//
//lint:ignore U1000 called from entry_amd64.s
func start64()

// keep refers to the note, and so to all of this package.
func keep()

// A variable, so that importing the package is enough for the linker to keep
// what only the VMM reaches. keep does nothing.
var _ = func() bool { keep(); return true }()

// bootStackTop returns the top of the boot stack.
func bootStackTop() uintptr

// kernelEnd returns the end of the kernel's bss (runtime.end).
func kernelEnd() uintptr

// runtimeEntry returns the address of _rt0_amd64_linux.
func runtimeEntry() uintptr
