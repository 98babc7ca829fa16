package console

import (
	"bytes"
	"io"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/system"
	ports "mewz/kernel/virtio/console"
)

// fakePort is the port of standard input with a host behind it.
type fakePort struct {
	clock   time.Duration
	toGuest bytes.Buffer
	input   []byte // what the host has
	ended   bool
	late    []byte // an answer that comes after the guest gave up waiting
	asked   []abi.StdinRequest
	broken  error
	chunk   int // bytes in one Read at most
	armed   bool
}

func (p *fakePort) Read(b []byte, until time.Duration) (int, error) {
	if p.broken != nil {
		return 0, p.broken
	}
	if p.toGuest.Len() == 0 {
		if until == ports.Forever {
			return 0, io.ErrUnexpectedEOF // it would wait for ever
		}
		p.clock = max(p.clock, until)
		p.toGuest.Write(p.late)
		p.late = nil
		return 0, nil
	}
	if p.chunk != 0 {
		b = b[:min(len(b), p.chunk)]
	}
	return p.toGuest.Read(b)
}

func (p *fakePort) Arm() (slots uint32, pending bool) {
	p.armed = true
	return 1, p.toGuest.Len() != 0 || p.broken != nil
}

func (p *fakePort) Disarm() { p.armed = false }

func (p *fakePort) Write(b []byte) (int, error) {
	if p.broken != nil {
		return 0, p.broken
	}
	kind, argument, ok := abi.ParseStdinRequest(b)
	if !ok {
		return 0, io.ErrUnexpectedEOF
	}
	p.asked = append(p.asked, kind)
	switch {
	case kind == abi.StdinRead:
		n := min(int(argument), len(p.input))
		p.toGuest.Write(abi.AppendStdinAnswer(nil, abi.StdinAnswer{Kind: kind, Bytes: uint32(n)}))
		p.toGuest.Write(p.input[:n])
		p.input = p.input[n:]
	case len(p.input) > 0 || p.ended:
		a := abi.StdinAnswer{Kind: kind, State: abi.StdinReady}
		if p.ended {
			a.State |= abi.StdinHangup
		}
		p.toGuest.Write(abi.AppendStdinAnswer(nil, a))
	case argument == 0:
		p.toGuest.Write(abi.AppendStdinAnswer(nil, abi.StdinAnswer{Kind: kind}))
	default:
		p.late = abi.AppendStdinAnswer(nil, abi.StdinAnswer{Kind: kind})
	}
	return len(b), nil
}

func newPortInput(input string) (*portInput, *fakePort) {
	p := &fakePort{input: []byte(input)}
	return &portInput{port: p, now: func() time.Duration { return p.clock }}, p
}

func TestPortInputReads(t *testing.T) {
	for _, chunk := range []int{0, 1, 5} {
		in, p := newPortInput("hello")
		p.chunk = chunk
		b := make([]byte, 3)
		for _, want := range []string{"hel", "lo"} {
			if n, err := in.Read(b); string(b[:n]) != want || err != nil {
				t.Errorf("Read = %q, %v, want %q", b[:n], err, want)
			}
		}
		// The end is not for ever: a terminal goes on after it.
		if n, err := in.Read(b); n != 0 || err != io.EOF {
			t.Errorf("Read at the end = %d, %v", n, err)
		}
		p.input = []byte("x")
		if n, err := in.Read(b); n != 1 || err != nil {
			t.Errorf("Read after the end = %d, %v", n, err)
		}
	}
}

func TestPortInputTakesNothingByItself(t *testing.T) {
	in, p := newPortInput("abc")
	if got := in.Wait(0); got != (Readiness{Ready: true}) {
		t.Errorf("Wait = %+v, want ready", got)
	}
	in.Wait(system.Forever)
	if string(p.input) != "abc" || len(p.asked) != 1 {
		t.Errorf("the host has %q left after %v", p.input, p.asked)
	}
	if n, err := in.Read(make([]byte, 1)); n != 1 || err != nil || string(p.input) != "bc" {
		t.Errorf("Read = %d, %v, the host has %q left", n, err, p.input)
	}
	p.input, p.ended = nil, true
	if got := in.Wait(time.Second); got != (Readiness{Ready: true, Hangup: true}) {
		t.Errorf("Wait at the end = %+v, want ready and hangup", got)
	}
}

