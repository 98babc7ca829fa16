// Package virtiotest is the other side of a driver, made of Go: a machine with
// memory and a clock, and virtio devices behind the registers of both
// transports, honest or not. For tests.
package virtiotest

import (
	"slices"
	"time"

	"mewz/abi"
	"mewz/kernel/device"
)

// memoryBase is where the memory of a Machine begins.
const memoryBase abi.PhysAddr = 0x10_0000

// reachBase is where devices find what Reach lets them reach.
const reachBase abi.PhysAddr = 1 << 40

// Machine is a device.Machine whose time passes only while somebody waits.
type Machine struct {
	// Windows are the registers by physical address.
	Windows map[abi.PhysAddr]device.Registers
	// NoInterrupts refuses all interrupts.
	NoInterrupts bool
	// Extents is in how many extents Reach finds memory; 0: 3.
	Extents int
	// Waiting is called in each Wait, before time passes: other things happen.
	Waiting func()
	Waits   int

	blocks  []device.Memory
	reached []device.Memory // by the last Reach
	next    abi.PhysAddr
	clock   time.Duration
	slots   int
	pending uint32
}

// NewMachine returns a machine without devices.
func NewMachine() *Machine {
	return &Machine{Windows: map[abi.PhysAddr]device.Registers{}, next: memoryBase}
}

// Map implements device.Machine, as the methods below.
func (m *Machine) Map(physical abi.PhysAddr, n uint64) (device.Registers, error) {
	for base, r := range m.Windows {
		if physical >= base && physical-base < 1<<20 {
			return device.Part(r, uint32(physical-base), uint32(n)), nil
		}
	}
	return nil, device.ErrMap
}

// Allocate takes memory.
func (m *Machine) Allocate(n int) (device.Memory, error) {
	const page = 4096
	b := device.Memory{Bytes: make([]byte, n), Physical: m.next}
	m.next += abi.PhysAddr(n+2*page-1) &^ (page - 1) // never adjacent
	m.blocks = append(m.blocks, b)
	return b, nil
}

// Reach lets devices reach any memory of Go, in several extents, until it is called again.
func (m *Machine) Reach(b []byte, extents []device.Extent) int {
	n := m.Extents
	if n == 0 {
		n = 3
	}
	if n > len(extents) {
		return 0
	}
	m.reached = m.reached[:0]
	for part := range slices.Chunk(b, (len(b)+n-1)/n) {
		m.reached = append(m.reached, device.Memory{Bytes: part, Physical: reachBase + abi.PhysAddr(len(m.reached))<<32})
		extents[len(m.reached)-1] = device.Extent{Physical: m.reached[len(m.reached)-1].Physical, Bytes: uint64(len(part))}
	}
	return len(m.reached)
}

// Interrupt gives a slot away.
func (m *Machine) Interrupt(uint32) (device.Interrupt, error) {
	if m.NoInterrupts {
		return device.Interrupt{}, device.ErrInterrupt
	}
	m.slots++
	return device.Interrupt{Slots: 1 << (m.slots - 1), Vector: uint8(40 + m.slots - 1)}, nil
}

// Wait lets time pass, unless there is an interrupt.
func (m *Machine) Wait(slots uint32, timeout time.Duration) uint32 {
	m.Waits++
	if m.Waiting != nil {
		m.Waiting()
	}
	have := m.pending & slots
	m.pending &^= have
	if have == 0 {
		m.clock += timeout
	}
	return have
}

// Now returns the time.
func (m *Machine) Now() time.Duration { return m.clock }

// raise interrupts.
func (m *Machine) raise() { m.pending |= 1 }

// Bytes returns n bytes of memory at physical, or nil when a driver has never
// taken all of them.
func (m *Machine) Bytes(physical abi.PhysAddr, n int) []byte {
	for _, blocks := range [...][]device.Memory{m.blocks, m.reached} {
		for _, b := range blocks {
			if physical >= b.Physical && uint64(physical-b.Physical)+uint64(n) <= uint64(len(b.Bytes)) {
				return b.Bytes[physical-b.Physical:][:n]
			}
		}
	}
	return nil
}
