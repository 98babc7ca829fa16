package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mewz/abi"
	"mewz/kernel/console"
	"mewz/kernel/vfs"
	"mewz/kernel/vfs/memfs"
	"mewz/kernel/wasi"
)

// packed is an entry of an archive.
type packed struct {
	name   string
	mode   uint32
	data   string
	serial uint32
	links  uint32
}

// pack writes an archive in the format newc.
func pack(list ...packed) []byte {
	var b []byte
	for i, e := range append(list, packed{name: "TRAILER!!!"}) {
		if e.serial == 0 {
			e.serial, e.links = uint32(1000+i), 1
		}
		b = fmt.Appendf(b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
			e.serial, e.mode, 0, 0, e.links, 5, len(e.data), 0, 0, 0, 0, len(e.name)+1, 0, e.name)
		b = append(b, make([]byte, -len(b)&3)...)
		b = append(append(b, e.data...), make([]byte, -len(e.data)&3)...)
	}
	return b
}

const (
	modeFile      = 0o100644
	modeDirectory = 0o040755
	modeLink      = 0o120777
	modePipe      = 0o010600
)

func TestApplySettings(t *testing.T) {
	for _, test := range []struct {
		list      []packed
		args, env string
		err       string
	}{
		{nil, "app built", "A=1 B=2", ""},
		{[]packed{{name: "etc/x", mode: modeFile, data: "x"}}, "app built", "A=1 B=2", ""},
		{[]packed{{name: ".mewz", mode: modeDirectory}, {name: ".mewz/args", mode: modeFile, data: "a\nb c\n"}}, "app|a|b c", "A=1 B=2", ""},
		{[]packed{{name: ".mewz/args", mode: modeFile, data: "a\x00b\nc\x00\x00"}}, "app|a|b\nc|", "A=1 B=2", ""},
		{[]packed{{name: ".mewz/args", mode: modeFile}}, "app", "A=1 B=2", ""},
		{[]packed{{name: "./.mewz/env", mode: modeFile, data: "B=x=y\nC=\n"}}, "app built", "A=1 B=x=y C=", ""},
		{[]packed{{name: ".mewz/env", mode: modeFile, data: "B\n"}}, "", "", "initramfs: .mewz/env: no variable: write NAME=VALUE in each line"},
		{[]packed{{name: ".mewz/net", mode: modeFile}}, "", "", "initramfs: .mewz/net: no setting: .mewz/args and .mewz/env are"},
		{[]packed{{name: ".mewz/args", mode: modeDirectory}}, "", "", "initramfs: .mewz/args: a setting is a file"},
	} {
		c := &abi.Config{Args: []string{"app", "built"}, Env: []string{"A=1", "B=2"}}
		err := applySettings(c, pack(test.list...))
		if test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("%v: %v, want %s", test.list, err, test.err)
			}
			continue
		}
		separator := " "
		if strings.Contains(test.args, "|") {
			separator = "|"
		}
		if err != nil || strings.Join(c.Args, separator) != test.args || strings.Join(c.Env, " ") != test.env {
			t.Errorf("%v: %q, %q, %v, want %q, %q", test.list, c.Args, c.Env, err, test.args, test.env)
		}
	}
	if err := applySettings(&abi.Config{}, []byte("hello")); err == nil {
		t.Error("something else is taken for an archive")
	}
}

// layered returns a machine with an archive over its files.
func layered(list []abi.Mount, archive []byte) (*machine, error) {
	m := &machine{host: &console.Host{}, config: &abi.Config{Mounts: list}, clock: wasi.NewClock(0), initramfs: archive}
	m.openWaiter()
	return m, m.openMounts()
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

func TestOpenInitramfs(t *testing.T) {
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
	for _, mounts := range [][]abi.Mount{
		nil, {{Kind: abi.MountArchive, Guest: "/"}}, {{Kind: abi.MountMemory, Guest: "/data"}, {Kind: abi.MountMemory, Guest: "/"}},
	} {
		m, err := layered(mounts, archive)
		if err != nil {
			t.Fatal(err)
		}
		files := m.root().files
		for path, want := range map[string]string{
			"etc/conf": "two", "a/b/c": "deep", "link/c": "deep", "a/b/d": "through a link", "x": "both", "y": "both",
		} {
			if got, a := read(t, files, path); got != want || a.ModifiedNanos != 5e9 {
				t.Errorf("%v: %s = %q of %d, want %q", mounts, path, got, a.ModifiedNanos, want)
			}
		}
		if _, a := read(t, files, "x"); a.Links != 2 {
			t.Errorf("x has %d names, want 2", a.Links)
		}
		if _, err := files.Lookup(files.Root(), []byte(".mewz")); err != vfs.ErrNotFound {
			t.Errorf("the settings are files, too: %v", err)
		}
	}
	// Without files there is no root to be made.
	if m, err := layered(nil, pack(packed{name: ".mewz/args", mode: modeFile})); err != nil || len(m.mounts) != 0 {
		t.Errorf("without files: %v, %v", m.mounts, err)
	}
}

func TestOpenInitramfsRefuses(t *testing.T) {
	for want, archive := range map[string][]byte{
		"initramfs: p: neither a file nor a directory nor a symbolic link": pack(packed{name: "p", mode: modePipe}),
		"initramfs: a/b: not a directory":                                  pack(packed{name: "a", mode: modeFile}, packed{name: "a/b", mode: modeFile}),
		"initramfs: d: is a directory":                                     pack(packed{name: "d", mode: modeDirectory}, packed{name: "d", mode: modeFile}),
		"initramfs: big: no space left on device":                          pack(packed{name: "big", mode: modeFile, data: strings.Repeat("x", 2<<20)}),
	} {
		if _, err := layered([]abi.Mount{{Kind: abi.MountMemory, Guest: "/", Bytes: 1 << 20}}, archive); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	m := &machine{mounts: []*mount{{Mount: abi.Mount{Kind: abi.MountShare, Guest: "/"}}}}
	if err := m.openInitramfs(pack(packed{name: "a", mode: modeFile})); err != errRootKind {
		t.Errorf("over a share: %v", err)
	}
}

func FuzzInitramfs(f *testing.F) {
	f.Add(pack(packed{name: "a/b", mode: modeFile, data: "x"}, packed{name: ".mewz/env", mode: modeFile, data: "A=1"}))
	f.Add(pack(packed{name: "l", mode: modeLink, data: "l"}, packed{name: "l/x", mode: modeFile}, packed{name: "x", mode: modeFile, serial: 1, links: 2}, packed{name: "y", mode: modeFile, serial: 1, links: 2}))
	f.Fuzz(func(t *testing.T, archive []byte) {
		c := &abi.Config{Args: []string{"app"}}
		if err := applySettings(c, archive); err == nil && (len(c.Args) == 0 || c.Args[0] != "app") {
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
		l := layer{files: files, nodes: map[uint64]vfs.NodeID{}}
		defer l.release()
		_ = entries(archive, isFile, l.add) // whatever it is, nothing breaks
	})
}
