// Command mewz compiles WebAssembly programs ahead of time, links them with a
// unikernel into bootable images, and runs those as virtual machines.
//
// In: a file and flags. Out: an exit code, which for run is the program's own.
// Standard input, output and error of run belong to the program alone; the
// command speaks only when something is wrong, one line each, on standard
// error.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"mewz/abi"
)

func main() { os.Exit(execute(os.Args[1:])) }

// app is what all commands share.
type app struct {
	ctx     context.Context
	verbose bool
	quiet   bool
}

// logf prints a line for --verbose.
func (a *app) logf(format string, args ...any) {
	if a.verbose {
		fmt.Fprintf(os.Stderr, "mewz: "+format+"\n", args...)
	}
}

// execute runs one command line and returns its exit code.
func execute(args []string) (code int) {
	var c cli
	defer func() {
		if r := recover(); r != nil {
			printInternalError(r, c.Verbose)
			code = abi.ExitFailure
		}
	}()
	exited := false
	parser, err := kong.New(&c, options(&exited)...)
	if err != nil {
		panic(err)
	}
	if len(args) > 0 && args[0] == "help" { // as docker and go have it
		args = append(args[1:], "--help")
	}
	parsed, err := parser.Parse(args)
	if exited {
		return 0
	}
	if err != nil {
		return usageError(err)
	}
	ctx, stop := notifyContext(context.Background())
	defer stop()
	a := &app{ctx: ctx, verbose: c.Verbose, quiet: c.Quiet}
	err = parsed.Run(a)
	return report(a, parsed.Selected().Name, err)
}

// usageError prints what is wrong with the command line.
func usageError(err error) int {
	command := ""
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil && parse.Context.Selected() != nil {
		command = " " + parse.Context.Selected().Name
	}
	what := strings.Replace(oneLine(err.Error()), "expected value value", "expected a value", 1) // kong calls a value "value"
	fmt.Fprintf(os.Stderr, "mewz%s: %s (mewz%s --help)\n", strings.Replace(command, " ", ": ", 1), what, command)
	return abi.ExitUsage
}

// printInternalError is for faults of ours, which never look like the user's.
func printInternalError(r any, verbose bool) {
	fmt.Fprintf(os.Stderr, "mewz: internal error: %s (please report it, with the output of --verbose)\n", oneLine(fmt.Sprint(r)))
	if verbose {
		os.Stderr.Write(debug.Stack())
	}
}

// stderrIsTerminal says whether progress may be shown.
func stderrIsTerminal() bool { return term.IsTerminal(int(os.Stderr.Fd())) }
