package validate_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mewz/compiler/wasm"
)

// Type definitions in the binary format.
const (
	emptyFunc  = "\x60\x00\x00"
	openFunc   = "\x50\x00\x60\x00\x00" // (sub (func))
	openStruct = "\x50\x00\x5f\x00"
	array8     = "\x5e\x78\x01"     // (array (mut i8))
	arrayFunc  = "\x5e\x70\x00"     // (array funcref)
	pair       = "\x5f\x02\x7f\x00" // followed by the second field
)

// group is a recursive group.
func group(types ...string) string { return "\x4e" + vector(types...) }

func typeSection(types ...string) string { return header + section(1, vector(types...)) }

func TestValidateTypeFaults(t *testing.T) {
	for _, test := range []struct{ name, module, want string }{
		{"beyond the group", typeSection("\x60\x01\x63\x01\x00", emptyFunc), "type section: offset 0xb: type 0: unknown type 1"},
		{"beyond a group of two", typeSection(group("\x60\x01\x63\x02\x00", emptyFunc)), "unknown type 2"},
		{"supertype behind", typeSection(group("\x50\x01\x01\x60\x00\x00", openFunc)), "unknown type 1: a supertype stands before its subtypes"},
		{"supertype of itself", typeSection("\x50\x01\x00\x60\x00\x00"), "unknown type 0"},
		{"two supertypes", typeSection(openFunc, openFunc, "\x50\x02\x00\x01\x60\x00\x00"), "sub type: 2 supertypes"},
		{"final", typeSection(emptyFunc, "\x50\x01\x00\x60\x00\x00"), "type 1: sub type: type 0 is final"},
		{"other kind", typeSection(openFunc, "\x50\x01\x00\x5f\x00"), "sub type: the struct type does not match that of type 0"},
		{"fewer fields", typeSection("\x50\x00\x5f\x01\x7f\x00", "\x50\x01\x00\x5f\x00"), "sub type"},
		{"mutable field", typeSection("\x50\x00\x5f\x01\x6e\x01", "\x50\x01\x00\x5f\x01\x6d\x01"), "sub type"},
		{"packed field", typeSection("\x50\x00\x5f\x01\x78\x00", "\x50\x01\x00\x5f\x01\x7f\x00"), "sub type"},
		{"parameter", typeSection("\x50\x00\x60\x01\x6e\x00", "\x50\x01\x00\x60\x01\x6d\x00"), "sub type"},
		{"result", typeSection("\x50\x00\x60\x00\x01\x6d", "\x50\x01\x00\x60\x00\x01\x6e"), "sub type"},
		{"too deep", typeSection(chain(wasm.MaxSubtypeDepth + 2)...), "has more than 63 supertypes: over the limit"},
		{"function of a structure", typeSection("\x5f\x00") + section(3, "\x01\x00") + section(10, vector(name("\x00\x0b"))),
			"type mismatch: type 0 is a struct, expected a func"},
		{"tag with results", typeSection("\x60\x00\x01\x7f") + section(13, "\x01\x00\x00"), "tag section: offset 0x12: tag 0: non-empty tag result type"},
		{"tag of an unknown type", header + section(13, "\x01\x00\x00"), "unknown type 0"},
		{"export of an unknown tag", header + section(7, "\x01"+name("e")+"\x04\x00"), "unknown tag 0"},
		{"table without a value", header + section(4, "\x01\x64\x70\x00\x01"), "a table of (ref func) needs an initial value"},
		{"table with another value", header + section(4, "\x01\x40\x00\x70\x00\x01\xd0\x6f\x0b"), "expected funcref, found externref"},
		{"elements with null", header + section(4, "\x01\x64\x70\x00\x00") + section(9, "\x01\x06\x00\x41\x00\x0b\x70\x00"), "needs an initial value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := check([]byte(test.module))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Module() = %v, want %s", err, test.want)
			}
		})
	}
}

