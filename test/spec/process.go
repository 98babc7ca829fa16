package spec

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"mewz/abi"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
)

//go:embed runner/runner.c
var runnerSource []byte

// BuildRunner compiles runner.c into dir and returns the path of the program.
func BuildRunner(dir string) (string, error) {
	source, program := filepath.Join(dir, "runner.c"), filepath.Join(dir, "runner")
	if err := os.WriteFile(source, runnerSource, 0o600); err != nil {
		return "", err
	}
	// Position independent: the low 2 GiB belong to the modules, and Linux puts
	// the heap of a program that is not at a random place in them.
	out, err := exec.Command("cc", "-O1", "-Wall", "-static-pie", "-o", program, source).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("compile runner.c with cc (apt-get install gcc libc6-dev): %w\n%s", err, out)
	}
	return program, nil
}

// Requests of runner.c.
const (
	opReserve = iota + 1
	opProtect
	opWrite
	opRead
	opCall
	opMemory
	opStack
	opHeap
)

// Protections (PROT_* of mmap).
const (
	protectRead    = 1
	protectWrite   = 2
	protectExecute = 4
)

// Addresses in a runner process. Modules lie below abi.MemoryBase, because the
// small code model reaches no further than 2 GiB; the runner itself is far
// above all of them.
const (
	moduleBase        = 0x1000_0000
	sharedMemoryBase  = 0x100_0000_0000 // memories behind a pointer
	sharedMemoryStep  = 16 << 30
	resultsBase       = 0xff_0000_0000 // results that are returned in memory
	resultsBytes      = 64 << 10
	callDeadline      = 60 * time.Second // an endless loop is a fault, not a wait
	heapBase          = 0xc0_0000_0000   // objects of the GC proposal
	heapReservedBytes = 16 << 30
	heapMaxBytes      = 512 << 20 // that become usable
	memoriesMax       = 64        // MEMORIES_MAX of runner.c
	stackArgumentsMax = 4096      // STACK_WORDS_MAX of runner.c
)

// callStatus is how a call ended (enum status of runner.c).
type callStatus uint64

const (
	callReturned callStatus = iota
	callTrapped
	callMemoryFault
	callStackFault
	callOtherFault
)

// callResult is struct result of runner.c.
type callResult struct {
	Status   callStatus
	Detail   uint64
	Address  uint64
	Integers [integerResults]uint64
	Vectors  [vectorResults]word
}

// Trap is the end of a call by a trap.
type Trap struct {
	Code abi.TrapCode
	Note string // what the process saw, for exceptions that no trap explains
}

// Error is the wording of the test suite.
func (t *Trap) Error() string {
	if t.Note != "" {
		return t.Code.String() + ": " + t.Note
	}
	return t.Code.String()
}

func (r *callResult) trap() *Trap {
	switch r.Status {
	case callTrapped:
		return &Trap{Code: abi.TrapCode(r.Detail)}
	case callMemoryFault:
		return &Trap{Code: abi.TrapMemory}
	case callStackFault:
		return &Trap{Code: abi.TrapStack}
	default:
		return &Trap{Code: abi.TrapException, Note: fmt.Sprintf("signal %d at %#x", r.Detail, r.Address)}
	}
}

// runnerFunctions are what compiled code may call in the runner, in the order in
// which it gives their addresses.
var runnerFunctions = [...]string{"memcpy", "memmove", "memset", object.SymbolMemoryGrow, object.SymbolMemoryWait, object.SymbolHeapCommit}

// process is a running runner with what is mapped in it.
type process struct {
	command  *exec.Cmd
	in       io.WriteCloser
	out      io.Reader
	messages bytes.Buffer

	functions  [len(runnerFunctions)]uint64 // addresses
	nextModule uint64
	memories   []*memory
	heapState  uint64 // address of wasm_heap that modules share, or 0
	exceptions uint64 // address of the wasm_exceptions of some module, or 0
}

// memory is a linear memory in a process.
type memory struct {
	number       int
	base         uint64
	pointer      uint64 // address of the variable that holds base, or 0
	bytesAddress uint64 // of wasm_memory_bytes
	growAddress  uint64 // of wasm_memory_grow
	wasmType     wasm.MemoryType
}

