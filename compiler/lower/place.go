package lower

import (
	"strconv"
	"strings"

	"mewz/compiler/object"
	"mewz/compiler/wasm"
)

// A movable shard. One more function in front renumbers all functions behind it
// and moves their bytes in the file, and yet those that are not changed need not
// be compiled again. So movable IR says nothing of either: its functions are
// numbered in the order in which the shard mentions them, and places in the
// module are counted from the shard's first function. Place puts that right in
// the object.
//
//	module      f0 f1 f2 [ f3 f4 ] f5         f3 calls f0, f4 calls f3 and f5
//	shard                [ f0 f2 ]            as IR numbers them
//	Place.functions      3 0 4 5

// Text is the IR of a shard.
type Text struct {
	IR    []byte
	Place *Place // nil if the object is right as it is
}

// Place is where in the module a shard stands.
type Place struct {
	prefix    string
	functions []uint32    // of the module, by number in the shard
	offset    wasm.Offset // that stands for line object.MovableLine
}

// The kinds of symbols that have a function's number.
const (
	kindFunction   = "f"
	kindDescriptor = "r" // what a reference to the function points to
	kindAdapter    = "i" // the function as references call it
)

// Move makes the object of a movable shard an object of the module.
func (p *Place) Move(f *object.File) error {
	for i := range f.Symbols {
		f.Symbols[i].Name = p.symbol(f.Symbols[i].Name)
	}
	return f.MoveLines(uint64(p.offset))
}

// symbol returns the name that a symbol has in the module.
func (p *Place) symbol(name string) string {
	rest, ok := strings.CutPrefix(name, p.prefix)
	if !ok || rest == "" {
		return name
	}
	switch kind := rest[:1]; kind {
	case kindFunction, kindDescriptor, kindAdapter:
		if n, err := strconv.ParseUint(rest[1:], 10, 32); err == nil && n < uint64(len(p.functions)) {
			return p.prefix + kind + strconv.Itoa(int(p.functions[n]))
		}
	}
	return name
}

// own is a symbol of a function of the module, as the shard writes it.
func (s *shard) own(kind string, index uint32) string {
	if s.place == nil {
		return s.module.own(kind, int(index))
	}
	n, ok := s.local[index]
	if !ok {
		n = len(s.place.functions)
		s.local[index] = n
		s.place.functions = append(s.place.functions, index)
	}
	return s.module.own(kind, n)
}

// symbol is the symbol of a function of the index space, as the shard writes it.
func (s *shard) symbol(index uint32) string {
	if f := &s.module.functions[index]; f.imported {
		return f.importSymbol
	}
	return s.own(kindFunction, index)
}

// line is what the line table says of a place in the module.
func (s *shard) line(offset wasm.Offset) uint64 {
	if s.place == nil {
		return uint64(offset)
	}
	return object.MovableLine + uint64(offset-s.place.offset)
}
