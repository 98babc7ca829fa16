package wasi

import (
	"context"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"mewz/test/oracle"
)

// oracleTimeout ends a program that an oracle does not end. The longest takes two
// seconds.
const oracleTimeout = 30 * time.Second

// deviation is what an oracle answers otherwise, with the reason that it is not
// followed. Patterns are those of path.Match, for all checks that have one reason.
type deviation struct {
	oracle              string
	function, situation string
	reason              string
}

var deviations = []deviation{
	{"wazero", "*", "*without the right*", "has no rights: every descriptor can do everything"},
	{"wazero", "fd_fdstat_set_rights", "*", "has no rights: ENOSYS"},
	{"wazero", "fd_*", "right given up", "has no rights: ENOSYS"},
	{"wazero", "path_open", "more than is handed on", "has no rights: ENOSYS"},
	{"wazero", "path_open", "hands on no more", "has no rights: ENOSYS"},
	{"wazero", "fd_fdstat_get", "only what was asked for", "shows no rights but those to read and write, and both"},
	{"wazero", "fd_fdstat_get", "no right that was not asked for", "shows no rights but those to read and write, and both"},
	{"wazero", "clock_*", "* time", "has no clocks of CPU time"},
	{"wazero", "*", "no such *flag", "ignores flags that do not exist"},
	{"wazero", "*", "empty path", "takes an empty path for the directory itself"},
	{"wazero", "fd_advise", "offset beyond 2^63", "checks no offsets"},
	{"wazero", "fd_advise", "of a directory", "checks no offsets"},
	{"wazero", "fd_allocate", "nothing", "takes any length; POSIX: EINVAL for 0"},
	{"wazero", "fd_allocate", "of a directory", "ftruncate of the host decides"},
	{"wazero", "fd_allocate", "beyond every file", "EINVAL of the host"},
	{"wazero", "fd_renumber", "*", "closes what it renumbers to itself or a closed number, and refuses preopened directories"},
	{"wazero", "fd_read", "after fd_renumber", "closes what it renumbers to itself or a closed number, and refuses preopened directories"},
	{"wazero", "fd_fdstat_get", "with *sync", "forgets the flags"},
	{"wazero", "fd_p*", "offset beyond 2^63", "EIO"},
	{"wazero", "fd_pwrite", "beyond every file", "EINVAL of the host"},
	{"wazero", "fd_seek", "as far as possible", "EINVAL: the host has a bound of its own"},
	{"wazero", "fd_seek", "too far", "adds to an offset that was refused before"},
	{"wazero", "fd_*", "of a pipe", "EBADF or ENOSYS; POSIX: ESPIPE"},
	{"wazero", "fd_pwrite", "to a pipe", "EBADF or ENOSYS; POSIX: ESPIPE"},
	{"wazero", "fd_*", "to a directory", "EISDIR: the public suite takes either"},
	{"wazero", "fd_seek", "of a directory", "EISDIR: the public suite takes either"},
	{"wazero", "fd_tell", "of a directory", "EISDIR: the public suite takes either"},
	{"wazero", "path_filestat_set_times", "of a link", "changes where the link leads"},
	{"wazero", "path_create_directory", "below a file", "ENOENT; POSIX: ENOTDIR"},
	{"wazero", "path_link", "through a dangling link", "links the link: does not follow"},
	{"wazero", "path_symlink", "exists as a file with a slash", "cleans paths before they are looked up, so that slashes at the end are lost"},
	{"wazero", "path_symlink", "empty target", "EINVAL; POSIX: ENOENT"},
	{"wazero", "path_readlink", "*", "refuses buffers that are shorter than the target; the specification cuts"},
	{"wazero", "path_rename", "itself", "EIO; POSIX: EBUSY or EINVAL"},
	{"wazero", "path_open", "no UTF-8", "EPERM"},
	{"wazero", "path_open", "a*link*as directory", "ENOTDIR; the public suite takes either"},
	{"wazero", "poll_oneoff", "*", "knows one relative monotonic clock and standard input"},
	{"wazero", "fd_prestat_dir_name", "*", "compares the length with that of the name: only the same is right"},
	{"wazero", "fd_prestat_get", "of a stream", "finds a stream preopened"},
	{"wazero", "proc_raise", "*", "ENOSYS: dropped from the specification"},
	{"wazero", "fd_readdir", "*room*", "refuses buffers that hold no entry"},
	{"wazero", "fd_readdir", "what stays comes once while others change", "reads the directory once for all cookies"},
	{"wazero", "fd_readdir", "of a *", "EBADF; the public suite does not ask, POSIX: ENOTDIR"},
	{"wazero", "path_*", "link*further", "has no sandbox: links lead out of the directory"},
	{"wazero", "path_*", "link upwards", "has no sandbox: links lead out of the directory"},
	{"wazero", "path_*", "out through a link", "has no sandbox: links lead out of the directory"},
	{"wazero", "sock_*", "of *", "EBADF; the public suite: ENOTSOCK"},
	{"wazero", "program", "unstable", "has no `wasi_unstable`"},
	{"wasmtime", "program", "unstable", "its library has no `wasi_unstable`"},
	{"wasmtime", "*", "*without the right*", "shows rights and enforces none but those to read and write"},
	{"wasmtime", "fd_fdstat_set_rights", "*", "ENOTSUP"},
	{"wasmtime", "fd_fdstat_get", "no right that was not asked for", "of all others it shows all, asked for or not"},
	{"wasmtime", "fd_*", "right given up", "rights cannot be given up"},
	{"wasmtime", "path_open", "more than is handed on", "rights cannot be given up"},
	{"wasmtime", "path_open", "hands on no more", "rights cannot be given up"},
	{"wasmtime", "environ_sizes_get", "*", "the variable of the harness is counted"},
	{"wasmtime", "clock_*", "* time", "has no clocks of CPU time"},
	{"wasmtime", "fd_advise", "offset beyond 2^63", "checks no offsets"},
	{"wasmtime", "fd_allocate", "*", "ENOTSUP: most systems cannot"},
	{"wasmtime", "fd_*sync", "of a directory", "EBADF: a directory is no file to it; fsync(2) of one is how names become safe"},
	{"wasmtime", "path_open", "with *sync", "ENOTSUP"},
	{"wasmtime", "fd_write", "with *sync", "ENOTSUP"},
	{"wasmtime", "fd_fdstat_get", "with *sync", "ENOTSUP"},
	{"wasmtime", "fd_write", "all of three vectors", "writes and reads one vector a call, as it may"},
	{"wasmtime", "fd_read", "up to the end", "writes and reads one vector a call, as it may"},
	{"wasmtime", "fd_pread", "in the middle", "writes and reads one vector a call, as it may"},
	{"wasmtime", "fd_pwrite", "the position stays", "writes and reads one vector a call, as it may"},
	{"wasmtime", "fd_pwrite", "zeroes between", "writes and reads one vector a call, as it may"},
	{"wasmtime", "fd_seek", "too far", "wraps around"},
	{"wasmtime", "fd_pwrite", "beyond every file", "EINVAL of the host"},
	{"wasmtime", "fd_*", "of a directory", "EBADF: a directory is no file to it"},
	{"wasmtime", "path_filestat_get", "file with a slash", "ignores slashes at the end"},
	{"wasmtime", "path_unlink_file", "a link to a directory with a slash", "ignores slashes at the end"},
	{"wasmtime", "path_rename", "a file to a name with a slash", "ignores slashes at the end"},
	{"wasmtime", "path_rename", "into another directory", "ignores slashes at the end"},
	{"wasmtime", "path_remove_directory", "with a slash", "EINVAL: a bug that the public suite lists"},
	{"wasmtime", "path_remove_directory", "upwards", "EINVAL; POSIX: ENOTEMPTY"},
	{"wasmtime", "path_*", "in a file", "EBADF: a file is no directory to it; POSIX: ENOTDIR"},
	{"wasmtime", "path_open", "in a stream", "EBADF: a file is no directory to it; POSIX: ENOTDIR"},
	{"wasmtime", "path_link", "through *", "EINVAL: does not follow links"},
	{"wasmtime", "program", "poll", "waits for standard input without end"},
	{"wasmtime", "fd_prestat_dir_name", "of *", "ENOTDIR"},
	{"wasmtime", "proc_raise", "*", "ENOTSUP: dropped from the specification"},
	{"wasmtime", "fd_readdir", "what stays comes once while others change", "counts entries from the start for each cookie"},
	{"wasmtime", "program", "files", "counts entries from the start for each cookie"},
	{"wasmtime", "fd_readdir", "of a *", "EBADF: what is no directory to it"},
}