// chain are n types, each the supertype of the next.
func chain(n int) []string {
	types := []string{openFunc}
	for i := 1; i < n; i++ {
		types = append(types, "\x50\x01"+leb(i-1)+"\x60\x00\x00")
	}
	return types
}

func TestValidateTypes(t *testing.T) {
	for _, module := range []string{
		typeSection(chain(wasm.MaxSubtypeDepth + 1)...),
		typeSection(group()),                                                                          // of no types
		typeSection(group("\x60\x01\x63\x01\x00", "\x5f\x01\x64\x00\x00")),                            // of each other
		typeSection("\x50\x00\x5f\x01\x6e\x00", "\x50\x01\x00\x5f\x02\x64\x6d\x00\x78\x01"),           // narrower, and one more
		typeSection("\x50\x00\x60\x01\x6d\x01\x6e", "\x50\x01\x00\x60\x01\x6e\x01\x64\x6d"),           // takes more, gives less
		typeSection(group("\x50\x00\x5f\x01\x63\x00\x01"), group("\x50\x01\x00\x5f\x01\x63\x00\x01")), // mutable and the same
		header + section(4, "\x01\x40\x00\x70\x00\x01\xd0\x73\x0b"),                                   // nullfuncref for funcref
	} {
		if _, err := check([]byte(module)); err != nil {
			t.Errorf("Module(% x) = %v, want valid", module, err)
		}
	}
}

// TestCheckedTypes looks at the identities of types.
func TestCheckedTypes(t *testing.T) {
	self := "\x50\x00\x5f\x01\x63" // (sub (struct (field (ref null ...
	c, err := check([]byte(typeSection(
		self+"\x00\x00",                            // 0: refers to itself
		group(self+"\x01\x00"),                     // 1: the same
		group(self+"\x00\x00", openFunc),           // 2: refers to 0, and 3
		group(self+"\x01\x00", openFunc),           // 4, 5: the same, as 1 equals 0
		"\x4f\x01\x01\x5f\x02\x63\x00\x00\x7f\x00", // 6: a final subtype of 1, that is of 0
		openFunc, // 7: as 3, but alone
	)))
	if err != nil {
		t.Fatal(err)
	}
	canonical := []uint32{0, 0, 2, 3, 2, 3, 6, 7}
	for i, want := range canonical {
		if got := c.CanonicalType(uint32(i)); got != want {
			t.Errorf("CanonicalType(%d) = %d, want %d", i, got, want)
		}
		for k := range canonical {
			if same := c.TypeKey(uint32(i)) == c.TypeKey(uint32(k)); same != (canonical[i] == canonical[k]) {
				t.Errorf("TypeKey(%d) == TypeKey(%d) is %v", i, k, same)
			}
		}
	}
	if super, ok := c.Supertype(6); super != 0 || !ok || c.TypeDepth(6) != 1 || !slices.Equal(c.Supertypes(6), []uint32{0, 6}) {
		t.Errorf("Supertype(6) = %d, %v, TypeDepth(6) = %d, Supertypes(6) = %v, want 0, 1, [0 6]", super, ok, c.TypeDepth(6), c.Supertypes(6))
	}
	if super, ok := c.Supertype(5); ok {
		t.Errorf("Supertype(5) = %d, want none", super)
	}
	if !c.HasSubtypes(1) || c.HasSubtypes(6) || c.HasSubtypes(7) {
		t.Errorf("HasSubtypes(1, 6, 7) = %v, %v, %v, want true, false, false", c.HasSubtypes(1), c.HasSubtypes(6), c.HasSubtypes(7))
	}
	if !c.HasDefaults(6) {
		t.Error("HasDefaults(6) = false, want true")
	}
}

