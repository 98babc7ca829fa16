package pci

import "mewz/kernel/cpu"

// Ports is the configuration space by the ports of mechanism 1. It may be used
// in a machine only, and by one goroutine.
type Ports struct{}

const (
	portAddress  = 0xcf8
	portData     = 0xcfc
	portEnable   = 1 << 31
	portAddrMask = 0xfffc
)

// Load32 implements Config.
func (Ports) Load32(address uint32) uint32 {
	cpu.Out32(portAddress, portEnable|address&portAddrMask)
	return cpu.In32(portData)
}

// Store32 implements Config.
func (Ports) Store32(address uint32, v uint32) {
	cpu.Out32(portAddress, portEnable|address&portAddrMask)
	cpu.Out32(portData, v)
}
