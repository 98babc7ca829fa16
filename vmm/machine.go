package vmm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strings"
	"syscall"

	"mewz/abi"
)

// Machine is an image with everything it needs to run once.
type Machine struct {
	Image       string // path of the image
	Name        string // of the program, for messages and process lists
	MemoryBytes uint64 // physical memory

	Stdin  io.Reader // nil: empty
	Stdout io.Writer // nil: discarded, as the next two
	Stderr io.Writer
	Log    io.Writer // kernel messages; the last LogTailBytes are kept in any case

	Shares  []Share
	Volumes []Volume

	Network *Network // nil: none
	// Announced is called when the machine says by which addresses others reach it.
	Announced func(addresses []netip.Prefix)
	// Warned is called when something that the program was promised is gone.
	Warned func(text string)
}

// Result is how a machine ended that could say so.
type Result struct {
	Reason abi.ExitReason
	Code   uint32 // of proc_exit, or one of abi.Exit...
	Report string // why, when it was not the program's own decision: a trap with its backtrace
	Log    string // the last kernel messages, unless Machine.Log got them
}

// VMM is a virtual machine monitor.
type VMM interface {
	// Run runs m until it ends or ctx does. When ctx ends first the error is
	// its cause; when an output cannot be written that is the error; both with a result
	// if the machine ended when it was asked to. When it
	// returns, no process of the machine is left.
	Run(ctx context.Context, m *Machine) (*Result, error)
	// Command returns the command line that Run would start first.
	Command(m *Machine) ([]string, error)
}

// ErrOutputClosed says that nobody reads the program's output any more, which
// ends a process by SIGPIPE and a machine likewise.
var ErrOutputClosed = errors.New("standard output is closed")

// Failure is a machine that ended without saying how: its kernel crashed, it
// was killed, or what it sent was no frame of the host channel.
type Failure struct {
	What string // one line: what happened, and what to do about it
	Log  string // the last kernel messages, unless Machine.Log got them, and what the monitor said
}

func (f *Failure) Error() string { return f.What }

// SignalError is a machine that a signal meant for the command ended.
type SignalError struct{ Signal syscall.Signal }

func (e SignalError) Error() string { return "ended by signal: " + e.Signal.String() }

// FlagError is a value of a flag that no machine can be made with.
type FlagError struct{ Err error }

func (e *FlagError) Error() string { return e.Err.Error() }

func (e *FlagError) Unwrap() error { return e.Err }

// OutputError is a stream of the program that could not be written.
type OutputError struct {
	Stream string
	Err    error
}

func (e *OutputError) Error() string { return fmt.Sprintf("writing %s: %v", e.Stream, e.Err) }

// Unwrap makes errors.Is see the cause.
func (e *OutputError) Unwrap() error { return e.Err }

// outputError wraps err of a write to a stream; a closed pipe becomes
// ErrOutputClosed, whichever stream it was.
func outputError(stream string, err error) error {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return ErrOutputClosed
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // /dev/stdout, whatever it really is
	}
	return &OutputError{stream, err}
}

// LastLine returns the last line of text that says something, for one-line
// messages.
func LastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
