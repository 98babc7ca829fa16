package spec

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"mewz/test/vector"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// TestVectorOracle compares each vector instruction with wazero: on the edges of
// every lane and at random, with all operands from memory and with one of them a
// constant.

// laneEdges are values at which lanes of some bits behave in a special way.
var laneEdges = map[int][]uint64{
	8:  {0, 1, 0x7f, 0x80, 0xff, 15, 16},
	16: {0, 1, 0x7fff, 0x8000, 0xffff, 0x7f, 0x80, 0xff80, 0xff7f, 0xff, 0x100},
	32: {0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x7fff, 0x8000, 0xffff_8000, 0xffff_7fff, 0xffff, 0x1_0000},
	64: {0, 1, math.MaxInt64, 1 << 63, math.MaxUint64},
}

// floatEdges are numbers at which floats do, besides those made of bits below.
var floatEdges = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, math.Inf(1), math.Inf(-1), 1e-310, 1e-40, -1e-45, 1e300, 1e10, 1e40,
	1 << 31, 1<<31 - 1, 1<<31 - 128, -1 << 31, -1<<31 - 1, -1<<31 - 256, 1 << 32, 1<<32 - 1, 1<<32 - 256, 1 << 52, 1<<52 + 0.5, 1 << 23, 8388607.5, -0.9,
}

// Signalling and quiet NaNs with payloads.
var (
	nans32 = []uint64{0x7fc0_0000, 0xffc0_0000, 0x7fa0_0000, 0xff80_0001, 0x7fc0_1234}
	nans64 = []uint64{0x7ff8 << 48, 0xfff8 << 48, 0x7ff4 << 48, 0xfff0<<48 | 1, 0x7ff8<<48 | 0x1234}
)

// putLane writes a lane that is an edge or random.
func putLane(r *rand.Rand, b []byte, bits int) {
	v := r.Uint64()
	edges := laneEdges[bits]
	switch n := r.IntN(8); {
	case n < 3:
		v = edges[r.IntN(len(edges))]
	case n < 6 && bits == 32:
		v = uint64(math.Float32bits(float32(floatEdges[r.IntN(len(floatEdges))])))
	case n < 6 && bits == 64:
		v = math.Float64bits(floatEdges[r.IntN(len(floatEdges))])
	case n == 6 && bits == 32:
		v = nans32[r.IntN(len(nans32))]
	case n == 6 && bits == 64:
		v = nans64[r.IntN(len(nans64))]
	}
	for k := range bits / 8 {
		b[k] = byte(v >> (8 * k))
	}
}

// vectorInputs fills the slots of package vector.
func vectorInputs(r *rand.Rand) []byte {
	b := make([]byte, vector.SlotBytes*vector.Slots)
	for at := 0; at < len(b); at += 16 {
		bits := 8 << (at / vector.SlotBytes % 4)
		for k := 0; k < 16; k += bits / 8 {
			putLane(r, b[at+k:], bits)
		}
	}
	return b
}

// vectorConstants are constants for operands, the last of them shift counts too.
func vectorConstants() []vector.Constant {
	var list []vector.Constant
	add := func(operand int, low, high uint64) {
		var b [16]byte
		binary.LittleEndian.PutUint64(b[:], low)
		binary.LittleEndian.PutUint64(b[8:], high)
		list = append(list, vector.Constant{Operand: operand, Bytes: b})
	}
	one32, one64 := uint64(0x3f80_0000_3f80_0000), uint64(0x3ff0_0000_0000_0000)
	for operand := range 2 {
		add(operand, 0, 0)
		add(operand, one64, one64)
		add(operand, one32, one32^1<<63)
		add(operand, 1<<63|1<<31, 1<<63|1<<31)
	}
	add(0, nans64[2], nans32[2]|nans32[3]<<32)
	add(1, 0x0102_0304_0506_070f, 0x8081_7f10_ff0e_0d0c)
	return list
}

