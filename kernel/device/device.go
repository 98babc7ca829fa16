package device

import (
	"errors"
	"time"

	"mewz/abi"
	"mewz/kernel/system"
)

// Machine is what a driver sees of the machine.
type Machine interface {
	// Map makes the n bytes of registers at physical accessible.
	Map(physical abi.PhysAddr, n uint64) (Registers, error)
	// Allocate takes n bytes of contiguous cleared memory, for good.
	Allocate(n int) (Memory, error)
	// Reach stores where b, linear memory of the program, lies for devices and returns how
	// many extents that are. It is 0 if there are more of them, or if devices cannot have b. It
	// holds until the program goes on, or linear memory is touched otherwise.
	Reach(b []byte, extents []Extent) int
	// Interrupt lets an interrupt line in, or messages for system.Message.
	Interrupt(line uint32) (Interrupt, error)
	// Wait waits until one of a set of slots has interrupted since it was last
	// told, or until timeout has passed. It returns which have.
	Wait(slots uint32, timeout time.Duration) (have uint32)
	// Now is a clock that only goes forward.
	Now() time.Duration
}

// Registers are registers of a device. An offset beyond them reads as all ones
// and is not written.
type Registers interface {
	Load8(offset uint32) uint8
	Load16(offset uint32) uint16
	Load32(offset uint32) uint32
	Store8(offset uint32, v uint8)
	Store16(offset uint32, v uint16)
	Store32(offset uint32, v uint32)
}

// Extent is memory as a device sees it.
type Extent = system.Extent

// Memory is memory that a device reaches too. It never moves.
type Memory struct {
	Bytes    []byte
	Physical abi.PhysAddr
}

// Part returns n bytes of m from offset on.
//
// Preconditions: they lie in m.
func (m Memory) Part(offset, n int) Memory {
	return Memory{m.Bytes[offset : offset+n : offset+n], m.Physical + abi.PhysAddr(offset)}
}

// Cut takes the first n bytes off m.
//
// Preconditions: it has them.
//
//go:noinline
func (m *Memory) Cut(n int) Memory {
	first := m.Part(0, n)
	*m = m.Part(n, len(m.Bytes)-n)
	return first
}

// Interrupt is a way for a device to interrupt.
type Interrupt struct {
	Slots  uint32 // the slot as a set, for Wait
	Vector uint8  // what a message carries
}

// SlotInput in a set for Wait stands for bytes on the serial port that carries
// standard input where there is no console device.
const SlotInput uint32 = system.SlotInput

// Errors of a Machine.
var (
	ErrMap       = errors.New("device: its registers cannot be mapped")
	ErrMemory    = errors.New("device: no contiguous memory left")
	ErrInterrupt = errors.New("device: no such interrupt line, or no slot left")
)

// Open returns the machine. There is none in a Linux process.
func Open() (Machine, bool) {
	if !system.IsMachine() {
		return nil, false
	}
	start := time.Now() // carries a monotonic reading, which no system call makes
	return real{func() time.Duration { return time.Since(start) }}, true
}

// real is the machine, by the system calls of kernel/linuxabi. It holds no time.Time: in a
// type behind an interface that would link all its methods, and with them formats, time
// zones and how to read their files.
type real struct {
	now func() time.Duration
}

func (real) Map(physical abi.PhysAddr, n uint64) (Registers, error) {
	at, errno := system.MapDevice(physical, n)
	if errno != 0 {
		return nil, ErrMap
	}
	return &window{uintptr(at), uint32(n)}, nil
}

func (real) Allocate(n int) (Memory, error) {
	b, physical, errno := system.DeviceMemory(n)
	if errno != 0 {
		return Memory{}, ErrMemory
	}
	return Memory{b, physical}, nil
}

func (real) Reach(b []byte, extents []Extent) int { return system.DeviceReach(b, extents) }

func (real) Interrupt(line uint32) (Interrupt, error) {
	slot, vector, errno := system.DeviceInterrupt(line)
	if errno != 0 || slot >= 32 {
		return Interrupt{}, ErrInterrupt
	}
	return Interrupt{1 << slot, vector}, nil
}

func (real) Wait(slots uint32, timeout time.Duration) uint32 {
	have, _ := system.DeviceWait(slots, timeout) // an error: look again
	return have
}

func (r real) Now() time.Duration { return r.now() }
