package pci

import (
	"errors"

	"mewz/abi"
	"mewz/kernel/device"
	"mewz/kernel/system"
)

// Config is the configuration space of bus 0. An address is device<<11 |
// function<<8 | offset of a register, a multiple of 4.
type Config interface {
	Load32(address uint32) uint32
	Store32(address uint32, v uint32)
}

// Registers of a function (6.1).
const (
	registerID           = 0x00 // vendor, device
	registerCommand      = 0x04 // command, status
	registerHeaderType   = 0x0c // in bits 16 to 23
	registerBAR          = 0x10
	registerCapabilities = 0x34

	commandMemory    = 1 << 1
	commandMaster    = 1 << 2
	commandNoINTx    = 1 << 10
	statusHasList    = 1 << 20
	headerMany       = 1 << 23 // more than function 0
	headerTypeMask   = 0x7f << 16
	barCount         = 6
	barIO            = 1 << 0
	barType64        = 2 << 1
	barTypeMask      = 3 << 1
	barFlags         = 0xf
	devices          = 32
	functions        = 8
	noVendor         = 0xffff
	allOnes          = 0xffff_ffff
	firstCapability  = 0x40
	capabilitiesMost = 48 // as many as fit the configuration space
)

// CapabilityMSIX and CapabilityVendor are ids of capabilities.
const (
	CapabilityVendor = 0x09
	CapabilityMSIX   = 0x11
)

// Errors of a function.
var (
	ErrNoBAR  = errors.New("pci: a base address register has no memory address")
	ErrNoMSIX = errors.New("pci: the device has no MSI-X")
)

// Function is a function of a device on bus 0.
type Function struct {
	Vendor, Device uint16
	config         Config
	at             uint32
}

// Present reports whether there is a PCI bus: its host bridge is device 0.
func Present(c Config) bool { return c.Load32(registerID)&noVendor != noVendor }

// Scan calls visit for each function of bus 0 until it returns false.
func Scan(c Config, visit func(Function) bool) {
	for d := range uint32(devices) {
		for f := range uint32(functions) {
			at := d<<11 | f<<8
			id := c.Load32(at | registerID)
			if id&noVendor == noVendor {
				if f == 0 {
					break
				}
				continue
			}
			if !visit(Function{uint16(id), uint16(id >> 16), c, at}) {
				return
			}
			if f == 0 && c.Load32(at|registerHeaderType)&headerMany == 0 {
				break
			}
		}
	}
}

// Load32 reads a register of the function.
func (f Function) Load32(register uint8) uint32 { return f.config.Load32(f.at | uint32(register)&^3) }

// Store32 writes a register of the function.
func (f Function) Store32(register uint8, v uint32) { f.config.Store32(f.at|uint32(register)&^3, v) }

// Capabilities calls visit with the offset of each capability until it returns
// false. A list that does not end is cut.
func (f Function) Capabilities(visit func(id, at uint8) bool) {
	if f.Load32(registerCommand)&statusHasList == 0 {
		return
	}
	at := uint8(f.Load32(registerCapabilities)) &^ 3
	for range capabilitiesMost {
		if at < firstCapability {
			return
		}
		head := f.Load32(at)
		if !visit(uint8(head), at) {
			return
		}
		at = uint8(head>>8) &^ 3
	}
}

// Enable lets the function answer at its addresses and reach memory; its
// interrupt line is turned off.
func (f Function) Enable() {
	f.Store32(registerCommand, f.Load32(registerCommand)&0xffff|commandMemory|commandMaster|commandNoINTx)
}

// BAR returns where the registers behind a base address register are.
func (f Function) BAR(index uint8) (abi.PhysAddr, error) {
	if index >= barCount || f.Load32(registerHeaderType)&headerTypeMask != 0 {
		return 0, ErrNoBAR
	}
	low := f.Load32(registerBAR + 4*index)
	if low == allOnes || low&barIO != 0 {
		return 0, ErrNoBAR
	}
	at := abi.PhysAddr(low &^ barFlags)
	if low&barTypeMask == barType64 {
		if index == barCount-1 {
			return 0, ErrNoBAR
		}
		at |= abi.PhysAddr(f.Load32(registerBAR+4*index+4)) << 32
	}
	if at == 0 {
		return 0, ErrNoBAR // the firmware has not assigned it
	}
	return at, nil
}

// MSI-X (6.8.2).
const (
	msixEnable     = 1 << 31
	msixMasked     = 1 << 30
	msixEntryBytes = 16
	messageAddress = 0xfee0_0000 // local APIC 0 (Intel SDM volume 3, 11.11)
)

// MessageInterrupt makes the function send its first message of MSI-X as an
// interrupt of m. Its other messages stay masked.
func (f Function) MessageInterrupt(m device.Machine) (device.Interrupt, error) {
	at := uint8(0)
	f.Capabilities(func(id, offset uint8) bool {
		if id == CapabilityMSIX {
			at = offset
		}
		return at == 0
	})
	if at == 0 || at > 0xf0 {
		return device.Interrupt{}, ErrNoMSIX
	}
	table := f.Load32(at + 4)
	bar, err := f.BAR(uint8(table & 7))
	if err != nil {
		return device.Interrupt{}, err
	}
	entry, err := m.Map(bar+abi.PhysAddr(table&^7), msixEntryBytes)
	if err != nil {
		return device.Interrupt{}, err
	}
	in, err := m.Interrupt(system.Message)
	if err != nil {
		return device.Interrupt{}, err
	}
	entry.Store32(0, messageAddress)
	entry.Store32(4, 0)
	entry.Store32(8, uint32(in.Vector)) // fixed delivery, edge
	entry.Store32(12, 0)                // not masked
	f.Store32(at, f.Load32(at)&^msixMasked|msixEnable)
	return in, nil
}
