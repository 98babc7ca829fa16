// Package cpu has the processor instructions that Go has no words for: port
// input and output, model specific registers, control registers, the loading
// of tables, and plain loads and stores at a numeric address.
//
// In: numbers. Out: numbers. Intel SDM volume 2 and 3 (order number 325462).
// Everything here may run below the Go runtime: no function allocates, grows
// its stack, takes a write barrier or panics. Most instructions fault outside
// ring 0, so nothing here may be called in a Linux process, except the loads,
// the stores and CPUID.
package cpu
