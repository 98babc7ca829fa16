package abi

import (
	"encoding/binary"
	"errors"
	"sort"
)

// Symbols is what the kernel needs to print a backtrace of compiled code: its
// functions, how to find the caller of each instruction, and which instruction
// of the wasm module it came from. The linker makes it from the object's symbol
// table, .eh_frame and line table; nothing of it is touched before a trap.
type Symbols struct {
	Functions []SymbolFunction // sorted by Start
	Rows      []UnwindRow      // sorted by Start
	Locations []SymbolLocation // sorted by Start
}

// SymbolFunction is one function; addresses are relative to Config.TextStart.
type SymbolFunction struct {
	Start, Bytes uint32
	Index        uint32 // wasm function index, or NoFunctionIndex
	Name         string // of the name section or export, may be empty
}

// NoFunctionIndex marks code that is no wasm function (stubs, initialisation).
const NoFunctionIndex = 1<<32 - 1

// UnwindRow holds from Start to the next row: the caller's stack pointer is
// CFAOffset beyond the register, the return address lies 8 bytes below it.
type UnwindRow struct {
	Start     uint32
	CFAOffset int32 // 0: no unwinding from here
	Register  uint8 // UnwindSP or UnwindBP
	SavedBP   int32 // offset of the saved frame pointer from the caller's stack pointer, 0: not saved
}

// Registers of an UnwindRow (DWARF numbers on x86-64).
const (
	UnwindBP = 6
	UnwindSP = 7
)

// SymbolLocation gives the offset in the wasm module of the instruction that
// the code from Start to the next location belongs to; 0 when unknown.
type SymbolLocation struct {
	Start  uint32
	Offset uint32
}

const symbolsMagic = "mewzsym1"

// ErrSymbols is returned for bytes that are no symbols of this version.
var ErrSymbols = errors.New("abi: not symbols of this version of mewz")

const (
	symbolFunctionBytes = 20
	unwindRowBytes      = 16
	symbolLocationBytes = 8
)

// AppendSymbols appends the encoding of s: magic, three counts and the length
// of the names as uint32, then functions, rows, locations and names.
func AppendSymbols(b []byte, s *Symbols) []byte {
	le := binary.LittleEndian
	b = append(b, symbolsMagic...)
	names := 0
	for i := range s.Functions {
		names += len(s.Functions[i].Name)
	}
	for _, n := range []int{len(s.Functions), len(s.Rows), len(s.Locations), names} {
		b = le.AppendUint32(b, uint32(n))
	}
	at := 0
	for i := range s.Functions {
		f := &s.Functions[i]
		for _, v := range []uint32{f.Start, f.Bytes, f.Index, uint32(at), uint32(len(f.Name))} {
			b = le.AppendUint32(b, v)
		}
		at += len(f.Name)
	}
	for _, r := range s.Rows {
		for _, v := range []uint32{r.Start, uint32(r.CFAOffset), uint32(r.Register), uint32(r.SavedBP)} {
			b = le.AppendUint32(b, v)
		}
	}
	for _, l := range s.Locations {
		b = le.AppendUint32(le.AppendUint32(b, l.Start), l.Offset)
	}
	for i := range s.Functions {
		b = append(b, s.Functions[i].Name...)
	}
	return b
}

// SymbolTable looks things up in encoded symbols without decoding them.
type SymbolTable struct {
	functions, rows, locations, names []byte
}

// OpenSymbols checks the header of b.
func OpenSymbols(b []byte) (SymbolTable, error) {
	const headerBytes = 8 + 4*4
	if len(b) < headerBytes || string(b[:8]) != symbolsMagic {
		return SymbolTable{}, ErrSymbols
	}
	var parts [4][]byte
	rest := b[headerBytes:]
	for i, itemBytes := range []uint64{symbolFunctionBytes, unwindRowBytes, symbolLocationBytes, 1} {
		n := uint64(binary.LittleEndian.Uint32(b[8+4*i:])) * itemBytes
		if n > uint64(len(rest)) {
			return SymbolTable{}, ErrSymbols
		}
		parts[i], rest = rest[:n], rest[n:]
	}
	return SymbolTable{parts[0], parts[1], parts[2], parts[3]}, nil
}

// All decodes the whole table.
func (t SymbolTable) All() *Symbols {
	le := binary.LittleEndian
	s := &Symbols{}
	for b := t.functions; len(b) > 0; b = b[symbolFunctionBytes:] {
		f := SymbolFunction{Start: le.Uint32(b), Bytes: le.Uint32(b[4:]), Index: le.Uint32(b[8:])}
		if at, n := uint64(le.Uint32(b[12:])), uint64(le.Uint32(b[16:])); at+n <= uint64(len(t.names)) {
			f.Name = string(t.names[at : at+n])
		}
		s.Functions = append(s.Functions, f)
	}
	for b := t.rows; len(b) > 0; b = b[unwindRowBytes:] {
		s.Rows = append(s.Rows, UnwindRow{Start: le.Uint32(b), CFAOffset: int32(le.Uint32(b[4:])), Register: b[8], SavedBP: int32(le.Uint32(b[12:]))})
	}
	for b := t.locations; len(b) > 0; b = b[symbolLocationBytes:] {
		s.Locations = append(s.Locations, SymbolLocation{Start: le.Uint32(b), Offset: le.Uint32(b[4:])})
	}
	return s
}

// search returns the last item of table whose first uint32 is at most start.
func search(table []byte, itemBytes int, start uint32) ([]byte, bool) {
	i := sort.Search(len(table)/itemBytes, func(i int) bool {
		return binary.LittleEndian.Uint32(table[i*itemBytes:]) > start
	})
	if i == 0 {
		return nil, false
	}
	return table[(i-1)*itemBytes : i*itemBytes], true
}

// Function returns the function that holds start.
func (t SymbolTable) Function(start uint32) (SymbolFunction, bool) {
	item, ok := search(t.functions, symbolFunctionBytes, start)
	if !ok {
		return SymbolFunction{}, false
	}
	le := binary.LittleEndian
	f := SymbolFunction{Start: le.Uint32(item), Bytes: le.Uint32(item[4:]), Index: le.Uint32(item[8:])}
	at, n := uint64(le.Uint32(item[12:])), uint64(le.Uint32(item[16:]))
	if start-f.Start >= f.Bytes || at+n > uint64(len(t.names)) {
		return SymbolFunction{}, false
	}
	f.Name = string(t.names[at : at+n])
	return f, true
}

// Row returns how to unwind from start.
func (t SymbolTable) Row(start uint32) (UnwindRow, bool) {
	item, ok := search(t.rows, unwindRowBytes, start)
	if !ok {
		return UnwindRow{}, false
	}
	le := binary.LittleEndian
	r := UnwindRow{Start: le.Uint32(item), CFAOffset: int32(le.Uint32(item[4:])), Register: item[8], SavedBP: int32(le.Uint32(item[12:]))}
	return r, r.CFAOffset != 0
}

// Location returns the wasm offset of the instruction at start, 0 if unknown.
func (t SymbolTable) Location(start uint32) uint32 {
	item, ok := search(t.locations, symbolLocationBytes, start)
	if !ok {
		return 0
	}
	return binary.LittleEndian.Uint32(item[4:])
}
