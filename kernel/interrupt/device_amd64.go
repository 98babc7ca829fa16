package interrupt

import "mewz/kernel/cpu"

// Device interrupts come at vectors of their own, DeviceSlots of them. Their
// priority class is below that of the timer.
const (
	VectorDevice = 40
	DeviceSlots  = 8
)

const (
	// secondIOAPICPhysical is where QEMU's microvm has its other I/O APIC.
	secondIOAPICPhysical = 0xfec1_0000
	ioAPICVersion        = 0x01
	ioAPICPins           = 24
	allOnes              = 0xffff_ffff // what reads where nothing is
)

var secondIOAPIC uintptr

// SecondIOAPICPhysical returns where the registers of the second I/O APIC would
// be.
//
//go:nosplit
func SecondIOAPICPhysical() uintptr { return secondIOAPICPhysical }

// StartSecondIOAPIC notes at which address the registers are mapped and reports
// whether there is a second I/O APIC at all.
//
//go:nosplit
func StartSecondIOAPIC(address uintptr) bool {
	if secondIOAPIC != 0 {
		return true
	}
	if address == 0 {
		return false
	}
	cpu.Store32(address+ioAPICSelect, ioAPICVersion)
	if version := cpu.Load32(address + ioAPICWindow); version == 0 || version == allOnes {
		return false
	}
	secondIOAPIC = address
	return true
}

// RouteDevice delivers a line of the I/O APICs, edge triggered, at the vector of
// a slot. Lines from 24 on are those of the second one.
//
//go:nosplit
func RouteDevice(line, slot uint32) bool {
	vector := VectorDevice + slot
	if line < ioAPICPins {
		Route(line, vector)
		return true
	}
	line -= ioAPICPins
	if line >= ioAPICPins || secondIOAPIC == 0 {
		return false
	}
	cpu.Store32(secondIOAPIC+ioAPICSelect, ioAPICFirstEntry+2*line+1)
	cpu.Store32(secondIOAPIC+ioAPICWindow, 0) // to local APIC 0
	cpu.Store32(secondIOAPIC+ioAPICSelect, ioAPICFirstEntry+2*line)
	cpu.Store32(secondIOAPIC+ioAPICWindow, vector)
	return true
}
