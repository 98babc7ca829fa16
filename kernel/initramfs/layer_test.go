package initramfs

import (
	"slices"
	"strings"
	"testing"

	"mewz/abi"
	"mewz/kernel/vfs"
	"mewz/kernel/vfs/memfs"
)

// memory returns a file system of 1 MiB.
func memory(t *testing.T) *memfs.FileSystem {
	t.Helper()
	files, err := memfs.New(memfs.Options{LimitBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, files vfs.FileSystem, path string) (text string, a vfs.Attributes) {
	t.Helper()
	place, err := vfs.Resolve(files, vfs.Walk{Base: files.Root(), Path: []byte(path), Follow: true, Rooted: true})
	if err != nil || !place.Exists() {
		t.Fatalf("%s: %v", path, err)
	}
	defer place.Release()
	h, err := files.Open(place.Entry.Node, vfs.ModeRead)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close(h)
	b := make([]byte, 100)
	n, err := files.Read(h, [][]byte{b}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if a, err = files.Attributes(place.Entry.Node); err != nil {
		t.Fatal(err)
	}
	return string(b[:n]), a
}

func TestLayer(t *testing.T) {
	archive := pack(
		packed{name: ".", mode: modeDirectory}, packed{name: ".mewz", mode: modeDirectory},
		packed{name: "etc", mode: modeDirectory}, packed{name: "etc/conf", mode: modeFile, data: "one"},
		packed{name: "etc/conf", mode: modeFile, data: "two"}, // replaces the first
		packed{name: "a/b/c", mode: modeFile, data: "deep"},   // without its directories
		packed{name: "link", mode: modeLink, data: "/a/b"},
		packed{name: "link/d", mode: modeFile, data: "through a link"},
		packed{name: "x", mode: modeFile, serial: 7, links: 2},
		packed{name: "y", mode: modeFile, serial: 7, links: 2, data: "both"},
	)
	files := memory(t)
	if err := Layer(files, archive); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"etc/conf": "two", "a/b/c": "deep", "link/c": "deep", "a/b/d": "through a link", "x": "both", "y": "both",
	} {
		if got, a := read(t, files, path); got != want || a.ModifiedNanos != 5e9 {
			t.Errorf("%s = %q of %d, want %q", path, got, a.ModifiedNanos, want)
		}
	}
	if _, a := read(t, files, "x"); a.Links != 2 {
		t.Errorf("x has %d names, want 2", a.Links)
	}
	if _, err := files.Lookup(files.Root(), []byte(".mewz")); err != vfs.ErrNotFound {
		t.Errorf("the settings are files, too: %v", err)
	}
	if has, err := HasFiles(archive); !has || err != nil {
		t.Errorf("HasFiles = %v, %v", has, err)
	}
	if has, err := HasFiles(pack(packed{name: ".", mode: modeDirectory}, packed{name: ".mewz/args", mode: modeFile})); has || err != nil {
		t.Errorf("HasFiles of settings = %v, %v", has, err)
	}
}

func TestLayerRefuses(t *testing.T) {
	for want, archive := range map[string][]byte{
		"initramfs: p: neither a file nor a directory nor a symbolic link": pack(packed{name: "p", mode: modePipe}),
		"initramfs: a/b: not a directory":                                  pack(packed{name: "a", mode: modeFile}, packed{name: "a/b", mode: modeFile}),
		"initramfs: d: is a directory":                                     pack(packed{name: "d", mode: modeDirectory}, packed{name: "d", mode: modeFile}),
		"initramfs: big: no space left on device":                          pack(packed{name: "big", mode: modeFile, data: strings.Repeat("x", 2<<20)}),
	} {
		if err := Layer(memory(t), archive); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func FuzzLayer(f *testing.F) {
	f.Add(pack(packed{name: "a/b", mode: modeFile, data: "x"}, packed{name: ".mewz/env", mode: modeFile, data: "A=1"}))
	f.Add(pack(packed{name: "l", mode: modeLink, data: "l"}, packed{name: "l/x", mode: modeFile}, packed{name: "x", mode: modeFile, serial: 1, links: 2}, packed{name: "y", mode: modeFile, serial: 1, links: 2}))
	f.Fuzz(func(t *testing.T, archive []byte) {
		c := &abi.Config{Args: []string{"app"}}
		if err := Apply(c, archive); err == nil && (len(c.Args) == 0 || c.Args[0] != "app") {
			t.Fatalf("arguments %q", c.Args)
		}
		if slices.ContainsFunc(c.Env, func(v string) bool { return !strings.Contains(v, "=") }) {
			t.Fatalf("environment %q", c.Env)
		}
		files, err := memfs.New(memfs.Options{LimitBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		defer files.End()
		_ = Layer(files, archive) // whatever it is, nothing breaks
	})
}
