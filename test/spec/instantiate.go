package spec

import (
	"debug/elf"
	"encoding/binary"
	"fmt"

	"mewz/abi"
	"mewz/compiler/lower"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
	"mewz/compiler/wasm/validate"
)

// glue begins the names of the symbols that addGlue puts into an object.
const glue = "spec_glue."

// compiled is a module with its object.
type compiled struct {
	checked *validate.Checked
	elf     []byte
}

// instantiation is the state of instantiating one module (4.5.4).
type instantiation struct {
	process *process
	in      *instance
	file    *object.File
	shared  bool // compiled with memory behind a pointer
}

// instantiate links and instantiates c. The error is a *Trap when the module
// could be linked and its initialisation trapped.
func (p *process) instantiate(c *compiled, shared bool, imports []external) (*instance, error) {
	file, err := object.Read("module", c.elf)
	if err != nil {
		return nil, err
	}
	i := &instantiation{process: p, file: file, shared: shared, in: &instance{module: c.checked.Module(), checked: c.checked, imports: imports}}
	if i.in.object, err = file.Module(); err != nil {
		return nil, err
	}
	if got, want := len(i.in.object.Imports), len(imports); got != want {
		return nil, fmt.Errorf("the object has %d imports, the module %d", got, want)
	}
	if err := i.prepareMemories(); err != nil {
		return nil, err
	}
	i.addGlue()
	if i.in.image, err = p.load(file, i.resolver); err != nil {
		return nil, err
	}
	if err := i.in.collectExports(); err != nil {
		return nil, err
	}
	for k := range i.in.own {
		if err := i.mapMemory(k); err != nil {
			return nil, err
		}
	}
	if err := i.setHeap(); err != nil {
		return nil, err
	}
	if err := i.joinExceptions(); err != nil {
		return nil, err
	}
	start, ok := i.in.image.symbols[object.SymbolInstantiate]
	if !ok {
		return nil, fmt.Errorf("the object does not define %s", object.SymbolInstantiate)
	}
	_, err = p.call(start, &wasm.FuncType{}, nil)
	return i.in, err
}

// joinExceptions puts the module into the ring of those that exceptions pass
// through: each record of them begins with the address of the next.
func (i *instantiation) joinExceptions() error {
	p, record := i.process, i.in.image.symbols[object.SymbolExceptions]
	if record == 0 {
		return nil
	}
	next := record
	if p.exceptions != 0 {
		var err error
		if next, err = p.readWord(p.exceptions); err != nil {
			return err
		}
		if err := p.write(p.exceptions, binary.LittleEndian.AppendUint64(nil, record)); err != nil {
			return err
		}
	}
	p.exceptions = record
	return p.write(record, binary.LittleEndian.AppendUint64(nil, next))
}

// prepareMemories finds the memories of the module, and gives it new ones.
func (i *instantiation) prepareMemories() error {
	for k := range i.in.imports {
		if m := i.in.imports[k].memory; m != nil {
			i.in.memories = append(i.in.memories, m)
		}
	}
	p := i.process
	for k := range i.in.module.Memories {
		m := &memory{number: len(p.memories), base: uint64(abi.MemoryBase), wasmType: i.in.module.Memories[k].Type}
		if m.number >= memoriesMax {
			return fmt.Errorf("more than %d memories in one process", memoriesMax)
		}
		if i.shared || len(i.in.memories) > 0 {
			m.base = sharedMemoryBase + uint64(m.number)*sharedMemoryStep
		}
		p.memories = append(p.memories, m)
		i.in.memories, i.in.own = append(i.in.memories, m), append(i.in.own, m)
	}
	return nil
}

// addGlue adds to the object what a process provides near it, because calls
// reach no further than 2 GiB: a jump to each function of the runner (`movabs
// $function,%rax; jmp *%rax`), and for each memory one to memory.grow with the
// number of the memory as second argument (`mov $number,%esi` before that), and
// the variable that holds where the memory is.
func (i *instantiation) addGlue() {
	for k, name := range runnerFunctions {
		if name != object.SymbolMemoryGrow {
			i.addJump(name, i.process.functions[k], nil)
			continue
		}
		for n, m := range i.in.own {
			i.addJump(object.MemorySymbol(n)+"_grow", i.process.functions[k], binary.LittleEndian.AppendUint32([]byte{0xbe}, uint32(m.number)))
		}
	}
	if i.shared && i.process.heapState == 0 {
		i.file.AddObject(glue+object.SymbolHeap, i.file.AddSection(object.Section{
			Name: ".spec.data", Flags: elf.SHF_ALLOC | elf.SHF_WRITE, Align: 64,
			Data: append(heapWords(), make([]byte, heapStateBytes-len(heapWords()))...),
		}))
	}
	for n, m := range i.in.own {
		i.file.AddObject(glue+object.MemorySymbol(n)+"_base", i.file.AddSection(object.Section{
			Name: ".spec.rodata", Flags: elf.SHF_ALLOC, Align: 8, Data: binary.LittleEndian.AppendUint64(nil, m.base),
		}))
	}
}

