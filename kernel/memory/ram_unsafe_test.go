package memory

import (
	"syscall"
	"testing"
	"unsafe"
)

// newFrames returns an allocator over RAM of the test process that stands for
// physical memory from 16 MiB, and its end. The RAM is mapped, not allocated by
// Go, so that its addresses mean nothing to the collector.
func newFrames(t testing.TB, bytes uintptr) (f *Frames, low, high uintptr) {
	t.Helper()
	const physical = 16 << 20
	stateBytes := StateBytes(physical + bytes)
	ram, err := syscall.Mmap(-1, 0, int(bytes+LargePageBytes+stateBytes), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(ram) })
	start := (uintptr(unsafe.Pointer(&ram[0])) + LargePageBytes - 1) &^ (LargePageBytes - 1)
	f = new(Frames)
	f.Init(start-physical, start+bytes, physical+bytes)
	return f, physical, physical + bytes
}
