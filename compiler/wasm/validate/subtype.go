package validate

import (
	"fmt"

	"mewz/compiler/wasm"
)

// noType is the index of no type.
const noType = ^uint32(0)

// typeInfo is what is known of a type besides its definition. Equal types have
// equal infos.
type typeInfo struct {
	canonical uint32 // the first type that equals this one
	group     uint32 // index of the group's key, and the position within it
	position  uint32
	super     uint32 // canonical, or noType
	depth     uint32 // number of supertypes above each other

	// The canonical types are a forest below those without a supertype. Numbered
	// from the roots downwards, a type and all its subtypes are a run, so that
	// two comparisons tell whether one is a subtype of the other.
	first, end uint32

	defaults bool // every field has a default value
}

// CanonicalType is the first type that equals the given one: types are compared
// by their structure, so equal types must have one identity.
func (c *Checked) CanonicalType(typeIndex uint32) uint32 { return c.types[typeIndex].canonical }

// Supertype is the canonical index of the type that a type declares as its
// supertype; ok is false if there is none.
func (c *Checked) Supertype(typeIndex uint32) (super uint32, ok bool) {
	super = c.types[typeIndex].super
	return super, super != noType
}

// TypeDepth is how many supertypes a type has above each other, at most
// wasm.MaxSubtypeDepth.
func (c *Checked) TypeDepth(typeIndex uint32) int { return int(c.types[typeIndex].depth) }

// Supertypes are the canonical indices of a type's supertypes and of the type
// itself, which is the last; entry number d has depth d.
func (c *Checked) Supertypes(typeIndex uint32) []uint32 {
	chain := make([]uint32, c.types[typeIndex].depth+1)
	at := c.types[typeIndex].canonical
	for d := len(chain) - 1; d >= 0; d-- {
		chain[d] = at
		at = c.types[at].super
	}
	return chain
}

// HasSubtypes says whether the module declares subtypes of a type.
func (c *Checked) HasSubtypes(typeIndex uint32) bool {
	t := &c.types[typeIndex]
	return t.end-t.first > 1
}

// HasDefaults says whether all fields of a structure or array type have a
// default value.
func (c *Checked) HasDefaults(typeIndex uint32) bool { return c.types[typeIndex].defaults }

// linkSupertypes finds the supertypes of the canonical types and numbers the
// forest that they are. A supertype stands before its subtypes, as does the
// canonical type before those that equal it.
func (c *checker) linkSupertypes() error {
	size := make([]uint32, len(c.types)) // of the subtree of a canonical type
	for i := range c.types {
		t := &c.types[i]
		if t.canonical != uint32(i) {
			continue
		}
		t.super = noType
		size[i] = 1
		if supers := c.module.Types[i].Supers; len(supers) > 0 {
			t.super = c.types[supers[0]].canonical
			t.depth = c.types[t.super].depth + 1
		}
		if t.depth > wasm.MaxSubtypeDepth {
			return fail(c.module.Types[i].Offset, fmt.Errorf("type %d has more than %d supertypes: %w", i, wasm.MaxSubtypeDepth, ErrImplementationSize))
		}
	}
	for i := len(size) - 1; i >= 0; i-- {
		if t := &c.types[i]; t.canonical == uint32(i) && t.super != noType {
			size[t.super] += size[i]
		}
	}
	next, roots := make([]uint32, len(size)), uint32(0) // the number that the next subtype gets
	for i := range c.types {
		t := &c.types[i]
		if t.canonical != uint32(i) {
			*t = c.types[t.canonical]
			continue
		}
		place := &roots
		if t.super != noType {
			place = &next[t.super]
		}
		t.first, t.end = *place, *place+size[i]
		*place = t.end
		next[i] = t.first + 1
	}
	return nil
}

// firstHeap is the lowest byte of an abstract heap type; there are heapCount.
const (
	firstHeap = wasm.ExnRef
	heapCount = wasm.NullExnRef - firstHeap + 1
)

// heapSet is a set of abstract heap types, a bit each.
type heapSet uint16

func heaps(types ...wasm.ValueType) (s heapSet) {
	for _, t := range types {
		s |= 1 << (t - firstHeap)
	}
	return s
}

