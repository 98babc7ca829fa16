//go:build !nonetwork

package main

import "testing"

func TestPoolBytes(t *testing.T) {
	for _, test := range []struct {
		free int64
		want int
	}{{0, poolMinBytes}, {3 << 20, poolMinBytes}, {100 << 20, 32 << 20}, {128 << 20, 64 << 20}, {1 << 50, poolMaxBytes}} {
		left := test.free
		charge := func(n int64) bool {
			if n > left {
				return false
			}
			left -= n
			return true
		}
		if got := poolBytes(charge); got != test.want || left != test.free {
			t.Errorf("poolBytes with %d free = %d, want %d; %d are free after it", test.free, got, test.want, left)
		}
	}
}
