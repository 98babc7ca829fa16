package wasm_test

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"mewz/compiler/wasm"
)

func TestOpcodesTable(t *testing.T) {
	for opcode, info := range wasm.Opcodes {
		if info.Name == "" {
			t.Errorf("Opcodes[0x%x] has no name", uint32(opcode))
		}
		if got := wasm.Lookup(opcode); got == nil || *got != info {
			t.Errorf("Lookup(0x%x) = %v, want %v", uint32(opcode), got, info)
		}
		accesses := info.Immediate == wasm.ImmediateMemArg || info.Immediate == wasm.ImmediateMemArgLane || info.Immediate == wasm.ImmediateLane
		if accesses != (info.AccessBytes != 0) {
			t.Errorf("Opcodes[0x%x] (%s) accesses %d bytes", uint32(opcode), info.Name, info.AccessBytes)
		}
		if strings.Trim(info.Signature, "iIfFv") != ":" && info.Signature != "" {
			t.Errorf("Opcodes[0x%x] (%s) has signature %q", uint32(opcode), info.Name, info.Signature)
		}
	}
	for _, opcode := range []wasm.Opcode{0x16, 0xff, wasm.PrefixMisc | 18, wasm.PrefixMisc | 0xffff, wasm.PrefixSIMD | 0x9a, wasm.PrefixSIMD | 0x114, wasm.PrefixGC | 31, math.MaxUint32} {
		if got := wasm.Lookup(opcode); got != nil {
			t.Errorf("Lookup(0x%x) = %v, want nil", uint32(opcode), got)
		}
	}
}

func TestReaderUnsigned(t *testing.T) {
	for _, test := range []struct {
		bytes string
		want  uint32
		err   error
		at    wasm.Offset
	}{
		{"\x00", 0, nil, 1},
		{"\x7f", 127, nil, 1},
		{"\x80\x01", 128, nil, 2},
		{"\x80\x80\x80\x80\x00", 0, nil, 5}, // longer than needed is allowed
		{"\xff\xff\xff\xff\x0f", math.MaxUint32, nil, 5},
		{"\xff\xff\xff\xff\x1f", 0, wasm.ErrIntegerTooLarge, 4},
		{"\x80\x80\x80\x80\x80\x00", 0, wasm.ErrIntegerTooLong, 4},
		{"\x80\x80", 0, wasm.ErrUnexpectedEnd, 2},
		{"", 0, wasm.ErrUnexpectedEnd, 0},
	} {
		r := wasm.NewReader([]byte(test.bytes), 0)
		if got, err := r.Uint32(); got != test.want && err == nil || !errors.Is(err, test.err) || r.Offset() != test.at {
			t.Errorf("Uint32(% x) = %d, %v at %d, want %d, %v at %d", test.bytes, got, err, r.Offset(), test.want, test.err, test.at)
		}
	}
}

func TestReaderSigned(t *testing.T) {
	for _, test := range []struct {
		bytes string
		want  int32
		err   error
	}{
		{"\x7f", -1, nil},
		{"\x40", -64, nil},
		{"\xc0\x00", 64, nil},
		{"\x80\x80\x80\x80\x78", math.MinInt32, nil},
		{"\xff\xff\xff\xff\x07", math.MaxInt32, nil},
		{"\xff\xff\xff\xff\x7f", -1, nil},
		{"\xff\xff\xff\xff\x0f", 0, wasm.ErrIntegerTooLarge},
		{"\x80\x80\x80\x80\x70", 0, wasm.ErrIntegerTooLarge},
		{"\xff\xff\xff\xff\xff\x7f", 0, wasm.ErrIntegerTooLong},
	} {
		got, err := wasm.NewReader([]byte(test.bytes), 0).Int32()
		if got != test.want && err == nil || !errors.Is(err, test.err) {
			t.Errorf("Int32(% x) = %d, %v, want %d, %v", test.bytes, got, err, test.want, test.err)
		}
	}
}

