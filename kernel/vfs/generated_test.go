package vfs_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"mewz/kernel/vfs"
	"mewz/kernel/vfs/vfstest"
)

// generated returns hosts, and a file that changes with *version.
func generated(version *string) []vfs.Generated {
	return []vfs.Generated{
		{Name: "hosts", Content: func() []byte { return []byte("127.0.0.1 localhost\n") }},
		{Name: "resolv.conf", Content: func() []byte { return []byte(*version) }},
	}
}

// list returns what is below a directory as "name/" and "name=content".
func list(t *testing.T, system vfs.FileSystem, directory, parent vfs.NodeID) string {
	t.Helper()
	h, err := system.Open(directory, vfs.ModeRead)
	if err != nil {
		t.Fatal(err)
	}
	var entries []vfs.DirectoryEntry
	visit := func(e *vfs.DirectoryEntry) bool {
		entry := *e
		entry.Name = bytes.Clone(e.Name)
		entries = append(entries, entry)
		return len(entries)%2 == 1 // so that every second one is the first of a call
	}
	for before := -1; before != len(entries); {
		before = len(entries)
		cookie := uint64(0)
		if before > 0 {
			cookie = entries[before-1].Next
		}
		if err := system.List(h, cookie, visit); err != nil {
			t.Fatal(err)
		}
	}
	for i, dot := range []struct {
		name string
		node vfs.NodeID
	}{{".", directory}, {"..", parent}} {
		a, err := system.Attributes(dot.node)
		if e := entries[i]; err != nil || string(e.Name) != dot.name || e.Serial != a.Serial || e.Type != vfs.Directory {
			t.Errorf("entry %d is %+v, want %s with %+v, %v", i, e, dot.name, a, err)
		}
	}
	if a, err := system.Attributes(directory); err != nil || a.Size != uint64(len(entries)-2) || a.Type != vfs.Directory {
		t.Errorf("attributes %+v, %v of a directory of %d", a, err, len(entries)-2)
	}
	var names []string
	for _, e := range entries[2:] {
		names = append(names, listed(t, system, directory, e))
	}
	return strings.Join(names, " ")
}

// listed checks one entry and returns its text.
func listed(t *testing.T, system vfs.FileSystem, directory vfs.NodeID, e vfs.DirectoryEntry) string {
	t.Helper()
	found, err := system.Lookup(directory, e.Name)
	if err != nil || found.Type != e.Type {
		t.Errorf("Lookup(%s) = %+v, %v, want %+v", e.Name, found, err, e)
	}
	a, err := system.Attributes(found.Node)
	if err != nil || a.Serial != e.Serial || a.Type != e.Type || a.Links == 0 {
		t.Errorf("%s: %+v, %v, listed as %+v", e.Name, a, err, e)
	}
	switch e.Type {
	case vfs.Directory:
		return string(e.Name) + "/ { " + list(t, system, found.Node, directory) + " }"
	case vfs.File:
		content := read(t, system, found.Node, 0, 100)
		if a.Size != uint64(len(content)) {
			t.Errorf("%s has %d bytes, read %d", e.Name, a.Size, len(content))
		}
		return string(e.Name) + "=" + strings.TrimSpace(content)
	}
	return string(e.Name)
}

