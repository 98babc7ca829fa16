package linuxabi

import (
	"mewz/abi"
	"mewz/kernel/clock"
	"mewz/kernel/cpu"
	"mewz/kernel/interrupt"
	"mewz/kernel/memory"
)

const (
	kernelStackPages = 4

	cr4MachineCheck = 1 << 6
	cr4XSAVE        = 1 << 18

	starMSR  = 0xc000_0081
	lstarMSR = 0xc000_0082
	maskMSR  = 0xc000_0084
	maskBits = 0x40700 // AC, DF, IF, TF are cleared by SYSCALL

	xcrLegacy = 3
	xcrAVX    = 1 << 2
	xcrAVX512 = 7 << 5
	xsaveLeaf = 0xd
)

// kernelTextEnd bounds what is taken for return addresses in a report.
var kernelTextEnd uintptr

// StartTables loads the descriptor tables: from here an exception has a message.
//
//go:nosplit
func StartTables(stackTop uintptr) {
	interrupt.LoadTables(vectorsAddress(), vectorStride, stackTop-1024)
}

// Bits of x86-64-v2 (x86-64 psABI, table 3.1).
const (
	needC         = 1<<0 | 1<<9 | 1<<13 | 1<<19 | 1<<20 | 1<<23 // CPUID.1:ECX
	needExtendedC = 1 << 0                                      // CPUID.80000001:ECX, LAHF
)

// StartProcessor checks that the processor is an x86-64-v2 and enables its
// floating-point state and machine checks.
//
//go:nosplit
func StartProcessor() {
	_, _, features, _ := cpu.CPUID(1, 0)
	_, _, extended, _ := cpu.CPUID(0x80000001, 0)
	if features&needC != needC || extended&needExtendedC != needExtendedC {
		refuseProcessor(features, extended)
	}
	hasRandom = features&rdrandBit != 0
	cr4 := cpu.ReadCR4() | cr4MachineCheck
	fpBytes, fpMask = fpLegacyBytes, 0
	if features&(1<<26) == 0 { // XSAVE
		cpu.WriteCR4(cr4)
		return
	}
	cpu.WriteCR4(cr4 | cr4XSAVE)
	possible, _, _, _ := cpu.CPUID(xsaveLeaf, 0)
	mask := uint64(xcrLegacy)
	if features&(1<<28) != 0 && possible&xcrAVX != 0 {
		mask |= xcrAVX
		if possible&xcrAVX512 == xcrAVX512 {
			mask |= xcrAVX512
		}
	}
	cpu.SetXCR0(mask)
	_, bytes, _, _ := cpu.CPUID(xsaveLeaf, 0) // of what XCR0 enables
	if bytes > fpMaxBytes {
		mask &^= xcrAVX512
		cpu.SetXCR0(mask)
		_, bytes, _, _ = cpu.CPUID(xsaveLeaf, 0)
	}
	fpBytes, fpMask = uintptr(bytes), uintptr(mask)
}

//go:nosplit
func refuseProcessor(features, extended uint32) {
	beginReport()
	say("mewz: this processor is too old: x86-64-v2 is needed (QEMU: -cpu Nehalem or later); missing:")
	missing(features, 1<<0, " SSE3")
	missing(features, 1<<9, " SSSE3")
	missing(features, 1<<13, " CMPXCHG16B")
	missing(features, 1<<19, " SSE4.1")
	missing(features, 1<<20, " SSE4.2")
	missing(features, 1<<23, " POPCNT")
	missing(extended, 1<<0, " LAHF")
	say("\n")
	endReport(exitKernel)
}

//go:nosplit
func missing(features, bit uint32, name string) {
	if features&bit == 0 {
		say(name)
	}
}

// StartMemory takes over the memory of the machine.
//
//go:nosplit
func StartMemory(startInfo, kernelEnd uintptr) {
	kernelTextEnd = kernelEnd
	b := memory.Boot{StartInfo: startInfo, KernelEnd: kernelEnd}
	if wrong := memory.Kernel.Init(&b); wrong != "" {
		endPlain(wrong)
	}
}

// StartStacks gives the kernel and each kind of interrupt a stack between guard
// pages, and lets SYSCALL in.
//
//go:nosplit
func StartStacks() {
	kernelStack = mapStack(0, kernelStackPages)
	interrupt.SetStack(interrupt.StackInterrupt, mapStack(uintptr(interrupt.StackInterrupt), 2))
	interrupt.SetStack(interrupt.StackPageFault, mapStack(uintptr(interrupt.StackPageFault), 2))
	interrupt.SetStack(interrupt.StackDoubleFault, mapStack(uintptr(interrupt.StackDoubleFault), 1))
	interrupt.SetStack(interrupt.StackNMI, mapStack(uintptr(interrupt.StackNMI), 1))
	interrupt.SetStack(interrupt.StackMachineCheck, mapStack(uintptr(interrupt.StackMachineCheck), 1))
	startCalls()
	cpu.WriteMSR(starMSR, codeSelector<<32)
	cpu.WriteMSR(lstarMSR, uint64(sysEntryAddress()))
	cpu.WriteMSR(maskMSR, maskBits)
}

