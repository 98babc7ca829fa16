package vmm

import (
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// foregroundPollInterval is how often a command in the background of a terminal
// looks whether it has come to the foreground. Only then may it read: before,
// the read would stop it (SIGTTIN) even if its program never reads.
const foregroundPollInterval = 200 * time.Millisecond

// Input reads standard input so that nothing is taken after the machine ended:
// a blocked read of a file can not be taken back, so Read waits in poll(2) for
// the input and for Close at once. Other readers are read as they are.
type Input struct {
	r          io.Reader
	file       *os.File // r, when it is one
	terminal   bool
	wakeR      *os.File
	wakeW      *os.File
	foreground func() bool
}

// NewInput returns an Input of r; nil is an empty one.
func NewInput(r io.Reader) (*Input, error) {
	file, ok := r.(*os.File)
	if !ok || file == nil {
		if r == nil || ok {
			r = eof{}
		}
		return &Input{r: r}, nil
	}
	wakeR, wakeW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	in := &Input{r: r, file: file, wakeR: wakeR, wakeW: wakeW}
	in.terminal = isTerminal(file)
	in.foreground = func() bool { return inForeground(file) }
	return in, nil
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// Close makes a waiting Read return io.EOF. The file itself stays open.
func (in *Input) Close() {
	if in.wakeW != nil {
		in.wakeW.Close()
	}
}

// Read reads some bytes once there are any.
func (in *Input) Read(b []byte) (int, error) {
	if in.file == nil {
		return in.r.Read(b)
	}
	for {
		found, err := in.poll(-1)
		if err != nil {
			return 0, err
		}
		if found.closed {
			return 0, io.EOF
		}
		if !found.ready {
			continue // a signal
		}
		if !in.terminal || in.foreground() {
			return in.r.Read(b)
		}
		if in.pause() {
			return 0, io.EOF
		}
	}
}

// Wait waits until Read would not wait, Close, or until timeout has passed; no
// timeout when it is negative. Nothing is taken. A command in the background of
// its terminal is not ready. A reader that is no file is always ready.
func (in *Input) Wait(timeout time.Duration) (ready, hangup bool) {
	if in.file == nil {
		return true, false
	}
	until := time.Now().Add(timeout)
	for {
		left := timeout
		if timeout >= 0 {
			left = max(time.Until(until), 0)
		}
		found, err := in.poll(left)
		switch {
		case err != nil:
			return true, false // Read finds out what is wrong
		case found.closed:
			return false, false
		case found.ready && (!in.terminal || in.foreground()):
			return true, found.hangup
		case timeout >= 0 && !time.Now().Before(until):
			return false, false
		}
		if found.ready && in.pause() {
			return false, false
		}
	}
}

// pollResult is what poll found.
type pollResult struct{ ready, hangup, closed bool }

// poll waits until the file has something to read, Close, or until timeout has
// passed; no timeout when it is negative.
func (in *Input) poll(timeout time.Duration) (found pollResult, err error) {
	// Conn keeps the descriptor valid and, unlike Fd, its mode as it is.
	conn, err := in.file.SyscallConn()
	if err != nil {
		return found, err
	}
	var limit *unix.Timespec
	if timeout >= 0 {
		t := unix.NsecToTimespec(int64(timeout))
		limit = &t
	}
	var pollErr error
	err = conn.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, in.wakePoll()}
		_, pollErr = unix.Ppoll(fds, limit, nil)
		found = pollResult{fds[0].Revents != 0, fds[0].Revents&unix.POLLHUP != 0, fds[1].Revents != 0}
	})
	if pollErr == unix.EINTR {
		return pollResult{}, err // nothing; the callers look again
	}
	if err == nil {
		err = pollErr
	}
	return found, err
}

// pause waits a while; closed says that Close ended it.
func (in *Input) pause() (closed bool) {
	fds := []unix.PollFd{in.wakePoll()}
	n, err := unix.Poll(fds, int(foregroundPollInterval/time.Millisecond))
	return err == nil && n > 0
}

// wakePoll waits for Close. The read end stays open while in is reachable.
func (in *Input) wakePoll() unix.PollFd {
	return unix.PollFd{Fd: int32(in.wakeR.Fd()), Events: unix.POLLIN}
}

func isTerminal(f *os.File) bool {
	terminal := false
	if conn, err := f.SyscallConn(); err == nil {
		err = conn.Control(func(fd uintptr) {
			_, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
			terminal = err == nil
		})
		terminal = terminal && err == nil
	}
	return terminal
}

// inForeground says whether this process may read from the terminal f.
func inForeground(f *os.File) bool {
	foreground := true
	if conn, err := f.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) {
			group, err := unix.IoctlGetInt(int(fd), unix.TIOCGPGRP)
			// Not our controlling terminal: no job control, reading is fine.
			foreground = err != nil || group == unix.Getpgrp()
		})
	}
	return foreground
}
