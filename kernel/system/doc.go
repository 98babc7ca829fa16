// Package system makes the Linux system calls of the portable kernel.
//
// In: plain values and byte slices. Out: plain values and syscall.Errno, 0 for
// success. As a Linux process Linux answers them, in a machine kernel/linuxabi
// does; nothing here knows which. Calls that may wait go through
// syscall.Syscall6, so that other goroutines run meanwhile; the others are raw.
// It never retries, never interprets and allocates nothing.
package system
