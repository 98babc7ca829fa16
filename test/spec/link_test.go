package spec

import (
	"math"
	"testing"

	"mewz/compiler/wasm"
)

func TestLimitsMatch(t *testing.T) {
	tests := []struct {
		size   uint64
		hasMax bool
		limit  uint64
		want   wasm.Limits
		ok     bool
	}{
		{10, false, 0, wasm.Limits{Min: 10}, true},
		{9, false, 0, wasm.Limits{Min: 10}, false},
		{10, false, 0, wasm.Limits{Min: 10, Max: math.MaxUint32, HasMax: true}, false},
		{10, true, 20, wasm.Limits{Min: 10, Max: 20, HasMax: true}, true},
		{10, true, 21, wasm.Limits{Min: 10, Max: 20, HasMax: true}, false},
		{10, true, 19, wasm.Limits{Min: 0, Max: 20, HasMax: true}, true},
		{10, true, 20, wasm.Limits{Min: 0}, true},
	}
	for _, test := range tests {
		if got := limitsMatch(test.size, test.hasMax, test.limit, test.want); got != test.ok {
			t.Errorf("limitsMatch(%d, %v, %d, %+v) = %v, want %v", test.size, test.hasMax, test.limit, test.want, got, test.ok)
		}
	}
}
