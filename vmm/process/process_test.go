package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
	"mewz/vmm"
)

// script writes an image that is a shell script: exit_with CODE sends the last
// frame, the program's streams are 0, 1 and 3.
func script(t *testing.T, body string) *vmm.Machine {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	octal := func(frame []byte) string {
		var s strings.Builder
		for _, b := range frame {
			fmt.Fprintf(&s, `\%03o`, b)
		}
		return s.String()
	}
	text := "#!/bin/sh\nready() { printf '" + octal(abi.AppendFrameHeader(nil, abi.FrameReady, 0)) + "' >&4; }\n" +
		"stops() { printf '" + octal(append(abi.AppendFrameHeader(nil, abi.FrameReady, 1), abi.ReadyStops)) + "' >&4; }\n" +
		"network() { printf '" + octal(abi.AppendFrameHeader(nil, abi.FrameNetwork, 0)) + "' >&4; }\n" +
		"exit_3() { printf '" + octal(abi.AppendExitFrame(nil, abi.ExitByProgram, 3)) + "' >&4; exit 3; }\n" +
		"PATH=/bin:/usr/bin\n" + body + "\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return &vmm.Machine{Image: path, Name: "test"}
}

func TestRunStreams(t *testing.T) {
	m := script(t, `ready; cat; echo log >&2; echo error >&3; env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= -e ^PATH=; exit_3`)
	t.Setenv("SECRET", "of the host")
	var stdout, stderr, log bytes.Buffer
	m.Stdin, m.Stdout, m.Stderr, m.Log = strings.NewReader("a\x00b\r\n"), &stdout, &stderr, &log
	result, err := new(VMM).Run(t.Context(), m)
	if err != nil || result.Code != 3 || result.Reason != abi.ExitByProgram {
		t.Fatalf("Run = %+v, %v", result, err)
	}
	if stdout.String() != "a\x00b\r\n" || stderr.String() != "error\n" || log.String() != "log\n" || result.Log != "" {
		t.Errorf("streams %q, %q, %q, kept %q", stdout.String(), stderr.String(), log.String(), result.Log)
	}
}

func TestRunHandsFilesOver(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	m := script(t, `ready; readlink /proc/self/fd/1; readlink /proc/self/fd/3 >&3; exit_3`)
	m.Stdout, m.Stderr = out, out
	if _, err := new(VMM).Run(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out.Name())
	if err != nil || !strings.HasPrefix(string(b), out.Name()) {
		t.Errorf("the descriptors are %q, %v, want %s", b, err, out.Name())
	}
}

func TestRunFailures(t *testing.T) {
	for _, test := range []struct{ name, body, err, log string }{
		{"no exit frame", "ready; echo panic >&2; exit 2", "the process ended with status 2 and did not say why", "panic\n"},
		{"fault", "ready; echo sorry >&2; kill -SEGV $$", "the process was ended by signal 11 (segmentation fault)", "sorry\n"},
		{"killed", "kill -KILL $$", "the process was killed (SIGKILL): by hand", ""},
		{"garbage", "echo garbage to control >&4; sleep 100", "the process failed: host channel, byte 0: no frame", ""},
	} {
		_, err := new(VMM).Run(t.Context(), script(t, test.body))
		var failure *vmm.Failure
		if !errors.As(err, &failure) || !strings.HasPrefix(failure.What, test.err) || failure.Log != test.log {
			t.Errorf("%s: Run = %v, want %q with log %q", test.name, err, test.err, test.log)
		}
	}
}

func TestRunSignals(t *testing.T) {
	_, err := new(VMM).Run(t.Context(), script(t, "kill -INT $$"))
	if want := (vmm.SignalError{Signal: syscall.SIGINT}); err != want {
		t.Errorf("Run = %v, want %v", err, want)
	}
	_, err = new(VMM).Run(t.Context(), script(t, "kill -PIPE $$"))
	if err != vmm.ErrOutputClosed {
		t.Errorf("Run = %v, want ErrOutputClosed", err)
	}
}

func TestRunNoImage(t *testing.T) {
	m := &vmm.Machine{Image: filepath.Join(t.TempDir(), "none"), Name: "hello"}
	if _, err := new(VMM).Run(t.Context(), m); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Run = %v, want that it does not exist", err)
	}
}

// A process that does not listen to SIGTERM is killed, and whoever holds its
// standard input open does not hold the command up.
func TestRunCancel(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	m := script(t, "trap '' TERM; ready; echo started; while true; do sleep 0.1; done")
	m.Stdin = r
	m.Stdout = writerFunc(func([]byte) { cancel(cause) })
	start := time.Now()
	if _, err := new(VMM).Run(ctx, m); err != cause {
		t.Errorf("Run = %v, want the cause", err)
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

type writerFunc func([]byte)

func (w writerFunc) Write(b []byte) (int, error) { w(b); return len(b), nil }

func TestRunOutputError(t *testing.T) {
	m := script(t, "ready; while echo y; do :; done")
	m.Stdout = failing{}
	_, err := new(VMM).Run(t.Context(), m)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Run = %v, want ENOSPC", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// A process with something to bring to an end is asked to end, and says what it has to say;
// one that is asked and does not listen, or cannot, is ended.
func TestRunStops(t *testing.T) {
	cause := errors.New("enough")
	for _, test := range []struct {
		name, body, want string
		ended            bool
	}{
		{"asked", `stops; network; head -c 1 <&6; exit_3`, "s", true},
		{"deaf", `stops; network; exec 4>&-; exec sleep 1000`, "", false},
		{"old", `ready; trap 'echo term; exit' TERM; network; while true; do sleep 0.1; done`, "", false},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		m := script(t, test.body)
		m.Shares = []vmm.Share{{Path: t.TempDir(), Tag: "7"}}
		var stdout strings.Builder
		m.Stdout = &stdout
		m.Announced = func([]netip.Prefix) { cancel(cause) } // by then it has said whether it can be asked
		result, err := new(VMM).Run(ctx, m)
		if err != cause || (result != nil) != test.ended || stdout.String() != test.want {
			t.Errorf("%s: Run = %+v, %v after %q, want %q", test.name, result, err, stdout.String(), test.want)
		}
		cancel(nil)
	}
}