// heapWords is what the environment sets in wasm_heap: the range, and where the
// stack ends.
func heapWords() []byte {
	var b []byte
	for _, v := range []uint64{heapBase, heapReservedBytes, uint64(abi.StackTop)} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

// heapStateBytes is the size of wasm_heap where the environment provides it.
const heapStateBytes = 4096

// setHeap prepares the state of the heap that an object has for itself.
func (i *instantiation) setHeap() error {
	if address, ok := i.in.image.symbols[object.SymbolHeap]; ok && !i.shared {
		return i.process.write(address, heapWords())
	}
	return nil
}

// addJump adds a function that jumps to another.
func (i *instantiation) addJump(name string, target uint64, before []byte) {
	code := binary.LittleEndian.AppendUint64(append(before, 0x48, 0xb8), target)
	i.file.AddObject(glue+name, i.file.AddSection(object.Section{
		Name: ".spec.text", Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Align: 16, Data: append(code, 0xff, 0xe0),
	}))
}

// resolver resolves what the object needs from its environment.
func (i *instantiation) resolver(m *image) resolver {
	known := map[string]uint64{}
	for _, name := range runnerFunctions {
		known[name] = m.symbols[glue+name]
	}
	if address := m.symbols[glue+object.SymbolHeap]; address != 0 {
		i.process.heapState = address
	}
	known[object.SymbolHeap] = i.process.heapState
	for n, own := range i.in.own {
		symbol := object.MemorySymbol(n)
		own.bytesAddress = m.symbols[symbol+"_bytes"]
		own.growAddress = m.symbols[glue+symbol+"_grow"]
		own.pointer = m.symbols[glue+symbol+"_base"]
		known[symbol] = own.base
		known[symbol+"_base"] = own.pointer
		known[symbol+"_grow"] = own.growAddress
	}
	for k := range i.in.imports {
		symbol := i.in.object.Imports[k].SymbolName()
		known[symbol] = i.in.imports[k].address
		if m := i.in.imports[k].memory; m != nil {
			known[symbol] = m.base
			known[symbol+"_base"] = m.pointer
			known[symbol+".bytes"] = m.bytesAddress
			known[symbol+".grow"] = m.growAddress
		}
	}
	return func(name string) (uint64, error) {
		if address := known[name]; address != 0 {
			return address, nil
		}
		return 0, fmt.Errorf("undefined symbol %q", name)
	}
}

// mapMemory maps a memory that the module defines. The first one is filled by
// the object's table of initial memory.
func (i *instantiation) mapMemory(number int) error {
	p, m := i.process, i.in.own[number]
	if m.bytesAddress == 0 {
		return fmt.Errorf("the object does not define %s_bytes", object.MemorySymbol(number))
	}
	limit := lower.MemoryMaxPages(m.wasmType.Limits)
	if err := p.reserve(m.base, abi.MemoryReservedBytes); err != nil {
		return err
	}
	if err := p.request(opMemory, m.base, abi.MemoryReservedBytes, m.bytesAddress, limit); err != nil {
		return err
	}
	if size := m.wasmType.Limits.Min * abi.WasmPageBytes; size > 0 {
		if err := p.protect(m.base, size, protectRead|protectWrite); err != nil {
			return err
		}
	}
	if number > 0 {
		return nil
	}
	return i.fillMemory()
}

// fillMemory copies the chunks of wasm_memory_image: {offset, bytes, address},
// ended by bytes == 0.
func (i *instantiation) fillMemory() error {
	table, ok := i.in.image.symbols[object.SymbolMemoryImage]
	if !ok {
		return fmt.Errorf("the object does not define %s", object.SymbolMemoryImage)
	}
	for ; ; table += 24 {
		row, err := i.in.image.slice(table, 24)
		if err != nil {
			return fmt.Errorf("%s: %w", object.SymbolMemoryImage, err)
		}
		offset, size, address := binary.LittleEndian.Uint64(row), binary.LittleEndian.Uint64(row[8:]), binary.LittleEndian.Uint64(row[16:])
		if size == 0 {
			return nil
		}
		data, err := i.in.image.slice(address, size)
		if err != nil {
			return fmt.Errorf("%s: %w", object.SymbolMemoryImage, err)
		}
		if err := i.process.write(i.in.own[0].base+offset, data); err != nil {
			return err
		}
	}
}
