package vfstest

import "mewz/kernel/vfs"

// renameRules are the cases of rename.
var renameRules = []rule{
	{"RenameFile", testRenameFile},
	{"RenameOverFile", testRenameOverFile},
	{"RenameSameFile", testRenameSameFile},
	{"RenameDirectory", testRenameDirectory},
	{"RenameOverDirectory", testRenameOverDirectory},
	{"RenameBelowItself", testRenameBelowItself},
	{"RenameKinds", testRenameKinds},
	{"RenameLink", testRenameLink},
}

func testRenameFile(t *tester) {
	file, directory := t.create(t.root, "file", "content"), t.mkdir(t.root, "directory")
	h := t.open(file, vfs.ModeRead|vfs.ModeWrite)
	serial := t.attributes(file).Serial
	t.must("Rename", t.rename(t.root, "file", t.root, "other"))
	t.missing(t.root, "file")
	t.must("Rename", t.rename(t.root, "other", directory, "third"))
	t.missing(t.root, "other")
	t.wantNames(t.root, "directory")
	moved := t.lookup(directory, "third")
	if a := t.attributes(moved); a.Serial != serial || a.Links != 1 {
		t.Errorf("after renaming: %+v, want inode number %d", a, serial)
	}
	t.write(h, "CON", 0)
	t.wantContent(moved, "CONtent")
	t.wantContent(file, "CONtent")
	t.must("Rename", t.rename(directory, "third", t.root, "file"))
	t.wantNames(directory, "")
	t.wantNames(t.root, "directory file")
}

func testRenameOverFile(t *tester) {
	first, second := t.create(t.root, "first", "one"), t.create(t.root, "second", "two")
	h := t.open(second, vfs.ModeRead)
	t.must("Rename", t.rename(t.root, "first", t.root, "second"))
	t.wantNames(t.root, "second")
	t.wantContent(t.lookup(t.root, "second"), "one")
	if got := t.readAt(h, 10, 0); got != "two" {
		t.Errorf("the file that was replaced has %q", got)
	}
	if a := t.attributes(second); a.Links != 0 {
		t.Errorf("the file that was replaced has %d links", a.Links)
	}
	if a := t.attributes(first); a.Links != 1 {
		t.Errorf("the file that replaced it has %d links", a.Links)
	}
	directory := t.mkdir(t.root, "directory")
	third := t.create(directory, "third", "three")
	t.must("MakeLink", t.files.MakeLink(third, t.root, []byte("link")))
	t.must("Rename", t.rename(t.root, "second", directory, "third"))
	t.wantContent(t.lookup(directory, "third"), "one")
	t.wantContent(t.lookup(t.root, "link"), "three")
	if a := t.attributes(third); a.Links != 1 {
		t.Errorf("%d links, want the other name", a.Links)
	}
}

func testRenameSameFile(t *tester) {
	file := t.create(t.root, "file", "content")
	t.must("Rename to itself", t.rename(t.root, "file", t.root, "file"))
	t.must("MakeLink", t.files.MakeLink(file, t.root, []byte("second")))
	t.must("Rename to another name of the file", t.rename(t.root, "file", t.root, "second"))
	t.wantNames(t.root, "file second")
	if a := t.attributes(file); a.Links != 2 {
		t.Errorf("%d links, want 2", a.Links)
	}
	t.mkdir(t.root, "directory")
	t.must("Rename a directory to itself", t.rename(t.root, "directory", t.root, "directory"))
	t.wantNames(t.root, "directory file second")
}

