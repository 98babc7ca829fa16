package lower

import (
	"strconv"

	"mewz/abi"
)

// Traps (4.2.2): `llvm.ubsantrap(code)`, one instruction that carries its code,
// in blocks at the end of the function. With a line table each place has a
// block of its own, so that the address tells the place; else the places of a
// function share a block for each code.

// trapIf traps if the i1 in register condition is set.
func (f *function) trapIf(condition int, code abi.TrapCode) {
	f.next++
	good := f.next
	f.put("  br i1 ").register(condition).put(", ").labelName(f.trapLabel(code)).put(", ").labelName(good).put(", !prof !0").line()
	f.split(good)
}

// trapUnless traps if the i1 in register condition is not set.
func (f *function) trapUnless(condition int, code abi.TrapCode) {
	f.next++
	good := f.next
	f.put("  br i1 ").register(condition).put(", ").labelName(good).put(", ").labelName(f.trapLabel(code)).put(", !prof !2").line()
	f.split(good)
}

// trap ends the current block.
func (f *function) trap(code abi.TrapCode) {
	f.trapAlways(code)
	f.leave()
}

// trapAlways ends the current LLVM block; the caller begins another.
func (f *function) trapAlways(code abi.TrapCode) {
	f.put("  br ").labelName(f.trapLabel(code)).line()
}

// trapLabel returns a block that traps with code.
func (f *function) trapLabel(code abi.TrapCode) int {
	if !f.module.options.Locations || f.scope == 0 {
		if f.traps[code] == 0 {
			f.next++
			f.traps[code] = f.next
		}
		return f.traps[code]
	}
	f.next++
	b := append(f.trapText, 'b')
	b = append(strconv.AppendInt(b, int64(f.next), 10), ":\n"...)
	b = appendTrap(b, code)
	b = strconv.AppendInt(append(b, ", !dbg !"...), int64(f.location(f.scope, f.offset)), 10)
	f.trapText = append(b, "\n  unreachable\n"...)
	return f.next
}

func appendTrap(b []byte, code abi.TrapCode) []byte {
	b = append(b, "  call void @llvm.ubsantrap(i8 "...)
	return append(strconv.AppendInt(b, int64(code), 10), ") #1"...)
}
