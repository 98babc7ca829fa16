package vfs_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"mewz/kernel/vfs"
	"mewz/kernel/vfs/memfs"
	"mewz/kernel/vfs/vfstest"
)

// writable is the tree of the other tests under a layer that can be changed.
func writable(t testing.TB) *vfstest.Counted {
	t.Helper()
	files, err := memfs.New(memfs.Options{Lower: open(t), LimitBytes: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := files.End(); err != nil {
			t.Error(err)
		}
	})
	return vfstest.Count(files)
}

// balanced makes sure that all references have been given back.
func balanced(t *testing.T, files *vfstest.Counted, what string) {
	t.Helper()
	if len(files.References) != 0 || files.Handles != 0 {
		t.Errorf("%s: %v references and %d handles are left", what, files.References, files.Handles)
	}
}

// TestPlace is about where a path leads that something is to be made of, removed
// or renamed.
func TestPlace(t *testing.T) {
	files := writable(t)
	for _, test := range []struct {
		path    string
		how     string // n: Name, f: Follow, c: Create
		in      string // the directory, as a path
		name    string
		what    vfs.Type
		slash   bool
		dots    int
		wantErr error
	}{
		// Something new.
		{path: "new", how: "n", in: ".", name: "new"},
		{path: "new", how: "f", in: ".", name: "new"},
		{path: "new/", how: "n", in: ".", name: "new", slash: true},
		{path: "dir/new//", how: "f", in: "dir", name: "new", slash: true},
		{path: "new", how: "fc", in: ".", name: "new"},
		{path: "new/", how: "fc", wantErr: vfs.ErrDirectory},
		{path: "a.txt/", how: "c", wantErr: vfs.ErrDirectory},
		{path: "dir/nested/", how: "fc", wantErr: vfs.ErrDirectory},
		{path: "dangling/", how: "fc", wantErr: vfs.ErrDirectory},
		{path: "a.txt/new/", how: "fc", wantErr: vfs.ErrNotDirectory},
		{path: "dir/nested/./", how: "fc", in: "dir/nested", what: vfs.Directory, dots: 1, slash: true},
		{path: "dir/./nested/../new", how: "n", in: "dir", name: "new"},
		{path: "todir/new", how: "n", in: "dir", name: "new"},
		{path: "nothing/new", how: "n", wantErr: vfs.ErrNotFound},
		{path: "a.txt/new", how: "n", wantErr: vfs.ErrNotDirectory},
		{path: "new/.", how: "n", wantErr: vfs.ErrNotFound},
		// Through a link that leads nowhere: where that would be.
		{path: "dangling", how: "f", in: ".", name: "nothing"},
		{path: "dangling", how: "n", in: ".", name: "dangling", what: vfs.Symlink},
		{path: "dangling/", how: "n", in: ".", name: "dangling", what: vfs.Symlink, slash: true},
		{path: "dangling/", how: "", in: ".", name: "nothing", slash: true},
		{path: "dangling", how: "", in: ".", name: "dangling", what: vfs.Symlink},
		// What is there.
		{path: "a.txt", how: "n", in: ".", name: "a.txt", what: vfs.File},
		{path: "a.txt/", how: "n", in: ".", name: "a.txt", what: vfs.File, slash: true},
		{path: "a.txt/", how: "f", wantErr: vfs.ErrNotDirectory},
		{path: "a.txt/", how: "", wantErr: vfs.ErrNotDirectory},
		{path: "dir/nested/", how: "n", in: "dir", name: "nested", what: vfs.Directory, slash: true},
		{path: "todir/", how: "n", in: ".", name: "todir", what: vfs.Symlink, slash: true},
		{path: "todir", how: "f", in: ".", name: "dir", what: vfs.Directory, slash: true},
		{path: "tolink", how: "f", in: "dir", name: "b.txt", what: vfs.File},
		{path: "loop", how: "n", in: ".", name: "loop", what: vfs.Symlink},
		{path: "loop/x", how: "n", wantErr: vfs.ErrLoop},
		// Without a name.
		{path: ".", how: "n", in: ".", what: vfs.Directory, dots: 1},
		{path: "./", how: "n", in: ".", what: vfs.Directory, dots: 1, slash: true},
		{path: "dir/.", how: "n", in: "dir", what: vfs.Directory, dots: 1},
		{path: "dir/nested/..", how: "n", in: "dir", what: vfs.Directory, dots: 2},
		{path: "dir/nested/../", how: "f", in: "dir", what: vfs.Directory, dots: 2, slash: true},
		// Out of the sandbox.
		{path: "/new", how: "n", wantErr: vfs.ErrEscape},
		{path: "..", how: "n", wantErr: vfs.ErrEscape},
		{path: "dir/../../new", how: "n", wantErr: vfs.ErrEscape},
		{path: "dir/out", how: "f", wantErr: vfs.ErrEscape},
		{path: "dir/absolute/file", how: "f", wantErr: vfs.ErrEscape},
		{path: "dir/out", how: "n", in: "dir", name: "out", what: vfs.Symlink},
	} {
		what := test.path + " (" + test.how + ")"
		walk := vfs.Walk{
			Base: files.Root(), Path: []byte(test.path),
			Name: strings.Contains(test.how, "n"), Follow: strings.Contains(test.how, "f"),
			Create: strings.Contains(test.how, "c"),
		}
		place, err := vfs.Resolve(files, walk)
		if err != test.wantErr {
			t.Errorf("%s: %v, want %v", what, err, test.wantErr)
		}
		if err == nil {
			in, _ := vfs.Resolve(files, vfs.Walk{Base: files.Root(), Path: []byte(test.in)})
			if place.Directory != in.Directory && place.Directory != in.Entry.Node || string(place.Name) != test.name ||
				place.Entry.Type != test.what || place.Slash != test.slash || place.Dots != test.dots {
				t.Errorf("%s: %+v with name %q, want %+v", what, place, place.Name, test)
			}
			in.Release()
		}
		place.Release()
		place.Release()
		balanced(t, files, what)
	}
}

