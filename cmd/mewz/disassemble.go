package main

import (
	"fmt"
	"io"
	"strings"

	"mewz/abi"
	"mewz/compiler"
	"mewz/compiler/listing"
	"mewz/compiler/llvm"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/line"
	"mewz/image"
)

// disassembly is what inspect --disassemble prints.
type disassembly struct {
	*listing.Listing
	Level string `json:"level,omitempty"`
	CPU   string `json:"cpu,omitempty"`
	// Sources are the places in the source by offset, where they change.
	Sources map[string]string `json:"sources,omitempty"`
	// Marked is the offset that the user asked for, 0: none.
	Marked wasm.Offset `json:"marked,omitempty"`
	Notes  []string    `json:"notes,omitempty"`
}

// disassemble lists one function of a file.
func (i *inspectCommand) disassemble(a *app, src *source) (*disassembly, error) {
	var d *disassembly
	var err error
	switch src.kind {
	case kindModule:
		d, err = i.disassembleModule(a, src)
	case kindObject:
		d, err = i.disassembleObject(a, src)
	default:
		d, err = i.disassembleImage(a, src)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src.path, err)
	}
	var offset wasm.Offset
	if n, _ := fmt.Sscanf(strings.ToLower(i.Disassemble), "0x%x", &offset); n == 1 {
		d.Marked = offset
	}
	return d, nil
}

// disassembleModule compiles the part of a module that holds the function.
func (i *inspectCommand) disassembleModule(a *app, src *source) (*disassembly, error) {
	module, err := src.module()
	if err != nil {
		return nil, err
	}
	table, _ := line.Read(module, src.open) // without it there are no lines of the source
	list := functionsOf(module)
	if table != nil && isName(i.Disassemble) && !hasFunction(list, i.Disassemble) {
		list = withSourceNames(list, table)
	}
	f, err := findFunction(list, i.Disassemble)
	if err != nil {
		return nil, err
	}
	if f.imported {
		return nil, fmt.Errorf("function %s is imported: it has no code in the module", f.label())
	}
	compiled, err := compiler.CompileFunction(a.context(), src.data, f.index, a.compilerOptions(src, i.compileFlags))
	if err != nil {
		return nil, compileError(src, err)
	}
	names := functionNames(list, compiled.Symbol, f.index)
	code, err := listing.ObjectCode(compiled.Object, compiled.Symbol, names)
	if err != nil {
		return nil, err
	}
	in := listing.Input{Module: module, Index: f.index, Symbol: compiled.Symbol, Code: code, Disassemble: a.disassembler()}
	d := &disassembly{Level: compiled.Level, CPU: processor(i.CPU)}
	switch {
	case i.IR == "lowered":
		in.IR = compiled.Lowered
	case i.IR == "optimized" && compiled.Optimized != nil:
		in.IR = compiled.Optimized
	case i.IR == "optimized":
		in.IR = compiled.Lowered
		d.Notes = append(d.Notes, "level 0 has no passes: the IR is the lowered one")
	}
	if compiled.Level != i.Opt {
		d.Notes = append(d.Notes, fmt.Sprintf("LLVM compiles this part at level %s, not %s", compiled.Level, i.Opt))
	}
	if !compiled.EveryLocation {
		d.Notes = append(d.Notes, "only calls, memory accesses and traps have places; what lies between goes with what is before it")
	}
	if d.Listing, err = listing.New(in); err != nil {
		return nil, err
	}
	if len(f.names) > 0 {
		d.Name = f.names[0]
	}
	d.Type = functionTypeText(module, f.index)
	d.addSources(table)
	return d, nil
}

func functionTypeText(m *wasm.Module, index uint32) string {
	k := int(index) - m.CountImports(wasm.ExternFunc)
	if k < 0 || k >= len(m.Functions) || uint64(m.Functions[k]) >= uint64(len(m.Types)) {
		return ""
	}
	return listing.TypeText(&m.Types[m.Functions[k]].FuncType)
}

