package vfs_test

import (
	"errors"
	"strings"
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

		{path: "b.txt", base: dir.Node, content: "beta"},
		{path: "..", base: dir.Node, want: vfs.ErrEscape},
		{path: "up", base: dir.Node, want: vfs.ErrEscape},
		{path: "absolute", base: dir.Node, want: vfs.ErrEscape},
	} {
		got, err := vfs.Resolve(a, vfs.Walk{Base: test.base, Path: []byte(test.path), Follow: !test.link})
		if !errors.Is(err, test.want) {
			t.Errorf("Resolve(%q) = %v, want %v", test.path, err, test.want)
			continue
		}
		if err != nil {
			continue
		}
		content := "/"
		switch got.Type {
		case vfs.Symlink:
			content = "->"
		case vfs.File:
			b, _ := a.Bytes(got.Node, 0, 100)
			content = string(b)
		}
		if content != test.content {
			t.Errorf("Resolve(%q) = %q, want %q", test.path, content, test.content)
		}
	}
}

func TestResolveAllocates(t *testing.T) {
	a := open(t)
	path := []byte("todir/nested/../up")
	if n := testing.AllocsPerRun(100, func() {
		if _, err := vfs.Resolve(a, vfs.Walk{Base: a.Root(), Path: path, Follow: true}); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("Resolve allocates %v times, want never", n)
	}
}

func TestArchiveBytes(t *testing.T) {
	a := open(t)
	file, _ := vfs.Resolve(a, vfs.Walk{Path: []byte("a.txt")})
	for _, test := range []struct {
		offset, most uint64
		want         string
	}{{0, 100, "alpha"}, {0, 2, "al"}, {3, 100, "ha"}, {5, 1, ""}, {1 << 63, 1, ""}, {0, 0, ""}} {
		if got, err := a.Bytes(file.Node, test.offset, test.most); err != nil || string(got) != test.want {
			t.Errorf("Bytes(%d, %d) = %q, %v, want %q", test.offset, test.most, got, err, test.want)
		}
	}
	if _, err := a.Bytes(a.Root(), 0, 1); !errors.Is(err, vfs.ErrDirectory) {
		t.Errorf("Bytes(root) = %v, want %v", err, vfs.ErrDirectory)
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
		entry, err := vfs.Resolve(a, vfs.Walk{Path: []byte(path), Follow: true})
		if err != nil {
			return
		}
		_, _ = a.Bytes(entry.Node, 0, 100)
		_, _ = a.Entry(entry.Node, 1)
		_, _ = a.Link(entry.Node)
	})
}
