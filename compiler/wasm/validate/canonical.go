package validate

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"mewz/compiler/wasm"
)

// TypeKey identifies a type beyond its module: types of two modules that equal
// each other have the same key, and others do not. It is the hash of the type's
// recursive group, closed, and of its position there.
func (c *Checked) TypeKey(typeIndex uint32) [sha256.Size]byte {
	t := &c.types[typeIndex]
	return sha256.Sum256(binary.LittleEndian.AppendUint32(c.groupKeys[t.group][:], t.position))
}

// groups finds equal recursive groups. Two of them are equal if their types are
// in the same order, where references within the group count from its beginning
// and those to other groups name equal types (3.1.2 of 3.0: rolling and
// unrolling). So each group gets a key in which all references are closed.
type groups struct {
	*Checked
	seen map[[sha256.Size]byte]uint32 // first type of the group
	hash hash.Hash
	text []byte // what is not hashed yet
}

// hashedAtOnce bounds text: a reference of two bytes takes 40 there.
const hashedAtOnce = 4096

func newGroups(c *Checked) *groups {
	return &groups{c, map[[sha256.Size]byte]uint32{}, sha256.New(), nil}
}

// add notes the identity of the types from first to end, which are a group.
func (g *groups) add(first, end uint32) {
	g.hash.Reset()
	for i := first; i < end; i++ {
		g.writeType(&g.module.Types[i], first)
	}
	g.hash.Write(g.text)
	g.text = g.text[:0]
	var key [sha256.Size]byte
	g.hash.Sum(key[:0])
	same, ok := g.seen[key]
	if !ok {
		same = first
		g.seen[key] = first
		g.groupKeys = append(g.groupKeys, key)
	}
	for i := first; i < end; i++ {
		t := &g.types[i]
		t.canonical, t.position = same+i-first, i-first
		t.group = uint32(len(g.groupKeys) - 1)
		if ok {
			t.group = g.types[same].group
		}
	}
}

// The texts of types are made of numbers, and of lists with their lengths first,
// so that different types have different texts.

func (g *groups) number(n int) {
	g.text = binary.LittleEndian.AppendUint32(g.text, uint32(n))
	if len(g.text) > hashedAtOnce {
		g.hash.Write(g.text)
		g.text = g.text[:0]
	}
}

func (g *groups) writeType(t *wasm.Type, groupFirst uint32) {
	final := 0
	if t.Final {
		final = 1
	}
	g.number(int(t.Kind))
	g.number(final)
	g.number(len(t.Supers))
	for _, super := range t.Supers {
		g.writeValueType(wasm.ReferenceTo(super), groupFirst)
	}
	for _, list := range [...][]wasm.ValueType{t.Params, t.Results} {
		g.number(len(list))
		for _, v := range list {
			g.writeValueType(v, groupFirst)
		}
	}
	g.number(len(t.Fields))
	for _, f := range t.Fields {
		mutable := 0
		if f.Mutable {
			mutable = 1
		}
		g.number(mutable)
		g.writeValueType(f.Type, groupFirst)
	}
}

// writeValueType writes a type as itself; one that is concrete with its index
// in the group, or with the key of another group and its index there.
func (g *groups) writeValueType(t wasm.ValueType, groupFirst uint32) {
	if !t.IsConcrete() {
		g.number(int(t))
		return
	}
	const inside, outside = 0, 1
	index := t.TypeIndex()
	concrete := wasm.ReferenceTo(0)
	if !t.IsNullable() {
		concrete = concrete.NonNull()
	}
	g.number(int(concrete))
	if index >= groupFirst {
		g.number(inside)
		g.number(int(index - groupFirst))
		return
	}
	other := &g.types[index]
	g.number(outside)
	g.text = append(g.text, g.groupKeys[other.group][:]...)
	g.number(int(other.position))
}