// abstractSupertypes are the heap types above an abstract one, itself included
// (3.3.3 of 3.0).
var abstractSupertypes = [heapCount]heapSet{
	wasm.AnyRef - firstHeap:        heaps(wasm.AnyRef),
	wasm.EqRef - firstHeap:         heaps(wasm.EqRef, wasm.AnyRef),
	wasm.I31Ref - firstHeap:        heaps(wasm.I31Ref, wasm.EqRef, wasm.AnyRef),
	wasm.StructRef - firstHeap:     heaps(wasm.StructRef, wasm.EqRef, wasm.AnyRef),
	wasm.ArrayRef - firstHeap:      heaps(wasm.ArrayRef, wasm.EqRef, wasm.AnyRef),
	wasm.NullRef - firstHeap:       heaps(wasm.NullRef, wasm.I31Ref, wasm.StructRef, wasm.ArrayRef, wasm.EqRef, wasm.AnyRef),
	wasm.FuncRef - firstHeap:       heaps(wasm.FuncRef),
	wasm.NullFuncRef - firstHeap:   heaps(wasm.NullFuncRef, wasm.FuncRef),
	wasm.ExternRef - firstHeap:     heaps(wasm.ExternRef),
	wasm.NullExternRef - firstHeap: heaps(wasm.NullExternRef, wasm.ExternRef),
	wasm.ExnRef - firstHeap:        heaps(wasm.ExnRef),
	wasm.NullExnRef - firstHeap:    heaps(wasm.NullExnRef, wasm.ExnRef),
}

// kindHeap is the abstract heap type right above the types of a kind, and
// kindBottom the one below them all.
var (
	kindHeap   = [...]wasm.ValueType{wasm.KindFunc: wasm.FuncRef, wasm.KindStruct: wasm.StructRef, wasm.KindArray: wasm.ArrayRef}
	kindBottom = [...]wasm.ValueType{wasm.KindFunc: wasm.NullFuncRef, wasm.KindStruct: wasm.NullRef, wasm.KindArray: wasm.NullRef}
)

// IsSubtype says whether every value of type have is one of type want (3.3.5 of
// 3.0). Packed types are subtypes of themselves only.
func (c *Checked) IsSubtype(have, want wasm.ValueType) bool {
	if have == want || have == anyType {
		return true
	}
	if have.IsNullable() && !want.IsNullable() {
		return false
	}
	below, above := have.Nullable(), want.Nullable()
	switch {
	case below == above:
		return true
	case below == anyType: // the heap type of bottomRef
		return isAbstract(above) || above.IsConcrete()
	case above.IsConcrete() && below.IsConcrete():
		a, b := &c.types[below.TypeIndex()], &c.types[above.TypeIndex()]
		return a.first >= b.first && a.first < b.end
	case above.IsConcrete():
		return below == kindBottom[c.module.Types[above.TypeIndex()].Kind]
	case !isAbstract(above):
		return false
	case below.IsConcrete():
		below = kindHeap[c.module.Types[below.TypeIndex()].Kind]
	case !isAbstract(below):
		return false
	}
	return abstractSupertypes[below-firstHeap]&(1<<(above-firstHeap)) != 0
}

// isAbstract says whether the nullable type t refers to an abstract heap type.
func isAbstract(t wasm.ValueType) bool { return t-firstHeap < heapCount }

// areSubtypes says whether a list of values of types have may stand for one of
// types want (3.3.6).
func (c *Checked) areSubtypes(have, want []wasm.ValueType) bool {
	if len(have) != len(want) {
		return false
	}
	for i, t := range have {
		if t != want[i] && !c.IsSubtype(t, want[i]) {
			return false
		}
	}
	return true
}

// topOf is the nullable reference to the highest heap type above t's, from which
// a cast to t may start (3.3.3).
func (c *Checked) topOf(t wasm.ValueType) wasm.ValueType {
	t = t.Nullable()
	if t.IsConcrete() {
		t = kindHeap[c.module.Types[t.TypeIndex()].Kind]
	}
	for _, top := range [...]wasm.ValueType{wasm.FuncRef, wasm.ExternRef, wasm.ExnRef} {
		if c.IsSubtype(t, top) {
			return top
		}
	}
	return wasm.AnyRef
}