// sameVector compares results. Where both lanes are a NaN, the specification
// leaves the payload open, unless the instruction is none of arithmetic.
func sameVector(i *vector.Instruction, got, want []byte) bool {
	bits := 0
	switch {
	case bytes.Equal(got, want):
		return true
	case strings.HasPrefix(i.Name, "f32x4"):
		bits = 32
	case strings.HasPrefix(i.Name, "f64x2"):
		bits = 64
	default:
		return false
	}
	at := vector.ResultAt
	if !bytes.Equal(got[:at], want[:at]) || !bytes.Equal(got[at+16:], want[at+16:]) {
		return false
	}
	g, w := wordAt(got[at:]), wordAt(want[at:])
	for k := range 128 / bits {
		a, b := g.lane(k, bits), w.lane(k, bits)
		if a != b && !(isQuietNaN(a, bits) && isQuietNaN(b, bits)) {
			return false
		}
	}
	return true
}

func isQuietNaN(v uint64, bits int) bool {
	if bits == 32 {
		return v&f32CanonicalNaN == f32CanonicalNaN
	}
	return v&f64CanonicalNaN == f64CanonicalNaN
}

// vectorOracle is wazero with the module of all instructions.
func vectorOracle(t *testing.T, module []byte) api.Module {
	t.Helper()
	ctx := context.Background()
	runtime := wazero.NewRuntime(ctx)
	t.Cleanup(func() { runtime.Close(ctx) })
	m, err := runtime.Instantiate(ctx, module)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestVectorOracle(t *testing.T) {
	module, names, instructions := vector.Loop(vectorConstants())
	oracle := vectorOracle(t, module)
	r := rand.New(rand.NewPCG(1, 2))
	eachLevel(t, func(t *testing.T, runner *Runner, _ []*Script) {
		p, in := startVectors(t, runner, module)
		inputs := vectorInputs(r)
		for k, name := range names {
			want := oracleSlots(t, oracle, name, inputs)
			if err := p.write(in.memories[0].base, inputs); err != nil {
				t.Fatal(err)
			}
			x := in.exports[name]
			if _, err := p.call(x.address, &x.function, nil); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got, err := p.read(in.memories[0].base, uint64(len(inputs)))
			if err != nil {
				t.Fatal(err)
			}
			compareSlots(t, name, &instructions[k], inputs, got, want)
		}
	})
}

// startVectors compiles the module and instantiates it in a process.
func startVectors(t *testing.T, r *Runner, module []byte) (*process, *instance) {
	t.Helper()
	v := r.Compiler.check("2.0", module)
	if err := v.err(); err != nil {
		t.Fatal(err)
	}
	c, err := r.Compiler.compile(context.Background(), &v, false)
	if err != nil {
		t.Fatal(err)
	}
	p, err := startProcess(r.Program)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	in, err := p.instantiate(c, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p, in
}

func oracleSlots(t *testing.T, oracle api.Module, name string, inputs []byte) []byte {
	t.Helper()
	oracle.Memory().Write(0, inputs)
	if _, err := oracle.ExportedFunction(name).Call(context.Background()); err != nil {
		t.Fatalf("wazero: %s: %v", name, err)
	}
	slots, _ := oracle.Memory().Read(0, uint32(len(inputs)))
	return slots
}

// compareSlots reports the first slot that differs.
func compareSlots(t *testing.T, name string, i *vector.Instruction, inputs, got, want []byte) {
	t.Helper()
	for at := 0; at < len(inputs); at += vector.SlotBytes {
		g, w := got[at:at+vector.SlotBytes], want[at:at+vector.SlotBytes]
		if !sameVector(i, g, w) {
			t.Errorf("%s: operands % x:\n got % x,\nwant % x", name, inputs[at:at+vector.ResultAt], g[vector.ResultAt:], w[vector.ResultAt:])
			return
		}
	}
}
