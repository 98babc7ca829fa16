package instance

import (
	"testing"

	"mewz/abi"
)

// TestCommitHeapRefuses holds that nothing outside of the heap's range becomes
// usable, whatever the program asks for.
func TestCommitHeapRefuses(t *testing.T) {
	const failed = 1<<32 - 1
	with, without := &Instance{config: &abi.Config{Heap: 0x800000}}, &Instance{config: &abi.Config{}}
	for _, test := range []struct {
		name          string
		instance      *Instance
		offset, bytes uint64
	}{
		{"no heap", without, 0, abi.WasmPageBytes},
		{"beyond", with, abi.HeapReservedBytes, abi.WasmPageBytes},
		{"across the end", with, abi.HeapReservedBytes - abi.WasmPageBytes, 2 * abi.WasmPageBytes},
		{"far beyond", with, 1 << 63, abi.WasmPageBytes},
		{"wraps around", with, abi.WasmPageBytes, 1<<64 - abi.WasmPageBytes},
		{"odd offset", with, 8, abi.WasmPageBytes},
		{"odd length", with, 0, 8},
	} {
		if got := test.instance.CommitHeap(test.offset, test.bytes); got != failed {
			t.Errorf("%s: CommitHeap(%#x, %#x) = %d, want %d", test.name, test.offset, test.bytes, got, failed)
		}
	}
}
