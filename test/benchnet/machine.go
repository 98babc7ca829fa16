package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"mewz/test/benchnet/guest/plan"
	"mewz/test/workbench"
)

// machine is a QEMU with one processor under TCG on a wire. It runs only between
// resume and pause, so that machines do not take time from each other.
type machine struct {
	*workbench.Machine
	name     string
	wire     wire
	monitor  net.Conn
	replies  *bufio.Reader
	pidFile  string
	counts   string   // the plugin's file, or ""
	symbols  *symbols // of the image, or nil
	stopping sync.Once
}

// Bounds of waiting for QEMU. A reply of the monitor takes milliseconds, unless the
// computer is busy.
const (
	monitorTimeout = 30 * time.Second
	quitTimeout    = 5 * time.Second // then it gets a signal
)

// qemuFlags are the arguments that every machine gets: a monitor, a file with its
// process number, the plugin if instructions are to be counted.
func (b *bench) qemuFlags(m *machine, counted bool) ([]string, error) {
	m.pidFile = b.Path(m.name + ".pid")
	flags := []string{"-pidfile", m.pidFile, "-monitor", "unix:" + b.Path(m.name+".monitor") + ",server=on,wait=off"}
	if counted {
		plugin, err := b.Plugin(pluginSource)
		if err != nil {
			return nil, err
		}
		m.counts = b.Path(m.name + ".counts")
		flags = append(flags, "-plugin", "file="+plugin+",out="+m.counts)
	}
	return flags, nil
}

// pluginSource counts the instructions of each block.
const pluginSource = "test/benchnet/histogram/histogram.c"

// start runs a command line that ends as QEMU in the namespace.
func (b *bench) start(m *machine, program string, args ...string) error {
	m.Machine = b.NewMachine(program, args...)
	if err := b.namespace.do(m.Start); err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	b.machines = append(b.machines, m)
	go m.Watch()
	return m.connect(b.Context, b.Path(m.name+".monitor"))
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
	said := m.Said.String()
	if time.Now().After(deadline) || slices.ContainsFunc(inVain, func(text string) bool { return strings.Contains(said, text) }) {
		return fmt.Errorf("%s: %w\n%s", m.name, last, &m.Said)
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-m.Ended:
		return fmt.Errorf("%s ended by itself\n%s", m.name, &m.Said)
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
			return fmt.Errorf("%s: monitor: %w\n%s", m.name, err, &m.Said)
		}
		reply = append(reply, c)
	}
	return nil
}

func (m *machine) command(text string) error {
	if _, err := m.monitor.Write([]byte(text + "\n")); err != nil {
		return fmt.Errorf("%s: monitor: %w\n%s", m.name, err, &m.Said)
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
		m.Stop(quitTimeout)
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
