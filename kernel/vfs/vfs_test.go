package vfs_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"mewz/kernel/vfs"
	"mewz/kernel/vfs/vfstest"
)

var tree = vfstest.Tree{
	"a.txt":           "alpha",
	"empty/":          "",
	"dir/b.txt":       "beta",
	"dir/nested/file": "deep",
	"dir/up":          "->../a.txt",
	"dir/out":         "->../../outside",
	"dir/absolute":    "->/dir/nested",
	"link":            "->dir/b.txt",
	"tolink":          "->link",
	"todir":           "->dir/",
	"tofileslash":     "->a.txt/",
	"loop":            "->loop2",
	"loop2":           "->loop",
	"dangling":        "->nothing",
	"blank":           "->",
}

func open(t testing.TB) *vfs.Archive {
	t.Helper()
	a, err := vfs.OpenArchive(vfstest.Archive(tree))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestResolve(t *testing.T) {
	a := open(t)
	dir, err := vfs.Resolve(a, vfs.Walk{Base: a.Root(), Path: []byte("dir"), Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	base := dir.Entry.Node
	for _, test := range []struct {
		path    string
		base    vfs.NodeID
		link    bool // do not follow the last
		want    error
		content string // of a file; "/" a directory; "->" a link
	}{
		{path: "a.txt", content: "alpha"},
		{path: "dir/b.txt", content: "beta"},
		{path: "./dir/.//nested/../../dir/nested/../nested///./file", content: "deep"},
		{path: ".", content: "/"},
		{path: "./", content: "/"},
		{path: "empty", content: "/"},
		{path: "empty///", content: "/"},
		{path: "dir/..", content: "/"},
		{path: "link", content: "beta"},
		{path: "link", link: true, content: "->"},
		{path: "tolink", content: "beta"},
		{path: "todir", content: "/"},
		{path: "todir/b.txt", content: "beta"},
		{path: "todir", link: true, content: "->"},
		{path: "todir/", link: true, content: "/"},
		{path: "dir/up", content: "alpha"},
		{path: "dir/absolute/file", content: "deep"},
		{path: "dangling", link: true, content: "->"},

		{path: "", want: vfs.ErrNotFound},
		{path: "nothing", want: vfs.ErrNotFound},
		{path: "nothing/..", want: vfs.ErrNotFound},
		{path: "dangling", want: vfs.ErrNotFound},
		{path: "blank", want: vfs.ErrNotFound},
		{path: "a.txt/", want: vfs.ErrNotDirectory},
		{path: "a.txt/x", want: vfs.ErrNotDirectory},
		{path: "a.txt/..", want: vfs.ErrNotDirectory},
		{path: "link/", want: vfs.ErrNotDirectory},
		{path: "tofileslash", want: vfs.ErrNotDirectory},
		{path: "/a.txt", want: vfs.ErrEscape},
		{path: "..", want: vfs.ErrEscape},
		{path: "dir/nested/../../..", want: vfs.ErrEscape},
		{path: "dir/../../dir", want: vfs.ErrEscape},
		{path: "dir/out", want: vfs.ErrEscape},
		{path: "loop", want: vfs.ErrLoop},
		{path: "loop/x", link: true, want: vfs.ErrLoop},
		{path: "a\x00", want: vfs.ErrInvalid},
		{path: strings.Repeat("x", 256), want: vfs.ErrNameTooLong},
		{path: strings.Repeat("./", 2049), want: vfs.ErrNameTooLong},

		{path: "b.txt", base: base, content: "beta"},
		{path: "..", base: base, want: vfs.ErrEscape},
		{path: "up", base: base, want: vfs.ErrEscape},
		{path: "absolute", base: base, want: vfs.ErrEscape},
	} {
		got, err := vfs.Resolve(a, vfs.Walk{Base: test.base, Path: []byte(test.path), Follow: !test.link, Rooted: test.base == a.Root()})
		if err == nil && !got.Exists() {
			err = vfs.ErrNotFound
		}
		if !errors.Is(err, test.want) {
			t.Errorf("Resolve(%q) = %v, want %v", test.path, err, test.want)
			continue
		}
		if err != nil {
			continue
		}
		content := "/"
		switch got.Entry.Type {
		case vfs.Symlink:
			content = "->"
		case vfs.File:
			content = read(t, a, got.Entry.Node, 0, 100)
		}
		if content != test.content {
			t.Errorf("Resolve(%q) = %q, want %q", test.path, content, test.content)
		}
	}
}

// read opens a file and reads from it into two buffers, the first of 3 bytes.
func read(t *testing.T, system vfs.FileSystem, node vfs.NodeID, offset uint64, most int) string {
	t.Helper()
	h, err := system.Open(node, vfs.ModeRead)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, most)
	first := min(most, 3)
	n, err := system.Read(h, [][]byte{b[:first], nil, b[first:]}, offset)
	if err != nil {
		t.Fatal(err)
	}
	if err := system.Close(h); err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestArchiveAllocates(t *testing.T) {
	a := open(t)
	path, b := []byte("dir/nested/../b.txt"), make([]byte, 100)
	into := [][]byte{b}
	entries := 0
	visit := func(*vfs.DirectoryEntry) bool { entries++; return true }
	if n := testing.AllocsPerRun(100, func() {
		place, err := vfs.Resolve(a, vfs.Walk{Base: a.Root(), Path: path, Follow: true})
		if err != nil || !place.Exists() {
			t.Fatal(err)
		}
		h, _ := a.Open(place.Entry.Node, vfs.ModeRead)
		if n, err := a.Read(h, into, 0); err != nil || n != len("beta") {
			t.Fatal(n, err)
		}
		if _, err := a.Attributes(place.Entry.Node); err != nil {
			t.Fatal(err)
		}
		if h, err = a.Open(place.Directory, vfs.ModeRead); err != nil || a.List(h, 0, visit) != nil {
			t.Fatal(err)
		}
		place.Release()
	}); n != 0 {
		t.Errorf("resolving, reading and listing allocate %v times, want never", n)
	}
}

func TestArchiveRead(t *testing.T) {
	a := open(t)
	file, _ := vfs.Resolve(a, vfs.Walk{Path: []byte("a.txt")})
	for _, test := range []struct {
		offset uint64
		most   int
		want   string
	}{{0, 100, "alpha"}, {0, 2, "al"}, {3, 100, "ha"}, {5, 1, ""}, {1 << 63, 1, ""}, {0, 0, ""}} {
		if got := read(t, a, file.Entry.Node, test.offset, test.most); got != test.want {
			t.Errorf("Read(%d, %d) = %q, want %q", test.offset, test.most, got, test.want)
		}
	}
	if _, err := a.Read(vfs.Handle(a.Root()), nil, 0); !errors.Is(err, vfs.ErrDirectory) {
		t.Errorf("Read(root) = %v, want %v", err, vfs.ErrDirectory)
	}
}

// What an archive says about changes is why they would fail anyway, or that it
// cannot be changed.
func TestArchiveIsReadOnly(t *testing.T) {
	version := ""
	etc, err := vfs.WithEtc(open(t), generated(&version))
	if err != nil {
		t.Fatal(err)
	}
	for _, system := range []vfs.FileSystem{open(t), etc} {
		node := func(name string) vfs.NodeID {
			entry, err := system.Lookup(system.Root(), []byte(name))
			if err != nil {
				t.Fatal(err)
			}
			return entry.Node
		}
		create := func(name string) error {
			_, _, err := system.Create(system.Root(), []byte(name), vfs.ModeWrite)
			return err
		}
		open := func(name string, mode vfs.Mode) error {
			_, err := system.Open(node(name), mode)
			return err
		}
		rename := func(from, to string) error {
			return system.Rename(system.Root(), []byte(from), system.Root(), []byte(to))
		}
		h, _ := system.Open(node("a.txt"), vfs.ModeRead)
		_, errWrite := system.Write(h, nil, 0)
		_, _, errAppend := system.Append(h, nil)
		for i, pair := range [][2]error{
			{create("new"), vfs.ErrReadOnly}, {create("a.txt"), vfs.ErrExists},
			{open("a.txt", vfs.ModeWrite), vfs.ErrReadOnly}, {open("dir", vfs.ModeWrite), vfs.ErrDirectory}, {open("link", vfs.ModeRead), vfs.ErrLoop},
			{errWrite, syscall.EBADF}, {errAppend, syscall.EBADF}, {system.Allocate(h, 0, 1), syscall.EBADF},
			{system.SetAttributes(node("a.txt"), vfs.Change{SetSize: true}), vfs.ErrReadOnly},
			{system.SetAttributes(node("dir"), vfs.Change{SetSize: true}), vfs.ErrDirectory},
			{system.SetAttributes(node("dir"), vfs.Change{Modified: vfs.TimeNow}), vfs.ErrReadOnly},
			{system.SetAttributes(node("link"), vfs.Change{SetSize: true}), vfs.ErrInvalid},
			{system.MakeDirectory(system.Root(), []byte("dir")), vfs.ErrExists},
			{system.MakeDirectory(system.Root(), []byte("new")), vfs.ErrReadOnly},
			{system.MakeSymlink(system.Root(), []byte("new"), []byte("a")), vfs.ErrReadOnly},
			{system.MakeLink(node("a.txt"), system.Root(), []byte("new")), vfs.ErrReadOnly},
			{system.MakeLink(node("dir"), system.Root(), []byte("new")), syscall.EPERM},
			{system.Unlink(system.Root(), []byte("a.txt")), vfs.ErrReadOnly}, {system.Unlink(system.Root(), []byte("dir")), vfs.ErrDirectory},
			{system.Unlink(system.Root(), []byte("none")), vfs.ErrNotFound},
			{system.RemoveDirectory(system.Root(), []byte("empty")), vfs.ErrReadOnly},
			{system.RemoveDirectory(system.Root(), []byte("dir")), vfs.ErrNotEmpty},
			{system.RemoveDirectory(system.Root(), []byte("a.txt")), vfs.ErrNotDirectory},
			{rename("a.txt", "new"), vfs.ErrReadOnly}, {rename("none", "new"), vfs.ErrNotFound}, {rename("a.txt", "dir"), vfs.ErrDirectory},
			{rename("dir", "a.txt"), vfs.ErrNotDirectory}, {rename("empty", "dir"), vfs.ErrNotEmpty}, {rename("dir", "empty"), vfs.ErrReadOnly},
		} {
			if !errors.Is(pair[0], pair[1]) {
				t.Errorf("change %d: %v, want %v", i, pair[0], pair[1])
			}
		}
	}
}

func TestOpenDamagedArchive(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("mewzarc1"), vfstest.Archive(tree)[:100]} {
		if _, err := vfs.OpenArchive(b); err == nil {
			t.Errorf("OpenArchive(%d bytes) succeeded, want an error", len(b))
		}
	}
}

// FuzzResolve damages an archive and walks it: whatever lies there, nothing
// panics and no walk is endless.
func FuzzResolve(f *testing.F) {
	f.Add(uint16(20), uint64(1), "dir/nested/../../loop")
	f.Add(uint16(80), uint64(1<<40), "todir/up")
	f.Fuzz(func(t *testing.T, at uint16, value uint64, path string) {
		b := vfstest.Archive(tree)
		for i := range 8 {
			b[(int(at)+i)%len(b)] ^= byte(value >> (8 * i))
		}
		a, err := vfs.OpenArchive(b)
		if err != nil {
			return
		}
		place, err := vfs.Resolve(a, vfs.Walk{Path: []byte(path), Follow: true, Rooted: true})
		if err != nil || !place.Exists() {
			return
		}
		h, _ := a.Open(place.Entry.Node, vfs.ModeRead)
		_, _ = a.Read(h, [][]byte{make([]byte, 100)}, 0)
		_ = a.List(h, 0, func(*vfs.DirectoryEntry) bool { return true })
		_, _ = a.ReadLink(place.Entry.Node)
		place.Release()
	})
}
