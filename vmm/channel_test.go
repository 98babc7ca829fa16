package vmm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"mewz/abi"
)

// frame returns one whole frame.
func frame(kind abi.FrameKind, payload string) string {
	return string(abi.AppendFrameHeader(nil, kind, len(payload))) + payload
}

func exitFrame(reason abi.ExitReason, code uint32) string {
	return string(abi.AppendExitFrame(nil, reason, code))
}

func TestChannelCopy(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", abi.FrameMaxBytes/16)
	for _, test := range []struct {
		name, in            string
		stdout, stderr, log string
		result              *Result
		err                 string
	}{
		{name: "all kinds",
			in: frame(abi.FrameReady, "") + frame(abi.FrameStdout, "a\x00b\r\n") + frame(abi.FrameLog, "l") +
				frame(abi.FrameStderr, "e") + frame(abi.FrameReport, "r1 ") + frame(abi.FrameReport, "r2") + exitFrame(abi.ExitByTrap, 134),
			stdout: "a\x00b\r\n", stderr: "e", log: "l",
			result: &Result{Reason: abi.ExitByTrap, Code: 134, Report: "r1 r2"}},
		{name: "longest frame", in: frame(abi.FrameStdout, long) + exitFrame(abi.ExitByProgram, 0),
			stdout: long, result: &Result{Reason: abi.ExitByProgram}},
		{name: "after the exit", in: exitFrame(abi.ExitByProgram, 3) + "garbage of any kind",
			result: &Result{Reason: abi.ExitByProgram, Code: 3}},
		{name: "empty", err: "the host channel ended without an exit frame"},
		{name: "no exit", in: frame(abi.FrameStdout, "x"), stdout: "x", err: "ended without an exit frame"},
		{name: "in a header", in: "\x02\x00\x00", err: "it stops in a frame, byte 0"},
		{name: "in a payload", in: frame(abi.FrameStdout, "hello")[:10], stdout: "he", err: "it stops in a frame, byte 10"},
		{name: "in the exit", in: exitFrame(abi.ExitByProgram, 0)[:12], err: "it stops in a frame"},
		{name: "text", in: frame(abi.FrameReady, "") + "panic: oh no", err: `host channel, byte 8: no frame: "panic: o"`},
		{name: "kind 0", in: "\x00\x00\x00\x00\x00\x00\x00\x00", err: "no frame"},
		{name: "too long", in: "\x02\x00\x00\x00\x01\x00\x10\x00", err: "no frame"},
		{name: "short exit", in: frame(abi.FrameExit, "abc"), err: "no exit frame"},
		{name: "long exit", in: frame(abi.FrameExit, strings.Repeat("x", 100<<10)), err: "no exit frame"},
		{name: "exit without reason", in: exitFrame(0, 0), err: "no exit frame"},
		{name: "exit with reason 4", in: exitFrame(4, 0), err: "no exit frame"},
	} {
		for _, reader := range []func(io.Reader) io.Reader{iotest.DataErrReader, iotest.OneByteReader} {
			if len(test.in) > 1<<16 && test.err == "" {
				reader = iotest.HalfReader
			}
			var stdout, stderr, log bytes.Buffer
			c := &Channel{Stdout: &stdout, Stderr: &stderr, Log: &log}
			err := c.Copy(reader(strings.NewReader(test.in)))
			if got := errorText(err); !strings.Contains(got, test.err) || (test.err == "") != (err == nil) {
				t.Errorf("%s: error %q, want %q", test.name, got, test.err)
			}
			if diff := cmp.Diff(test.result, c.Result); diff != "" {
				t.Errorf("%s: result (-want +got):\n%s", test.name, diff)
			}
			if stdout.String() != test.stdout || stderr.String() != test.stderr || log.String() != test.log {
				t.Errorf("%s: streams %.80q, %.80q, %.80q", test.name, stdout.String(), stderr.String(), log.String())
			}
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestChannelReady(t *testing.T) {
	for _, in := range []string{
		frame(abi.FrameReady, "") + frame(abi.FrameStdout, "x") + exitFrame(abi.ExitByProgram, 0),
		frame(abi.FrameReport, "refused") + exitFrame(abi.ExitByKernel, 125),
	} {
		calls := 0
		c := &Channel{Ready: func() { calls++ }}
		if err := c.Copy(strings.NewReader(in)); err != nil || calls != 1 {
			t.Errorf("Copy(%q) = %v with %d calls of Ready, want 1", in, err, calls)
		}
	}
}

func TestChannelReportIsBounded(t *testing.T) {
	in := strings.Repeat(frame(abi.FrameReport, strings.Repeat("x", abi.FrameMaxBytes/2)), 5) + exitFrame(abi.ExitByTrap, 134)
	c := &Channel{}
	if err := c.Copy(strings.NewReader(in)); err != nil {
		t.Fatal(err)
	}
	if got := len(c.Result.Report); got != reportMaxBytes {
		t.Errorf("report of %d bytes, want %d", got, reportMaxBytes)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestChannelOutputErrors(t *testing.T) {
	in := frame(abi.FrameStdout, "x") + exitFrame(abi.ExitByProgram, 0)
	c := &Channel{Stdout: failingWriter{syscall.EPIPE}}
	if err := c.Copy(strings.NewReader(in)); !errors.Is(err, ErrOutputClosed) {
		t.Errorf("Copy into a closed pipe = %v, want ErrOutputClosed", err)
	}
	c = &Channel{Stdout: failingWriter{syscall.ENOSPC}}
	err := c.Copy(strings.NewReader(in))
	if got, want := errorText(err), "writing standard output: no space left on device"; got != want {
		t.Errorf("Copy to a full disk = %q, want %q", got, want)
	}
}

func TestChannelStarted(t *testing.T) {
	for payload, want := range map[string]byte{"": 0, "\x00": 0, "\x01": abi.ReadyPorts, "\x03more": abi.ReadyPorts | abi.ReadyStops} {
		var got []byte
		c := &Channel{Started: func(ready byte) { got = append(got, ready) }}
		if err := c.Copy(strings.NewReader(frame(abi.FrameReady, payload) + frame(abi.FrameReady, "\xff") + exitFrame(abi.ExitByProgram, 0))); err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0] != want {
			t.Errorf("payload %q: Started was called with %v, want %v", payload, got, want)
		}
	}
	c := &Channel{}
	if err := c.Copy(strings.NewReader(frame(abi.FrameReady, "\x01")[:abi.FrameHeaderBytes])); !errors.Is(err, ErrChannelEnd) {
		t.Errorf("Copy of half a frame = %v, want ErrChannelEnd", err)
	}
}

func TestChannelAnnounced(t *testing.T) {
	for payload, want := range map[string]string{
		"10.0.2.15/24\nfec0::1/64\n":         "[10.0.2.15/24 fec0::1/64]",
		"10.0.2.15/24":                       "[10.0.2.15/24]",
		"":                                   "[]",
		"\x1b[2Jx\n10.0.0.1\n10.0.0.2/8\n\n": "[10.0.0.2/8]",
		strings.Repeat("10.0.0.1/8\n", 1000) + "1.1.1": "[" + strings.TrimSpace(strings.Repeat("10.0.0.1/8 ", 4096/11)) + "]",
	} {
		got := "not called"
		c := &Channel{Announced: func(addresses []netip.Prefix) { got = fmt.Sprint(addresses) }}
		if err := c.Copy(strings.NewReader(frame(abi.FrameNetwork, payload) + exitFrame(abi.ExitByProgram, 0))); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("payload %.40q: %.80s, want %.80s", payload, got, want)
		}
	}
	if err := new(Channel).Copy(strings.NewReader(frame(abi.FrameNetwork, "10.0.0.1/8")[:12])); !errors.Is(err, ErrChannelEnd) {
		t.Errorf("Copy of half a frame = %v, want ErrChannelEnd", err)
	}
}

// A warning is passed on once, and not without end.
func TestChannelWarned(t *testing.T) {
	in := frame(abi.FrameWarning, "") + strings.Repeat(frame(abi.FrameWarning, "gone"), 3) + frame(abi.FrameWarning, strings.Repeat("x", 70<<10))
	for i := range 100 {
		in += frame(abi.FrameWarning, fmt.Sprint("number ", i))
	}
	var got []string
	c := &Channel{Warned: func(text string) { got = append(got, text) }}
	if err := c.Copy(strings.NewReader(in + exitFrame(abi.ExitByProgram, 0))); err != nil {
		t.Fatal(err)
	}
	if len(got) != warningsMax+1 || got[0] != "gone" || len(got[1]) != warningMaxBytes || got[2] != "number 0" ||
		got[warningsMax] != "more warnings of the machine are left out" {
		t.Errorf("%d warnings: %.1000q", len(got), got)
	}
	if err := new(Channel).Copy(strings.NewReader(frame(abi.FrameWarning, "gone")[:10])); !errors.Is(err, ErrChannelEnd) {
		t.Errorf("Copy of half a frame = %v, want ErrChannelEnd", err)
	}
}

func FuzzChannel(f *testing.F) {
	f.Add([]byte(frame(abi.FrameReady, "") + frame(abi.FrameStdout, "x") + exitFrame(abi.ExitByProgram, 0)))
	f.Add([]byte("\x06\x00\x00\x00\xff\xff\x0f\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		c := &Channel{Stdout: &out, Stderr: &out, Log: &out}
		err := c.Copy(bytes.NewReader(in))
		if (err == nil) != (c.Result != nil) {
			t.Errorf("Copy = %v with result %v", err, c.Result)
		}
		if out.Len() > len(in) {
			t.Errorf("%d bytes came out of %d", out.Len(), len(in))
		}
	})
}
