package vfs_test

import (
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
func list(t *testing.T, system vfs.FileSystem, directory vfs.NodeID) string {
	t.Helper()
	var names []string
	for i := uint64(0); ; i++ {
		entry, err := system.Entry(directory, i)
		if err == vfs.ErrNotFound {
			if a, err := system.Attributes(directory); err != nil || a.Size != i || a.Type != vfs.Directory {
				t.Errorf("attributes %+v, %v of a directory of %d", a, err, i)
			}
			return strings.Join(names, " ")
		}
		if err != nil {
			t.Fatal(err)
		}
		found, err := system.Lookup(directory, entry.Name)
		if err != nil || found.Node != entry.Node || found.Type != entry.Type {
			t.Errorf("Lookup(%s) = %+v, %v, want %+v", entry.Name, found, err, entry)
		}
		switch entry.Type {
		case vfs.Directory:
			if parent, err := system.Parent(entry.Node); err != nil || parent != directory {
				t.Errorf("Parent(%s) = %v, %v, want %v", entry.Name, parent, err, directory)
			}
			names = append(names, string(entry.Name)+"/", "{", list(t, system, entry.Node), "}")
		case vfs.File:
			a, err := system.Attributes(entry.Node)
			b, errBytes := system.Bytes(entry.Node, 0, 100)
			if err != nil || errBytes != nil || a.Size != uint64(len(b)) || a.Type != vfs.File || a.Links == 0 {
				t.Errorf("%s: %+v, %v, %d bytes, %v", entry.Name, a, err, len(b), errBytes)
			}
			names = append(names, string(entry.Name)+"="+strings.TrimSpace(string(b)))
		default:
			names = append(names, string(entry.Name))
		}
	}
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
		var lower vfs.FileSystem
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
		if got := list(t, system, system.Root()); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if parent, err := system.Parent(system.Root()); err != nil || parent != system.Root() {
			t.Errorf("%s: the root's parent is %v, %v", test.name, parent, err)
		}
	}
}

func TestWithEtcErrors(t *testing.T) {
	version := ""
	for _, lower := range []vfs.FileSystem{nil, open(t)} {
		system, err := vfs.WithEtc(lower, generated(&version))
		if err != nil {
			t.Fatal(err)
		}
		walk := func(path string) (vfs.Entry, error) {
			return vfs.Resolve(system, vfs.Walk{Base: system.Root(), Path: []byte(path), Follow: true})
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
		_, errParent := system.Parent(hosts.Node)
		_, errEntry := system.Entry(hosts.Node, 0)
		_, errLink := system.Link(hosts.Node)
		_, errBytes := system.Bytes(etc.Node, 0, 1)
		_, errBytesBeyond := system.Bytes(beyond, 0, 1)
		_, errAttributes := system.Attributes(beyond)
		for i, pair := range [][2]error{
			{errLookup, vfs.ErrNotDirectory}, {errLookupBeyond, vfs.ErrNotFound}, {errParent, vfs.ErrNotDirectory},
			{errEntry, vfs.ErrNotDirectory}, {errLink, vfs.ErrNotLink}, {errBytes, vfs.ErrDirectory},
			{errBytesBeyond, vfs.ErrNotFound},
		} {
			if !errors.Is(pair[0], pair[1]) {
				t.Errorf("error %d: %v, want %v", i, pair[0], pair[1])
			}
		}
		if errAttributes == nil {
			t.Error("a node that nobody has has attributes")
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
	read := func(offset uint64) string {
		b, err := system.Bytes(file.Node, offset, 10)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	first := read(0)
	version = "x"
	if got := first + read(10) + read(20); got != "nameserver 10.0.2.3\n" {
		t.Errorf("read %q in pieces", got)
	}
	if got := read(0); got != "x" {
		t.Errorf("read %q from the beginning, want what is there now", got)
	}
	if a, err := system.Attributes(file.Node); err != nil || a.Size != 1 {
		t.Errorf("attributes %+v, %v", a, err)
	}
}
