package vfstest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"mewz/kernel/vfs"
)

// Limits say what a file system does not do, or only so far. The zero value is
// one that does all that vfs.FileSystem says.
type Limits struct {
	// OffsetMax is the greatest size of a file; 0: vfs.OffsetMax.
	OffsetMax uint64
	// TimeNanos is the unit of times; 0: a nanosecond.
	TimeNanos uint64
	// TargetMax is the longest target of a symbolic link; 0: 4095 bytes.
	TargetMax int
	// Entries is how many files one directory is tested with; 0: 2000.
	Entries int
	// Depth is how many directories lie below each other in the test; 0: 300.
	Depth int
	// FillBytes is about how much fits into an empty file system, to fill it up; 0:
	// that is not tested.
	FillBytes uint64
	// UnlinkedNeedsHandle says that a file without a name lives on only while it is
	// open, not by a reference alone.
	UnlinkedNeedsHandle bool
	// LooseCookies says that listings are not stable while the directory changes.
	LooseCookies bool
}

// tester is a file system under test.
type tester struct {
	*testing.T
	files  vfs.FileSystem
	limits Limits
	root   vfs.NodeID
}

// rule is what a file system has to do.
type rule struct {
	name string
	test func(t *tester)
}

// Run holds a file system that can be changed to what vfs.FileSystem says. open
// returns an empty one each time; it may register its end with t.Cleanup, which
// comes after the last reference and handle have been given back.
func Run(t *testing.T, open func(t *testing.T) vfs.FileSystem, limits Limits) {
	if limits.OffsetMax == 0 {
		limits.OffsetMax = vfs.OffsetMax
	}
	limits.TimeNanos = max(limits.TimeNanos, 1)
	if limits.TargetMax == 0 {
		limits.TargetMax = 4095
	}
	if limits.Entries == 0 {
		limits.Entries = 2000
	}
	if limits.Depth == 0 {
		limits.Depth = 300
	}
	for _, rule := range slices.Concat(contentRules, nameRules, renameRules, listRules) {
		t.Run(rule.name, func(t *testing.T) {
			files := open(t)
			rule.test(&tester{t, files, limits, files.Root()})
		})
	}
}

// want compares the answer of a call.
func (t *tester) want(call string, got, want error) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", call, got, want)
	}
}

// must ends the test if a call fails.
func (t *tester) must(call string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", call, err)
	}
}

// keep gives a reference back at the end of the test.
func (t *tester) keep(node vfs.NodeID) vfs.NodeID {
	t.Cleanup(func() { t.files.Release(node) })
	return node
}

// lookup returns what a name leads to.
func (t *tester) lookup(directory vfs.NodeID, name string) vfs.NodeID {
	t.Helper()
	entry, err := t.files.Lookup(directory, []byte(name))
	t.must("Lookup "+name, err)
	return t.keep(entry.Node)
}

// missing makes sure that a name leads nowhere.
func (t *tester) missing(directory vfs.NodeID, name string) {
	t.Helper()
	entry, err := t.files.Lookup(directory, []byte(name))
	t.want("Lookup "+name, err, vfs.ErrNotFound)
	if err == nil {
		t.files.Release(entry.Node)
	}
}

// create makes a file with a content.
func (t *tester) create(directory vfs.NodeID, name, content string) vfs.NodeID {
	t.Helper()
	entry, h, err := t.files.Create(directory, []byte(name), vfs.ModeWrite)
	t.must("Create "+name, err)
	if entry.Type != vfs.File {
		t.Errorf("Create %s: type %d, want a file", name, entry.Type)
	}
	t.write(h, content, 0)
	t.must("Close "+name, t.files.Close(h))
	return t.keep(entry.Node)
}

// mkdir makes a directory.
func (t *tester) mkdir(directory vfs.NodeID, name string) vfs.NodeID {
	t.Helper()
	t.must("MakeDirectory "+name, t.files.MakeDirectory(directory, []byte(name)))
	return t.lookup(directory, name)
}

// symlink makes a symbolic link.
func (t *tester) symlink(directory vfs.NodeID, name, target string) vfs.NodeID {
	t.Helper()
	t.must("MakeSymlink "+name, t.files.MakeSymlink(directory, []byte(name), []byte(target)))
	return t.lookup(directory, name)
}

