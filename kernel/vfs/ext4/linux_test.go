package ext4

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mewz/kernel/vfs"
)

// mounted calls do with a volume that Linux has mounted. It skips where that cannot be done.
func mounted(t *testing.T, d *disk, do func(root, image string)) {
	t.Helper()
	directory := t.TempDir()
	image, root := filepath.Join(directory, "volume"), filepath.Join(directory, "root")
	if err := os.WriteFile(image, d.data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(root, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-o", "loop", image, root).CombinedOutput(); err != nil {
		t.Skipf("a loop mount needs root and Linux with ext4: %v\n%s", err, out)
	}
	func() {
		defer func() {
			if out, err := exec.Command("umount", root).CombinedOutput(); err != nil {
				t.Fatalf("umount: %v\n%s", err, out)
			}
		}()
		do(root, image)
	}()
	data, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	copy(d.data, data)
}

// linuxTree reads all that Linux sees.
func linuxTree(t *testing.T, root string) state {
	t.Helper()
	tree := state{}
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		name := strings.TrimPrefix(strings.TrimPrefix(path, root), "/")
		if err != nil || name == "" || name == "lost+found" {
			return err
		}
		th := &thing{kind: vfs.File}
		var b []byte
		switch {
		case entry.IsDir():
			th.kind = vfs.Directory
		case entry.Type()&os.ModeSymlink != 0:
			th.kind = vfs.Symlink
			th.content, err = os.Readlink(path)
		default:
			b, err = os.ReadFile(path)
			th.content = string(b)
		}
		tree[name] = th
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// TestLinux has Linux read what we have written, change it, and reads that; also after a
// crash, when Linux replays our journal, and we replay that of Linux.
func TestLinux(t *testing.T) {
	if testing.Short() {
		t.Skip("loop mounts take a while")
	}
	for i, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			d := format(t, 24, k.flags...)
			fs := open(t, d, Options{})
			x := newExerciser(t, fs, uint64(70+i))
			for range 250 {
				x.step()
			}
			for n := range 300 { // a directory with a hash tree
				x.in(fmt.Sprintf("file number %d", n), func(dir vfs.NodeID, name []byte) {
					e, h, err := fs.Create(dir, name, vfs.ModeWrite)
					x.must("Create", err)
					x.must("Close", fs.Close(h))
					fs.Release(e.Node)
				})
				x.add(fmt.Sprintf("file number %d", n), vfs.File, "")
			}
			const year2100 = 4_102_444_800_123_456_789
			timed := x.node("file number 7")
			x.must("SetAttributes", fs.SetAttributes(timed, vfs.Change{Modified: vfs.TimeSet, ModifiedNanos: year2100}))
			fs.Release(timed)
			if err := fs.SyncAll(); err != nil { // and no Unmount: Linux has to replay
				t.Fatal(err)
			}
			mounted(t, d, func(root, _ string) {
				if what := differ(linuxTree(t, root), x.now, true); what != "" {
					t.Errorf("Linux: %s", what)
				}
				info, err := os.Stat(root + "/file number 7")
				if err != nil || info.ModTime().UnixNano() != int64(fs.storable(year2100)) {
					t.Errorf("Linux: modified %v, %v", info.ModTime(), err)
				}
				linuxWork(t, root)
			})
			mustBeClean(t, d)
			fs = open(t, d, Options{})
			want := state{}
			mounted(t, &disk{data: append([]byte(nil), d.data...)}, func(root, _ string) { want = linuxTree(t, root) })
			if what := differ(readTree(t, fs), want, true); what != "" {
				t.Errorf("after Linux: %s", what)
			}
			if err := fs.Unmount(); err != nil {
				t.Fatal(err)
			}
			mustBeClean(t, d)
		})
	}
}

// linuxWork changes a volume as Linux does.
func linuxWork(t *testing.T, root string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Mkdir(root+"/linux", 0o755))
	for n := range 500 {
		must(os.WriteFile(fmt.Sprintf("%s/linux/name %d", root, n), []byte(strings.Repeat("x", n*7)), 0o644))
	}
	for n := 0; n < 500; n += 3 {
		must(os.Remove(fmt.Sprintf("%s/linux/name %d", root, n)))
	}
	f, err := os.Create(root + "/linux/sparse")
	must(err)
	for n := range 400 { // an extent tree with a level
		_, err := f.WriteAt([]byte{byte(n)}, int64(n)*9000)
		must(err)
	}
	must(f.Truncate(5_000_000))
	must(f.Close())
	must(os.Symlink(strings.Repeat("/long", 60), root+"/linux/link"))
}

// TestLinuxCrash takes what Linux has on its volume while it works, and replays the
// journal of Linux; a file that is open and has no name is gone then.
func TestLinuxCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("loop mounts take a while")
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			d := format(t, 24, k.flags...)
			crashed := &disk{}
			var want state
			mounted(t, d, func(root, image string) {
				linuxWork(t, root)
				f, err := os.Create(root + "/open")
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				if _, err := f.Write(make([]byte, 1<<20)); err != nil {
					t.Fatal(err)
				}
				syscall.Sync()
				if err := os.Remove(root + "/open"); err != nil {
					t.Fatal(err)
				}
				directory, err := os.Open(root)
				if err != nil {
					t.Fatal(err)
				}
				defer directory.Close()
				if err := directory.Sync(); err != nil {
					t.Fatal(err)
				}
				want = linuxTree(t, root)
				if crashed.data, err = os.ReadFile(image); err != nil {
					t.Fatal(err)
				}
			})
			replayed := 0
			fs := open(t, crashed, Options{Log: func(line string) { replayed++ }})
			if what := differ(readTree(t, fs), want, true); what != "" || replayed != 1 {
				t.Errorf("%s; %d lines in the log", what, replayed)
			}
			if err := fs.Unmount(); err != nil {
				t.Fatal(err)
			}
			mustBeClean(t, crashed)
		})
	}
}
