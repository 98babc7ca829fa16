package qemu

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"mewz/abi"
	"mewz/vmm"
)

// exitGrace is how long QEMU may take to end after the last frame.
const exitGrace = time.Second

// session is one QEMU process.
type session struct {
	machine      *vmm.Machine
	argv         []string
	readyTimeout time.Duration
	kvm          bool
	onReady      func()

	stop    context.CancelFunc // ends QEMU
	child   *vmm.Child
	channel *os.File  // our end of the host channel
	serial  *os.File  // our end of the serial line
	log     *vmm.Tail // kernel messages and what comes over the serial line
	stderr  *vmm.Tail // what QEMU itself says
	input   *vmm.Input
	streams *streams      // our ends of the ports
	copied  int           // outputs that have ended
	ready   chan struct{} // closed at the first frame
	broken  chan struct{} // closed when QEMU says that KVM gave up
	stops   atomic.Bool   // the kernel ends when it is asked to
	begun   chan struct{} // closed when that is known
	daemons []*VirtioFS
	ended   bool // it ended when it was asked to
}

// run starts QEMU and sees it to its end.
func (s *session) run(ctx context.Context) (*vmm.Result, error) {
	input, err := vmm.NewInput(s.machine.Stdin)
	if err != nil {
		return nil, err
	}
	defer input.Close()
	s.input = input
	// Not ctx itself: the machine may still say goodbye when that ends.
	runCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	s.stop = stop
	s.ready, s.begun, s.broken = make(chan struct{}), make(chan struct{}), make(chan struct{})
	s.log = vmm.NewTail(s.machine.Log)
	if s.daemons, err = startDaemons(ctx, s.machine); err != nil {
		return nil, err
	}
	defer closeDaemons(s.daemons)
	if err := s.start(runCtx); err != nil {
		return nil, err
	}
	decoder := &vmm.Channel{
		Stdout: s.machine.Stdout, Stderr: s.machine.Stderr, Log: s.log,
		Ready:   func() { close(s.ready) },
		Started: s.started, Announced: s.machine.Announced, Warned: s.machine.Warned,
	}
	decoded := make(chan error, 1)
	go func() { decoded <- decoder.Copy(s.channel) }()
	go func() { _, _ = io.Copy(s.log, s.serial) }()
	go s.streams.serveStdin(s.input)
	s.streams.copy()

	err = s.finish(ctx, s.wait(ctx, decoded))
	switch cause := context.Cause(ctx); {
	case err == nil:
		decoder.Result.Log = s.log.Unseen()
		return decoder.Result, nil
	case cause != nil && s.ended:
		return decoder.Result, cause
	case cause != nil:
		return nil, cause
	case s.ended:
		return decoder.Result, s.explain(err)
	default:
		return nil, s.explain(err)
	}
}

// started is called when the machine says where its streams are.
func (s *session) started(ready byte) {
	defer close(s.begun)
	if ready&abi.ReadyPorts == 0 {
		go s.pumpStdin()
		return
	}
	s.stops.Store(ready&abi.ReadyStops != 0)
}

// start starts QEMU with the host channel, the serial line and the ports as
// descriptors.
func (s *session) start(ctx context.Context) error {
	channel, channelGuest, err := os.Pipe()
	if err != nil {
		return err
	}
	defer channelGuest.Close()
	serial, serialGuest, err := socketPair(serialBufferBytes)
	if err != nil {
		channel.Close()
		return err
	}
	defer serialGuest.Close()
	streams, err := openStreams(s.machine)
	if err != nil {
		channel.Close()
		serial.Close()
		return err
	}
	defer streams.closeGuest()
	s.channel, s.serial, s.streams = channel, serial, streams
	s.stderr = vmm.NewTail(&kvmWatch{broken: s.broken})
	c := vmm.NewCommand(ctx, s.argv[0], s.argv[1:]...)
	c.Stderr = s.stderr
	c.ExtraFiles = append([]*os.File{channelDescriptor - 3: channelGuest, serialDescriptor - 3: serialGuest}, streams.guest[:]...)
	for _, d := range s.daemons {
		c.ExtraFiles = append(c.ExtraFiles, d.Connection())
	}
	// Its own process group: Ctrl-C is for the command, which ends QEMU.
	c.SysProcAttr.Setpgid = true
	s.child, err = vmm.Start(c)
	if err != nil {
		channel.Close()
		serial.Close()
		streams.close()
		return fmt.Errorf("starting QEMU: %w", err)
	}
	for _, d := range s.daemons {
		d.Started()
		go s.watchDaemon(d)
	}
	go followStop(s.child.Process.Process.Pid, s.child.Done)
	return nil
}

