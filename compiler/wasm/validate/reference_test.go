package validate_test

import (
	"slices"
	"strings"
	"testing"

	"mewz/compiler/wasm"
)

// later is a module of one function of type [] -> [] with what 3.0 adds:
//
//	types  0: func, 1: struct (mut i32) i8, 2: array (mut i8), 3: array funcref,
//	       4: func i32 -> i32, 5: struct (ref 0), 6: array (mut (ref func)), 7: func i32
//	tag    0: i32
//	table  0: funcref, elem 0: functions, elem 1: externref, data 0
func later(locals, body string) string {
	return header +
		section(1, vector(emptyFunc, "\x5f\x02\x7f\x01\x78\x00", array8, arrayFunc, "\x60\x01\x7f\x01\x7f",
			"\x5f\x01\x64\x00\x00", "\x5e\x64\x70\x01", "\x60\x01\x7f\x00")) +
		section(3, vector("\x00")) +
		section(4, vector("\x70\x00\x01")) +
		section(13, vector("\x00\x07")) +
		section(7, vector(name("f")+"\x00\x00")) +
		section(9, vector("\x01\x00\x01\x00", "\x05\x6f\x00")) +
		section(12, "\x01") +
		section(10, vector(name(locals+body+"\x0b"))) +
		section(11, vector("\x01\x00"))
}

const (
	noLocals = "\x00"
	funcNull = "\xd0\x00"               // ref.null 0
	i32Zero  = "\x41\x00"               // i32.const 0
	refFunc  = "\xd2\x00"               // ref.func 0
	newArray = i32Zero + "\xfb\x07\x02" // array.new_default 2
)

