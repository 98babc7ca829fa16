package linuxabi

import (
	"mewz/abi"
	"mewz/kernel/cpu"
	"mewz/kernel/interrupt"
	"mewz/kernel/memory"
)

// What drivers above the Go runtime need of the machine, as private system
// calls: the registers of a device, memory that a device reaches, an interrupt
// and to wait for it. A driver runs as ordinary Go code; here an interrupt is
// only noted.

const (
	deviceMaxBytes = 16 << 20 // of registers in one mapping
	deviceMaxAt    = 1 << 46  // beyond the physical addresses of any machine

	// lineMessage asks for an interrupt that is a message of the device itself
	// (MSI-X), not a line.
	lineMessage = never

	// slotInput in a set to wait for is standard input over the serial port.
	slotInput = 1 << 31
)

var (
	devicePending uintptr // a bit for each slot that has interrupted
	deviceSlots   uintptr // slots given away
)

// sysDeviceMap maps device registers: mewz_device_map(physical, n).
//
//go:nosplit
func sysDeviceMap(t *thread) uintptr {
	physical, n := t.rdi, t.rsi
	if n == 0 || n > deviceMaxBytes || physical >= deviceMaxAt {
		return einval
	}
	if memory.IsMemory(physical, n) {
		return eacces
	}
	if at := memory.Kernel.MapDevice(physical, n); at != 0 {
		return at
	}
	return enomem
}

// sysDeviceMemory takes memory for a device for good:
// mewz_device_memory(n, physical). It returns its address and stores the
// physical one.
//
//go:nosplit
func sysDeviceMemory(t *thread) uintptr {
	n := t.rdi
	if n == 0 || n > deviceMaxBytes {
		return einval
	}
	if !writable(t.rsi, 8) {
		return efault
	}
	physical := memory.Kernel.AllocateContiguous(n)
	if physical == 0 {
		return enomem
	}
	cpu.Store64(t.rsi, physical)
	return physical + memory.DirectBase
}

// sysDeviceReach tells where linear memory lies for devices:
// mewz_device_reach(address, n, extents, most). It stores a physical address and a
// length of each extent and returns how many there are, 0 if devices cannot have it.
//
//go:nosplit
func sysDeviceReach(t *thread) uintptr {
	const extentBytes, extentsMax = 16, 1 << 10
	if t.r10 > extentsMax {
		return einval
	}
	if !writable(t.rdx, t.r10*extentBytes) {
		return efault
	}
	return memory.Kernel.Reach(t.rdi, t.rsi, t.rdx, t.r10)
}

// sysInitramfs returns the address of the module of the VMM and stores its size:
// mewz_initramfs(bytes). It is ENOENT when there is none.
//
//go:nosplit
func sysInitramfs(t *thread) uintptr {
	physical, n := memory.Module()
	if n == 0 {
		return enoent
	}
	if !writable(t.rdi, 8) {
		return efault
	}
	cpu.Store64(t.rdi, n)
	return physical + memory.DirectBase
}

// sysDeviceInterrupt lets a line interrupt, or messages when it is lineMessage:
// mewz_device_interrupt(line). It returns the slot in the low byte, above it the
// vector that a message carries.
//
//go:nosplit
func sysDeviceInterrupt(t *thread) uintptr {
	slot := deviceSlots
	if slot >= interrupt.DeviceSlots {
		return enomem
	}
	if line := t.rdi; line != lineMessage {
		if line >= interrupt.VectorCount || line == abi.SerialIRQ {
			return einval
		}
		if line >= 24 && !startSecondIOAPIC() || !interrupt.RouteDevice(uint32(line), uint32(slot)) {
			return enodev
		}
	}
	deviceSlots++
	return slot | (interrupt.VectorDevice+slot)<<8
}

//go:nosplit
func startSecondIOAPIC() bool {
	if interrupt.StartSecondIOAPIC(0) {
		return true // before
	}
	return interrupt.StartSecondIOAPIC(mapDevice(interrupt.SecondIOAPICPhysical()))
}

// deviceInterrupted notes an interrupt and wakes the threads that wait.
//
//go:nosplit
func deviceInterrupted(slot uintptr) {
	devicePending |= 1 << (slot & (interrupt.DeviceSlots - 1))
	wakeInput(0)
}

// sysDeviceWait waits until a slot of a set has interrupted since it was last
// told: mewz_device_wait(slots, timeout). It returns which have, and forgets it;
// 0 after the timeout. slotInput is there as long as standard input has something.
//
//go:nosplit
func sysDeviceWait(t *thread) uintptr {
	nanos := uintptr(never)
	if t.rsi != 0 {
		var e uintptr
		if nanos, e = timespecAt(t.rsi); e != 0 {
			return e
		}
	}
	have := devicePending & t.rdi
	devicePending &^= have
	if t.rdi&slotInput != 0 && inputReady() {
		have |= slotInput
	}
	if have != 0 {
		return have
	}
	if nanos == 0 {
		return 0
	}
	until := waitUntil(t, nanos)
	if t.repeated != 0 && now() >= until {
		return 0
	}
	waitAgain(t, until)
	return 0
}
