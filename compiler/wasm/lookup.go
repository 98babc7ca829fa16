package wasm

// miscCount is one more than the highest number behind PrefixMisc.
const miscCount = 18

// simdCount is one more than the highest number behind PrefixSIMD.
const simdCount = 0x114

// atomicCount is one more than the highest number behind PrefixAtomic.
const atomicCount = 0x4f

// gcCount is one more than the highest number behind PrefixGC.
const gcCount = 31

// opcodeTable is Opcodes as arrays: the decoder looks up every instruction, and
// a map costs more than the rest of its work.
type opcodeTable struct {
	plain  [256]*OpcodeInfo
	misc   [miscCount]*OpcodeInfo
	simd   [simdCount]*OpcodeInfo
	atomic [atomicCount]*OpcodeInfo
	gc     [gcCount]*OpcodeInfo
}

var opcodes = func() (table opcodeTable) {
	for opcode, info := range Opcodes {
		switch {
		case opcode <= 0xff:
			table.plain[opcode] = &info
		case opcode&^0xffff == PrefixMisc:
			table.misc[opcode&0xffff] = &info
		case opcode&^0xffff == PrefixSIMD:
			table.simd[opcode&0xffff] = &info
		case opcode&^0xffff == PrefixAtomic:
			table.atomic[opcode&0xffff] = &info
		case opcode&^0xffff == PrefixGC:
			table.gc[opcode&0xffff] = &info
		}
	}
	return table
}()

// Lookup returns the row of the instruction table, or nil when the compiler
// does not know o.
func Lookup(o Opcode) *OpcodeInfo {
	if o <= 0xff {
		return opcodes.plain[o]
	}
	switch number := o & 0xffff; {
	case o&^0xffff == PrefixMisc && number < miscCount:
		return opcodes.misc[number]
	case o&^0xffff == PrefixSIMD && number < simdCount:
		return opcodes.simd[number]
	case o&^0xffff == PrefixAtomic && number < atomicCount:
		return opcodes.atomic[number]
	case o&^0xffff == PrefixGC && number < gcCount:
		return opcodes.gc[number]
	default:
		return nil
	}
}