//go:nosplit
func mapStack(index, pages uintptr) uintptr {
	top := memory.Kernel.MapStack(index, pages)
	if top == 0 {
		endPlain("no memory for the kernel's stacks")
	}
	return top
}

//go:nosplit
func mapDevice(physical uintptr) uintptr {
	return memory.Kernel.MapDevice(physical, memory.PageBytes)
}

// The stack that Linux would have given the process. Under it the Go runtime
// makes that of its first thread, 64 KiB; it is filled on first touch.
const (
	processStackTop   = 0x7f80_0000_0000
	processStackBytes = 256 << 10

	auxEnd      = 0  // AT_NULL
	auxPageSize = 6  // AT_PAGESZ
	auxRandom   = 25 // AT_RANDOM
	auxVDSO     = 33 // AT_SYSINFO_EHDR
)

// Run starts the process at entry, as execve does. It does not return.
//
//go:nosplit
func Run(entry uintptr) {
	fillSeed()
	const low = processStackTop - processStackBytes
	if memory.Kernel.Map(low, processStackBytes, memory.ProtectRead|memory.ProtectWrite) != memory.Done {
		endPlain("no memory for the first stack")
	}
	t := newThread()
	if t == nil {
		endPlain("no memory for the first thread")
	}
	t.rip, t.fsBase = entry, idleThread()
	t.rsp = buildStack()
	finishTime()
	t.started, t.turn = now(), now()
	runThread(t)
}

// buildStack writes arguments, environment and auxiliary vector (x86-64 psABI,
// 3.4.1) and returns the stack pointer.
//
//go:nosplit
func buildStack() uintptr {
	sp := uintptr(processStackTop)
	name := pushString(&sp, "mewz")
	traceback := pushString(&sp, "GOTRACEBACK=all")
	collect := pushString(&sp, "GOGC=100")
	if memory.Kernel.Frames.TotalPages < smallMachinePages {
		collect = pushString(&sp, "GOGC=50")
	}
	limit := pushLimit(&sp)
	line := pushLine(&sp)
	sp = sp&^15 - 8*16
	pushWords(sp, name, traceback, collect, limit, line)
	aux := sp + 8*8
	pushAux(&aux, auxPageSize, memory.PageBytes)
	pushAux(&aux, auxRandom, seedAddress())
	pushAux(&aux, auxVDSO, clock.VDSO())
	pushAux(&aux, auxEnd, 0)
	return sp
}

// smallMachinePages is below what a machine is small: 32 MiB.
const smallMachinePages = 32 << 8

//go:nosplit
func pushWords(sp, name, traceback, collect, limit, line uintptr) {
	cpu.Store64(sp, 1) // argc
	cpu.Store64(sp+8, name)
	cpu.Store64(sp+16, 0)
	cpu.Store64(sp+24, traceback)
	cpu.Store64(sp+32, collect)
	cpu.Store64(sp+40, limit)
	cpu.Store64(sp+48, line)
	cpu.Store64(sp+56, 0)
}

//go:nosplit
func pushAux(at *uintptr, kind, value uintptr) {
	cpu.Store64(*at, kind)
	cpu.Store64(*at+8, value)
	*at += 16
}

//go:nosplit
func pushString(sp *uintptr, s string) uintptr {
	n := uintptr(len(s))
	*sp -= n + 1
	from := stringAddress(s)
	for i := uintptr(0); i < n; i++ {
		cpu.Store8(*sp+i, cpu.Load8(from+i))
	}
	cpu.Store8(*sp+n, 0)
	return *sp
}

// pushLine writes the command line of the VMM.
//
//go:nosplit
func pushLine(sp *uintptr) uintptr {
	from, n := memory.CommandLine()
	*sp -= n + 1
	for i := uintptr(0); i < n; i++ {
		cpu.Store8(*sp+i, cpu.Load8(from+i))
	}
	cpu.Store8(*sp+n, 0)
	const name = abi.CommandLineVariable + "="
	*sp -= uintptr(len(name))
	start := stringAddress(name)
	for i := uintptr(0); i < uintptr(len(name)); i++ {
		cpu.Store8(*sp+i, cpu.Load8(start+i))
	}
	return *sp
}

// pushLimit writes GOMEMLIMIT: half of what is free, for the rest is the
// program's linear memory.
//
//go:nosplit
func pushLimit(sp *uintptr) uintptr {
	const digits = 16
	limit := memory.Kernel.Frames.FreePages / 2 * memory.PageBytes
	*sp -= digits + 1
	cpu.Store8(*sp+digits, 0)
	for i := uintptr(digits); i > 0; i-- {
		cpu.Store8(*sp+i-1, byte('0'+limit%10))
		limit /= 10
	}
	const name = "GOMEMLIMIT="
	*sp -= uintptr(len(name))
	from := stringAddress(name)
	for i := uintptr(0); i < uintptr(len(name)); i++ {
		cpu.Store8(*sp+i, cpu.Load8(from+i))
	}
	return *sp
}
