package vfstest

import (
	"strings"
	"syscall"

	"mewz/kernel/vfs"
)

// nameRules are about what has which name.
var nameRules = []rule{
	{"Root", testRoot},
	{"Create", testCreate},
	{"Names", testNames},
	{"Exists", testExists},
	{"NotADirectory", testNotADirectory},
	{"Missing", testMissing},
	{"Directories", testDirectories},
	{"RemovedDirectory", testRemovedDirectory},
	{"Symlinks", testSymlinks},
	{"HardLinks", testHardLinks},
	{"References", testReferences},
	{"Deep", testDeep},
}

func testRoot(t *tester) {
	a := t.attributes(t.root)
	if a.Type != vfs.Directory || a.Serial == 0 || a.Links == 0 {
		t.Errorf("attributes of the root: %+v", a)
	}
	t.wantNames(t.root, "")
	h := t.open(t.root, vfs.ModeRead)
	for i, e := range t.list(h, 0, 10) {
		if name := []string{".", ".."}[i]; e.name != name || e.Serial != 0 && e.Serial != a.Serial {
			t.Errorf("entry %d of the root is %q with %+v, want %s with %d", i, e.name, e.DirectoryEntry, name, a.Serial)
		}
	}
	t.files.Hold(t.root)
	t.files.Release(t.root)
	t.missing(t.root, "nothing")
}

func testCreate(t *tester) {
	entry, h, err := t.files.Create(t.root, []byte("file"), vfs.ModeRead|vfs.ModeWrite)
	t.must("Create", err)
	t.keep(entry.Node)
	t.write(h, "content", 0)
	if got := t.readAt(h, 10, 0); got != "content" {
		t.Errorf("read %q from a new file", got)
	}
	t.must("Close", t.files.Close(h))
	found, err := t.files.Lookup(t.root, []byte("file"))
	t.must("Lookup", err)
	t.keep(found.Node)
	if found.Type != vfs.File {
		t.Errorf("Lookup: type %d", found.Type)
	}
	a, b := t.attributes(entry.Node), t.attributes(found.Node)
	if a.Serial == 0 || a.Serial != b.Serial || a.Type != vfs.File || a.Links != 1 || a.Size != 7 {
		t.Errorf("attributes %+v when created, %+v when found", a, b)
	}
	t.wantContent(found.Node, "content")
}

func testNames(t *tester) {
	names := []string{
		"a", "...", ".hidden", " ", "a b", "tab\t", "new\nline", "-", "*", "\\", "ü", "\x01", strings.Repeat("n", 255),
		strings.Repeat("n", 254), "A",
	}
	for i, name := range names {
		t.create(t.root, name, name)
		t.wantContent(t.lookup(t.root, name), names[i])
	}
	for _, name := range names {
		t.wantContent(t.lookup(t.root, name), name)
		t.unlink(t.root, name)
		t.missing(t.root, name)
	}
	t.wantNames(t.root, "")
}

func testExists(t *tester) {
	file := t.create(t.root, "file", "content")
	t.mkdir(t.root, "directory")
	t.symlink(t.root, "link", "file")
	for _, name := range []string{"file", "directory", "link"} {
		_, _, err := t.files.Create(t.root, []byte(name), vfs.ModeWrite)
		t.want("Create "+name, err, vfs.ErrExists)
		t.want("MakeDirectory "+name, t.files.MakeDirectory(t.root, []byte(name)), vfs.ErrExists)
		t.want("MakeSymlink "+name, t.files.MakeSymlink(t.root, []byte(name), []byte("x")), vfs.ErrExists)
		t.want("MakeLink "+name, t.files.MakeLink(file, t.root, []byte(name)), vfs.ErrExists)
	}
	t.wantNames(t.root, "directory file link")
	t.wantContent(file, "content")
}

