package wasm

// Opcode is an instruction: the byte of the binary format, or for instructions
// behind a prefix byte, prefix<<16 | number (5.4).
type Opcode uint32

// Prefix bytes.
const (
	PrefixMisc Opcode = 0xfc << 16
	PrefixSIMD Opcode = 0xfd << 16

	PrefixAtomic Opcode = 0xfe << 16
	PrefixGC     Opcode = 0xfb << 16
)

// ImmediateKind is what follows an opcode (5.4).
type ImmediateKind byte

// The kinds, with the fields of Instruction they fill.
const (
	ImmediateNone         ImmediateKind = iota
	ImmediateBlock                      // Block
	ImmediateLabel                      // Index
	ImmediateLabels                     // Labels, Index = default
	ImmediateFunction                   // Index
	ImmediateCallIndirect               // Index = type, Index2 = table
	ImmediateLocal                      // Index
	ImmediateGlobal                     // Index
	ImmediateTable                      // Index
	ImmediateMemory                     // Index
	ImmediateMemArg                     // Align, MemOffset; Index = memory
	ImmediateI32                        // Value (sign extended)
	ImmediateI64                        // Value
	ImmediateF32                        // Value (bits)
	ImmediateF64                        // Value (bits)
	ImmediateTypes                      // Types (select)
	ImmediateHeapType                   // Types[0], without null
	ImmediateHeapTypeNull               // Types[0], with null
	ImmediateData                       // Index
	ImmediateElement                    // Index
	ImmediateDataMemory                 // Index = data, Index2 = memory (memory.init)
	ImmediateMemoryMemory               // Index = destination, Index2 = source (memory.copy)
	ImmediateElementTable               // Index = element, Index2 = table (table.init)
	ImmediateTableTable                 // Index = destination, Index2 = source (table.copy)
	ImmediateV128                       // Value, High (bits)
	ImmediateShuffle                    // Value, High (16 bytes, each a lane)
	ImmediateLane                       // Lane
	ImmediateZero                       // a byte that must be zero
	ImmediateMemArgLane                 // Align, MemOffset, Lane; Index = memory
	ImmediateType                       // Index
	ImmediateTypeField                  // Index = type, Index2 = field
	ImmediateTypeCount                  // Index = type, Index2 = number of elements
	ImmediateTypeData                   // Index = type, Index2 = data
	ImmediateTypeElement                // Index = type, Index2 = element
	ImmediateTypeType                   // Index = destination, Index2 = source (array.copy)
	ImmediateCast                       // Index = label, Types[0] = from, Types[1] = to
	ImmediateTag                        // Index
	ImmediateCatches                    // Block, Catches (try_table)
)

// OpcodeInfo is one row of the instruction table. Signature has the operand
// letters, ':' and the result letters (i = i32, I = i64, f = f32, F = f64,
// v = v128) for instructions whose type is fixed; it is empty for those whose
// type depends on the context. AccessBytes is the width of a memory access, and
// of a lane that an immediate numbers.
type OpcodeInfo struct {
	Name        string
	Immediate   ImmediateKind
	Signature   string
	AccessBytes uint8
	Feature     Feature
}

// Opcodes with a meaning of their own in the validator and the lowering.
const (
	OpUnreachable  Opcode = 0x00
	OpNop          Opcode = 0x01
	OpBlock        Opcode = 0x02
	OpLoop         Opcode = 0x03
	OpIf           Opcode = 0x04
	OpElse         Opcode = 0x05
	OpEnd          Opcode = 0x0b
	OpBr           Opcode = 0x0c
	OpBrIf         Opcode = 0x0d
	OpBrTable      Opcode = 0x0e
	OpReturn       Opcode = 0x0f
	OpCall         Opcode = 0x10
	OpCallIndirect Opcode = 0x11
	OpReturnCall   Opcode = 0x12
	OpDrop         Opcode = 0x1a
	OpSelect       Opcode = 0x1b
	OpSelectTyped  Opcode = 0x1c
	OpLocalGet     Opcode = 0x20
	OpLocalSet     Opcode = 0x21
	OpLocalTee     Opcode = 0x22
	OpGlobalGet    Opcode = 0x23
	OpGlobalSet    Opcode = 0x24
	OpTableGet     Opcode = 0x25
	OpTableSet     Opcode = 0x26
	OpI32Load      Opcode = 0x28
	OpI64Store32   Opcode = 0x3e
	OpMemorySize   Opcode = 0x3f
	OpMemoryGrow   Opcode = 0x40
	OpI32Const     Opcode = 0x41
	OpI64Const     Opcode = 0x42
	OpF32Const     Opcode = 0x43
	OpF64Const     Opcode = 0x44
	OpI32Add       Opcode = 0x6a
	OpI32Sub       Opcode = 0x6b
	OpI32Mul       Opcode = 0x6c
	OpI64Add       Opcode = 0x7c
	OpI64Sub       Opcode = 0x7d
	OpI64Mul       Opcode = 0x7e
	OpRefNull      Opcode = 0xd0
	OpRefIsNull    Opcode = 0xd1
	OpRefFunc      Opcode = 0xd2

	OpReturnCallIndirect Opcode = 0x13
	OpCallRef            Opcode = 0x14
	OpReturnCallRef      Opcode = 0x15
	OpRefEq              Opcode = 0xd3
	OpRefAsNonNull       Opcode = 0xd4
	OpBrOnNull           Opcode = 0xd5
	OpBrOnNonNull        Opcode = 0xd6

	// Exceptions; the legacy form has try, catch, rethrow, delegate and catch_all.
	OpTry      Opcode = 0x06
	OpCatch    Opcode = 0x07
	OpThrow    Opcode = 0x08
	OpRethrow  Opcode = 0x09
	OpThrowRef Opcode = 0x0a
	OpDelegate Opcode = 0x18
	OpCatchAll Opcode = 0x19
	OpTryTable Opcode = 0x1f

	OpStructNew        Opcode = PrefixGC | 0
	OpStructNewDefault Opcode = PrefixGC | 1
	OpStructGet        Opcode = PrefixGC | 2
	OpStructGetS       Opcode = PrefixGC | 3
	OpStructGetU       Opcode = PrefixGC | 4
	OpStructSet        Opcode = PrefixGC | 5
	OpArrayNew         Opcode = PrefixGC | 6
	OpArrayNewDefault  Opcode = PrefixGC | 7
	OpArrayNewFixed    Opcode = PrefixGC | 8
	OpArrayNewData     Opcode = PrefixGC | 9
	OpArrayNewElem     Opcode = PrefixGC | 10
	OpArrayGet         Opcode = PrefixGC | 11
	OpArrayGetS        Opcode = PrefixGC | 12
	OpArrayGetU        Opcode = PrefixGC | 13
	OpArraySet         Opcode = PrefixGC | 14
	OpArrayLen         Opcode = PrefixGC | 15
	OpArrayFill        Opcode = PrefixGC | 16
	OpArrayCopy        Opcode = PrefixGC | 17
	OpArrayInitData    Opcode = PrefixGC | 18
	OpArrayInitElem    Opcode = PrefixGC | 19
	OpRefTest          Opcode = PrefixGC | 20
	OpRefTestNull      Opcode = PrefixGC | 21
	OpRefCast          Opcode = PrefixGC | 22
	OpRefCastNull      Opcode = PrefixGC | 23
	OpBrOnCast         Opcode = PrefixGC | 24
	OpBrOnCastFail     Opcode = PrefixGC | 25
	OpAnyConvertExtern Opcode = PrefixGC | 26
	OpExternConvertAny Opcode = PrefixGC | 27
	OpRefI31           Opcode = PrefixGC | 28
	OpI31GetS          Opcode = PrefixGC | 29
	OpI31GetU          Opcode = PrefixGC | 30

	OpMemoryInit Opcode = PrefixMisc | 8
	OpDataDrop   Opcode = PrefixMisc | 9
	OpMemoryCopy Opcode = PrefixMisc | 10
	OpMemoryFill Opcode = PrefixMisc | 11
	OpTableInit  Opcode = PrefixMisc | 12
	OpElemDrop   Opcode = PrefixMisc | 13
	OpTableCopy  Opcode = PrefixMisc | 14
	OpTableGrow  Opcode = PrefixMisc | 15
	OpTableSize  Opcode = PrefixMisc | 16
	OpTableFill  Opcode = PrefixMisc | 17

	OpAtomicNotify Opcode = PrefixAtomic | 0
	OpAtomicWait32 Opcode = PrefixAtomic | 1
	OpAtomicWait64 Opcode = PrefixAtomic | 2
	OpAtomicFence  Opcode = PrefixAtomic | 3
	OpAtomicLoad   Opcode = PrefixAtomic | 0x10 // the first of seven
	OpAtomicStore  Opcode = PrefixAtomic | 0x17 // the first of seven
	OpAtomicAdd    Opcode = PrefixAtomic | 0x1e // the first of seven, as those of six more operations after it

	OpV128Const Opcode = PrefixSIMD | 0x0c
)

