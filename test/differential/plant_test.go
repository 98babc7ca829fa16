package differential

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"slices"
	"testing"
	"time"

	"mewz/compiler/llvm"
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
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
	code     []byte      // instead of the whole instruction; nil: only to changes
	// change is what instructions become, instead of all of the above.
	change func(m *wasm.Module, i *wasm.Instruction, bytes []byte) []byte
}

var plants = []plant{
	{name: "i64.shr_s is shr_u", from: 0x87, to: 0x88},
	{name: "i32.load8_s does not extend the sign", from: 0x2c, to: 0x2d},
	{name: "i64.load32_s does not extend the sign", from: 0x34, to: 0x35},
	{name: "i64.store16 stores a byte", from: 0x3d, to: 0x3c},
	{name: "i32.div_s is unsigned", from: 0x6d, to: 0x6e},
	{name: "i64.rem_s is unsigned", from: 0x81, to: 0x82},
	{name: "i32.lt_u is signed", from: 0x49, to: 0x48},
	{name: "f32.nearest rounds down", from: 0x90, to: 0x8e},
	{name: "f64.min is max", from: 0xa4, to: 0xa5},
	{name: "f64.convert_i64_u is signed", from: 0xba, to: 0xb9},
	{name: "i32.trunc_f64_u is signed", from: 0xab, to: 0xaa},
	{name: "i64.trunc_sat_f32_u is signed", from: wasm.PrefixMisc | 5, to: wasm.PrefixMisc | 4},
	{name: "i8x16.add_sat_s wraps", from: wasm.PrefixSIMD | 0x6f, to: wasm.PrefixSIMD | 0x6e},
	{name: "i16x8.shr_u is shr_s", from: wasm.PrefixSIMD | 0x8d, to: wasm.PrefixSIMD | 0x8c},
	{name: "v128.load16x4_s is unsigned", from: wasm.PrefixSIMD | 0x03, to: wasm.PrefixSIMD | 0x04},
	{name: "f64x2.pmin is min", from: wasm.PrefixSIMD | 0xf6, to: wasm.PrefixSIMD | 0xf4},

	// In what sum.go, neighbour.go and packed.go make.
	{name: "the third term of an i32 sum is lost", from: wasm.OpI32Add, to: wasm.OpDrop, behind: wasm.OpI32Add},
	{name: "the third term of an i64 exclusive or is lost", from: opI64Xor, to: wasm.OpDrop, behind: opI64Xor},
	{name: "the third vector of a sum is lost", from: opI16x8Add, to: wasm.OpDrop, behind: opI16x8Add},
	{name: "lanes are joined by exclusive or", from: opI32Or, to: opI32Xor, behind: opI32x4ExtractLane},
	{name: "half of what lies before an address is loaded", from: 0x2f, to: 0x2d, behind: wasm.OpI32Sub},
	{name: "a product is subtracted", from: 0xa0, to: 0xa1, behind: 0xa2},
}

// proposalPlants are faults in what only V8 judges.
var proposalPlants = []plant{
	{name: "struct.get_s does not extend the sign", from: wasm.OpStructGetS, to: wasm.OpStructGetU},
	{name: "array.get_u extends the sign", from: wasm.OpArrayGetU, to: wasm.OpArrayGetS},
	{name: "i31.get_s does not extend the sign", from: wasm.OpI31GetS, to: wasm.OpI31GetU},
	{name: "ref.test of a type with null says no of null", from: wasm.OpRefTestNull, to: wasm.OpRefTest},
	{name: "br_on_cast never branches", from: wasm.OpBrOnCast, code: []byte{byte(wasm.OpNop)}},
	{name: "br_on_cast_fail always branches", from: wasm.OpBrOnCastFail, code: []byte{byte(wasm.OpBr), 0}},
	{name: "br_on_null traps", from: wasm.OpBrOnNull, code: []byte{byte(wasm.OpRefAsNonNull)}},
	{name: "no references are equal", from: wasm.OpRefEq, code: []byte{byte(wasm.OpDrop), byte(wasm.OpDrop), byte(wasm.OpI32Const), 0}},
	{name: "struct.set is lost", from: wasm.OpStructSet, code: slices.Repeat([]byte{byte(wasm.OpDrop)}, 2)},
	{name: "array.set is lost", from: wasm.OpArraySet, code: slices.Repeat([]byte{byte(wasm.OpDrop)}, 3)},
	{name: "array.fill is lost", from: wasm.OpArrayFill, code: slices.Repeat([]byte{byte(wasm.OpDrop)}, 4)},
	{name: "array.copy is lost", from: wasm.OpArrayCopy, code: slices.Repeat([]byte{byte(wasm.OpDrop)}, 5)},
	{name: "array.init_elem is lost", from: wasm.OpArrayInitElem, code: slices.Repeat([]byte{byte(wasm.OpDrop)}, 4)},
	{name: "throw_ref throws nothing", from: wasm.OpThrowRef, code: []byte{byte(wasm.OpUnreachable)}},
	{name: "rethrow throws nothing", from: wasm.OpRethrow, code: []byte{byte(wasm.OpUnreachable)}},
	{name: "catch_all catches tag 0 only", from: wasm.OpCatchAll, code: []byte{byte(wasm.OpCatch), 0}},
	{name: "return_call_ref does not call", from: wasm.OpReturnCallRef, code: []byte{byte(wasm.OpUnreachable)}},
}

