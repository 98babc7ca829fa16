package lower

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"

	"mewz/compiler/wasm"
)

// Types as compiled code tells them apart. Types that are equal by the rules of
// recursive types (3.1.3) have one number, the type id; a type with declared
// supertypes has a display besides: the ids of its supertypes from the root on,
// and its own. A type whose root is d declarations away matches t, itself or as
// a supertype, if and only if its display has the id of t at the depth of t.

// typeInfo is one entry of the type index space.
type typeInfo struct {
	id uint64
	// chain are the supertypes, canonical, from the root to the type itself.
	chain  []uint32
	layout *objectLayout // of a structure or array
}

// depth is how many supertypes lie above the type.
func (t *typeInfo) depth() int { return len(t.chain) - 1 }

// hasDisplay says whether references to functions of the type carry a display.
// Its id is even then, and odd otherwise.
func (t *typeInfo) hasDisplay() bool { return t.depth() > 0 }

// addTypes numbers the types. No id is zero, which is the type of a null entry
// of a table.
func (m *module) addTypes() {
	ids, used := map[uint32]uint64{}, map[uint64]bool{0: true}
	for i := range m.Types {
		info := typeInfo{chain: m.supertypes(uint32(i))}
		if m.Types[i].Kind != wasm.KindFunc {
			info.layout = layOut(m.Module, &m.Types[i])
		}
		canonical := info.chain[info.depth()]
		id, ok := ids[canonical]
		if !ok {
			id = m.newTypeID(canonical, info.hasDisplay(), used)
			ids[canonical], used[id] = id, true
		}
		info.id = id
		m.types = append(m.types, info)
		for _, field := range m.Types[i].Fields {
			m.objectsHoldFunctions = m.objectsHoldFunctions || isFunctionReference(m.Module, field.Type)
		}
		m.displayLength = max(m.displayLength, len(info.chain))
	}
	if m.options.HashedTypeIDs {
		// Code of other modules reads displays at depths of their own.
		m.displayLength = wasm.MaxSubtypeDepth + 1
	}
}

// newTypeID returns a number for a type that no other has. Movable IR depends on
// other types as little as possible.
func (m *module) newTypeID(t uint32, hasDisplay bool, used map[uint64]bool) uint64 {
	id, mask := 2*uint64(len(used))-1, uint64(math.MaxUint64)
	if m.options.HashedTypeIDs || m.options.Movable {
		id = m.hashType(t) | 1
	}
	if !m.options.HashedTypeIDs {
		// Positive 32-bit numbers fit into instructions that compare.
		mask = 1<<31 - 1
	}
	if hasDisplay {
		id &^= 1
	}
	for id &= mask; used[id] && !m.options.HashedTypeIDs; {
		id = (id + 2) & mask
	}
	return id
}

// supertypes lists the supertypes of type t and itself, canonical, the root
// first.
func (m *module) supertypes(t uint32) []uint32 {
	chain := []uint32{m.checked.CanonicalType(t)}
	for len(m.Types[t].Supers) > 0 {
		t = m.Types[t].Supers[0]
		chain = append(chain, m.checked.CanonicalType(t))
	}
	slices.Reverse(chain)
	return chain
}

// hashType is the same number for equal types in all modules. The lowest two
// bits do not count.
func (m *module) hashType(t uint32) uint64 {
	key := ""
	if declared := &m.Types[t]; m.isPlain(declared) {
		key = TypeLetters(m.Module, declared.Params) + ":" + TypeLetters(m.Module, declared.Results)
	} else {
		closed := m.checked.TypeKey(t)
		key = string(closed[:])
	}
	sum := sha256.Sum256([]byte(key))
	return max(binary.LittleEndian.Uint64(sum[:]), 2)
}

// isPlain says whether a type is one that modules of 2.0 can have: letters say
// all of it.
func (m *module) isPlain(t *wasm.Type) bool {
	if t.Kind != wasm.KindFunc || len(t.Supers) > 0 || !t.Final || t.GroupSize > 1 {
		return false
	}
	for _, v := range append(slices.Clone(t.Params), t.Results...) {
		if v.IsReference() && v != wasm.FuncRef && v != wasm.ExternRef {
			return false
		}
	}
	return true
}

// isSubtype says whether type a is b or declares it as a supertype.
func (m *module) isSubtype(a, b uint32) bool {
	return slices.Contains(m.types[a].chain, m.checked.CanonicalType(b))
}

// refersTo says whether every non-null value of the reference type t is of type
// index.
func (m *module) refersTo(t wasm.ValueType, index uint32) bool {
	return t.IsConcrete() && m.isSubtype(t.TypeIndex(), index)
}

// isFunctionReference says whether values of type t are references to functions.
func isFunctionReference(m *wasm.Module, t wasm.ValueType) bool {
	if t.IsConcrete() {
		return uint64(t.TypeIndex()) < uint64(len(m.Types)) && m.Types[t.TypeIndex()].Kind == wasm.KindFunc
	}
	return t.Nullable() == wasm.FuncRef || t.Nullable() == wasm.NullFuncRef
}

// typeLetters are the letters of single types.
var typeLetters = map[wasm.ValueType]byte{
	wasm.I32: 'i', wasm.I64: 'I', wasm.F32: 'f', wasm.F64: 'F', wasm.V128: 'v',
	wasm.FuncRef: 'r', wasm.ExternRef: 'x', wasm.ExnRef: 'e',
}

// TypeLetters writes value types of m as one letter each: i = i32, I = i64,
// f = f32, F = f64, v = v128, r = funcref, x = externref, e = exnref. Other
// reference types share a letter with those of their kind: R to functions, X to
// values of the host, E to exceptions, A to all else.
func TypeLetters(m *wasm.Module, types []wasm.ValueType) string {
	letters := make([]byte, len(types))
	for i, t := range types {
		letter, ok := typeLetters[t]
		switch {
		case ok:
		case isFunctionReference(m, t):
			letter = 'R'
		case t.Nullable() == wasm.ExternRef || t.Nullable() == wasm.NullExternRef:
			letter = 'X'
		case t.Nullable() == wasm.ExnRef || t.Nullable() == wasm.NullExnRef:
			letter = 'E'
		default:
			letter = 'A'
		}
		letters[i] = letter
	}
	return string(letters)
}