func TestPortInputArm(t *testing.T) {
	in, p := newPortInput("")
	for range 2 { // the second time the question is already on its way
		if slots, ready := in.Arm(); slots != 1 || ready || !p.armed || len(p.asked) != 1 {
			t.Fatalf("Arm = %d, %v after %v", slots, ready, p.asked)
		}
		in.Disarm()
	}
	p.late = nil // asked for ever, the host says nothing
	if got := in.Wait(0); got != (Readiness{}) || len(p.asked) != 1 {
		t.Errorf("Wait = %+v after %v, want no further question", got, p.asked)
	}
	// The host answers that nothing is there, because it was asked for so long;
	// then that something is.
	p.toGuest.Write(abi.AppendStdinAnswer(nil, abi.StdinAnswer{Kind: abi.StdinWait}))
	p.chunk = 3
	if slots, ready := in.Arm(); slots != 1 || ready || len(p.asked) != 2 {
		t.Errorf("Arm after an answer = %d, %v after %v, want it asked again", slots, ready, p.asked)
	}
	p.toGuest.Write(abi.AppendStdinAnswer(nil, abi.StdinAnswer{Kind: abi.StdinWait, State: abi.StdinReady}))
	if _, ready := in.Arm(); !ready || in.Wait(0) != (Readiness{Ready: true}) {
		t.Error("Arm does not see the answer")
	}
	in, p = newPortInput("")
	p.broken = io.ErrClosedPipe
	if _, ready := in.Arm(); !ready {
		t.Error("Arm of a broken port is not ready")
	}
}

func TestPortInputWaitTimesOut(t *testing.T) {
	in, p := newPortInput("")
	for i, timeout := range []time.Duration{0, time.Millisecond, 1500 * time.Microsecond, time.Second} {
		from := p.clock
		if got := in.Wait(timeout); got != (Readiness{}) {
			t.Errorf("%d: Wait = %+v, want nothing", i, got)
		}
		if took := p.clock - from; took < timeout || took > timeout+answerPatience {
			t.Errorf("%d: Wait for %v took %v", i, timeout, took)
		}
	}
	// The answer to the last Wait comes late, before that to this Read.
	p.input = []byte("late")
	b := make([]byte, 10)
	if n, err := in.Read(b); string(b[:n]) != "late" || err != nil {
		t.Errorf("Read = %q, %v", b[:n], err)
	}
}

func TestPortInputLies(t *testing.T) {
	tests := []struct {
		name   string
		answer []byte
		want   error
	}{
		{"nonsense", []byte("nonsense"), syscall.EIO},
		{"more than was asked for", abi.AppendStdinAnswer(nil, abi.StdinAnswer{Kind: abi.StdinRead, Bytes: 4}), syscall.EIO},
	}
	for _, test := range tests {
		in, p := newPortInput("")
		p.toGuest.Write(test.answer)
		if n, err := in.Read(make([]byte, 3)); n != 0 || err != test.want {
			t.Errorf("%s: Read = %d, %v, want %v", test.name, n, err, test.want)
		}
	}
}

func TestPortErrors(t *testing.T) {
	tests := []struct{ broken, read, write error }{
		{ports.ErrClosed, io.EOF, syscall.EPIPE},
		{io.ErrUnexpectedEOF, syscall.EIO, syscall.EIO},
	}
	for _, test := range tests {
		in, p := newPortInput("")
		p.broken = test.broken
		if _, err := in.Read(make([]byte, 1)); err != test.read {
			t.Errorf("%v: Read = %v, want %v", test.broken, err, test.read)
		}
		if got := in.Wait(time.Second); !got.Ready {
			t.Errorf("%v: Wait = %+v, want ready", test.broken, got)
		}
		if _, err := (portOutput{p}).Write([]byte("x")); err != test.write {
			t.Errorf("%v: Write = %v, want %v", test.broken, err, test.write)
		}
	}
}