// withSourceNames adds the names that debug information has, which are what a
// backtrace shows.
func withSourceNames(list []functionEntry, table *line.Table) []functionEntry {
	for i := range list {
		if frames := table.At(wasm.Offset(list[i].start)); len(frames) > 0 {
			list[i].addName(frames[len(frames)-1].Function)
		}
	}
	return list
}

// functionNames returns a function that adds names to the symbols of functions:
// symbol is that of function index, and the others are written alike.
func functionNames(list []functionEntry, symbol string, index uint32) func(string) string {
	prefix := strings.TrimSuffix(symbol, fmt.Sprint(index))
	return func(symbol string) string {
		number, ok := strings.CutPrefix(symbol, prefix)
		var n uint64
		if _, err := fmt.Sscanf(number, "%d", &n); ok && err == nil && fmt.Sprint(n) == number && n < uint64(len(list)) && len(list[n].names) > 0 {
			return symbol + " <" + listing.Printable(list[n].names[0]) + ">"
		}
		return listing.Printable(symbol)
	}
}

// disassembler returns what decodes instructions that our own disassembler does
// not know.
func (a *app) disassembler() func([]byte) ([]listing.Decoded, error) {
	return func(code []byte) ([]listing.Decoded, error) {
		list, err := llvm.Disassemble(a.context(), code)
		if err != nil {
			a.logf("disassembler: %v", err)
			return nil, err
		}
		decoded := make([]listing.Decoded, len(list))
		for i := range list {
			decoded[i] = listing.Decoded(list[i])
		}
		return decoded, nil
	}
}

// disassembleObject lists the machine code of an object.
func (i *inspectCommand) disassembleObject(a *app, src *source) (*disassembly, error) {
	file, err := object.Read(src.path, src.data)
	if err != nil {
		return nil, err
	}
	module, err := file.Module()
	if err != nil {
		return nil, err
	}
	list := functionsOfObject(module)
	f, err := findFunction(list, i.Disassemble)
	if err != nil {
		return nil, err
	}
	bySymbol := map[string]string{}
	for k := range list {
		if name := list[k].names[0]; name != list[k].symbol {
			bySymbol[list[k].symbol] = name
		}
	}
	code, err := listing.ObjectCode(src.data, f.symbol, func(symbol string) string {
		if name := bySymbol[symbol]; name != "" {
			return symbol + " <" + listing.Printable(name) + ">"
		}
		return listing.Printable(symbol)
	})
	if err != nil {
		return nil, err
	}
	return a.machineOnly(f, f.symbol, code, module.Options["level"], module.Options["cpu"])
}

// machineOnly lists machine code that came without its module.
func (a *app) machineOnly(f *functionEntry, symbol string, code *listing.Code, level, cpu string) (*disassembly, error) {
	l, err := listing.New(listing.Input{Index: f.index, Symbol: symbol, Code: code, Disassemble: a.disassembler()})
	if err != nil {
		return nil, err
	}
	if len(f.names) > 0 {
		l.Name = f.names[0]
	}
	return &disassembly{Listing: l, Level: level, CPU: cpu, Notes: []string{"machine code only: the .wasm file has WebAssembly and IR as well"}}, nil
}

// disassembleImage lists the machine code of an image.
func (i *inspectCommand) disassembleImage(a *app, src *source) (*disassembly, error) {
	c, err := image.ReadCode(src.path)
	if err != nil {
		return nil, err
	}
	f, err := findFunction(functionsOfImage(c), i.Disassemble)
	if err != nil {
		return nil, err
	}
	start, end := uint64(f.code.Start), uint64(f.code.Start)+uint64(f.code.Bytes)
	if end > uint64(len(c.Text)) {
		return nil, fmt.Errorf("function %s lies outside of the code", f.label())
	}
	code := &listing.Code{Address: c.Start + start, Bytes: c.Text[start:end]}
	var before abi.SymbolLocation
	for _, l := range c.Symbols.Locations {
		switch {
		case uint64(l.Start) < start:
			before = l
		case uint64(l.Start) < end:
			code.Places = append(code.Places, abi.SymbolLocation{Start: l.Start - f.code.Start, Offset: l.Offset})
		}
	}
	if len(code.Places) == 0 || code.Places[0].Start > 0 {
		code.Places = append([]abi.SymbolLocation{{Offset: before.Offset}}, code.Places...)
	}
	code.Symbol = imageSymbols(c)
	return a.machineOnly(f, "", code, "", "")
}