func testNotADirectory(t *tester) {
	file, other := t.create(t.root, "file", ""), t.create(t.root, "other", "")
	_, err := t.files.Lookup(file, []byte("x"))
	t.want("Lookup", err, vfs.ErrNotDirectory)
	_, _, err = t.files.Create(file, []byte("x"), vfs.ModeWrite)
	t.want("Create", err, vfs.ErrNotDirectory)
	t.want("MakeDirectory", t.files.MakeDirectory(file, []byte("x")), vfs.ErrNotDirectory)
	t.want("MakeSymlink", t.files.MakeSymlink(file, []byte("x"), []byte("y")), vfs.ErrNotDirectory)
	t.want("MakeLink", t.files.MakeLink(other, file, []byte("x")), vfs.ErrNotDirectory)
	t.want("Unlink", t.files.Unlink(file, []byte("x")), vfs.ErrNotDirectory)
	t.want("RemoveDirectory", t.files.RemoveDirectory(file, []byte("x")), vfs.ErrNotDirectory)
	t.want("RemoveDirectory of a file", t.files.RemoveDirectory(t.root, []byte("file")), vfs.ErrNotDirectory)
	t.want("Rename to", t.rename(t.root, "other", file, "x"), vfs.ErrNotDirectory)
	t.want("Rename from", t.rename(file, "x", t.root, "y"), vfs.ErrNotDirectory)
	t.wantNames(t.root, "file other")
}

func testMissing(t *tester) {
	t.want("Unlink", t.files.Unlink(t.root, []byte("x")), vfs.ErrNotFound)
	t.want("RemoveDirectory", t.files.RemoveDirectory(t.root, []byte("x")), vfs.ErrNotFound)
	t.want("Rename", t.rename(t.root, "x", t.root, "y"), vfs.ErrNotFound)
}

func testDirectories(t *tester) {
	directory := t.mkdir(t.root, "directory")
	below := t.mkdir(directory, "below")
	t.want("Unlink a directory", t.files.Unlink(t.root, []byte("directory")), vfs.ErrDirectory)
	t.want("RemoveDirectory with something in it", t.files.RemoveDirectory(t.root, []byte("directory")), vfs.ErrNotEmpty)
	for _, pair := range []struct{ node, parent vfs.NodeID }{{directory, t.root}, {below, directory}} {
		entries := t.list(t.open(pair.node, vfs.ModeRead), 0, 2)
		self, parent := t.attributes(pair.node).Serial, t.attributes(pair.parent).Serial
		if e := entries[0]; e.name != "." || e.Serial != 0 && e.Serial != self {
			t.Errorf("the first entry is %q, %+v, want . with %d", e.name, e.DirectoryEntry, self)
		}
		if e := entries[1]; e.name != ".." || e.Serial != 0 && e.Serial != parent {
			t.Errorf("the second entry is %q, %+v, want .. with %d", e.name, e.DirectoryEntry, parent)
		}
	}
	t.must("RemoveDirectory", t.files.RemoveDirectory(directory, []byte("below")))
	t.wantNames(directory, "")
	t.must("RemoveDirectory", t.files.RemoveDirectory(t.root, []byte("directory")))
	t.wantNames(t.root, "")
}

func testRemovedDirectory(t *tester) {
	file := t.create(t.root, "file", "")
	directory := t.mkdir(t.root, "directory")
	t.open(directory, vfs.ModeRead)
	t.must("RemoveDirectory", t.files.RemoveDirectory(t.root, []byte("directory")))
	t.missing(directory, "x")
	_, _, err := t.files.Create(directory, []byte("x"), vfs.ModeWrite)
	t.want("Create in a removed directory", err, vfs.ErrNotFound)
	t.want("MakeDirectory in a removed directory", t.files.MakeDirectory(directory, []byte("x")), vfs.ErrNotFound)
	t.want("MakeSymlink in a removed directory", t.files.MakeSymlink(directory, []byte("x"), []byte("y")), vfs.ErrNotFound)
	t.want("MakeLink into a removed directory", t.files.MakeLink(file, directory, []byte("x")), vfs.ErrNotFound)
	t.want("Rename into a removed directory", t.rename(t.root, "file", directory, "x"), vfs.ErrNotFound)
	t.wantNames(t.root, "file")
	t.mkdir(t.root, "directory")
	t.wantNames(t.lookup(t.root, "directory"), "")
}

