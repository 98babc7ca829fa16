package lower

import (
	"fmt"
	"strconv"
	"strings"

	"mewz/abi"
	"mewz/compiler/object"
	"mewz/compiler/wasm"
)

// What an object carries to throw exceptions (docs/decisions/0009-exceptions.md): a
// loop that walks frames by the table of package object, and memory for exceptions.
//
// An exception is a slot of the module that throws it: the address of its tag, then
// the values. A free slot has 0 and the address of the next one. When all slots are
// taken, those are found that nothing on the stack and in the roots seems to refer
// to, an address within a slot counting as a reference to it. Bit 0 of the first
// word marks the others meanwhile.

// Symbols of the module's own.
const (
	symbolThrow   = "exception_throw"
	symbolUnwind  = "exception_unwind"
	symbolNew     = "exception_new"
	symbolCollect = "exception_collect"
	symbolMark    = "exception_mark"
	symbolScan    = "exception_scan"
	symbolArena   = "exception_arena"
	symbolWork    = "exception_work"
	symbolRoots   = "exception_roots"
	symbolTrace   = "exception_trace"
)

// Bounds of the memory for exceptions: a program has a few at a time, one in each
// activation of a function that handles one. Slots become usable as they are needed.
const (
	exceptionArenaBytes = 1 << 20
	exceptionSlotsMax   = 1 << 14
	exceptionSlotsMin   = 64 // however large they are; also how many are usable at first
	// exceptionScanWords is how many words of the stack may be scanned for each slot
	// of a collection; when there were more, more slots become usable.
	exceptionScanWords = 8
)

// The trace of the exception that was thrown last: {exception; stack pointer where it
// was caught; count of calls; the addresses they return to, from the throw on}.
// Who catches and throws on is in it once.
const (
	traceCaught    = 8
	traceCount     = 16
	traceCalls     = 24
	traceMostCalls = 64 // calls kept: as many as a report shows
	traceBytes     = traceCalls + 8*traceMostCalls
)

// exceptionHeaderBytes is what lies before the values.
const exceptionHeaderBytes = 8

// Members of the record wasm_exceptions (docs/abi.md).
const (
	exceptionRecord  = "{ ptr, ptr, ptr, i64, ptr, i64, ptr, ptr, i64 }"
	recordTable      = 8
	recordArena      = 16
	recordUsed       = 24
	recordRoots      = 32
	recordRootsCount = 40
	recordStack      = 48
	recordFree       = 56
	recordLimit      = 64
)

// exceptionLayout returns where the values of an exception lie in its slot, and
// where they end.
func exceptionLayout(types []wasm.ValueType) (offsets []int, end int) {
	end = exceptionHeaderBytes
	for _, t := range types {
		n := 8
		switch t {
		case wasm.I32, wasm.F32:
			n = 4
		case wasm.V128:
			n = 16
		}
		end = (end + n - 1) &^ (n - 1)
		offsets = append(offsets, end)
		end += n
	}
	return offsets, end
}

// exceptionSlot is the size of the module's slots and how many there are. All
// fit into a slot, whatever their tag, and a free one has two words.
func (m *module) exceptionSlot() (slotBytes, slots int) {
	slotBytes = 16
	for i := range m.tags {
		_, end := exceptionLayout(m.tags[i].params)
		slotBytes = max(slotBytes, (end+15)&^15)
	}
	return slotBytes, min(max(exceptionArenaBytes/slotBytes, exceptionSlotsMin), exceptionSlotsMax)
}

// defineExceptions writes the tags and what the module needs of the above.
func (s *shard) defineExceptions() {
	m := s.module
	if !m.exceptions {
		return
	}
	for i := range m.tags {
		if t := &m.tags[i]; !t.imported {
			s.variableOf(t.symbol, "constant i64 "+strconv.Itoa(i))
			s.exportVariable(wasm.ExternTag, i, "i64", t.symbol)
		}
	}
	prefix := m.options.SymbolPrefix
	record, table := prefix+object.SymbolExceptions, prefix+object.UnwindSymbol
	s.variable(table, "i8")
	arena, roots, count, limit := "null", "null", 0, 0
	if m.allocates {
		slotBytes, slots := m.exceptionSlot()
		arena, limit = s.quote(prefix+symbolArena), exceptionSlotsMin*slotBytes
		s.variableOf(prefix+symbolArena, fmt.Sprintf("global [%d x i8] zeroinitializer, align 16", slots*slotBytes))
		s.variableOf(prefix+symbolWork, fmt.Sprintf("global [%d x i32] zeroinitializer", slots))
	}
	if m.keeps {
		roots, count = s.defineExceptionRoots(prefix + symbolRoots)
	}
	s.variableOf(record, fmt.Sprintf("global %s { ptr %s, ptr %s, ptr %s, i64 0, ptr %s, i64 %d, ptr null, ptr null, i64 %d }",
		exceptionRecord, s.quote(record), s.quote(table), arena, roots, count, limit))
}

