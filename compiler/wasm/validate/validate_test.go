package validate_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mewz/compiler/wasm"
)

const header = "\x00asm\x01\x00\x00\x00"

func leb(n int) string { return string(binary.AppendUvarint(nil, uint64(n))) }

func section(id byte, contents string) string { return string(id) + leb(len(contents)) + contents }

func vector(entries ...string) string { return leb(len(entries)) + strings.Join(entries, "") }

func name(s string) string { return leb(len(s)) + s }

// function is a module of one function of type [] -> [] with a memory, a table
// and a global, which is exported by its name.
func function(body string) string { return typed("\x60\x00\x00", "\x00", body) }

// typed is the same with the function's type and locals.
func typed(functionType, locals, body string) string {
	return header +
		section(1, vector(functionType, "\x60\x01\x7f\x02\x7f\x7e")) +
		section(3, vector("\x00")) +
		section(4, vector("\x70\x00\x01", "\x6f\x00\x01")) +
		section(5, vector("\x00\x01")) +
		section(6, vector("\x7f\x00\x41\x00\x0b", "\x7f\x01\x41\x00\x0b")) +
		section(7, vector(name("f")+"\x00\x00")) +
		section(10, vector(name(locals+body+"\x0b"))) +
		section(0, name("name")+"\x01\x07\x01\x00\x04main")
}

