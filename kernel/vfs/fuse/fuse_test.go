package fuse

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"mewz/kernel/vfs"
)

// must ends a test after an error.
func must(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// readAll reads a file from the beginning in steps.
func readAll(t testing.TB, f vfs.FileSystem, h vfs.Handle, step int) []byte {
	t.Helper()
	var all []byte
	b := make([]byte, step)
	for {
		n, err := f.Read(h, [][]byte{b[:step/3], b[step/3:]}, uint64(len(all)))
		must(t, "Read", err)
		if n == 0 {
			return all
		}
		all = append(all, b[:n]...)
	}
}

// TestSizes writes and reads files of all sizes that matter, in steps of all sizes that do.
func TestSizes(t *testing.T) {
	share, reached := openReached(t, t.TempDir())
	for _, f := range []vfs.FileSystem{share, reached} {
		sizes(t, f)
	}
	ends(t, share)
}

func sizes(t *testing.T, f vfs.FileSystem) {
	big := make([]byte, 2*writeMax+12345)
	for i := range big {
		big[i] = byte(i * 7 / 3)
	}
	for _, size := range []int{0, 1, windowFirst - 1, windowFirst, windowFirst + 1, pieceBytes, 3*pieceBytes - 1, writeMax, writeMax + 1, len(big)} {
		e, h, err := f.Create(f.Root(), []byte("file"), vfs.ModeRead|vfs.ModeWrite)
		must(t, "Create", err)
		if n, err := f.Write(h, [][]byte{big[:size/2], nil, big[size/2 : size]}, 0); n != size || err != nil {
			t.Fatalf("Write(%d) = %d, %v", size, n, err)
		}
		for _, step := range []int{1000, 4096, directBytes - 1, directBytes, pieceBytes + 1, len(big) + 1} {
			if got := readAll(t, f, h, step); !bytes.Equal(got, big[:size]) {
				t.Errorf("%d bytes in steps of %d: %d bytes come back, or others", size, step, len(got))
			}
		}
		must(t, "Close", f.Close(h))
		must(t, "Unlink", f.Unlink(f.Root(), []byte("file")))
		f.Release(e.Node)
	}
}

// TestOthersChange changes files from the outside: the next call sees it, and a handle that
// reads ahead no later than keepFor.
func TestOthersChange(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "file")
	f := openVhost(t, directory)
	put := func(content string) { must(t, "WriteFile", os.WriteFile(path, []byte(content), 0o600)) }
	get := func(h vfs.Handle, at uint64) string {
		b := make([]byte, 100)
		n, err := f.Read(h, [][]byte{b}, at)
		must(t, "Read", err)
		return string(b[:n])
	}
	put("first")
	e, err := f.Lookup(f.Root(), []byte("file"))
	must(t, "Lookup", err)
	h, err := f.Open(e.Node, vfs.ModeRead)
	must(t, "Open", err)
	if got := get(h, 0) + get(h, 5); got != "first" {
		t.Errorf("read %q", got)
	}
	put("second!")
	if a, err := f.Attributes(e.Node); err != nil || a.Size != 7 {
		t.Errorf("Attributes = %+v, %v", a, err)
	}
	if got := get(h, 0) + get(h, 7); got != "second!" {
		t.Errorf("read %q after the attributes", got)
	}
	put("third, and longer")
	other, err := f.Open(e.Node, vfs.ModeRead)
	must(t, "Open", err)
	if got := get(h, 0); got != "third, and longer" {
		t.Errorf("read %q after it was opened again", got)
	}
	put("fourth, and longer still")
	time.Sleep(keepFor)
	if got := get(h, 17); got != "longer still"[5:] {
		t.Errorf("read %q after a while", got)
	}
	must(t, "Remove", os.Remove(path))
	if _, err := f.Lookup(f.Root(), []byte("file")); err != vfs.ErrNotFound {
		t.Errorf("Lookup = %v after it was removed", err)
	}
	must(t, "Close", f.Close(other))
	must(t, "Close", f.Close(h))
	f.Release(e.Node)
	ends(t, f)
}

