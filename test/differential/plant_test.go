package differential

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"testing"
	"time"

	"mewz/compiler/llvm"
	"mewz/compiler/wasm"
	"mewz/test/spec"
	"mewz/test/toolchain"
)

// measure makes TestPlanted compare the generators instead.
var measure = flag.Bool("measure", false, "say how long each generator takes to find each planted fault")

// plant is a fault of a compiler: an instruction does what another one should.
type plant struct {
	name     string
	from, to wasm.Opcode
	behind   wasm.Opcode // only right behind this one; zero: anywhere
}

var plants = []plant{
	{"i64.shr_s is shr_u", 0x87, 0x88, 0},
	{"i32.load8_s does not extend the sign", 0x2c, 0x2d, 0},
	{"i64.load32_s does not extend the sign", 0x34, 0x35, 0},
	{"i64.store16 stores a byte", 0x3d, 0x3c, 0},
	{"i32.div_s is unsigned", 0x6d, 0x6e, 0},
	{"i64.rem_s is unsigned", 0x81, 0x82, 0},
	{"i32.lt_u is signed", 0x49, 0x48, 0},
	{"f32.nearest rounds down", 0x90, 0x8e, 0},
	{"f64.min is max", 0xa4, 0xa5, 0},
	{"f64.convert_i64_u is signed", 0xba, 0xb9, 0},
	{"i32.trunc_f64_u is signed", 0xab, 0xaa, 0},
	{"i64.trunc_sat_f32_u is signed", wasm.PrefixMisc | 5, wasm.PrefixMisc | 4, 0},
	{"i8x16.add_sat_s wraps", wasm.PrefixSIMD | 0x6f, wasm.PrefixSIMD | 0x6e, 0},
	{"i16x8.shr_u is shr_s", wasm.PrefixSIMD | 0x8d, wasm.PrefixSIMD | 0x8c, 0},
	{"v128.load16x4_s is unsigned", wasm.PrefixSIMD | 0x03, wasm.PrefixSIMD | 0x04, 0},
	{"f64x2.pmin is min", wasm.PrefixSIMD | 0xf6, wasm.PrefixSIMD | 0xf4, 0},

	// In what sum.go, neighbour.go and packed.go make.
	{"the third term of an i32 sum is lost", wasm.OpI32Add, wasm.OpDrop, wasm.OpI32Add},
	{"the third term of an i64 exclusive or is lost", opI64Xor, wasm.OpDrop, opI64Xor},
	{"the third vector of a sum is lost", opI16x8Add, wasm.OpDrop, opI16x8Add},
	{"lanes are joined by exclusive or", opI32Or, opI32Xor, opI32x4ExtractLane},
	{"half of what lies before an address is loaded", 0x2f, 0x2d, wasm.OpI32Sub},
	{"a product is subtracted", 0xa0, 0xa1, 0xa2},
}

// in plants the fault in a module.
func (p *plant) in(module []byte) ([]byte, error) {
	return rewrite(module, func(_ int, b body) (body, error) {
		var code []byte
		var before wasm.Opcode
		err := b.instructions(func(i *wasm.Instruction, bytes []byte) {
			if i.Opcode == p.from && (p.behind == 0 || p.behind == before) {
				code = append(appendOpcode(code, p.to), bytes[len(appendOpcode(nil, p.from)):]...)
			} else {
				code = append(code, bytes...)
			}
			before = i.Opcode
		})
		b.code = code
		return b, err
	})
}

// newFuzzer builds what runs compiled code. Without the tools it skips the test,
// but not in CI.
func newFuzzer(t *testing.T) *Fuzzer {
	t.Helper()
	skip := func(err error) {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	if _, err := llvm.Find(); err != nil {
		skip(err)
	}
	f := &Fuzzer{Dir: t.TempDir(), Generator: GeneratorOwn}
	var err error
	if f.Program, err = spec.BuildRunner(f.Dir); err != nil {
		skip(err)
	}
	return f
}

// TestPlanted plants faults and wants the fuzzer to find each.
func TestPlanted(t *testing.T) {
	f := newFuzzer(t)
	const modulesMax = 60 // that have the instruction
	list := plants
	if testing.Short() {
		list = list[:4]
	}
	for _, plant := range list {
		f.Plant = plant.in
		f.Variant = "fast"
		if *measure {
			measurePlant(t, f, plant.name)
			continue
		}
		if found, modules, _ := findPlant(t, f, modulesMax, time.Hour); !found {
			t.Errorf("%s: not found in %d modules", plant.name, modules)
		}
	}
}

// findPlant compares cases until the planted fault is found.
func findPlant(t *testing.T, f *Fuzzer, modulesMax int, limit time.Duration) (found bool, modules int, seeds uint64) {
	t.Helper()
	ctx, start := context.Background(), time.Now()
	for seed := uint64(1); modules < modulesMax && time.Since(start) < limit; seed++ {
		seeds++
		c, v, err := f.NewCase(ctx, seed)
		if err != nil {
			t.Fatal(err)
		}
		if c == nil {
			continue
		}
		changed, err := f.Plant(c.Module)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(changed, c.Module) {
			continue
		}
		modules++
		if d, err := f.differs(ctx, c, v); errors.Is(err, errOracle) {
			continue
		} else if err != nil {
			t.Fatal(err)
		} else if d != nil {
			return true, modules, seeds
		}
	}
	return false, modules, seeds
}

// measurePlant says what each generator takes to find a fault.
func measurePlant(t *testing.T, f *Fuzzer, name string) {
	t.Helper()
	wasmTools, err := toolchain.WasmTools()
	if err != nil {
		t.Skip(err)
	}
	f.WasmTools = wasmTools
	for _, generator := range []string{GeneratorOwn, GeneratorSmith} {
		f.Generator = generator
		start := time.Now()
		const limit = time.Minute
		found, modules, seeds := findPlant(t, f, 1<<20, limit)
		t.Logf("%-40s %-6s found %-5v in %5.1f s: %d modules with the instruction of %d", name, generator, found, time.Since(start).Seconds(), modules, seeds)
	}
}
