package gc

import (
	"math/rand/v2"
	"testing"
)

// The model: what objects there are and what they hold, by Go's own means. Objects
// that a root reaches must have their contents after each step.

// modelRoots is how many roots of each sort the model has.
const modelRoots = 8

// object is what the model knows of one.
type object struct {
	at         address
	array      bool
	length     uint32 // of an array
	bytes      uint64
	references []*object // as they lie in memory
	offsets    []uint64
	stamp      uint64 // last word of an object that has one
}

// model plays a program at random and compares.
type model struct {
	*program
	random  *rand.Rand
	structs []address // types, with
	offsets [][]uint32
	arrays  [2]address // of references, of numbers
	globals address    // words, roots exactly
	table   address    // descriptor of a table
	span    address
	words   address // of the span, looked at as the stack
	roots   [4][modelRoots]*object
	made    int
}

func newModel(t testing.TB, seed uint64) *model {
	m := &model{program: newProgram(t), random: rand.New(rand.NewPCG(seed, 1))}
	for _, bytes := range []uint32{8, 16, 24, 40, 120, 704, 9000, 30000, 40000, 200000} {
		var offsets []uint32
		for at := uint32(8); at+8 < bytes && len(offsets) < 3; at += 8 {
			offsets = append(offsets, at)
		}
		m.structs, m.offsets = append(m.structs, m.structType(bytes, offsets...)), append(m.offsets, offsets)
	}
	m.arrays = [2]address{m.arrayType(8, true), m.arrayType(8, false)}
	m.globals = m.static(make([]uint64, modelRoots)...)
	elements := m.static(make([]uint64, modelRoots)...)
	m.table = m.static(uint64(elements), modelRoots, modelRoots)
	m.words = m.static(make([]uint64, modelRoots)...)
	m.span = m.static(uint64(m.words), modelRoots*8)
	m.register(uint64(m.globals), modelRoots, uint64(m.table), isTable)
	m.register(uint64(m.span), isSpan)
	return m
}

// root is the word of a root, and whether a pointer into an object will do.
func (m *model) root(sort, k int) (at address, conservative bool) {
	switch sort {
	case 0:
		return m.globals + address(k*8), false
	case 1:
		return loadAddress(m.table) + address(k*8), false
	case 2:
		return m.words + address(k*8), true
	default:
		return testStack - modelRoots*8 + address(k*8), true
	}
}

// make makes an object of a random kind, checks that it is clear, and fills it.
func (m *model) make() *object {
	o := &object{}
	switch kind := m.random.IntN(10); {
	case kind < 6:
		k := m.random.IntN(len(m.structs))
		if k > 4 {
			k = m.random.IntN(len(m.structs)) // large ones are rare
		}
		o.bytes = uint64(load32(m.structs[k] + typeBytesAt))
		o.at = m.makeStruct(m.structs[k])
		for _, offset := range m.offsets[k] {
			o.offsets = append(o.offsets, uint64(offset))
		}
	default:
		o.array, o.length = true, uint32(m.random.IntN(2000))>>m.random.IntN(12)
		if m.random.IntN(100) == 0 {
			o.length *= 50
		}
		traced := m.random.IntN(2)
		o.bytes = arrayElementsAt + uint64(o.length)*8
		o.at = NewArray(m.arrays[traced], o.length)
		for k := uint64(0); traced == 0 && k+1 < uint64(o.length); k++ {
			o.offsets = append(o.offsets, arrayElementsAt+k*8)
		}
	}
	if o.at == 0 {
		return nil
	}
	m.checkNew(o)
	m.made++
	o.references, o.stamp = make([]*object, len(o.offsets)), uint64(m.made)<<1|1 // odd: no pointer
	if o.hasStamp() {
		store64(o.at+address(o.bytes-8), o.stamp)
	}
	return o
}

// hasStamp says whether the object has a last word for it.
func (o *object) hasStamp() bool { return o.bytes >= 24 }

