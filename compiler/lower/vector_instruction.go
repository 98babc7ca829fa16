package lower

import (
	"math"

	"mewz/compiler/wasm"
)

// vectorLowering returns the lowering of an instruction behind wasm.PrefixSIMD.
func (m *module) vectorLowering(number wasm.Opcode) lowering {
	if m.options.isX86() {
		if lower := x86Vectors[number]; lower != nil {
			return lower
		}
	}
	if number < wasm.Opcode(len(vectorInstructions)) {
		return vectorInstructions[number]
	}
	return nil
}

// vectorInstructions is the table of the instructions behind wasm.PrefixSIMD.
var vectorInstructions = [...]lowering{
	0x00: lowerVectorLoad,
	0x01: loadExtended(shapeI16x8, "sext"), 0x02: loadExtended(shapeI16x8, "zext"),
	0x03: loadExtended(shapeI32x4, "sext"), 0x04: loadExtended(shapeI32x4, "zext"),
	0x05: loadExtended(shapeI64x2, "sext"), 0x06: loadExtended(shapeI64x2, "zext"),
	0x07: loadSplat(shapeI8x16), 0x08: loadSplat(shapeI16x8), 0x09: loadSplat(shapeI32x4), 0x0a: loadSplat(shapeI64x2),
	0x0b: lowerVectorStore,
	0x0c: lowerVectorConst, 0x0d: lowerShuffle, 0x0e: lowerSwizzle,
	0x0f: splatLane(shapeI8x16), 0x10: splatLane(shapeI16x8), 0x11: splatLane(shapeI32x4), 0x12: splatLane(shapeI64x2),
	0x13: splatLane(shapeF32x4), 0x14: splatLane(shapeF64x2),

	0x15: extractLane(shapeI8x16, "sext"), 0x16: extractLane(shapeI8x16, "zext"), 0x17: replaceLane(shapeI8x16),
	0x18: extractLane(shapeI16x8, "sext"), 0x19: extractLane(shapeI16x8, "zext"), 0x1a: replaceLane(shapeI16x8),
	0x1b: lowerExtractWord, 0x1c: replaceLane(shapeI32x4), 0x1d: extractLane(shapeI64x2, ""), 0x1e: replaceLane(shapeI64x2),
	0x1f: extractLane(shapeF32x4, ""), 0x20: replaceLane(shapeF32x4), 0x21: extractLane(shapeF64x2, ""), 0x22: replaceLane(shapeF64x2),

	0x23: vectorCompare(shapeI8x16, "icmp eq"), 0x24: vectorCompare(shapeI8x16, "icmp ne"),
	0x25: vectorCompare(shapeI8x16, "icmp slt"), 0x26: vectorCompare(shapeI8x16, "icmp ult"),
	0x27: vectorCompare(shapeI8x16, "icmp sgt"), 0x28: vectorCompare(shapeI8x16, "icmp ugt"),
	0x29: vectorCompare(shapeI8x16, "icmp sle"), 0x2a: vectorCompare(shapeI8x16, "icmp ule"),
	0x2b: vectorCompare(shapeI8x16, "icmp sge"), 0x2c: vectorCompare(shapeI8x16, "icmp uge"),
	0x2d: vectorCompare(shapeI16x8, "icmp eq"), 0x2e: vectorCompare(shapeI16x8, "icmp ne"),
	0x2f: vectorCompare(shapeI16x8, "icmp slt"), 0x30: vectorCompare(shapeI16x8, "icmp ult"),
	0x31: vectorCompare(shapeI16x8, "icmp sgt"), 0x32: vectorCompare(shapeI16x8, "icmp ugt"),
	0x33: vectorCompare(shapeI16x8, "icmp sle"), 0x34: vectorCompare(shapeI16x8, "icmp ule"),
	0x35: vectorCompare(shapeI16x8, "icmp sge"), 0x36: vectorCompare(shapeI16x8, "icmp uge"),
	0x37: vectorCompare(shapeI32x4, "icmp eq"), 0x38: vectorCompare(shapeI32x4, "icmp ne"),
	0x39: vectorCompare(shapeI32x4, "icmp slt"), 0x3a: vectorCompare(shapeI32x4, "icmp ult"),
	0x3b: vectorCompare(shapeI32x4, "icmp sgt"), 0x3c: vectorCompare(shapeI32x4, "icmp ugt"),
	0x3d: vectorCompare(shapeI32x4, "icmp sle"), 0x3e: vectorCompare(shapeI32x4, "icmp ule"),
	0x3f: vectorCompare(shapeI32x4, "icmp sge"), 0x40: vectorCompare(shapeI32x4, "icmp uge"),
	0x41: vectorCompare(shapeF32x4, "fcmp oeq"), 0x42: vectorCompare(shapeF32x4, "fcmp une"),
	0x43: vectorCompare(shapeF32x4, "fcmp olt"), 0x44: vectorCompare(shapeF32x4, "fcmp ogt"),
	0x45: vectorCompare(shapeF32x4, "fcmp ole"), 0x46: vectorCompare(shapeF32x4, "fcmp oge"),
	0x47: vectorCompare(shapeF64x2, "fcmp oeq"), 0x48: vectorCompare(shapeF64x2, "fcmp une"),
	0x49: vectorCompare(shapeF64x2, "fcmp olt"), 0x4a: vectorCompare(shapeF64x2, "fcmp ogt"),
	0x4b: vectorCompare(shapeF64x2, "fcmp ole"), 0x4c: vectorCompare(shapeF64x2, "fcmp oge"),

	0x4d: lowerVectorNot, 0x4e: vectorOperation(shapeI64x2, "and"), 0x4f: lowerVectorAndNot,
	0x50: vectorOperation(shapeI64x2, "or"), 0x51: vectorOperation(shapeI64x2, "xor"), 0x52: lowerBitselect, 0x53: lowerAnyTrue,

	0x54: loadLane(shapeI8x16), 0x55: loadLane(shapeI16x8), 0x56: loadLane(shapeI32x4), 0x57: loadLane(shapeI64x2),
	0x58: storeLane(shapeI8x16), 0x59: storeLane(shapeI16x8), 0x5a: storeLane(shapeI32x4), 0x5b: storeLane(shapeI64x2),
	0x5c: loadZero(shapeI32x4), 0x5d: loadZero(shapeI64x2), 0x5e: lowerVectorDemote, 0x5f: lowerVectorPromote,

	0x60: vectorUnary(shapeI8x16, "abs", ", i1 false"), 0x61: vectorNegate(shapeI8x16), 0x62: vectorUnary(shapeI8x16, "ctpop", ""),
	0x63: allTrue(shapeI8x16), 0x64: bitmask(shapeI8x16),
	0x65: narrowLanes(shapeI16x8, shapeI8x16, math.MinInt8, math.MaxInt8), 0x66: narrowLanes(shapeI16x8, shapeI8x16, 0, math.MaxUint8),
	// The default rounding of the processor is never changed, so rint is
	// nearest, ties to even.
	0x67: vectorUnary(shapeF32x4, "ceil", ""), 0x68: vectorUnary(shapeF32x4, "floor", ""),
	0x69: vectorUnary(shapeF32x4, "trunc", ""), 0x6a: vectorUnary(shapeF32x4, "rint", ""),
	0x6b: vectorShift(shapeI8x16, "shl"), 0x6c: vectorShift(shapeI8x16, "ashr"), 0x6d: vectorShift(shapeI8x16, "lshr"),
	0x6e: vectorAdd(shapeI8x16), 0x6f: vectorBinary(shapeI8x16, "sadd.sat"), 0x70: vectorBinary(shapeI8x16, "uadd.sat"),
	0x71: vectorOperation(shapeI8x16, "sub"), 0x72: vectorBinary(shapeI8x16, "ssub.sat"), 0x73: vectorBinary(shapeI8x16, "usub.sat"),
	0x74: vectorUnary(shapeF64x2, "ceil", ""), 0x75: vectorUnary(shapeF64x2, "floor", ""),
	0x76: vectorBinary(shapeI8x16, "smin"), 0x77: vectorBinary(shapeI8x16, "umin"),
	0x78: vectorBinary(shapeI8x16, "smax"), 0x79: vectorBinary(shapeI8x16, "umax"),
	0x7a: vectorUnary(shapeF64x2, "trunc", ""), 0x7b: average(shapeI8x16),
	0x7c: addPairs(shapeI8x16, "ashr"), 0x7d: addPairs(shapeI8x16, "lshr"),
	0x7e: addPairs(shapeI16x8, "ashr"), 0x7f: addPairs(shapeI16x8, "lshr"),

	0x80: vectorUnary(shapeI16x8, "abs", ", i1 false"), 0x81: vectorNegate(shapeI16x8), 0x82: lowerQ15,
	0x83: allTrue(shapeI16x8), 0x84: bitmask(shapeI16x8),
	0x85: narrowLanes(shapeI32x4, shapeI16x8, math.MinInt16, math.MaxInt16), 0x86: narrowLanes(shapeI32x4, shapeI16x8, 0, math.MaxUint16),
	0x87: extendHalf(shapeI8x16, false, "sext"), 0x88: extendHalf(shapeI8x16, true, "sext"),
	0x89: extendHalf(shapeI8x16, false, "zext"), 0x8a: extendHalf(shapeI8x16, true, "zext"),
	0x8b: vectorShift(shapeI16x8, "shl"), 0x8c: vectorShift(shapeI16x8, "ashr"), 0x8d: vectorShift(shapeI16x8, "lshr"),
	0x8e: vectorAdd(shapeI16x8), 0x8f: vectorBinary(shapeI16x8, "sadd.sat"), 0x90: vectorBinary(shapeI16x8, "uadd.sat"),
	0x91: vectorOperation(shapeI16x8, "sub"), 0x92: vectorBinary(shapeI16x8, "ssub.sat"), 0x93: vectorBinary(shapeI16x8, "usub.sat"),
	0x94: vectorUnary(shapeF64x2, "rint", ""), 0x95: vectorOperation(shapeI16x8, "mul"),
	0x96: vectorBinary(shapeI16x8, "smin"), 0x97: vectorBinary(shapeI16x8, "umin"),
	0x98: vectorBinary(shapeI16x8, "smax"), 0x99: vectorBinary(shapeI16x8, "umax"), 0x9b: average(shapeI16x8),
	0x9c: multiplyHalf(shapeI8x16, false, "sext"), 0x9d: multiplyHalf(shapeI8x16, true, "sext"),
	0x9e: multiplyHalf(shapeI8x16, false, "zext"), 0x9f: multiplyHalf(shapeI8x16, true, "zext"),

	0xa0: vectorUnary(shapeI32x4, "abs", ", i1 false"), 0xa1: vectorNegate(shapeI32x4),
	0xa3: allTrue(shapeI32x4), 0xa4: bitmask(shapeI32x4),
	0xa7: extendHalf(shapeI16x8, false, "sext"), 0xa8: extendHalf(shapeI16x8, true, "sext"),
	0xa9: extendHalf(shapeI16x8, false, "zext"), 0xaa: extendHalf(shapeI16x8, true, "zext"),
	0xab: vectorShift(shapeI32x4, "shl"), 0xac: vectorShift(shapeI32x4, "ashr"), 0xad: vectorShift(shapeI32x4, "lshr"),
	0xae: vectorAdd(shapeI32x4), 0xb1: vectorOperation(shapeI32x4, "sub"), 0xb5: vectorOperation(shapeI32x4, "mul"),
	0xb6: vectorBinary(shapeI32x4, "smin"), 0xb7: vectorBinary(shapeI32x4, "umin"),
	0xb8: vectorBinary(shapeI32x4, "smax"), 0xb9: vectorBinary(shapeI32x4, "umax"), 0xba: lowerDot,
	0xbc: multiplyHalf(shapeI16x8, false, "sext"), 0xbd: multiplyHalf(shapeI16x8, true, "sext"),
	0xbe: multiplyHalf(shapeI16x8, false, "zext"), 0xbf: multiplyHalf(shapeI16x8, true, "zext"),

	0xc0: vectorUnary(shapeI64x2, "abs", ", i1 false"), 0xc1: vectorNegate(shapeI64x2),
	0xc3: allTrue(shapeI64x2), 0xc4: bitmask(shapeI64x2),
	0xc7: extendHalf(shapeI32x4, false, "sext"), 0xc8: extendHalf(shapeI32x4, true, "sext"),
	0xc9: extendHalf(shapeI32x4, false, "zext"), 0xca: extendHalf(shapeI32x4, true, "zext"),
	0xcb: vectorShift(shapeI64x2, "shl"), 0xcc: vectorShift(shapeI64x2, "ashr"), 0xcd: vectorShift(shapeI64x2, "lshr"),
	0xce: vectorAdd(shapeI64x2), 0xd1: vectorOperation(shapeI64x2, "sub"), 0xd5: vectorOperation(shapeI64x2, "mul"),
	0xd6: vectorCompare(shapeI64x2, "icmp eq"), 0xd7: vectorCompare(shapeI64x2, "icmp ne"),
	0xd8: vectorCompare(shapeI64x2, "icmp slt"), 0xd9: vectorCompare(shapeI64x2, "icmp sgt"),
	0xda: vectorCompare(shapeI64x2, "icmp sle"), 0xdb: vectorCompare(shapeI64x2, "icmp sge"),
	0xdc: multiplyHalf(shapeI32x4, false, "sext"), 0xdd: multiplyHalf(shapeI32x4, true, "sext"),
	0xde: multiplyHalf(shapeI32x4, false, "zext"), 0xdf: multiplyHalf(shapeI32x4, true, "zext"),

	0xe0: vectorUnary(shapeF32x4, "fabs", ""), 0xe1: vectorFloatNegate(shapeF32x4), 0xe3: vectorUnary(shapeF32x4, "sqrt", ""),
	0xe4: vectorArithmetic(shapeF32x4, "fadd"), 0xe5: vectorArithmetic(shapeF32x4, "fsub"),
	0xe6: vectorArithmetic(shapeF32x4, "fmul"), 0xe7: vectorArithmetic(shapeF32x4, "fdiv"),
	0xe8: vectorExtremum(shapeF32x4, "olt", "or"), 0xe9: vectorExtremum(shapeF32x4, "ogt", "and"),
	0xea: pseudoExtremum(shapeF32x4, "olt"), 0xeb: pseudoExtremum(shapeF32x4, "ogt"),
	0xec: vectorUnary(shapeF64x2, "fabs", ""), 0xed: vectorFloatNegate(shapeF64x2), 0xef: vectorUnary(shapeF64x2, "sqrt", ""),
	0xf0: vectorArithmetic(shapeF64x2, "fadd"), 0xf1: vectorArithmetic(shapeF64x2, "fsub"),
	0xf2: vectorArithmetic(shapeF64x2, "fmul"), 0xf3: vectorArithmetic(shapeF64x2, "fdiv"),
	0xf4: vectorExtremum(shapeF64x2, "olt", "or"), 0xf5: vectorExtremum(shapeF64x2, "ogt", "and"),
	0xf6: pseudoExtremum(shapeF64x2, "olt"), 0xf7: pseudoExtremum(shapeF64x2, "ogt"),

	0xf8: vectorSaturate("fptosi"), 0xf9: vectorSaturate("fptoui"),
	0xfa: vectorConvert("sitofp"), 0xfb: vectorConvert("uitofp"),
	0xfc: lowerSaturateZero, 0xfd: lowerSaturateUnsignedZero,
	0xfe: vectorConvertLow("sitofp"), 0xff: vectorConvertLow("uitofp"),

	// Relaxed instructions, see vector_relaxed.go.
	0x100: lowerSwizzle, 0x101: vectorSaturate("fptosi"), 0x102: vectorSaturate("fptoui"),
	0x103: lowerSaturateZero, 0x104: lowerSaturateUnsignedZero,
	0x105: multiplyAdd(shapeF32x4, false), 0x106: multiplyAdd(shapeF32x4, true),
	0x107: multiplyAdd(shapeF64x2, false), 0x108: multiplyAdd(shapeF64x2, true),
	0x109: lowerBitselect, 0x10a: lowerBitselect, 0x10b: lowerBitselect, 0x10c: lowerBitselect,
	0x10d: pseudoExtremum(shapeF32x4, "olt"), 0x10e: pseudoExtremum(shapeF32x4, "ogt"),
	0x10f: pseudoExtremum(shapeF64x2, "olt"), 0x110: pseudoExtremum(shapeF64x2, "ogt"),
	0x111: lowerQ15, 0x112: lowerRelaxedDot, 0x113: lowerRelaxedDotAdd,
}