// wait waits for the end of the machine: nil after a FrameExit.
func (s *session) wait(ctx context.Context, decoded <-chan error) error {
	timeout := time.NewTimer(s.readyTimeout)
	defer timeout.Stop()
	ready := s.ready
	for {
		select {
		case <-ready:
			ready = nil
			timeout.Stop()
			if s.onReady != nil {
				s.onReady()
			}
		case err := <-decoded:
			return err
		case err := <-s.streams.copied:
			if s.copied++; err != nil {
				if s.machine.KeepsFiles() {
					select {
					case <-s.begun: // what a program writes may be here before
					case <-time.After(exitGrace):
					}
					s.askToStop(decoded)
				}
				return err
			}
		case <-s.broken:
			return errKVM
		case <-timeout.C:
			return fmt.Errorf("no sign of life for %v", s.readyTimeout)
		case <-ctx.Done():
			s.askToStop(decoded)
			return ctx.Err()
		}
	}
}

// askToStop asks a machine with a network, or with files that outlive it, to end by itself,
// and waits until it has, for a while.
func (s *session) askToStop(decoded <-chan error) {
	grace := s.machine.StopGrace()
	if grace == 0 || !s.stops.Load() {
		return
	}
	if _, err := s.serial.Write(vmm.StopRequest()); err != nil {
		return // the machine is gone
	}
	timeout := time.After(grace)
	for {
		select {
		case <-decoded:
			s.ended = true
			return
		case <-s.streams.copied: // nobody takes an output any more: the files count
			s.copied++
		case <-timeout:
			return
		}
	}
}

// errKVM is a machine that KVM stopped.
var errKVM = errors.New("KVM stopped the machine")

// finish waits until QEMU is gone, and sees to it when err is why wait ended.
// What QEMU has written until then still goes out. It returns err, or what went
// wrong with that.
func (s *session) finish(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, vmm.ErrChannelEnd) {
		// QEMU is ending, and in the second case its status says why.
		select {
		case <-s.child.Done:
		case <-time.After(exitGrace):
		}
	}
	s.stop()
	s.channel.Close() // a QEMU that blocks in a write to it hears no signal
	<-s.child.Done
	s.input.Close()
	s.serial.Close()
	var timeout <-chan time.Time // none for the output of a program that ended
	if err != nil {
		timeout = time.After(exitGrace)
	}
	failed := s.streams.drain(s.copied, ctx.Done(), timeout)
	s.streams.close()
	if err == nil {
		err = failed
	}
	return err
}

// explain makes one line and a log of how QEMU ended without a FrameExit.
func (s *session) explain(err error) error {
	var output *vmm.OutputError
	if errors.Is(err, vmm.ErrOutputClosed) || errors.As(err, &output) {
		return err
	}
	select {
	case <-s.ready:
	default:
		what := s.describe(err)
		if s.refused(err) && strings.Contains(what, unknownCPU) {
			return fmt.Errorf("%w: %w", errNotReady, &vmm.FlagError{Err: errors.New("--guest-cpu: " + what)})
		}
		if s.refused(err) {
			return fmt.Errorf("%w: %s", errNotReady, what)
		}
		return fmt.Errorf("%w: %w", errNotReady, &vmm.Failure{What: what, Log: s.logs()})
	}
	return &vmm.Failure{What: "the machine failed: " + s.describe(err), Log: s.logs()}
}

// unknownCPU is what QEMU says of a -cpu that it does not have.
const unknownCPU = "unable to find CPU model"

// refused says whether QEMU did not even try: what it said is all there is.
func (s *session) refused(err error) bool {
	state := s.child.Process.ProcessState
	return errors.Is(err, vmm.ErrChannelEnd) && state.ExitCode() == 1 && s.stderr.String() != "" && s.log.String() == ""
}