func TestValidateLaterFaults(t *testing.T) {
	for _, test := range []struct{ name, locals, body, want string }{
		{"call_ref of a structure", noLocals, funcNull + "\x14\x01", "type mismatch: type 1 is a struct, expected a func"},
		{"call_ref of another type", noLocals, i32Zero + funcNull + "\x14\x04\x1a", "expected (ref null 4), found (ref null 0) (call_ref)"},
		{"call_ref of an unknown type", noLocals, funcNull + "\x14\x09", "unknown type 9"},
		{"return_call_ref with other results", noLocals, i32Zero + "\xd0\x04\x15\x04", "the callee's results are not those of the function (return_call_ref)"},
		{"null of an unknown type", noLocals, "\xd0\x09\x1a", "unknown type 9"},
		{"as_non_null of a number", noLocals, i32Zero + "\xd4\x1a", "expected a reference, found i32 (ref.as_non_null)"},
		{"is_null of a number", noLocals, i32Zero + "\xd1\x1a", "expected a reference, found i32 (ref.is_null)"},
		{"eq of functions", noLocals, refFunc + refFunc + "\xd3\x1a", "expected eqref, found (ref 0) (ref.eq)"},
		{"br_on_non_null to nothing", noLocals, refFunc + "\xd6\x00", "expected a label that takes a reference, found one that takes nothing"},
		{"br_on_non_null to another type", noLocals, "\x02\x63\x04" + refFunc + "\xd6\x00\xd0\x04\x0b\x1a", "expected (ref null 4), found (ref 0)"},
		{"unset local", "\x01\x01\x64\x00", "\x20\x00\x1a", "uninitialized local: local 0 of type (ref 0) has no value here"},
		{"local set in a block", "\x01\x01\x64\x00", "\x02\x40" + refFunc + "\x21\x00\x0b\x20\x00\x1a", "uninitialized local: local 0"},
		{"local set before else", "\x01\x01\x64\x00", i32Zero + "\x04\x40" + refFunc + "\x21\x00\x05\x20\x00\x1a\x0b", "uninitialized local: local 0"},
		{"local set before catch", "\x01\x01\x64\x00", "\x06\x40" + refFunc + "\x22\x00\x1a\x19\x20\x00\x1a\x0b", "uninitialized local: local 0"},
		{"select of bottom", noLocals, "\x00\xd4" + i32Zero + "\x1b\x1a", "expected a number, found a reference (select)"},

		{"throw of an unknown tag", noLocals, "\x08\x01", "unknown tag 1"},
		{"throw without its value", noLocals, "\x08\x00", "expected i32, found an empty stack (throw)"},
		{"throw_ref of a function", noLocals, refFunc + "\x0a", "expected exnref, found (ref 0) (throw_ref)"},
		{"catch to a label beyond", noLocals, "\x1f\x40\x01\x02\x01\x0b", "unknown label 1"},
		{"catch of an unknown tag", noLocals, "\x1f\x40\x01\x00\x01\x00\x0b", "unknown tag 1"},
		{"catch to a label without values", noLocals, "\x1f\x40\x01\x00\x00\x00\x0b", "label 0 takes 0 values, the catch clause gives 1"},
		{"catch to another type", noLocals, "\x02\x7e\x1f\x40\x01\x00\x00\x00\x0b\x00\x0b\x1a", "label 0 does not take the values of tag 0"},
		{"catch_all_ref to another type", noLocals, "\x02\x70\x1f\x40\x01\x03\x00\x0b\x00\x0b\x1a", "expected funcref, found (ref exn)"},
		{"kind of a catch", noLocals, "\x1f\x40\x01\x04\x00\x0b", "malformed catch clause"},
		{"catch without try", noLocals, "\x07\x00", "catch without try"},
		{"catch behind catch_all", noLocals, "\x06\x40\x19\x07\x00\x1a\x0b", "catch without try"},
		{"delegate behind catch", noLocals, "\x06\x40\x07\x00\x1a\x18\x00", "delegate: catch without try"},
		{"delegate to a label beyond", noLocals, "\x06\x40\x18\x01", "unknown label 1"},
		{"rethrow outside", noLocals, "\x06\x40\x09\x00\x19\x0b", "invalid rethrow label: label 0 is no catch block"},

		{"struct.new of null", noLocals, funcNull + "\xfb\x00\x05\x1a", "expected (ref 0), found (ref null 0) (struct.new)"},
		{"struct.new_default without defaults", noLocals, "\xfb\x01\x05\x1a", "type 5 has a field without a default value (struct.new_default)"},
		{"struct.get of a packed field", noLocals, "\xd0\x01\xfb\x02\x01\x01\x1a", "struct.get of packed i8, which needs a sign"},
		{"struct.get_u of a number", noLocals, "\xd0\x01\xfb\x04\x01\x00\x1a", "struct.get_u of i32, which is not packed"},
		{"struct.get of no field", noLocals, "\xd0\x01\xfb\x02\x01\x02\x1a", "unknown field 2"},
		{"struct.set of a constant field", noLocals, "\xd0\x01" + i32Zero + "\xfb\x05\x01\x01", "immutable field: field 1 of type 1"},
		{"array.new of a structure", noLocals, i32Zero + i32Zero + "\xfb\x06\x01\x1a", "type 1 is a struct, expected an array"},
		{"array.new_fixed of too few", noLocals, i32Zero + "\xfb\x08\x02\x02\x1a", "expected i32, found an empty stack (array.new_fixed)"},
		{"array.new_data of references", noLocals, i32Zero + i32Zero + "\xfb\x09\x03\x00\x1a", "array type is not numeric or vector: type 3 has elements of funcref"},
		{"array.new_data of no segment", noLocals, i32Zero + i32Zero + "\xfb\x09\x02\x01\x1a", "unknown data segment 1"},
		{"array.new_elem of another type", noLocals, i32Zero + i32Zero + "\xfb\x0a\x03\x01\x1a", "expected elements of funcref, found externref"},
		{"array.new_elem of numbers", noLocals, i32Zero + i32Zero + "\xfb\x0a\x02\x00\x1a", "expected elements of i8, found (ref func)"},
		{"array.get of packed elements", noLocals, newArray + i32Zero + "\xfb\x0b\x02\x1a", "array.get of packed i8"},
		{"array.set of a constant array", noLocals, "\xd0\x03" + i32Zero + refFunc + "\xfb\x0e\x03", "immutable array: type 3"},
		{"array.len of a structure", noLocals, "\xd0\x01\xfb\x0f\x1a", "expected arrayref, found (ref null 1) (array.len)"},
		{"array.copy between types", noLocals, newArray + i32Zero + "\xd0\x03" + i32Zero + i32Zero + "\xfb\x11\x02\x03", "array types do not match: funcref into i8"},
		{"array.init_elem of a constant array", noLocals, "\xd0\x03" + i32Zero + i32Zero + i32Zero + "\xfb\x13\x03\x00", "immutable array"},
		{"cast across hierarchies", noLocals, refFunc + "\xfb\x16\x6c\x1a", "expected anyref, found (ref 0) (ref.cast)"},
		{"test across hierarchies", noLocals, newArray + "\xfb\x15\x70\x1a", "expected funcref, found (ref 2) (ref.test)"},
		{"br_on_cast upwards", noLocals, "\x02\x63\x6e\xd0\x6d\xfb\x18\x03\x00\x6d\x6e\x0b\x1a", "expected a subtype of eqref, found anyref"},
		{"br_on_cast to another label", noLocals, "\x02\x63\x70\xd0\x6e\xfb\x18\x03\x00\x6e\x6c\x1a\xd0\x70\x0b\x1a", "expected funcref, found i31ref"},
		{"flags of br_on_cast", noLocals, "\x02\x40\xd0\x6e\xfb\x18\x04\x00\x6e\x6c\x0b", "malformed br_on_cast flags"},
		{"i31.get of any", noLocals, "\xd0\x6e\xfb\x1d\x1a", "expected i31ref, found anyref (i31.get_s)"},
		{"convert of a number", noLocals, i32Zero + "\xfb\x1a\x1a", "expected externref, found i32 (any.convert_extern)"},
		{"hole behind the GC instructions", noLocals, "\xfb\x1f", "illegal opcode 0xfb 0x1f"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := check([]byte(later(test.locals, test.body)))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Module() = %v, want %s", err, test.want)
			}
		})
	}
}