// TestAppendTogether appends by a share and on the host at once: nobody loses anything.
func TestAppendTogether(t *testing.T) {
	directory := t.TempDir()
	f := openVhost(t, directory)
	e, h, err := f.Create(f.Root(), []byte("log"), vfs.ModeWrite)
	must(t, "Create", err)
	host, err := os.OpenFile(filepath.Join(directory, "log"), os.O_APPEND|os.O_WRONLY, 0)
	must(t, "OpenFile", err)
	defer host.Close()
	want := ""
	for range 20 {
		_, end, err := f.Append(h, [][]byte{[]byte("gu"), []byte("est ")})
		must(t, "Append", err)
		if want += "guest "; end != uint64(len(want)) {
			t.Errorf("Append ends at %d, want %d", end, len(want))
		}
		_, err = host.WriteString("host ")
		must(t, "WriteString", err)
		want += "host "
	}
	must(t, "Close", f.Close(h))
	f.Release(e.Node)
	if got, err := os.ReadFile(host.Name()); err != nil || string(got) != want {
		t.Errorf("the file has %q, %v", got, err)
	}
	ends(t, f)
}

// TestAppendUnseen: an append that was written is one, and ends where it ends, even if nobody can
// tell any more how long the file is.
func TestAppendUnseen(t *testing.T) {
	s := newServer(t)
	f := s.mustStart()
	_, h, err := f.Create(f.Root(), []byte("log"), vfs.ModeWrite)
	must(t, "Create", err)
	for i := range 3 {
		if i == 1 {
			s.lie = func(op opcode, out []byte) ([]byte, uint32) {
				if op == opGetattr {
					put32(out, 0, outHeaderBytes)
					put32(out, 4, ^uint32(syscall.EACCES)+1)
					out = out[:outHeaderBytes]
				}
				return out, uint32(len(out))
			}
		}
		if n, end, err := f.Append(h, [][]byte{[]byte("entry")}); n != 5 || end != uint64(5*i+5) || err != nil {
			t.Errorf("Append %d = %d, %d, %v", i, n, end, err)
		}
	}
}

// TestAllocations: no call takes memory once its tables have grown.
func TestAllocations(t *testing.T) {
	f := openVhost(t, t.TempDir())
	e, h, err := f.Create(f.Root(), []byte("file"), vfs.ModeRead|vfs.ModeWrite)
	must(t, "Create", err)
	d, err := f.Open(f.Root(), vfs.ModeRead)
	must(t, "Open", err)
	small, large := [][]byte{make([]byte, 4096)}, [][]byte{make([]byte, writeMax)}
	visit := func(*vfs.DirectoryEntry) bool { return true }
	name, other := []byte("file"), []byte("other")
	at := uint64(0)
	for what, call := range map[string]func() error{
		"read":         func() error { _, err := f.Read(h, small, 77); return err },
		"read on":      func() error { _, err := f.Read(h, small, at); at += 4096; return err },
		"read much":    func() error { _, err := f.Read(h, large, 0); return err },
		"write":        func() error { _, err := f.Write(h, small, 77); return err },
		"write much":   func() error { _, err := f.Write(h, large, 0); return err },
		"append":       func() error { _, _, err := f.Append(h, small); return err },
		"attributes":   func() error { _, err := f.Attributes(e.Node); return err },
		"set times":    func() error { return f.SetAttributes(e.Node, vfs.Change{Accessed: vfs.TimeNow}) },
		"list":         func() error { return f.List(d, 0, visit) },
		"sync":         func() error { return f.Sync(h, true) },
		"rename":       func() error { return errors.Join(f.Rename(1, name, 1, other), f.Rename(1, other, 1, name)) },
		"make, remove": func() error { return errors.Join(f.MakeDirectory(1, other), f.RemoveDirectory(1, other)) },
		"open, close": func() error {
			e, err := f.Lookup(f.Root(), name)
			if err != nil {
				return err
			}
			defer f.Release(e.Node)
			h, err := f.Open(e.Node, vfs.ModeRead)
			if err != nil {
				return err
			}
			return f.Close(h)
		},
	} {
		for range 20 {
			must(t, what, call())
		}
		if n := testing.AllocsPerRun(50, func() { must(t, what, call()) }); n != 0 {
			t.Errorf("%s allocates %v times", what, n)
		}
	}
}