// describe says in one line what happened.
func (s *session) describe(err error) string {
	said := vmm.LastLine(firstLines(s.stderr.String()))
	if !errors.Is(err, vmm.ErrChannelEnd) {
		if errors.Is(err, errKVM) && said != "" {
			return fmt.Sprintf("%v: %s", err, said)
		}
		return err.Error()
	}
	status, ok := s.child.Process.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case ok && status.Signaled() && said != "":
		return fmt.Sprintf("QEMU was ended by signal %v: %s", status.Signal(), said)
	case ok && status.Signaled() && status.Signal() == syscall.SIGKILL:
		return "QEMU was killed (SIGKILL): by hand, or because this computer has too little memory for -m"
	case ok && status.Signaled():
		return fmt.Sprintf("QEMU was ended by signal %v", status.Signal())
	case strings.Contains(said, "cannot set up guest memory"):
		return said + ": this computer has less than -m asks for"
	case strings.Contains(said, unknownCPU):
		return said + ": " + s.argv[0] + " -cpu help lists those it knows"
	case networkComplaint(said) != "":
		return networkComplaint(said)
	case fileComplaint(said) != "":
		return fileComplaint(said)
	case said != "":
		return said
	case ok && status.ExitStatus() == 0:
		return "it reset itself (triple fault) without saying why: --kernel-log shows what it did last"
	default:
		return fmt.Sprintf("QEMU ended with status %d and the machine did not say why: %v", status.ExitStatus(), err)
	}
}

// firstLines leaves the dump of registers out that QEMU prints with an error of
// KVM, so that the last line is one that says something.
func firstLines(said string) string {
	for _, marker := range []string{"\nextra data[", "\nRAX=", "\nEAX="} {
		said, _, _ = strings.Cut(said, marker)
	}
	return said
}

// logs is what there is to show besides that line.
func (s *session) logs() string {
	said, log := s.stderr.String(), s.log.Unseen()
	if said != "" && log != "" && !strings.HasSuffix(log, "\n") {
		log += "\n"
	}
	return log + said
}

// pumpStdin sends standard input to the guest as chunks (abi/channel.go). The
// small send buffer keeps it from reading far ahead of the program.
func (s *session) pumpStdin() {
	chunk := make([]byte, 2+abi.StdinChunkMaxBytes)
	for {
		n, err := s.input.Read(chunk[2:])
		if n > 0 {
			chunk[0], chunk[1] = byte(n), byte(n>>8)
			if _, err := s.serial.Write(chunk[:2+n]); err != nil {
				return // the machine is gone
			}
		}
		if err != nil {
			// A read error is the end of the input for the program, too.
			_, _ = s.serial.Write([]byte{0, 0})
			return
		}
	}
}

// serialBufferBytes is the send buffer of the serial line, about one chunk.
const serialBufferBytes = 8 << 10

// socketPair returns the two ends of a line to the machine. sendBytes bounds what
// it holds, unless it is 0.
func socketPair(sendBytes int) (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	if sendBytes != 0 {
		err = unix.SetsockoptInt(fds[0], unix.SOL_SOCKET, unix.SO_SNDBUF, sendBytes)
	}
	// Not blocking, so that Close ends a read or write that waits.
	if err == nil {
		err = unix.SetNonblock(fds[0], true)
	}
	if err != nil {
		return nil, nil, errors.Join(err, unix.Close(fds[0]), unix.Close(fds[1]))
	}
	return os.NewFile(uintptr(fds[0]), "line"), os.NewFile(uintptr(fds[1]), "line of the guest"), nil
}

// kvmWatch looks in QEMU's messages for those with which it stops a machine
// without ending itself (accel/kvm/kvm-all.c, kvm_cpu_exec).
type kvmWatch struct {
	broken chan struct{}
	line   []byte
	done   bool
}

var kvmStops = []string{"KVM internal error", "KVM: entry failed", "error: kvm run failed"}

// kvmLineMaxBytes bounds the part of a line that is looked at.
const kvmLineMaxBytes = 256

func (w *kvmWatch) Write(b []byte) (int, error) {
	for _, c := range b {
		if c == '\n' {
			w.line = w.line[:0]
			continue
		}
		if len(w.line) < kvmLineMaxBytes {
			w.line = append(w.line, c)
		}
		for _, message := range kvmStops {
			if !w.done && strings.HasSuffix(string(w.line), message) {
				w.done = true
				close(w.broken)
			}
		}
	}
	return len(b), nil
}
