package main

import (
	"fmt"
	"strconv"
	"strings"
)

// callNames are the calls of src/call.c. The budget is for the round trip, so
// for the call that does least.
var callNames = []string{budgetCall, "clock_time_get", "clock_res_get", "sched_yield"}

const budgetCall = "fd_tell"

// How often each call is made. The difference of the two counts leaves out
// everything but the calls.
const (
	callsFew       = 10_000
	callsMany      = 210_000
	callsTimed     = 5_000_000
	callRuns       = 3
	callTimedRuns  = 7
	callShortShare = 5 // of callsTimed in a short run
)

// calls counts and times the round trip of WASI calls.
func (b *bench) calls() (*report, error) {
	path, err := b.image(call, levelFast)
	if err != nil {
		return nil, err
	}
	t := table{columns: []string{"call", "instructions", "ns as a process"}}
	for _, name := range callNames {
		progress("call: %s", name)
		instructions, err := b.countCall(path, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		nanos, err := b.timeCall(path, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		t.add("`"+name+"`", fmt.Sprintf("%.1f", instructions), fmt.Sprintf("%.1f", nanos))
		if name == budgetCall {
			b.measured[budgetCallCount], b.measured[budgetCallTime] = instructions, nanos
		}
	}
	r := &report{}
	r.say("One call in a loop of the program, everything included: the loop, wasi-libc's wrapper, the way into the kernel, the function, the way\n" +
		"back. Instructions are counted under TCG; the time is of the same image as a Linux process. The budget is for `" + budgetCall + "` of a\n" +
		"descriptor that does not exist, which does least: it looks the descriptor up and answers EBADF.")
	r.table(&t)
	return r, nil
}

// countCall returns the guest instructions of one call.
func (b *bench) countCall(image, name string) (float64, error) {
	least := func(calls int) (uint64, error) {
		var least uint64
		for range callRuns {
			c, err := b.countRun("microvm", image, nil, name, strconv.Itoa(calls))
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
	many, err := least(callsMany)
	if err != nil {
		return 0, err
	}
	return (float64(many) - float64(few)) / (callsMany - callsFew), nil
}

// timeCall returns the nanoseconds of one call, as the program itself measures
// them.
func (b *bench) timeCall(image, name string) (float64, error) {
	calls := callsTimed
	if b.short {
		calls /= callShortShare
	}
	best := 0.0
	for range callTimedRuns {
		o, err := b.exec(b.mewz, "run", "--vmm", "process", image, "--", name, strconv.Itoa(calls))
		if err != nil {
			return 0, err
		}
		_, text, _ := strings.Cut(strings.TrimSpace(o.stdout), " ")
		nanos, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a name and a time", o.stdout)
		}
		if best == 0 || nanos < best {
			best = nanos
		}
	}
	return best, nil
}