// laterValid are instructions of 3.0, with a proposal that they use.
var laterValid = []struct {
	name, locals, body string
	uses               wasm.Feature
}{
	{"call_ref", noLocals, refFunc + "\x14\x00", wasm.FeatureFunctionReferences},
	{"return_call_ref", noLocals, refFunc + "\x15\x00", wasm.FeatureFunctionReferences},
	{"function as funcref", "\x01\x01\x70", refFunc + "\x21\x00", wasm.FeatureReferenceTypes},
	{"non-null as nullable", "\x01\x01\x63\x00", refFunc + "\x21\x00\x20\x00\x1a", wasm.FeatureFunctionReferences},
	{"br_on_null", noLocals, "\x02\x40" + funcNull + "\xd5\x00\x14\x00\x0b", wasm.FeatureFunctionReferences},
	{"br_on_non_null", noLocals, "\x02\x64\x00" + funcNull + "\xd6\x00\x00\x0b\x1a", wasm.FeatureFunctionReferences},
	{"set local", "\x01\x01\x64\x00", refFunc + "\x21\x00\x02\x40\x20\x00\x1a\x0b", wasm.FeatureFunctionReferences},
	{"local set in both blocks", "\x01\x01\x64\x00", "\x02\x40" + refFunc + "\x22\x00\x1a\x20\x00\x1a\x0b" + refFunc + "\x22\x00\x1a\x20\x00\x1a", wasm.FeatureFunctionReferences},
	{"bottom", noLocals, "\x00\xd4\xd1\x1a\x00\xd5\x00\x14\x00\x00\x02\x64\x00\x00\xd6\x00\x00\x0b\xd4\x1a", wasm.FeatureFunctionReferences},

	{"throw", noLocals, i32Zero + "\x08\x00", wasm.FeatureExceptions},
	{"throw_ref", noLocals, "\xd0\x74\x0a", wasm.FeatureExceptions},
	{"try_table", noLocals, "\x02\x69\x02\x7f\x1f\x40\x02\x00\x00\x00\x03\x01\x0b\x00\x0b\x1a\x00\x0b\x1a", wasm.FeatureExceptions},
	{"try", noLocals, "\x06\x40" + i32Zero + "\x08\x00\x07\x00\x1a\x09\x00\x19\x09\x00\x0b", wasm.FeatureLegacyExceptions},
	{"try without handlers", noLocals, "\x06\x40\x0b", wasm.FeatureLegacyExceptions},
	{"delegate", noLocals, "\x06\x40\x06\x40\x18\x00\x19\x0b\x06\x40\x18\x00", wasm.FeatureLegacyExceptions},
	{"rethrow out of a block", noLocals, "\x06\x40\x19\x02\x40\x09\x01\x0b\x0b", wasm.FeatureLegacyExceptions},

	{"structure", noLocals, i32Zero + i32Zero + "\xfb\x00\x01\xfb\x02\x01\x00\x1a\xfb\x01\x01\x41\x05\xfb\x05\x01\x00\xfb\x01\x01\xfb\x03\x01\x01\x1a", wasm.FeatureGC},
	{"array", noLocals, newArray + i32Zero + "\xfb\x0c\x02\x1a" + newArray + "\xfb\x0f\x1a" + newArray + i32Zero + i32Zero + i32Zero + "\xfb\x10\x02", wasm.FeatureGC},
	{"array of segments", noLocals, i32Zero + i32Zero + "\xfb\x09\x02\x00" + i32Zero + i32Zero + i32Zero + "\xfb\x12\x02\x00" +
		i32Zero + i32Zero + "\xfb\x0a\x06\x00" + i32Zero + i32Zero + i32Zero + "\xfb\x13\x06\x00", wasm.FeatureGC},
	{"array.copy", noLocals, newArray + i32Zero + newArray + i32Zero + i32Zero + "\xfb\x11\x02\x02", wasm.FeatureGC},
	{"array.new_fixed", noLocals, i32Zero + i32Zero + "\xfb\x08\x02\x02\x1a\x00\xfb\x08\x02\xff\xff\xff\xff\x0f\x1a", wasm.FeatureGC},
	{"casts", noLocals, newArray + "\xfb\x14\x6a\x1a" + newArray + "\xfb\x17\x02\x1a" + refFunc + "\xfb\x16\x70\x1a\xd0\x69\xfb\x17\x74\x1a", wasm.FeatureGC},
	{"br_on_cast", noLocals, "\x02\x63\x6c\xd0\x6e\xfb\x18\x03\x00\x6e\x6c\xfb\x16\x6d\x1a\xd0\x6c\x0b\x1a", wasm.FeatureGC},
	{"br_on_cast_fail", noLocals, "\x02\x64\x6e\xd0\x6e\xfb\x19\x03\x00\x6e\x6c\xd4\x0b\x1a", wasm.FeatureGC},
	{"conversions", noLocals, i32Zero + "\xfb\x1c\xfb\x1b\xfb\x1a\xd4\x1a\xd0\x6f\xfb\x1a\x1a\x00\xfb\x1a\xfb\x1b\x1a", wasm.FeatureGC},
	{"i31", noLocals, i32Zero + "\xfb\x1c\xfb\x1d\xfb\x1c\xfb\x1e\x1a", wasm.FeatureGC},
	{"ref.eq", noLocals, "\xd0\x71" + i32Zero + "\xfb\x1c\xd3\x1a", wasm.FeatureGC},
}

