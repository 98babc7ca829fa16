package lower

import "mewz/compiler/wasm"

// instructions is the table of the instructions of one byte, by opcode.
var instructions = [...]lowering{
	0x00: lowerUnreachable, 0x01: lowerNop, 0x02: lowerBlock, 0x03: lowerLoop, 0x04: lowerIf, 0x05: lowerElse,
	0x06: lowerTry, 0x07: lowerCatch, 0x08: lowerThrow, 0x09: lowerRethrow, 0x0a: lowerThrowRef,
	0x18: lowerDelegate, 0x19: lowerCatch, 0x1f: lowerTryTable,
	0x0b: lowerEnd, 0x0c: lowerBr, 0x0d: lowerBrIf, 0x0e: lowerBrTable, 0x0f: lowerReturn,
	0x10: lowerCall, 0x11: lowerCallIndirect, 0x12: lowerReturnCall, 0x13: lowerReturnCallIndirect,
	0x14: lowerCallRef, 0x15: lowerReturnCallRef,
	0x1a: lowerDrop, 0x1b: lowerSelect, 0x1c: lowerSelect,
	0x20: lowerLocalGet, 0x21: lowerLocalSet, 0x22: lowerLocalTee, 0x23: lowerGlobalGet, 0x24: lowerGlobalSet,
	0x25: lowerTableGet, 0x26: lowerTableSet,

	0x28: lowerLoad, 0x29: lowerLoad, 0x2a: lowerLoad, 0x2b: lowerLoad, 0x2c: lowerLoad, 0x2d: lowerLoad, 0x2e: lowerLoad,
	0x2f: lowerLoad, 0x30: lowerLoad, 0x31: lowerLoad, 0x32: lowerLoad, 0x33: lowerLoad, 0x34: lowerLoad, 0x35: lowerLoad,
	0x36: lowerStore, 0x37: lowerStore, 0x38: lowerStore, 0x39: lowerStore, 0x3a: lowerStore, 0x3b: lowerStore,
	0x3c: lowerStore, 0x3d: lowerStore, 0x3e: lowerStore,
	0x3f: lowerMemorySize, 0x40: lowerMemoryGrow,
	0x41: lowerI32Const, 0x42: lowerI64Const, 0x43: lowerF32Const, 0x44: lowerF64Const,

	0x45: lowerEqz, 0x46: compare("icmp eq"), 0x47: compare("icmp ne"), 0x48: compare("icmp slt"), 0x49: compare("icmp ult"),
	0x4a: compare("icmp sgt"), 0x4b: compare("icmp ugt"), 0x4c: compare("icmp sle"), 0x4d: compare("icmp ule"),
	0x4e: compare("icmp sge"), 0x4f: compare("icmp uge"),
	0x50: lowerEqz, 0x51: compare("icmp eq"), 0x52: compare("icmp ne"), 0x53: compare("icmp slt"), 0x54: compare("icmp ult"),
	0x55: compare("icmp sgt"), 0x56: compare("icmp ugt"), 0x57: compare("icmp sle"), 0x58: compare("icmp ule"),
	0x59: compare("icmp sge"), 0x5a: compare("icmp uge"),
	0x5b: compare("fcmp oeq"), 0x5c: compare("fcmp une"), 0x5d: compare("fcmp olt"), 0x5e: compare("fcmp ogt"),
	0x5f: compare("fcmp ole"), 0x60: compare("fcmp oge"),
	0x61: compare("fcmp oeq"), 0x62: compare("fcmp une"), 0x63: compare("fcmp olt"), 0x64: compare("fcmp ogt"),
	0x65: compare("fcmp ole"), 0x66: compare("fcmp oge"),

	0x67: intrinsic("ctlz", ", i1 false"), 0x68: intrinsic("cttz", ", i1 false"), 0x69: intrinsic("ctpop", ""),
	0x6a: lowerI32Add, 0x6b: lowerI32Sub, 0x6c: operation("mul"),
	0x6d: divide("sdiv", true, false), 0x6e: divide("udiv", false, false),
	0x6f: divide("srem", true, true), 0x70: divide("urem", false, true),
	0x71: operation("and"), 0x72: lowerI32Or, 0x73: lowerSum("xor"),
	0x74: shift("shl"), 0x75: shift("ashr"), 0x76: shift("lshr"), 0x77: rotate("fshl"), 0x78: rotate("fshr"),
	0x79: intrinsic("ctlz", ", i1 false"), 0x7a: intrinsic("cttz", ", i1 false"), 0x7b: intrinsic("ctpop", ""),
	0x7c: lowerSum("add"), 0x7d: operation("sub"), 0x7e: operation("mul"),
	0x7f: divide("sdiv", true, false), 0x80: divide("udiv", false, false),
	0x81: divide("srem", true, true), 0x82: divide("urem", false, true),
	0x83: operation("and"), 0x84: operation("or"), 0x85: lowerSum("xor"),
	0x86: shift("shl"), 0x87: shift("ashr"), 0x88: shift("lshr"), 0x89: rotate("fshl"), 0x8a: rotate("fshr"),

	// The default rounding of the processor is never changed, so rint is
	// nearest, ties to even.
	0x8b: intrinsic("fabs", ""), 0x8c: lowerNegate, 0x8d: intrinsic("ceil", ""), 0x8e: intrinsic("floor", ""),
	0x8f: intrinsic("trunc", ""), 0x90: intrinsic("rint", ""), 0x91: intrinsic("sqrt", ""),
	0x92: arithmetic("fadd"), 0x93: arithmetic("fsub"), 0x94: arithmetic("fmul"), 0x95: arithmetic("fdiv"),
	0x96: extremum("minimum"), 0x97: extremum("maximum"), 0x98: lowerCopysign,
	0x99: intrinsic("fabs", ""), 0x9a: lowerNegate, 0x9b: intrinsic("ceil", ""), 0x9c: intrinsic("floor", ""),
	0x9d: intrinsic("trunc", ""), 0x9e: intrinsic("rint", ""), 0x9f: intrinsic("sqrt", ""),
	0xa0: arithmetic("fadd"), 0xa1: arithmetic("fsub"), 0xa2: arithmetic("fmul"), 0xa3: arithmetic("fdiv"),
	0xa4: extremum("minimum"), 0xa5: extremum("maximum"), 0xa6: lowerCopysign,

	0xa7: convert("trunc", wasm.I32),
	0xa8: truncate(wasm.F32, wasm.I32, true), 0xa9: truncate(wasm.F32, wasm.I32, false),
	0xaa: truncate(wasm.F64, wasm.I32, true), 0xab: truncate(wasm.F64, wasm.I32, false),
	0xac: convert("sext", wasm.I64), 0xad: convert("zext", wasm.I64),
	0xae: truncate(wasm.F32, wasm.I64, true), 0xaf: truncate(wasm.F32, wasm.I64, false),
	0xb0: truncate(wasm.F64, wasm.I64, true), 0xb1: truncate(wasm.F64, wasm.I64, false),
	0xb2: convert("sitofp", wasm.F32), 0xb3: convert("uitofp", wasm.F32),
	0xb4: convert("sitofp", wasm.F32), 0xb5: convert("uitofp", wasm.F32), 0xb6: lowerDemote,
	0xb7: convert("sitofp", wasm.F64), 0xb8: convert("uitofp", wasm.F64),
	0xb9: convert("sitofp", wasm.F64), 0xba: convert("uitofp", wasm.F64), 0xbb: lowerPromote,
	0xbc: convert("bitcast", wasm.I32), 0xbd: convert("bitcast", wasm.I64),
	0xbe: convert("bitcast", wasm.F32), 0xbf: convert("bitcast", wasm.F64),
	0xc0: signExtend("i8"), 0xc1: signExtend("i16"), 0xc2: signExtend("i8"), 0xc3: signExtend("i16"), 0xc4: signExtend("i32"),

	0xd0: lowerRefNull, 0xd1: lowerRefIsNull, 0xd2: lowerRefFunc, 0xd3: lowerRefEq, 0xd4: lowerRefAsNonNull, 0xd5: lowerBrOnNull, 0xd6: lowerBrOnNonNull,
}

