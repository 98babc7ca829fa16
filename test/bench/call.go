package main

import (
	"fmt"
	"strconv"
	"strings"

	"mewz/test/document"
)

// measuredCall is a call of src/call.c and how often it is made.
type measuredCall struct {
	name  string
	many  int // under TCG, in the longer of two runs
	timed int // as a process
}

// measuredCalls begin with the one that does least: the budget is for the round
// trip. sched_yield lets other goroutines run, and as a process other processes.
var measuredCalls = []measuredCall{
	{budgetCall, 210_000, 5_000_000},
	{"clock_time_get", 210_000, 5_000_000},
	{"clock_res_get", 210_000, 500_000},
	{"sched_yield", 30_000, 50_000},
}

const budgetCall = "fd_tell"

// How often a call is made in the shorter run. The difference of two counts
// leaves out everything but the calls.
const (
	callsFew       = 10_000
	callRuns       = 3
	callTimedRuns  = 7
	callShortShare = 5 // a short run makes that much fewer timed calls
)

// calls counts and times the round trip of WASI calls.
func (b *bench) calls() (*document.Report, error) {
	path, err := b.image(call, levelFast, portable)
	if err != nil {
		return nil, err
	}
	t := document.Table{Columns: []string{"call", "instructions", "ns as a process"}}
	for _, c := range measuredCalls {
		b.Progress("call: %s", c.name)
		instructions, err := b.countCall(path, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		nanos, err := b.timeCall(path, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		t.Add("`"+c.name+"`", fmt.Sprintf("%.1f", instructions), fmt.Sprintf("%.1f", nanos))
		if c.name == budgetCall {
			b.measured[budgetCallCount], b.measured[budgetCallTime] = instructions, nanos
		}
	}
	r := &document.Report{}
	r.Say("One call in a loop of the program, everything included: the loop, wasi-libc's wrapper, the way into the kernel, the function, the way\n" +
		"back. Instructions are counted under TCG; the time is of the same image as a Linux process. The budget is for `" + budgetCall + "` of a\n" +
		"descriptor that does not exist, which does least: it looks the descriptor up and answers EBADF. The others show what calls cost that do\n" +
		"something: `clock_time_get` reads the processor's counter, `sched_yield` lets others run.")
	r.Table(&t)
	return r, nil
}

// countCall returns the guest instructions of one call.
func (b *bench) countCall(image string, call measuredCall) (float64, error) {
	least := func(calls int) (uint64, error) {
		var least uint64
		for range callRuns {
			c, err := b.countRun("microvm", image, nil, call.name, strconv.Itoa(calls))
			if err != nil {
				return 0, err
			}
			if least == 0 || c.total.instructions < least {
				least = c.total.instructions
			}
		}
		return least, nil
	}
	few, err := least(callsFew)
	if err != nil {
		return 0, err
	}
	many, err := least(call.many)
	if err != nil {
		return 0, err
	}
	return (float64(many) - float64(few)) / float64(call.many-callsFew), nil
}

// timeCall returns the nanoseconds of one call, as the program itself measures
// them.
func (b *bench) timeCall(image string, call measuredCall) (float64, error) {
	calls := call.timed
	if b.short {
		calls /= callShortShare
	}
	best := 0.0
	for range callTimedRuns {
		o, err := b.exec(b.Mewz, "run", "--vmm", "process", image, "--", call.name, strconv.Itoa(calls))
		if err != nil {
			return 0, err
		}
		_, text, _ := strings.Cut(strings.TrimSpace(o.Stdout), " ")
		nanos, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a name and a time", o.Stdout)
		}
		if best == 0 || nanos < best {
			best = nanos
		}
	}
	return best, nil
}
