package qemu

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/vmm"
)

func TestPortsCopyStreams(t *testing.T) {
	in := strings.Repeat("0123456789abcdef\x00\xff\r\n", 50_000)
	m, stdout := testMachine()
	var stderr bytes.Buffer
	m.Stdin, m.Stderr = strings.NewReader(in), &stderr
	result, err := fakeVMM(t, "ports cat").Run(t.Context(), m)
	if err != nil || result.Code != 3 || stdout.String() != in || stderr.String() != "done\n" {
		t.Errorf("Run = %+v, %v, %d bytes out, stderr %q", result, err, stdout.Len(), &stderr)
	}
}

// TestPortsReadNoFurther leaves to the next reader what the program did not ask
// for, and to nobody what it only waited for.
func TestPortsReadNoFurther(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w.WriteString("abc")
	w.Close()
	m, stdout := testMachine()
	m.Stdin = r
	if _, err := fakeVMM(t, "ports read one").Run(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(r)
	if stdout.String() != "a" || string(rest) != "bc" || err != nil {
		t.Errorf("the program got %q, the next reader %q, %v", stdout, rest, err)
	}
}

// TestPortsOrder writes both outputs to one file.
func TestPortsOrder(t *testing.T) {
	f, err := os.OpenFile(filepath.Join(t.TempDir(), "out"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	again, err := os.OpenFile(f.Name(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	m, _ := testMachine()
	m.Stdout, m.Stderr = f, again
	if _, err := fakeVMM(t, "ports order").Run(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(f.Name())
	if want := strings.Repeat("out\nerr\n", 1000); string(got) != want || err != nil {
		t.Errorf("%d bytes, %v, in another order than they were written", len(got), err)
	}
}

func TestPortsOutputClosed(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	m, _ := testMachine()
	m.Stdout = w
	go func() {
		io.ReadFull(r, make([]byte, 2))
		r.Close()
	}()
	start := time.Now()
	if _, err := fakeVMM(t, "ports yes").Run(t.Context(), m); !errors.Is(err, vmm.ErrOutputClosed) {
		t.Errorf("Run = %v, want ErrOutputClosed", err)
	}
	if took := time.Since(start); took > patience {
		t.Errorf("it took %v", took)
	}
}

func TestPortsOutputFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for _, kind := range []string{"ports yes", "ports cat"} { // while it runs; at its end
		m, _ := testMachine()
		m.Stdin, m.Stdout = strings.NewReader("x"), full
		if _, err = fakeVMM(t, kind).Run(t.Context(), m); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: Run = %v, want ENOSPC", kind, err)
		}
	}
}

func TestPortsOutputBeforeACrash(t *testing.T) {
	m, stdout := testMachine()
	_, err := fakeVMM(t, "ports crash").Run(t.Context(), m)
	if err == nil || stdout.String() != "before the crash\n" {
		t.Errorf("Run = %v with output %q", err, stdout)
	}
}

func TestPortsNonsense(t *testing.T) {
	m, _ := testMachine()
	if result, err := fakeVMM(t, "ports nonsense").Run(t.Context(), m); err != nil || result.Code != 3 {
		t.Errorf("Run = %+v, %v: the port stays open", result, err)
	}
}

// TestPortsOutputBlocked ends although nobody reads.
func TestPortsOutputBlocked(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	m, _ := testMachine()
	m.Stdout = w
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := fakeVMM(t, "ports yes").Run(ctx, m); err == nil {
		t.Error("Run succeeded")
	}
	if took := time.Since(start); took > patience {
		t.Errorf("it took %v", took)
	}
}
