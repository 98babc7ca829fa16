package memory

const (
	rangeSlots = 128 // a power of two; QEMU reports 4 to 10 ranges
	rangeMask  = rangeSlots - 1
)

// ranges is a set of ranges of physical memory, sorted by nothing.
type ranges struct {
	n    int
	list [rangeSlots]struct{ low, high uintptr }
}

// add adds [low, high), as far as whole pages go. A range beyond the table is
// lost: RAM that stays unused.
//
//go:nosplit
func (r *ranges) add(low, high uintptr) {
	low = (low + PageBytes - 1) &^ (PageBytes - 1)
	high &^= PageBytes - 1
	if low >= high || r.n >= rangeSlots {
		return
	}
	v := &r.list[r.n&rangeMask]
	v.low, v.high = low, high
	r.n++
}

// subtract removes [low, high), grown to whole pages, from all ranges.
//
//go:nosplit
func (r *ranges) subtract(low, high uintptr) {
	low &^= PageBytes - 1
	high = (high + PageBytes - 1) &^ (PageBytes - 1)
	for i := r.n - 1; i >= 0; i-- {
		v := &r.list[i&rangeMask]
		oldLow, oldHigh := v.low, v.high
		if high <= oldLow || low >= oldHigh {
			continue
		}
		last := &r.list[(r.n-1)&rangeMask]
		v.low, v.high = last.low, last.high
		r.n--
		r.add(oldLow, min(low, oldHigh))
		r.add(max(high, oldLow), oldHigh)
	}
}

// end returns the highest end of all ranges.
//
//go:nosplit
func (r *ranges) end() uintptr {
	end := uintptr(0)
	for i := 0; i < r.n; i++ {
		end = max(end, r.list[i&rangeMask].high)
	}
	return end
}

// take removes bytes from the start of the largest range that ends at or below
// limit and returns their address, or 0.
//
//go:nosplit
func (r *ranges) take(bytes, limit uintptr) uintptr {
	best := r.largest(limit)
	if best < 0 {
		return 0
	}
	v := &r.list[best&rangeMask]
	if min(v.high, limit)-v.low < bytes {
		return 0
	}
	v.low += bytes
	return v.low - bytes
}

// largest returns the index of the range with the most bytes below limit, or -1.
//
//go:nosplit
func (r *ranges) largest(limit uintptr) int {
	best, most := -1, uintptr(0)
	for i := 0; i < r.n; i++ {
		v := &r.list[i&rangeMask]
		high := min(v.high, limit)
		if high > v.low && high-v.low > most {
			best, most = i, high-v.low
		}
	}
	return best
}

// contains reports whether [low, high) lies within one range.
//
//go:nosplit
func (r *ranges) contains(low, high uintptr) bool {
	low &^= PageBytes - 1
	high = (high + PageBytes - 1) &^ (PageBytes - 1)
	for i := 0; i < r.n; i++ {
		v := &r.list[i&rangeMask]
		if v.low <= low && high <= v.high {
			return true
		}
	}
	return false
}