// TestReaderInt64 reads what an encoder by the book writes.
func TestReaderInt64(t *testing.T) {
	for _, want := range []int64{0, 1, -1, 63, 64, -64, -65, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64} {
		var b []byte
		for v := want; ; v >>= 7 {
			if v >= -64 && v < 64 {
				b = append(b, byte(v)&0x7f)
				break
			}
			b = append(b, byte(v)|0x80)
		}
		if got, err := wasm.NewReader(b, 0).Int64(); got != want || err != nil {
			t.Errorf("Int64(% x) = %d, %v, want %d", b, got, err, want)
		}
	}
	for _, want := range []uint64{0, 127, 128, math.MaxUint32, math.MaxUint64} {
		b := binary.AppendUvarint(nil, want)
		if got, err := wasm.NewReader(b, 0).Uint64(); got != want || err != nil {
			t.Errorf("Uint64(% x) = %d, %v, want %d", b, got, err, want)
		}
	}
}

func TestNext(t *testing.T) {
	r := wasm.NewReader([]byte("\x0e\x02\x01\x02\x03\x28\x02\x80\x01\x42\x7f\x02\x05\x1c\x01\x6f\xfc\x0c\x07\x01"+
		"\xfd\x0c\x01\x00\x00\x00\x00\x00\x00\x80\x02\x00\x00\x00\x00\x00\x00\x00\xfd\x57\x03\x10\x01\xfd\xff\x01\x0b"), 100)
	var i wasm.Instruction
	for _, want := range []struct {
		opcode wasm.Opcode
		offset wasm.Offset
		check  func() bool
	}{
		{wasm.OpBrTable, 100, func() bool { return len(i.Labels) == 2 && i.Labels[1] == 2 && i.Index == 3 }},
		{wasm.OpI32Load, 105, func() bool { return i.Align == 2 && i.MemOffset == 128 }},
		{wasm.OpI64Const, 109, func() bool { return i.Value == -1 }},
		{wasm.OpBlock, 111, func() bool { return i.Block == wasm.BlockType{HasIndex: true, Index: 5} }},
		{wasm.OpSelectTyped, 113, func() bool { return len(i.Types) == 1 && i.Types[0] == wasm.ExternRef }},
		{wasm.OpTableInit, 116, func() bool { return i.Index == 7 && i.Index2 == 1 }},
		{wasm.OpV128Const, 120, func() bool { return uint64(i.Value) == 1<<63|1 && i.High == 2 }},
		{wasm.PrefixSIMD | 0x57, 138, func() bool { return i.Align == 3 && i.MemOffset == 16 && i.Lane == 1 }},
		{wasm.PrefixSIMD | 0xff, 143, func() bool { return i.Info().Name == "f64x2.convert_low_i32x4_u" }},
		{wasm.OpEnd, 146, func() bool { return i.Info().Name == "end" }},
	} {
		if err := r.Next(&i); err != nil || i.Opcode != want.opcode || i.Offset != want.offset || !want.check() {
			t.Errorf("Next() = %+v, %v, want opcode 0x%x at %d", i, err, uint32(want.opcode), want.offset)
		}
	}
	if err := r.Next(&i); !errors.Is(err, wasm.ErrUnexpectedEnd) {
		t.Errorf("Next() at the end = %v, want %v", err, wasm.ErrUnexpectedEnd)
	}
}

func TestFunctionLabel(t *testing.T) {
	m := wasm.Module{
		Imports: []wasm.Import{{Kind: wasm.ExternGlobal}, {Module: "env", Name: "f", Kind: wasm.ExternFunc}},
		Names:   wasm.Names{Functions: map[uint32]string{2: "a\nb\x1b[0m", 3: strings.Repeat("x", 1000)}},
	}
	for index, want := range []string{"function 0 (env.f)", "function 1", `function 2 (a\nb\x1b[0m)`, "function 3 (" + strings.Repeat("x", 200) + "...)"} {
		if got := m.FunctionLabel(uint32(index)); got != want {
			t.Errorf("FunctionLabel(%d) = %s, want %s", index, got, want)
		}
	}
}