// miscInstructions is the table of the instructions behind wasm.PrefixMisc.
var miscInstructions = [...]lowering{
	0: saturate("fptosi", wasm.I32), 1: saturate("fptoui", wasm.I32),
	2: saturate("fptosi", wasm.I32), 3: saturate("fptoui", wasm.I32),
	4: saturate("fptosi", wasm.I64), 5: saturate("fptoui", wasm.I64),
	6: saturate("fptosi", wasm.I64), 7: saturate("fptoui", wasm.I64),
	8: lowerMemoryInit, 9: lowerDataDrop, 10: lowerMemoryCopy, 11: lowerMemoryFill,
	12: lowerTableInit, 13: lowerElemDrop, 14: lowerTableCopy, 15: lowerTableGrow, 16: lowerTableSize, 17: lowerTableFill,
}

// gcInstructions is the table of the instructions behind wasm.PrefixGC.
var gcInstructions = [...]lowering{
	0: lowerStructNew, 1: lowerStructNewDefault, 2: lowerStructGet, 3: lowerStructGet, 4: lowerStructGet, 5: lowerStructSet,
	6: lowerArrayNew, 7: lowerArrayNewDefault, 8: lowerArrayNewFixed, 9: lowerArrayNewSegment, 10: lowerArrayNewSegment,
	11: lowerArrayGet, 12: lowerArrayGet, 13: lowerArrayGet, 14: lowerArraySet, 15: lowerArrayLen,
	16: lowerArrayFill, 17: lowerArrayCopy, 18: lowerArrayInitSegment, 19: lowerArrayInitSegment,
	20: lowerRefTest, 21: lowerRefTest, 22: lowerRefCast, 23: lowerRefCast, 24: lowerBrOnCast, 25: lowerBrOnCastFail,
	26: lowerConvert(wasm.AnyRef), 27: lowerConvert(wasm.ExternRef), 28: lowerRefI31, 29: i31Get("ashr"), 30: i31Get("lshr"),
}