// defineExceptionRoots lists the variables of the module that may refer to
// exceptions.
func (s *shard) defineExceptionRoots(symbol string) (name string, count int) {
	var list []string
	add := func(symbol string, words uint64) {
		list = append(list, fmt.Sprintf("{ ptr, i64 } { ptr %s, i64 %d }", s.quote(symbol), words))
	}
	for i := range s.module.globals {
		if g := &s.module.globals[i]; !g.imported && isExceptionReference(g.wasmType.Type) {
			add(g.symbol, 1)
		}
	}
	for i := range s.module.tables {
		if t := &s.module.tables[i]; !t.imported && !t.fixed && isExceptionReference(t.wasmType.Element) {
			add(t.symbol+".elements", t.capacity)
		}
	}
	if list == nil {
		return "null", 0
	}
	s.variableOf(symbol, fmt.Sprintf("constant [%d x { ptr, i64 }] [ %s ]", len(list), strings.Join(list, ", ")))
	return s.quote(symbol), len(list)
}

// isExceptionReference says whether a reference of type t may point to an exception.
func isExceptionReference(t wasm.ValueType) bool { return t.Nullable() == wasm.ExnRef }

// defineUnwinder writes the code of the above.
func (s *shard) defineUnwinder() {
	m := s.module
	if !m.raises {
		return
	}
	prefix := m.options.SymbolPrefix
	slotBytes, slots := m.exceptionSlot()
	var pairs []string
	for token, symbol := range map[string]string{
		"{record}": object.SymbolExceptions, "{unwind}": symbolUnwind, "{new}": symbolNew, "{collect}": symbolCollect,
		"{mark}": symbolMark, "{scan}": symbolScan, "{arena}": symbolArena, "{work}": symbolWork, "{trace}": symbolTrace,
	} {
		pairs = append(pairs, token, s.quote(prefix+symbol))
	}
	for token, number := range map[string]int{
		"{table}": recordTable, "{used}": recordUsed, "{roots}": recordRoots, "{count}": recordRootsCount,
		"{stack}": recordStack, "{free}": recordFree, "{limit}": recordLimit, "{arenaof}": recordArena,
		"{statebytes}": exceptionStateBytes, "{bp}": frameBP, "{sp}": frameSP, "{ip}": frameIP, "{saved}": object.UnwindSaved, "{blockshift}": object.UnwindBlockShift,
		"{slot}": slotBytes, "{arenabytes}": slotBytes * slots, "{valuebytes}": slotBytes - exceptionHeaderBytes,
		"{twoslots}": 2 * slotBytes, "{scanbytes}": 8 * exceptionScanWords, "{outofmemory}": int(abi.TrapExceptionMemory),
		"{caught}": traceCaught, "{calls}": traceCount, "{first}": traceCalls, "{most}": traceMostCalls, "{tracebytes}": traceBytes,
	} {
		pairs = append(pairs, token, strconv.Itoa(number))
	}
	text := exceptionUnwind
	s.defined[prefix+symbolUnwind], s.defined[prefix+symbolTrace] = true, true
	s.defineAssembly(exceptionThrow, symbolThrow, symbolUnwind)
	if m.allocates {
		text += exceptionNew + exceptionMark + exceptionScan
		s.defined[prefix+symbolNew] = true
		s.use(prefix+symbolCollect, "declare hidden void %s() nounwind")
		s.defineAssembly(exceptionCollect, symbolCollect, symbolMark)
	}
	s.out = append(s.out, strings.NewReplacer(pairs...).Replace(text)...)
}

