package listing

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/line"
)

// text writes instructions as the text format has them, with indices and, in
// angle brackets, the names they have in the name section.
type text struct {
	module *wasm.Module
	locals map[uint32]string
}

func newText(m *wasm.Module, function uint32) *text { return &text{m, m.Names.Locals[function]} }

// labelsShown bounds the labels of a br_table: those of a Go function may be
// thousands.
const labelsShown = 16

// instruction writes one instruction.
func (t *text) instruction(i *wasm.Instruction) string {
	info := i.Info()
	if immediate := t.immediate(info.Immediate, i, &info); immediate != "" {
		return info.Name + " " + immediate
	}
	return info.Name
}

func (t *text) immediate(kind wasm.ImmediateKind, i *wasm.Instruction, info *wasm.OpcodeInfo) string {
	switch kind {
	case wasm.ImmediateNone, wasm.ImmediateZero:
		return ""
	case wasm.ImmediateBlock:
		return t.block(i.Block)
	case wasm.ImmediateCatches:
		return strings.TrimSpace(t.block(i.Block) + " " + catches(i.Catches))
	case wasm.ImmediateLabels:
		return labels(i)
	case wasm.ImmediateFunction:
		return t.function(i.Index)
	case wasm.ImmediateLocal:
		return named(i.Index, t.locals[i.Index])
	case wasm.ImmediateCallIndirect:
		text := "(type " + strconv.Itoa(int(i.Index)) + ")" + t.typeOf(i.Index)
		if i.Index2 != 0 {
			text = strconv.Itoa(int(i.Index2)) + " " + text
		}
		return text
	case wasm.ImmediateDataMemory, wasm.ImmediateMemoryMemory, wasm.ImmediateElementTable, wasm.ImmediateTableTable:
		return fmt.Sprintf("%d %d", i.Index, i.Index2)
	case wasm.ImmediateMemory:
		if i.Index == 0 {
			return ""
		}
		return strconv.Itoa(int(i.Index))
	case wasm.ImmediateMemArg:
		return memArg(i, info)
	case wasm.ImmediateMemArgLane:
		return strings.TrimSpace(memArg(i, info) + " " + strconv.Itoa(int(i.Lane)))
	case wasm.ImmediateLane:
		return strconv.Itoa(int(i.Lane))
	case wasm.ImmediateTypes:
		return typeList("result", i.Types)
	case wasm.ImmediateHeapType, wasm.ImmediateHeapTypeNull, wasm.ImmediateCast:
		return references(kind, i)
	case wasm.ImmediateTypeField, wasm.ImmediateTypeCount, wasm.ImmediateTypeData, wasm.ImmediateTypeElement, wasm.ImmediateTypeType:
		return fmt.Sprintf("%d %d", i.Index, i.Index2)
	default:
		return constant(kind, i)
	}
}

// constant writes a number, and indices that have no names.
func constant(kind wasm.ImmediateKind, i *wasm.Instruction) string {
	switch kind {
	case wasm.ImmediateI32, wasm.ImmediateI64:
		return strconv.FormatInt(i.Value, 10)
	case wasm.ImmediateF32:
		return float(float64(math.Float32frombits(uint32(i.Value))), uint64(uint32(i.Value)), 32)
	case wasm.ImmediateF64:
		return float(math.Float64frombits(uint64(i.Value)), uint64(i.Value), 64)
	case wasm.ImmediateV128:
		return fmt.Sprintf("i64x2 0x%016x 0x%016x", uint64(i.Value), i.High)
	case wasm.ImmediateShuffle:
		b := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, uint64(i.Value)), i.High)
		return strings.Trim(fmt.Sprint(b), "[]")
	default:
		return strconv.FormatUint(uint64(i.Index), 10)
	}
}

// references writes reference types: those of a cast behind its label.
func references(kind wasm.ImmediateKind, i *wasm.Instruction) string {
	var parts []string
	if kind == wasm.ImmediateCast {
		parts = append(parts, strconv.Itoa(int(i.Index)))
	}
	for _, t := range i.Types {
		parts = append(parts, t.String())
	}
	return strings.Join(parts, " ")
}

