package wasi

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mewz/kernel/vfs"
)

// step is one call of a test that changes names.
type step struct {
	want Errno
	call string
	args []any
}

func to(want Errno, call string, args ...any) step { return step{want, call, args} }

// TestNames is the functions that give names and take them away, error by error.
func TestNames(t *testing.T) {
	long := strings.Repeat("n", 256)
	for name, steps := range map[string][]step{
		"create directory": {
			to(Success, "path_create_directory", 3, "new"), to(EExist, "path_create_directory", 3, "new"),
			to(Success, "path_create_directory", 3, "new/below/"), to(EExist, "path_create_directory", 3, "new/below/"),
			to(EExist, "path_create_directory", 3, "hello.txt"), to(EExist, "path_create_directory", 3, "dangling"),
			to(EExist, "path_create_directory", 3, "dangling/"), to(EExist, "path_create_directory", 3, "."),
			to(EExist, "path_create_directory", 3, "dir/.."), to(ENoEnt, "path_create_directory", 3, ""),
			to(ENoEnt, "path_create_directory", 3, "nothing/x"), to(ENotDir, "path_create_directory", 3, "hello.txt/x"),
			to(EPerm, "path_create_directory", 3, "/x"), to(EPerm, "path_create_directory", 3, "../x"),
			to(EPerm, "path_create_directory", 3, "dir/escape/x"), to(EIlSeq, "path_create_directory", 3, "\xff"),
			to(EInval, "path_create_directory", 3, "x\x00"), to(ENameTooLong, "path_create_directory", 3, long),
			to(ELoop, "path_create_directory", 3, "loop/x"), to(EBadf, "path_create_directory", 99, "x"),
			to(ENotDir, "path_create_directory", 1, "x"),
		},
		"remove directory": {
			to(ENotEmpty, "path_remove_directory", 3, "dir"), to(Success, "path_remove_directory", 3, "dir/sub"),
			to(ENoEnt, "path_remove_directory", 3, "dir/sub"), to(ENotDir, "path_remove_directory", 3, "hello.txt"),
			to(ENotDir, "path_remove_directory", 3, "hello.txt/"), to(ENotDir, "path_remove_directory", 3, "link"),
			to(ENotDir, "path_remove_directory", 3, "dangling"), to(EInval, "path_remove_directory", 3, "dir/."),
			to(EInval, "path_remove_directory", 3, "."), to(ENotEmpty, "path_remove_directory", 3, "dir/.."),
			to(EPerm, "path_remove_directory", 3, ".."), to(EPerm, "path_remove_directory", 3, "/dir"),
			to(ENoEnt, "path_remove_directory", 3, ""), to(EIlSeq, "path_remove_directory", 3, "\xc0\x80"),
			to(Success, "path_create_directory", 3, "d"), to(Success, "path_symlink", "d", 3, "to-d"),
			to(ENotDir, "path_remove_directory", 3, "to-d/"), to(Success, "path_remove_directory", 3, "d/"),
			to(EBadf, "path_remove_directory", 99, "d"),
		},
		"unlink": {
			to(EIsDir, "path_unlink_file", 3, "dir"), to(EIsDir, "path_unlink_file", 3, "dir/"), to(EIsDir, "path_unlink_file", 3, "."),
			to(ENotDir, "path_unlink_file", 3, "hello.txt/"), to(Success, "path_unlink_file", 3, "hello.txt"),
			to(ENoEnt, "path_unlink_file", 3, "hello.txt"), to(Success, "path_unlink_file", 3, "link"), to(Success, "path_unlink_file", 3, "loop"),
			to(Success, "path_unlink_file", 3, "dangling"), to(ENotDir, "path_unlink_file", 3, "dir/escape/"),
			to(EPerm, "path_unlink_file", 3, "dir/../../x"), to(EPerm, "path_unlink_file", 3, "/dir/a"), to(Success, "path_unlink_file", 3, "dir/a"),
			to(ENotDir, "path_unlink_file", 3, "dir/b/x"), to(EIlSeq, "path_unlink_file", 3, "\xed\xa0\x80"), to(EBadf, "path_unlink_file", 99, "x"),
		},
		"symlink": {
			to(Success, "path_symlink", "hello.txt", 3, "s"), to(EExist, "path_symlink", "hello.txt", 3, "s"),
			to(Success, "path_filestat_get", 3, 1, "s", 128), to(Success, "path_symlink", "../../out", 3, "dir/out"),
			to(EPerm, "path_filestat_get", 3, 1, "dir/out", 128), to(Success, "path_filestat_get", 3, 0, "dir/out", 128),
			to(EPerm, "path_symlink", "/", 3, "root"), to(EPerm, "path_symlink", "/hello.txt", 3, "root"),
			to(ENoEnt, "path_filestat_get", 3, 0, "root", 128), to(ENoEnt, "path_symlink", "", 3, "none"),
			to(ENoEnt, "path_symlink", "x", 3, "none/"), to(EExist, "path_symlink", "x", 3, "dir/"), to(EExist, "path_symlink", "x", 3, "dir"),
			to(ENotDir, "path_symlink", "x", 3, "hello.txt/"), to(EExist, "path_symlink", "x", 3, "dangling"), to(EExist, "path_symlink", "x", 3, "."),
			to(EIlSeq, "path_symlink", "\xff", 3, "bad"), to(EIlSeq, "path_symlink", "x", 3, "\xff"), to(EInval, "path_symlink", "a\x00b", 3, "bad"),
			to(ENameTooLong, "path_symlink", strings.Repeat("t", 4096), 3, "bad"), to(ENameTooLong, "path_symlink", "x", 3, long), to(Success, "path_symlink", strings.Repeat("t", 4095), 3, "long"),
			to(Success, "path_symlink", "self", 3, "self"), to(ELoop, "path_filestat_get", 3, 1, "self", 128), to(ELoop, "path_open", 3, 0, "self", 0, 0, 0, 0, 0),
			to(ELoop, "path_open", 3, 1, "self", 0, 0, 0, 0, 0), to(EBadf, "path_symlink", "x", 99, "y"), to(EPerm, "path_symlink", "x", 3, "/y"),
		},
		"link": {
			to(Success, "path_link", 3, 0, "hello.txt", 3, "second"), to(EExist, "path_link", 3, 0, "hello.txt", 3, "second"),
			to(EExist, "path_link", 3, 0, "hello.txt", 3, "hello.txt"), to(EExist, "path_link", 3, 0, "hello.txt", 3, "dir"),
			to(EExist, "path_link", 3, 0, "hello.txt", 3, "dangling"), to(EPerm, "path_link", 3, 0, "dir", 3, "x"), to(EPerm, "path_link", 3, 0, "dir/", 3, "x"),
			to(ENoEnt, "path_link", 3, 0, "hello.txt", 3, "x/"), to(ENotDir, "path_link", 3, 0, "hello.txt/", 3, "x"),
			to(ENoEnt, "path_link", 3, 0, "nothing", 3, "x"), to(ENoEnt, "path_link", 3, 0, "hello.txt", 3, "nothing/x"),
			to(Success, "path_link", 3, 0, "dangling", 3, "dangling2"), to(Success, "path_readlink", 3, "dangling2", 8192, 100, 0),
			to(ENoEnt, "path_link", 3, 1, "dangling", 3, "x"), to(Success, "path_link", 3, 1, "link", 3, "third"), to(EInval, "path_readlink", 3, "third", 8192, 100, 0),
			to(ELoop, "path_link", 3, 1, "loop", 3, "x"), to(Success, "path_link", 3, 0, "loop", 3, "loop2"), to(EInval, "path_link", 3, 2, "hello.txt", 3, "x"),
			to(EPerm, "path_link", 3, 0, "/hello.txt", 3, "x"), to(EPerm, "path_link", 3, 0, "hello.txt", 3, "../x"), to(EIlSeq, "path_link", 3, 0, "\xff", 3, "x"),
			to(EIlSeq, "path_link", 3, 0, "hello.txt", 3, "\xff"), to(EBadf, "path_link", 99, 0, "hello.txt", 3, "x"), to(EBadf, "path_link", 3, 0, "hello.txt", 99, "x"),
			to(ENotDir, "path_link", 3, 0, "hello.txt", 1, "x"),
		},
		"rename file": {
			to(Success, "path_rename", 3, "hello.txt", 3, "renamed"), to(ENoEnt, "path_rename", 3, "hello.txt", 3, "renamed"),
			to(Success, "path_rename", 3, "renamed", 3, "dir/a"), to(EIsDir, "path_rename", 3, "dir/a", 3, "dir/sub"), to(EIsDir, "path_rename", 3, "dir/a", 3, "dir/sub/"),
			to(ENotDir, "path_rename", 3, "dir/a/", 3, "x"), to(ENotDir, "path_rename", 3, "dir/a", 3, "x/"), to(ENotDir, "path_rename", 3, "dir/a", 3, "dir/b/"),
			to(Success, "path_rename", 3, "dir/a", 3, "dir/a"), to(Success, "path_rename", 3, "link", 3, "dir/b"), to(Success, "path_readlink", 3, "dir/b", 8192, 100, 0),
			to(EBusy, "path_rename", 3, "dir/.", 3, "x"), to(EBusy, "path_rename", 3, "dir/sub/..", 3, "x"), to(EBusy, "path_rename", 3, "dir/a", 3, "."),
			to(EPerm, "path_rename", 3, "..", 3, "x"), to(EPerm, "path_rename", 3, "dir/a", 3, "../x"), to(EPerm, "path_rename", 3, "dir/a", 3, "/x"),
			to(ENoEnt, "path_rename", 3, "", 3, "x"), to(ENoEnt, "path_rename", 3, "dir/a", 3, ""), to(ENoEnt, "path_rename", 3, "dir/a", 3, "nothing/x"),
			to(EIlSeq, "path_rename", 3, "\xff", 3, "x"), to(EIlSeq, "path_rename", 3, "dir/a", 3, "\xff"), to(ENameTooLong, "path_rename", 3, "dir/a", 3, long),
			to(EBadf, "path_rename", 99, "dir/a", 3, "x"), to(EBadf, "path_rename", 3, "dir/a", 99, "x"), to(ENotDir, "path_rename", 3, "dir/a", 0, "x"),
		},
		"rename directory": {
			to(Success, "path_rename", 3, "dir/", 3, "d2"), to(Success, "path_rename", 3, "d2", 3, "dir/"), to(Success, "path_rename", 3, "dir/", 3, "d2/"),
			to(Success, "path_rename", 3, "d2", 3, "dir"), to(EInval, "path_rename", 3, "dir", 3, "dir/sub/x"), to(EInval, "path_rename", 3, "dir", 3, "dir/x"),
			to(Success, "path_create_directory", 3, "empty"), to(ENotEmpty, "path_rename", 3, "empty", 3, "dir"), to(ENotDir, "path_rename", 3, "empty", 3, "hello.txt"),
			to(ENotDir, "path_rename", 3, "empty", 3, "dangling"), to(Success, "path_rename", 3, "dir", 3, "empty"), to(ENoEnt, "path_open", 3, 0, "dir", OpenDirectory, 0, 0, 0, 0),
			to(Success, "path_filestat_get", 3, 0, "empty/a", 128), to(Success, "path_rename", 3, "empty/sub", 3, "empty/sub"),
			to(ENotEmpty, "path_rename", 3, "empty/sub", 3, "empty"),
		},
		"readlink": {
			to(Success, "path_readlink", 3, "link", 8192, 100, 0), to(Success, "path_readlink", 3, "link", 8192, 0, 0), to(EInval, "path_readlink", 3, "hello.txt", 8192, 100, 0),
			to(EInval, "path_readlink", 3, "dir", 8192, 100, 0), to(ENoEnt, "path_readlink", 3, "nothing", 8192, 100, 0), to(ENotDir, "path_readlink", 3, "link/", 8192, 100, 0),
			to(EPerm, "path_readlink", 3, "/link", 8192, 100, 0), to(EIlSeq, "path_readlink", 3, "\xff", 8192, 100, 0), to(EBadf, "path_readlink", 99, "link", 8192, 100, 0),
		},
		"filestat": {
			to(ENoEnt, "path_filestat_get", 3, 0, "nothing", 128), to(ENoEnt, "path_filestat_get", 3, 1, "dangling", 128), to(Success, "path_filestat_get", 3, 0, "dangling", 128),
			to(ENotDir, "path_filestat_get", 3, 0, "hello.txt/", 128), to(ENotDir, "path_filestat_get", 3, 0, "link/", 128), to(EInval, "path_filestat_get", 3, 2, "hello.txt", 128),
			to(EIlSeq, "path_filestat_get", 3, 0, "\xff", 128), to(EInval, "path_filestat_get", 3, 0, "a\x00", 128), to(EPerm, "path_filestat_get", 3, 0, "dir/../..", 128),
		},
	} {
		t.Run(name, func(t *testing.T) {
			overWritable(t, func(t *testing.T, w *world) {
				for _, s := range steps {
					w.must(s.want, s.call, s.args...)
				}
			})
		})
	}
}

