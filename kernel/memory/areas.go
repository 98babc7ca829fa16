package memory

// Protection of an area, in the bits of mmap (POSIX <sys/mman.h>).
const (
	ProtectRead  = 1
	ProtectWrite = 2
	ProtectExec  = 4

	protectMask = ProtectRead | ProtectWrite | ProtectExec

	// areaImage marks an area that is backed by the image: physical says where
	// its first page lies.
	areaImage = 1 << 8
	// areaLocked marks the kernel itself: nothing may replace or change it.
	areaLocked = 1 << 9
)

const (
	areaSlots = 1024 // a power of two; the Go runtime and a program need about 60
	areaMask  = areaSlots - 1
)

// area is a range of virtual memory with one meaning.
type area struct {
	low, high uintptr
	physical  uintptr // areaImage: the frame of low
	flags     uintptr
}

// Areas is the table of areas, sorted and without overlaps.
type Areas struct {
	n    int
	list [areaSlots]area
}

// find returns the index of the first area that ends above address.
//
//go:nosplit
func (a *Areas) find(address uintptr) int {
	low, high := 0, a.n
	for low < high {
		middle := int(uint(low+high) >> 1)
		if a.list[middle&areaMask].high > address {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// lookup returns the area that holds address, or nil.
//
//go:nosplit
func (a *Areas) lookup(address uintptr) *area {
	i := a.find(address)
	if i >= a.n || a.list[i&areaMask].low > address {
		return nil
	}
	return &a.list[i&areaMask]
}

// hasRoom reports whether a change that cuts at two places fits the table.
//
//go:nosplit
func (a *Areas) hasRoom() bool { return a.n <= areaSlots-4 }

// insertAt makes room at index i and writes v there.
//
//go:nosplit
func (a *Areas) insertAt(i int, low, high, physical, flags uintptr) {
	for j := a.n; j > i; j-- {
		from := &a.list[(j-1)&areaMask]
		to := &a.list[j&areaMask]
		to.low, to.high, to.physical, to.flags = from.low, from.high, from.physical, from.flags
	}
	a.n++
	v := &a.list[i&areaMask]
	v.low, v.high, v.physical, v.flags = low, high, physical, flags
}

// removeAt removes count areas from index i.
//
//go:nosplit
func (a *Areas) removeAt(i, count int) {
	for j := i; j+count < a.n; j++ {
		from := &a.list[(j+count)&areaMask]
		to := &a.list[j&areaMask]
		to.low, to.high, to.physical, to.flags = from.low, from.high, from.physical, from.flags
	}
	a.n -= count
}

// cut makes address a boundary between areas and returns the index of the
// first area at or above it.
//
//go:nosplit
func (a *Areas) cut(address uintptr) int {
	i := a.find(address)
	if i >= a.n {
		return i
	}
	v := &a.list[i&areaMask]
	if v.low >= address {
		return i
	}
	high, physical, flags := v.high, v.physical, v.flags
	v.high = address
	if flags&areaImage != 0 {
		physical += address - v.low
	}
	a.insertAt(i+1, address, high, physical, flags)
	return i + 1
}

// merge joins the areas i-1 and i when they have the same meaning, and reports
// whether it did.
//
//go:nosplit
func (a *Areas) merge(i int) bool {
	if i <= 0 || i >= a.n {
		return false
	}
	left, right := &a.list[(i-1)&areaMask], &a.list[i&areaMask]
	if left.high != right.low || left.flags != right.flags {
		return false
	}
	if left.flags&areaImage != 0 && left.physical+(left.high-left.low) != right.physical {
		return false
	}
	left.high = right.high
	a.removeAt(i, 1)
	return true
}

// remove forgets [low, high) and returns the index where it was.
//
// Preconditions: hasRoom.
//
//go:nosplit
func (a *Areas) remove(low, high uintptr) int {
	i := a.cut(low)
	end := a.cut(high)
	a.removeAt(i, end-i)
	return i
}

// set gives [low, high) one meaning, whatever it was before.
//
// Preconditions: hasRoom.
//
//go:nosplit
func (a *Areas) set(low, high, physical, flags uintptr) {
	i := a.remove(low, high)
	a.insertAt(i, low, high, physical, flags)
	a.merge(i + 1)
	a.merge(i)
}

// protect changes the protection of [low, high), which must be covered by
// areas; otherwise it changes nothing and returns false.
//
// Preconditions: hasRoom.
//
//go:nosplit
func (a *Areas) protect(low, high, protection uintptr) bool {
	if !a.covers(low, high, 0) {
		return false
	}
	i := a.cut(low)
	end := a.cut(high)
	for j := i; j < end; j++ {
		v := &a.list[j&areaMask]
		v.flags = v.flags&^protectMask | protection
	}
	for j := end; j >= i; j-- {
		a.merge(j)
	}
	return true
}

// covers reports whether every address of [low, high) lies in an area that
// allows all of protection.
//
//go:nosplit
func (a *Areas) covers(low, high, protection uintptr) bool {
	for i := a.find(low); low < high; i++ {
		if i >= a.n {
			return false
		}
		v := &a.list[i&areaMask]
		if v.low > low || v.flags&protection != protection {
			return false
		}
		low = v.high
	}
	return true
}

// overlaps reports whether [low, high) meets an area with all of flags.
//
//go:nosplit
func (a *Areas) overlaps(low, high, flags uintptr) bool {
	for i := a.find(low); i < a.n; i++ {
		v := &a.list[i&areaMask]
		if v.low >= high {
			return false
		}
		if v.flags&flags == flags {
			return true
		}
	}
	return false
}

// gap returns the highest address below ceiling with bytes free bytes, or 0.
//
//go:nosplit
func (a *Areas) gap(bytes, floor, ceiling uintptr) uintptr {
	high := ceiling
	for i := a.n - 1; i >= 0; i-- {
		v := &a.list[i&areaMask]
		if v.low >= high {
			continue
		}
		if v.high < high && high-v.high >= bytes {
			return high - bytes
		}
		high = v.low
	}
	if high > floor && high-floor >= bytes {
		return high - bytes
	}
	return 0
}
