package qemu

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"mewz/abi"
	"mewz/vmm"
)

// outputPipeBytes is the buffer of the pipe that an output stream comes through,
// so that the machine rarely waits for the command. It is a wish.
const outputPipeBytes = 256 << 10

// streams are our ends of what the ports of the machine (abi/port.go) lead to.
type streams struct {
	stdin   *os.File
	outputs []output
	guest   [portDescriptors]*os.File // the ends that QEMU inherits
	copied  chan error                // what each output ended with
}

// output is a pipe and where it leads to.
type output struct {
	from *os.File
	name string
	to   io.Writer
}

// openStreams makes a pipe for each output stream, and a socket for standard
// input. Where both outputs lead to the same file they get the same pipe, so
// that what the program writes to one after the other stays in that order.
func openStreams(m *vmm.Machine) (*streams, error) {
	s := &streams{}
	var err error
	if s.stdin, s.guest[stdinPort], err = socketPair(0); err != nil {
		return nil, err
	}
	if err = s.addOutput(stdoutPort, output{name: "standard output", to: m.Stdout}); err != nil {
		return nil, err
	}
	if sameWriter(m.Stdout, m.Stderr) {
		s.guest[stderrPort] = s.guest[stdoutPort]
		return s, nil
	}
	if err = s.addOutput(stderrPort, output{name: "standard error", to: m.Stderr}); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *streams) addOutput(port int, o output) (err error) {
	if o.from, s.guest[port], err = os.Pipe(); err != nil {
		s.close()
		s.closeGuest()
		return err
	}
	if conn, err := o.from.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, outputPipeBytes) })
	}
	if o.to == nil {
		o.to = io.Discard
	}
	s.outputs = append(s.outputs, o)
	return nil
}

// sameWriter says whether two writers are one file.
func sameWriter(a, b io.Writer) bool {
	fileA, okA := a.(*os.File)
	fileB, okB := b.(*os.File)
	if !okA || !okB {
		return false
	}
	infoA, errA := fileA.Stat()
	infoB, errB := fileB.Stat()
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// closeGuest closes the ends that QEMU has inherited.
func (s *streams) closeGuest() {
	for _, f := range s.guest {
		if f != nil {
			f.Close() // one of them perhaps twice
		}
	}
}

// close makes QEMU and the goroutines of copy see the end of all streams.
func (s *streams) close() {
	s.stdin.Close()
	for _, o := range s.outputs {
		o.from.Close()
	}
}

// copy copies the outputs until QEMU is gone. What cannot be written is left out, and the machine
// not held up: it may have files to bring to safety.
func (s *streams) copy() {
	s.copied = make(chan error, len(s.outputs))
	for _, o := range s.outputs {
		go func() {
			err := vmm.CopyStream(o.name, o.to, o.from)
			s.copied <- err
			if err != nil {
				_, _ = io.Copy(io.Discard, o.from) // until close
			}
		}()
	}
}

// drain waits until everything that QEMU wrote has been copied, or cancel or
// the timeout comes first, for writing may wait for ever.
//
// Preconditions: QEMU is gone.
func (s *streams) drain(seen int, cancel <-chan struct{}, timeout <-chan time.Time) error {
	var failed error
	for ; seen < len(s.outputs); seen++ {
		select {
		case err := <-s.copied:
			failed = errors.Join(failed, err)
		case <-cancel:
			return failed
		case <-timeout:
			return failed
		}
	}
	return failed
}

// serveStdin answers the requests of the machine for standard input until the
// machine or the command ends. A machine that asks nonsense hears no more.
func (s *streams) serveStdin(in *vmm.Input) {
	request := make([]byte, abi.StdinRequestBytes)
	buffer := make([]byte, abi.StdinAnswerBytes+abi.StdinMaxBytes)
	for {
		if _, err := io.ReadFull(s.stdin, request); err != nil {
			return
		}
		kind, argument, ok := abi.ParseStdinRequest(request)
		if !ok {
			s.stdin.Close()
			return
		}
		a := abi.StdinAnswer{Kind: kind}
		switch kind {
		case abi.StdinRead:
			a.Bytes = readSome(in, buffer[abi.StdinAnswerBytes:][:argument])
		case abi.StdinWait:
			a.State = waitFor(in, argument)
		}
		abi.AppendStdinAnswer(buffer[:0], a)
		if _, err := s.stdin.Write(buffer[:abi.StdinAnswerBytes+int(a.Bytes)]); err != nil {
			return
		}
	}
}

// readSome reads at least one byte, if there is one. A read error is the end of
// the input for the program, too.
func readSome(in *vmm.Input, b []byte) uint32 {
	for {
		n, err := in.Read(b)
		if n > 0 || err != nil {
			return uint32(n)
		}
	}
}

func waitFor(in *vmm.Input, millis uint32) (state abi.StdinState) {
	timeout := time.Duration(millis) * time.Millisecond
	if millis == abi.StdinWaitForever {
		timeout = -1
	}
	ready, hangup := in.Wait(timeout)
	if ready {
		state |= abi.StdinReady
	}
	if hangup {
		state |= abi.StdinHangup
	}
	return state
}
