package main

import (
	"fmt"
	"strings"

	"mewz/test/document"
)

// budget is one line of DESIGN.md section 6.
type budget struct {
	name   string  // by which a section reports its value; empty: not measurable yet
	what   string  // the words of the design
	most   float64 // in unit
	least  bool    // most is the least that is wanted instead
	unit   string
	format string // of the value
	// reason says why the budget is missed. It is printed only when it is.
	reason string
}

// Names of budgets.
const (
	budgetCode2     = "code 2"
	budgetCodeFast  = "code fast"
	budgetSIMD      = "simd"
	budgetGo        = "go"
	budgetCallCount = "call instructions"
	budgetCallTime  = "call time"
	budgetEntry     = "entry"
	budgetImage     = "image"
	budgetMemory    = "memory"
	budgetLink      = "link"
)

var budgets = []budget{
	{
		name: budgetCode2, what: "compiled code against clang -O3 native, geometric mean, level 2",
		most: 1.10, unit: "×", format: "%.2f",
	},
	{
		name: budgetCodeFast, what: "the same at level fast, the default",
		most: 1.10, unit: "×", format: "%.2f",
		reason: "it leaves out most of LLVM's passes for some 60 % of the CPU time of level 2: no inlining, no unrolling",
	},
	{
		name: budgetSIMD, what: "programs with vectors against native ones of the same width, geometric mean, level 2",
		most: 1.15, unit: "×", format: "%.2f",
	},
	{
		name: budgetGo, what: "Go programs, how many times faster than wazero, geometric mean, level fast",
		least: true, most: 3, unit: "×", format: "%.2f",
	},
	{
		name: budgetCallCount, what: "WASI call round trip, instructions",
		most: 80, unit: "instructions", format: "%.0f",
		reason: "19 are the program's loop, wasi-libc's wrapper and the stub, 30 the change of stacks and back, 14 `dispatchImport`, 16 the function itself",
	},
	{
		name: budgetCallTime, what: "WASI call round trip as a process",
		most: 10, unit: "ns", format: "%.1f",
	},
	{
		name: budgetEntry, what: "from entry to the first Wasm instruction, the most of all runs",
		most: 1.0, unit: "million instructions", format: "%.3f",
		reason: "a third are iterations of `rep stos` and `rep movs`, by which pages are zeroed and copied; why runs differ by a tenth and more is not\n" +
			"known",
	},
	{
		name: budgetImage, what: "hello image",
		most: 2.5, unit: "MB", format: "%.2f",
	},
	{
		name: budgetMemory, what: "memory: hello, plus the program's linear memory, the most of all machines",
		most: 8, unit: "MB", format: "%.2f",
	},
	{
		name: budgetLink, what: "linking and writing an image, for 10 MB of object",
		most: 0.3, unit: "s", format: "%.2f",
	},
}

const noReason = "nobody knows why yet"

// budgetTable sets what was measured beside the budgets and says why where one
// is missed.
func budgetTable(measured map[string]float64) string {
	t := document.Table{Columns: []string{"budget", "at most", "measured", ""}}
	var r, reasons document.Report
	for _, b := range budgets {
		most := fmt.Sprintf("%v %s", b.most, b.unit)
		if b.least {
			most = "at least " + most
		}
		value, ok := measured[b.name]
		if !ok {
			t.Add(b.what, most, "", "not measured")
			continue
		}
		text := fmt.Sprintf(b.format, value)
		if b.least && value >= b.most || !b.least && value <= b.most {
			t.Add(b.what, most, text, "met")
			continue
		}
		t.Add(b.what, most, text, "**missed**")
		reason := b.reason
		if reason == "" {
			reason = noReason
		}
		reasons.Say("Missed: %s (%s, budget %s): %s.", b.what, text, most, reason)
	}
	r.Say("## Budgets")
	r.Table(&t)
	if reasons.Len() > 0 {
		r.Say("%s", strings.TrimSuffix(reasons.String(), "\n"))
	}
	return r.String()
}
