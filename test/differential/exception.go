package differential

import (
	"strings"

	"mewz/compiler/wasm"
)

// Exceptions, in one of the two forms in a module: with references to them, or as
// toolchains emitted them before (try, catch, rethrow, delegate).

const (
	tagsMax      = 4
	tagParamsMax = 4
	clausesMax   = 3
)

// Clauses of try_table (5.4.1).
const (
	catchTag = iota
	catchTagRef
	catchAll
	catchAllRef
)

// declareTags makes the tags, by their parameters.
func (g *generator) declareTags() {
	for range 1 + g.r.IntN(tagsMax) {
		var params []byte
		for range g.r.IntN(tagParamsMax + 1) {
			params = append(params, g.signatureLetter(len(g.heap)))
		}
		g.tags = append(g.tags, string(params))
	}
}

// throw ends what is around it by an exception.
func (f *function) throw(depth int) {
	var exceptions []int
	for k := range len(f.locals) {
		if f.locals[k] == 'E' {
			exceptions = append(exceptions, k)
		}
	}
	if f.chance(30) {
		for k := len(f.labels) - 1; k >= 0; k-- {
			if f.caught[k] {
				f.emit(wasm.OpRethrow, len(f.labels)-1-k)
				return
			}
		}
	}
	if len(exceptions) > 0 && f.chance(40) {
		k := pick(f.g.r, exceptions)
		f.enter(wasm.OpBlock, ":", "")
		f.get(k)
		f.emit(wasm.OpBrOnNull, 0)
		f.op(wasm.OpThrowRef)
		f.leave()
	}
	tag := f.g.r.IntN(len(f.g.tags))
	for _, letter := range []byte(f.g.tags[tag]) {
		f.canonical(letter, depth-1)
	}
	f.emit(wasm.OpThrow, tag)
}

// throwStatement throws under a condition.
func (f *function) throwStatement(depth int) {
	mask := pick(f.g.r, []int{1, 3, 7})
	f.expression('i', depth-1)
	f.i32(mask)
	f.op(opI32And)
	f.i32(1 + f.g.r.IntN(mask)) // not 0, which is frequent
	f.op(opI32Eq)
	f.enter(wasm.OpIf, ":", "")
	f.throw(depth)
	f.leave()
}

// protected is code in which exceptions are caught.
func (f *function) protected(depth int) {
	var results []byte
	for range f.g.r.IntN(3) {
		results = append(results, f.g.letter(false))
	}
	if f.g.legacy {
		f.try(string(results), depth)
	} else {
		f.tryTable(string(results), depth)
	}
	f.setResults(":" + string(results))
}

// guarded is what may throw and leaves results.
func (f *function) guarded(results string, depth int) {
	f.statements(1 + f.g.r.IntN(2))
	if f.chance(60) {
		f.callStatement(depth)
	}
	if f.chance(40) {
		f.throwStatement(depth)
	}
	for _, letter := range []byte(results) {
		f.expression(letter, depth-2)
	}
}

// clause is a handler of try_table.
type clause struct {
	kind, tag int
	carries   string
}

// tryTable is try_table in a block for each of its clauses, behind which the handler is.
func (f *function) tryTable(results string, depth int) {
	clauses := make([]clause, 1+f.g.r.IntN(clausesMax))
	f.enter(wasm.OpBlock, ":"+results, results)
	for n := range clauses {
		c := clause{kind: f.g.r.IntN(catchAllRef + 1), tag: f.g.r.IntN(len(f.g.tags))}
		if c.kind == catchTag || c.kind == catchTagRef {
			c.carries = f.g.tags[c.tag]
		}
		if c.kind == catchTagRef || c.kind == catchAllRef {
			c.carries += "E"
		}
		clauses[len(clauses)-1-n] = c // the first clause leads to the innermost block
		f.enter(wasm.OpBlock, ":"+c.carries, c.carries)
	}
	f.enter(wasm.OpTryTable, ":"+results, results)
	f.code = appendUnsigned(f.code, uint64(len(clauses)))
	for n, c := range clauses {
		f.code = append(f.code, byte(c.kind))
		if c.kind == catchTag || c.kind == catchTagRef {
			f.code = appendUnsigned(f.code, uint64(c.tag))
		}
		f.code = appendUnsigned(f.code, uint64(n))
	}
	f.guarded(results, depth)
	f.leave()
	f.emit(wasm.OpBr, len(clauses))
	for n, c := range clauses {
		f.leave()
		exception := f.local('E')
		if c.kind == catchTagRef || c.kind == catchAllRef {
			f.emit(wasm.OpLocalTee, exception)
		}
		f.setResults(":" + c.carries)
		f.statements(f.g.r.IntN(2))
		switch {
		case (c.kind == catchTagRef || c.kind == catchAllRef) && f.chance(20):
			f.get(exception)
			f.op(wasm.OpThrowRef)
		case f.chance(10):
			f.throw(depth)
		default:
			for _, letter := range []byte(results) {
				f.expression(letter, depth-2)
			}
		}
		if n < len(clauses)-1 {
			f.emit(wasm.OpBr, len(clauses)-1-n)
		}
	}
	f.leave()
}

// try is the form that was there before.
func (f *function) try(results string, depth int) {
	f.enter(wasm.OpTry, ":"+results, results)
	f.guarded(results, depth)
	label := len(f.labels) - 1
	if f.chance(20) {
		f.emit(wasm.OpDelegate, f.g.r.IntN(len(f.labels)))
		f.labels, f.caught = f.labels[:label], f.caught[:label]
		return
	}
	f.caught[label] = true
	handler := func() {
		f.statements(f.g.r.IntN(2))
		if f.chance(15) {
			f.throw(depth)
			return
		}
		for _, letter := range []byte(results) {
			f.expression(letter, depth-2)
		}
	}
	for range f.g.r.IntN(clausesMax) {
		tag := f.g.r.IntN(len(f.g.tags))
		f.emit(wasm.OpCatch, tag)
		f.setResults(":" + f.g.tags[tag])
		handler()
	}
	if f.chance(60) {
		f.emit(wasm.OpCatchAll)
		handler()
	}
	f.leave()
}

// setResults writes the results of a type to variables.
func (f *function) setResults(typ string) {
	_, results, _ := strings.Cut(typ, ":")
	for k := range len(results) {
		f.setSome(results[len(results)-1-k])
	}
}
