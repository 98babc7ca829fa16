package lower

import (
	"errors"
	"fmt"
	"strings"

	"mewz/compiler/object"
	"mewz/compiler/wasm/validate"
)

// MemoryBase is how compiled code finds byte 0 of linear memory.
type MemoryBase uint8

// The ways.
const (
	// MemorySymbol is an absolute symbol below 2 GiB: the fastest, for images.
	MemorySymbol MemoryBase = iota
	// MemoryPointer is a variable wasm_memory_base that the environment sets
	// before it calls anything: for memories anywhere.
	MemoryPointer
)

// Options are what the IR depends on besides the module.
type Options struct {
	SymbolPrefix  string // before every symbol of the module's own
	Target        Target
	CPU           string // LLVM's name of the processor to compile for
	Memory        MemoryBase
	HashedTypeIDs bool // type ids that agree between modules linked with each other
	Locations     bool // line table: the module offset of calls, memory accesses and traps

	// EveryLocation gives every instruction a place, for listings: the same code,
	// but a much larger line table.
	EveryLocation bool

	// Global0InRegister passes global 0 between functions in a register, where
	// that cannot be noticed.
	Global0InRegister bool

	// LocalsInMemory keeps locals in stack slots, which is what LLVM without
	// optimisation does best with.
	LocalsInMemory bool

	// Movable has IR say nothing of where in the module its functions stand, so
	// that the object of a shard serves again when other functions change.
	// Functions that are inlined would have the wrong names and places, so it is
	// not for levels that inline.
	Movable bool
	// Readable has movable IR name functions and places as the module does: the
	// same code, for people.
	Readable bool
}

// Target is the machine that IR is for.
type Target struct {
	Triple     string
	DataLayout string
}

// Shard is a run of functions that become one LLVM module.
type Shard struct {
	First, End int // indices of wasm.Module.Code
	CodeBytes  int
	Huge       bool // one function so large that optimising it would take too long
	Heap       bool // no functions of the module, but the heap of objects
}

// Plan is a module ready to be written as IR.
type Plan struct {
	module *module
	shards []Shard
}

// New analyses a valid module.
func New(checked *validate.Checked, o Options) (*Plan, error) {
	if strings.ContainsAny(o.SymbolPrefix, "\x00\"\\%") {
		return nil, errors.New("symbol prefix: it contains a character that symbols cannot have")
	}
	if err := Supported(checked); err != nil {
		return nil, err
	}
	m, err := newModule(checked, o)
	if err != nil {
		return nil, err
	}
	p := &Plan{m, cutShards(m.Module, m.usage.code)}
	m.movable = o.Movable && len(p.shards) > 1
	if m.heap {
		p.shards = append(p.shards, Shard{First: len(m.Code), End: len(m.Code), Heap: true})
	}
	return p, nil
}

// HasHeap says whether the object needs the heap of objects.
func (p *Plan) HasHeap() bool { return p.module.heap }

// Shards returns the shards in order of functions. The first one also defines
// what is not a function; if there are several it has no functions.
func (p *Plan) Shards() []Shard { return p.shards }

// IR writes shard number i.
func (p *Plan) IR(i int) (*Text, error) {
	if p.shards[i].Heap {
		return &Text{IR: p.module.heapIR()}, nil
	}
	s := newShard(p.module, p.shards[i])
	if err := s.write(i == 0); err != nil {
		return nil, fmt.Errorf("lower: %w", err)
	}
	return &Text{s.out, s.place}, nil
}

// InitialMemory returns the active data segments that are applied before the
// module runs, in order.
func (p *Plan) InitialMemory() []object.Data {
	var list []object.Data
	for i := range p.module.Data {
		if p.module.data[i].static {
			at, _ := p.module.evaluate(&p.module.Data[i].Address)
			list = append(list, object.Data{Offset: at.bits, Bytes: p.module.Data[i].Bytes})
		}
	}
	return list
}

// SegmentData is a data segment that code reads: a symbol and its bytes.
type SegmentData struct {
	Symbol string
	Bytes  []byte
}

// Segments returns the data segments that are not part of the initial memory.
// The IR refers to them by their symbols.
func (p *Plan) Segments() []SegmentData {
	var list []SegmentData
	for i := range p.module.Data {
		if s := &p.module.data[i]; !s.static {
			list = append(list, SegmentData{s.symbol, p.module.Data[i].Bytes})
		}
	}
	return list
}

// FunctionSymbol is the symbol of a function of the index space.
func (p *Plan) FunctionSymbol(index int) string {
	if f := &p.module.functions[index]; f.imported {
		return f.importSymbol
	}
	return p.module.own(kindFunction, index)
}