// open opens a node until the end of the test.
func (t *tester) open(node vfs.NodeID, mode vfs.Mode) vfs.Handle {
	t.Helper()
	h, err := t.files.Open(node, mode)
	t.must("Open", err)
	t.Cleanup(func() {
		if err := t.files.Close(h); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	return h
}

// write writes all of a text.
func (t *tester) write(h vfs.Handle, text string, offset uint64) {
	t.Helper()
	half := len(text) / 2
	n, err := t.files.Write(h, [][]byte{[]byte(text[:half]), nil, []byte(text[half:])}, offset)
	if n != len(text) || err != nil {
		t.Fatalf("Write(%d bytes, %d) = %d, %v", len(text), offset, n, err)
	}
}

// readAt reads up to n bytes.
func (t *tester) readAt(h vfs.Handle, n int, offset uint64) string {
	t.Helper()
	b := bytes.Repeat([]byte{0xee}, n)
	got, err := t.files.Read(h, [][]byte{b[:n/3], nil, b[n/3:]}, offset)
	if err != nil {
		t.Fatalf("Read(%d bytes, %d) = %v", n, offset, err)
	}
	return string(b[:got])
}

// readMax is how much of a file content reads: more than any test writes.
const readMax = 1 << 16

// content opens a file and reads all of it.
func (t *tester) content(node vfs.NodeID) string {
	t.Helper()
	h, err := t.files.Open(node, vfs.ModeRead)
	t.must("Open", err)
	text := t.readAt(h, readMax, 0)
	t.must("Close", t.files.Close(h))
	return text
}

// wantContent compares what is in a file, and its size.
func (t *tester) wantContent(node vfs.NodeID, want string) {
	t.Helper()
	if got := t.content(node); got != want {
		t.Errorf("content %s, want %s", brief(got), brief(want))
	}
	if a := t.attributes(node); a.Size != uint64(len(want)) {
		t.Errorf("size %d, want %d", a.Size, len(want))
	}
}

// brief is a text that fits into a message.
func brief(text string) string {
	const most = 60
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strings.ReplaceAll("\""+text+"\"", "\x00", "·")
}

func (t *tester) attributes(node vfs.NodeID) vfs.Attributes {
	t.Helper()
	a, err := t.files.Attributes(node)
	t.must("Attributes", err)
	return a
}

// set changes attributes.
func (t *tester) set(node vfs.NodeID, change vfs.Change) {
	t.Helper()
	t.must("SetAttributes", t.files.SetAttributes(node, change))
}

func (t *tester) unlink(directory vfs.NodeID, name string) {
	t.Helper()
	t.must("Unlink "+name, t.files.Unlink(directory, []byte(name)))
}

func (t *tester) rename(from vfs.NodeID, fromName string, to vfs.NodeID, toName string) error {
	return t.files.Rename(from, []byte(fromName), to, []byte(toName))
}

// listed is an entry of a listing.
type listed struct {
	vfs.DirectoryEntry
	name string
}

// list returns entries from a cookie on, at most so many.
func (t *tester) list(h vfs.Handle, cookie uint64, most int) (all []listed) {
	t.Helper()
	t.must("List", t.files.List(h, cookie, func(e *vfs.DirectoryEntry) bool {
		all = append(all, listed{*e, string(e.Name)})
		return len(all) < most
	}))
	return all
}

// names returns the sorted names in a directory, without . and ..
func (t *tester) names(directory vfs.NodeID) string {
	t.Helper()
	h, err := t.files.Open(directory, vfs.ModeRead)
	t.must("Open", err)
	var names []string
	for _, e := range t.list(h, 0, 1<<30) {
		names = append(names, e.name)
	}
	t.must("Close", t.files.Close(h))
	if len(names) < 2 || names[0] != "." || names[1] != ".." {
		t.Fatalf("a listing begins with %q, want . and ..", names)
	}
	slices.Sort(names[2:])
	return strings.Join(names[2:], " ")
}

// wantNames compares what is in a directory.
func (t *tester) wantNames(directory vfs.NodeID, want string) {
	t.Helper()
	if got := t.names(directory); got != want {
		t.Errorf("names %q, want %q", got, want)
	}
}
