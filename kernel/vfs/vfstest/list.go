package vfstest

import (
	"strconv"

	"mewz/kernel/vfs"
)

// listRules are about listings.
var listRules = []rule{
	{"ListTypes", testListTypes},
	{"ListPieces", testListPieces},
	{"ListWhileChanging", testListWhileChanging},
	{"ListWhileRemoving", testListWhileRemoving},
	{"ManyEntries", testManyEntries},
}

func testListTypes(t *tester) {
	nodes := map[string]vfs.NodeID{
		"file": t.create(t.root, "file", ""), "directory": t.mkdir(t.root, "directory"), "link": t.symlink(t.root, "link", "x"),
	}
	entries := t.list(t.open(t.root, vfs.ModeRead), 0, 100)
	if len(entries) != 2+len(nodes) {
		t.Errorf("%d entries, want %d", len(entries), 2+len(nodes))
	}
	for _, e := range entries[2:] {
		a := t.attributes(nodes[e.name])
		if e.Serial != 0 && e.Serial != a.Serial || e.Type != 0 && e.Type != a.Type {
			t.Errorf("%s is listed as %+v and has %+v", e.name, e.DirectoryEntry, a)
		}
	}
	h, err := t.files.Open(nodes["file"], vfs.ModeRead)
	t.must("Open", err)
	if err := t.files.List(h, 0, func(*vfs.DirectoryEntry) bool { return true }); err != vfs.ErrNotDirectory {
		t.Errorf("List of a file = %v, want %v", err, vfs.ErrNotDirectory)
	}
	t.must("Close", t.files.Close(h))
}

// numbered makes files with numbers for names.
func (t *tester) numbered(directory vfs.NodeID, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		entry, h, err := t.files.Create(directory, []byte(strconv.Itoa(i)), vfs.ModeWrite)
		t.must("Create", err)
		t.must("Close", t.files.Close(h))
		t.files.Release(entry.Node)
	}
}

// pieces lists a directory a few entries at a time, and calls between in the
// pauses. It returns how often each name came.
func (t *tester) pieces(h vfs.Handle, size int, between func(seen []listed)) map[string]int {
	t.Helper()
	const rounds = 1 << 20 // more than any listing has pieces
	count := map[string]int{}
	cookie := uint64(0)
	for range rounds {
		piece := t.list(h, cookie, size)
		if len(piece) == 0 {
			return count
		}
		for _, e := range piece {
			count[e.name]++
		}
		cookie = piece[len(piece)-1].Next
		between(piece)
	}
	t.Fatal("a listing does not end")
	return nil
}

func testListPieces(t *tester) {
	const files = 200
	t.numbered(t.root, 0, files)
	h, other := t.open(t.root, vfs.ModeRead), t.open(t.root, vfs.ModeRead)
	whole := t.list(h, 0, 1<<30)
	if len(whole) != files+2 {
		t.Fatalf("%d entries, want %d", len(whole), files+2)
	}
	for _, size := range []int{1, 2, 3, 50, files + 2, files + 3} {
		count := t.pieces(h, size, func([]listed) {})
		if len(count) != files+2 {
			t.Errorf("%d names in pieces of %d, want %d", len(count), size, files+2)
		}
		for name, n := range count {
			if n != 1 {
				t.Errorf("%s comes %d times in pieces of %d", name, n, size)
			}
		}
	}
	for i, e := range whole[:len(whole)-1] { // any cookie, on any handle, in any order
		if next := t.list(other, e.Next, 1); len(next) != 1 || next[0].name != whole[i+1].name {
			t.Errorf("behind %s comes %v, want %s", e.name, next, whole[i+1].name)
		}
	}
	if rest := t.list(other, whole[len(whole)-1].Next, 1); len(rest) != 0 {
		t.Errorf("behind the last entry comes %s", rest[0].name)
	}
}

// testListWhileChanging makes and removes other files in the pauses of a listing.
func testListWhileChanging(t *tester) {
	if t.limits.LooseCookies {
		t.Skip("issue 5: listings are not stable")
	}
	const files = 300
	t.numbered(t.root, 0, files)
	h := t.open(t.root, vfs.ModeRead)
	made := 0
	count := t.pieces(h, 7, func([]listed) {
		if made < 1000 {
			t.numbered(t.root, files+made, files+made+11)
			for i := made; i < made+9; i++ {
				t.unlink(t.root, strconv.Itoa(files+i))
			}
			made += 11
		}
	})
	for i := range files {
		if n := count[strconv.Itoa(i)]; n != 1 {
			t.Errorf("%d comes %d times, want once", i, n)
		}
	}
	for name, n := range count {
		if n > 1 {
			t.Errorf("%s comes %d times", name, n)
		}
	}
}

// testListWhileRemoving removes what it lists, as rm -r does.
func testListWhileRemoving(t *tester) {
	const files = 300
	directory := t.mkdir(t.root, "directory")
	t.numbered(directory, 0, files)
	h := t.open(directory, vfs.ModeRead)
	removed := 0
	t.pieces(h, 10, func(piece []listed) {
		for _, e := range piece {
			if e.name != "." && e.name != ".." {
				t.unlink(directory, e.name)
				removed++
			}
		}
	})
	if removed != files && !t.limits.LooseCookies {
		t.Errorf("removed %d of %d", removed, files)
	}
	if !t.limits.LooseCookies {
		t.must("RemoveDirectory", t.files.RemoveDirectory(t.root, []byte("directory")))
	}
}

func testManyEntries(t *tester) {
	directory := t.mkdir(t.root, "many")
	n := t.limits.Entries
	t.numbered(directory, 0, n)
	h := t.open(directory, vfs.ModeRead)
	if got := len(t.list(h, 0, 1<<30)); got != n+2 {
		t.Errorf("%d entries, want %d", got, n+2)
	}
	for i := range n {
		entry, err := t.files.Lookup(directory, []byte(strconv.Itoa(i)))
		t.must("Lookup", err)
		t.files.Release(entry.Node)
	}
	t.missing(directory, strconv.Itoa(n))
	for i := range n {
		t.unlink(directory, strconv.Itoa((i*7919)%n)) // 7919 is prime, so this is all of them
	}
	t.wantNames(directory, "")
	t.must("RemoveDirectory", t.files.RemoveDirectory(t.root, []byte("many")))
}