// TestNamesNeedRights gives up one right of a directory after the other.
func TestNamesNeedRights(t *testing.T) {
	for right, s := range map[Rights]step{
		RightPathCreateDirectory: to(0, "path_create_directory", 3, "x"),
		RightPathRemoveDirectory: to(0, "path_remove_directory", 3, "dir/sub"),
		RightPathUnlinkFile:      to(0, "path_unlink_file", 3, "hello.txt"),
		RightPathSymlink:         to(0, "path_symlink", "x", 3, "y"),
		RightPathLinkSource:      to(0, "path_link", 3, 0, "hello.txt", 4, "x"),
		RightPathLinkTarget:      to(0, "path_link", 4, 0, "../hello.txt", 3, "x"),
		RightPathRenameSource:    to(0, "path_rename", 3, "hello.txt", 4, "x"),
		RightPathRenameTarget:    to(0, "path_rename", 4, "a", 3, "x"),
		RightPathReadlink:        to(0, "path_readlink", 3, "link", 8192, 100, 0),
		RightPathFilestatGet:     to(0, "path_filestat_get", 3, 0, "link", 128),
		RightPathFilestatSetTime: to(0, "path_filestat_set_times", 3, 0, "link", 1, 2, 0),
		RightFDReaddir:           to(0, "fd_readdir", 3, 8192, 100, 0, 0),
		RightFDSync:              to(0, "fd_sync", 3),
		RightFDDatasync:          to(0, "fd_datasync", 3),
		RightFDFilestatSetTimes:  to(0, "fd_filestat_set_times", 3, 1, 2, 0),
	} {
		overWritable(t, func(t *testing.T, w *world) {
			if dir := w.open("dir"); dir != 4 {
				t.Fatalf("dir is %d", dir)
			}
			before := w.files.calls
			w.must(Success, "fd_fdstat_set_rights", 3, directoryRights&^right, 0)
			w.must(ENotCapable, s.call, s.args...)
			if w.files.calls != before {
				t.Errorf("%s asked the file system before the rights", s.call)
			}
		})
	}
}

