package net

import (
	"errors"
	"io"
	stdnet "net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestEnd asks a machine to end: every connection ends with it, in the way that tells its client what it has
// got. Silence is what none may meet.
func TestEnd(t *testing.T) {
	for _, tt := range []struct {
		name   string
		signal os.Signal
		code   int
	}{{"interrupt", os.Interrupt, 128 + int(syscall.SIGINT)}, {"terminate", syscall.SIGTERM, 128 + int(syscall.SIGTERM)}} {
		t.Run(tt.name, func(t *testing.T) {
			each(t, true, func(t *testing.T, k kind) {
				if k.vmm == "" {
					t.Skip("Linux ends the connections of its processes")
				}
				m := start(t, k, functionsSpec)
				ends := connectAll(t, m)
				if err := m.command.Process.Signal(tt.signal); err != nil {
					t.Fatal(err)
				}
				if code := m.wait(t); code != tt.code {
					t.Errorf("exit code %d, want %d", code, tt.code)
				}
				for _, e := range ends {
					e.check(t)
				}
			})
		})
	}
}

// end is a connection and how it is to end.
type end struct {
	name string
	c    *stdnet.TCPConn
	want error
}

// connectAll makes connections in every state that matters at the end.
func connectAll(t *testing.T, m *machine) (ends []end) {
	t.Helper()
	for _, x := range []struct {
		name, line string
		want       error
	}{
		{"new", "", io.EOF},
		{"idle", "echo\nword\n", io.EOF},
		{"whose server has closed its direction", "half\n", io.EOF},
		{"that reads", "send 1000000000\n", io.EOF},
		{"that does not read", "send 1000000000\n", syscall.ECONNRESET},
		{"that the server does not read from", "pause 1000000\n" + strings.Repeat("unread", 10_000), syscall.ECONNRESET}, // RFC 2525, 2.17
	} {
		c := connect(t, m, functionsPort)
		send(t, c, x.line)
		ends = append(ends, end{"a connection " + x.name, c, x.want})
	}
	if _, err := io.ReadFull(ends[1].c, make([]byte, len("word\n"))); err != nil {
		t.Fatal(err)
	}
	if _, err := ends[2].c.Read(make([]byte, 1)); err != io.EOF {
		t.Fatal(err)
	}
	go func() {
		// It goes on behind the end of the machine; check sees what is left.
		_, _ = io.CopyN(io.Discard, ends[3].c, 900_000_000)
	}()
	if _, err := io.ReadFull(ends[4].c, make([]byte, 1000)); err != nil { // it is under way
		t.Fatal(err)
	}
	expectCount(t, m, len(ends)+1)
	return ends
}

// check reads to the end.
func (e end) check(t *testing.T) {
	t.Helper()
	e.c.SetDeadline(time.Now().Add(endTimeout))
	n, err := io.Copy(io.Discard, e.c)
	if err == nil {
		err = io.EOF
	}
	if !errors.Is(err, e.want) {
		t.Errorf("%s ends with %v after %d bytes, want %v", e.name, err, n, e.want)
	}
}