// TestValidateLater takes instructions of 3.0, and notes the proposals.
func TestValidateLater(t *testing.T) {
	for _, test := range laterValid {
		t.Run(test.name, func(t *testing.T) {
			c, err := check([]byte(later(test.locals, test.body)))
			if err != nil {
				t.Fatalf("Module() = %v, want valid", err)
			}
			if !c.Uses(test.uses) {
				t.Errorf("Features() = %v, want %s among them", c.Features(), test.uses)
			}
		})
	}
}

// TestValidateLaterConstants takes what 3.0 makes constant.
func TestValidateLaterConstants(t *testing.T) {
	types := section(1, vector("\x5f\x01\x7f\x00", array8, "\x5e\x63\x00\x00"))
	for _, test := range []struct{ name, global, want string }{
		{"struct.new", "\x63\x00\x00" + i32Zero + "\xfb\x00\x00\x0b", ""},
		{"struct.new_default", "\x6b\x00\xfb\x01\x00\x0b", ""},
		{"array.new", "\x63\x01\x00" + i32Zero + i32Zero + "\xfb\x06\x01\x0b", ""},
		{"array.new_default", "\x6a\x00" + i32Zero + "\xfb\x07\x01\x0b", ""},
		{"array.new_fixed of structures", "\x64\x02\x00\xfb\x01\x00\xfb\x01\x00\xfb\x08\x02\x02\x0b", ""},
		{"ref.i31", "\x6d\x00" + i32Zero + "\xfb\x1c\x0b", ""},
		{"conversions", "\x6e\x00" + i32Zero + "\xfb\x1c\xfb\x1b\xfb\x1a\x0b", ""},
		{"array.new_data", "\x63\x01\x00" + i32Zero + i32Zero + "\xfb\x09\x01\x00\x0b", "constant expression required, found array.new_data"},
		{"struct.get", "\x7f\x00\xfb\x01\x00\xfb\x02\x00\x00\x0b", "constant expression required, found struct.get"},
		{"as_non_null", "\x64\x6e\x00\xd0\x6e\xd4\x0b", "constant expression required, found ref.as_non_null"},
		{"another type", "\x63\x00\x00\xfb\x08\x02\x00\x0b", "expected (ref null 0), found (ref 2)"},
		{"null for a reference without it", "\x64\x00\x00\xd0\x00\x0b", "expected (ref 0), found (ref null 0)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := check([]byte(header + types + section(6, vector(test.global))))
			switch {
			case test.want == "" && err != nil:
				t.Errorf("Module() = %v, want valid", err)
			case test.want == "" && !slices.Contains(c.Features(), wasm.FeatureGC):
				t.Errorf("Features() = %v, want gc", c.Features())
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("Module() = %v, want %s", err, test.want)
			}
		})
	}
}
