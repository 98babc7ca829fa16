package instance

import (
	"bytes"
	"fmt"
	"testing"
	"unsafe"

	"mewz/kernel/instance/internal/probe"
)

// address is where b lies; b must be used afterwards, or it may be gone.
func address(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// lengths are all short ones and those around the borders of loops.
func lengths() (list []int) {
	for n := range 300 {
		list = append(list, n)
	}
	for _, n := range []int{511, 512, 513, 1000, 4097} {
		list = append(list, n)
	}
	return list
}

// eachWidth runs a test with AVX, if there is some, and without.
func eachWidth(t *testing.T, test func(t *testing.T)) {
	fillEntries()
	defer func(old uint64) { current.wideBytes = old }(current.wideBytes)
	for _, mask := range []uint64{basicState, extendedState()} {
		current.wideBytes = wideBytes(mask)
		t.Run(fmt.Sprint("components ", mask), test)
	}
}

// TestMemmove moves every length by distances that overlap in both directions.
func TestMemmove(t *testing.T) {
	eachWidth(t, func(t *testing.T) {
		for _, n := range lengths() {
			for _, distance := range []int{0, 1, -1, 7, -8, 31, 32, -33, 63, -64, 65, 127, -128, 129, n, -n, n - 1, 1 - n} {
				checkMemmove(t, n, distance)
			}
		}
	})
}

func checkMemmove(t *testing.T, n, distance int) {
	t.Helper()
	margin := n + 150
	got := make([]byte, n+2*margin)
	for i := range got {
		got[i] = byte(i*7 + i>>8)
	}
	want := bytes.Clone(got)
	copy(want[margin+distance:][:n], want[margin:][:n])
	start := address(got) + uint64(margin)
	to := start + uint64(distance)
	if result := probe.Invoke(current.memcpyEntry, to, start, uint64(n)); result != to {
		t.Fatalf("memmove(%d bytes by %d) = %#x, want the destination", n, distance, result)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("memmove(%d bytes by %d) is wrong", n, distance)
	}
}

func TestMemset(t *testing.T) {
	eachWidth(t, func(t *testing.T) {
		for _, n := range lengths() {
			for _, value := range []uint64{0, 0xff, 0xdead42} {
				const margin = 64
				got := bytes.Repeat([]byte{7}, n+2*margin)
				want := bytes.Clone(got)
				for i := range n {
					want[margin+i] = byte(value)
				}
				start := address(got) + margin
				if result := probe.Invoke(current.memsetEntry, start, value, uint64(n)); result != start {
					t.Fatalf("memset(%d bytes) = %#x, want the destination", n, result)
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("memset(%d bytes of %#x) is wrong", n, value)
				}
			}
		}
	})
}

func BenchmarkMemmove(b *testing.B) {
	fillEntries()
	current.wideBytes = wideBytes(extendedState())
	for _, n := range []int{8, 32, 100, 1000, 16 << 10, 1 << 20} {
		from, to := make([]byte, n), make([]byte, n)
		b.Run(fmt.Sprintf("mewz/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				probe.Invoke(current.memmoveEntry, address(to), address(from), uint64(n))
			}
		})
		b.Run(fmt.Sprintf("go/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				copy(to, from)
			}
		})
	}
}
