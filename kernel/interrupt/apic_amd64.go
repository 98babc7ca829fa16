package interrupt

import "mewz/kernel/cpu"

// Registers of the local APIC (Intel SDM volume 3, table 11-1).
const (
	apicBaseMSR     = 0x1b
	apicBaseEnable  = 1 << 11
	apicBaseAddress = 0x000f_ffff_ffff_f000

	apicTaskPriority = 0x80
	apicEOI          = 0xb0
	apicSpurious     = 0xf0
	apicTimer        = 0x320
	apicLINT0        = 0x350
	apicLINT1        = 0x360
	apicInitial      = 0x380
	apicCurrent      = 0x390
	apicDivide       = 0x3e0

	apicSoftwareEnable = 1 << 8
	apicDivideBy1      = 0xb
	apicMasked         = 1 << 16
	apicPeriodic       = 1 << 17

	// TimerMax is the longest run of the timer in its ticks.
	TimerMax = 0xffff_ffff
)

// Registers of the I/O APIC (82093AA, 3.0).
const (
	ioAPICPhysical   = 0xfec0_0000
	ioAPICSelect     = 0x00
	ioAPICWindow     = 0x10
	ioAPICFirstEntry = 0x10
)

// Ports of the two 8259A.
const (
	picMasterCommand = 0x20
	picMasterData    = 0x21
	picSlaveCommand  = 0xa0
	picSlaveData     = 0xa1
)

var localAPIC, ioAPIC uintptr // addresses of the registers

// StartAPIC enables the local APIC with its timer running and masked, and
// silences the 8259A. It is given the addresses at which the registers of both
// APICs are mapped and reports false when one is 0.
//
//go:nosplit
func StartAPIC(local, io uintptr) bool {
	if local == 0 || io == 0 {
		return false
	}
	localAPIC, ioAPIC = local, io
	silencePIC() // before its line: QEMU keeps an interrupt that is pending there
	cpu.WriteMSR(apicBaseMSR, cpu.ReadMSR(apicBaseMSR)|apicBaseEnable)
	cpu.Store32(localAPIC+apicSpurious, apicSoftwareEnable|VectorSpurious)
	cpu.Store32(localAPIC+apicTaskPriority, 0)
	cpu.Store32(localAPIC+apicLINT0, apicMasked) // the 8259A's line
	cpu.Store32(localAPIC+apicDivide, apicDivideBy1)
	cpu.Store32(localAPIC+apicTimer, apicMasked|VectorTimer)
	cpu.Store32(localAPIC+apicInitial, TimerMax)
	return true
}

// LocalAPICPhysical returns where the registers of the local APIC are.
//
//go:nosplit
func LocalAPICPhysical() uintptr { return uintptr(cpu.ReadMSR(apicBaseMSR)) & apicBaseAddress }

// IOAPICPhysical returns where the registers of the I/O APIC are.
//
//go:nosplit
func IOAPICPhysical() uintptr { return ioAPICPhysical }

// silencePIC moves the vectors of the two 8259A away from the exceptions, for a
// spurious interrupt cannot be masked, and masks all lines.
//
//go:nosplit
func silencePIC() {
	cpu.Out8(picMasterCommand, 0x11) // ICW1: edge, cascade, ICW4 follows
	cpu.Out8(picSlaveCommand, 0x11)
	cpu.Out8(picMasterData, 0x20) // ICW2: vectors
	cpu.Out8(picSlaveData, 0x28)
	cpu.Out8(picMasterData, 4) // ICW3: slave at line 2
	cpu.Out8(picSlaveData, 2)
	cpu.Out8(picMasterData, 1) // ICW4: 8086 mode
	cpu.Out8(picSlaveData, 1)
	cpu.Out8(picMasterData, 0xff)
	cpu.Out8(picSlaveData, 0xff)
}

// StartTimer lets the timer interrupt at VectorTimer, once each time it is armed
// or, if periodic, again and again.
//
//go:nosplit
func StartTimer(periodic bool) {
	mode := uint32(VectorTimer)
	if periodic {
		mode |= apicPeriodic
	}
	cpu.Store32(localAPIC+apicTimer, mode)
}

// ArmTimer makes the timer interrupt after ticks; 0 stops it.
//
//go:nosplit
func ArmTimer(ticks uint32) { cpu.Store32(localAPIC+apicInitial, ticks) }

// TimerLeft returns how many ticks the timer has to go, 0 when it is done.
//
//go:nosplit
func TimerLeft() uint32 { return cpu.Load32(localAPIC + apicCurrent) }

// Acknowledge ends the handling of an interrupt (EOI).
//
//go:nosplit
func Acknowledge() { cpu.Store32(localAPIC+apicEOI, 0) }

// Route delivers interrupt line pin of the I/O APIC, edge triggered as ISA has
// it, at vector.
//
//go:nosplit
func Route(pin, vector uint32) {
	cpu.Store32(ioAPIC+ioAPICSelect, ioAPICFirstEntry+2*pin+1)
	cpu.Store32(ioAPIC+ioAPICWindow, 0) // to local APIC 0
	cpu.Store32(ioAPIC+ioAPICSelect, ioAPICFirstEntry+2*pin)
	cpu.Store32(ioAPIC+ioAPICWindow, vector)
}
