package ext4

import (
	"fmt"
	"testing"

	"mewz/kernel/vfs"
)

// TestNamesSpread: names as programs have them do not drive each other out.
func TestNamesSpread(t *testing.T) {
	for _, pattern := range []string{"%d", "file%d", "file%04d", "a-longer-name.%d.txt", "%d-and-a-longer-tail"} {
		var known names
		const count = nameSlots / 16
		for i := range uint32(count) {
			known.put(12, fmt.Appendf(nil, pattern, i), &inode{number: i + 1})
		}
		lost := 0
		for i := range uint32(count) {
			if inode, _, ok := known.find(12, fmt.Appendf(nil, pattern, i)); !ok {
				lost++
			} else if inode != i+1 {
				t.Fatalf("%s: %d leads to %d", pattern, i, inode)
			}
		}
		if lost > count/8 { // as many as by chance: half of a sixteenth, and more
			t.Errorf("%s: %d of %d names are lost", pattern, lost, count)
		}
	}
}

// TestNamesExact: what is known of names is true after each change of them, also one that
// fails.
func TestNamesExact(t *testing.T) {
	d := format(t, 16)
	fs := open(t, d, Options{})
	root := fs.Root()
	is := func(name string, want string) {
		t.Helper()
		e, err := fs.Lookup(root, []byte(name))
		if want == "" {
			if err != vfs.ErrNotFound {
				t.Errorf("%s: %v, want ErrNotFound", name, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer fs.Release(e.Node)
		if target, err := fs.ReadLink(e.Node); err != nil || string(target) != want {
			t.Errorf("%s leads to %s (%v), want %s", name, target, err, want)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	is("a", "")
	is("b", "")
	do(fs.MakeSymlink(root, []byte("a"), []byte("one")))
	is("a", "one")
	do(fs.Rename(root, []byte("a"), root, []byte("b")))
	is("a", "")
	is("b", "one")
	do(fs.MakeSymlink(root, []byte("a"), []byte("two")))
	is("a", "two")
	do(fs.Rename(root, []byte("a"), root, []byte("b")))
	is("a", "")
	is("b", "two")
	do(fs.Unlink(root, []byte("b")))
	is("b", "")
	do(fs.MakeDirectory(root, []byte("d")))
	e, err := fs.Lookup(root, []byte("d"))
	do(err)
	if _, err := fs.Lookup(e.Node, []byte("x")); err != vfs.ErrNotFound {
		t.Errorf("d/x: %v", err)
	}
	number := e.Node
	fs.Release(e.Node)
	do(fs.RemoveDirectory(root, []byte("d")))
	do(fs.SyncAll())
	do(fs.MakeDirectory(root, []byte("e"))) // has the number of the one that is gone
	e, err = fs.Lookup(root, []byte("e"))
	do(err)
	if uint32(e.Node) != uint32(number) {
		t.Fatalf("the inode is %d, want %d again", uint32(e.Node), uint32(number))
	}
	do(fs.MakeSymlink(e.Node, []byte("x"), []byte("three")))
	if x, err := fs.Lookup(e.Node, []byte("x")); err != nil {
		t.Errorf("e/x: %v", err)
	} else {
		fs.Release(x.Node)
	}
	fs.Release(e.Node)
}