// catches writes the clauses of a try_table.
func catches(list []wasm.Catch) string {
	names := map[wasm.CatchKind]string{
		wasm.CatchTag: "catch", wasm.CatchTagRef: "catch_ref", wasm.CatchAll: "catch_all", wasm.CatchAllRef: "catch_all_ref",
	}
	var parts []string
	for _, c := range list {
		text := "(" + names[c.Kind]
		if c.Kind.HasTag() {
			text += fmt.Sprintf(" %d", c.Tag)
		}
		parts = append(parts, text+fmt.Sprintf(" %d)", c.Label))
	}
	return strings.Join(parts, " ")
}

// float writes a float; one that is not a number with its bits.
func float(v float64, raw uint64, size int) string {
	if math.IsNaN(v) {
		return fmt.Sprintf("nan ;; 0x%x", raw)
	}
	return strconv.FormatFloat(v, 'g', -1, size)
}

func labels(i *wasm.Instruction) string {
	var b strings.Builder
	for n, label := range i.Labels {
		if n == labelsShown {
			fmt.Fprintf(&b, "... (%d labels) ", len(i.Labels)+1)
			break
		}
		fmt.Fprintf(&b, "%d ", label)
	}
	return b.String() + strconv.Itoa(int(i.Index))
}

// memArg writes what differs from the usual: an offset, an alignment, a memory.
func memArg(i *wasm.Instruction, info *wasm.OpcodeInfo) string {
	var parts []string
	if i.Index != 0 {
		parts = append(parts, strconv.Itoa(int(i.Index)))
	}
	if i.MemOffset != 0 {
		parts = append(parts, fmt.Sprintf("offset=%d", i.MemOffset))
	}
	if info.AccessBytes > 0 && int(i.Align) != bits.TrailingZeros8(info.AccessBytes) {
		parts = append(parts, fmt.Sprintf("align=%d", uint64(1)<<min(i.Align, 63)))
	}
	return strings.Join(parts, " ")
}

func (t *text) block(b wasm.BlockType) string {
	switch {
	case b.HasIndex:
		return fmt.Sprintf("(type %d)", b.Index) + t.typeOf(b.Index)
	case b.Result != 0:
		return "(result " + b.Result.String() + ")"
	}
	return ""
}

// typeOf writes a function type behind its index.
func (t *text) typeOf(index uint32) string {
	if uint64(index) >= uint64(len(t.module.Types)) {
		return ""
	}
	return prefixed(TypeText(&t.module.Types[index].FuncType))
}

func prefixed(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

// TypeText writes a function type: "(param i32) (result i64)".
func TypeText(f *wasm.FuncType) string {
	return strings.TrimSpace(typeList("param", f.Params) + " " + typeList("result", f.Results))
}

func typeList(word string, types []wasm.ValueType) string {
	if len(types) == 0 {
		return ""
	}
	for _, t := range types {
		word += " " + t.String()
	}
	return "(" + word + ")"
}

// function writes a function's index with its name or what it is imported as.
func (t *text) function(index uint32) string { return named(index, FunctionName(t.module, index)) }

// FunctionName is the name of a function: that of the name section as people
// write it, or the import's; "" if it has none.
func FunctionName(m *wasm.Module, index uint32) string {
	if name := m.Names.Functions[index]; name != "" {
		return line.Demangle(name)
	}
	for i := range m.Imports {
		if m.Imports[i].Kind != wasm.ExternFunc {
			continue
		}
		if index == 0 {
			return m.Imports[i].Module + "." + m.Imports[i].Name
		}
		index--
	}
	return ""
}

// named writes an index and a name.
func named(index uint32, name string) string {
	text := strconv.FormatUint(uint64(index), 10)
	if name == "" {
		return text
	}
	return text + " <" + Printable(name) + ">"
}

// Printable makes a name of a module safe for a terminal and one line.
func Printable(name string) string {
	quoted := strconv.Quote(name)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