// layoutPlants are faults in what layout.go makes.
var layoutPlants = []plant{
	{name: "offsets have 32 bits", change: func(_ *wasm.Module, i *wasm.Instruction, bytes []byte) []byte {
		if !isMemArg(i) || i.MemOffset < 1<<32 {
			return bytes
		}
		return withMemArg(i, i.Index, uint64(uint32(i.MemOffset)))
	}},
	{name: "another memory of the same kind", change: func(m *wasm.Module, i *wasm.Instruction, bytes []byte) []byte {
		for k := range m.Memories {
			if isMemArg(i) && uint32(k) != i.Index && m.Memories[k].Type == m.Memories[i.Index].Type {
				return withMemArg(i, uint32(k), i.MemOffset)
			}
		}
		return bytes
	}},
	{name: "memory.copy within one memory", change: func(m *wasm.Module, i *wasm.Instruction, bytes []byte) []byte {
		if i.Opcode != wasm.OpMemoryCopy || m.Memories[i.Index].Type != m.Memories[i.Index2].Type {
			return bytes
		}
		return appendUnsigned(appendUnsigned(appendOpcode(nil, i.Opcode), uint64(i.Index)), uint64(i.Index))
	}},
	{name: "indices of tables have 32 bits", change: func(m *wasm.Module, i *wasm.Instruction, bytes []byte) []byte {
		if (i.Opcode != wasm.OpTableGet || !m.Tables[i.Index].Type.Limits.Is64) && (i.Opcode != wasm.OpCallIndirect || !m.Tables[i.Index2].Type.Limits.Is64) {
			return bytes
		}
		return append([]byte{opI32WrapI64, opI64ExtendI32U}, bytes...)
	}},
}

func isMemArg(i *wasm.Instruction) bool { return i.Info().Immediate == wasm.ImmediateMemArg }

// withMemArg is an access with another index and offset.
func withMemArg(i *wasm.Instruction, memory uint32, offset uint64) []byte {
	b := appendUnsigned(appendOpcode(nil, i.Opcode), uint64(i.Align)|memArgIndex)
	return appendUnsigned(appendUnsigned(b, uint64(memory)), offset)
}

// in plants the fault in a module.
func (p *plant) in(module []byte) ([]byte, error) {
	m, err := decode.Module(module)
	if err != nil {
		return nil, err
	}
	return rewrite(module, func(_ int, b body) (body, error) {
		var code []byte
		var before wasm.Opcode
		err := b.instructions(func(i *wasm.Instruction, bytes []byte) {
			switch isHere := i.Opcode == p.from && (p.behind == 0 || p.behind == before); {
			case p.change != nil:
				code = append(code, p.change(m, i, bytes)...)
			case isHere && p.code != nil:
				code = append(code, p.code...)
			case isHere:
				code = append(appendOpcode(code, p.to), bytes[len(appendOpcode(nil, p.from)):]...)
			default:
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
	node, err := toolchain.V8()
	if err != nil {
		skip(err)
	}
	f.V8 = NewV8(node)
	t.Cleanup(f.V8.Close)
	return f
}

// TestPlanted plants faults and wants the fuzzer to find each.
func TestPlanted(t *testing.T) {
	f := newFuzzer(t)
	testPlants(t, f, plants)
}

// TestPlantedProposals does so where V8 is the judge.
func TestPlantedProposals(t *testing.T) {
	f := newFuzzer(t)
	f.Generator = GeneratorProposals
	testPlants(t, f, slices.Concat(layoutPlants, proposalPlants))
}

func testPlants(t *testing.T, f *Fuzzer, list []plant) {
	const modulesMax = 60 // that have the instruction
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
		t.Run(plant.name, func(t *testing.T) {
			found, modules, seeds := findPlant(t, f, modulesMax, time.Hour)
			if !found {
				t.Errorf("not found in %d modules", modules)
			}
			t.Logf("%d modules with the instruction of %d", modules, seeds)
		})
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