func (d deviation) matches(oracle string, c check) bool {
	function, _ := path.Match(d.function, c.function)
	situation, _ := path.Match(d.situation, c.situation)
	return d.oracle == oracle && function && situation
}

// TestOracles runs the programs under the oracles: they answer as the checks want,
// but for the deviations, all of which are still there.
func TestOracles(t *testing.T) {
	list := programs(t)
	for _, o := range oracles {
		t.Run(o.name, func(t *testing.T) {
			if o.name == "wasmtime" {
				if err := oracle.BuildWasmtime(); err != nil {
					unavailable(t, err.Error())
				}
			}
			used := map[int]bool{}
			for _, p := range list {
				t.Run(p.name, func(t *testing.T) { runOracle(t, o, p, used) })
			}
			for i, d := range deviations {
				if d.oracle == o.name && !used[i] && !t.Failed() {
					t.Errorf("%s %s: the oracle agrees now: remove the deviation", d.function, d.situation)
				}
			}
		})
	}
}

// unlinked is the module that the oracles lack.
const unlinked = "wasi_unstable"

func runOracle(t *testing.T, e executor, p program, used map[int]bool) {
	ctx, cancel := context.WithTimeout(t.Context(), oracleTimeout)
	defer cancel()
	o, err := e.execute(ctx, p)
	checks := checksOf(o.stdout)
	switch {
	case ctx.Err() != nil:
		// What it did not reach is a deviation of the program as a whole.
		checks = append(checks, check{function: "program", situation: p.name, got: "hangs", want: "ends"})
	case err != nil && strings.Contains(err.Error(), unlinked), err == nil && strings.Contains(o.stderr, unlinked):
		checks = append(checks, check{function: "program", situation: p.name, got: "is not linked", want: "ends"})
	case err != nil:
		t.Fatal(err)
	case o.exit == oracle.Trapped || len(checks) == 0:
		checks = append(checks, check{function: "program", situation: p.name, got: "traps", want: "ends"})
	}
	for _, c := range checks {
		if c.holds() || c.function == "prepare" {
			continue
		}
		i := slices.IndexFunc(deviations, func(d deviation) bool { return d.matches(e.name, c) })
		if i < 0 {
			t.Errorf("%s: %s, want %s", c.name(), c.got, c.want)
			continue
		}
		used[i] = true
	}
}

// excuse is a check that cannot hold on one file system.
type excuse struct {
	place               place
	function, situation string
	reason              string
}

var excuses = []excuse{}

// excused reports that a check need not hold somewhere.
func excused(p place, c check) bool {
	return slices.ContainsFunc(excuses, func(e excuse) bool {
		return e.place == p && e.function == c.function && e.situation == c.situation
	})
}
