package ext4

import (
	"os"
	"slices"
	"strconv"
	"testing"

	"mewz/kernel/vfs"
	"mewz/kernel/vfs/vfstest"
)

// kinds are the ways in which volumes are made.
var kinds = []struct {
	name  string
	flags []string
}{
	{"defaults", nil}, // those of Debian 12, with blocks of 1 KiB for a small volume
	{"4KiB", []string{"-b", "4096"}},
	{"old inodes", []string{"-b", "2048", "-I", "128", "-O", "^64bit"}},
	{"uninit_bg", []string{"-O", "^metadata_csum,uninit_bg"}},
	{"no sums", []string{"-O", "^metadata_csum,^uninit_bg,^dir_index,^flex_bg,^resize_inode"}},
	{"Debian 13", []string{"-b", "4096", "-O", "metadata_csum_seed,orphan_file"}},
	{"Debian 13, 1 KiB", []string{"-b", "1024", "-O", "metadata_csum_seed,orphan_file"}},
}

// TestConformance runs the rules of vfs.FileSystem on each kind of volume, and has
// e2fsck look at what is left.
func TestConformance(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			vfstest.Run(t, func(t *testing.T) vfs.FileSystem {
				d := format(t, 12, k.flags...)
				fs := open(t, d, Options{CacheBytes: 1 << 20})
				if err := fs.RemoveDirectory(fs.Root(), []byte("lost+found")); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if t.Failed() {
						return
					}
					if err := fs.MakeDirectory(fs.Root(), []byte("lost+found")); err != nil {
						t.Fatal(err)
					}
					if err := fs.Unmount(); err != nil {
						t.Fatal(err)
					}
					mustBeClean(t, d)
				})
				return fs
			}, vfstest.Limits{OffsetMax: logicalMax * blockBytes(k.flags), TargetMax: int(blockBytes(k.flags)) - 1, FillBytes: 12 << 20, TimeNanos: timeNanos(k.flags)})
		})
	}
}

// blockBytes returns the size of blocks that mkfs.ext4 is asked for; for small volumes it
// takes 1 KiB by itself.
func blockBytes(flags []string) uint64 {
	if i := slices.Index(flags, "-b"); i >= 0 {
		n, _ := strconv.ParseUint(flags[i+1], 10, 64)
		return n
	}
	return 1024
}

// TestExercise does random operations and compares every answer with a model, on a
// volume with room and on one that is full most of the time. e2fsck has the last word.
func TestExercise(t *testing.T) {
	operations, seed := 30_000, uint64(0)
	switch {
	case os.Getenv("MEWZ_NIGHTLY") != "":
		operations = 1_000_000
	case testing.Short():
		operations = 3_000
	}
	if n, err := strconv.ParseUint(os.Getenv("MEWZ_SEED"), 10, 32); err == nil {
		seed = n
	}
	for i, test := range []struct {
		megabytes int
		flags     []string
		full      bool
	}{
		{64, []string{"-b", "4096"}, false}, // links of 3000 bytes need such blocks
		{9, []string{"-b", "4096", "-N", "512"}, true},
		{9, []string{"-b", "4096", "-N", "512", "-I", "128", "-O", "^metadata_csum,^64bit,uninit_bg"}, true},
	} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			vfstest.Exercise(t, func(t *testing.T) vfs.FileSystem {
				d := format(t, test.megabytes, test.flags...)
				fs := open(t, d, Options{CacheBytes: 1 << 20})
				t.Cleanup(func() {
					if err := fs.Unmount(); err != nil {
						t.Error(err)
					}
					mustBeClean(t, d)
				})
				return fs
			}, vfstest.Plan{
				Seed: seed + uint64(i), Operations: operations, Full: test.full,
				Limits: vfstest.Limits{OffsetMax: logicalMax * blockBytes(test.flags), TimeNanos: timeNanos(test.flags)},
			})
		})
	}
}

// timeNanos returns the unit of times: old inodes have seconds.
func timeNanos(flags []string) uint64 {
	if slices.Contains(flags, "128") {
		return second
	}
	return 1
}
