package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode"

	"mewz/abi"
	"mewz/compiler/wasm"
	"mewz/vmm"
)

// exitError ends the command with a code and no further message.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// errTimeout is the cause of a context that --timeout ended.
var errTimeout = errors.New("timeout")

// exitOutputClosed is what a shell reports for a process that SIGPIPE ended.
const exitOutputClosed = 128 + int(syscall.SIGPIPE)

// report prints err, if it is one to print, and returns the exit code.
func report(a *app, command string, err error) int {
	if err == nil {
		return 0
	}
	// What the signal ended may have failed in many ways: the signal counts.
	var signal signalError
	if cause := a.cause(); errors.As(cause, &signal) {
		return 128 + int(signal)
	}
	var exit exitError
	var fromGroup vmm.SignalError
	var failure *vmm.Failure
	var flag *vmm.FlagError
	switch {
	case errors.As(err, &exit):
		return int(exit)
	case errors.Is(err, errTimeout):
		fmt.Fprintf(os.Stderr, "mewz: %s: %v\n", command, err)
		return abi.ExitTimeout
	case errors.As(err, &fromGroup):
		return 128 + int(fromGroup.Signal)
	case errors.As(err, &flag):
		fmt.Fprintf(os.Stderr, "mewz: %s: %s\n", command, oneLine(err.Error()))
		return abi.ExitUsage
	case errors.Is(err, vmm.ErrOutputClosed):
		return exitOutputClosed
	case errors.As(err, &failure):
		printLog(failure.Log)
		fmt.Fprintf(os.Stderr, "mewz: %s: %s\n", command, oneLine(err.Error()))
		return abi.ExitKernel
	default:
		fmt.Fprintf(os.Stderr, "mewz: %s: %s\n", command, message(err))
		return abi.ExitFailure
	}
}

// wrongFlags makes err one of the command line: what is wrong with it is wrong wherever it is
// given. A file or a device that is not there is no such error.
func wrongFlags(err error) error {
	if err == nil {
		return nil
	}
	return &vmm.FlagError{Err: err}
}

// cause returns why the command's context ended, nil if it has not.
func (a *app) cause() error {
	if a.ctx == nil || a.ctx.Err() == nil {
		return nil
	}
	return contextCause(a.ctx)
}

// warn prints what is wrong although the command goes on, be it the machine that says so: one
// line, of letters that do nothing to a terminal.
func warn(text string) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, oneLine(text))
	fmt.Fprintf(os.Stderr, "mewz: warning: %s\n", text)
}

// printLog prints the last messages of a kernel that failed.
func printLog(log string) {
	if log == "" {
		return
	}
	if !strings.HasSuffix(log, "\n") {
		log += "\n"
	}
	fmt.Fprint(os.Stderr, log)
}

// message makes the text of err what a user expects: no name of a system call.
// Errors that list several things keep their lines.
func message(err error) string {
	var path *fs.PathError
	text := err.Error()
	if errors.As(err, &path) {
		text = strings.Replace(text, path.Error(), path.Path+": "+path.Err.Error(), 1)
	}
	return strings.TrimRight(text, "\n")
}

// oneLine makes text that may have lines one.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}

// stdoutError tells a reader who went away from other faults of standard
// output.
func stdoutError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EPIPE):
		return vmm.ErrOutputClosed
	default:
		return fmt.Errorf("writing standard output: %w", withoutPath(err))
	}
}

// invalidRemedy is what to do about a module that the compiler refuses.
func invalidRemedy(err error) string {
	var unsupported *wasm.UnsupportedError
	if errors.As(err, &unsupported) {
		return fmt.Sprintf("build the program without %s", unsupported.Proposal)
	}
	return "build the program again: the file is damaged, or its compiler has a fault"
}
