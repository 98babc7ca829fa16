package instance

import (
	"strconv"

	"mewz/abi"
)

// Bounds of a backtrace: a program that overflowed its stack has a frame for
// every few bytes of it.
const (
	framesShown = 64
	framesMax   = 1 << 24 // StackMaxBytes of the smallest frames, nearly
)

// frame is one activation of a function of the program.
type frame struct {
	pc       uint64
	returned bool // pc is a return address: the call is before it
}

// Report is what the command prints about a trap: its message, the address of
// a fault, and the backtrace.
func (i *Instance) Report(t Trap) string {
	b := append([]byte(nil), "mewz: trap: "...)
	b = append(b, t.Code.String()...)
	switch {
	case t.Fault:
		b = append(b, "\nmewz: at address "...)
		b = appendHex(b, t.MemoryAt)
		b = append(b, " of a linear memory of "...)
		b = appendHex(b, t.MemoryBytes)
		b = append(b, " bytes"...)
	case t.Code == abi.TrapException:
		b = append(b, " ("...)
		b = append(b, t.Signal...)
		b = append(b, ") at address "...)
		b = appendHex(b, t.Address)
	}
	b = append(b, '\n')
	return string(i.appendBacktrace(b, t))
}

// appendBacktrace appends a line for each frame, innermost first. Those that an
// exception left are gone from the stack; its trace has them.
func (i *Instance) appendBacktrace(b []byte, t Trap) []byte {
	if pc, ok := i.stackWord(t.Trace); ok && t.TraceCalls != 0 && i.inText(pc) {
		return i.appendTrace(b, t)
	}
	u := unwinder{instance: i, pc: t.PC, sp: t.SP, bp: t.BP, returned: t.Returned}
	n := 0
	for ; n < framesMax; n++ {
		f, ok := u.next()
		if !ok {
			break
		}
		if n < framesShown {
			b = i.appendFrame(b, n, f)
		}
	}
	return appendMore(b, n)
}

// appendTrace appends a line for each call that an exception left.
func (i *Instance) appendTrace(b []byte, t Trap) []byte {
	calls := int(min(t.TraceCalls, framesMax))
	for n := range min(calls, framesShown) {
		pc, ok := i.stackWord(t.Trace + uint64(8*n))
		if !ok || !i.inText(pc) {
			return b
		}
		b = i.appendFrame(b, n, frame{pc: pc, returned: true})
	}
	return appendMore(b, calls)
}

// appendMore says how many of n frames are not shown.
func appendMore(b []byte, n int) []byte {
	if n > framesShown {
		b = append(b, "  ... "...)
		b = strconv.AppendInt(b, int64(n-framesShown), 10)
		b = append(b, " more frames\n"...)
	}
	return b
}

// appendFrame appends one line: number, offset in the wasm module (or, where
// that is unknown, in the native code, with a plus sign), module and function.
func (i *Instance) appendFrame(b []byte, n int, f frame) []byte {
	start := uint32(f.pc - uint64(i.config.TextStart))
	if f.returned {
		start--
	}
	number := strconv.Itoa(n)
	for range 4 - min(len(number), 4) {
		b = append(b, ' ')
	}
	b = append(b, number...)
	b = append(b, ": "...)
	if offset := i.symbols.Location(start); offset != 0 {
		b = appendHex(b, uint64(offset))
	} else {
		b = append(b, '+')
		b = appendHex(b, uint64(start))
	}
	b = append(b, " - "...)
	b = append(b, i.config.ProgramName...)
	b = append(b, '!')
	function, ok := i.symbols.Function(start)
	switch {
	case ok && function.Name != "":
		b = append(b, function.Name...)
	case ok && function.Index != abi.NoFunctionIndex:
		b = append(b, "<wasm function "...)
		b = strconv.AppendUint(b, uint64(function.Index), 10)
		b = append(b, '>')
	default:
		b = append(b, "<unknown>"...)
	}
	return append(b, '\n')
}

// unwinder walks from a frame to its callers by the rows of abi.Symbols. It
// reads nothing but the program's stack and goes only upwards there.
type unwinder struct {
	instance   *Instance
	pc, sp, bp uint64
	returned   bool
	done       bool
}

// next returns the frame the unwinder stands at and goes on to its caller.
func (u *unwinder) next() (frame, bool) {
	i := u.instance
	if !u.returned && !u.done && !i.inText(u.pc) {
		u.leaf() // memcpy and its like, which use no stack
	}
	if u.done || !i.inText(u.pc) {
		return frame{}, false
	}
	f := frame{pc: u.pc, returned: u.returned}
	u.caller()
	return f, true
}

// leaf steps out of a function that has not touched the stack.
func (u *unwinder) leaf() {
	word, ok := u.instance.stackWord(u.sp)
	u.pc, u.sp, u.returned, u.done = word, u.sp+8, true, !ok
}

// caller steps to the caller of the function at pc; done says there is none.
func (u *unwinder) caller() {
	i := u.instance
	start := uint32(u.pc - uint64(i.config.TextStart))
	if u.returned {
		start--
	}
	row, ok := i.symbols.Row(start)
	base := u.sp
	if row.Register == abi.UnwindBP {
		base = u.bp
	}
	top := base + uint64(int64(row.CFAOffset))
	word, inStack := i.stackWord(top - 8)
	if !ok || !inStack || top <= u.sp {
		u.done = true
		return
	}
	if row.SavedBP != 0 {
		if saved, ok := i.stackWord(top + uint64(int64(row.SavedBP))); ok {
			u.bp = saved
		}
	}
	u.pc, u.sp, u.returned = word, top, true
}

func appendHex(b []byte, v uint64) []byte {
	return strconv.AppendUint(append(b, "0x"...), v, 16)
}
