package vfs_test

import (
	"testing"

	"mewz/kernel/vfs"
	"mewz/kernel/vfs/memfs"
)

func TestReadOnly(t *testing.T) {
	files, err := memfs.New(memfs.Options{LimitBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	root := files.Root()
	made, h, err := files.Create(root, []byte("a"), vfs.ModeWrite)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := files.Write(h, [][]byte{[]byte("hello")}, 0); err != nil {
		t.Fatal(err)
	}
	v := vfs.ReadOnly(files)
	for name, change := range map[string]func() error{
		"Open":            func() error { _, err := v.Open(made.Node, vfs.ModeRead|vfs.ModeWrite); return err },
		"Create":          func() error { _, _, err := v.Create(root, []byte("b"), vfs.ModeWrite); return err },
		"SetAttributes":   func() error { return v.SetAttributes(made.Node, vfs.Change{SetSize: true}) },
		"MakeDirectory":   func() error { return v.MakeDirectory(root, []byte("b")) },
		"MakeSymlink":     func() error { return v.MakeSymlink(root, []byte("b"), []byte("a")) },
		"MakeLink":        func() error { return v.MakeLink(made.Node, root, []byte("b")) },
		"Unlink":          func() error { return v.Unlink(root, []byte("a")) },
		"Rename":          func() error { return v.Rename(root, []byte("a"), root, []byte("b")) },
		"RemoveDirectory": func() error { return v.RemoveDirectory(root, []byte("a")) },
	} {
		want := vfs.ErrReadOnly
		if name == "RemoveDirectory" {
			want = vfs.ErrNotDirectory
		}
		if err := change(); err != want {
			t.Errorf("%s = %v, want %v", name, err, want)
		}
	}
	// What changes below is seen.
	if _, err := files.Write(h, [][]byte{[]byte("J")}, 0); err != nil {
		t.Fatal(err)
	}
	read, err := v.Open(made.Node, vfs.ModeRead)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 10)
	if n, err := v.Read(read, [][]byte{b}, 0); string(b[:n]) != "Jello" || err != nil {
		t.Errorf("Read = %q, %v", b[:n], err)
	}
}