// TestLinkIsTheFile compares what two names tell.
func TestLinkIsTheFile(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		w.must(Success, "path_link", 3, 0, "hello.txt", 3, "dir/second")
		one, two := w.stat("hello.txt"), w.stat("dir/second")
		if one != two || one[statLinks] != 2 || one[statDevice] != 1 {
			t.Errorf("filestats %v and %v", one, two)
		}
		w.write(w.openAs("dir/second", OpenTruncate, 0), "new")
		w.is("hello.txt", "new")
		w.must(Success, "path_unlink_file", 3, "hello.txt")
		if links := w.stat("dir/second")[statLinks]; links != 1 {
			t.Errorf("%d links", links)
		}
	})
}

// TestTwoFileSystems has three directories, two of which show the same.
func TestTwoFileSystems(t *testing.T) {
	a, b := newFakeFiles(), newFakeFiles()
	plant(t, a, testTree)
	plant(t, b, testTree)
	w := newWorld(t, func(m *Machine) { m.Preopens = []Preopen{{"/", a}, {"/b", b}, {"/a", a}} })
	devices := make([]uint64, 3)
	for i := range devices {
		w.must(Success, "fd_filestat_get", 3+i, 128)
		devices[i] = w.u64(128)
	}
	if devices[0] != devices[2] || devices[0] == devices[1] || devices[0] == 0 {
		t.Errorf("devices %v", devices)
	}
	w.must(EXDev, "path_rename", 3, "hello.txt", 4, "x")
	w.must(EXDev, "path_rename", 4, "dir", 5, "dir/sub")
	w.must(EXDev, "path_link", 3, 0, "hello.txt", 4, "x")
	w.must(EExist, "path_link", 3, 0, "hello.txt", 4, "link")
	w.must(Success, "path_link", 3, 0, "hello.txt", 5, "dir/x")
	w.must(Success, "path_rename", 5, "hello.txt", 3, "dir/sub/y")
	w.is("dir/sub/y", "hello, world")
}

