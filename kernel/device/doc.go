// Package device is what a driver needs of the machine: registers, memory that
// devices reach, interrupts, and time.
//
// In: physical addresses and interrupt lines. Out: Registers, Memory, slots to
// wait for. Everything goes through the Machine interface, so that drivers run
// under go test against a device made of Go. Open gives the machine itself, or
// nothing in a Linux process. It knows no device and takes no interrupt itself:
// an interrupt only ends a Wait.
package device
