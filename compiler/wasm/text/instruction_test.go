package text

import (
	"bytes"
	"fmt"
	"testing"

	"mewz/compiler/wasm"
)

// samples are texts of immediates by their kinds.
var samples = map[wasm.ImmediateKind]string{
	wasm.ImmediateNone: "", wasm.ImmediateBlock: "", wasm.ImmediateLabel: "0", wasm.ImmediateLabels: "0 0", wasm.ImmediateFunction: "$f",
	wasm.ImmediateCallIndirect: "$t (type $s)", wasm.ImmediateLocal: "$l", wasm.ImmediateGlobal: "$g", wasm.ImmediateTable: "$t",
	wasm.ImmediateMemory: "$m", wasm.ImmediateMemArg: "$m offset=1 align=1", wasm.ImmediateI32: "-1", wasm.ImmediateI64: "-1",
	wasm.ImmediateF32: "0x1p-3", wasm.ImmediateF64: "nan", wasm.ImmediateTypes: "(result i32)", wasm.ImmediateHeapType: "$s",
	wasm.ImmediateHeapTypeNull: "any", wasm.ImmediateData: "$d", wasm.ImmediateElement: "$e", wasm.ImmediateDataMemory: "$m $d",
	wasm.ImmediateMemoryMemory: "$m $m", wasm.ImmediateElementTable: "$t $e", wasm.ImmediateTableTable: "$t $t",
	wasm.ImmediateV128: "i64x2 1 2", wasm.ImmediateShuffle: "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", wasm.ImmediateLane: "1",
	wasm.ImmediateZero: "", wasm.ImmediateMemArgLane: "$m 1", wasm.ImmediateType: "$s", wasm.ImmediateTypeField: "$struct $x",
	wasm.ImmediateTypeCount: "$s 3", wasm.ImmediateTypeData: "$s $d", wasm.ImmediateTypeElement: "$s $e", wasm.ImmediateTypeType: "$s $s",
	wasm.ImmediateCast: "0 anyref (ref i31)", wasm.ImmediateTag: "$tag", wasm.ImmediateCatches: "(catch $tag 0)",
}

// spelled are the instructions that the kind of their immediates does not give a
// text for: those of two opcodes with one name, and parts of others.
var spelled = map[wasm.Opcode]string{
	wasm.OpRefTest: "ref.test (ref $s)", wasm.OpRefTestNull: "ref.test (ref null $s)",
	wasm.OpRefCast: "ref.cast (ref $s)", wasm.OpRefCastNull: "ref.cast anyref",
	wasm.OpBlock: "block end", wasm.OpLoop: "loop end", wasm.OpIf: "if end", wasm.OpTry: "try end", wasm.OpTryTable: "try_table (catch $tag 0) end",
	wasm.OpElse: "if else end", wasm.OpEnd: "", wasm.OpCatch: "try catch $tag end", wasm.OpCatchAll: "try catch_all end", wasm.OpDelegate: "try delegate 0",
}

// TestEveryInstruction writes each instruction of the table, and reads it back
// from the binary format.
func TestEveryInstruction(t *testing.T) {
	const around = `(type $s (func)) (type $struct (struct (field i32) (field $x i32))) (func $f) (table $t 1 funcref) (memory $m 1)
		(global $g i32 (i32.const 0)) (tag $tag) (elem $e func) (data $d "") (func (local $l i32) %s)`
	empty := lastBody(t, fmt.Sprintf(around, ""))
	prefix := empty[:len(empty)-1]
	for opcode, info := range wasm.Opcodes {
		instruction, ok := spelled[opcode]
		if !ok {
			sample, known := samples[info.Immediate]
			if !known {
				t.Errorf("%s: no sample for immediates of kind %d", info.Name, info.Immediate)
				continue
			}
			instruction = info.Name + " " + sample
		}
		got := lastBody(t, fmt.Sprintf(around, instruction))
		if !bytes.HasPrefix(got, prefix) {
			t.Errorf("%s: body %x, want it to begin with %x", instruction, got, prefix)
			continue
		}
		if !contains(t, got[len(prefix):], opcode) {
			t.Errorf("%s: body %x has no opcode %#x", instruction, got, opcode)
		}
	}
}

// lastBody is the body of the last function of a module, without its size.
func lastBody(t *testing.T, source string) []byte {
	t.Helper()
	tokens, err := Scan([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	m := newModule(tokens)
	m.end = len(tokens.list)
	m.declareFields()
	m.readFields()
	if m.err != nil {
		t.Fatalf("%s: %v", source, m.err)
	}
	return bytes.Clone(m.body.out)
}

// contains says whether instructions, all of which can be read, have one with an
// opcode.
func contains(t *testing.T, instructions []byte, opcode wasm.Opcode) (found bool) {
	t.Helper()
	r := wasm.NewReader(instructions, 0)
	for r.Len() > 0 {
		var i wasm.Instruction
		if err := r.Next(&i); err != nil {
			t.Errorf("%x: %v", instructions, err)
			return false
		}
		found = found || i.Opcode == opcode
	}
	return found
}