// TestAbsoluteLinks begin at the directory that the program finds as /, and nowhere else.
func TestAbsoluteLinks(t *testing.T) {
	files := newFakeFiles()
	plant(t, files, testTree)
	plant(t, files, map[string]string{"dir/up": "->/hello.txt"})
	w := newWorld(t, func(m *Machine) { m.Preopens = []Preopen{{"/", files}, {"/data", files}} })
	w.must(Success, "path_filestat_get", 3, 1, "dir/up", 128)
	w.must(EPerm, "path_filestat_get", 4, 1, "dir/up", 128)
	w.must(EPerm, "path_filestat_get", w.open("dir"), 1, "up", 128)
	w.must(Success, "path_filestat_get", w.open("."), 1, "dir/up", 128)
}

// TestNoWayOut tries to leave a directory below the root.
func TestNoWayOut(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		w.must(Success, "path_symlink", "..", 3, "dir/up")
		w.must(Success, "path_symlink", "sub/../../hello.txt", 3, "dir/out")
		dir := w.open("dir")
		for _, path := range []string{"..", "../hello.txt", "up", "up/", "up/hello.txt", "up/dir/a", "out", "sub/../..", "sub/../../dir/a", "./../dir", "escape", "/a", "//a", "sub/../up/dir"} {
			want := EPerm
			if path == "up" || path == "out" || path == "escape" {
				w.must(ELoop, "path_open", dir, 0, path, 0, 0, 0, 0, 0)
			} else {
				w.must(want, "path_open", dir, 0, path, 0, 0, 0, 0, 0)
			}
			w.must(want, "path_open", dir, 1, path, 0, 0, 0, 0, 0)
			if path == "up/" { // nothing is made by a name with a slash, wherever it is
				w.must(EIsDir, "path_open", dir, 1, path, OpenCreate, RightFDWrite, 0, 0, 0)
			} else {
				w.must(want, "path_open", dir, 1, path, OpenCreate, RightFDWrite, 0, 0, 0)
			}
			w.must(want, "path_filestat_get", dir, 1, path, 128)
			w.must(want, "path_filestat_set_times", dir, 1, path, 1, 1, 0)
			w.must(want, "path_link", dir, 1, path, dir, "x")
		}
		for _, path := range []string{"../x", "up/x", "/x", "sub/../../x"} {
			w.must(EPerm, "path_create_directory", dir, path)
			w.must(EPerm, "path_remove_directory", dir, path)
			w.must(EPerm, "path_unlink_file", dir, path)
			w.must(EPerm, "path_symlink", "a", dir, path)
			w.must(EPerm, "path_link", dir, 0, "a", dir, path)
			w.must(EPerm, "path_rename", dir, "a", dir, path)
			w.must(EPerm, "path_rename", dir, path, dir, "a")
			w.must(EPerm, "path_readlink", dir, path, 8192, 10, 0)
		}
		// The directory moves, what is open stays where it is.
		w.must(Success, "path_rename", 3, "dir", 3, "moved")
		w.must(Success, "path_filestat_get", dir, 0, "sub/../a", 128)
		w.must(EPerm, "path_filestat_get", dir, 0, "..", 128)
		w.must(Success, "path_rename", 3, "moved/sub", 3, "sub")
		w.must(ENoEnt, "path_filestat_get", dir, 0, "sub", 128)
	})
}

