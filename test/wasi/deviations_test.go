package wasi

import (
	"path"
	"slices"
	"testing"
)

// deviation is what an oracle answers otherwise, with the reason that it is not
// followed. Patterns are those of path.Match, for all checks that have one reason.
type deviation struct {
	oracle              string
	function, situation string
	reason              string
}

var deviations = []deviation{}

func (d deviation) matches(oracle string, c check) bool {
	function, _ := path.Match(d.function, c.function)
	situation, _ := path.Match(d.situation, c.situation)
	return d.oracle == oracle && function && situation
}

// TestOracles runs the programs under the oracles: they answer as the checks want,
// but for the deviations, all of which are still there.
func TestOracles(t *testing.T) {
	list := programs(t)
	for _, o := range oracles {
		t.Run(o.name, func(t *testing.T) {
			if o.name == "wasmtime" {
				if _, err := wasmtime(); err != nil {
					unavailable(t, err.Error())
				}
			}
			used := map[int]bool{}
			for _, p := range list {
				t.Run(p.name, func(t *testing.T) { runOracle(t, o, p, used) })
			}
			for i, d := range deviations {
				if d.oracle == o.name && !used[i] && !t.Failed() {
					t.Errorf("%s %s: the oracle agrees now: remove the deviation", d.function, d.situation)
				}
			}
		})
	}
}

func runOracle(t *testing.T, e executor, p program, used map[int]bool) {
	o, err := e.execute(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	checks := checksOf(o.stdout)
	if o.exit == trapped || len(checks) == 0 {
		// What it did not reach is a deviation of the program as a whole.
		checks = append(checks, check{function: "program", situation: p.name, got: "trap", want: "end"})
	}
	for _, c := range checks {
		if c.holds() || c.function == "prepare" {
			continue
		}
		i := slices.IndexFunc(deviations, func(d deviation) bool { return d.matches(e.name, c) })
		if i < 0 {
			t.Errorf("%s: %s, want %s", c.name(), c.got, c.want)
			continue
		}
		used[i] = true
	}
}

// excuse is a check that cannot hold on one file system.
type excuse struct {
	place               place
	function, situation string
	reason              string
}

var excuses = []excuse{}

// excused reports that a check need not hold somewhere.
func excused(p place, c check) bool {
	return slices.ContainsFunc(excuses, func(e excuse) bool {
		return e.place == p && e.function == c.function && e.situation == c.situation
	})
}
