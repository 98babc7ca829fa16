package memfs_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
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

// FuzzOperations does what the bytes choose, on a file system that may be full and
// may have another below.
func FuzzOperations(f *testing.F) {
	f.Add([]byte("any bytes are operations, and these are some of them, too few to get far"), false, false)
	f.Add(bytes.Repeat([]byte{0x90, 0x12, 0x55, 0xe0, 0x31, 0x77}, 200), true, false)
	f.Add(bytes.Repeat([]byte{0xa0, 0x72, 0x15, 0xe7, 0x31, 0x07, 0x61}, 200), true, true)
	lower := archive(f, vfstest.Tree{"a": strings.Repeat("a", 9000), "d/a": "alpha", "d/e/b": "", "link": "->a"})
	f.Fuzz(func(t *testing.T, choices []byte, covers, small bool) {
		o := options()
		if covers {
			o.Lower = lower
		}
		if small {
			o.LimitBytes = 256 << 10
		}
		const most = 2000 // operations
		vfstest.Exercise(t, func(t *testing.T) vfs.FileSystem { return open(t, o) },
			vfstest.Plan{Choices: append([]byte{}, choices...), Operations: most, Full: small})
	})
}

// What is called again and again allocates nothing.
func TestAllocatesNothing(t *testing.T) {
	o := options()
	o.Lower = archive(t, lowerTree())
	f := open(t, o)
	name, path, content := []byte("file"), []byte("d/deep/er/../er/file"), make([]byte, 10_000)
	vector := [][]byte{content}
	visit := func(*vfs.DirectoryEntry) bool { return true }
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		entry, h, err := f.Create(f.Root(), name, vfs.ModeRead|vfs.ModeWrite)
		must(err)
		_, err = f.Write(h, vector, 123)
		must(err)
		_, err = f.Read(h, vector, 0)
		must(err)
		must(f.Close(h))
		f.Release(entry.Node)
		place, err := vfs.Resolve(f, vfs.Walk{Base: f.Root(), Path: path, Follow: true})
		must(err)
		h, err = f.Open(place.Entry.Node, vfs.ModeRead)
		must(err)
		_, err = f.Read(h, vector, 0)
		must(err)
		must(f.Close(h))
		h, err = f.Open(place.Directory, vfs.ModeRead)
		must(err)
		must(f.List(h, 0, visit))
		must(f.Close(h))
		place.Release()
		must(f.Unlink(f.Root(), name))
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// Half of what can be booked is the limit where none is given.
func TestDefaultLimit(t *testing.T) {
	free, booked := int64(8<<20), int64(0)
	o := options()
	o.LimitBytes = 0
	o.Charge = func(bytes int64) bool {
		if bytes > free-booked {
			return false
		}
		booked += bytes
		return true
	}
	f := open(t, o)
	if booked != 0 {
		t.Errorf("%d bytes stay booked", booked)
	}
	_, h, err := f.Create(f.Root(), []byte("file"), vfs.ModeWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Allocate(h, 0, 3<<20); err != nil {
		t.Errorf("Allocate less than half = %v", err)
	}
	if err := f.Allocate(h, 0, 4<<20+1); err != vfs.ErrNoSpace {
		t.Errorf("Allocate more than half = %v, want %v", err, vfs.ErrNoSpace)
	}
	free = 0 // the program has taken all the rest
	for range 1000 {
		var n int
		if n, _, err = f.Append(h, [][]byte{make([]byte, 4096)}); err != nil || n != 4096 {
			break
		}
	}
	if err != vfs.ErrNoSpace {
		t.Errorf("Append without memory = %v, want %v", err, vfs.ErrNoSpace)
	}
	if err := f.Unlink(f.Root(), []byte("file")); err != nil {
		t.Error(err)
	}
}

// names are files below, what should be in them, and who holds them.
type names struct {
	*testing.T
	files *memfs.FileSystem
	where map[string]string // content by path; "": it is gone
	held  []vfs.NodeID
}

// resolve returns where a path leads.
func (t *names) resolve(path string) vfs.Place {
	t.Helper()
	place, err := vfs.Resolve(t.files, vfs.Walk{Base: t.files.Root(), Path: []byte(path), Follow: true})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return place
}

// check reads what a path leads to.
func (t *names) check(path string, place *vfs.Place) {
	t.Helper()
	want := t.where[path]
	if place.Exists() != (want != "") {
		t.Fatalf("%s: there is something: %v, want %q", path, place.Exists(), want)
	}
	if want == "" {
		return
	}
	h, err := t.files.Open(place.Entry.Node, vfs.ModeRead)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	if n, err := t.files.Read(h, [][]byte{b}, 0); err != nil || string(b[:n]) != want {
		t.Fatalf("%s leads to %q, %v; want %q", path, b[:n], err, want)
	}
	if err := t.files.Close(h); err != nil {
		t.Fatal(err)
	}
}

// change removes, renames to other, or holds what is there, as n says, or does nothing.
func (t *names) change(n int, path, other string, place *vfs.Place) {
	t.Helper()
	var err error
	switch n {
	case 0:
		err = t.files.Unlink(place.Directory, place.Name)
		t.where[path] = ""
	case 1:
		target := t.resolve(other)
		err = t.files.Rename(place.Directory, place.Name, target.Directory, target.Name)
		target.Release()
		content := t.where[path]
		t.where[path] = ""
		t.where[other] = content // which may be the same
	case 2, 3:
		t.files.Hold(place.Entry.Node)
		t.held = append(t.held, place.Entry.Node)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// release gives all but some of what is held back.
func (t *names) release(but int) {
	for len(t.held) > but {
		t.files.Release(t.held[0])
		t.held = t.held[1:]
	}
}

// TestKnownNames looks up, holds, removes and renames more names of what is below than are known,
// in more directories than stay: each name leads where it has to, always.
func TestKnownNames(t *testing.T) {
	const directories, files = 40, 100
	tree, where := vfstest.Tree{}, map[string]string{}
	for i := range directories * files {
		path := fmt.Sprintf("d%d/%d", i/files, i%files)
		if i%10 == 0 {
			path += strings.Repeat("-long", 10) // longer than what is known
		}
		tree[path], where[path] = path, path
	}
	o := options()
	o.Lower = archive(t, tree)
	n := names{T: t, files: open(t, o), where: where}
	paths := slices.Sorted(maps.Keys(where))
	random := rand.New(rand.NewPCG(20, 26))
	for range 60_000 {
		at := random.IntN(len(paths))
		if random.IntN(3) != 0 {
			at %= 700 // some again and again
		}
		place := n.resolve(paths[at])
		n.check(paths[at], &place)
		if place.Exists() {
			n.change(random.IntN(60), paths[at], paths[random.IntN(len(paths))], &place)
		}
		place.Release()
		n.release(20)
	}
	n.release(0)
}