// TestReaddirUnderChange has entries come and go while a directory is listed.
func TestReaddirUnderChange(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		w.must(Success, "path_create_directory", 3, "many")
		for i := range 100 {
			w.must(Success, "path_open", 3, 0, fmt.Sprintf("many/f%02d", i), OpenCreate, 0, 0, 0, 0)
			w.must(Success, "fd_close", uint64(w.u32(0)))
		}
		fd := w.open("many")
		var seen []string
		cookie := uint64(0)
		for round := 0; ; round++ {
			const buffer, bytes = 16384, 64
			w.want(Success, "fd_readdir", fd, buffer, bytes, cookie, 0)
			used := uint64(w.u32(0))
			if n := uint64(w.u32(buffer + 16)); used >= direntBytes+n {
				seen = append(seen, string(w.Memory[buffer+direntBytes:][:n]))
				cookie = w.u64(buffer)
			}
			if used < bytes && used < direntBytes {
				break
			}
			w.must(Success, "path_open", 3, 0, fmt.Sprintf("many/new%d", round), OpenCreate, 0, 0, 0, 0)
			w.must(Success, "fd_close", uint64(w.u32(0)))
			if round < 50 {
				w.must(Success, "path_unlink_file", 3, fmt.Sprintf("many/f%02d", 2*round))
			}
			if round > 500 {
				break
			}
		}
		for i := 1; i < 100; i += 2 {
			name := fmt.Sprintf("f%02d", i)
			if n := len(slices.DeleteFunc(slices.Clone(seen), func(s string) bool { return s != name })); n != 1 {
				t.Errorf("%s was told %d times", name, n)
			}
		}
	})
}