// Opcodes is the table of all instructions that the compiler knows.
var Opcodes = map[Opcode]OpcodeInfo{
	OpUnreachable:  {Name: "unreachable"},
	OpNop:          {Name: "nop", Signature: ":"},
	OpBlock:        {Name: "block", Immediate: ImmediateBlock},
	OpLoop:         {Name: "loop", Immediate: ImmediateBlock},
	OpIf:           {Name: "if", Immediate: ImmediateBlock},
	OpElse:         {Name: "else"},
	OpEnd:          {Name: "end"},
	OpBr:           {Name: "br", Immediate: ImmediateLabel},
	OpBrIf:         {Name: "br_if", Immediate: ImmediateLabel},
	OpBrTable:      {Name: "br_table", Immediate: ImmediateLabels},
	OpReturn:       {Name: "return"},
	OpCall:         {Name: "call", Immediate: ImmediateFunction},
	OpCallIndirect: {Name: "call_indirect", Immediate: ImmediateCallIndirect},
	OpReturnCall:   {Name: "return_call", Immediate: ImmediateFunction, Feature: FeatureTailCall},
	OpDrop:         {Name: "drop"},
	OpSelect:       {Name: "select"},

	OpReturnCallIndirect: {Name: "return_call_indirect", Immediate: ImmediateCallIndirect, Feature: FeatureTailCall},

	OpSelectTyped: {Name: "select", Immediate: ImmediateTypes, Feature: FeatureReferenceTypes},
	OpLocalGet:    {Name: "local.get", Immediate: ImmediateLocal},
	OpLocalSet:    {Name: "local.set", Immediate: ImmediateLocal},
	OpLocalTee:    {Name: "local.tee", Immediate: ImmediateLocal},
	OpGlobalGet:   {Name: "global.get", Immediate: ImmediateGlobal},
	OpGlobalSet:   {Name: "global.set", Immediate: ImmediateGlobal},
	OpTableGet:    {Name: "table.get", Immediate: ImmediateTable, Feature: FeatureReferenceTypes},
	OpTableSet:    {Name: "table.set", Immediate: ImmediateTable, Feature: FeatureReferenceTypes},

	0x28: {"i32.load", ImmediateMemArg, "i:i", 4, FeatureNone},
	0x29: {"i64.load", ImmediateMemArg, "i:I", 8, FeatureNone},
	0x2a: {"f32.load", ImmediateMemArg, "i:f", 4, FeatureNone},
	0x2b: {"f64.load", ImmediateMemArg, "i:F", 8, FeatureNone},
	0x2c: {"i32.load8_s", ImmediateMemArg, "i:i", 1, FeatureNone},
	0x2d: {"i32.load8_u", ImmediateMemArg, "i:i", 1, FeatureNone},
	0x2e: {"i32.load16_s", ImmediateMemArg, "i:i", 2, FeatureNone},
	0x2f: {"i32.load16_u", ImmediateMemArg, "i:i", 2, FeatureNone},
	0x30: {"i64.load8_s", ImmediateMemArg, "i:I", 1, FeatureNone},
	0x31: {"i64.load8_u", ImmediateMemArg, "i:I", 1, FeatureNone},
	0x32: {"i64.load16_s", ImmediateMemArg, "i:I", 2, FeatureNone},
	0x33: {"i64.load16_u", ImmediateMemArg, "i:I", 2, FeatureNone},
	0x34: {"i64.load32_s", ImmediateMemArg, "i:I", 4, FeatureNone},
	0x35: {"i64.load32_u", ImmediateMemArg, "i:I", 4, FeatureNone},
	0x36: {"i32.store", ImmediateMemArg, "ii:", 4, FeatureNone},
	0x37: {"i64.store", ImmediateMemArg, "iI:", 8, FeatureNone},
	0x38: {"f32.store", ImmediateMemArg, "if:", 4, FeatureNone},
	0x39: {"f64.store", ImmediateMemArg, "iF:", 8, FeatureNone},
	0x3a: {"i32.store8", ImmediateMemArg, "ii:", 1, FeatureNone},
	0x3b: {"i32.store16", ImmediateMemArg, "ii:", 2, FeatureNone},
	0x3c: {"i64.store8", ImmediateMemArg, "iI:", 1, FeatureNone},
	0x3d: {"i64.store16", ImmediateMemArg, "iI:", 2, FeatureNone},
	0x3e: {"i64.store32", ImmediateMemArg, "iI:", 4, FeatureNone},

	OpMemorySize: {Name: "memory.size", Immediate: ImmediateMemory, Signature: ":i"},
	OpMemoryGrow: {Name: "memory.grow", Immediate: ImmediateMemory, Signature: "i:i"},
	OpI32Const:   {Name: "i32.const", Immediate: ImmediateI32, Signature: ":i"},
	OpI64Const:   {Name: "i64.const", Immediate: ImmediateI64, Signature: ":I"},
	OpF32Const:   {Name: "f32.const", Immediate: ImmediateF32, Signature: ":f"},
	OpF64Const:   {Name: "f64.const", Immediate: ImmediateF64, Signature: ":F"},

	0x45: {"i32.eqz", ImmediateNone, "i:i", 0, FeatureNone},
	0x46: {"i32.eq", ImmediateNone, "ii:i", 0, FeatureNone},
	0x47: {"i32.ne", ImmediateNone, "ii:i", 0, FeatureNone},
	0x48: {"i32.lt_s", ImmediateNone, "ii:i", 0, FeatureNone},
	0x49: {"i32.lt_u", ImmediateNone, "ii:i", 0, FeatureNone},
	0x4a: {"i32.gt_s", ImmediateNone, "ii:i", 0, FeatureNone},
	0x4b: {"i32.gt_u", ImmediateNone, "ii:i", 0, FeatureNone},
	0x4c: {"i32.le_s", ImmediateNone, "ii:i", 0, FeatureNone},
	0x4d: {"i32.le_u", ImmediateNone, "ii:i", 0, FeatureNone},
	0x4e: {"i32.ge_s", ImmediateNone, "ii:i", 0, FeatureNone},
	0x4f: {"i32.ge_u", ImmediateNone, "ii:i", 0, FeatureNone},
	0x50: {"i64.eqz", ImmediateNone, "I:i", 0, FeatureNone},
	0x51: {"i64.eq", ImmediateNone, "II:i", 0, FeatureNone},
	0x52: {"i64.ne", ImmediateNone, "II:i", 0, FeatureNone},
	0x53: {"i64.lt_s", ImmediateNone, "II:i", 0, FeatureNone},
	0x54: {"i64.lt_u", ImmediateNone, "II:i", 0, FeatureNone},
	0x55: {"i64.gt_s", ImmediateNone, "II:i", 0, FeatureNone},
	0x56: {"i64.gt_u", ImmediateNone, "II:i", 0, FeatureNone},
	0x57: {"i64.le_s", ImmediateNone, "II:i", 0, FeatureNone},
	0x58: {"i64.le_u", ImmediateNone, "II:i", 0, FeatureNone},
	0x59: {"i64.ge_s", ImmediateNone, "II:i", 0, FeatureNone},
	0x5a: {"i64.ge_u", ImmediateNone, "II:i", 0, FeatureNone},
	0x5b: {"f32.eq", ImmediateNone, "ff:i", 0, FeatureNone},
	0x5c: {"f32.ne", ImmediateNone, "ff:i", 0, FeatureNone},
	0x5d: {"f32.lt", ImmediateNone, "ff:i", 0, FeatureNone},
	0x5e: {"f32.gt", ImmediateNone, "ff:i", 0, FeatureNone},
	0x5f: {"f32.le", ImmediateNone, "ff:i", 0, FeatureNone},
	0x60: {"f32.ge", ImmediateNone, "ff:i", 0, FeatureNone},
	0x61: {"f64.eq", ImmediateNone, "FF:i", 0, FeatureNone},
	0x62: {"f64.ne", ImmediateNone, "FF:i", 0, FeatureNone},
	0x63: {"f64.lt", ImmediateNone, "FF:i", 0, FeatureNone},
	0x64: {"f64.gt", ImmediateNone, "FF:i", 0, FeatureNone},
	0x65: {"f64.le", ImmediateNone, "FF:i", 0, FeatureNone},
	0x66: {"f64.ge", ImmediateNone, "FF:i", 0, FeatureNone},
	0x67: {"i32.clz", ImmediateNone, "i:i", 0, FeatureNone},
	0x68: {"i32.ctz", ImmediateNone, "i:i", 0, FeatureNone},
	0x69: {"i32.popcnt", ImmediateNone, "i:i", 0, FeatureNone},
	0x6a: {"i32.add", ImmediateNone, "ii:i", 0, FeatureNone},
	0x6b: {"i32.sub", ImmediateNone, "ii:i", 0, FeatureNone},
	0x6c: {"i32.mul", ImmediateNone, "ii:i", 0, FeatureNone},
	0x6d: {"i32.div_s", ImmediateNone, "ii:i", 0, FeatureNone},
	0x6e: {"i32.div_u", ImmediateNone, "ii:i", 0, FeatureNone},
	0x6f: {"i32.rem_s", ImmediateNone, "ii:i", 0, FeatureNone},
	0x70: {"i32.rem_u", ImmediateNone, "ii:i", 0, FeatureNone},
	0x71: {"i32.and", ImmediateNone, "ii:i", 0, FeatureNone},
	0x72: {"i32.or", ImmediateNone, "ii:i", 0, FeatureNone},
	0x73: {"i32.xor", ImmediateNone, "ii:i", 0, FeatureNone},
	0x74: {"i32.shl", ImmediateNone, "ii:i", 0, FeatureNone},
	0x75: {"i32.shr_s", ImmediateNone, "ii:i", 0, FeatureNone},
	0x76: {"i32.shr_u", ImmediateNone, "ii:i", 0, FeatureNone},
	0x77: {"i32.rotl", ImmediateNone, "ii:i", 0, FeatureNone},
	0x78: {"i32.rotr", ImmediateNone, "ii:i", 0, FeatureNone},
	0x79: {"i64.clz", ImmediateNone, "I:I", 0, FeatureNone},
	0x7a: {"i64.ctz", ImmediateNone, "I:I", 0, FeatureNone},
	0x7b: {"i64.popcnt", ImmediateNone, "I:I", 0, FeatureNone},
	0x7c: {"i64.add", ImmediateNone, "II:I", 0, FeatureNone},
	0x7d: {"i64.sub", ImmediateNone, "II:I", 0, FeatureNone},
	0x7e: {"i64.mul", ImmediateNone, "II:I", 0, FeatureNone},
	0x7f: {"i64.div_s", ImmediateNone, "II:I", 0, FeatureNone},
	0x80: {"i64.div_u", ImmediateNone, "II:I", 0, FeatureNone},
	0x81: {"i64.rem_s", ImmediateNone, "II:I", 0, FeatureNone},
	0x82: {"i64.rem_u", ImmediateNone, "II:I", 0, FeatureNone},
	0x83: {"i64.and", ImmediateNone, "II:I", 0, FeatureNone},
	0x84: {"i64.or", ImmediateNone, "II:I", 0, FeatureNone},
	0x85: {"i64.xor", ImmediateNone, "II:I", 0, FeatureNone},
	0x86: {"i64.shl", ImmediateNone, "II:I", 0, FeatureNone},
	0x87: {"i64.shr_s", ImmediateNone, "II:I", 0, FeatureNone},
	0x88: {"i64.shr_u", ImmediateNone, "II:I", 0, FeatureNone},
	0x89: {"i64.rotl", ImmediateNone, "II:I", 0, FeatureNone},
	0x8a: {"i64.rotr", ImmediateNone, "II:I", 0, FeatureNone},
	0x8b: {"f32.abs", ImmediateNone, "f:f", 0, FeatureNone},
	0x8c: {"f32.neg", ImmediateNone, "f:f", 0, FeatureNone},
	0x8d: {"f32.ceil", ImmediateNone, "f:f", 0, FeatureNone},
	0x8e: {"f32.floor", ImmediateNone, "f:f", 0, FeatureNone},
	0x8f: {"f32.trunc", ImmediateNone, "f:f", 0, FeatureNone},
	0x90: {"f32.nearest", ImmediateNone, "f:f", 0, FeatureNone},
	0x91: {"f32.sqrt", ImmediateNone, "f:f", 0, FeatureNone},
	0x92: {"f32.add", ImmediateNone, "ff:f", 0, FeatureNone},
	0x93: {"f32.sub", ImmediateNone, "ff:f", 0, FeatureNone},
	0x94: {"f32.mul", ImmediateNone, "ff:f", 0, FeatureNone},
	0x95: {"f32.div", ImmediateNone, "ff:f", 0, FeatureNone},
	0x96: {"f32.min", ImmediateNone, "ff:f", 0, FeatureNone},
	0x97: {"f32.max", ImmediateNone, "ff:f", 0, FeatureNone},
	0x98: {"f32.copysign", ImmediateNone, "ff:f", 0, FeatureNone},
	0x99: {"f64.abs", ImmediateNone, "F:F", 0, FeatureNone},
	0x9a: {"f64.neg", ImmediateNone, "F:F", 0, FeatureNone},
	0x9b: {"f64.ceil", ImmediateNone, "F:F", 0, FeatureNone},
	0x9c: {"f64.floor", ImmediateNone, "F:F", 0, FeatureNone},
	0x9d: {"f64.trunc", ImmediateNone, "F:F", 0, FeatureNone},
	0x9e: {"f64.nearest", ImmediateNone, "F:F", 0, FeatureNone},
	0x9f: {"f64.sqrt", ImmediateNone, "F:F", 0, FeatureNone},
	0xa0: {"f64.add", ImmediateNone, "FF:F", 0, FeatureNone},
	0xa1: {"f64.sub", ImmediateNone, "FF:F", 0, FeatureNone},
	0xa2: {"f64.mul", ImmediateNone, "FF:F", 0, FeatureNone},
	0xa3: {"f64.div", ImmediateNone, "FF:F", 0, FeatureNone},
	0xa4: {"f64.min", ImmediateNone, "FF:F", 0, FeatureNone},
	0xa5: {"f64.max", ImmediateNone, "FF:F", 0, FeatureNone},
	0xa6: {"f64.copysign", ImmediateNone, "FF:F", 0, FeatureNone},
	0xa7: {"i32.wrap_i64", ImmediateNone, "I:i", 0, FeatureNone},
	0xa8: {"i32.trunc_f32_s", ImmediateNone, "f:i", 0, FeatureNone},
	0xa9: {"i32.trunc_f32_u", ImmediateNone, "f:i", 0, FeatureNone},
	0xaa: {"i32.trunc_f64_s", ImmediateNone, "F:i", 0, FeatureNone},
	0xab: {"i32.trunc_f64_u", ImmediateNone, "F:i", 0, FeatureNone},
	0xac: {"i64.extend_i32_s", ImmediateNone, "i:I", 0, FeatureNone},
	0xad: {"i64.extend_i32_u", ImmediateNone, "i:I", 0, FeatureNone},
	0xae: {"i64.trunc_f32_s", ImmediateNone, "f:I", 0, FeatureNone},
	0xaf: {"i64.trunc_f32_u", ImmediateNone, "f:I", 0, FeatureNone},
	0xb0: {"i64.trunc_f64_s", ImmediateNone, "F:I", 0, FeatureNone},
	0xb1: {"i64.trunc_f64_u", ImmediateNone, "F:I", 0, FeatureNone},
	0xb2: {"f32.convert_i32_s", ImmediateNone, "i:f", 0, FeatureNone},
	0xb3: {"f32.convert_i32_u", ImmediateNone, "i:f", 0, FeatureNone},
	0xb4: {"f32.convert_i64_s", ImmediateNone, "I:f", 0, FeatureNone},
	0xb5: {"f32.convert_i64_u", ImmediateNone, "I:f", 0, FeatureNone},
	0xb6: {"f32.demote_f64", ImmediateNone, "F:f", 0, FeatureNone},
	0xb7: {"f64.convert_i32_s", ImmediateNone, "i:F", 0, FeatureNone},
	0xb8: {"f64.convert_i32_u", ImmediateNone, "i:F", 0, FeatureNone},
	0xb9: {"f64.convert_i64_s", ImmediateNone, "I:F", 0, FeatureNone},
	0xba: {"f64.convert_i64_u", ImmediateNone, "I:F", 0, FeatureNone},
	0xbb: {"f64.promote_f32", ImmediateNone, "f:F", 0, FeatureNone},
	0xbc: {"i32.reinterpret_f32", ImmediateNone, "f:i", 0, FeatureNone},
	0xbd: {"i64.reinterpret_f64", ImmediateNone, "F:I", 0, FeatureNone},
	0xbe: {"f32.reinterpret_i32", ImmediateNone, "i:f", 0, FeatureNone},
	0xbf: {"f64.reinterpret_i64", ImmediateNone, "I:F", 0, FeatureNone},
	0xc0: {"i32.extend8_s", ImmediateNone, "i:i", 0, FeatureSignExtension},
	0xc1: {"i32.extend16_s", ImmediateNone, "i:i", 0, FeatureSignExtension},
	0xc2: {"i64.extend8_s", ImmediateNone, "I:I", 0, FeatureSignExtension},
	0xc3: {"i64.extend16_s", ImmediateNone, "I:I", 0, FeatureSignExtension},
	0xc4: {"i64.extend32_s", ImmediateNone, "I:I", 0, FeatureSignExtension},

	OpRefNull:   {Name: "ref.null", Immediate: ImmediateHeapTypeNull, Feature: FeatureReferenceTypes},
	OpRefIsNull: {Name: "ref.is_null", Feature: FeatureReferenceTypes},
	OpRefFunc:   {Name: "ref.func", Immediate: ImmediateFunction, Feature: FeatureReferenceTypes},

	PrefixMisc | 0: {"i32.trunc_sat_f32_s", ImmediateNone, "f:i", 0, FeatureSatTruncation},
	PrefixMisc | 1: {"i32.trunc_sat_f32_u", ImmediateNone, "f:i", 0, FeatureSatTruncation},
	PrefixMisc | 2: {"i32.trunc_sat_f64_s", ImmediateNone, "F:i", 0, FeatureSatTruncation},
	PrefixMisc | 3: {"i32.trunc_sat_f64_u", ImmediateNone, "F:i", 0, FeatureSatTruncation},
	PrefixMisc | 4: {"i64.trunc_sat_f32_s", ImmediateNone, "f:I", 0, FeatureSatTruncation},
	PrefixMisc | 5: {"i64.trunc_sat_f32_u", ImmediateNone, "f:I", 0, FeatureSatTruncation},
	PrefixMisc | 6: {"i64.trunc_sat_f64_s", ImmediateNone, "F:I", 0, FeatureSatTruncation},
	PrefixMisc | 7: {"i64.trunc_sat_f64_u", ImmediateNone, "F:I", 0, FeatureSatTruncation},
	OpMemoryInit:   {Name: "memory.init", Immediate: ImmediateDataMemory, Signature: "iii:", Feature: FeatureBulkMemory},
	OpDataDrop:     {Name: "data.drop", Immediate: ImmediateData, Signature: ":", Feature: FeatureBulkMemory},
	OpMemoryCopy:   {Name: "memory.copy", Immediate: ImmediateMemoryMemory, Signature: "iii:", Feature: FeatureBulkMemory},
	OpMemoryFill:   {Name: "memory.fill", Immediate: ImmediateMemory, Signature: "iii:", Feature: FeatureBulkMemory},
	OpTableInit:    {Name: "table.init", Immediate: ImmediateElementTable, Signature: "iii:", Feature: FeatureBulkMemory},
	OpElemDrop:     {Name: "elem.drop", Immediate: ImmediateElement, Signature: ":", Feature: FeatureBulkMemory},
	OpTableCopy:    {Name: "table.copy", Immediate: ImmediateTableTable, Signature: "iii:", Feature: FeatureBulkMemory},
	OpTableGrow:    {Name: "table.grow", Immediate: ImmediateTable, Signature: "", Feature: FeatureReferenceTypes},
	OpTableSize:    {Name: "table.size", Immediate: ImmediateTable, Signature: ":i", Feature: FeatureReferenceTypes},
	OpTableFill:    {Name: "table.fill", Immediate: ImmediateTable, Signature: "", Feature: FeatureReferenceTypes},

	PrefixSIMD | 0x00: {"v128.load", ImmediateMemArg, "i:v", 16, FeatureSIMD},
	PrefixSIMD | 0x01: {"v128.load8x8_s", ImmediateMemArg, "i:v", 8, FeatureSIMD},
	PrefixSIMD | 0x02: {"v128.load8x8_u", ImmediateMemArg, "i:v", 8, FeatureSIMD},
	PrefixSIMD | 0x03: {"v128.load16x4_s", ImmediateMemArg, "i:v", 8, FeatureSIMD},
	PrefixSIMD | 0x04: {"v128.load16x4_u", ImmediateMemArg, "i:v", 8, FeatureSIMD},
	PrefixSIMD | 0x05: {"v128.load32x2_s", ImmediateMemArg, "i:v", 8, FeatureSIMD},
	PrefixSIMD | 0x06: {"v128.load32x2_u", ImmediateMemArg, "i:v", 8, FeatureSIMD},
	PrefixSIMD | 0x07: {"v128.load8_splat", ImmediateMemArg, "i:v", 1, FeatureSIMD},
	PrefixSIMD | 0x08: {"v128.load16_splat", ImmediateMemArg, "i:v", 2, FeatureSIMD},
	PrefixSIMD | 0x09: {"v128.load32_splat", ImmediateMemArg, "i:v", 4, FeatureSIMD},
	PrefixSIMD | 0x0a: {"v128.load64_splat", ImmediateMemArg, "i:v", 8, FeatureSIMD},
	PrefixSIMD | 0x0b: {"v128.store", ImmediateMemArg, "iv:", 16, FeatureSIMD},
	OpV128Const:       {"v128.const", ImmediateV128, ":v", 0, FeatureSIMD},
	PrefixSIMD | 0x0d: {"i8x16.shuffle", ImmediateShuffle, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x0e: {"i8x16.swizzle", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x0f: {"i8x16.splat", ImmediateNone, "i:v", 0, FeatureSIMD},
	PrefixSIMD | 0x10: {"i16x8.splat", ImmediateNone, "i:v", 0, FeatureSIMD},
	PrefixSIMD | 0x11: {"i32x4.splat", ImmediateNone, "i:v", 0, FeatureSIMD},
	PrefixSIMD | 0x12: {"i64x2.splat", ImmediateNone, "I:v", 0, FeatureSIMD},
	PrefixSIMD | 0x13: {"f32x4.splat", ImmediateNone, "f:v", 0, FeatureSIMD},
	PrefixSIMD | 0x14: {"f64x2.splat", ImmediateNone, "F:v", 0, FeatureSIMD},
	PrefixSIMD | 0x15: {"i8x16.extract_lane_s", ImmediateLane, "v:i", 1, FeatureSIMD},
	PrefixSIMD | 0x16: {"i8x16.extract_lane_u", ImmediateLane, "v:i", 1, FeatureSIMD},
	PrefixSIMD | 0x17: {"i8x16.replace_lane", ImmediateLane, "vi:v", 1, FeatureSIMD},
	PrefixSIMD | 0x18: {"i16x8.extract_lane_s", ImmediateLane, "v:i", 2, FeatureSIMD},
	PrefixSIMD | 0x19: {"i16x8.extract_lane_u", ImmediateLane, "v:i", 2, FeatureSIMD},
	PrefixSIMD | 0x1a: {"i16x8.replace_lane", ImmediateLane, "vi:v", 2, FeatureSIMD},
	PrefixSIMD | 0x1b: {"i32x4.extract_lane", ImmediateLane, "v:i", 4, FeatureSIMD},
	PrefixSIMD | 0x1c: {"i32x4.replace_lane", ImmediateLane, "vi:v", 4, FeatureSIMD},
	PrefixSIMD | 0x1d: {"i64x2.extract_lane", ImmediateLane, "v:I", 8, FeatureSIMD},
	PrefixSIMD | 0x1e: {"i64x2.replace_lane", ImmediateLane, "vI:v", 8, FeatureSIMD},
	PrefixSIMD | 0x1f: {"f32x4.extract_lane", ImmediateLane, "v:f", 4, FeatureSIMD},
	PrefixSIMD | 0x20: {"f32x4.replace_lane", ImmediateLane, "vf:v", 4, FeatureSIMD},
	PrefixSIMD | 0x21: {"f64x2.extract_lane", ImmediateLane, "v:F", 8, FeatureSIMD},
	PrefixSIMD | 0x22: {"f64x2.replace_lane", ImmediateLane, "vF:v", 8, FeatureSIMD},
	PrefixSIMD | 0x23: {"i8x16.eq", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x24: {"i8x16.ne", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x25: {"i8x16.lt_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x26: {"i8x16.lt_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x27: {"i8x16.gt_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x28: {"i8x16.gt_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x29: {"i8x16.le_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x2a: {"i8x16.le_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x2b: {"i8x16.ge_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x2c: {"i8x16.ge_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x2d: {"i16x8.eq", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x2e: {"i16x8.ne", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x2f: {"i16x8.lt_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x30: {"i16x8.lt_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x31: {"i16x8.gt_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x32: {"i16x8.gt_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x33: {"i16x8.le_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x34: {"i16x8.le_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x35: {"i16x8.ge_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x36: {"i16x8.ge_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x37: {"i32x4.eq", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x38: {"i32x4.ne", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x39: {"i32x4.lt_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x3a: {"i32x4.lt_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x3b: {"i32x4.gt_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x3c: {"i32x4.gt_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x3d: {"i32x4.le_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x3e: {"i32x4.le_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x3f: {"i32x4.ge_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x40: {"i32x4.ge_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x41: {"f32x4.eq", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x42: {"f32x4.ne", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x43: {"f32x4.lt", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x44: {"f32x4.gt", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x45: {"f32x4.le", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x46: {"f32x4.ge", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x47: {"f64x2.eq", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x48: {"f64x2.ne", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x49: {"f64x2.lt", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x4a: {"f64x2.gt", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x4b: {"f64x2.le", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x4c: {"f64x2.ge", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x4d: {"v128.not", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x4e: {"v128.and", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x4f: {"v128.andnot", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x50: {"v128.or", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x51: {"v128.xor", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x52: {"v128.bitselect", ImmediateNone, "vvv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x53: {"v128.any_true", ImmediateNone, "v:i", 0, FeatureSIMD},
	PrefixSIMD | 0x54: {"v128.load8_lane", ImmediateMemArgLane, "iv:v", 1, FeatureSIMD},
	PrefixSIMD | 0x55: {"v128.load16_lane", ImmediateMemArgLane, "iv:v", 2, FeatureSIMD},
	PrefixSIMD | 0x56: {"v128.load32_lane", ImmediateMemArgLane, "iv:v", 4, FeatureSIMD},
	PrefixSIMD | 0x57: {"v128.load64_lane", ImmediateMemArgLane, "iv:v", 8, FeatureSIMD},
	PrefixSIMD | 0x58: {"v128.store8_lane", ImmediateMemArgLane, "iv:", 1, FeatureSIMD},
	PrefixSIMD | 0x59: {"v128.store16_lane", ImmediateMemArgLane, "iv:", 2, FeatureSIMD},
	PrefixSIMD | 0x5a: {"v128.store32_lane", ImmediateMemArgLane, "iv:", 4, FeatureSIMD},
	PrefixSIMD | 0x5b: {"v128.store64_lane", ImmediateMemArgLane, "iv:", 8, FeatureSIMD},
	PrefixSIMD | 0x5c: {"v128.load32_zero", ImmediateMemArg, "i:v", 4, FeatureSIMD},
	PrefixSIMD | 0x5d: {"v128.load64_zero", ImmediateMemArg, "i:v", 8, FeatureSIMD},
	PrefixSIMD | 0x5e: {"f32x4.demote_f64x2_zero", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x5f: {"f64x2.promote_low_f32x4", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x60: {"i8x16.abs", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x61: {"i8x16.neg", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x62: {"i8x16.popcnt", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x63: {"i8x16.all_true", ImmediateNone, "v:i", 0, FeatureSIMD},
	PrefixSIMD | 0x64: {"i8x16.bitmask", ImmediateNone, "v:i", 0, FeatureSIMD},
	PrefixSIMD | 0x65: {"i8x16.narrow_i16x8_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x66: {"i8x16.narrow_i16x8_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x67: {"f32x4.ceil", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x68: {"f32x4.floor", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x69: {"f32x4.trunc", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x6a: {"f32x4.nearest", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x6b: {"i8x16.shl", ImmediateNone, "vi:v", 0, FeatureSIMD},
	PrefixSIMD | 0x6c: {"i8x16.shr_s", ImmediateNone, "vi:v", 0, FeatureSIMD},
	PrefixSIMD | 0x6d: {"i8x16.shr_u", ImmediateNone, "vi:v", 0, FeatureSIMD},
	PrefixSIMD | 0x6e: {"i8x16.add", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x6f: {"i8x16.add_sat_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x70: {"i8x16.add_sat_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x71: {"i8x16.sub", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x72: {"i8x16.sub_sat_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x73: {"i8x16.sub_sat_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x74: {"f64x2.ceil", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x75: {"f64x2.floor", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x76: {"i8x16.min_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x77: {"i8x16.min_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x78: {"i8x16.max_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x79: {"i8x16.max_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x7a: {"f64x2.trunc", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x7b: {"i8x16.avgr_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x7c: {"i16x8.extadd_pairwise_i8x16_s", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x7d: {"i16x8.extadd_pairwise_i8x16_u", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x7e: {"i32x4.extadd_pairwise_i16x8_s", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x7f: {"i32x4.extadd_pairwise_i16x8_u", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x80: {"i16x8.abs", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x81: {"i16x8.neg", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x82: {"i16x8.q15mulr_sat_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x83: {"i16x8.all_true", ImmediateNone, "v:i", 0, FeatureSIMD},
	PrefixSIMD | 0x84: {"i16x8.bitmask", ImmediateNone, "v:i", 0, FeatureSIMD},
	PrefixSIMD | 0x85: {"i16x8.narrow_i32x4_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x86: {"i16x8.narrow_i32x4_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x87: {"i16x8.extend_low_i8x16_s", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x88: {"i16x8.extend_high_i8x16_s", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x89: {"i16x8.extend_low_i8x16_u", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x8a: {"i16x8.extend_high_i8x16_u", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x8b: {"i16x8.shl", ImmediateNone, "vi:v", 0, FeatureSIMD},
	PrefixSIMD | 0x8c: {"i16x8.shr_s", ImmediateNone, "vi:v", 0, FeatureSIMD},
	PrefixSIMD | 0x8d: {"i16x8.shr_u", ImmediateNone, "vi:v", 0, FeatureSIMD},
	PrefixSIMD | 0x8e: {"i16x8.add", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x8f: {"i16x8.add_sat_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x90: {"i16x8.add_sat_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x91: {"i16x8.sub", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x92: {"i16x8.sub_sat_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x93: {"i16x8.sub_sat_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x94: {"f64x2.nearest", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0x95: {"i16x8.mul", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x96: {"i16x8.min_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x97: {"i16x8.min_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x98: {"i16x8.max_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x99: {"i16x8.max_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x9b: {"i16x8.avgr_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x9c: {"i16x8.extmul_low_i8x16_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x9d: {"i16x8.extmul_high_i8x16_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x9e: {"i16x8.extmul_low_i8x16_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0x9f: {"i16x8.extmul_high_i8x16_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xa0: {"i32x4.abs", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xa1: {"i32x4.neg", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xa3: {"i32x4.all_true", ImmediateNone, "v:i", 0, FeatureSIMD},
	PrefixSIMD | 0xa4: {"i32x4.bitmask", ImmediateNone, "v:i", 0, FeatureSIMD},
	PrefixSIMD | 0xa7: {"i32x4.extend_low_i16x8_s", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xa8: {"i32x4.extend_high_i16x8_s", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xa9: {"i32x4.extend_low_i16x8_u", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xaa: {"i32x4.extend_high_i16x8_u", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xab: {"i32x4.shl", ImmediateNone, "vi:v", 0, FeatureSIMD},
	PrefixSIMD | 0xac: {"i32x4.shr_s", ImmediateNone, "vi:v", 0, FeatureSIMD},
	PrefixSIMD | 0xad: {"i32x4.shr_u", ImmediateNone, "vi:v", 0, FeatureSIMD},
	PrefixSIMD | 0xae: {"i32x4.add", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xb1: {"i32x4.sub", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xb5: {"i32x4.mul", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xb6: {"i32x4.min_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xb7: {"i32x4.min_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xb8: {"i32x4.max_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xb9: {"i32x4.max_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xba: {"i32x4.dot_i16x8_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xbc: {"i32x4.extmul_low_i16x8_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xbd: {"i32x4.extmul_high_i16x8_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xbe: {"i32x4.extmul_low_i16x8_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xbf: {"i32x4.extmul_high_i16x8_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xc0: {"i64x2.abs", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xc1: {"i64x2.neg", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xc3: {"i64x2.all_true", ImmediateNone, "v:i", 0, FeatureSIMD},
	PrefixSIMD | 0xc4: {"i64x2.bitmask", ImmediateNone, "v:i", 0, FeatureSIMD},
	PrefixSIMD | 0xc7: {"i64x2.extend_low_i32x4_s", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xc8: {"i64x2.extend_high_i32x4_s", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xc9: {"i64x2.extend_low_i32x4_u", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xca: {"i64x2.extend_high_i32x4_u", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xcb: {"i64x2.shl", ImmediateNone, "vi:v", 0, FeatureSIMD},
	PrefixSIMD | 0xcc: {"i64x2.shr_s", ImmediateNone, "vi:v", 0, FeatureSIMD},
	PrefixSIMD | 0xcd: {"i64x2.shr_u", ImmediateNone, "vi:v", 0, FeatureSIMD},
	PrefixSIMD | 0xce: {"i64x2.add", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xd1: {"i64x2.sub", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xd5: {"i64x2.mul", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xd6: {"i64x2.eq", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xd7: {"i64x2.ne", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xd8: {"i64x2.lt_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xd9: {"i64x2.gt_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xda: {"i64x2.le_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xdb: {"i64x2.ge_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xdc: {"i64x2.extmul_low_i32x4_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xdd: {"i64x2.extmul_high_i32x4_s", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xde: {"i64x2.extmul_low_i32x4_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xdf: {"i64x2.extmul_high_i32x4_u", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xe0: {"f32x4.abs", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xe1: {"f32x4.neg", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xe3: {"f32x4.sqrt", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xe4: {"f32x4.add", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xe5: {"f32x4.sub", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xe6: {"f32x4.mul", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xe7: {"f32x4.div", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xe8: {"f32x4.min", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xe9: {"f32x4.max", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xea: {"f32x4.pmin", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xeb: {"f32x4.pmax", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xec: {"f64x2.abs", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xed: {"f64x2.neg", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xef: {"f64x2.sqrt", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xf0: {"f64x2.add", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xf1: {"f64x2.sub", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xf2: {"f64x2.mul", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xf3: {"f64x2.div", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xf4: {"f64x2.min", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xf5: {"f64x2.max", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xf6: {"f64x2.pmin", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xf7: {"f64x2.pmax", ImmediateNone, "vv:v", 0, FeatureSIMD},
	PrefixSIMD | 0xf8: {"i32x4.trunc_sat_f32x4_s", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xf9: {"i32x4.trunc_sat_f32x4_u", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xfa: {"f32x4.convert_i32x4_s", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xfb: {"f32x4.convert_i32x4_u", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xfc: {"i32x4.trunc_sat_f64x2_s_zero", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xfd: {"i32x4.trunc_sat_f64x2_u_zero", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xfe: {"f64x2.convert_low_i32x4_s", ImmediateNone, "v:v", 0, FeatureSIMD},
	PrefixSIMD | 0xff: {"f64x2.convert_low_i32x4_u", ImmediateNone, "v:v", 0, FeatureSIMD},

	PrefixSIMD | 0x100: {"i8x16.relaxed_swizzle", ImmediateNone, "vv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x101: {"i32x4.relaxed_trunc_f32x4_s", ImmediateNone, "v:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x102: {"i32x4.relaxed_trunc_f32x4_u", ImmediateNone, "v:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x103: {"i32x4.relaxed_trunc_f64x2_s_zero", ImmediateNone, "v:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x104: {"i32x4.relaxed_trunc_f64x2_u_zero", ImmediateNone, "v:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x105: {"f32x4.relaxed_madd", ImmediateNone, "vvv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x106: {"f32x4.relaxed_nmadd", ImmediateNone, "vvv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x107: {"f64x2.relaxed_madd", ImmediateNone, "vvv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x108: {"f64x2.relaxed_nmadd", ImmediateNone, "vvv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x109: {"i8x16.relaxed_laneselect", ImmediateNone, "vvv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x10a: {"i16x8.relaxed_laneselect", ImmediateNone, "vvv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x10b: {"i32x4.relaxed_laneselect", ImmediateNone, "vvv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x10c: {"i64x2.relaxed_laneselect", ImmediateNone, "vvv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x10d: {"f32x4.relaxed_min", ImmediateNone, "vv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x10e: {"f32x4.relaxed_max", ImmediateNone, "vv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x10f: {"f64x2.relaxed_min", ImmediateNone, "vv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x110: {"f64x2.relaxed_max", ImmediateNone, "vv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x111: {"i16x8.relaxed_q15mulr_s", ImmediateNone, "vv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x112: {"i16x8.relaxed_dot_i8x16_i7x16_s", ImmediateNone, "vv:v", 0, FeatureRelaxedSIMD},
	PrefixSIMD | 0x113: {"i32x4.relaxed_dot_i8x16_i7x16_add_s", ImmediateNone, "vvv:v", 0, FeatureRelaxedSIMD},

	OpAtomicNotify:      {"memory.atomic.notify", ImmediateMemArg, "ii:i", 4, FeatureThreads},
	OpAtomicWait32:      {"memory.atomic.wait32", ImmediateMemArg, "iiI:i", 4, FeatureThreads},
	OpAtomicWait64:      {"memory.atomic.wait64", ImmediateMemArg, "iII:i", 8, FeatureThreads},
	OpAtomicFence:       {"atomic.fence", ImmediateZero, ":", 0, FeatureThreads},
	PrefixAtomic | 0x10: {"i32.atomic.load", ImmediateMemArg, "i:i", 4, FeatureThreads},
	PrefixAtomic | 0x11: {"i64.atomic.load", ImmediateMemArg, "i:I", 8, FeatureThreads},
	PrefixAtomic | 0x12: {"i32.atomic.load8_u", ImmediateMemArg, "i:i", 1, FeatureThreads},
	PrefixAtomic | 0x13: {"i32.atomic.load16_u", ImmediateMemArg, "i:i", 2, FeatureThreads},
	PrefixAtomic | 0x14: {"i64.atomic.load8_u", ImmediateMemArg, "i:I", 1, FeatureThreads},
	PrefixAtomic | 0x15: {"i64.atomic.load16_u", ImmediateMemArg, "i:I", 2, FeatureThreads},
	PrefixAtomic | 0x16: {"i64.atomic.load32_u", ImmediateMemArg, "i:I", 4, FeatureThreads},
	PrefixAtomic | 0x17: {"i32.atomic.store", ImmediateMemArg, "ii:", 4, FeatureThreads},
	PrefixAtomic | 0x18: {"i64.atomic.store", ImmediateMemArg, "iI:", 8, FeatureThreads},
	PrefixAtomic | 0x19: {"i32.atomic.store8", ImmediateMemArg, "ii:", 1, FeatureThreads},
	PrefixAtomic | 0x1a: {"i32.atomic.store16", ImmediateMemArg, "ii:", 2, FeatureThreads},
	PrefixAtomic | 0x1b: {"i64.atomic.store8", ImmediateMemArg, "iI:", 1, FeatureThreads},
	PrefixAtomic | 0x1c: {"i64.atomic.store16", ImmediateMemArg, "iI:", 2, FeatureThreads},
	PrefixAtomic | 0x1d: {"i64.atomic.store32", ImmediateMemArg, "iI:", 4, FeatureThreads},
	PrefixAtomic | 0x1e: {"i32.atomic.rmw.add", ImmediateMemArg, "ii:i", 4, FeatureThreads},
	PrefixAtomic | 0x1f: {"i64.atomic.rmw.add", ImmediateMemArg, "iI:I", 8, FeatureThreads},
	PrefixAtomic | 0x20: {"i32.atomic.rmw8.add_u", ImmediateMemArg, "ii:i", 1, FeatureThreads},
	PrefixAtomic | 0x21: {"i32.atomic.rmw16.add_u", ImmediateMemArg, "ii:i", 2, FeatureThreads},
	PrefixAtomic | 0x22: {"i64.atomic.rmw8.add_u", ImmediateMemArg, "iI:I", 1, FeatureThreads},
	PrefixAtomic | 0x23: {"i64.atomic.rmw16.add_u", ImmediateMemArg, "iI:I", 2, FeatureThreads},
	PrefixAtomic | 0x24: {"i64.atomic.rmw32.add_u", ImmediateMemArg, "iI:I", 4, FeatureThreads},
	PrefixAtomic | 0x25: {"i32.atomic.rmw.sub", ImmediateMemArg, "ii:i", 4, FeatureThreads},
	PrefixAtomic | 0x26: {"i64.atomic.rmw.sub", ImmediateMemArg, "iI:I", 8, FeatureThreads},
	PrefixAtomic | 0x27: {"i32.atomic.rmw8.sub_u", ImmediateMemArg, "ii:i", 1, FeatureThreads},
	PrefixAtomic | 0x28: {"i32.atomic.rmw16.sub_u", ImmediateMemArg, "ii:i", 2, FeatureThreads},
	PrefixAtomic | 0x29: {"i64.atomic.rmw8.sub_u", ImmediateMemArg, "iI:I", 1, FeatureThreads},
	PrefixAtomic | 0x2a: {"i64.atomic.rmw16.sub_u", ImmediateMemArg, "iI:I", 2, FeatureThreads},
	PrefixAtomic | 0x2b: {"i64.atomic.rmw32.sub_u", ImmediateMemArg, "iI:I", 4, FeatureThreads},
	PrefixAtomic | 0x2c: {"i32.atomic.rmw.and", ImmediateMemArg, "ii:i", 4, FeatureThreads},
	PrefixAtomic | 0x2d: {"i64.atomic.rmw.and", ImmediateMemArg, "iI:I", 8, FeatureThreads},
	PrefixAtomic | 0x2e: {"i32.atomic.rmw8.and_u", ImmediateMemArg, "ii:i", 1, FeatureThreads},
	PrefixAtomic | 0x2f: {"i32.atomic.rmw16.and_u", ImmediateMemArg, "ii:i", 2, FeatureThreads},
	PrefixAtomic | 0x30: {"i64.atomic.rmw8.and_u", ImmediateMemArg, "iI:I", 1, FeatureThreads},
	PrefixAtomic | 0x31: {"i64.atomic.rmw16.and_u", ImmediateMemArg, "iI:I", 2, FeatureThreads},
	PrefixAtomic | 0x32: {"i64.atomic.rmw32.and_u", ImmediateMemArg, "iI:I", 4, FeatureThreads},
	PrefixAtomic | 0x33: {"i32.atomic.rmw.or", ImmediateMemArg, "ii:i", 4, FeatureThreads},
	PrefixAtomic | 0x34: {"i64.atomic.rmw.or", ImmediateMemArg, "iI:I", 8, FeatureThreads},
	PrefixAtomic | 0x35: {"i32.atomic.rmw8.or_u", ImmediateMemArg, "ii:i", 1, FeatureThreads},
	PrefixAtomic | 0x36: {"i32.atomic.rmw16.or_u", ImmediateMemArg, "ii:i", 2, FeatureThreads},
	PrefixAtomic | 0x37: {"i64.atomic.rmw8.or_u", ImmediateMemArg, "iI:I", 1, FeatureThreads},
	PrefixAtomic | 0x38: {"i64.atomic.rmw16.or_u", ImmediateMemArg, "iI:I", 2, FeatureThreads},
	PrefixAtomic | 0x39: {"i64.atomic.rmw32.or_u", ImmediateMemArg, "iI:I", 4, FeatureThreads},
	PrefixAtomic | 0x3a: {"i32.atomic.rmw.xor", ImmediateMemArg, "ii:i", 4, FeatureThreads},
	PrefixAtomic | 0x3b: {"i64.atomic.rmw.xor", ImmediateMemArg, "iI:I", 8, FeatureThreads},
	PrefixAtomic | 0x3c: {"i32.atomic.rmw8.xor_u", ImmediateMemArg, "ii:i", 1, FeatureThreads},
	PrefixAtomic | 0x3d: {"i32.atomic.rmw16.xor_u", ImmediateMemArg, "ii:i", 2, FeatureThreads},
	PrefixAtomic | 0x3e: {"i64.atomic.rmw8.xor_u", ImmediateMemArg, "iI:I", 1, FeatureThreads},
	PrefixAtomic | 0x3f: {"i64.atomic.rmw16.xor_u", ImmediateMemArg, "iI:I", 2, FeatureThreads},
	PrefixAtomic | 0x40: {"i64.atomic.rmw32.xor_u", ImmediateMemArg, "iI:I", 4, FeatureThreads},
	PrefixAtomic | 0x41: {"i32.atomic.rmw.xchg", ImmediateMemArg, "ii:i", 4, FeatureThreads},
	PrefixAtomic | 0x42: {"i64.atomic.rmw.xchg", ImmediateMemArg, "iI:I", 8, FeatureThreads},
	PrefixAtomic | 0x43: {"i32.atomic.rmw8.xchg_u", ImmediateMemArg, "ii:i", 1, FeatureThreads},
	PrefixAtomic | 0x44: {"i32.atomic.rmw16.xchg_u", ImmediateMemArg, "ii:i", 2, FeatureThreads},
	PrefixAtomic | 0x45: {"i64.atomic.rmw8.xchg_u", ImmediateMemArg, "iI:I", 1, FeatureThreads},
	PrefixAtomic | 0x46: {"i64.atomic.rmw16.xchg_u", ImmediateMemArg, "iI:I", 2, FeatureThreads},
	PrefixAtomic | 0x47: {"i64.atomic.rmw32.xchg_u", ImmediateMemArg, "iI:I", 4, FeatureThreads},
	PrefixAtomic | 0x48: {"i32.atomic.rmw.cmpxchg", ImmediateMemArg, "iii:i", 4, FeatureThreads},
	PrefixAtomic | 0x49: {"i64.atomic.rmw.cmpxchg", ImmediateMemArg, "iII:I", 8, FeatureThreads},
	PrefixAtomic | 0x4a: {"i32.atomic.rmw8.cmpxchg_u", ImmediateMemArg, "iii:i", 1, FeatureThreads},
	PrefixAtomic | 0x4b: {"i32.atomic.rmw16.cmpxchg_u", ImmediateMemArg, "iii:i", 2, FeatureThreads},
	PrefixAtomic | 0x4c: {"i64.atomic.rmw8.cmpxchg_u", ImmediateMemArg, "iII:I", 1, FeatureThreads},
	PrefixAtomic | 0x4d: {"i64.atomic.rmw16.cmpxchg_u", ImmediateMemArg, "iII:I", 2, FeatureThreads},
	PrefixAtomic | 0x4e: {"i64.atomic.rmw32.cmpxchg_u", ImmediateMemArg, "iII:I", 4, FeatureThreads},

	OpCallRef:       {Name: "call_ref", Immediate: ImmediateType, Feature: FeatureFunctionReferences},
	OpReturnCallRef: {Name: "return_call_ref", Immediate: ImmediateType, Feature: FeatureFunctionReferences},
	OpRefAsNonNull:  {Name: "ref.as_non_null", Feature: FeatureFunctionReferences},
	OpBrOnNull:      {Name: "br_on_null", Immediate: ImmediateLabel, Feature: FeatureFunctionReferences},
	OpBrOnNonNull:   {Name: "br_on_non_null", Immediate: ImmediateLabel, Feature: FeatureFunctionReferences},

	OpThrow:    {Name: "throw", Immediate: ImmediateTag, Feature: FeatureExceptions},
	OpThrowRef: {Name: "throw_ref", Feature: FeatureExceptions},
	OpTryTable: {Name: "try_table", Immediate: ImmediateCatches, Feature: FeatureExceptions},
	OpTry:      {Name: "try", Immediate: ImmediateBlock, Feature: FeatureLegacyExceptions},
	OpCatch:    {Name: "catch", Immediate: ImmediateTag, Feature: FeatureLegacyExceptions},
	OpRethrow:  {Name: "rethrow", Immediate: ImmediateLabel, Feature: FeatureLegacyExceptions},
	OpDelegate: {Name: "delegate", Immediate: ImmediateLabel, Feature: FeatureLegacyExceptions},
	OpCatchAll: {Name: "catch_all", Feature: FeatureLegacyExceptions},

	OpRefEq:            {Name: "ref.eq", Feature: FeatureGC},
	OpStructNew:        {Name: "struct.new", Immediate: ImmediateType, Feature: FeatureGC},
	OpStructNewDefault: {Name: "struct.new_default", Immediate: ImmediateType, Feature: FeatureGC},
	OpStructGet:        {Name: "struct.get", Immediate: ImmediateTypeField, Feature: FeatureGC},
	OpStructGetS:       {Name: "struct.get_s", Immediate: ImmediateTypeField, Feature: FeatureGC},
	OpStructGetU:       {Name: "struct.get_u", Immediate: ImmediateTypeField, Feature: FeatureGC},
	OpStructSet:        {Name: "struct.set", Immediate: ImmediateTypeField, Feature: FeatureGC},
	OpArrayNew:         {Name: "array.new", Immediate: ImmediateType, Feature: FeatureGC},
	OpArrayNewDefault:  {Name: "array.new_default", Immediate: ImmediateType, Feature: FeatureGC},
	OpArrayNewFixed:    {Name: "array.new_fixed", Immediate: ImmediateTypeCount, Feature: FeatureGC},
	OpArrayNewData:     {Name: "array.new_data", Immediate: ImmediateTypeData, Feature: FeatureGC},
	OpArrayNewElem:     {Name: "array.new_elem", Immediate: ImmediateTypeElement, Feature: FeatureGC},
	OpArrayGet:         {Name: "array.get", Immediate: ImmediateType, Feature: FeatureGC},
	OpArrayGetS:        {Name: "array.get_s", Immediate: ImmediateType, Feature: FeatureGC},
	OpArrayGetU:        {Name: "array.get_u", Immediate: ImmediateType, Feature: FeatureGC},
	OpArraySet:         {Name: "array.set", Immediate: ImmediateType, Feature: FeatureGC},
	OpArrayLen:         {Name: "array.len", Feature: FeatureGC},
	OpArrayFill:        {Name: "array.fill", Immediate: ImmediateType, Feature: FeatureGC},
	OpArrayCopy:        {Name: "array.copy", Immediate: ImmediateTypeType, Feature: FeatureGC},
	OpArrayInitData:    {Name: "array.init_data", Immediate: ImmediateTypeData, Feature: FeatureGC},
	OpArrayInitElem:    {Name: "array.init_elem", Immediate: ImmediateTypeElement, Feature: FeatureGC},
	OpRefTest:          {Name: "ref.test", Immediate: ImmediateHeapType, Feature: FeatureGC},
	OpRefTestNull:      {Name: "ref.test", Immediate: ImmediateHeapTypeNull, Feature: FeatureGC},
	OpRefCast:          {Name: "ref.cast", Immediate: ImmediateHeapType, Feature: FeatureGC},
	OpRefCastNull:      {Name: "ref.cast", Immediate: ImmediateHeapTypeNull, Feature: FeatureGC},
	OpBrOnCast:         {Name: "br_on_cast", Immediate: ImmediateCast, Feature: FeatureGC},
	OpBrOnCastFail:     {Name: "br_on_cast_fail", Immediate: ImmediateCast, Feature: FeatureGC},
	OpAnyConvertExtern: {Name: "any.convert_extern", Feature: FeatureGC},
	OpExternConvertAny: {Name: "extern.convert_any", Feature: FeatureGC},
	OpRefI31:           {Name: "ref.i31", Feature: FeatureGC},
	OpI31GetS:          {Name: "i31.get_s", Feature: FeatureGC},
	OpI31GetU:          {Name: "i31.get_u", Feature: FeatureGC},
}