var faults = []struct{ name, module, want string }{
	{"operand", function("\x44\x00\x00\x00\x00\x00\x00\x00\x00\x67\x1a"), "code section: function 0 (main): offset 0x48: type mismatch: expected i32, found f64 (i32.clz)"},
	{"empty stack", function("\x1a"), "type mismatch: expected a value, found an empty stack (drop)"},
	{"underflow", function("\x41\x00\x6a\x1a"), "type mismatch: expected i32, found an empty stack (i32.add)"},
	{"left over", function("\x41\x00"), "type mismatch: 1 more values on the stack than the block's results (end)"},
	{"result", typed("\x60\x00\x01\x7f", "\x00", "\x42\x00"), "type mismatch: expected i32, found i64 (end)"},
	{"no end", header + section(1, vector("\x60\x00\x00")) + section(3, vector("\x00")) + section(10, vector(name("\x00\x01"))),
		"code section: function 0: offset 0x18: unexpected end of section or function: END opcode expected"},
	{"after the end", function("\x0b\x01"), "section size mismatch: 2 bytes after the end of the function"},
	{"else", function("\x05"), "else without if"},
	{"if without else", function("\x41\x00\x04\x7f\x41\x00\x0b\x1a"), "must have results equal to its parameters"},
	{"label", function("\x0c\x01"), "unknown label 1"},
	{"local", function("\x20\x00\x1a"), "unknown local 0"},
	{"local beyond the table", typed("\x60\x00\x00", "\x02\xac\x02\x7f\x01\x7e", "\x20\xac\x02\x45\x1a"), "type mismatch: expected i32, found i64 (i32.eqz)"},
	{"local after all", typed("\x60\x00\x00", "\x02\xac\x02\x7f\x01\x7e", "\x20\xad\x02\x1a"), "unknown local 301"},
	{"global", function("\x23\x02\x1a"), "unknown global 2"},
	{"immutable", function("\x41\x00\x24\x00"), "global is immutable: immutable global 0"},
	{"call", function("\x10\x01"), "unknown function 1"},
	{"call_indirect type", function("\x41\x00\x11\x02\x00"), "unknown type 2"},
	{"call_indirect table", function("\x41\x00\x11\x00\x02"), "unknown table 2"},
	{"call_indirect externref", function("\x41\x00\x11\x00\x01"), "expected a table of funcref, found a table of externref"},
	{"alignment", function("\x41\x00\x28\x03\x00\x1a"), "alignment must not be larger than natural: 2**3 for an access of 4 bytes"},
	{"memory index", function("\x3f\x01\x1a"), "unknown memory 1"},
	{"memory index of a load", function("\x41\x00\x28\x42\x01\x00\x1a"), "unknown memory 1"},
	{"memory flags", function("\x41\x00\x28\x80\x01\x00\x1a"), "malformed memop flags"},
	{"no data count", function("\xfc\x09\x00"), "data count section required"},
	{"elem", function("\xfc\x0d\x00"), "unknown elem segment 0"},
	{"table.copy", function("\x41\x00\x41\x00\x41\x00\xfc\x0e\x00\x01"), "expected elements of funcref, found externref"},
	{"select of references", function("\xd0\x70\xd0\x70\x41\x00\x1b\x1a"), "expected a number, found funcref (select)"},
	{"select arity", function("\x00\x1c\x02\x7f\x7f"), "invalid result arity"},
	{"br_table arity", function("\x02\x7f\x41\x00\x41\x00\x0e\x01\x00\x01\x0b\x1a"), "type mismatch: label 0 takes 1 values, the default label 0 (br_table)"},
	{"block type", function("\x02\x03\x0b"), "unknown type 3"},
	{"illegal opcode", function("\xff"), "illegal opcode 0xff"},
	{"illegal opcode behind a prefix", function("\xfc\x40"), "illegal opcode 0xfc 0x40"},
	{"relaxed SIMD", function("\xfd\x80\x02"), "function 0 (main): offset 0x3f: type mismatch: expected v128, found an empty stack (i8x16.relaxed_swizzle)"},
	{"hole among the vector instructions", function("\xfd\x9a\x01"), "illegal opcode 0xfd 0x9a"},
	{"lane", function("\x00\xfd\x1b\x04\x1a"), "invalid lane index: 4 of 4 lanes"},
	{"lane of memory", function("\x00\xfd\x57\x03\x00\x02\x1a"), "invalid lane index: 2 of 2 lanes"},
	{"lane of a shuffle", function("\x00\xfd\x0d\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x20\x1a"), "invalid lane index: 32 of 32 lanes"},
	{"alignment of a vector", function("\x00\xfd\x00\x05\x00\x1a"), "alignment must not be larger than natural: 2**5 for an access of 16 bytes"},
	{"v128 is no i32", function("\x41\x00\xfd\x4d\x1a"), "expected v128, found i32 (v128.not)"},
	{"fence", function("\xfe\x03\x01"), "zero byte expected"},
	{"atomic alignment", function("\x41\x00\xfe\x10\x01\x00\x1a"), "alignment must be equal to natural: 2**1 for an access of 4 bytes"},
	{"shared memory without a maximum", header + section(5, vector("\x02\x01")), "shared memory must have maximum"},
	{"tail call of nothing", function("\x12\x01"), "unknown function 1"},
	{"tail call with other results", typed("\x60\x00\x01\x7f", "\x00", "\x41\x00\x41\x00\x13\x01\x00"), "the callee's results are not those of the function"},
	{"struct.new of a function type", function("\xfb\x00\x00"), "type mismatch: type 0 is a func, expected a struct"},
	{"wide arithmetic", function("\xfc\x13"), "instruction i64.add128 needs the wide-arithmetic proposal"},
	{"block of v128", function("\x02\x7b\x41\x00\x0b\x1a"), "expected v128, found i32 (end)"},
	{"locals", typed("\x60\x01\x7f\x00", "\x01\xd0\x86\x03\x7f", ""), "too many locals: over the limit"},
	{"undeclared", header + section(1, vector("\x60\x00\x00")) + section(3, vector("\x00")) + section(10, vector(name("\x00\xd2\x00\x1a\x0b"))), "undeclared function reference: function 0"},
	{"extended const of one value", header + section(6, vector("\x7f\x00\x41\x01\x6a\x0b")), "global section: global 0: offset 0xf: type mismatch: expected i32, found an empty stack (i32.add)"},
	{"extended const of another type", header + section(6, vector("\x7f\x00\x41\x01\x42\x02\x6a\x0b")), "type mismatch: expected i32, found i64 (i32.add)"},
	{"constant of what is not constant", header + section(6, vector("\x7f\x00\x41\x01\x41\x02\x71\x0b")), "constant expression required, found i32.and"},
	{"constant of itself", header + section(6, vector("\x7f\x00\x23\x00\x0b")), "unknown global 0: a constant expression may only name a global before it"},
	{"constant of two values", header + section(6, vector("\x7f\x00\x41\x01\x41\x02\x0b")), "type mismatch: 1 more values on the stack than the block's results (end)"},
	{"constant of another type", header + section(6, vector("\x7f\x00\x42\x01\x0b")), "expected i32, found i64"},
	{"export twice", header + section(5, vector("\x00\x01")) + section(7, vector(name("m")+"\x02\x00", name("m")+"\x02\x00")), `duplicate export name "m"`},
	{"export of nothing", header + section(7, vector(name("m")+"\x02\x00")), `export section: export "m": offset 0xb: unknown memory 0`},
	{"memory size", header + section(5, vector("\x00\x81\x80\x04")), "memory section: offset 0xb: memory size must be at most 65536 pages (4GiB)"},
	{"limits", header + section(5, vector("\x01\x02\x01")), "size minimum must not be greater than maximum: 2 and 1"},
	{"table size", header + section(4, vector("\x70\x00\x80\x80\x80\x80\x10")), "table section: offset 0xb: table size must be at most 4294967295 elements"},
	{"start", header + section(1, vector("\x60\x01\x7f\x00")) + section(2, vector(name("e")+name("x\n")+"\x00\x00")) + section(8, "\x00"), `start section: offset 0x1b: start function: function 0 (e.x\n) must have no parameters`},
	{"import of an unknown type", header + section(2, vector(name("e")+name("x")+"\x00\x05")), `import section: import 0 ("e"."x"): offset 0xb: unknown type 5`},
	{"data without a memory", header + section(11, vector("\x00\x41\x00\x0b\x00")), "data section: data segment 0: offset 0xb: unknown memory 0"},
	{"element type", header + section(4, vector("\x6f\x00\x01")) + section(9, vector("\x00\x41\x00\x0b\x00")), "type mismatch: (ref func) segment for a table of externref"},
}

