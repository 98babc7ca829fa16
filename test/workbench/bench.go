package workbench

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"mewz/test/toolchain"
)

// Bench is one run of a command that measures.
type Bench struct {
	Context   context.Context
	Root      string // of the project
	Directory string // for everything that is made, gone afterwards
	Mewz      string // path of the command that is measured
	name      string
}

// Main runs a command that measures: for so long at most, until it is interrupted,
// with exit code 1 when it fails. It does not return then.
func Main(name string, timeout time.Duration, measure func(*Bench) error) {
	if err := run(name, timeout, measure); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func run(name string, timeout time.Duration, measure func(*Bench) error) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not done after %v: -timeout", timeout))
	defer cancel()
	b := &Bench{Context: ctx, name: name}
	var err error
	if b.Root, err = toolchain.Root(); err != nil {
		return err
	}
	if b.Mewz, err = toolchain.Mewz(); err != nil {
		return err
	}
	if b.Mewz, err = filepath.Abs(b.Mewz); err != nil {
		return err
	}
	// Not below build/: the name of a socket has at most 107 bytes (unix(7)).
	if b.Directory, err = os.MkdirTemp("", name+"-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.Directory)
	return measure(b)
}

// Path is a file of this run.
func (b *Bench) Path(name string) string { return filepath.Join(b.Directory, name) }

// Progress says on standard error what is being done.
func (b *Bench) Progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, b.name+": "+format+"\n", args...)
}
