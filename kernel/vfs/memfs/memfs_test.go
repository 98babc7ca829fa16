package memfs_test

import (
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
	o.LimitBytes = 16 << 20
	limits := vfstest.Limits{Entries: 20_000, FillBytes: 16 << 20}
	t.Run("memory", func(t *testing.T) {
		vfstest.Run(t, func(t *testing.T) vfs.FileSystem { return open(t, o) }, limits)
	})
	t.Run("copy on write", func(t *testing.T) {
		o := o
		vfstest.Run(t, func(t *testing.T) vfs.FileSystem { o.Lower = archive(t, nil); return open(t, o) }, limits)
	})
}
