package memfs_test

import (
	"os"
	"strings"
	"testing"

	"mewz/kernel/vfs"
	"mewz/kernel/vfs/memfs"
	"mewz/kernel/vfs/vfstest"
)

// options are those of most tests: a clock that goes on by itself.
func options() memfs.Options {
	now := uint64(1_700_000_000_000_000_000)
	return memfs.Options{Now: func() uint64 { now += 1000; return now }, LimitBytes: 256 << 20}
}

func open(t testing.TB, o memfs.Options) *memfs.FileSystem {
	t.Helper()
	f, err := memfs.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.End(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func archive(t testing.TB, tree vfstest.Tree) vfs.FileSystem {
	t.Helper()
	a, err := vfs.OpenArchive(vfstest.Archive(tree))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestConformance(t *testing.T) {
	o := options()
	o.LimitBytes = 32 << 20
	limits := vfstest.Limits{Entries: 100_000, FillBytes: 32 << 20}
	t.Run("memory", func(t *testing.T) {
		vfstest.Run(t, func(t *testing.T) vfs.FileSystem { return open(t, o) }, limits)
	})
	t.Run("copy on write", func(t *testing.T) {
		o := o
		vfstest.Run(t, func(t *testing.T) vfs.FileSystem { o.Lower = archive(t, nil); return open(t, o) }, limits)
	})
}

// lowerTree is what a copy-on-write layer covers in the exercises.
func lowerTree() vfstest.Tree {
	tree := vfstest.Tree{"empty/": "", "link": "->a", "d/deep/er/file": "deep", "e/link": "->../a"}
	for i, name := range []string{"a", "b", "d/c", "d/e", "d/f", "e/a", "e/b", "e/c", "e/d/a", "e/d/b", "p"} {
		tree[name] = strings.Repeat(name, i*i*1000)
	}
	return tree
}

// operations is how many of them an exercise has.
func operations(t *testing.T) int {
	switch {
	case os.Getenv("MEWZ_NIGHTLY") != "":
		return 1_000_000
	case testing.Short():
		return 5_000
	}
	return 30_000
}

func TestExercise(t *testing.T) {
	small := options()
	small.LimitBytes = 1 << 20
	lower := options()
	lower.Lower = archive(t, lowerTree())
	lowerSmall := small
	lowerSmall.Lower = lower.Lower
	for _, test := range []struct {
		name    string
		options memfs.Options
		full    bool
	}{{"memory", options(), false}, {"copy on write", lower, false}, {"full", small, true}, {"full copy on write", lowerSmall, true}} {
		t.Run(test.name, func(t *testing.T) {
			open := func(t *testing.T) vfs.FileSystem { return open(t, test.options) }
			vfstest.Exercise(t, open, vfstest.Plan{Operations: operations(t), Full: test.full})
			for seed := range uint64(40) { // what is copied on writing is copied at the beginning
				vfstest.Exercise(t, open, vfstest.Plan{Seed: 1 + seed, Operations: 800, Full: test.full})
			}
		})
	}
}
