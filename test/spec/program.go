package spec

import (
	"fmt"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/validate"
)

// Word is the bits of a value of any type, from the lowest on.
type Word = word

// Program is one module in a process of its own, for tests that call compiled
// code without a script.
type Program struct {
	process  *process
	instance *instance
}

// StartProgram links object, which was compiled from m, into a new process of
// the program runner and instantiates it. m imports nothing; pointer says that it
// was compiled with lower.MemoryPointer. The error is a *Trap if instantiation
// trapped.
func StartProgram(runner string, m *wasm.Module, object []byte, pointer bool) (*Program, error) {
	checked, err := validate.Module(m)
	if err != nil {
		return nil, err
	}
	p, err := startProcess(runner)
	if err != nil {
		return nil, err
	}
	in, err := p.instantiate(&compiled{checked, object}, pointer, nil)
	if err != nil {
		p.close()
		return nil, err
	}
	return &Program{p, in}, nil
}

// Close ends the process.
func (p *Program) Close() { p.process.close() }

// export finds an export of a kind.
func (p *Program) export(kind wasm.ExternKind, name string) (*external, error) {
	x, ok := p.instance.exports[name]
	if !ok || x.kind != kind {
		return nil, fmt.Errorf("no export %q of kind %d", name, kind)
	}
	return &x, nil
}

// Call calls an exported function. The error is a *Trap if it trapped.
func (p *Program) Call(name string, arguments []Word) ([]Word, error) {
	x, err := p.export(wasm.ExternFunc, name)
	if err != nil {
		return nil, err
	}
	if len(arguments) != len(x.function.Params) {
		return nil, fmt.Errorf("%d arguments for %q, which has %d parameters", len(arguments), name, len(x.function.Params))
	}
	return p.process.call(x.address, &x.function, arguments)
}

// Global reads an exported global.
func (p *Program) Global(name string) (Word, error) {
	x, err := p.export(wasm.ExternGlobal, name)
	if err != nil {
		return Word{}, err
	}
	return p.process.readGlobal(x.address, x.global.Type)
}

// Memory reads the whole of an exported memory.
func (p *Program) Memory(name string) ([]byte, error) {
	x, err := p.export(wasm.ExternMemory, name)
	if err != nil {
		return nil, err
	}
	size, err := p.process.readWord(x.memory.bytesAddress)
	if err != nil {
		return nil, err
	}
	return p.process.read(x.memory.base, size)
}
