package spec

import (
	"encoding/binary"
	"slices"
	"strings"
)

// References as scripts expect them, and as the process holds them (docs/abi.md):
// null is zero, an i31 is odd, a value of the host is even and small, an object
// is the address of its header, which is the address of its type.

// hostReferenceEnd is above all references of the host that scripts name.
const hostReferenceEnd = 1 << 16

// objectKinds are the kinds of objects as types of theirs have it, in the names
// of scripts.
var objectKinds = [...]string{"structref", "arrayref"}

// isReference says whether v is an expected reference.
func (v Value) isReference() bool { return strings.HasSuffix(v.Type, "ref") || v.Type == "refnull" }

// expectsNull says whether v is a null reference.
func (v Value) expectsNull() bool {
	return v.Type == "refnull" || v.Value == "null" || strings.HasPrefix(v.Type, "null")
}

// matchesReference says whether got is what v expects, as far as that can be
// seen without the memory of the process.
func (v Value) matchesReference(got uint64) bool {
	if v.expectsNull() {
		return got == 0
	}
	if want, err := v.scalar(); err == nil {
		return got == want
	}
	switch {
	case got == 0:
		return false
	case v.Type == "i31ref":
		return got&1 != 0
	case v.Type == "eqref":
		return got&1 != 0 || got >= hostReferenceEnd
	case slices.Contains(objectKinds[:], v.Type):
		return got&1 == 0 && got >= hostReferenceEnd
	default:
		return true
	}
}

// isObject says whether an object that v expects is of the kind that v names.
func (p *process) isObject(v Value, got word) (bool, error) {
	kind := slices.Index(objectKinds[:], v.Type)
	if kind < 0 {
		return true, nil
	}
	header, err := p.readWord(got[0])
	if err != nil {
		return false, err
	}
	const kindOffset = 8 // in a type, after the id
	b, err := p.read(header+kindOffset, 4)
	if err != nil {
		return false, err
	}
	return binary.LittleEndian.Uint32(b) == uint32(kind), nil
}