func TestValidateFaults(t *testing.T) {
	for _, test := range faults {
		t.Run(test.name, func(t *testing.T) {
			_, err := check([]byte(test.module))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Module() = %v, want %s", err, test.want)
			}
		})
	}
}

func TestValidateUnreachable(t *testing.T) {
	for _, body := range []string{
		"\x00\x6a\x1a",                                 // i32.add of nothing
		"\x00\x1b\x1a",                                 // select of nothing
		"\x00\x1b\x67\x1a",                             // its result is any type
		"\x00\x42\x00\x41\x00\x1b\x50\x1a",             // select knows one operand
		"\x00\x0e\x01\x00\x00",                         // br_table
		"\x02\x7f\x41\x00\x0c\x00\x1a\x41\x01\x0b\x1a", // after br
		"\x00\xd1\x1a",                                 // ref.is_null
		"\x00\x04\x40\x0b",                             // if
		"\x00\x04\x7f\x41\x00\x05\x00\x0b\x1a",         // else after if
	} {
		if _, err := check([]byte(function(body))); err != nil {
			t.Errorf("Module(% x) = %v, want valid", body, err)
		}
	}
}

// TestValidateBounds runs modules that are small for what they ask, each of
// which must end soon.
func TestValidateBounds(t *testing.T) {
	const most = 20 * time.Second // a hundred times what it takes; what is not linear takes minutes
	const size = 1 << 20
	wide := "\x60" + leb(1000) + strings.Repeat("\x7f", 1000) + leb(1000) + strings.Repeat("\x7f", 1000)
	source := "\x60\x00" + leb(1000) + strings.Repeat("\x7f", 1000)
	module := func(locals, body string) string {
		return header + section(1, vector("\x60\x00\x00", wide, source)) + section(3, vector("\x00", "\x01", "\x02")) +
			section(10, vector(name(locals+body+"\x0b"), name("\x00\x00\x0b"), name("\x00\x00\x0b")))
	}
	many := make([]string, 100_000)
	types := make([]string, len(many))
	for i := range many {
		many[i], types[i] = name("\x01\xc0\x84\x03\x7f\x0b"), "\x00" // 49,728 locals in 4 bytes
	}
	deep := wasm.MaxControlDepth
	for _, test := range []struct{ name, module, want string }{
		{"deep blocks", module("\x00", strings.Repeat("\x02\x40", deep-1)+strings.Repeat("\x0b", deep-1)), ""},
		{"too deep", module("\x00", strings.Repeat("\x02\x40", deep)+strings.Repeat("\x0b", deep)), "blocks inside each other: over the limit"},
		{"huge br_table", module("\x00", "\x41\x00\x0e"+leb(size)+strings.Repeat("\x00", size+1)), ""},
		{"br_table of wide labels", module("\x00", "\x00\x02\x01\x10\x01\x41\x00\x0e"+leb(size)+strings.Repeat("\x00", size+1)+"\x0b\x00"), ""},
		{"wide calls", module("\x00", "\x10\x02"+strings.Repeat("\x10\x01", size/2)+"\x00"), ""},
		{"wide calls of open types", module("\x00", "\x00"+strings.Repeat("\x1b\x10\x01\x00", size/4)), ""},
		{"wide blocks", module("\x00", "\x00"+strings.Repeat("\x02\x01\x0b", size/3)+"\x00"), ""},
		{"operands", module("\x00", strings.Repeat("\x10\x02", 2000)+"\x00"), "operands on the stack: over the limit"},
		{"groups of locals", module(leb(size)+strings.Repeat("\x00\x7f", size), ""), ""},
		{"locals in many functions", header + section(1, vector("\x60\x00\x00")) + section(3, vector(types...)) + section(10, vector(many...)), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			_, err := check([]byte(test.module))
			took := time.Since(start)
			t.Logf("%d bytes in %v", len(test.module), took)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("Module() = %.300v, want %q", err, test.want)
			}
			if took > most {
				t.Errorf("Module() took %v, want less than %v", took, most)
			}
		})
	}
}