// imageSymbols names the functions of an image by address.
func imageSymbols(c *image.Code) func(uint64) (string, uint64) {
	return func(address uint64) (string, uint64) {
		for _, s := range c.Symbols.Functions {
			start := c.Start + uint64(s.Start)
			if address < start || address-start >= uint64(s.Bytes) {
				continue
			}
			if s.Name == "" {
				return fmt.Sprintf("function %d", s.Index), start
			}
			return listing.Printable(line.Demangle(s.Name)), start
		}
		return "", 0
	}
}

// addSources notes the place in the source of each instruction, where it differs
// from that before.
func (d *disassembly) addSources(table *line.Table) {
	if table == nil {
		return
	}
	last := ""
	for _, g := range d.Groups {
		frames := table.At(g.Offset)
		if g.Inlined != "" || len(frames) == 0 || frames[0].Place.Line == 0 || frames[0].Place.Near {
			continue
		}
		text := frames[0].Place.String()
		if len(frames) > 1 {
			text += " (inlined " + frames[0].Function + ")"
		}
		if text == last {
			continue
		}
		last = text
		if d.Sources == nil {
			d.Sources = map[string]string{}
		}
		d.Sources[fmt.Sprintf("%#x", g.Offset)] = text
	}
}

// Columns of the listing: what an instruction became stands right of it.
const (
	irIndent      = "              "
	machineIndent = "                        "
)

func (d *disassembly) print(w io.Writer) {
	name := listing.Printable(d.Name)
	if d.Index != abi.NoFunctionIndex {
		name = strings.TrimSpace(fmt.Sprintf("function %d %s", d.Index, name))
	}
	fmt.Fprintf(w, "%s: %d bytes of machine code at %#x", name, d.Bytes, d.Address)
	if d.Level != "" {
		fmt.Fprintf(w, ", level %s for %s", d.Level, d.CPU)
	}
	fmt.Fprintln(w)
	if d.Type != "" {
		fmt.Fprintf(w, "type:   %s\n", d.Type)
	}
	if d.End != 0 {
		fmt.Fprintf(w, "module: %#x to %#x\n", d.Offset, d.End)
	}
	for _, note := range d.Notes {
		fmt.Fprintf(w, "note:   %s\n", note)
	}
	fmt.Fprintln(w)
	inlined := ""
	for i := range d.Groups {
		g := &d.Groups[i]
		if g.Inlined != inlined {
			inlined = g.Inlined
			fmt.Fprintf(w, "\ninlined from %s:\n", inlined)
		}
		d.printGroup(w, g)
	}
}

func (d *disassembly) printGroup(w io.Writer, g *listing.Group) {
	offset := fmt.Sprintf("%#x", g.Offset)
	if source := d.Sources[offset]; source != "" {
		fmt.Fprintf(w, "%s\n", listing.Printable(source))
	}
	mark := "  "
	if g.Offset != 0 && g.Offset == d.Marked {
		mark = "=>"
	}
	if g.Offset != 0 {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%s%-10s%s%s", mark, offset, strings.Repeat("  ", g.Depth), g.Wasm), " "))
	}
	for _, text := range g.IR {
		fmt.Fprintf(w, "%s%s\n", irIndent, strings.TrimPrefix(text, "  "))
	}
	for _, m := range g.Machine {
		text := m.Text
		if m.Note != "" {
			text += "  ; " + m.Note
		}
		fmt.Fprintf(w, "%s%6x: %s\n", machineIndent, m.Address, text)
	}
}