// defineAssembly writes a function in assembly that calls another.
func (s *shard) defineAssembly(text, name, callee string) {
	prefix := s.module.options.SymbolPrefix
	symbol := func(name string) string { return `"` + prefix + name + `"` }
	text = strings.NewReplacer("{name}", symbol(name), "{unwind}", symbol(callee), "{mark}", symbol(callee), "{trace}", symbol(symbolTrace),
		"{trap}", strconv.Itoa(int(abi.TrapUncaughtException)), "{calls}", strconv.Itoa(traceCount), "{first}", strconv.Itoa(traceCalls),
		"{most}", strconv.Itoa(traceMostCalls), "{mostbytes}", strconv.Itoa(8*traceMostCalls)).Replace(text)
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		s.out = append(s.out, `module asm "`+strings.NewReplacer(`"`, `\22`, "\t", `\09`).Replace(line)+"\"\n"...)
	}
}

// exceptionUnwind is exception_unwind(state, exception): it goes from frame to frame
// until the call in one has a landing pad, and returns that, with the state that it
// expects. It returns 0, with the state of the last frame, where the table knows no
// caller: in code of the environment. If exception is null landing pads are passed
// over, else the calls that it leaves are noted in its trace.
const exceptionUnwind = `{trace} = hidden global [{tracebytes} x i8] zeroinitializer, align 8

define hidden i64 {unwind}(ptr %state, ptr %exception) #0 {
entry:
  %spat = getelementptr i8, ptr %state, i64 {sp}
  %bpat = getelementptr i8, ptr %state, i64 {bp}
  %ipat = getelementptr i8, ptr %state, i64 {ip}
  %caughtat = getelementptr i8, ptr {trace}, i64 {caught}
  %callsat = getelementptr i8, ptr {trace}, i64 {calls}
  %lands = icmp ne ptr %exception, null
  br i1 %lands, label %whose, label %frame
whose:
  %traced = load ptr, ptr {trace}
  %same = icmp eq ptr %traced, %exception
  br i1 %same, label %frame, label %fresh
fresh:
  store ptr %exception, ptr {trace}
  store i64 0, ptr %caughtat
  store i64 0, ptr %callsat
  br label %frame
frame:
  %ip = load i64, ptr %ipat
  %call = sub i64 %ip, 1
  br label %module
module:
  %m = phi ptr [ {record}, %frame ], [ %next, %following ]
  %tableat = getelementptr i8, ptr %m, i64 {table}
  %table = load ptr, ptr %tableat
  %text = load i64, ptr %table
  %place = sub i64 %call, %text
  %bytesat = getelementptr i8, ptr %table, i64 8
  %bytes32 = load i32, ptr %bytesat
  %bytes = zext i32 %bytes32 to i64
  %inside = icmp ult i64 %place, %bytes
  br i1 %inside, label %own, label %following
own:
  br i1 %lands, label %note, label %search
note:
  %notedsp = load i64, ptr %spat
  %caught = load i64, ptr %caughtat
  %noted = icmp eq i64 %notedsp, %caught
  br i1 %noted, label %search, label %note.count
note.count:
  %calls = load i64, ptr %callsat
  %calls1 = add i64 %calls, 1
  store i64 %calls1, ptr %callsat
  %fits = icmp ult i64 %calls, {most}
  br i1 %fits, label %note.call, label %search
note.call:
  %callslist = getelementptr i8, ptr {trace}, i64 {first}
  %callat = getelementptr i64, ptr %callslist, i64 %calls
  store i64 %ip, ptr %callat
  br label %search
following:
  %next = load ptr, ptr %m
  %all = icmp eq ptr %next, {record}
  br i1 %all, label %done, label %module
search:
  %place32 = trunc i64 %place to i32
  %rowsat = getelementptr i8, ptr %table, i64 12
  %rows32 = load i32, ptr %rowsat
  %rows64 = zext i32 %rows32 to i64
  %rows = getelementptr i8, ptr %table, i64 %rows64
  %index = getelementptr i8, ptr %table, i64 16
  %block = lshr i64 %place, {blockshift}
  %firstat = getelementptr i32, ptr %index, i64 %block
  %first32 = load i32, ptr %firstat
  %first = zext i32 %first32 to i64
  %lastat = getelementptr i8, ptr %firstat, i64 4
  %last32 = load i32, ptr %lastat
  %rest32 = sub i32 %last32, %first32
  %rest = zext i32 %rest32 to i64
  %count = add i64 %rest, 1
  br label %half
half:
  %low = phi i64 [ %first, %search ], [ %lower, %halve ]
  %size = phi i64 [ %count, %search ], [ %smaller, %halve ]
  %more = icmp ugt i64 %size, 1
  br i1 %more, label %halve, label %found
halve:
  %step = lshr i64 %size, 1
  %middle = add i64 %low, %step
  %middleat = getelementptr [12 x i8], ptr %rows, i64 %middle
  %start = load i32, ptr %middleat
  %beyond = icmp ugt i32 %start, %place32
  %lower = select i1 %beyond, i64 %low, i64 %middle
  %smaller = sub i64 %size, %step
  br label %half
found:
  %row = getelementptr [12 x i8], ptr %rows, i64 %low
  %padat = getelementptr i8, ptr %row, i64 4
  %pad32 = load i32, ptr %padat
  %frameat = getelementptr i8, ptr %row, i64 8
  %frame32 = load i32, ptr %frameat
  %frame64 = zext i32 %frame32 to i64
  %f = getelementptr i8, ptr %table, i64 %frame64
  %haspad = icmp ne i32 %pad32, 0
  %land = and i1 %haspad, %lands
  br i1 %land, label %landing.pad, label %up
landing.pad:
  %argumentsat = getelementptr i8, ptr %f, i64 8
  %arguments32 = load i32, ptr %argumentsat
  %arguments = zext i32 %arguments32 to i64
  %sp = load i64, ptr %spat
  %spnow = add i64 %sp, %arguments
  store i64 %spnow, ptr %spat
  store i64 %spnow, ptr %caughtat
  %pad64 = zext i32 %pad32 to i64
  %pad = add i64 %text, %pad64
  ret i64 %pad
up:
  %offset32 = load i32, ptr %f
  %outermost = icmp eq i32 %offset32, 0
  br i1 %outermost, label %done, label %caller
caller:
  %offset = sext i32 %offset32 to i64
  %baseat = getelementptr i8, ptr %f, i64 4
  %base = load i32, ptr %baseat
  %bysp = icmp eq i32 %base, 0
  %from = select i1 %bysp, ptr %spat, ptr %bpat
  %register = load i64, ptr %from
  %cfa = add i64 %register, %offset
  %cfap = inttoptr i64 %cfa to ptr
  %saved = getelementptr i8, ptr %f, i64 12
  br label %restore
restore:
  %k = phi i64 [ 0, %caller ], [ %k1, %restored ]
  %savedat = getelementptr i16, ptr %saved, i64 %k
  %word = load i16, ptr %savedat
  %kept = icmp eq i16 %word, 0
  br i1 %kept, label %restored, label %load
load:
  %word64 = sext i16 %word to i64
  %wordat = getelementptr i64, ptr %cfap, i64 %word64
  %old = load i64, ptr %wordat
  %oldat = getelementptr i64, ptr %state, i64 %k
  store i64 %old, ptr %oldat
  br label %restored
restored:
  %k1 = add i64 %k, 1
  %again = icmp ult i64 %k1, {saved}
  br i1 %again, label %restore, label %went
went:
  %returnat = getelementptr i8, ptr %cfap, i64 -8
  %return = load i64, ptr %returnat
  store i64 %return, ptr %ipat
  store i64 %cfa, ptr %spat
  br label %frame
done:
  ret i64 0
}

`