// startProcess starts program, the runner.
func startProcess(program string) (*process, error) {
	p := &process{command: exec.Command(program), nextModule: moduleBase}
	p.command.Stderr = &p.messages
	p.command.Env = []string{}
	in, err := p.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in, p.out = in, out
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	if err := p.prepare(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// prepare reads where the runner's functions are and maps the stack.
func (p *process) prepare() error {
	if err := binary.Read(p.out, binary.LittleEndian, &p.functions); err != nil {
		return p.failure(err)
	}
	low := uint64(abi.StackTop) - abi.StackDefaultBytes
	guard := low - abi.StackGuardBytes
	if err := p.reserve(guard, abi.StackGuardBytes+abi.StackDefaultBytes); err != nil {
		return err
	}
	if err := p.protect(low, abi.StackDefaultBytes, protectRead|protectWrite); err != nil {
		return err
	}
	if err := p.request(opStack, guard, abi.StackGuardBytes, abi.StackDefaultBytes, 0); err != nil {
		return err
	}
	if err := p.reserve(heapBase, heapReservedBytes); err != nil {
		return err
	}
	if err := p.request(opHeap, heapBase, heapMaxBytes, 0, 0); err != nil {
		return err
	}
	if err := p.reserve(resultsBase, resultsBytes); err != nil {
		return err
	}
	return p.protect(resultsBase, resultsBytes, protectRead|protectWrite)
}

// close ends the process.
func (p *process) close() {
	p.in.Close()
	p.command.Process.Kill()
	p.command.Wait()
}

// failure explains an error of the pipe by what the runner said last.
func (p *process) failure(err error) error {
	p.in.Close()
	p.command.Wait()
	return fmt.Errorf("runner process: %w (%v) %s", err, p.command.ProcessState, strings.TrimSpace(p.messages.String()))
}

// send writes a request and its payload, and reads the answer into answer.
func (p *process) send(header [5]uint64, payload []byte, answer any) error {
	b := make([]byte, 0, 40+len(payload))
	for _, v := range header {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	b = append(b, payload...)
	if _, err := p.in.Write(b); err != nil {
		return p.failure(err)
	}
	if err := binary.Read(p.out, binary.LittleEndian, answer); err != nil {
		return p.failure(err)
	}
	return nil
}

func (p *process) request(op, address, size, value, limit uint64) error {
	var done uint64
	return p.send([5]uint64{op, address, size, value, limit}, nil, &done)
}

func (p *process) reserve(address, size uint64) error {
	return p.request(opReserve, address, size, 0, 0)
}

func (p *process) protect(address, size, protection uint64) error {
	return p.request(opProtect, address, size, protection, 0)
}

func (p *process) write(address uint64, b []byte) error {
	var done uint64
	return p.send([5]uint64{opWrite, address, uint64(len(b))}, b, &done)
}

func (p *process) read(address, size uint64) ([]byte, error) {
	b := make([]byte, size)
	return b, p.send([5]uint64{opRead, address, size}, nil, b)
}

func (p *process) readWord(address uint64) (uint64, error) {
	b, err := p.read(address, 8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

// wordAt reads 16 bytes.
func wordAt(b []byte) word {
	return word{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])}
}

// readGlobal reads the variable of a global of type t.
func (p *process) readGlobal(address uint64, t wasm.ValueType) (word, error) {
	if t != wasm.V128 {
		v, err := p.readWord(address)
		return word{v}.narrow(t), err
	}
	b, err := p.read(address, valueBytes(t))
	if err != nil {
		return word{}, err
	}
	return wordAt(b), nil
}

// call calls a function of type t at address. The error is a *Trap when the
// function trapped.
func (p *process) call(address uint64, t *wasm.FuncType, arguments []word) ([]word, error) {
	r := placeArguments(address, t, arguments, resultsBase)
	if len(r.stack) > stackArgumentsMax {
		return nil, fmt.Errorf("%d arguments on the stack", len(r.stack))
	}
	payload := binary.LittleEndian.AppendUint64(nil, r.function)
	contents := r.integers[:]
	for _, v := range r.vectors {
		contents = append(contents, v[:]...)
	}
	contents = append(contents, uint64(len(r.stack)))
	for _, v := range append(contents, r.stack...) {
		payload = binary.LittleEndian.AppendUint64(payload, v)
	}
	timer := time.AfterFunc(callDeadline, func() { p.command.Process.Kill() })
	var result callResult
	err := p.send([5]uint64{opCall}, payload, &result)
	if !timer.Stop() {
		return nil, fmt.Errorf("call did not return within %v", callDeadline)
	}
	if err != nil {
		return nil, err
	}
	if result.Status != callReturned {
		return nil, result.trap()
	}
	if inMemory(t.Results) {
		return p.readResults(t.Results)
	}
	return takeResults(t.Results, &result), nil
}

// readResults reads results that were returned in memory.
func (p *process) readResults(types []wasm.ValueType) ([]word, error) {
	offsets, total := resultOffsets(types)
	b, err := p.read(resultsBase, total+16) // so that 16 bytes lie behind each offset
	if err != nil {
		return nil, err
	}
	values := make([]word, len(types))
	for i, t := range types {
		values[i] = wordAt(b[offsets[i]:]).narrow(t)
	}
	return values, nil
}