func testSymlinks(t *tester) {
	file := t.create(t.root, "file", "content")
	for name, target := range map[string]string{
		"relative": "file", "absolute": "/x/y", "dangling": "no such thing/..", "long": strings.Repeat("t", t.limits.TargetMax),
		"middle": strings.Repeat("m", 300), "bytes": "\x01\\ ü",
	} {
		link := t.symlink(t.root, name, target)
		got, err := t.files.ReadLink(link)
		if err != nil || string(got) != target {
			t.Errorf("ReadLink %s = %s, %v, want %s", name, brief(string(got)), err, brief(target))
		}
		if a := t.attributes(link); a.Type != vfs.Symlink || a.Size != uint64(len(target)) {
			t.Errorf("attributes of %s: %+v", name, a)
		}
		t.must("Rename", t.rename(t.root, name, t.root, "moved"))
		moved := t.lookup(t.root, "moved")
		if got, err := t.files.ReadLink(moved); err != nil || string(got) != target {
			t.Errorf("ReadLink %s = %s, %v when moved, want %s", name, brief(string(got)), err, brief(target))
		}
		t.unlink(t.root, "moved")
	}
	_, err := t.files.ReadLink(file)
	t.want("ReadLink of a file", err, vfs.ErrNotLink)
	_, err = t.files.ReadLink(t.root)
	t.want("ReadLink of a directory", err, vfs.ErrNotLink)
	t.wantNames(t.root, "file")
}

func testHardLinks(t *tester) {
	file, directory := t.create(t.root, "file", "content"), t.mkdir(t.root, "directory")
	t.must("MakeLink", t.files.MakeLink(file, directory, []byte("second")))
	second := t.lookup(directory, "second")
	a, b := t.attributes(file), t.attributes(second)
	if a.Links != 2 || b.Links != 2 || a.Serial != b.Serial || b.Type != vfs.File {
		t.Errorf("two names of a file have %+v and %+v", a, b)
	}
	t.write(t.open(second, vfs.ModeWrite), "CON", 0)
	t.wantContent(file, "CONtent")
	t.unlink(t.root, "file")
	if b = t.attributes(second); b.Links != 1 || b.Serial != a.Serial {
		t.Errorf("the name that is left has %+v", b)
	}
	t.wantContent(t.lookup(directory, "second"), "CONtent")
	t.want("MakeLink of a directory", t.files.MakeLink(directory, t.root, []byte("x")), syscall.EPERM)
	t.must("MakeLink", t.files.MakeLink(second, t.root, []byte("file")))
	if a = t.attributes(t.lookup(t.root, "file")); a.Links != 2 {
		t.Errorf("%d links, want 2", a.Links)
	}
}

func testReferences(t *tester) {
	directory := t.mkdir(t.root, "directory")
	file := t.create(directory, "file", "content")
	for range 3 {
		t.files.Hold(file)
		entry, err := t.files.Lookup(directory, []byte("file"))
		t.must("Lookup", err)
		if a := t.attributes(entry.Node); a.Serial != t.attributes(file).Serial {
			t.Errorf("another inode number: %+v", a)
		}
		t.files.Release(entry.Node)
	}
	for range 3 {
		t.files.Release(file)
	}
	t.wantContent(file, "content")
	h := t.open(file, vfs.ModeRead)
	for range 100 {
		again, err := t.files.Open(file, vfs.ModeRead)
		t.must("Open", err)
		t.must("Close", t.files.Close(again))
	}
	if got := t.readAt(h, 100, 0); got != "content" {
		t.Errorf("read %q", got)
	}
}

// testDeep makes directories below each other.
func testDeep(t *tester) {
	at := t.root
	nodes := []vfs.NodeID{at}
	for range t.limits.Depth {
		at = t.mkdir(at, "d")
		nodes = append(nodes, at)
	}
	t.create(at, "file", "deep")
	walked := t.root
	for range t.limits.Depth {
		walked = t.lookup(walked, "d")
	}
	t.wantContent(t.lookup(walked, "file"), "deep")
	t.want("Rename a directory below itself", t.rename(t.root, "d", at, "x"), vfs.ErrInvalid)
	t.unlink(at, "file")
	for i := len(nodes) - 2; i >= 0; i-- {
		t.must("RemoveDirectory", t.files.RemoveDirectory(nodes[i], []byte("d")))
	}
	t.wantNames(t.root, "")
}
