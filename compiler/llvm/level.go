package llvm

import (
	"bytes"
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
	level       Level
	passes      string
	floatPasses string // instead, for much floating-point arithmetic; empty: the same
	codegen     string
	lower       Level // what to fall back to, empty: nothing
}

// fastPasses: see decisions 0008, 0012 and 0025.
const (
	fastPasses      = fastBefore + fastBehind
	fastFloatPasses = fastBefore + "slp-vectorizer," + fastBehind
	fastBefore      = "function(sroa,early-cse<memssa>," + combine + ",simplifycfg,loop-simplify,lcssa,loop-mssa(loop-rotate,licm),loop-vectorize,"
	fastBehind      = "vector-combine,early-cse,simplifycfg)"
)

const (
	combine  = "instcombine<no-verify-fixpoint>"
	simplify = "simplifycfg<switch-range-to-icmp;keep-loops>"
)

// allPasses are default<O2> of LLVM 19 (opt -print-pipeline-passes) but for the passes that
// find nothing in a module of ours, and for reassociate, which would undo the
// order of sums that package lower chooses (decision 0025).
const allPasses = "inferattrs,function<eager-inv>(simplifycfg,sroa,early-cse),ipsccp,called-value-propagation,globalopt," +
	"function<eager-inv>(mem2reg," + combine + "," + simplify + ")," +
	"require<globals-aa>,function(invalidate<aa>),require<profile-summary>," +
	"cgscc(devirt<4>(inline,function-attrs<skip-non-recursive-function-attrs>,function<eager-inv;no-rerun>(" + simplifyPasses + "),function-attrs))," +
	"deadargelim,globalopt,globaldce,rpo-function-attrs,recompute-globalsaa," +
	"function<eager-inv>(" + optimizePasses + "),globaldce,constmerge"

const simplifyPasses = "sroa,early-cse<memssa>,jump-threading,correlated-propagation," + simplify + "," + combine + ",aggressive-instcombine," +
	"tailcallelim," + simplify + ",constraint-elimination," +
	"loop-mssa(loop-instsimplify,loop-simplifycfg,licm<no-allowspeculation>,loop-rotate,licm,simple-loop-unswitch)," + simplify + "," + combine + "," +
	"loop(loop-idiom,indvars,simple-loop-unswitch,loop-deletion,loop-unroll-full),sroa,vector-combine,mldst-motion,gvn,sccp,bdce," + combine + "," +
	"jump-threading,correlated-propagation,adce,memcpyopt,dse,loop-mssa(licm)," +
	"simplifycfg<switch-range-to-icmp;keep-loops;hoist-common-insts;sink-common-insts>," + combine

const optimizePasses = "float2int,loop(loop-rotate,loop-deletion),loop-distribute,loop-vectorize,loop-load-elim," + combine + "," +
	"simplifycfg<forward-switch-cond;switch-range-to-icmp;switch-to-lookup;no-keep-loops;hoist-common-insts;sink-common-insts>," +
	"slp-vectorizer,vector-combine," + combine + ",loop-unroll<O2>,sroa<preserve-cfg>," + combine + ",loop-mssa(licm),loop-sink,instsimplify," +
	"div-rem-pairs,tailcallelim,simplifycfg<switch-range-to-icmp;keep-loops;speculate-unpredictables>"

// optFlags are the flags of opt at every level. A sum of floating-point numbers
// keeps its order in a loop of vectors too: what is added up, such as quotients,
// is computed by vectors, and then added one by one.
var optFlags = []string{"-force-ordered-reductions"}

var pipelines = []pipeline{
	{Level0, "", "", "-O0", ""},
	{LevelFast, fastPasses, fastFloatPasses, "-O1", Level0},
	{Level2, allPasses, "", "-O2", LevelFast},
}

// linesPerFloat is of how many lines of IR one is floating-point arithmetic where there is
// much of it: numeric kernels with wasi-libc around them have one of 125 to 230, shards of Go
// programs, SQLite and most of Lua one of 380 and more. These would pay for the SLP vectoriser,
// up to a fifth more time, and gain nothing.
const linesPerFloat = 256

// passesOf returns what opt runs for IR.
func (p *pipeline) passesOf(ir []byte) string {
	if p.floatPasses == "" {
		return p.passes
	}
	floats := 0
	for _, operation := range []string{"= fadd ", "= fsub ", "= fmul ", "= fdiv "} {
		floats += bytes.Count(ir, []byte(operation))
	}
	if floats*linesPerFloat > bytes.Count(ir, []byte("\n")) {
		return p.floatPasses
	}
	return p.passes
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
