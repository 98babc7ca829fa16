package differential

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"mewz/compiler/wasm"
)

// Canonical NaNs of positive sign (2.2.3).
const (
	nan32 = 0x7fc0_0000
	nan64 = 0x7ff8_0000_0000_0000
)

// Values at which instructions behave in a special way.
var (
	edges32 = []uint64{0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x1_0000,
		0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_ffff, 0xffff_fffe, 0xffff_ff80, 0xffff_8000, 0x5555_5555, 0xaaaa_aaaa}
	edges64 = []uint64{0, 1, 2, 3, 31, 32, 33, 63, 64, 65, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000,
		math.MaxInt64, 1 << 63, 1<<63 | 1, math.MaxUint64, math.MaxUint64 - 1, 0xffff_ffff_8000_0000, 0xffff_ffff_7fff_ffff, 0x5555_5555_5555_5555}
	edgesFloat = []float64{
		0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.9999999, -0.9999999, math.Inf(1), math.Inf(-1),
		math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, math.MaxFloat64, -math.MaxFloat64,
		math.SmallestNonzeroFloat64, 1e-310, 1.1754943508222875e-38, 2.2250738585072014e-308,
		1 << 31, 1<<31 - 1, 1<<31 - 128, -1 << 31, -1<<31 - 1, -1<<31 - 256, 1 << 32, 1<<32 - 1, 1<<32 - 256,
		1 << 63, 1<<63 - 1024, 1<<63 - 1<<39, -1 << 63, -1<<63 - 2048, -1<<63 - 1<<40, 1 << 64, 1<<64 - 2048, 1<<64 - 1<<40,
		1 << 52, 1<<52 + 0.5, 1 << 53, 1<<53 + 2, 1 << 23, 8388607.5, 1 << 24, 16777217, 3.141592653589793,
	}
	nans32 = []uint64{nan32, nan32 | 1<<31, 0x7fa0_0000, 0xff80_0001, 0x7fc0_1234}
	nans64 = []uint64{nan64, nan64 | 1<<63, 0x7ff4 << 48, 0xfff0<<48 | 1, nan64 | 0x1234}
)

// value is a random value of a type: an edge as often as not.
func value(r *rand.Rand, letter byte) [2]uint64 {
	n := r.IntN(10)
	switch letter {
	case 'i':
		switch {
		case n < 5:
			return [2]uint64{pick(r, edges32)}
		case n < 8:
			return [2]uint64{uint64(r.IntN(200))}
		}
		return [2]uint64{uint64(r.Uint32())}
	case 'I':
		switch {
		case n < 5:
			return [2]uint64{pick(r, edges64)}
		case n < 7:
			return [2]uint64{uint64(r.IntN(200))}
		}
		v := r.Uint64() >> r.IntN(64)
		if n == 9 {
			v = -v
		}
		return [2]uint64{v}
	case 'f':
		switch {
		case n < 5:
			return [2]uint64{uint64(math.Float32bits(float32(pick(r, edgesFloat))))}
		case n < 8:
			return [2]uint64{uint64(math.Float32bits(float32(r.IntN(2000)-1000) / 8))}
		case n < 9:
			return [2]uint64{pick(r, nans32)}
		}
		return [2]uint64{uint64(r.Uint32())}
	case 'F':
		switch {
		case n < 5:
			return [2]uint64{math.Float64bits(pick(r, edgesFloat))}
		case n < 8:
			return [2]uint64{math.Float64bits(float64(r.IntN(2000)-1000) / 8)}
		case n < 9:
			return [2]uint64{pick(r, nans64)}
		}
		return [2]uint64{r.Uint64()}
	case 'v':
		return vectorValue(r)
	case 'x':
		return [2]uint64{uint64(r.IntN(4))} // 0 is null
	default:
		return [2]uint64{} // a null function
	}
}

// vectorValue is a vector of lanes of one width, each of them a random value.
func vectorValue(r *rand.Rand) (v [2]uint64) {
	for k := range v {
		switch r.IntN(5) {
		case 0:
			v[k] = value(r, 'I')[0]
		case 1:
			v[k] = value(r, 'F')[0]
		case 2:
			v[k] = value(r, 'f')[0] | value(r, 'f')[0]<<32
		case 3:
			v[k] = value(r, 'i')[0] | value(r, 'i')[0]<<32
		default:
			for at := 0; at < 64; at += 8 {
				v[k] |= pick(r, edges32) & 0xff << at
			}
		}
	}
	return v
}

// isNaN says whether the bits are a NaN of a float type.
func isNaN(letter byte, bits uint64) bool {
	if letter == 'f' {
		return bits<<33>>33 > 0x7f80_0000
	}
	return bits&^(1<<63) > 0x7ff0<<48
}

// withoutNaN replaces every NaN by the canonical one.
func withoutNaN(letter byte, v [2]uint64) [2]uint64 {
	switch {
	case letter == 'f' && isNaN(letter, v[0]):
		return [2]uint64{nan32}
	case letter == 'F' && isNaN(letter, v[0]):
		return [2]uint64{nan64}
	default:
		return v
	}
}

// appendConstant appends the instruction that pushes a value.
func appendConstant(b []byte, letter byte, v [2]uint64) []byte {
	switch letter {
	case 'i':
		return appendSigned(append(b, byte(wasm.OpI32Const)), int64(int32(v[0])))
	case 'I':
		return appendSigned(append(b, byte(wasm.OpI64Const)), int64(v[0]))
	case 'f':
		return binary.LittleEndian.AppendUint32(append(b, byte(wasm.OpF32Const)), uint32(v[0]))
	case 'F':
		return binary.LittleEndian.AppendUint64(append(b, byte(wasm.OpF64Const)), v[0])
	case 'v':
		b = appendOpcode(b, wasm.OpV128Const)
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, v[0]), v[1])
	default:
		return append(b, byte(wasm.OpRefNull), byte(letters[letter]))
	}
}
