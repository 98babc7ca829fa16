package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"mewz/test/benchnet/guest/plan"
)

// machine is a QEMU with one processor under TCG on a wire. It runs only between
// resume and pause, so that machines do not take time from each other.
type machine struct {
	name     string
	wire     wire
	process  *exec.Cmd // QEMU, or the command that runs it
	ended    chan struct{}
	monitor  net.Conn
	replies  *bufio.Reader
	pidFile  string
	counts   string // the plugin's file, or ""
	said     *tail
	symbols  *symbols // of the image, or nil
	stopping sync.Once
}

// Bounds of waiting for QEMU. A reply of the monitor takes milliseconds, unless the
// computer is busy.
const (
	monitorTimeout = 30 * time.Second
	stopTimeout    = 5 * time.Second
)

// qemuFlags are the arguments that every machine gets: a monitor, a file with its
// process number, the plugin if instructions are to be counted.
func (b *bench) qemuFlags(m *machine, counted bool) ([]string, error) {
	m.pidFile = b.path(m.name + ".pid")
	flags := []string{"-pidfile", m.pidFile, "-monitor", "unix:" + b.path(m.name+".monitor") + ",server=on,wait=off"}
	if counted {
		plugin, err := b.plugin()
		if err != nil {
			return nil, err
		}
		m.counts = b.path(m.name + ".counts")
		flags = append(flags, "-plugin", "file="+plugin+",out="+m.counts)
	}
	return flags, nil
}

// plugin builds the TCG plugin.
func (b *bench) plugin() (string, error) {
	path := b.path("libhistogram.so")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	source := filepath.Join(b.root, "test/benchnet/histogram/histogram.c")
	return path, b.exec(nil, "clang-19", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", path, source)
}

// start runs a command line that ends as QEMU in the namespace.
func (b *bench) start(m *machine, program string, args ...string) error {
	m.said = &tail{}
	m.process = exec.CommandContext(b.ctx, program, args...)
	m.process.Stdout, m.process.Stderr = m.said, m.said
	m.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	m.process.Cancel = func() error { return m.process.Process.Signal(syscall.SIGTERM) }
	m.process.WaitDelay = stopTimeout
	m.ended = make(chan struct{})
	if err := b.namespace.do(m.process.Start); err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	b.machines = append(b.machines, m)
	go func() {
		_ = m.process.Wait() // how it ended is in what it said
		close(m.ended)
	}()
	return m.connect(b.ctx, b.path(m.name+".monitor"))
}

// connect waits until the monitor is there.
func (m *machine) connect(ctx context.Context, path string) error {
	deadline := time.Now().Add(monitorTimeout)
	for {
		connection, err := net.Dial("unix", path)
		if err == nil {
			m.monitor, m.replies = connection, bufio.NewReader(connection)
			return m.prompt()
		}
		if err := m.wait(ctx, deadline, err, plan.Failed); err != nil {
			return err
		}
	}
}

// pollInterval is how often something is looked at that does not tell when it is
// ready.
const pollInterval = 50 * time.Millisecond

// wait lets a moment pass before the next try, unless that is in vain: the
// machine has said one of the texts that mean it.
func (m *machine) wait(ctx context.Context, deadline time.Time, last error, inVain ...string) error {
	said := m.said.String()
	if time.Now().After(deadline) || slices.ContainsFunc(inVain, func(text string) bool { return strings.Contains(said, text) }) {
		return fmt.Errorf("%s: %w\n%s", m.name, last, m.said)
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-m.ended:
		return fmt.Errorf("%s ended by itself\n%s", m.name, m.said)
	case <-time.After(pollInterval):
		return nil
	}
}

// monitorPrompt ends every reply of the monitor.
const monitorPrompt = "(qemu) "

// prompt reads a reply of the monitor up to its end.
func (m *machine) prompt() error {
	if err := m.monitor.SetReadDeadline(time.Now().Add(monitorTimeout)); err != nil {
		return err
	}
	var reply []byte
	for !bytes.HasSuffix(reply, []byte(monitorPrompt)) {
		c, err := m.replies.ReadByte()
		if err != nil {
			return fmt.Errorf("%s: monitor: %w\n%s", m.name, err, m.said)
		}
		reply = append(reply, c)
	}
	return nil
}

func (m *machine) command(text string) error {
	if _, err := m.monitor.Write([]byte(text + "\n")); err != nil {
		return fmt.Errorf("%s: monitor: %w\n%s", m.name, err, m.said)
	}
	return m.prompt()
}

func (m *machine) pause() error  { return m.command("stop") }
func (m *machine) resume() error { return m.command("cont") }

// stop ends the machine.
func (m *machine) stop() {
	m.stopping.Do(func() {
		if m.monitor != nil {
			_, _ = m.monitor.Write([]byte("quit\n")) // what does not hear gets a signal below
		}
		select {
		case <-m.ended:
		case <-time.After(stopTimeout):
			_ = m.process.Process.Signal(syscall.SIGTERM)
			<-m.ended // WaitDelay has it killed
		}
		if m.monitor != nil {
			m.monitor.Close()
		}
	})
}

// clockTicks is USER_HZ of proc(5): 100 on every Linux.
const clockTicks = 100

// cpu returns the processor time that QEMU has used so far.
func (m *machine) cpu() (time.Duration, error) {
	pid, err := os.ReadFile(m.pidFile)
	if err != nil {
		return 0, err
	}
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
	if err != nil {
		return 0, err
	}
	// The name of the process, in parentheses, may hold anything.
	_, rest, ok := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	const user, system = 11, 12 // of what follows the name
	if !ok || len(fields) <= system {
		return 0, errors.New("no line of proc(5): " + string(stat))
	}
	total := 0
	for _, field := range []string{fields[user], fields[system]} {
		ticks, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		total += ticks
	}
	return time.Duration(total) * time.Second / clockTicks, nil
}

// tail keeps the end of what a machine said.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// tailMaxBytes is some 30 lines.
const tailMaxBytes = 3000

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-tailMaxBytes):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
