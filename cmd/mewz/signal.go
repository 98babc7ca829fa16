package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// signalError is the cause of a context that a signal ended.
type signalError syscall.Signal

func (e signalError) Error() string { return "ended by signal: " + syscall.Signal(e).String() }

// sameSignal is within what time a second signal is the first one again: timeout(1) sends its
// signal to the command and to its process group, and may have to wait for a processor between.
// Nobody presses Ctrl-C twice as fast.
const sameSignal = 200 * time.Millisecond

// notifyContext returns a context that ends with the first SIGINT, SIGTERM,
// SIGHUP or SIGQUIT. The second one ends the process, and with it whatever it started
// (vmm.Start).
//
// It catches them until the process ends.
func notifyContext() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	go func() {
		first := (<-signals).(syscall.Signal)
		came := time.Now()
		cancel(signalError(first))
		for range signals {
			if time.Since(came) > sameSignal {
				os.Exit(128 + int(first))
			}
		}
	}()
	return ctx
}

// context returns the context of what must be ended in order: processes, machines,
// files that are half written. Before there is any, while a module is read, the first
// signal ends the process.
func (a *app) context() context.Context {
	if a.ctx == nil {
		a.ctx = notifyContext()
	}
	return a.ctx
}

// catchPipes catches SIGPIPE, so that a closed standard output is an error of a write,
// with a chance to clean up. It is not ignored: children would inherit that.
func catchPipes() (stop func()) {
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	return func() { signal.Stop(pipes) }
}

func contextCause(ctx context.Context) error { return context.Cause(ctx) }
