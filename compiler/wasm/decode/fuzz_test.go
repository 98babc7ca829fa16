package decode_test

import (
	"runtime"
	"strings"
	"testing"

	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/internal/suite"
)

// The decoder may take a multiple of the module's bytes: a segment of two bytes
// becomes a struct of a hundred.
const (
	memoryPerByte = 200
	memoryFixed   = 1 << 20
)

// FuzzDecode checks that the decoder never panics, that its memory is bounded
// by the input, and that its errors are one line.
func FuzzDecode(f *testing.F) {
	seeds, err := suite.Seeds(4096)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := decode.Module(b)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(memoryFixed+memoryPerByte*len(b)) {
			t.Errorf("Module(%d bytes) allocated %d bytes", len(b), used)
		}
		if err == nil != (m != nil) {
			t.Errorf("Module() = %v, %v, want one of them", m, err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\n\r\x1b\x00") {
			t.Errorf("Module() = %q, want one line", err)
		}
	})
}