// exceptionNew is exception_new(tag): a slot. The trace of another exception in the
// same slot is not its own.
const exceptionNew = `define hidden ptr {new}(ptr %tag) #0 {
entry:
  store ptr null, ptr {trace}
  br label %check
check:
  %collected = phi i1 [ false, %entry ], [ true, %collect ]
  %freeat = getelementptr i8, ptr {record}, i64 {free}
  %free = load ptr, ptr %freeat
  %any = icmp ne ptr %free, null
  br i1 %any, label %reuse, label %fresh
reuse:
  %followingat = getelementptr i8, ptr %free, i64 8
  %following = load ptr, ptr %followingat
  store ptr %following, ptr %freeat
  store ptr %tag, ptr %free
  ret ptr %free
fresh:
  %usedat = getelementptr i8, ptr {record}, i64 {used}
  %used = load i64, ptr %usedat
  %limitat = getelementptr i8, ptr {record}, i64 {limit}
  %limit = load i64, ptr %limitat
  %room = icmp ult i64 %used, %limit
  br i1 %room, label %take, label %full
take:
  %slot = getelementptr i8, ptr {arena}, i64 %used
  %more = add i64 %used, {slot}
  store i64 %more, ptr %usedat
  store ptr %tag, ptr %slot
  ret ptr %slot
full:
  br i1 %collected, label %trap, label %collect
collect:
  call void {collect}()
  br label %check
trap:
  call void @llvm.ubsantrap(i8 {outofmemory})
  unreachable
}

`

