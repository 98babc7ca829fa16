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
	"reflect"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"mewz/abi"
)

func main() { os.Exit(execute(os.Args[1:])) }

// app is what all commands share.
type app struct {
	ctx     context.Context // once context was called
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
	stdout := &helpWriter{}
	parser, err := kong.New(&c, append(options(&exited), kong.Writers(stdout, os.Stderr))...)
	if err != nil {
		panic(err)
	}
	if len(args) > 0 && args[0] == "help" { // as docker and go have it
		args = append(args[1:], "--help")
	}
	parsed, err := parser.Parse(args)
	if exited {
		return report(&app{}, "help", stdoutError(stdout.err))
	}
	if err == nil {
		err = refuseEmpty(parsed)
	}
	if err != nil {
		return usageError(parsed, err)
	}
	defer catchPipes()()
	a := &app{verbose: c.Verbose, quiet: c.Quiet}
	err = parsed.Run(a)
	return report(a, parsed.Selected().Name, err)
}

// helpWriter is standard output for help and the version. It keeps the error, which kong takes for
// one of the command line, or for none.
type helpWriter struct{ err error }

func (w *helpWriter) Write(p []byte) (int, error) {
	if w.err == nil {
		_, w.err = os.Stdout.Write(p)
	}
	return len(p), nil
}

// refuseEmpty refuses flags and arguments that are there and say nothing, as of a variable of the
// shell that is not set: to leave the flag out is another thing than the user wrote.
func refuseEmpty(parsed *kong.Context) error {
	for _, element := range parsed.Path {
		value := element.Positional
		if element.Flag != nil {
			value = element.Flag.Value
		}
		if value == nil {
			continue
		}
		if kind := value.Target.Kind(); (kind == reflect.String || kind == reflect.Slice) && value.Target.Len() == 0 {
			name := value.Summary() // of an argument
			if element.Flag != nil {
				name = "--" + value.Name
			}
			return fmt.Errorf("%s: the value is empty", name)
		}
	}
	return nil
}

// noValue is how kong says that the command line ends where a flag's value would be.
var noValue = regexp.MustCompile(`expected \w+(?: value)? but got "EOL" \(<EOL>\)|missing value, expecting .*`)

// usageError prints what is wrong with the command line; parsed is nil if kong says so.
func usageError(parsed *kong.Context, err error) int {
	command := ""
	var parse *kong.ParseError
	if errors.As(err, &parse) {
		parsed = parse.Context
	}
	if parsed != nil && parsed.Selected() != nil {
		command = " " + parsed.Selected().Name
	}
	what := noValue.ReplaceAllString(oneLine(err.Error()), "a value is missing")
	what = strings.Replace(what, "expected value value", "expected a value", 1) // kong calls a value "value"
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
