// Package clock tells the time of a machine: nanoseconds since boot from the
// time-stamp counter, and the wall clock that the real-time clock started.
//
// In: the rate of the counter, which the caller measures or a hypervisor tells.
// Out: Nanos, and a vDSO image with __vdso_clock_gettime for the Go runtime.
// Linux vDSO(7), KVM's kvmclock (Documentation/virt/kvm/x86/msr.rst), MC146818.
// It runs below the Go runtime, see package memory.
package clock
