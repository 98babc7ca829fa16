package listing

import (
	"bytes"
	"cmp"
	"debug/dwarf"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"mewz/abi"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
)

// Code is the machine code of one function.
type Code struct {
	Address uint64 // of Bytes[0]
	Bytes   []byte
	Places  []abi.SymbolLocation // sorted by Start, which counts from Bytes[0]
	// Relocations are what a linker will write into Bytes, by offset.
	Relocations map[int]Relocation
	// Symbol names the function at an address and says where it begins. May be
	// nil.
	Symbol func(address uint64) (name string, start uint64)
}

// Relocation is what a linker will write at a place.
type Relocation struct {
	Symbol   string
	Addend   int64
	Relative bool // to the place
}

// addMachine adds machine code to the groups of its places.
func (b *builder) addMachine(code *Code, disassemble func([]byte) ([]Decoded, error)) error {
	d := decoder{code: code, disassemble: disassemble}
	current := b.group(0)
	for at := 0; at < len(code.Bytes); {
		instruction, n, err := d.next(at)
		if err != nil {
			return err
		}
		// What has no place of its own goes with what is before it.
		if offset := code.place(at); offset != 0 {
			current = b.group(offset)
		}
		current.Machine = append(current.Machine, instruction)
		at += n
	}
	return nil
}

// place returns the offset in the module of the code at an offset, 0 if unknown.
func (c *Code) place(at int) wasm.Offset {
	i, found := slices.BinarySearchFunc(c.Places, uint32(at), func(l abi.SymbolLocation, at uint32) int { return cmp.Compare(l.Start, at) })
	if !found {
		i--
	}
	if i < 0 {
		return 0
	}
	return wasm.Offset(c.Places[i].Offset)
}

// decoder decodes the instructions of one function.
type decoder struct {
	code        *Code
	disassemble func([]byte) ([]Decoded, error)
	others      map[int]Decoded // by offset, once asked for
}

// next decodes the instruction at an offset and says how long it is.
func (d *decoder) next(at int) (Instruction, int, error) {
	bytes := d.code.Bytes[at:]
	address := d.code.Address + uint64(at)
	text, n, isJump := "", 0, false
	if decoded, ok := d.other(at); ok {
		text, n = decoded.Text, decoded.Bytes
	} else if inst, err := x86asm.Decode(bytes, 64); err == nil && !isVEX(bytes[0]) {
		text, n = usualCondition(d.intel(&inst, address)), inst.Len
		_, isJump = inst.Args[0].(x86asm.Rel)
	} else {
		text, n = fmt.Sprintf("(%#x: not known to this disassembler)", bytes[0]), 1
	}
	if n <= 0 || n > len(bytes) {
		return Instruction{}, 0, fmt.Errorf("machine code at %#x: an instruction is cut off", address)
	}
	i := Instruction{Address: address, Bytes: hex.EncodeToString(bytes[:n]), Text: text, Note: trapNote(bytes)}
	for k := at; k < at+n; k++ {
		r, ok := d.code.Relocations[k]
		if !ok {
			continue
		}
		if r.Relative { // the processor counts from the end of the instruction
			r.Addend += int64(at + n - k)
		}
		target := r.Symbol
		if r.Addend != 0 {
			target += fmt.Sprintf("%+#x", r.Addend)
		}
		if isJump {
			mnemonic, _, _ := strings.Cut(text, " ")
			i.Text = mnemonic + " " + target
		} else {
			i.Note = target
		}
	}
	return i, n, nil
}

// isVEX says whether a byte begins an instruction of AVX or later, which
// golang.org/x/arch takes for another in parts.
func isVEX(b byte) bool { return b == 0xc4 || b == 0xc5 || b == 0x62 }

// other returns the instruction at an offset as Input.Disassemble knows it.
func (d *decoder) other(at int) (Decoded, bool) {
	if !isVEX(d.code.Bytes[at]) || d.disassemble == nil {
		return Decoded{}, false
	}
	if d.others == nil {
		d.others = map[int]Decoded{}
		list, err := d.disassemble(d.code.Bytes)
		if err != nil {
			return Decoded{}, false // the text says that it is unknown
		}
		offset := 0
		for _, i := range list {
			d.others[offset] = i
			offset += i.Bytes
		}
	}
	i, ok := d.others[at]
	return i, ok
}

// intel writes an instruction in Intel's syntax, jumps with absolute targets.
func (d *decoder) intel(inst *x86asm.Inst, address uint64) string {
	symbol := func(at uint64) (string, uint64) {
		if d.code.Symbol == nil || at >= d.code.Address && at < d.code.Address+uint64(len(d.code.Bytes)) {
			return "", 0
		}
		return d.code.Symbol(at)
	}
	if rel, ok := inst.Args[0].(x86asm.Rel); ok {
		target := address + uint64(inst.Len) + uint64(int64(rel))
		mnemonic, _, _ := strings.Cut(x86asm.IntelSyntax(*inst, address, nil), " ")
		if name, start := symbol(target); name != "" {
			if target != start {
				name += fmt.Sprintf("+%#x", target-start)
			}
			return mnemonic + " " + name
		}
		return fmt.Sprintf("%s %#x", mnemonic, target)
	}
	// An absolute address that a relocation fills in.
	return strings.ReplaceAll(x86asm.IntelSyntax(*inst, address, nil), "[]", "[0x0]")
}

