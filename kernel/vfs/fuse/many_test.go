package fuse

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"mewz/kernel/vfs"
)

// many is how many files there are: with -short some, at night the most that anybody asks for.
func many(usual, most int) int {
	switch {
	case os.Getenv("MEWZ_NIGHTLY") != "":
		return most
	case testing.Short():
		return usual / 10
	}
	return usual
}

// TestManyOpen has ten thousand files open at once, or as many as virtiofsd may have
// here: it takes two descriptors for each.
func TestManyOpen(t *testing.T) {
	var limit unix.Rlimit
	must(t, "Getrlimit", unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	const others = 500 // descriptors of virtiofsd itself
	many := min(many(4000, 10_000), int(limit.Max-others)/2)
	f := openVhost(t, t.TempDir())
	var nodes []vfs.NodeID
	var open []vfs.Handle
	for i := range many {
		e, h, err := f.Create(f.Root(), fmt.Appendf(nil, "file%d", i), vfs.ModeRead|vfs.ModeWrite)
		must(t, "Create", err)
		nodes, open = append(nodes, e.Node), append(open, h)
	}
	for i, h := range open {
		if n, err := f.Write(h, [][]byte{fmt.Appendf(nil, "content %d", i)}, 0); n == 0 || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
	}
	b := make([]byte, 100)
	for i, h := range open {
		n, err := f.Read(h, [][]byte{b}, 0)
		if want := fmt.Sprintf("content %d", i); err != nil || string(b[:n]) != want {
			t.Fatalf("Read of file %d = %q, %v", i, b[:n], err)
		}
		must(t, "Close", f.Close(h))
		f.Release(nodes[i])
	}
	ends(t, f)
}

// TestManyNames lists a directory of many files while they are removed: each name that
// stays comes once, whatever happens to the others.
func TestManyNames(t *testing.T) {
	many := many(3000, 100_000)
	directory := t.TempDir()
	for i := range many {
		must(t, "WriteFile", os.WriteFile(filepath.Join(directory, fmt.Sprint("file", i)), nil, 0o600))
	}
	f := openVhost(t, directory)
	h, err := f.Open(f.Root(), vfs.ModeRead)
	must(t, "Open", err)
	seen := make(map[string]int, many)
	for cookie, more := uint64(0), true; more; {
		var last string
		more = false
		must(t, "List", f.List(h, cookie, func(e *vfs.DirectoryEntry) bool {
			last = string(e.Name)
			seen[last]++
			cookie, more = e.Next, true
			return len(seen)%500 != 0
		}))
		if len(last) > 2 {
			must(t, "Unlink", f.Unlink(f.Root(), []byte(last)))
		}
	}
	for i := range many {
		if n := seen[fmt.Sprint("file", i)]; n != 1 {
			t.Fatalf("file%d comes %d times", i, n)
		}
	}
	must(t, "Close", f.Close(h))
	ends(t, f)
}
