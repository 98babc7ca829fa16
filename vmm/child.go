package vmm

import (
	"context"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// childGrace is how long a child may take to end after SIGTERM before SIGKILL.
const childGrace = time.Second

// Child is a running monitor.
type Child struct {
	Process *exec.Cmd
	Done    <-chan struct{} // closed when the process is gone and its output read
}

// allowDescriptors has the children of this process have as many descriptors as they may:
// each file of a share that the program has open is one of its server. Go itself
// raises the limit only for its own process, unless it is set.
func allowDescriptors() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) // else as many as there are
	}
}

// NewCommand returns a command that gets SIGTERM when ctx ends, SIGKILL a grace
// later, and SIGKILL from Linux when this process ends in whatever way.
func NewCommand(ctx context.Context, path string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, path, args...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = childGrace
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

// Start starts a command of NewCommand.
//
// Linux sends the parent-death signal when the thread that started the child
// ends, not when its process does (prctl(2), PR_SET_PDEATHSIG), so the thread
// is kept for as long as the child lives.
func Start(c *exec.Cmd) (*Child, error) {
	allowDescriptors()
	started := make(chan error)
	done := make(chan struct{})
	child := &Child{Process: c, Done: done}
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.Start()
		started <- err
		if err != nil {
			return
		}
		_ = c.Wait() // how it ended is in its ProcessState
		close(done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return child, nil
}
