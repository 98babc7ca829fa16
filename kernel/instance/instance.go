package instance

import (
	"encoding/binary"
	"time"

	"mewz/abi"
	"mewz/kernel/system"
)

// entryReserve is kept free above the first frame of the program, because
// hostcall reads three words beyond its return address whatever the function.
// It keeps the stack 16-byte aligned.
const entryReserve = 64

// defaultPreemption is the time a program computes before Resume returns, when
// the configuration does not say.
const defaultPreemption = 10 * time.Millisecond

// EventKind says why Resume returned.
type EventKind uint64

const (
	Left      EventKind = eventCall      // a call that the handler left Resume with
	Preempted EventKind = eventPreempted // the program computed for a while
	Trapped   EventKind = eventTrap      // it cannot go on: Trap
)

// Event is why Resume returned; Number is the function's that was called.
type Event struct {
	Kind   EventKind
	Number uint64
}

// Args are the parameters of a call as the program passed them. Of a parameter
// of type i32 only the low 32 bits count, the others are garbage.
type Args = [abi.FunctionMaxParams]uint64

// Handler answers the calls of the program that Bind's functions do not: imports of
// more than six parameters, and what is no import. It runs on the Go stack while the
// program waits; stay says that the program goes on with result, otherwise
// Resume returns. args are valid until then.
type Handler interface {
	Call(number uint64, args *Args) (result uint64, stay bool)
}

// Instance is the running program.
type Instance struct {
	config    *abi.Config
	memories  []memory
	symbols   abi.SymbolTable
	preempted bool // the last event: all registers wait in current.full
	timer     system.TimerID
}

// handler answers the calls of the instance whose registers are in current.
var handler Handler

// New maps the memory of the program and prepares its first entry; nothing of
// it runs yet. Postconditions: an error leaves an address space that is good for
// nothing but a report.
func New(c *abi.Config) (*Instance, error) {
	if err := check(c); err != nil {
		return nil, err
	}
	if err := mapAll(c); err != nil {
		return nil, err
	}
	i := &Instance{config: c, memories: memoriesOf(c)}
	if c.Symbols.Bytes != 0 {
		i.symbols, _ = abi.OpenSymbols(Bytes(c.Symbols)) // without them a backtrace has addresses only
	}
	i.prepare()
	return i, nil
}

// prepare sets the registers for the first Resume, which returns to the entry,
// which returns to programReturned.
func (i *Instance) prepare() {
	handlers := current.runtimeHandlers // once installed, ours are what the kernel would report
	current = context{runtimeHandlers: handlers}
	fillEntries()
	current.stackTop = uint64(abi.StackTop)
	current.stackLow = current.stackTop - i.config.StackBytes - abi.StackGuardBytes
	current.rsp = current.stackTop - entryReserve - 2*8
	words := mapped(abi.VirtAddr(current.rsp), 2*8)
	binary.LittleEndian.PutUint64(words, uint64(i.config.Entry))
	binary.LittleEndian.PutUint64(words[8:], current.returnedEntry)
	current.saveArea, current.saveMask = saveAddress(), extendedState()
	current.wideBytes = wideBytes(current.saveMask)
}

// Start has answers answer the calls of the program, installs the signal
// handlers and starts the preemption timer. Preconditions: the goroutine is
// locked to its thread, and stays on it.
func (i *Instance) Start(answers Handler) error {
	handler = answers
	if err := installHandlers(); err != nil {
		return err
	}
	period := time.Duration(i.config.PreemptMillis) * time.Millisecond
	if period <= 0 {
		period = defaultPreemption
	}
	var errno system.Errno
	i.timer, errno = system.StartThreadTimer(timerSignal, system.ThreadID(), period)
	if errno != 0 {
		return errno
	}
	return nil
}

// Stop ends the preemption timer.
func (i *Instance) Stop() { system.StopTimer(i.timer) }

// Resume lets the program run until the next event. Preconditions: the last
// event was no trap.
func (i *Instance) Resume() Event {
	current.leaving = 0
	if i.preempted {
		resumeFull()
	} else {
		resume()
	}
	kind := EventKind(current.event)
	i.preempted = kind == Preempted
	return Event{Kind: kind, Number: current.number}
}

// dispatch has the handler answer the call in current. It is called by
// hostcall, on the Go stack.
//
//lint:ignore U1000 called from context_amd64.s
func dispatch() {
	result, stay := handler.Call(current.number, &current.args)
	current.result = result
	if !stay {
		current.leaving = 1
	}
}

// Argument returns the first parameter of the call that Resume returned with.
func (i *Instance) Argument() uint32 { return uint32(current.args[0]) }
