// Package pci finds devices on the PCI bus and gives drivers what they need of
// one: capabilities, base address registers, message-signalled interrupts.
//
// In: the configuration space, by the ports of configuration mechanism 1 (PCI
// local bus 3.0, 3.2.2.3.2). Out: Functions of bus 0, whose addresses the
// firmware has assigned; it assigns none itself and looks behind no bridge. What
// a device says of itself is outside: walks are bounded, offsets are checked.
package pci
