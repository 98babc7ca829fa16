package spec

import (
	"debug/elf"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mewz/abi"
	"mewz/compiler/object"
	"mewz/compiler/wasm"

	"github.com/google/go-cmp/cmp"
)

// loadIR compiles testdata/convention.ll and maps it into a new process, with a
// memory of one wasm page.
func loadIR(t *testing.T) (*process, *image) {
	t.Helper()
	if _, err := exec.LookPath("llc-19"); err != nil {
		skip(t, err)
	}
	dir := t.TempDir()
	program, err := BuildRunner(dir)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "convention.o")
	out, err := exec.Command("llc-19", "-filetype=obj", "-relocation-model=static", "-o", name, "testdata/convention.ll").CombinedOutput()
	if err != nil {
		t.Fatalf("llc-19: %v\n%s", err, out)
	}
	p, err := startProcess(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	i := &instantiation{process: p, in: &instance{
		object: &object.Module{},
		module: &wasm.Module{Memories: []wasm.Memory{{Type: wasm.MemoryType{Limits: wasm.Limits{Min: 1, Max: 3, HasMax: true}}}}},
	}}
	i.file = readObject(t, name)
	i.file.AddObject(object.SymbolMemoryImage, i.file.AddSection(object.Section{Name: ".rodata.image", Flags: elf.SHF_ALLOC, Data: make([]byte, 24)}))
	if err := i.prepareMemories(); err != nil {
		t.Fatal(err)
	}
	i.addGlue()
	if i.in.image, err = p.load(i.file, i.resolver); err != nil {
		t.Fatal(err)
	}
	if err := i.mapMemory(0); err != nil {
		t.Fatal(err)
	}
	return p, i.in.image
}

func TestProcessCall(t *testing.T) {
	p, m := loadIR(t)
	i32, i64, f32, f64 := wasm.I32, wasm.I64, wasm.F32, wasm.F64
	float, double := func(f float32) uint64 { return uint64(math.Float32bits(f)) }, math.Float64bits
	type types = []wasm.ValueType
	tests := []struct {
		name      string
		function  wasm.FuncType
		arguments []word
		want      []word
		trap      abi.TrapCode
	}{
		{"mixed", wasm.FuncType{Params: types{i32, i64, f32, f64}, Results: types{i64}}, words(1, 20, float(300), double(4000)), words(4321), 0},
		{"spilled", wasm.FuncType{Params: types{i64, i64, i64, i64, i64, i64, i64, i64, i32}, Results: types{i64}}, words(0, 0, 0, 0, 0, 0, 4, 5, 6), words(456), 0},
		{"five", wasm.FuncType{Params: types{i32}, Results: types{i32, f64, i64, f32, i32}}, words(1), words(1, double(2), 3, float(4), 5), 0},
		{"four", wasm.FuncType{Params: types{i32}, Results: types{i32, i64, i32, i64}}, words(1), words(1, 2, 3, 4), 0},
		{"floats", wasm.FuncType{Results: types{f32, f32, f32}}, nil, words(float(1), float(2), float(3)), 0},
		{"divide", wasm.FuncType{}, nil, nil, abi.TrapDivideByZero},
		{"load", wasm.FuncType{Params: types{i32}, Results: types{i32}}, words(65532), words(0), 0},
		{"load", wasm.FuncType{Params: types{i32}, Results: types{i32}}, words(65533), nil, abi.TrapMemory},
		{"grow", wasm.FuncType{Params: types{i32}, Results: types{i32}}, words(3), words(math.MaxUint32), 0},
		{"grow", wasm.FuncType{Params: types{i32}, Results: types{i32}}, words(2), words(1), 0},
		{"load", wasm.FuncType{Params: types{i32}, Results: types{i32}}, words(65533), words(0), 0},
		{"load", wasm.FuncType{Params: types{i32}, Results: types{i32}}, words(math.MaxUint32), nil, abi.TrapMemory},
		{"recurse", wasm.FuncType{Params: types{i32}, Results: types{i32}}, words(0), nil, abi.TrapStack},
		{"wild", wasm.FuncType{}, nil, nil, abi.TrapException},
		{"copied", wasm.FuncType{Params: types{i64}, Results: types{i64}}, words(0), words(0x0707070707070707), 0},
	}
	for _, test := range tests {
		got, err := p.call(m.symbols[test.name], &test.function, test.arguments)
		var trap *Trap
		if errors.As(err, &trap) != (test.want == nil) || trap != nil && trap.Code != test.trap {
			t.Errorf("%s(%v): %v, want trap %v", test.name, test.arguments, err, test.trap)
			continue
		}
		if trap == nil && err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s(%v) (-want +got):\n%s", test.name, test.arguments, diff)
		}
	}
}

func readObject(t *testing.T, name string) *object.File {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := object.Read(name, b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
