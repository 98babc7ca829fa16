package workbench

import (
	"bytes"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// stopTimeout is how long a machine may take to end that was asked to.
const stopTimeout = 10 * time.Second

// Machine is a process that is QEMU, or a command that runs one.
type Machine struct {
	*exec.Cmd
	Said  Tail          // what it said, on both streams unless Cmd says otherwise
	Ended chan struct{} // closed when it has ended
}

// NewMachine returns a machine that is to be started and watched.
func (b *Bench) NewMachine(program string, args ...string) *Machine {
	m := &Machine{Cmd: exec.CommandContext(b.Context, program, args...), Ended: make(chan struct{})}
	m.Stdout, m.Stderr = &m.Said, &m.Said
	m.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	m.Cancel = func() error { return m.Process.Signal(syscall.SIGTERM) }
	m.WaitDelay = stopTimeout
	return m
}

// Watch waits until the machine ends.
func (m *Machine) Watch() {
	_ = m.Wait() // how it ended is in what it said
	close(m.Ended)
}

// Stop ends the machine, after it had some time to do so by itself.
func (m *Machine) Stop(patience time.Duration) {
	select {
	case <-m.Ended:
		return
	case <-time.After(patience):
	}
	_ = m.Process.Signal(syscall.SIGTERM) // it may have ended now
	select {
	case <-m.Ended:
	case <-time.After(stopTimeout):
		_ = m.Process.Kill()
		<-m.Ended
	}
}

// Tail keeps the end of what a machine said.
type Tail struct {
	mu   sync.Mutex
	text []byte
}

// tailMaxBytes is some 30 lines.
const tailMaxBytes = 3000

func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-tailMaxBytes):]
	return len(p), nil
}

func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.text))
}
