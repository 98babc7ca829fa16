package vmm

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

func TestInputReads(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w.WriteString("from a pipe")
	w.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	var none *os.File
	for _, test := range []struct {
		name string
		from io.Reader
		want string
	}{
		{"pipe", r, "from a pipe"},
		{"reader", strings.NewReader("from memory"), "from memory"},
		{"null device", null, ""},
		{"nil", nil, ""},
		{"nil file", none, ""},
	} {
		in, err := NewInput(test.from)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(in)
		if err != nil || string(got) != test.want {
			t.Errorf("%s: read %q, %v, want %q", test.name, got, err, test.want)
		}
		in.Close()
	}
}

func TestInputCloseEndsRead(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	in, err := NewInput(r)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := in.Read(make([]byte, 1))
		done <- err
	}()
	in.Close()
	if err := <-done; err != io.EOF {
		t.Errorf("Read after Close = %v, want EOF", err)
	}
	// Nothing was taken: the next reader gets what comes.
	w.WriteString("x")
	b := make([]byte, 1)
	if n, err := r.Read(b); n != 1 || err != nil {
		t.Errorf("next reader got %d, %v", n, err)
	}
}

func TestInputWaitsInTheBackground(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w.WriteString("typed")
	in, err := NewInput(r)
	if err != nil {
		t.Fatal(err)
	}
	looks := 0
	in.terminal = true
	in.foreground = func() bool { looks++; return looks == 3 }
	start := time.Now()
	b := make([]byte, 10)
	n, err := in.Read(b)
	if string(b[:n]) != "typed" || err != nil || looks != 3 {
		t.Errorf("Read = %q, %v after %d looks", b[:n], err, looks)
	}
	if waited := time.Since(start); waited < foregroundPollInterval {
		t.Errorf("it looked again after %v: a busy loop", waited)
	}
}

func TestInputWait(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewInput(r)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, timeout time.Duration, wantReady, wantHangup bool) {
		t.Helper()
		if ready, hangup := in.Wait(timeout); ready != wantReady || hangup != wantHangup {
			t.Errorf("%s: Wait = %v, %v, want %v, %v", what, ready, hangup, wantReady, wantHangup)
		}
	}
	check("empty", 0, false, false)
	check("empty", 20*time.Millisecond, false, false)
	w.WriteString("x")
	check("a byte", -1, true, false)
	check("the same byte", 0, true, false)
	in.terminal, in.foreground = true, func() bool { return false }
	check("in the background", 20*time.Millisecond, false, false)
	in.terminal = false
	w.Close()
	check("closed by the writer", -1, true, true)
	if b, err := io.ReadAll(in); string(b) != "x" || err != nil {
		t.Errorf("Read = %q, %v: Wait took something", b, err)
	}
	reader, err := NewInput(strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	if ready, hangup := reader.Wait(-1); !ready || hangup {
		t.Errorf("Wait of a reader = %v, %v, want ready", ready, hangup)
	}
}

func TestInputCloseEndsWait(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	in, err := NewInput(r)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	go func() {
		ready, _ := in.Wait(-1)
		done <- ready
	}()
	in.Close()
	if <-done {
		t.Error("Wait after Close = ready")
	}
}
