package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mewz/image"
	"mewz/test/children"
	"mewz/vmm/qemu"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mewz": main})
}

func TestScript(t *testing.T) {
	cache := t.TempDir() // one for all scripts: most compile the same programs
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CACHE_HOME", cache)
			// By its path, for scripts that empty PATH.
			if path, err := exec.LookPath("mewz"); err == nil {
				env.Setenv("MEWZ", path)
			}
			env.Setenv("TMPDIR", filepath.Join(env.WorkDir, "tmp"))
			return os.Mkdir(filepath.Join(env.WorkDir, "tmp"), 0o700)
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"wat":      assembleModule,
			"cc":       compileC,
			"code":     exitCode,
			"oneline":  oneLineOutput,
			"empty":    emptyDirectory,
			"signal":   signalJob,
			"group":    signalGroup,
			"truncate": truncateFile,
			"tmpfs":    mountTmpfs,
		},
		RequireUniqueNames: true,
	})
}

// condition tells scripts what is here. Where CI is set everything has to be.
func condition(name string) (bool, error) {
	has := map[string]func() bool{
		"kernel":    func() bool { _, err := image.Kernels(architecture); return err == nil },
		"qemu":      func() bool { return found(qemu.Program) },
		"llvm":      func() bool { return found("opt-19", "llc-19") },
		"clang":     func() bool { return found("clang-19", "wasm-ld-19") },
		"wabt":      func() bool { return found("wat2wasm") },
		"mount":     mayMount,
		"cpio":      func() bool { return found("cpio") },
		"mkfs":      func() bool { _, err := findFormat(); return err == nil },
		"virtiofsd": func() bool { _, err := qemu.FindVirtioFS(); return err == nil && found(qemu.Program) },
	}[name]
	if has == nil {
		return false, os.ErrInvalid
	}
	return has() || os.Getenv("CI") != "" && name != "mount", nil
}

func found(programs ...string) bool {
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			return false
		}
	}
	return true
}

// assembleModule makes modules of text files: wat a.wat b.wat.
func assembleModule(ts *testscript.TestScript, _ bool, args []string) {
	for _, arg := range args {
		out := strings.TrimSuffix(arg, ".wat") + ".wasm"
		ts.Check(ts.Exec("wat2wasm", "--no-check", "--debug-names", ts.MkAbs(arg), "-o", ts.MkAbs(out)))
	}
}

// compileC makes a module of a C program: cc a.c.
func compileC(ts *testscript.TestScript, _ bool, args []string) {
	for _, arg := range args {
		out := strings.TrimSuffix(arg, ".c") + ".wasm"
		ts.Check(ts.Exec("clang-19", "--target=wasm32-wasi", "-O1", ts.MkAbs(arg), "-o", ts.MkAbs(out)))
	}
}

// exitCode runs a command and compares its exit code: code 3 mewz run a.wasm.
// Standard input is what the stdin command set.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !asExit(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if (got == want) == neg {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func asExit(err error, exit **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*exit = e
	return ok
}

// oneLineOutput checks that a file, or stdout or stderr of the last command, is
// exactly one line.
func oneLineOutput(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
		ts.Fatalf("%s is not one line: %q", args[0], text)
	}
}

// emptyDirectory checks that nothing is left in a directory: empty tmp.
func emptyDirectory(ts *testscript.TestScript, _ bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, e := range entries {
		ts.Fatalf("%s is left in %s", e.Name(), args[0])
	}
}

// signalTimeout bounds how long signalJob waits for the machine to say
// something, and for processes to end. A program is compiled meanwhile, maybe on a
// computer that does other things too.
const signalTimeout = 5 * time.Minute

// signalJob sends a signal to a command once its output is there, and checks
// its exit code and that nobody is left: signal INT 130 mewz run loop.wasm. Its
// standard error is in the file signal.err.
func signalJob(ts *testscript.TestScript, _ bool, args []string) {
	signalTo(ts, args, func(pid int, signal syscall.Signal) error { return syscall.Kill(pid, signal) })
}

// signalGroup is signalJob with a signal for the command and another one for its whole process
// group, as timeout(1) sends it; a terminal sends the second only.
func signalGroup(ts *testscript.TestScript, _ bool, args []string) {
	signalTo(ts, args, func(pid int, signal syscall.Signal) error {
		return errors.Join(syscall.Kill(pid, signal), syscall.Kill(-pid, signal))
	})
}

func signalTo(ts *testscript.TestScript, args []string, send func(pid int, signal syscall.Signal) error) {
	signals := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "KILL": syscall.SIGKILL}
	path, err := exec.LookPath(args[2])
	ts.Check(err)
	c := exec.Command(path, args[3:]...)
	c.Dir = ts.Getenv("WORK")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME"} {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	var stderr bytes.Buffer
	c.Stderr = &stderr
	stdout, err := c.StdoutPipe()
	ts.Check(err)
	stdin, err := c.StdinPipe() // stays open: nobody ends by the end of its input
	ts.Check(err)
	defer stdin.Close()
	ts.Check(c.Start())
	timer := time.AfterFunc(signalTimeout, func() { _ = c.Process.Kill() })
	defer timer.Stop()
	if _, err := stdout.Read(make([]byte, 1)); err != nil {
		_ = c.Wait()
		ts.Fatalf("no output before %v: %s", err, stderr.String())
	}
	started := children.Of(c.Process.Pid)
	ts.Check(send(c.Process.Pid, signals[args[0]]))
	_ = c.Wait()
	ts.Check(os.WriteFile(ts.MkAbs("signal.err"), stderr.Bytes(), 0o600))
	if got := strconv.Itoa(c.ProcessState.ExitCode()); got != args[1] {
		ts.Fatalf("exit code %s, want %s: %s", got, args[1], stderr.String())
	}
	if len(started) == 0 {
		ts.Fatalf("it had no child: nothing is proved")
	}
	if left := children.Wait(started, signalTimeout); len(left) != 0 {
		ts.Fatalf("processes %v are left", left)
	}
}

// truncateFile cuts a file: truncate a.wasm 100 b.wasm.
func truncateFile(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	b := []byte(ts.ReadFile(args[0]))
	if n > len(b) {
		ts.Fatalf("%s has only %d bytes", args[0], len(b))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), b[:n], 0o600))
}

// mountTmpfs makes a small file system for the time of the script: tmpfs DIR
// SIZE.
func mountTmpfs(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Check(syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+args[1]))
	ts.Defer(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
}

// mayMount says whether this user may mount a tmpfs.
func mayMount() bool {
	dir, err := os.MkdirTemp("", "mewz-mount-")
	if err != nil {
		return false
	}
	defer os.Remove(dir)
	if syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4k") != nil {
		return false
	}
	return syscall.Unmount(dir, syscall.MNT_DETACH) == nil
}