func testRenameDirectory(t *tester) {
	from, to := t.mkdir(t.root, "from"), t.mkdir(t.root, "to")
	moved := t.mkdir(from, "moved")
	file := t.create(moved, "file", "content")
	h := t.open(moved, vfs.ModeRead)
	t.must("Rename", t.rename(from, "moved", to, "there"))
	t.wantNames(from, "")
	t.wantNames(to, "there")
	t.wantNames(moved, "file")
	t.wantContent(t.lookup(t.lookup(to, "there"), "file"), "content")
	t.wantContent(file, "content")
	if e := t.list(h, 0, 2)[1]; e.Serial != 0 && e.Serial != t.attributes(to).Serial {
		t.Errorf(".. of a moved directory is %d, want %d", e.Serial, t.attributes(to).Serial)
	}
	t.create(moved, "second", "")
	t.wantNames(t.lookup(to, "there"), "file second")
	t.must("RemoveDirectory", t.files.RemoveDirectory(t.root, []byte("from")))
	t.want("RemoveDirectory of where it is", t.files.RemoveDirectory(t.root, []byte("to")), vfs.ErrNotEmpty)
}

func testRenameOverDirectory(t *tester) {
	t.mkdir(t.root, "empty")
	full, other := t.mkdir(t.root, "full"), t.mkdir(t.root, "other")
	t.create(full, "file", "content")
	t.create(other, "x", "")
	t.want("Rename over a directory with something in it", t.rename(t.root, "empty", t.root, "full"), vfs.ErrNotEmpty)
	t.want("Rename over a directory with something in it", t.rename(t.root, "other", t.root, "full"), vfs.ErrNotEmpty)
	t.wantNames(t.root, "empty full other")
	t.must("Rename over an empty directory", t.rename(t.root, "full", t.root, "empty"))
	t.wantNames(t.root, "empty other")
	t.wantNames(t.lookup(t.root, "empty"), "file")
	t.wantNames(full, "file")
}

func testRenameBelowItself(t *tester) {
	directory := t.mkdir(t.root, "directory")
	below := t.mkdir(directory, "below")
	t.want("Rename into itself", t.rename(t.root, "directory", directory, "x"), vfs.ErrInvalid)
	t.want("Rename below itself", t.rename(t.root, "directory", below, "x"), vfs.ErrInvalid)
	t.create(below, "file", "")
	if err := t.rename(directory, "below", t.root, "directory"); err != vfs.ErrNotEmpty {
		t.Errorf("Rename over what it is in = %v, want %v", err, vfs.ErrNotEmpty)
	}
	t.wantNames(t.root, "directory")
	t.wantNames(directory, "below")
	t.wantNames(below, "file")
	t.must("Rename", t.rename(directory, "below", t.root, "beside"))
	t.must("Rename", t.rename(t.root, "directory", below, "inside"))
	t.wantNames(t.lookup(t.root, "beside"), "file inside")
}

func testRenameKinds(t *tester) {
	t.create(t.root, "file", "content")
	t.mkdir(t.root, "directory")
	t.symlink(t.root, "link", "file")
	t.want("Rename a file over a directory", t.rename(t.root, "file", t.root, "directory"), vfs.ErrDirectory)
	t.want("Rename a link over a directory", t.rename(t.root, "link", t.root, "directory"), vfs.ErrDirectory)
	t.want("Rename a directory over a file", t.rename(t.root, "directory", t.root, "file"), vfs.ErrNotDirectory)
	t.want("Rename a directory over a link", t.rename(t.root, "directory", t.root, "link"), vfs.ErrNotDirectory)
	t.wantNames(t.root, "directory file link")
	t.must("Rename a file over a link", t.rename(t.root, "file", t.root, "link"))
	t.wantContent(t.lookup(t.root, "link"), "content")
	t.wantNames(t.root, "directory link")
}

func testRenameLink(t *tester) {
	t.create(t.root, "file", "content")
	t.symlink(t.root, "link", "file")
	t.must("Rename a link over what it leads to", t.rename(t.root, "link", t.root, "file"))
	t.wantNames(t.root, "file")
	if got, err := t.files.ReadLink(t.lookup(t.root, "file")); err != nil || string(got) != "file" {
		t.Errorf("ReadLink = %q, %v", got, err)
	}
}
