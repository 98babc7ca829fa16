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
	{0x06, 0x06, "try", FeatureExceptions},
	{0x07, 0x07, "catch", FeatureExceptions},
	{0x08, 0x08, "throw", FeatureExceptions},
	{0x09, 0x09, "rethrow", FeatureExceptions},
	{0x0a, 0x0a, "throw_ref", FeatureExceptions},
	{0x14, 0x14, "call_ref", FeatureFunctionReferences},
	{0x15, 0x15, "return_call_ref", FeatureFunctionReferences},
	{0x18, 0x18, "delegate", FeatureExceptions},
	{0x19, 0x19, "catch_all", FeatureExceptions},
	{0x1f, 0x1f, "try_table", FeatureExceptions},
	{0xd3, 0xd3, "ref.eq", FeatureGC},
	{0xd4, 0xd4, "ref.as_non_null", FeatureFunctionReferences},
	{0xd5, 0xd5, "br_on_null", FeatureFunctionReferences},
	{0xd6, 0xd6, "br_on_non_null", FeatureFunctionReferences},
	{0xe0, 0xe6, "", FeatureStackSwitching},
	{PrefixGC, PrefixGC | 0x7f, "", FeatureGC},
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

// isRefused says whether the compiler knows instructions of a proposal and cannot
// translate them yet.
func isRefused(f Feature) bool {
	return f == FeatureFunctionReferences || f == FeatureGC || f == FeatureExceptions || f == FeatureLegacyExceptions
}

// refuseType is the error for a type that can be read and not translated yet, at
// a place in front of it.
func (r *Reader) refuseType(t ValueType, start int) error {
	if t == FuncRef || t == ExternRef {
		return nil
	}
	unsupported, ok := unsupportedTypes[r.bytes[start]]
	if !ok {
		unsupported = UnsupportedError{"type " + t.String(), FeatureFunctionReferences}
	}
	r.position = start
	return r.Fail(&unsupported)
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
	0x78: {"storage type i8", FeatureGC},
	0x77: {"storage type i16", FeatureGC},
	0x74: {"type nullexnref", FeatureExceptions},
	0x73: {"type nullfuncref", FeatureGC},
	0x72: {"type nullexternref", FeatureGC},
	0x71: {"type nullref", FeatureGC},
	0x6e: {"type anyref", FeatureGC},
	0x6d: {"type eqref", FeatureGC},
	0x6c: {"type i31ref", FeatureGC},
	0x6b: {"type structref", FeatureGC},
	0x6a: {"type arrayref", FeatureGC},
	0x69: {"type exnref", FeatureExceptions},
	0x68: {"type contref", FeatureStackSwitching},
	0x67: {"type stringref", FeatureStringRef},
	0x64: {"type (ref ...)", FeatureFunctionReferences},
	0x63: {"type (ref null ...)", FeatureFunctionReferences},
}

// unknownType is the error for a byte that should begin a type: malformed, or
// the proposal that has this type.
func unknownType(b byte, malformed error) error {
	if unsupported, ok := unsupportedTypes[b]; ok {
		return &unsupported
	}
	return fmt.Errorf("%w 0x%02x", malformed, b)
}