// exceptionMark is exception_mark(state): it frees the slots of the module that
// nothing refers to. Roots are the stack from the state up to where the outermost
// known frame or an entry was called from, the variables of all modules that it may be
// linked with, and the exceptions of the others. Then more slots become usable, if
// most are in use, or if the work was much for the number of slots.
const exceptionMark = `define hidden void {mark}(ptr %state) #0 {
entry:
  %copy = alloca [{statebytes} x i8], align 16
  call void @llvm.memcpy.inline.p0.p0.i64(ptr align 8 %copy, ptr align 8 %state, i64 {statebytes}, i1 false)
  %ignored = call i64 {unwind}(ptr %copy, ptr null)
  %spat = getelementptr i8, ptr %copy, i64 {sp}
  %walked = load i64, ptr %spat
  br label %stacks
stacks:
  %sm = phi ptr [ {record}, %entry ], [ %snext, %stacks ]
  %top = phi i64 [ %walked, %entry ], [ %higher, %stacks ]
  %stackat = getelementptr i8, ptr %sm, i64 {stack}
  %stack = load i64, ptr %stackat
  %beyond = icmp ugt i64 %stack, %top
  %higher = select i1 %beyond, i64 %stack, i64 %top
  %snext = load ptr, ptr %sm
  %sall = icmp eq ptr %snext, {record}
  br i1 %sall, label %stackscan, label %stacks
stackscan:
  %bottom = ptrtoint ptr %state to i64
  %stackbytes = sub i64 %higher, %bottom
  %found0 = call i64 {scan}(ptr %state, i64 %stackbytes, i64 0)
  br label %modules
modules:
  %m = phi ptr [ {record}, %stackscan ], [ %next, %modules.next ]
  %foundm = phi i64 [ %found0, %stackscan ], [ %founda, %modules.next ]
  %rootsat = getelementptr i8, ptr %m, i64 {roots}
  %roots = load ptr, ptr %rootsat
  %countat = getelementptr i8, ptr %m, i64 {count}
  %count = load i64, ptr %countat
  br label %root
root:
  %r = phi i64 [ 0, %modules ], [ %r1, %root.scan ]
  %foundr = phi i64 [ %foundm, %modules ], [ %found1, %root.scan ]
  %rmore = icmp ult i64 %r, %count
  br i1 %rmore, label %root.scan, label %others
root.scan:
  %rootat = getelementptr { ptr, i64 }, ptr %roots, i64 %r
  %root0 = load ptr, ptr %rootat
  %wordsat = getelementptr i8, ptr %rootat, i64 8
  %words = load i64, ptr %wordsat
  %rootbytes = shl i64 %words, 3
  %found1 = call i64 {scan}(ptr %root0, i64 %rootbytes, i64 %foundr)
  %r1 = add i64 %r, 1
  br label %root
others:
  %own = icmp eq ptr %m, {record}
  br i1 %own, label %modules.next, label %other
other:
  %arenaat = getelementptr i8, ptr %m, i64 {arenaof}
  %arena = load ptr, ptr %arenaat
  %musedat = getelementptr i8, ptr %m, i64 {used}
  %mused = load i64, ptr %musedat
  %found2 = call i64 {scan}(ptr %arena, i64 %mused, i64 %foundr)
  br label %modules.next
modules.next:
  %founda = phi i64 [ %foundr, %others ], [ %found2, %other ]
  %next = load ptr, ptr %m
  %all = icmp eq ptr %next, {record}
  br i1 %all, label %work, label %modules
work:
  %w = phi i64 [ 0, %modules.next ], [ %w1, %work.scan ]
  %foundw = phi i64 [ %founda, %modules.next ], [ %found3, %work.scan ]
  %wmore = icmp ult i64 %w, %foundw
  br i1 %wmore, label %work.scan, label %sweep
work.scan:
  %workat = getelementptr i32, ptr {work}, i64 %w
  %offset32 = load i32, ptr %workat
  %offset = zext i32 %offset32 to i64
  %marked = getelementptr i8, ptr {arena}, i64 %offset
  %values = getelementptr i8, ptr %marked, i64 8
  %found3 = call i64 {scan}(ptr %values, i64 {valuebytes}, i64 %foundw)
  %w1 = add i64 %w, 1
  br label %work
sweep:
  %usedat = getelementptr i8, ptr {record}, i64 {used}
  %used = load i64, ptr %usedat
  br label %slot
slot:
  %at = phi i64 [ 0, %sweep ], [ %at1, %slot.next ]
  %free = phi ptr [ null, %sweep ], [ %free1, %slot.next ]
  %smore = icmp ult i64 %at, %used
  br i1 %smore, label %slot.check, label %limits
slot.check:
  %s = getelementptr i8, ptr {arena}, i64 %at
  %tag = load i64, ptr %s
  %bit = and i64 %tag, 1
  %live = icmp ne i64 %bit, 0
  br i1 %live, label %slot.keep, label %slot.free
slot.keep:
  %clean = xor i64 %tag, 1
  store i64 %clean, ptr %s
  br label %slot.next
slot.free:
  store i64 0, ptr %s
  %linkat = getelementptr i8, ptr %s, i64 8
  store ptr %free, ptr %linkat
  br label %slot.next
slot.next:
  %free1 = phi ptr [ %free, %slot.keep ], [ %s, %slot.free ]
  %at1 = add i64 %at, {slot}
  br label %slot
limits:
  %freeat = getelementptr i8, ptr {record}, i64 {free}
  store ptr %free, ptr %freeat
  %limitat = getelementptr i8, ptr {record}, i64 {limit}
  %limit = load i64, ptr %limitat
  %wantlive = mul i64 %foundw, {twoslots}
  %stackslots = udiv i64 %stackbytes, {scanbytes}
  %wantstack = mul i64 %stackslots, {slot}
  %want0 = call i64 @llvm.umax.i64(i64 %wantlive, i64 %wantstack)
  %want1 = call i64 @llvm.umax.i64(i64 %want0, i64 %limit)
  %want = call i64 @llvm.umin.i64(i64 %want1, i64 {arenabytes})
  store i64 %want, ptr %limitat
  ret void
}

`