// conditions are the names of conditions that LLVM and GNU use, for those of
// golang.org/x/arch.
var conditions = map[string]string{"z": "e", "nz": "ne", "nb": "ae", "nbe": "a", "nl": "ge", "nle": "g"}

// usualCondition renames the condition of a jump, a set or a move: jnbe is ja to
// everybody else.
func usualCondition(text string) string {
	mnemonic, operands, found := strings.Cut(text, " ")
	for _, prefix := range []string{"j", "set", "cmov"} {
		if usual, ok := conditions[strings.TrimPrefix(mnemonic, prefix)]; ok && strings.HasPrefix(mnemonic, prefix) {
			mnemonic = prefix + usual
		}
	}
	if found {
		return mnemonic + " " + operands
	}
	return mnemonic
}

// trapNote says what a ud1 instruction of compiled code means (docs/abi.md,
// Traps).
func trapNote(code []byte) string {
	if len(code) < 5 || !bytes.HasPrefix(code, []byte{0x67, 0x0f, 0xb9, 0x40}) {
		return ""
	}
	return "trap: " + abi.TrapCode(code[4]).String()
}

// ErrNoFunction says that an object does not define a symbol.
var ErrNoFunction = errors.New("no such function in the object")

// ObjectCode returns the machine code of a function of an object; name gives
// symbols other names.
func ObjectCode(data []byte, symbol string, name func(string) string) (*Code, error) {
	f, err := object.Read("object", data)
	if err != nil {
		return nil, err
	}
	for i := range f.Symbols {
		s := &f.Symbols[i]
		if s.Name != symbol || s.Section < 0 || s.Type != elf.STT_FUNC {
			continue
		}
		section := &f.Sections[s.Section]
		// Read has checked this for all but sections without content.
		if s.Value > uint64(len(section.Data)) || s.Bytes > uint64(len(section.Data))-s.Value {
			return nil, fmt.Errorf("symbol %q lies outside of its section", symbol)
		}
		c := &Code{Address: s.Value, Bytes: section.Data[s.Value : s.Value+s.Bytes], Relocations: map[int]Relocation{}}
		for k := range section.Relocations {
			r := &section.Relocations[k]
			if r.Offset >= s.Value && r.Offset < s.Value+s.Bytes {
				c.Relocations[int(r.Offset-s.Value)] = relocationOf(f, r, name)
			}
		}
		c.Symbol = textSymbols(f, s.Section, name)
		c.Places = places(data, s.Value, s.Bytes)
		return c, nil
	}
	return nil, fmt.Errorf("%q: %w", symbol, ErrNoFunction)
}

// relocationOf names the symbol of a relocation.
func relocationOf(f *object.File, r *object.Relocation, name func(string) string) Relocation {
	symbol := f.SymbolName(r.Symbol)
	if int64(r.Symbol) < int64(len(f.Symbols)) && f.Symbols[r.Symbol].Name != "" {
		symbol = name(f.Symbols[r.Symbol].Name)
	}
	kind := elf.R_X86_64(r.Type)
	return Relocation{symbol, r.Addend, kind == elf.R_X86_64_PC32 || kind == elf.R_X86_64_PLT32}
}

// textSymbols finds the function of a section that holds an address: calls
// within one LLVM module have no relocation.
func textSymbols(f *object.File, section int, name func(string) string) func(uint64) (string, uint64) {
	return func(address uint64) (string, uint64) {
		for i := range f.Symbols {
			s := &f.Symbols[i]
			if s.Section == section && s.Type == elf.STT_FUNC && address >= s.Value && address < s.Value+s.Bytes {
				return name(s.Name), s.Value
			}
		}
		return "", 0
	}
}

// places reads the line table of an object between two addresses of its text.
// One that is missing or damaged has no places.
func places(data []byte, start, size uint64) []abi.SymbolLocation {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	info, err := f.DWARF()
	if err != nil {
		return nil
	}
	var found []abi.SymbolLocation
	for units := info.Reader(); ; units.SkipChildren() {
		unit, err := units.Next()
		if err != nil || unit == nil {
			break
		}
		lines, err := info.LineReader(unit)
		if err != nil || lines == nil {
			continue
		}
		found = appendPlaces(found, lines, start, size)
	}
	slices.SortStableFunc(found, func(a, b abi.SymbolLocation) int { return cmp.Compare(a.Start, b.Start) })
	return found
}

func appendPlaces(found []abi.SymbolLocation, lines *dwarf.LineReader, start, size uint64) []abi.SymbolLocation {
	for {
		var row dwarf.LineEntry
		if err := lines.Next(&row); err != nil {
			if !errors.Is(err, io.EOF) {
				return nil
			}
			return found
		}
		if row.Address < start || row.Address >= start+size || row.EndSequence {
			continue
		}
		at := uint32(row.Address - start)
		if n := len(found); n > 0 && found[n-1].Start == at {
			found[n-1].Offset = uint32(row.Line) // at one address the last row holds
			continue
		}
		found = append(found, abi.SymbolLocation{Start: at, Offset: uint32(row.Line)})
	}
}