// TestTypeKeyAcrossModules holds that equal types have one key wherever they are.
func TestTypeKeyAcrossModules(t *testing.T) {
	key := func(index uint32, types ...string) [32]byte {
		t.Helper()
		c, err := check([]byte(typeSection(types...)))
		if err != nil {
			t.Fatal(err)
		}
		return c.TypeKey(index)
	}
	alone := key(0, "\x60\x01\x7f\x00")
	if got := key(2, emptyFunc, array8, "\x60\x01\x7f\x00"); got != alone {
		t.Error("a function type has another key behind other types")
	}
	if got := key(0, "\x60\x00\x01\x7f"); got == alone {
		t.Error("a parameter and a result have the same key")
	}
	holder := key(1, array8, "\x5f\x01\x63\x00\x00")
	if got := key(3, emptyFunc, array8, arrayFunc, "\x5f\x01\x63\x01\x00"); got != holder {
		t.Error("a structure has another key where the type that it refers to has another index")
	}
	if got := key(3, emptyFunc, array8, arrayFunc, "\x5f\x01\x63\x02\x00"); got == holder {
		t.Error("structures with references to different types have the same key")
	}
	if got := key(1, group(array8, "\x5f\x01\x63\x00\x00")); got == holder {
		t.Error("a structure has the same key in a group with what it refers to")
	}
}

func TestIsSubtype(t *testing.T) {
	c, err := check([]byte(typeSection(
		openStruct, "\x50\x01\x00\x5f\x00", "\x50\x01\x01\x5f\x00", "\x50\x01\x00\x5f\x01\x7f\x00", array8, openFunc, openStruct,
	)))
	if err != nil {
		t.Fatal(err)
	}
	ref := wasm.ReferenceTo
	for _, test := range []struct {
		have, want wasm.ValueType
		is         bool
	}{
		{wasm.I32, wasm.I32, true}, {wasm.I32, wasm.I64, false}, {wasm.I32, wasm.AnyRef, false}, {wasm.AnyRef, wasm.I32, false},
		{wasm.I8, wasm.I8, true}, {wasm.I8, wasm.I16, false}, {wasm.I8, wasm.I32, false},
		{wasm.AnyRef.NonNull(), wasm.AnyRef, true}, {wasm.AnyRef, wasm.AnyRef.NonNull(), false},
		{wasm.I31Ref, wasm.EqRef, true}, {wasm.StructRef, wasm.EqRef, true}, {wasm.ArrayRef, wasm.AnyRef, true}, {wasm.EqRef, wasm.AnyRef, true},
		{wasm.AnyRef, wasm.EqRef, false}, {wasm.StructRef, wasm.ArrayRef, false}, {wasm.I31Ref, wasm.StructRef, false},
		{wasm.FuncRef, wasm.AnyRef, false}, {wasm.ExternRef, wasm.AnyRef, false}, {wasm.ExnRef, wasm.AnyRef, false},
		{wasm.NullRef, wasm.I31Ref, true}, {wasm.NullRef, wasm.FuncRef, false}, {wasm.NullRef, wasm.NullRef.NonNull(), false},
		{wasm.NullFuncRef, wasm.FuncRef, true}, {wasm.NullExternRef, wasm.ExternRef, true}, {wasm.NullExnRef, wasm.ExnRef, true},
		{ref(2), ref(0), true}, {ref(2), ref(1), true}, {ref(0), ref(2), false}, {ref(3), ref(1), false}, {ref(3), ref(0), true},
		{ref(6), ref(0), true}, {ref(2), ref(6), true}, // 6 equals 0
		{ref(2).NonNull(), ref(0), true}, {ref(2), ref(0).NonNull(), false},
		{ref(2), wasm.StructRef, true}, {ref(2), wasm.EqRef, true}, {ref(2), wasm.AnyRef, true}, {ref(2), wasm.ArrayRef, false},
		{ref(4), wasm.ArrayRef, true}, {ref(4), wasm.StructRef, false}, {ref(4), wasm.FuncRef, false},
		{ref(5), wasm.FuncRef, true}, {ref(5), wasm.AnyRef, false}, {wasm.FuncRef, ref(5), false},
		{wasm.NullRef, ref(2), true}, {wasm.NullRef, ref(4), true}, {wasm.NullRef, ref(5), false}, {wasm.NullFuncRef, ref(5), true},
		{wasm.NullFuncRef, ref(2), false}, {wasm.I31Ref, ref(2), false}, {ref(0), wasm.I32, false}, {wasm.I32, ref(0), false},
	} {
		if got := c.IsSubtype(test.have, test.want); got != test.is {
			t.Errorf("IsSubtype(%v, %v) = %v, want %v", test.have, test.want, got, test.is)
		}
	}
}