// exceptionScan is exception_scan(start, bytes, found): it marks the exceptions that
// words refer to, and appends their places in the arena to the found ones of
// exception_work.
const exceptionScan = `define hidden i64 {scan}(ptr %start, i64 %bytes, i64 %found) #0 {
entry:
  %usedat = getelementptr i8, ptr {record}, i64 {used}
  %used = load i64, ptr %usedat
  br label %next
next:
  %at = phi i64 [ 0, %entry ], [ %at1, %following ]
  %n = phi i64 [ %found, %entry ], [ %n1, %following ]
  %more = icmp slt i64 %at, %bytes
  br i1 %more, label %word, label %done
word:
  %p = getelementptr i8, ptr %start, i64 %at
  %v = load i64, ptr %p
  %from = sub i64 %v, ptrtoint (ptr {arena} to i64)
  %inside = icmp ult i64 %from, %used
  br i1 %inside, label %exception, label %following
exception:
  %number = udiv i64 %from, {slot}
  %offset = mul i64 %number, {slot}
  %slot = getelementptr i8, ptr {arena}, i64 %offset
  %tag = load i64, ptr %slot
  %free = icmp eq i64 %tag, 0
  %bit = and i64 %tag, 1
  %marked = icmp ne i64 %bit, 0
  %skip = or i1 %free, %marked
  br i1 %skip, label %following, label %mark
mark:
  %marking = or i64 %tag, 1
  store i64 %marking, ptr %slot
  %workat = getelementptr i32, ptr {work}, i64 %n
  %offset32 = trunc i64 %offset to i32
  store i32 %offset32, ptr %workat
  %counted = add i64 %n, 1
  br label %following
following:
  %n1 = phi i64 [ %n, %word ], [ %n, %exception ], [ %counted, %mark ]
  %at1 = add i64 %at, 8
  br label %next
done:
  ret i64 %n
}

`
