package fuse

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"mewz/kernel/vfs"
)

func TestBasic(t *testing.T) {
	dir := t.TempDir()
	f := openVhost(t, dir)
	e, h, err := f.Create(f.Root(), []byte("a"), vfs.ModeRead|vfs.ModeWrite)
	if err != nil {
		t.Fatal(err)
	}
	big := bytes.Repeat([]byte("0123456789abcdef"), 200_000)
	if n, err := f.Write(h, [][]byte{big[:100], big[100:]}, 0); n != len(big) || err != nil {
		t.Fatal(n, err)
	}
	got := make([]byte, len(big)+100)
	if n, err := f.Read(h, [][]byte{got[:77], got[77:]}, 0); n != len(big) || err != nil || !bytes.Equal(got[:n], big) {
		t.Fatal(n, err)
	}
	if n, end, err := f.Append(h, [][]byte{[]byte("end")}); n != 3 || end != uint64(len(big)+3) || err != nil {
		t.Fatal(n, end, err)
	}
	a, err := f.Attributes(e.Node)
	if err != nil || a.Size != uint64(len(big)+3) || a.Links != 1 {
		t.Fatal(a, err)
	}
	if err := f.Sync(h, true); err != nil {
		t.Fatal(err)
	}
	if err := f.Unlink(f.Root(), []byte("a")); err != nil {
		t.Fatal(err)
	}
	a, err = f.Attributes(e.Node)
	if err != nil || a.Size != uint64(len(big)+3) || a.Links != 0 {
		t.Fatal(a, err)
	}
	if err := f.SetAttributes(e.Node, vfs.Change{SetSize: true, Size: 5}); err != nil {
		t.Fatal(err)
	}
	for i, at := 0, 0; ; i++ {
		n, err := f.Read(h, [][]byte{got[:2]}, uint64(at))
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		at += n
	}
	if err := f.Close(h); err != nil {
		t.Fatal(err)
	}
	f.Release(e.Node)
	for i := range 3000 {
		if err := os.WriteFile(filepath.Join(dir, string(rune('a'+i%26))+string(rune('0'+i))), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := f.Open(f.Root(), vfs.ModeRead)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	cookie := uint64(0)
	for more := true; more; {
		more = false
		count := 0
		err := f.List(d, cookie, func(e *vfs.DirectoryEntry) bool {
			if count++; count > 100 {
				return false
			}
			more = true
			if seen[string(e.Name)] {
				t.Errorf("%s twice", e.Name)
			}
			seen[string(e.Name)] = true
			cookie = e.Next
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 3002 {
		t.Fatal(len(seen))
	}
	f.End()
}
