// Package vmm is the stage from an image to a running machine.
//
// In: a Machine, which is an image file, its memory and the streams of its
// program. Out: a Result, which is how the program ended, or an error that says
// why there is none. The packages below it, one for each virtual machine
// monitor, do the work; this one holds what they share: the host channel taken
// apart into streams (abi/channel.go), standard input that is read without
// holding anything up, the last kernel messages, and a child process that never
// outlives the command.
//
// It never writes to the terminal itself, never changes the mode of a terminal,
// and starts no process but the monitor.
package vmm
