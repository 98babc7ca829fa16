package wasi

import (
	"flag"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mewz/test/toolchain"
)

// How much TestSequences compares: seeds, and calls of each.
const (
	sequenceSeeds        = 60
	sequenceSeedsNightly = 2000
	sequenceCalls        = 300
	// seedsPerRun are those of one run of the program, in directories of their own.
	seedsPerRun = 60
	// comparedAtLeast of a hundred calls are compared: the rules that end a sequence
	// are for rare calls.
	comparedAtLeast = 60
	// shownCalls before a difference are printed.
	shownCalls = 60
)

var (
	onlySeed  = flag.Int("seed", -1, "run the sequence of one seed only, and show all of it")
	firstSeed = flag.Int("first", 1, "the first seed; another number makes other sequences")
)

// sequencePlaces are the executors that are compared with wazero: what they have
// below the program differs. Machines make only the first sequences, and only with
// MEWZ_NIGHTLY.
var sequencePlaces = []executor{
	{name: "process/archive", vmm: "process", place: archive, run: runMewz},
	{name: "process/share", vmm: "process", place: share, run: runMewz},
	{name: "process/memory", vmm: "process", place: memory, run: runMewz},
	{name: "process/volume", vmm: "process", place: volume, run: runMewz},
	{name: "machine/share", vmm: "qemu", place: share, run: runMewz},
	{name: "machine/virtiofs", vmm: "qemu", place: virtio, run: runMewz},
	{name: "machine-q35/volume", vmm: "qemu", machine: "q35", place: volume, run: runMewz},
}

// sequences is the program with some seeds.
type sequences struct {
	program
	seeds int
}