// checkNew holds that a new object is where one may be, and clear.
func (m *model) checkNew(o *object) {
	if o.at%16 != 0 || o.at < testRange || uint64(o.at-testRange)+o.bytes > rangeBytes {
		m.t.Fatalf("an object at %#x", uint64(o.at))
	}
	from := uint64(8)
	if o.array {
		from = 16
		if length := load32(o.at + arrayLengthAt); length != o.length {
			m.t.Fatalf("a new array has length %d, want %d", length, o.length)
		}
	}
	for _, b := range at(o.at+address(from), o.bytes-from, 8) {
		if b != 0 {
			m.t.Fatalf("the new object at %#x of %d bytes is not clear", uint64(o.at), o.bytes)
		}
	}
}

// reachable lists the objects that roots lead to.
func (m *model) reachable() (list []*object) {
	seen := map[*object]bool{nil: true}
	for sort := range m.roots {
		for _, o := range m.roots[sort] {
			if !seen[o] {
				seen[o], list = true, append(list, o)
			}
		}
	}
	for k := 0; k < len(list); k++ {
		for _, o := range list[k].references {
			if !seen[o] {
				seen[o], list = true, append(list, o)
			}
		}
	}
	return list
}

// check compares all that is reachable, and holds that no two overlap.
func (m *model) check() {
	m.t.Helper()
	ends := map[address]*object{}
	for _, o := range m.reachable() {
		if other := ends[o.at]; other != nil {
			m.t.Fatalf("two objects at %#x", uint64(o.at))
		}
		ends[o.at] = o
		for k, r := range o.references {
			var want address
			if r != nil {
				want = r.at
			}
			if got := loadAddress(o.at + address(o.offsets[k])); got != want {
				m.t.Fatalf("object %#x: reference %d is %#x, want %#x", uint64(o.at), k, uint64(got), uint64(want))
			}
		}
		if o.hasStamp() {
			if got := load64(o.at + address(o.bytes-8)); got != o.stamp {
				m.t.Fatalf("object %#x of %d bytes: last word %#x, want %#x", uint64(o.at), o.bytes, got, o.stamp)
			}
		}
		if o.array && load32(o.at+arrayLengthAt) != o.length {
			m.t.Fatalf("array %#x: length %d, want %d", uint64(o.at), load32(o.at+arrayLengthAt), o.length)
		}
	}
}

// step does one thing: make an object and put it somewhere, or forget one.
func (m *model) step() {
	sort, k := m.random.IntN(len(m.roots)), m.random.IntN(modelRoots)
	at, conservative := m.root(sort, k)
	if m.random.IntN(8) == 0 {
		m.roots[sort][k] = nil
		switch word := m.random.Uint64N(rangeBytes); {
		case conservative: // an address that may lie in anything, dead or alive
			store64(at, uint64(testRange)+word)
		default:
			store64(at, word%2*5) // null, or an i31
		}
		return
	}
	o := m.make()
	if o == nil { // no room: let go of everything
		for sort := range m.roots {
			for k := range m.roots[sort] {
				at, _ := m.root(sort, k)
				m.roots[sort][k] = nil
				store64(at, 0)
			}
		}
		return
	}
	for k := range o.references {
		if r := m.roots[m.random.IntN(len(m.roots))][m.random.IntN(modelRoots)]; r != nil && (k < 3 || m.random.IntN(50) == 0) {
			o.references[k] = r
			storeAddress(o.at+address(o.offsets[k]), r.at)
		}
	}
	target := o.at
	if conservative {
		target += address(m.random.Uint64N(o.bytes))
	}
	m.roots[sort][k] = o
	storeAddress(at, target)
	if m.random.IntN(30) == 0 { // chains do not grow without end
		for k := range o.references {
			o.references[k] = nil
			store64(o.at+address(o.offsets[k]), 0)
		}
	}
}

func (m *model) run(steps int) {
	for k := range steps {
		m.step()
		if k%200 == 199 {
			m.check()
			m.refuse = m.random.IntN(4) == 0
		}
	}
	m.check()
}

// TestModel plays programs and holds that some of them were collected.
func TestModel(t *testing.T) {
	for seed := range uint64(6) {
		m := newModel(t, seed)
		m.run(4000)
		if load64(testHeap+countAt) < 3 {
			t.Errorf("seed %d: %d collections of %d objects", seed, load64(testHeap+countAt), m.made)
		}
	}
}

func FuzzModel(f *testing.F) {
	f.Add(uint64(1), uint16(500))
	f.Fuzz(func(t *testing.T, seed uint64, steps uint16) { newModel(t, seed).run(int(steps % 4096)) })
}
