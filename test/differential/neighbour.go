package differential

import (
	"strings"

	"mewz/compiler/wasm"
)

// Groups of accesses at one address plus constants, of which the compiler computes
// one from the other (nearby.go of package lower).

const (
	neighboursMin, neighboursMore = 3, 8
	nearPlaces                    = 0x3fff // mask of where a group that must not trap begins
	nearStep                      = 16     // at most, of a loop's address
	// nearMax is the largest distance: it leads no further than the first wasm page,
	// with as many loops as there are accesses before.
	nearMax = wasmPage - nearPlaces - neighboursMin - (neighboursMin+neighboursMore)*roundsMax*nearStep - 2*nearSpread
	// nearSpread is how far apart accesses around one distance are.
	nearSpread = 32
)

// nearBiases are what the variable part of the addresses is less than the place,
// modulo 2^32.
var nearBiases = []int{0, 0, 0, 1, nearSpread, 0x7ff0, 0x8000, 0x1_0000, 0x7fff_ffff, -0x8000_0000, -nearSpread, -0x8000}

// nearDistances are where accesses are, from the place.
var nearDistances = []int{0, 0, 0, nearSpread, 0x7ff0, 0x8000, 0x8000 + nearSpread, nearMax}

// group is a group of accesses while it is made.
type group struct {
	*function
	root          int // the local that all addresses are made of
	bias          int
	distances     []int
	loads, stores []operator
	sum           int // the local that all that is loaded goes to
	mayTrap       bool
	spread        int // how far apart accesses around one distance are
}

// neighbours is a statement that accesses what lies beside each other.
func (f *function) neighbours(depth int) {
	r := f.g.r
	g := &group{function: f, root: f.local('i'), sum: f.local('I'), bias: pick(r, nearBiases), spread: nearSpread}
	isFull := f.g.isFull()
	g.mayTrap = isFull || f.risks > 0 && f.chance(30)
	g.distances = []int{pick(r, nearDistances), pick(r, nearDistances)}
	if g.mayTrap {
		f.risks = max(f.risks-1, 0)
		g.distances, g.spread = []int{0}, pick(r, []int{2, 2, 4, 8, nearSpread})
		f.edge(g.spread)
	} else {
		f.expression('i', depth-1)
		f.i32(nearPlaces)
		f.op(opI32And)
	}
	if g.bias != 0 {
		f.i32(g.bias)
		f.op(wasm.OpI32Sub)
	}
	// Otherwise the compiler sees what the address is made of.
	if f.chance(80) {
		f.expression('i', 1)
		f.i32(0)
		f.op(opI32And)
		f.op(opI32Xor)
	}
	f.emit(wasm.OpLocalSet, g.root)
	bytesMax := 8
	if isFull { // of few bytes, so that many do not cross the end
		bytesMax = pick(r, []int{1, 1, 2, 8})
	}
	g.loads, g.stores = f.integerAccesses(bytesMax)
	for n := neighboursMin + r.IntN(neighboursMore); n > 0; n -= g.some(n) {
	}
	f.show('I', func() { f.emit(wasm.OpLocalGet, g.sum) })
}

// edge pushes an address less than so many bytes before an end of memory.
func (f *function) edge(before int) {
	switch f.g.r.IntN(3) {
	case 0:
		f.i32(0)
	default: // the end of the memory, which may be that of the address space
		f.op(wasm.OpMemorySize)
		f.code = append(f.code, 0)
		f.i32(wasmPage)
		f.op(wasm.OpI32Mul)
	}
	f.i32(f.g.r.IntN(before))
	f.op(wasm.OpI32Sub)
}

// integerAccesses are the loads and stores of integers of some bytes at most.
func (f *function) integerAccesses(bytesMax int) (loads, stores []operator) {
	for _, letter := range []byte("iI") {
		for _, o := range f.g.scalars[letter] {
			if strings.Contains(o.info.Name, ".load") && int(o.info.AccessBytes) <= bytesMax && o.info.Feature == wasm.FeatureNone {
				loads = append(loads, o)
			}
		}
	}
	for _, o := range f.g.stores {
		if (o.operands == "ii" || o.operands == "iI") && int(o.info.AccessBytes) <= bytesMax && o.info.Feature == wasm.FeatureNone {
			stores = append(stores, o)
		}
	}
	return loads, stores
}

// some appends up to n accesses, perhaps in a block that is left early or in a
// loop, and returns how many.
func (g *group) some(n int) int {
	inside := min(n, 1+g.g.r.IntN(2))
	body := func() {
		for range inside {
			g.one()
		}
	}
	switch k := g.g.r.IntN(100); {
	case k < 15:
		g.expression('i', 2)
		g.enter(wasm.OpIf, ":", "")
		body()
		g.leave()
	case k < 30:
		g.enter(wasm.OpBlock, ":", "")
		g.one()
		g.expression('i', 2)
		g.emit(wasm.OpBrIf, 0)
		body()
		g.leave()
	case k < 40 && !g.simple && g.counted < countedMax:
		g.loop(depthMax, func() {
			body()
			g.emit(wasm.OpLocalGet, g.root)
			g.i32(g.g.r.IntN(nearStep + 1))
			g.op(wasm.OpI32Add)
			g.emit(wasm.OpLocalSet, g.root)
		})
	default:
		g.one()
		return 1
	}
	return inside
}

// one appends one access.
func (g *group) one() {
	r := g.g.r
	distance := pick(r, g.distances) + r.IntN(g.spread)
	offset, offsetMax := 0, distance
	if g.mayTrap {
		distance -= g.spread / 2
		offsetMax = g.spread
	}
	if g.chance(40) {
		offset = r.IntN(offsetMax + 1)
	}
	isLoad := g.chance(60)
	if isLoad {
		g.emit(wasm.OpLocalGet, g.sum)
	}
	g.address(distance + g.bias - offset)
	if isLoad {
		g.access(pick(r, g.loads), offset)
		g.op(opI64Xor)
		g.i64(1)
		g.op(opI64Rotl)
		g.emit(wasm.OpLocalSet, g.sum)
		return
	}
	store := pick(r, g.stores)
	g.emit(wasm.OpLocalGet, g.sum)
	if store.operands == "ii" {
		g.op(opI32WrapI64)
	}
	g.access(store, offset)
}

// access appends the instruction of an access; what it loads becomes an i64.
func (g *group) access(o operator, offset int) {
	g.op(o.opcode)
	g.code = appendUnsigned(append(g.code, 0), uint64(offset))
	if o.result == "i" {
		g.op(opI64ExtendI32U)
	}
}

func (g *group) i64(v uint64) { g.constant('I', [2]uint64{v}) }

// address pushes the root plus a constant, as one of several sums.
func (g *group) address(constant int) {
	get := func() { g.emit(wasm.OpLocalGet, g.root) }
	r := g.g.r
	switch n := r.IntN(100); {
	case constant == 0 && n < 80:
		get()
	case n < 50:
		get()
		g.i32(constant)
		g.op(wasm.OpI32Add)
	case n < 65:
		g.i32(constant)
		get()
		g.op(wasm.OpI32Add)
	case n < 80:
		get()
		g.i32(-constant)
		g.op(wasm.OpI32Sub)
	default:
		first := r.IntN(2*nearSpread) - nearSpread
		get()
		g.i32(first)
		g.op(wasm.OpI32Add)
		g.i32(constant - first)
		g.op(wasm.OpI32Add)
	}
}
