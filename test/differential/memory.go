package differential

import (
	"context"
	"syscall"

	"github.com/tetratelabs/wazero/experimental"
)

// largeBytes is from where on a memory is not Go's: it would fill what it allots
// again with zeros, also where nobody looks.
const largeBytes = 1 << 30

// withLargeMemories makes wazero take large memories from the system, which has
// bytes of them only where something was written.
func withLargeMemories(ctx context.Context) context.Context {
	return experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(allocate))
}

func allocate(capacity, _ uint64) experimental.LinearMemory {
	if capacity < largeBytes {
		return &memory{bytes: make([]byte, 0, capacity)}
	}
	b, err := syscall.Mmap(-1, 0, int(capacity), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err != nil {
		panic("differential: no memory of 4 GiB: " + err.Error())
	}
	return &memory{bytes: b, isMapped: true}
}

// memory is a linear memory of the oracle.
type memory struct {
	bytes    []byte
	isMapped bool // and never larger
}

func (m *memory) Reallocate(size uint64) []byte {
	switch {
	case size <= uint64(cap(m.bytes)):
		m.bytes = m.bytes[:size]
	case m.isMapped:
		return nil
	default:
		m.bytes = append(m.bytes, make([]byte, size-uint64(len(m.bytes)))...)
	}
	return m.bytes
}

func (m *memory) Free() {
	if m.isMapped {
		_ = syscall.Munmap(m.bytes[:cap(m.bytes)]) // what cannot be given back stays until the end
	}
}
