package console

import (
	"errors"
	"io"
	"syscall"
	"time"

	"mewz/abi"
	"mewz/kernel/device"
	"mewz/kernel/system"
	"mewz/kernel/virtio"
	ports "mewz/kernel/virtio/console"
	"mewz/kernel/virtio/discovery"
)

// Streams are the three streams of the program.
type Streams struct {
	Stdin  Input
	Stdout Output
	Stderr Output
}

var (
	errNoMachine = errors.New("console: a Linux process has descriptors")
	errNoDevice  = errors.New("console: the machine has no virtio console device")
)

// openPorts returns the streams over the ports of a virtio console device.
func openPorts(m *discovery.Machine) (*Streams, error) {
	if m == nil {
		return nil, errNoMachine
	}
	if m.Err != nil {
		return nil, m.Err
	}
	err := errNoDevice
	for _, found := range m.Devices {
		if found.ID != virtio.DeviceConsole {
			continue
		}
		var streams *Streams
		if streams, err = openDevice(m, found); err == nil {
			return streams, nil
		}
	}
	return nil, err
}

func openDevice(m device.Machine, found discovery.Device) (*Streams, error) {
	transport, err := found.Open()
	if err != nil {
		return nil, err
	}
	d, err := ports.Open(m, transport, abi.PortStdin, abi.PortStdout, abi.PortStderr)
	if err != nil {
		return nil, err
	}
	return &Streams{
		Stdin:  &portInput{port: d.Port(abi.PortStdin), now: m.Now},
		Stdout: portOutput{d.Port(abi.PortStdout)},
		Stderr: portOutput{d.Port(abi.PortStderr)},
	}, nil
}

// port is a stream of a device (ports.Port).
type port interface {
	Read(b []byte, until time.Duration) (int, error)
	Write(b []byte) (int, error)
	Arm() (slots uint32, pending bool)
	Disarm()
}

// portOutput is an output stream.
type portOutput struct{ port port }

// Write writes all of p to the port.
func (o portOutput) Write(p []byte) (int, error) {
	n, err := o.port.Write(p)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, ports.ErrClosed):
		return n, syscall.EPIPE
	default:
		return n, syscall.EIO
	}
}

// portInput is standard input by requests (abi/port.go). The host answers
// requests in their order, so after a Wait that ended by its own clock the
// answer to it may still come: it is taken when it does.
type portInput struct {
	port    port
	now     func() time.Duration
	waiting bool      // a StdinWait has no answer yet
	known   Readiness // by the last answer, until something is read

	head    [abi.StdinAnswerBytes]byte
	headLen int
}

// answerPatience is how long the answer to a question about now may take.
const answerPatience = 100 * time.Millisecond

var errAnswer = errors.New("console: the host answers something else than it was asked")

// Read asks the host for input.
func (in *portInput) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	in.known = Readiness{}
	p = p[:min(len(p), abi.StdinMaxBytes)]
	if err := in.ask(abi.StdinRead, uint32(len(p))); err != nil {
		return 0, inputError(err)
	}
	for {
		a, ok, err := in.answer(ports.Forever)
		switch {
		case err != nil:
			return 0, inputError(err)
		case !ok, a.Kind == abi.StdinWait:
			continue
		case uint64(a.Bytes) > uint64(len(p)):
			return 0, syscall.EIO
		case a.Bytes == 0:
			return 0, io.EOF
		}
		return in.take(p[:a.Bytes])
	}
}

// take reads the bytes of an answer.
func (in *portInput) take(p []byte) (int, error) {
	for have := 0; have < len(p); {
		n, err := in.port.Read(p[have:], ports.Forever)
		if err != nil {
			return have, inputError(err)
		}
		have += n
	}
	return len(p), nil
}

// inputError is what a read of the program gets for an error of the port.
func inputError(err error) error {
	if errors.Is(err, ports.ErrClosed) {
		return io.EOF
	}
	return syscall.EIO
}

// Wait asks the host whether there is input.
func (in *portInput) Wait(timeout time.Duration) Readiness {
	if in.known.Ready {
		return in.known
	}
	until := ports.Forever
	if timeout != system.Forever {
		until = in.now() + min(timeout, ports.Forever/2)
	}
	for {
		limit, err := in.askWait(until)
		if err != nil {
			return Readiness{Ready: true} // let Read find out what is wrong
		}
		if !in.note(in.answer(limit)) {
			return Readiness{Ready: true}
		}
		if in.known.Ready {
			return in.known
		}
		if in.now() >= until {
			return Readiness{}
		}
	}
}

// Arm makes the device interrupt when there is input, which the host is asked
// for, and does not wait. It returns the interrupts to wait for, and whether a
// Wait would find input already.
func (in *portInput) Arm() (slots uint32, ready bool) {
	for {
		if in.known.Ready {
			return 0, true
		}
		if !in.waiting {
			if in.ask(abi.StdinWait, abi.StdinWaitForever) != nil {
				return 0, true // let Read find out what is wrong
			}
			in.waiting = true
		}
		slots, pending := in.port.Arm()
		if !pending {
			return slots, false
		}
		// Perhaps half an answer, or one to an earlier question.
		if !in.note(in.answer(in.now())) {
			return 0, true
		}
	}
}

// Disarm takes the wish for interrupts back. The question to the host stays.
func (in *portInput) Disarm() { in.port.Disarm() }

// note keeps what an answer says; it reports false for an error.
func (in *portInput) note(a abi.StdinAnswer, ok bool, err error) bool {
	if ok && a.Kind == abi.StdinWait && a.State&abi.StdinReady != 0 {
		in.known = Readiness{Ready: true, Hangup: a.State&abi.StdinHangup != 0}
	}
	return err == nil
}

// askWait asks for an answer until a moment, unless one is on its way, and
// returns how long to wait for it.
func (in *portInput) askWait(until time.Duration) (limit time.Duration, err error) {
	millis, limit := uint32(abi.StdinWaitForever), until
	now := in.now()
	if until != ports.Forever {
		left := max(until-now, 0)
		millis = uint32(min((left+time.Millisecond-1)/time.Millisecond, abi.StdinWaitForever-1))
	}
	if millis == 0 {
		limit = now + answerPatience
	}
	if in.waiting {
		return until, nil
	}
	if err := in.ask(abi.StdinWait, millis); err != nil {
		return 0, err
	}
	in.waiting = true
	return limit, nil
}

// ask sends a request.
func (in *portInput) ask(kind abi.StdinRequest, argument uint32) error {
	var b [abi.StdinRequestBytes]byte
	_, err := in.port.Write(abi.AppendStdinRequest(b[:0], kind, argument))
	return err
}

// answer reads the head of an answer; ok is false when the moment until has come
// first. Half a head is kept.
func (in *portInput) answer(until time.Duration) (a abi.StdinAnswer, ok bool, err error) {
	for in.headLen < len(in.head) {
		n, err := in.port.Read(in.head[in.headLen:], until)
		if err != nil || n == 0 {
			return a, false, err
		}
		in.headLen += n
	}
	in.headLen = 0
	if a, ok = abi.ParseStdinAnswer(in.head[:]); !ok {
		return a, false, errAnswer
	}
	if a.Kind == abi.StdinWait {
		in.waiting = false
	}
	return a, true, nil
}
