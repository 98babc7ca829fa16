package console

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/system"
)

func pipe(t *testing.T, flags int) (read, write Descriptor) {
	t.Helper()
	var fds [2]int
	if err := syscall.Pipe2(fds[:], flags); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Close(fds[0])
		_ = syscall.Close(fds[1])
	})
	return Descriptor(fds[0]), Descriptor(fds[1])
}

// TestLargeWrite writes more than a pipe holds, to one that waits and to one
// that does not.
func TestLargeWrite(t *testing.T) {
	for _, flags := range []int{0, syscall.O_NONBLOCK} {
		read, write := pipe(t, flags)
		want := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
		done := make(chan []byte)
		go func() {
			got := make([]byte, 0, len(want))
			for len(got) < len(want) {
				b := make([]byte, 5000)
				n, err := read.Read(b)
				if err != nil {
					break
				}
				got = append(got, b[:n]...)
			}
			done <- got
		}()
		if n, err := write.Write(want); n != len(want) || err != nil {
			t.Errorf("Write = %d, %v, want %d", n, err, len(want))
		}
		if got := <-done; !bytes.Equal(got, want) {
			t.Errorf("read %d bytes that differ", len(got))
		}
	}
}

func TestWriteToNobody(t *testing.T) {
	read, write := pipe(t, 0)
	_ = syscall.Close(int(read))
	if _, err := write.Write([]byte("x")); err != syscall.EPIPE {
		t.Errorf("Write = %v, want %v", err, syscall.EPIPE)
	}
}

func TestReadAndWait(t *testing.T) {
	read, write := pipe(t, 0)
	if got := read.Wait(0); got != (Readiness{}) {
		t.Errorf("Wait on an empty pipe = %+v", got)
	}
	if _, err := write.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	if got := read.Wait(system.Forever); got != (Readiness{Ready: true}) {
		t.Errorf("Wait = %+v, want ready", got)
	}
	b := make([]byte, 10)
	if n, err := read.Read(b); n != 3 || err != nil {
		t.Errorf("Read = %d, %v, want 3 bytes", n, err)
	}
	_ = syscall.Close(int(write))
	if got := read.Wait(time.Second); !got.Ready || !got.Hangup {
		t.Errorf("Wait at the end = %+v, want ready and hangup", got)
	}
	if n, err := read.Read(b); n != 0 || err != io.EOF {
		t.Errorf("Read at the end = %d, %v, want EOF", n, err)
	}
	if n, err := Descriptor(999).Read(b); n != 0 || err != io.EOF {
		t.Errorf("Read of a closed descriptor = %d, %v, want EOF", n, err)
	}
}

func TestInherited(t *testing.T) {
	f, err := os.Open("/dev/null") // with FD_CLOEXEC
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	read, _ := pipe(t, 0)
	for fd, want := range map[int]bool{int(f.Fd()): false, int(read): true, 999: false} {
		if got := system.Inherited(fd); got != want {
			t.Errorf("Inherited(%d) = %v, want %v", fd, got, want)
		}
	}
}

func TestHostReport(t *testing.T) {
	var got bytes.Buffer
	h := &Host{framed: true, control: &got}
	h.Report("why\n")
	if want := "\x05\x00\x00\x00\x04\x00\x00\x00why\n"; got.String() != want {
		t.Errorf("frame = %q, want %q", got.String(), want)
	}
	got.Reset()
	h.Report(strings.Repeat("x", 2*reportMaxBytes))
	if got.Len() != reportMaxBytes+abi.FrameHeaderBytes {
		t.Errorf("frame of %d bytes, want a bounded one", got.Len())
	}
}

func TestRequests(t *testing.T) {
	for text, want := range map[string][]Request{
		"":                    nil,
		"s":                   {{Kind: abi.RequestStop}},
		"?s?":                 {{Kind: abi.RequestStop}},
		"l\x05mewz0s":         {{abi.RequestLost, "mewz0"}, {Kind: abi.RequestStop}},
		"l\x00l\x01ss":        {{abi.RequestLost, ""}, {abi.RequestLost, "s"}, {Kind: abi.RequestStop}},
		"l\xffs":              nil, // the rest may come
		"s" + "l\x02ab" + "l": {{Kind: abi.RequestStop}, {abi.RequestLost, "ab"}},
	} {
		var q requestBytes
		var got []Request
		for _, b := range []byte(text) {
			if r, ok := q.add(b); ok {
				got = append(got, r)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if got := string(abi.AppendRequestLost([]byte("x"), "mewz0")); got != "xl\x05mewz0" {
		t.Errorf("AppendRequestLost = %q", got)
	}
}
