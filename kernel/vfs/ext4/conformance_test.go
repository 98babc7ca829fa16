package ext4

import (
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
	{"defaults", nil},
	{"4KiB", []string{"-b", "4096"}},
	{"old inodes", []string{"-b", "2048", "-I", "128", "-O", "^64bit"}},
	{"uninit_bg", []string{"-O", "^metadata_csum,uninit_bg"}},
	{"no sums", []string{"-O", "^metadata_csum,^uninit_bg,^dir_index,^flex_bg,^resize_inode"}},
	{"seed, orphan file", []string{"-b", "4096", "-O", "metadata_csum_seed,orphan_file"}},
}

// TestConformance runs the rules of vfs.FileSystem on each kind of volume, and has
// e2fsck look at what is left.
func TestConformance(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			vfstest.Run(t, func(t *testing.T) vfs.FileSystem {
				d := format(t, 32, k.flags...)
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
			}, vfstest.Limits{OffsetMax: logicalMax * blockBytes(k.flags), TargetMax: int(blockBytes(k.flags)) - 1, FillBytes: 32 << 20})
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
