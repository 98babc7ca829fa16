package wasm

import (
	"fmt"
	"strings"
)

// Proposals that the decoder knows by sight and the compiler does not support.
const (
	FeatureWideArithmetic   Feature = "wide-arithmetic"
	FeatureMemoryControl    Feature = "memory-control"
	FeatureCustomPageSizes  Feature = "custom-page-sizes"
	FeatureStackSwitching   Feature = "stack-switching"
	FeatureStringRef        Feature = "stringref"
	FeatureSharedEverything Feature = "shared-everything-threads"
	FeatureComponentModel   Feature = "component-model"
)

// UnsupportedError says that a module is fine, but needs a proposal that the
// compiler does not know how to translate.
type UnsupportedError struct {
	What     string
	Proposal Feature
}

// Error names the thing and the proposal.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s needs the %s proposal, which is not supported yet", e.What, e.Proposal)
}

// unsupportedOpcodes are the instructions of other proposals; each row covers
// first to last. A row without a name stands for many instructions.
var unsupportedOpcodes = [...]struct {
	first, last Opcode
	name        string
	proposal    Feature
}{
	{0xe0, 0xe6, "", FeatureStackSwitching},
	{PrefixGC | 0x80, PrefixGC | 0xff, "", FeatureStringRef},
	{PrefixMisc | 18, PrefixMisc | 18, "memory.discard", FeatureMemoryControl},
	{PrefixMisc | 19, PrefixMisc | 19, "i64.add128", FeatureWideArithmetic},
	{PrefixMisc | 20, PrefixMisc | 20, "i64.sub128", FeatureWideArithmetic},
	{PrefixMisc | 21, PrefixMisc | 21, "i64.mul_wide_s", FeatureWideArithmetic},
	{PrefixMisc | 22, PrefixMisc | 22, "i64.mul_wide_u", FeatureWideArithmetic},
}

// isPrefix says whether b begins an instruction of two parts.
func isPrefix(b byte) bool { return b >= 0xfb && b <= 0xfe }

// opcodeBytes shows an opcode as the binary format has it.
func opcodeBytes(o Opcode) string {
	if o > 0xff {
		return fmt.Sprintf("0x%x 0x%02x", uint32(o>>16), uint32(o&0xffff))
	}
	return fmt.Sprintf("0x%02x", uint32(o))
}

// unknownOpcode is the error for an instruction that is not in Opcodes.
func unknownOpcode(o Opcode) error {
	for _, row := range unsupportedOpcodes {
		if o >= row.first && o <= row.last {
			what := strings.TrimSpace("instruction " + row.name)
			if row.name == "" {
				what = "instruction " + opcodeBytes(o)
			}
			return &UnsupportedError{what, row.proposal}
		}
	}
	return fmt.Errorf("%w %s", ErrIllegalOpcode, opcodeBytes(o))
}

// unsupportedTypes are the types of other proposals by their first byte.
var unsupportedTypes = map[byte]UnsupportedError{
	0x68: {"type contref", FeatureStackSwitching},
	0x67: {"type stringref", FeatureStringRef},
}

// unknownType is the error for a byte that should begin a type: malformed, or
// the proposal that has this type.
func unknownType(b byte, malformed error) error {
	if unsupported, ok := unsupportedTypes[b]; ok {
		return &unsupported
	}
	return fmt.Errorf("%w 0x%02x", malformed, b)
}