// A walk that something is renamed under ends below its base, or fails.
func TestRenameInTheMiddleOfAWalk(t *testing.T) {
	files := writable(t)
	outside := files.Root() // what lies in it, but not below base, must not be reached
	mustMake := func(directory vfs.NodeID, name string) vfs.NodeID {
		t.Helper()
		if err := files.MakeDirectory(directory, []byte(name)); err != nil {
			t.Fatal(err)
		}
		entry, err := files.FileSystem.Lookup(directory, []byte(name))
		if err != nil {
			t.Fatal(err)
		}
		return entry.Node
	}
	base := mustMake(outside, "base")
	a := mustMake(base, "a")
	b := mustMake(a, "b")
	secret := mustMake(outside, "secret")
	if err := files.MakeSymlink(outside, []byte("target"), []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := files.MakeDirectory(base, []byte("target")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"a/b/../../target", "a/b/../../../target", "a/../target", "a/b/../../a/b/../../target"} {
		moved := false
		files.OnLookup = func(directory vfs.NodeID, name string) {
			if moved || directory != b && name != "b" && name != "target" {
				return
			}
			moved = true
			if err := files.Rename(base, []byte("a"), secret, []byte("a")); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
		place, err := vfs.Resolve(files, vfs.Walk{Base: base, Path: []byte(path), Follow: true})
		files.OnLookup = nil
		if err == nil && place.Exists() && (place.Directory != base || place.Entry.Type != vfs.Directory) {
			t.Errorf("%s led to %+v, out of its base", path, place)
		}
		place.Release()
		balanced(t, files, path)
		if moved {
			if err := files.Rename(secret, []byte("a"), base, []byte("a")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A path deeper than what a walk remembers without memory of its own.
func TestResolveDeep(t *testing.T) {
	const depth = 700
	files := writable(t)
	at := files.Root()
	for range depth {
		if err := files.MakeDirectory(at, []byte("d")); err != nil {
			t.Fatal(err)
		}
		entry, err := files.FileSystem.Lookup(at, []byte("d"))
		if err != nil {
			t.Fatal(err)
		}
		at = entry.Node
	}
	for _, test := range []struct {
		down, up int
		want     error
	}{{depth, 0, nil}, {depth, depth, nil}, {depth, depth + 1, vfs.ErrEscape}, {depth, depth - 1, nil}, {40, 39, nil}, {33, 33, nil}} {
		path := strings.Repeat("d/", test.down) + strings.Repeat("../", test.up)
		place, err := vfs.Resolve(files, vfs.Walk{Base: files.Root(), Path: []byte(path)})
		what := strconv.Itoa(test.down) + " down, " + strconv.Itoa(test.up) + " up"
		if err != test.want || err == nil && (place.Entry.Node == files.Root()) != (test.down == test.up) {
			t.Errorf("%s: %+v, %v, want %v", what, place, err, test.want)
		}
		place.Release()
		balanced(t, files, what)
	}
}

// FuzzResolveTree walks any path over any tree of links and directories, with
// something renamed in between: it ends below its base with all references given
// back, or with one of the errors of a path.
func FuzzResolveTree(f *testing.F) {
	f.Add("a/b/../c", "../x", "a/b", "l/../../l", uint8(2), true)
	f.Add("l/l/l", "l", "/a", "m/.", uint8(1), false)
	f.Add("l/new", "a//b/", "..", "nowhere/", uint8(0), true)
	f.Fuzz(func(t *testing.T, path, first, second, third string, renameAt uint8, follow bool) {
		files := writable(t)
		root := files.Root()
		if err := files.MakeDirectory(root, []byte("base")); err != nil {
			t.Fatal(err)
		}
		entry, err := files.FileSystem.Lookup(root, []byte("base"))
		if err != nil {
			t.Fatal(err)
		}
		base := entry.Node
		inside := []vfs.NodeID{base}
		for i := 0; i < len(inside) && i < 13; i++ { // three levels of three
			_ = files.MakeSymlink(inside[i], []byte("l"), []byte(first))
			_ = files.MakeSymlink(inside[i], []byte("m"), []byte(second))
			_ = files.MakeSymlink(inside[i], []byte("n"), []byte(third))
			for _, name := range []string{"a", "b", "c"} {
				if err := files.MakeDirectory(inside[i], []byte(name)); err != nil {
					t.Fatal(err)
				}
				below, err := files.FileSystem.Lookup(inside[i], []byte(name))
				if err != nil {
					t.Fatal(err)
				}
				inside = append(inside, below.Node)
			}
		}
		lookups := 0
		files.OnLookup = func(directory vfs.NodeID, name string) {
			if lookups++; lookups == int(renameAt) {
				_ = files.Rename(base, []byte("a"), root, []byte("moved"))
			}
		}
		place, err := vfs.Resolve(files, vfs.Walk{Base: base, Path: []byte(path), Follow: follow, Rooted: renameAt%2 == 0})
		switch err {
		case nil:
			if !slices.Contains(inside, place.Directory) {
				t.Errorf("%q leads to %+v, which is not below its base", path, place)
			}
		case vfs.ErrNotFound, vfs.ErrNotDirectory, vfs.ErrEscape, vfs.ErrLoop, vfs.ErrNameTooLong, vfs.ErrInvalid:
		default:
			t.Errorf("%q: %v", path, err)
		}
		place.Release()
		balanced(t, files, path)
	})
}
