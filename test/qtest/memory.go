package qtest

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mewz/abi"
	"mewz/kernel/device"
)

// memoryFirst is what is given away first: below lie holes of a PC.
const memoryFirst = 1 << 20

// Memory is the memory of a machine, and its clock: what every device.Machine has that is
// no processor's. It begins at physical address 0.
type Memory struct {
	Bytes []byte
	File  *os.File // the same, for whoever maps it, too
	next  int
	start time.Time
}

// NewMemory makes the memory of a machine, for as long as a test runs.
func NewMemory(t testing.TB, bytes int) *Memory {
	t.Helper()
	fd, err := unix.MemfdCreate("machine", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	m := &Memory{File: os.NewFile(uintptr(fd), "machine"), next: memoryFirst, start: time.Now()}
	t.Cleanup(func() { m.File.Close() })
	if err := m.File.Truncate(int64(bytes)); err != nil {
		t.Fatal(err)
	}
	if m.Bytes, err = unix.Mmap(fd, 0, bytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(m.Bytes) })
	return m
}

// Allocate takes memory (device.Machine, as the methods below).
func (m *Memory) Allocate(n int) (device.Memory, error) {
	at := m.next
	m.next += (n + pageBytes - 1) &^ (pageBytes - 1)
	if m.next > len(m.Bytes) {
		return device.Memory{}, device.ErrMemory
	}
	return device.Memory{Bytes: m.Bytes[at : at+n : at+n], Physical: abi.PhysAddr(at)}, nil
}

// Reach tells where memory of Linear lies, in several extents: linear memory is not in
// one piece either. Memory of Go lies nowhere.
func (m *Memory) Reach(b []byte, extents []device.Extent) (n int) {
	at, ok := offsetIn(m.Bytes, b)
	if !ok {
		return 0
	}
	for rest := len(b); rest != 0; n++ {
		part := min(rest, len(b)/3+1)
		extents[n] = device.Extent{Physical: abi.PhysAddr(at), Bytes: uint64(part)}
		at, rest = at+part, rest-part
	}
	return n
}

// Interrupt refuses: nobody is interrupted here, everybody looks.
func (m *Memory) Interrupt(uint32) (device.Interrupt, error) {
	return device.Interrupt{}, device.ErrInterrupt
}

// Now returns the time.
func (m *Memory) Now() time.Duration { return time.Since(m.start) }
