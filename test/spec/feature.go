package spec

import (
	"strings"

	"mewz/compiler/wasm"
)

// featureGroups give the files of the 3.0 suite to the proposals they test, by
// the first row that fits: a name, or its beginning before a star. What fits
// none is the core.
var featureGroups = []struct{ group, files string }{
	{"relaxed SIMD", "i16x8_relaxed_q15mulr_s i32x4_relaxed_trunc i8x16_relaxed_swizzle relaxed_*"},
	{"tail calls", "return_call return_call_indirect return_call_ref"},
	{"exceptions", "tag throw throw_ref try_table"},
	{"garbage collection", "array array_* binary-gc br_on_cast br_on_cast_fail extern i31 ref_cast ref_eq ref_test struct type-*"},
	{"function references", "br_on_non_null br_on_null call_ref ref_as_non_null local_init ref unreached-valid instance id"},
	{"memory64", "address64 align64 binary_leb128_64 bulk64 call_indirect64 endianness64 float_memory64 load64 memory64 " +
		"memory64-imports memory_copy64 memory_fill64 memory_grow64 memory_init64 memory_redundancy64 memory_trap64 " +
		"table64 table_copy64 table_copy_mixed table_fill64 table_get64 table_grow64 table_init64 table_set64 table_size64"},
	{"multiple memories", "address0 address1 align0 binary0 data0 data1 data_drop0 exports0 float_exprs0 float_exprs1 float_memory0 " +
		"imports0 imports1 imports2 imports3 imports4 linking0 linking1 linking2 linking3 load0 load1 load2 memory-multi " +
		"memory_copy0 memory_copy1 memory_fill0 memory_init0 memory_size0 memory_size1 memory_size2 memory_size3 memory_size_import " +
		"memory_trap0 memory_trap1 simd_memory-multi start0 store0 store1 store2 traps0"},
	{"SIMD", "simd_*"},
	{"bulk memory and references", "bulk data elem memory_copy memory_fill memory_init ref_func ref_is_null ref_null table* select"},
	{"text format", "annotations comments token"},
}

// coreGroup is the group of files that no row of featureGroups names.
const coreGroup = "core"

// legacyGroup is the group of the scripts of legacy exceptions.
const legacyGroup = "exceptions, legacy form"

// label is the name of a script within the suite of 3.0.
func (s *Script) label() string {
	if s.Version != version3 {
		return s.Version + "/" + s.Name
	}
	return s.Name
}

// groupOf is the group of a script.
func groupOf(s *Script) string {
	switch s.Version {
	case threads:
		return threads
	case legacy:
		return legacyGroup
	}
	file := s.Name
	for _, row := range featureGroups {
		for _, pattern := range strings.Fields(row.files) {
			prefix, open := strings.CutSuffix(pattern, "*")
			if file == prefix || open && strings.HasPrefix(file, prefix) {
				return row.group
			}
		}
	}
	return coreGroup
}

// missing is a command that needs what the compiler does not have, or a module
// that does.
type missing struct{ proposal wasm.Feature }

func (m *missing) Error() string { return "needs " + string(m.proposal) }
