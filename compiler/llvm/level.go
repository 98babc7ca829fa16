package llvm

import (
	"fmt"
	"strings"
)

// Level is how much LLVM optimises.
type Level string

// The levels.
const (
	Level0    Level = "0"    // for development: a tenth of the time of 2, code three times slower
	LevelFast Level = "fast" // the default: as fast as 2 but for loops that can be vectorised
	Level2    Level = "2"    // for release: everything
)

// pipeline is what a level runs. Without passes there is no opt at all.
//
// llc -O0 must never follow opt: it keeps every SSA value in memory, which
// makes optimised code several times slower than code that was not.
type pipeline struct {
	level   Level
	passes  string
	codegen string
	lower   Level // what to fall back to, empty: nothing
}

var pipelines = []pipeline{
	{Level0, "", "-O0", ""},
	{LevelFast, "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,loop-simplify,lcssa,loop-mssa(licm))", "-O1", Level0},
	{Level2, "default<O2>", "-O2", LevelFast},
}

// ParseLevel returns the level of that name.
func ParseLevel(name string) (Level, error) {
	var names []string
	for _, p := range pipelines {
		if string(p.level) == name {
			return p.level, nil
		}
		names = append(names, string(p.level))
	}
	return "", fmt.Errorf("optimisation level %q: must be one of %s", name, strings.Join(names, ", "))
}

func findPipeline(level Level) (pipeline, error) {
	for _, p := range pipelines {
		if p.level == level {
			return p, nil
		}
	}
	_, err := ParseLevel(string(level))
	return pipeline{}, err
}