func TestWithEtc(t *testing.T) {
	version := "nameserver 1\n"
	const both = "hosts=127.0.0.1 localhost resolv.conf=nameserver 1"
	for _, test := range []struct {
		name string
		tree vfstest.Tree // nil: no file system below
		want string
	}{
		{"nothing below", nil, "etc/ { " + both + " }"},
		{"no etc", vfstest.Tree{"a": "alpha", "z": "omega"}, "a=alpha z=omega etc/ { " + both + " }"},
		{"etc with others", vfstest.Tree{"etc/motd": "hi", "z": "omega"}, "etc/ { motd=hi " + both + " } z=omega"},
		{"etc with one", vfstest.Tree{"etc/hosts": "mine"}, "etc/ { hosts=mine resolv.conf=nameserver 1 }"},
		{"etc with both", vfstest.Tree{"etc/hosts": "mine", "etc/resolv.conf": "too"}, "etc/ { hosts=mine resolv.conf=too }"},
		{"etc is a file", vfstest.Tree{"etc": "no"}, "etc=no"},
		{"etc is a link", vfstest.Tree{"etc": "->other"}, "etc"},
	} {
		var lower *vfs.Archive
		if test.tree != nil {
			a, err := vfs.OpenArchive(vfstest.Archive(test.tree))
			if err != nil {
				t.Fatal(err)
			}
			lower = a
		}
		system, err := vfs.WithEtc(lower, generated(&version))
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if got := list(t, system, system.Root(), system.Root()); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestWithEtcErrors(t *testing.T) {
	version := ""
	for _, lower := range []*vfs.Archive{nil, open(t)} {
		system, err := vfs.WithEtc(lower, generated(&version))
		if err != nil {
			t.Fatal(err)
		}
		walk := func(path string) (vfs.Entry, error) {
			place, err := vfs.Resolve(system, vfs.Walk{Base: system.Root(), Path: []byte(path), Follow: true})
			if err == nil && !place.Exists() {
				err = vfs.ErrNotFound
			}
			return place.Entry, err
		}
		for path, want := range map[string]error{
			"etc/none": vfs.ErrNotFound, "none": vfs.ErrNotFound, "etc/hosts/x": vfs.ErrNotDirectory, "etc/hosts/": vfs.ErrNotDirectory,
			"etc/../..": vfs.ErrEscape, "etc/../etc/./hosts": nil,
		} {
			if _, err := walk(path); !errors.Is(err, want) {
				t.Errorf("Resolve(%q) = %v, want %v", path, err, want)
			}
		}
		hosts, _ := walk("etc/hosts")
		etc, _ := walk("etc")
		beyond := vfs.NodeID(1<<64 - 1)
		_, errLookup := system.Lookup(hosts.Node, []byte("x"))
		_, errLookupBeyond := system.Lookup(beyond, []byte("x"))
		errList := system.List(vfs.Handle(hosts.Node), 0, nil)
		_, errLink := system.ReadLink(hosts.Node)
		_, errRead := system.Read(vfs.Handle(etc.Node), nil, 0)
		_, errReadBeyond := system.Read(vfs.Handle(beyond), nil, 0)
		_, errAttributes := system.Attributes(beyond)
		_, errOpen := system.Open(hosts.Node, vfs.ModeRead|vfs.ModeWrite)
		_, _, errCreate := system.Create(etc.Node, []byte("hosts"), vfs.ModeWrite)
		for i, pair := range [][2]error{
			{errLookup, vfs.ErrNotDirectory}, {errLookupBeyond, vfs.ErrDamaged}, {errList, vfs.ErrNotDirectory},
			{errLink, vfs.ErrNotLink}, {errRead, vfs.ErrDirectory}, {errReadBeyond, vfs.ErrDamaged}, {errAttributes, vfs.ErrDamaged},
			{errOpen, vfs.ErrReadOnly}, {errCreate, vfs.ErrExists}, {system.RemoveDirectory(system.Root(), []byte("etc")), vfs.ErrNotEmpty},
		} {
			if !errors.Is(pair[0], pair[1]) {
				t.Errorf("error %d: %v, want %v", i, pair[0], pair[1])
			}
		}
	}
}

// A file that changes while it is read stays what it was for its reader.
func TestWithEtcContentChanges(t *testing.T) {
	version := "nameserver 10.0.2.3\n"
	system, err := vfs.WithEtc(nil, generated(&version))
	if err != nil {
		t.Fatal(err)
	}
	file, err := vfs.Resolve(system, vfs.Walk{Base: system.Root(), Path: []byte("etc/resolv.conf")})
	if err != nil {
		t.Fatal(err)
	}
	read := func(offset uint64) string { return read(t, system, file.Entry.Node, offset, 10) }
	first := read(0)
	version = "x"
	if got := first + read(10) + read(20); got != "nameserver 10.0.2.3\n" {
		t.Errorf("read %q in pieces", got)
	}
	if got := read(0); got != "x" {
		t.Errorf("read %q from the beginning, want what is there now", got)
	}
	if a, err := system.Attributes(file.Entry.Node); err != nil || a.Size != 1 {
		t.Errorf("attributes %+v, %v", a, err)
	}
}
