package spec

import (
	"debug/elf"
	"encoding/binary"
	"fmt"

	"mewz/abi"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
)

// glue begins the names of the symbols that addGlue puts into an object.
const glue = "spec_glue."

// symbolMemoryBase is the variable behind which lower.MemoryPointer looks for
// linear memory.
const symbolMemoryBase = "wasm_memory_base"

// compiled is a module with its object.
type compiled struct {
	module *wasm.Module
	elf    []byte
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
	i := &instantiation{process: p, file: file, shared: shared, in: &instance{module: c.module, imports: imports}}
	if i.in.object, err = file.Module(); err != nil {
		return nil, err
	}
	if got, want := len(i.in.object.Imports), len(imports); got != want {
		return nil, fmt.Errorf("the object has %d imports, the module %d", got, want)
	}
	if err := i.prepareMemory(); err != nil {
		return nil, err
	}
	i.addGlue()
	if i.in.image, err = p.load(file, i.resolver); err != nil {
		return nil, err
	}
	if err := i.in.collectExports(); err != nil {
		return nil, err
	}
	if err := i.mapMemory(); err != nil {
		return nil, err
	}
	start, ok := i.in.image.symbols[object.SymbolInstantiate]
	if !ok {
		return nil, fmt.Errorf("the object does not define %s", object.SymbolInstantiate)
	}
	_, err = p.call(start, &wasm.FuncType{}, nil)
	return i.in, err
}

// prepareMemory finds the memory of the module, or gives it a new one.
func (i *instantiation) prepareMemory() error {
	if imported, ok := i.in.imported(wasm.ExternMemory, 0); ok {
		i.in.memory = imported.memory
		return nil
	}
	if len(i.in.module.Memories) == 0 {
		return nil
	}
	p := i.process
	m := &memory{number: len(p.memories), base: uint64(abi.MemoryBase), wasmType: i.in.module.Memories[0].Type}
	if m.number >= memoriesMax {
		return fmt.Errorf("more than %d memories in one process", memoriesMax)
	}
	if i.shared {
		m.base = sharedMemoryBase + uint64(m.number)*sharedMemoryStep
	}
	p.memories = append(p.memories, m)
	i.in.memory = m
	return nil
}

// addGlue adds to the object what a process provides near it, because calls
// reach no further than 2 GiB: a jump to each function of the runner, with the
// number of the memory as second argument for memory.grow (`mov $number,%esi;
// movabs $function,%rax; jmp *%rax`), and the variable that holds where the
// memory is.
func (i *instantiation) addGlue() {
	m := i.in.memory
	for k, name := range runnerFunctions {
		var code []byte
		if name == object.SymbolMemoryGrow {
			if m == nil || m.growAddress != 0 {
				continue
			}
			code = binary.LittleEndian.AppendUint32(append(code, 0xbe), uint32(m.number))
		}
		code = binary.LittleEndian.AppendUint64(append(code, 0x48, 0xb8), i.process.functions[k])
		code = append(code, 0xff, 0xe0)
		i.file.AddObject(glue+name, i.file.AddSection(object.Section{
			Name: ".spec.text", Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Align: 16, Data: code,
		}))
	}
	if m != nil && m.pointer == 0 {
		i.file.AddObject(glue+symbolMemoryBase, i.file.AddSection(object.Section{
			Name: ".spec.rodata", Flags: elf.SHF_ALLOC, Align: 8, Data: binary.LittleEndian.AppendUint64(nil, m.base),
		}))
	}
}

// resolver resolves what the object needs from its environment.
func (i *instantiation) resolver(m *image) resolver {
	if own := i.in.memory; own != nil && own.bytesAddress == 0 {
		own.bytesAddress = m.symbols[object.SymbolMemoryBytes]
		own.growAddress = m.symbols[glue+object.SymbolMemoryGrow]
		own.pointer = m.symbols[glue+symbolMemoryBase]
	}
	known := map[string]uint64{}
	for _, name := range runnerFunctions {
		known[name] = m.symbols[glue+name]
	}
	if own := i.in.memory; own != nil {
		known[object.SymbolMemory] = own.base
		known[symbolMemoryBase] = own.pointer
		known[object.SymbolMemoryBytes] = own.bytesAddress
		known[object.SymbolMemoryGrow] = own.growAddress
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

// mapMemory maps the memory that the module defines and fills it by the
// object's table of initial memory.
func (i *instantiation) mapMemory() error {
	if len(i.in.module.Memories) == 0 {
		return nil
	}
	p, m := i.process, i.in.memory
	if m.bytesAddress == 0 {
		return fmt.Errorf("the object does not define %s", object.SymbolMemoryBytes)
	}
	limit := m.wasmType.Limits.Max
	if !m.wasmType.Limits.HasMax {
		limit = abi.MemoryMaxPages
	}
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
		if err := i.process.write(i.in.memory.base+offset, data); err != nil {
			return err
		}
	}
}
