package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"mewz/test/workbench"
)

// session is a machine that runs src/files.c.
type session struct {
	*workbench.Machine
	stdin  io.WriteCloser
	lines  chan string
	counts string // the plugin's file
	once   sync.Once
	after  func() // when it has ended: what else was started for it
}

// Bounds of waiting. Linux boots for half a minute under TCG with a plugin.
const (
	bootTimeout      = 4 * time.Minute
	operationTimeout = 5 * time.Minute
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
	s := &session{Machine: b.NewMachine(program, args...), counts: l.counts, lines: make(chan string, 64), after: l.after}
	s.ExtraFiles, s.Stdout = l.files, nil
	var err error
	if s.stdin, err = s.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := s.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.Start(); err != nil {
		return nil, err
	}
	for _, f := range l.files {
		f.Close()
	}
	b.sessions = append(b.sessions, s)
	go s.read(stdout)
	_, err = s.answer(b.Context, bootTimeout, saidReady)
	return s, err
}

// read hands over the lines that the machine says.
func (s *session) read(stdout io.Reader) {
	scanner := bufio.NewScanner(stdout)
	for scanner.Scan() {
		line := strings.TrimRight(scanner.Text(), "\r")
		fmt.Fprintln(&s.Said, line)
		s.lines <- line
	}
	s.Watch()
	close(s.lines)
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
			return "", fmt.Errorf("no answer within %v\n%s", timeout, &s.Said)
		case line, ok := <-s.lines:
			switch {
			case !ok:
				return "", fmt.Errorf("it ended\n%s", &s.Said)
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
		return count{}, "", fmt.Errorf("%w\n%s", err, &s.Said)
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
		go func() {
			for range s.lines { // else read would wait for somebody who takes them
			}
		}()
		s.Stop(settleTime)
		if s.after != nil {
			s.after()
		}
	})
}