// TestChecked looks at what a Checked says about a module.
func TestChecked(t *testing.T) {
	c, err := check([]byte(header +
		section(1, vector("\x60\x00\x00", "\x60\x01\x7f\x00", "\x60\x00\x00")) +
		section(2, vector(name("e")+name("f")+"\x00\x01", name("e")+name("t")+"\x01\x70\x00\x00", name("e")+name("g")+"\x03\x7e\x00")) +
		section(3, vector("\x00", "\x02", "\x02")) +
		section(4, vector("\x70\x00\x02", "\x6f\x00\x03", "\x70\x00\x04")) +
		section(5, vector("\x01\x01\x05")) +
		section(6, vector("\x7f\x01\x41\x00\x0b", "\x70\x00\xd2\x02\x0b")) +
		section(7, vector(name("x")+"\x00\x01", name("t")+"\x01\x03")) +
		section(10, vector(
			name("\x00\x41\x00\x40\x00\x1a\x0b"),                     // memory.grow
			name("\x00\x41\x00\xd0\x70\x26\x01\x41\x07\x24\x01\x0b"), // table.set 1, global.set 1
			name("\x00\xd0\x6f\x41\x01\xfc\x0f\x02\xc0\x1a\x0b")))))  // table.grow 2, i32.extend8_s
	if err != nil {
		t.Fatal(err)
	}
	type facts struct {
		Functions, ImportedFunctions, ImportedTables, ImportedGlobals, ImportedMemories int
		Referenced                                                                      []bool
		Types, Canonical                                                                []uint32
		Globals                                                                         []wasm.GlobalType
		Written                                                                         []bool
		Memories                                                                        []wasm.MemoryType
		GrowsMemory                                                                     bool
		Features                                                                        []wasm.Feature
	}
	got := facts{
		c.FunctionCount(), c.ImportedFunctions(), c.ImportedTables(), c.ImportedGlobals(), c.ImportedMemories(),
		nil, nil, nil, c.Globals(), nil, c.Memories(), c.GrowsMemory(), c.Features(),
	}
	for i := range uint32(c.FunctionCount()) {
		got.Referenced = append(got.Referenced, c.IsReferenced(i))
		got.Types = append(got.Types, c.FunctionTypeIndex(i))
	}
	for i := range c.Module().Types {
		got.Canonical = append(got.Canonical, c.CanonicalType(uint32(i)))
	}
	for i := range c.Globals() {
		got.Written = append(got.Written, c.GlobalWritten(uint32(i)))
	}
	want := facts{
		4, 1, 1, 1, 0, []bool{false, true, true, false}, []uint32{1, 0, 2, 2}, []uint32{0, 1, 0},
		[]wasm.GlobalType{{Type: wasm.I64}, {Type: wasm.I32, Mutable: true}, {Type: wasm.FuncRef}}, []bool{false, true, false},
		[]wasm.MemoryType{{Limits: wasm.Limits{Min: 1, Max: 5, HasMax: true}}}, true,
		[]wasm.Feature{wasm.FeatureReferenceTypes, wasm.FeatureSignExtension},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Checked (-want +got):\n%s", diff)
	}
	if got := len(c.FunctionType(0).Params); got != 1 {
		t.Errorf("FunctionType(0) has %d parameters, want 1", got)
	}
	for table, want := range []struct{ Imported, Written, Grown, Exported, Constant bool }{
		{true, false, false, false, false}, {false, true, false, false, false}, {false, false, true, false, false}, {false, false, false, true, false},
	} {
		u := c.TableUse(uint32(table))
		if u.Imported != want.Imported || u.Written != want.Written || u.Grown != want.Grown || u.Exported != want.Exported || u.IsConstant() != want.Constant {
			t.Errorf("TableUse(%d) = %+v, want %+v", table, u, want)
		}
	}
}
