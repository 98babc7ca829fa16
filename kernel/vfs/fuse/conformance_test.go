package fuse

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"mewz/kernel/vfs"
	"mewz/kernel/vfs/vfstest"
)

// largest finds the greatest size of a file in a directory of this computer.
func largest(t *testing.T, directory string) uint64 {
	t.Helper()
	file, err := os.Create(filepath.Join(directory, "largest"))
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	low, high := uint64(0), uint64(vfs.OffsetMax)
	for low < high {
		middle := low + (high-low+1)/2
		if file.Truncate(int64(middle)) == nil {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}

// ends makes sure that everything was given back.
func ends(t *testing.T, f *FileSystem) {
	f.settle()
	if f.handles.used != 0 {
		t.Errorf("%d handles are left", f.handles.used)
	}
	f.nodes.forgetParked()
	if f.nodes.used != 1 || f.nodes.all[0].refs != 1 {
		t.Errorf("%d nodes are left, the root is held %d times", f.nodes.used, f.nodes.all[0].refs)
	}
	for i := range f.pieces {
		if p := &f.pieces[i]; p.state == pieceTaken || p.owner != none && p.state != pieceFree {
			t.Errorf("piece %d is left in state %d, owner %d", i, p.state, p.owner)
		}
	}
	if err := f.End(); err != nil {
		t.Error(err)
	}
}

// TestConformance holds a share of the real virtiofsd to the rules of file systems.
func TestConformance(t *testing.T) {
	limits := vfstest.Limits{OffsetMax: largest(t, t.TempDir())}
	for _, reached := range []bool{false, true} {
		vfstest.Run(t, func(t *testing.T) vfs.FileSystem {
			f, caller := openReached(t, t.TempDir())
			t.Cleanup(func() { ends(t, f) })
			if reached {
				return caller
			}
			return f
		}, limits)
	}
}

// TestConformanceOfServers holds shares to the rules whatever a server can do.
func TestConformanceOfServers(t *testing.T) {
	for _, test := range []struct {
		name   string
		adjust func(s *server)
	}{
		{"best", func(*server) {}},
		{"late", func(s *server) { s.late = true }},
		{"least", func(s *server) { s.flags, s.write, s.direct, s.QueueMax = 0, writeLeast, true, queueLeast }},
		{"small pieces", func(s *server) { s.flags &^= initMaxPages; s.QueueMax = 32 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			vfstest.Run(t, func(t *testing.T) vfs.FileSystem {
				s := newServer(t)
				test.adjust(s)
				f := s.mustStart()
				t.Cleanup(func() { ends(t, f); s.ended() })
				return f
			}, vfstest.Limits{})
		})
	}
}

// TestForget: what nobody holds is forgotten, at once if a name of it is gone, else at some time.
func TestForget(t *testing.T) {
	for _, late := range []bool{false, true} {
		s := newServer(t)
		s.late = late
		f := s.mustStart()
		known := func() (n int) {
			s.work()
			for _, lookups := range s.lookups {
				if lookups != 0 {
					n++
				}
			}
			return n
		}
		e, h, err := f.Create(f.Root(), []byte("file"), vfs.ModeWrite)
		must(t, "Create", err)
		must(t, "Unlink", f.Unlink(f.Root(), []byte("file")))
		f.Release(e.Node)
		must(t, "Close", f.Close(h))
		if n := known(); n != 0 {
			t.Errorf("%d files are known after the only one is gone", n)
		}
		for i := range 3 * parkedMax {
			must(t, "MakeDirectory", f.MakeDirectory(f.Root(), []byte{'d', byte(i/16 + 'a'), byte(i%16 + 'a')}))
		}
		f.sendForgets()
		if n := known(); n != parkedMax {
			t.Errorf("%d directories are known that nobody holds, want %d", n, parkedMax)
		}
		e, err = f.Lookup(f.Root(), []byte{'d', 3*parkedMax/16 - 1 + 'a', 15 + 'a'})
		must(t, "Lookup", err)
		other, h, err := f.Create(f.Root(), []byte("file"), vfs.ModeWrite)
		must(t, "Create", err)
		f.Release(other.Node)
		must(t, "Close", f.Close(h))
		must(t, "Rename", f.Rename(f.Root(), []byte("file"), e.Node, []byte("file")))
		f.Release(e.Node)
		if n := known(); n != 0 {
			t.Errorf("%d files are known after a renaming", n)
		}
		ends(t, f)
		s.ended()
	}
}

// operations is how many of them an exercise has.
func operations(t *testing.T, usual int) int {
	switch {
	case os.Getenv("MEWZ_NIGHTLY") != "":
		return 1_000_000
	case testing.Short():
		return usual / 10
	}
	return usual
}

// TestExercise compares random operations on a share of the real virtiofsd with a model.
func TestExercise(t *testing.T) {
	limits := vfstest.Limits{OffsetMax: largest(t, t.TempDir())}
	vfstest.Exercise(t, func(t *testing.T) vfs.FileSystem {
		_, caller := openReached(t, t.TempDir())
		return caller
	}, vfstest.Plan{Operations: operations(t, 15_000), Limits: limits})
	vfstest.Exercise(t, func(t *testing.T) vfs.FileSystem { return openVhost(t, t.TempDir()) },
		vfstest.Plan{Seed: 1, Operations: operations(t, 5_000), Limits: limits})
}

// TestExerciseFull does the same on a disk that is full now and then.
func TestExerciseFull(t *testing.T) {
	open := func(t *testing.T) vfs.FileSystem {
		directory := t.TempDir()
		if err := unix.Mount("mewz-test", directory, "tmpfs", 0, "size=1m"); err != nil {
			t.Skipf("a small disk: %v", err)
		}
		t.Cleanup(func() {
			if err := unix.Unmount(directory, 0); err != nil {
				t.Errorf("unmount %s: %v", directory, err)
			}
		})
		_, caller := openReached(t, directory)
		return caller
	}
	vfstest.Exercise(t, open, vfstest.Plan{
		Operations: operations(t, 20_000), Full: true,
		Limits: vfstest.Limits{LooseCookies: true}, // tmpfs counts entries
	})
}

// TestExerciseServer does the same with a server that answers late and in the wrong order.
func TestExerciseServer(t *testing.T) {
	for seed := range uint64(3) {
		var s *server
		vfstest.Exercise(t, func(t *testing.T) vfs.FileSystem {
			s = newServer(t)
			s.late = seed != 0
			if seed == 2 {
				s.QueueMax = 32
			}
			return s.mustStart()
		}, vfstest.Plan{Seed: seed, Operations: operations(t, 10_000)})
	}
}
