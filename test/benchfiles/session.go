package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// session is a machine that runs src/files.c.
type session struct {
	process *exec.Cmd
	stdin   io.WriteCloser
	lines   chan string
	counts  string // the plugin's file
	said    *tail  // standard error
	once    sync.Once
	ended   chan struct{}
	after   func() // when it has ended: what else was started for it
}

// Bounds of waiting. Linux boots for half a minute under TCG with a plugin.
const (
	bootTimeout      = 4 * time.Minute
	operationTimeout = 5 * time.Minute
	stopTimeout      = 10 * time.Second
	// settleTime is for what a machine still does after it has answered.
	settleTime = 100 * time.Millisecond
)

// What the program says.
const (
	saidReady = "files: ready"
	saidOK    = "ok "
	saidError = "error "
)

// launch is what a session has besides its command line.
type launch struct {
	counts string
	files  []*os.File // inherited, closed here then
	after  func()
}

// start runs a command line that ends as QEMU and waits until the program is there.
func (b *bench) start(l launch, program string, args ...string) (*session, error) {
	s := &session{counts: l.counts, said: &tail{}, ended: make(chan struct{}), lines: make(chan string, 64), after: l.after}
	s.process = exec.CommandContext(b.ctx, program, args...)
	s.process.ExtraFiles = l.files
	s.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	s.process.Cancel = func() error { return s.process.Process.Signal(syscall.SIGTERM) }
	s.process.WaitDelay = stopTimeout
	s.process.Stderr = s.said
	var err error
	if s.stdin, err = s.process.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	for _, f := range l.files {
		f.Close()
	}
	b.sessions = append(b.sessions, s)
	go s.read(stdout)
	_, err = s.answer(b.ctx, bootTimeout, saidReady)
	return s, err
}

// read hands over the lines that the machine says.
func (s *session) read(stdout io.Reader) {
	scanner := bufio.NewScanner(stdout)
	for scanner.Scan() {
		line := strings.TrimRight(scanner.Text(), "\r")
		fmt.Fprintln(s.said, line)
		s.lines <- line
	}
	_ = s.process.Wait() // how it ended is in what it said
	close(s.lines)
	close(s.ended)
}

// answer waits for a line that begins with want; others are of the kernel.
func (s *session) answer(ctx context.Context, timeout time.Duration, want string) (string, error) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-timer.C:
			return "", fmt.Errorf("no answer within %v\n%s", timeout, s.said)
		case line, ok := <-s.lines:
			switch {
			case !ok:
				return "", fmt.Errorf("it ended\n%s", s.said)
			case strings.HasPrefix(line, want):
				return strings.TrimPrefix(line, want), nil
			case strings.HasPrefix(line, saidError), strings.Contains(line, "guest: failed:"):
				return "", errors.New(line)
			}
		}
	}
}

// count is what an operation cost.
type count struct{ instructions, repeats uint64 }

func (c count) minus(d count) count {
	return count{c.instructions - d.instructions, c.repeats - d.repeats}
}

// do has the program do an operation and returns what it cost and the program's check.
func (s *session) do(ctx context.Context, folder, operation string, times int) (count, string, error) {
	before, err := s.snapshot()
	if err != nil {
		return count{}, "", err
	}
	if _, err := fmt.Fprintf(s.stdin, "%s %s %d\n", folder, operation, times); err != nil {
		return count{}, "", fmt.Errorf("%w\n%s", err, s.said)
	}
	check, err := s.answer(ctx, operationTimeout, saidOK)
	if err != nil {
		return count{}, "", err
	}
	time.Sleep(settleTime)
	after, err := s.snapshot()
	return after.minus(before), check, err
}

// snapshot reads the counts of the plugin.
func (s *session) snapshot() (count, error) {
	content, err := os.ReadFile(s.counts)
	if err != nil {
		return count{}, err
	}
	const pairBytes = 16
	if len(content) < pairBytes {
		return count{}, fmt.Errorf("%s: %d bytes: the plugin does not run", s.counts, len(content))
	}
	le := binary.LittleEndian
	return count{le.Uint64(content), le.Uint64(content[8:])}, nil
}

// stop ends the machine, and what was started for it.
func (s *session) stop() {
	s.once.Do(func() {
		s.stdin.Close()
		select {
		case <-s.ended:
		case <-time.After(settleTime):
			_ = s.process.Process.Signal(syscall.SIGTERM)
			<-s.ended // WaitDelay has it killed
		}
		if s.after != nil {
			s.after()
		}
	})
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
	return string(bytes.TrimSpace(t.text))
}
