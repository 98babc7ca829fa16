package gc

import "testing"

// Where things lie in the memory of tests.
const (
	testHeap    address = 0x1000     // wasm_heap
	testStatics address = 0x10000    // types, modules, roots
	testStack   address = 0x100_0000 // the first byte beyond the stack
	testRange   address = 1 << 33    // objects
)

const (
	testStaticsBytes = 64 << 10
	testStackBytes   = 64 << 10
	testObjectBytes  = 24 << 20 // of the range, beside the collector's own
)

// rangeBytes is the range that has room for testObjectBytes in whole blocks.
const rangeBytes = testObjectBytes + markStackBytes + 2*blockBytes

// program plays compiled code: it has types, roots and a stack.
type program struct {
	t         testing.TB
	statics   address // the next free one
	committed uint64  // bytes
	refuse    bool    // the environment has no more memory
}

// rangeMemory is kept between tests: it is large. dirty is how much was used.
var (
	rangeMemory = make([]byte, rangeBytes)
	rangeDirty  [rangeBytes / blockBytes]bool
)

// newProgram sets up memory as it is when a program begins.
func newProgram(t testing.TB) *program {
	p := &program{t: t, statics: testStatics}
	for k, dirty := range rangeDirty {
		if dirty {
			clear(rangeMemory[k*blockBytes : (k+1)*blockBytes])
			rangeDirty[k] = false
		}
	}
	usable := make([]bool, rangeBytes/blockBytes)
	machine.heap, machine.frame = testHeap, testStack-testStackBytes/2
	machine.areas = []area{
		{testHeap, make([]byte, 4096), nil},
		{testStatics, make([]byte, testStaticsBytes), nil},
		{testStack - testStackBytes, make([]byte, testStackBytes), nil},
		{testRange, rangeMemory, usable},
	}
	machine.commit = func(offset, bytes uint64) int32 {
		if offset%blockBytes != 0 || bytes%blockBytes != 0 || bytes == 0 || offset+bytes > rangeBytes {
			t.Fatalf("commit(%#x, %#x) is not a part of the range in whole blocks", offset, bytes)
		}
		if p.refuse {
			return -1
		}
		for k := offset / blockBytes; k < (offset+bytes)/blockBytes; k++ {
			if usable[k] {
				t.Fatalf("commit(%#x, %#x): block %d is usable", offset, bytes, k)
			}
			usable[k], rangeDirty[k] = true, true
		}
		p.committed += bytes
		return 0
	}
	storeAddress(testHeap+baseAt, testRange)
	store64(testHeap+bytesAt, rangeBytes)
	storeAddress(testHeap+stackTopAt, testStack)
	return p
}

// static makes a constant of words.
func (p *program) static(words ...uint64) address {
	at := p.statics
	for k, w := range words {
		store64(at+address(k*8), w)
	}
	p.statics += address(len(words)*8+15) &^ 15
	return at
}

// structType makes the type of structures of some size with references at offsets.
func (p *program) structType(bytes uint32, references ...uint32) address {
	list := p.statics
	for k, offset := range references {
		store32(list+address(k*4), offset)
	}
	p.statics += address(len(references)*4+15) &^ 15
	return p.static(7, uint64(bytes)<<32|kindStruct, uint64(list), uint64(len(references)))
}

// arrayType makes the type of arrays.
func (p *program) arrayType(elementBytes uint32, traced bool) address {
	count := uint64(0)
	if traced {
		count = 1
	}
	return p.static(7, uint64(elementBytes)<<32|1, 0, count)
}

// register makes a module of roots: pairs of an address and a count.
func (p *program) register(roots ...uint64) {
	Register(p.static(0, 0, uint64(p.static(roots...)), uint64(len(roots)/2)))
}

// class is the class of cells of a size, found by looking at the table.
func class(bytes uint64) (c uint64, ok bool) {
	for c, size := range cellBytes {
		if bytes <= uint64(size) {
			return uint64(c), true
		}
	}
	return 0, false
}

// makeStruct does what compiled code does for struct.new: it takes the next cell.
func (p *program) makeStruct(t address) address {
	bytes := uint64(load32(t + typeBytesAt))
	c, ok := class(bytes)
	if !ok {
		return NewLarge(t)
	}
	b := testHeap + bumpsAt + address(c*bumpBytes)
	cell := loadAddress(b)
	if cell+address(cellBytes[c]) <= loadAddress(b+limitAt) {
		storeAddress(b, cell+address(cellBytes[c]))
		storeAddress(cell, t)
		return cell
	}
	return New(t, c)
}