// TestValidateTypeBounds runs modules whose types are small for what they ask.
func TestValidateTypeBounds(t *testing.T) {
	const most = 20 * time.Second // as in TestValidateBounds
	const size = 1 << 20
	many := strings.Repeat("\x7f\x01", wasm.MaxFields)
	module := func(types []string, body string) string {
		return typeSection(types...) + section(3, "\x01\x00") + section(10, vector(name("\x00"+body+"\x0b")))
	}
	functions := "\x01\xc0\x84\x03\x64\x70" // 49,728 locals of type (ref func)
	wide := func(t string) string { return leb(1000) + strings.Repeat(t, 1000) }
	narrow := []string{emptyFunc, openStruct, "\x50\x01\x01\x5f\x00", "\x60" + wide("\x63\x01") + wide("\x63\x02"), "\x60\x00" + wide("\x63\x02")}
	for _, test := range []struct{ name, module string }{
		{"many types", typeSection(slices.Repeat([]string{"\x5f\x00"}, size/4)...)},
		{"many fields", module([]string{emptyFunc, "\x5f" + leb(wasm.MaxFields) + many}, strings.Repeat("\xfb\x01\x01\x1a", size/4))},
		{"one group", typeSection(group(slices.Repeat([]string{pair + "\x63\x00\x00"}, size/8)...))},
		{"references between groups", typeSection(append([]string{array8}, slices.Repeat([]string{"\x60" + wide("\x63\x00") + "\x00"}, 500)...)...)},
		{"subtypes at each operand", module(narrow, "\x02\x04\x00\x0b"+strings.Repeat("\x02\x03\x00\x0b", size/8)+"\x00")},
		{"array.new_fixed of all", module([]string{emptyFunc, array8}, "\x00"+strings.Repeat("\xfb\x08\x01\xff\xff\xff\xff\x0f\x1a", size/8))},
		{"locals without a value", typeSection(emptyFunc) + section(3, vector(slices.Repeat([]string{"\x00"}, 100_000)...)) +
			section(10, vector(slices.Repeat([]string{name(functions + "\x0b")}, 100_000)...))},
		{"locals set in blocks", typeSection(emptyFunc) + section(3, "\x01\x00") + section(7, vector(name("f")+"\x00\x00")) +
			section(10, vector(name(functions+strings.Repeat("\x02\x40\xd2\x00\x21\x05", wasm.MaxControlDepth-1)+strings.Repeat("\x0b", wasm.MaxControlDepth))))},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			_, err := check([]byte(test.module))
			took := time.Since(start)
			t.Logf("%d bytes in %v", len(test.module), took)
			if err != nil {
				t.Errorf("Module() = %.300v, want valid", err)
			}
			if took > most {
				t.Errorf("Module() took %v, want less than %v", took, most)
			}
		})
	}
}

func TestCheckedTags(t *testing.T) {
	c, err := check([]byte(header + section(1, vector(emptyFunc, "\x60\x01\x7f\x00")) +
		section(2, vector(name("e")+name("t")+"\x04\x00\x01")) + section(13, vector("\x00\x00"))))
	if err != nil {
		t.Fatal(err)
	}
	if tags := c.Tags(); !slices.Equal(tags, []uint32{1, 0}) || c.ImportedTags() != 1 || !c.Uses(wasm.FeatureExceptions) {
		t.Errorf("Tags() = %v, ImportedTags() = %d, Features() = %v, want [1 0], 1 and exception-handling", tags, c.ImportedTags(), c.Features())
	}
}
