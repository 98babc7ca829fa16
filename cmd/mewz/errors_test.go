package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"mewz/abi"
	"mewz/vmm"
)

// captureStderr returns what f prints on standard error.
func captureStderr(t *testing.T, f func()) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	old := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = old }()
	f()
	b, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestReport(t *testing.T) {
	failure := &vmm.Failure{What: "the machine failed: it reset itself", Log: "last words"}
	for _, test := range []struct {
		err  error
		code int
		text string
	}{
		{nil, 0, ""},
		{exitError(0), 0, ""},
		{exitError(42), 42, ""},
		{errors.New("no"), abi.ExitFailure, "mewz: run: no\n"},
		{fmt.Errorf("--root: %w", &fs.PathError{Op: "lstat", Path: "x", Err: syscall.ENOENT}), abi.ExitFailure,
			"mewz: run: --root: x: no such file or directory\n"},
		{fmt.Errorf("%w: after 5s", errTimeout), abi.ExitTimeout, "mewz: run: timeout: after 5s\n"},
		{vmm.ErrOutputClosed, 141, ""},
		{vmm.SignalError{Signal: syscall.SIGINT}, 130, ""},
		{fmt.Errorf("it did not start: %w", failure), abi.ExitKernel,
			"last words\nmewz: run: it did not start: the machine failed: it reset itself\n"},
	} {
		a := &app{ctx: t.Context()}
		code := -1
		text := captureStderr(t, func() { code = report(a, "run", test.err) })
		if code != test.code || text != test.text {
			t.Errorf("report(%v) = %d with %q, want %d with %q", test.err, code, text, test.code, test.text)
		}
	}
}

func TestReportAfterSignal(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(signalError(syscall.SIGTERM))
	code := -1
	text := captureStderr(t, func() { code = report(&app{ctx: ctx}, "run", errors.New("opt was killed")) })
	if code != 143 || text != "" {
		t.Errorf("report after SIGTERM = %d with %q, want 143 and silence", code, text)
	}
}

// What a machine says does nothing to a terminal, and is one line.
func TestWarn(t *testing.T) {
	text := captureStderr(t, func() { warn("mount \"/d\":\nit is \x1b[2Jgone\xff") })
	if want := "mewz: warning: mount \"/d\": it is \ufffd[2Jgone\ufffd\n"; text != want {
		t.Errorf("printed %q, want %q", text, want)
	}
}

func TestEndExitCodes(t *testing.T) {
	for code, want := range map[uint32]int{0: 0, 1: 1, 255: 255, 256: 1, 257: 1, 1 << 31: 1} {
		if got := end(&vmm.Result{Reason: abi.ExitByProgram, Code: code}); got != exitError(want) {
			t.Errorf("proc_exit(%d) ends with %v, want %d", code, got, want)
		}
	}
}

func TestInternalErrorIsOneLine(t *testing.T) {
	text := captureStderr(t, func() { printInternalError("index out of range\n[5]", false) })
	if want := "mewz: internal error: index out of range [5] (please report it, with the output of --verbose)\n"; text != want {
		t.Errorf("printed %q, want %q", text, want)
	}
}
