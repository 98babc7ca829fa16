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
	LevelFast Level = "fast" // the default: nearly as fast as 2, in some 60 % of its time
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

// fastPasses: see decisions 0008 and 0012.
const fastPasses = "sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,loop-simplify,lcssa,loop-mssa(loop-rotate,licm)," +
	"loop-vectorize,vector-combine,early-cse,simplifycfg"

// optFlags are the flags of opt at every level. A sum of floating-point numbers
// keeps its order in a loop of vectors too: what is added up, such as quotients,
// is computed by vectors, and then added one by one.
var optFlags = []string{"-force-ordered-reductions"}

var pipelines = []pipeline{
	{Level0, "", "-O0", ""},
	{LevelFast, "function(" + fastPasses + ")", "-O1", Level0},
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