// TestReaddirUnsure is over a file system that knows names only.
func TestReaddirUnsure(t *testing.T) {
	overWritable(t, func(t *testing.T, w *world) {
		want := entries(w, 3, 4096)
		serials := map[string]uint64{}
		for _, name := range want {
			if name != ".." {
				serials[name] = w.stat(name)[statSerial]
			}
		}
		w.files.unsure = true
		for _, bytes := range []uint64{60, 100, 4096} {
			if got := entries(w, 3, bytes); !slices.Equal(got, want) {
				t.Errorf("with %d bytes: %q, want %q", bytes, got, want)
			}
		}
		w.want(Success, "fd_readdir", 3, 16384, 4096, 0, 0)
		for at := uint64(16384); at < 16384+uint64(w.u32(0)); {
			n := uint64(w.u32(at + 16))
			name := string(w.Memory[at+direntBytes:][:n])
			if serial := serials[name]; serial != 0 && w.u64(at+8) != serial {
				t.Errorf("%s has serial %d, want %d", name, w.u64(at+8), serial)
			}
			at += direntBytes + n
		}
		w.files.failing = func(call string) error {
			if call == "Lookup" {
				return vfs.ErrNotFound
			}
			return nil
		}
		if got := entries(w, 3, 4096); !slices.Equal(got, []string{".", ".."}) {
			t.Errorf("with everything removed meanwhile: %q", got)
		}
	})
}
