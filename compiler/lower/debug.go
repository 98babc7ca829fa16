package lower

import (
	"fmt"
	"strconv"

	"mewz/compiler/wasm"
)

// The line table. A line is an offset in the wasm module, so that the line of
// an instruction is the place it was compiled from.

// firstDebugNode is the first number of metadata that attributes does not use.
const firstDebugNode = 3

// debugInfo is the metadata of a shard's line table.
type debugInfo struct {
	text []byte // not yet written
	next int
	// last is the location written last: instructions of one place follow each
	// other.
	last       int
	lastScope  int
	lastOffset wasm.Offset
}

// addScope returns the metadata of a function, 0 if there is no line table.
func (s *shard) addScope(index int, offset wasm.Offset) int {
	if !s.module.options.Locations {
		return 0
	}
	d := &s.debug
	if d.next == 0 {
		d.next = firstDebugNode
		d.text = fmt.Appendf(d.text, `!llvm.dbg.cu = !{!%d}
!llvm.module.flags = !{!%d}
!%d = distinct !DICompileUnit(language: DW_LANG_C, file: !%d, producer: "mewz", emissionKind: LineTablesOnly, isOptimized: true, nameTableKind: None)
!%d = !{i32 2, !"Debug Info Version", i32 3}
!%d = !DIFile(filename: "module.wasm", directory: "")
!%d = !DISubroutineType(types: !1)
`, d.next, d.next+1, d.next, d.next+2, d.next+1, d.next+2, d.next+3)
		d.next += 4
	}
	scope := d.next
	d.next++
	d.text = fmt.Appendf(d.text, "!%d = distinct !DISubprogram(name: %s, scope: !%d, file: !%d, line: %d, type: !%d, "+
		"spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: !%d)\n",
		scope, quoted(s.symbol(uint32(index)))[1:], firstDebugNode+2, firstDebugNode+2, s.line(offset), firstDebugNode+3, firstDebugNode)
	return scope
}

// location returns the metadata of a place in a function.
func (s *shard) location(scope int, offset wasm.Offset) int {
	d := &s.debug
	if d.lastScope == scope && d.lastOffset == offset {
		return d.last
	}
	n := d.next
	d.next++
	d.last, d.lastScope, d.lastOffset = n, scope, offset
	b := strconv.AppendInt(append(d.text, '!'), int64(n), 10)
	b = strconv.AppendUint(append(b, " = !DILocation(line: "...), s.line(offset), 10)
	b = strconv.AppendInt(append(b, ", scope: !"...), int64(scope), 10)
	d.text = append(b, ")\n"...)
	return n
}

// flushDebug writes the metadata of the function that follows.
func (s *shard) flushDebug() {
	s.out = append(s.out, s.debug.text...)
	s.debug.text = s.debug.text[:0]
}