func newSequences(t *testing.T, first, seeds int) sequences {
	t.Helper()
	const source = sources + "/sequence/sequence.c"
	path, err := toolchain.Wasm(toolchain.Program{
		Name: "wasi-sequence", Language: toolchain.C, Sources: []string{source}, Flags: []string{"-O1"},
		Inputs: []string{sources + "/check.h", sources + "/preview1.h"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return sequences{seeds: seeds, program: program{name: "sequence", wasm: path, folder: t.TempDir(), specification: specification{
		Root: "fresh", Args: []string{fmt.Sprint(first), fmt.Sprint(seeds), fmt.Sprint(sequenceCalls)},
	}}}
}

// sequenceCall is a line of the program.
type sequenceCall struct {
	seed, number        string
	function, arguments string
	answer              string // error number and results
}

func (c sequenceCall) String() string { return c.function + " " + c.arguments + ": " + c.answer }

var sequenceLine = regexp.MustCompile(`(?m)^(\d+) (\d+) ([a-z_]+) ?(.*): ([A-Z0-9]+.*)$`)

// sequencesOf reads what the program printed: the calls of each seed.
func sequencesOf(t *testing.T, e executor, p sequences) map[string][]sequenceCall {
	t.Helper()
	o, err := e.execute(t.Context(), p.program)
	if err != nil {
		t.Fatal(err)
	}
	if o.exit != 0 {
		t.Fatalf("%s: exit code %d\n%s\n%s", e.name, o.exit, o.stderr, o.stdout[max(0, len(o.stdout)-1000):])
	}
	calls := map[string][]sequenceCall{}
	count := 0
	for line := range strings.Lines(o.stdout) {
		m := sequenceLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("%s: the program printed %q", e.name, line)
		}
		c := sequenceCall{seed: m[1], number: m[2], function: m[3], arguments: m[4], answer: m[5]}
		calls[c.seed] = append(calls[c.seed], c)
		count++
	}
	if want := p.seeds * sequenceCalls; count != want {
		t.Fatalf("%s: %d calls, want %d", e.name, count, want)
	}
	return calls
}

// TestSequences makes random calls under mewz and under wazero: the answers are the
// same up to the first difference that no rule explains.
func TestSequences(t *testing.T) {
	requireMewz(t)
	first, seeds := *firstSeed, sequenceSeeds
	switch {
	case *onlySeed >= 0:
		first, seeds = *onlySeed, 1
	case nightly():
		seeds = sequenceSeedsNightly
	}
	used := make([]int, len(sequenceRules))
	compared, all := 0, 0
	for from := first; from < first+seeds; from += seedsPerRun {
		p := newSequences(t, from, min(seedsPerRun, first+seeds-from))
		theirs := sequencesOf(t, oracles[0], p)
		for _, e := range sequencePlaces {
			if !strings.HasPrefix(e.name, *only) || e.vmm == "qemu" && (!nightly() || from != first) {
				continue
			}
			for seed, calls := range sequencesOf(t, e, p) {
				compared += compareSequence(t, e, calls, theirs[seed], used)
				all += len(calls)
			}
		}
	}
	if *only == "" && *onlySeed < 0 && !t.Failed() {
		checkRules(t, used, compared, all)
	}
}

// checkRules holds that the rules are needed, and do not explain too much.
func checkRules(t *testing.T, used []int, compared, all int) {
	t.Logf("%d of %d calls compared", compared, all)
	if compared*100 < all*comparedAtLeast {
		t.Errorf("%d of %d calls compared, want %d in 100: a rule ends too many sequences", compared, all, comparedAtLeast)
	}
	for i, r := range sequenceRules {
		t.Logf("%d times: %s", used[i], r.reason)
		if used[i] == 0 && (!r.rare || nightly()) {
			t.Errorf("%s of %s, not %s, because wazero %s: does not happen any more: remove the rule", r.ours, r.function, r.theirs, r.reason)
		}
	}
}

// compareSequence compares the calls of a seed until one leaves the two apart, and
// returns how many it compared.
func compareSequence(t *testing.T, e executor, ours, theirs []sequenceCall, used []int) int {
	for i, c := range ours {
		if i == len(theirs) || c.function != theirs[i].function || c.arguments != theirs[i].arguments {
			t.Errorf("%s: seed %s, call %s: after equal answers the program calls something else", e.name, c.seed, c.number)
			return i
		}
		if c.answer == theirs[i].answer {
			continue
		}
		k := slices.IndexFunc(sequenceRules, func(r sequenceRule) bool { return r.explains(e.place, ours[:i+1], theirs[i].answer) })
		if k < 0 {
			t.Errorf("%s: seed %s, call %s (-seed %s shows all calls before):\n%s\n\tmewz:   %s\n\twazero: %s",
				e.name, c.seed, c.number, c.seed, shownSequence(ours[:i+1]), c.answer, theirs[i].answer)
			return i
		}
		used[k]++
		if sequenceRules[k].apart {
			return i
		}
	}
	return len(ours)
}

// shownSequence is the end of a sequence, as text.
func shownSequence(calls []sequenceCall) string {
	var b strings.Builder
	if *onlySeed < 0 {
		calls = calls[max(0, len(calls)-shownCalls):]
	}
	for _, c := range calls {
		fmt.Fprintf(&b, "\t%s %s\n", c.number, c)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// sequenceRule is a difference that is meant, with the reason. The function is a
// pattern of path.Match, the others are regular expressions for the whole text.
type sequenceRule struct {
	function, arguments string
	ours, theirs        string
	place               place  // empty: all
	after               string // a call that there was before
	apart               bool   // the file systems differ from here on
	rare                bool   // not in every run
	reason              string
}

// explains says whether the last of some calls may differ from wazero's answer.
func (r sequenceRule) explains(p place, calls []sequenceCall, theirs string) bool {
	c := calls[len(calls)-1]
	function, _ := path.Match(r.function, c.function)
	if !function || r.place != "" && r.place != p || !whole(r.arguments, c.arguments) || !whole(r.ours, c.answer) || !whole(r.theirs, theirs) {
		return false
	}
	return slices.ContainsFunc(calls, func(before sequenceCall) bool { return whole(r.after, before.String()) })
}

// whole says whether a pattern is of all of a text. No pattern is of every text.
func whole(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	expression, ok := expressions[pattern]
	if !ok {
		expression = regexp.MustCompile("^(?:" + pattern + ")$")
		expressions[pattern] = expression
	}
	return expression.MatchString(text)
}

var expressions = map[string]*regexp.Regexp{}

// Parts of rules.
const (
	// notBase is a call about a directory that a path led to, and moved one that may
	// have led it elsewhere.
	notBase = `(.* )?([5-9]|1\d) .*`
	moved   = "path_(rename|unlink_file|remove_directory) .*: SUCCESS"
	// linksUp makes a link that may lead out of the directory in which it is.
	linksUp = `path_symlink ".*\.\..*": SUCCESS`
	// noAccess opens a file that is neither to be read nor to be written.
	noAccess = "path_open .* none( .*)?: SUCCESS.*"

	eitherDirectory = "EISDIR of a directory; the public suite takes either"
	cleans          = "cleans paths before they are looked up: .. behind what is no directory, and links before .."
	emptyPath       = "takes an empty path for the directory itself"
	eitherReason    = "of two reasons the other"
	noSandbox       = "has no sandbox: links lead out of the directory"
	reopens         = "opens the file anew by its name, which may be another's"
	notFollowing    = "opens what it does not follow, and follows it"
	remembers       = "finds a directory by the name that it was opened with"
)

// sequenceRules are asked in their order.
var sequenceRules = []sequenceRule{
	// Errors both, and which of two comes first is nobody's business.
	{function: "path_*", arguments: `.*"(\.\.|/).*`, ours: "E(NOENT|BADF|NOTDIR|INVAL|EXIST|LOOP|NAMETOOLONG|ISDIR)", theirs: "EPERM", reason: "looks at all paths before anything else"},
	{function: "path_*", arguments: `.*"[^"]*n\*256.*`, ours: "ENAMETOOLONG", theirs: "E.*", rare: true, reason: "looks at long names last"},
	{function: "*_set_times", ours: "E(BADF|NOTDIR|NOENT|PERM|LOOP|NAMETOOLONG)", theirs: "EINVAL", rare: true, reason: "looks at flags first"},
	{function: "path_rename", ours: "ENOTDIR|EISDIR", theirs: "EINVAL|ENOTEMPTY", reason: eitherReason + ": a directory over a file in it, a file over its directory"},
	{function: "path_rename", arguments: `.*/".*`, ours: "EISDIR", theirs: "ENOTDIR", reason: eitherReason + ": a file over a directory, with a slash behind a name"},
	{function: "path_rename", arguments: `.*"\.".*`, ours: "ENOENT|EBUSY", theirs: "EIO", rare: true, reason: "looks at dots first, and knows no EBUSY"},
	{function: "path_open", arguments: ".* nofollow .* directory.*", ours: "ELOOP", theirs: "ENOTDIR", reason: "ENOTDIR of a link; the public suite takes either"},
	{function: "path_create_directory", ours: "ENOTDIR", theirs: "ENOENT", reason: "ENOENT below a file; POSIX: ENOTDIR"},
	{function: "path_symlink", arguments: `"" .*`, ours: "E.*", theirs: "EINVAL", rare: true, reason: "looks at an empty target first: EINVAL; POSIX: ENOENT"},
	{function: "path_symlink", arguments: `.*/"`, ours: "ENOTDIR", theirs: "EEXIST", rare: true, reason: "EEXIST of a file with a slash behind its name, as Linux; the public suite: ENOTDIR"},
	{function: "fd_readdir", ours: "ENOTDIR", theirs: "EBADF", reason: "EBADF of a file; POSIX: ENOTDIR"},
	{function: "fd_*", ours: "EBADF", theirs: "EISDIR", reason: eitherDirectory},
	{function: "fd_allocate", ours: "EBADF", theirs: "EINVAL", reason: "EINVAL of a file that was not opened to write; POSIX: EBADF"},
	{function: "fd_pwrite", ours: "EBADF", theirs: "EIO", rare: true, reason: "cannot write at an offset of a file that appends"},
	{function: "path_readlink", arguments: ".* 0", theirs: "EINVAL", reason: "refuses an empty buffer"},

	// One of the two does nothing.
	{function: "fd_*", arguments: `\d+ 0 bytes.*`, ours: "EBADF|EISDIR", theirs: "SUCCESS 0 .*", reason: "does nothing for no bytes, whatever the descriptor is"},
	{function: "fd_advise", ours: "EBADF", theirs: "SUCCESS", rare: true, reason: "advises about directories"},
	{function: "path_filestat_set_times", arguments: ".* 0", ours: "E.*", theirs: "SUCCESS.*", reason: "looks at no path when no time changes"},
	{function: "path_rename", arguments: ".* itself", ours: "E.*", theirs: "SUCCESS", reason: "renames nothing to itself without looking for it"},
	{function: "path_rename", arguments: ".* alike", ours: "E.*", theirs: "SUCCESS closing", apart: true, rare: true, reason: "renames nothing to itself without looking for it"},
	{function: "fd_fdstat_get", ours: "SUCCESS type 3 append", theirs: "SUCCESS type 3", rare: true, reason: "keeps no flags of directories"},
	{function: "path_readlink", arguments: ".* [1-3]", ours: "SUCCESS.*", theirs: "ERANGE", rare: true, reason: "refuses buffers that are shorter than the target"},
	{function: "path_[srf]*", arguments: `.*/\.\.?[/"].*`, reason: cleans},
	{function: "path_same", arguments: `.*"".*`, reason: emptyPath, rare: true},
	{function: "path_*", arguments: `.*"".*`, ours: "ENOENT", theirs: "E.*", reason: emptyPath},
	{function: "path_same", ours: ".*EPERM.*", after: linksUp, rare: true, reason: noSandbox},
	{function: "path_*", ours: "EPERM", theirs: "E.*", after: linksUp, reason: noSandbox},

	// The two do different things.
	{function: "path_*", arguments: `.*"".*`, ours: "ENOENT", theirs: "SUCCESS.*", apart: true, rare: true, reason: emptyPath},
	{function: "path_*", ours: "EPERM", theirs: "SUCCESS.*", after: linksUp, apart: true, reason: noSandbox},
	{function: "fd_*", ours: "EBADF|EINVAL", theirs: "SUCCESS.*", after: noAccess, apart: true, reason: "opens a file to read and write that neither was asked for"},
	{function: "fd_allocate", ours: "EBADF", theirs: "SUCCESS", reason: "looks at no descriptor when the file is long enough"},
	{function: "path_open", arguments: ".* none append", ours: "SUCCESS.* type 3 append", theirs: "EISDIR", apart: true, rare: true, reason: "opens to write what is to append"},
	{function: "path_filestat_set_times", arguments: ".* nofollow .*", ours: "SUCCESS.*", theirs: "E.*", apart: true, reason: notFollowing},
	{function: "path_filestat_set_times", arguments: ".* nofollow .*", ours: "SUCCESS.*", theirs: "SUCCESS.*", apart: true, rare: true, reason: notFollowing},
	{function: "fd_pwrite", ours: "SUCCESS.*", theirs: "EIO", apart: true, rare: true, reason: "cannot write at an offset of a file that appends"},
	{function: "fd_renumber", ours: "EBADF", theirs: "SUCCESS", apart: true, rare: true, reason: "renumbers to what is not open"},
	{function: "fd_fdstat_set_flags", ours: "SUCCESS", theirs: "E(NOENT|ISDIR|NOTDIR|LOOP)", apart: true, reason: reopens},
	{function: "*_*stat*", place: volume, after: "fd_allocate .*: SUCCESS", ours: "SUCCESS.* mtim now", theirs: `SUCCESS.* mtim \d+`, apart: true, rare: true, reason: "does nothing to allocate what a file has; ext4 of Linux changes its time, as ours"},
	{function: "*_*stat*", place: virtio, after: "fd_allocate .*: SUCCESS", ours: "SUCCESS.* mtim now", theirs: `SUCCESS.* mtim \d+`, apart: true, rare: true, reason: "does nothing to allocate what a file has; the file system of the host changes its time"},
	{function: "path_*", arguments: notBase, after: moved, apart: true, rare: true, reason: remembers},
	{function: "fd_readdir", arguments: notBase, after: moved, ours: "SUCCESS.*", theirs: "E(NOENT|NOTDIR|LOOP)", apart: true, rare: true, reason: remembers},
}
