// Package process runs an image as an ordinary Linux process.
//
// In: a vmm.Machine. Out: a vmm.Result. The kernel of an image is a Linux
// program that brings its own Linux into a machine, so the same file also runs
// without one: for development, for tests at full speed, and to find out on
// which side of the kernel a fault is.
//
// Nothing isolates such a program but WebAssembly itself: a fault in the
// compiler or the kernel gives it everything that the user may do. -m bounds
// its linear memory, not the process.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"time"

	"mewz/abi"
	"mewz/vmm"
	"mewz/vmm/share"
)

// Isolation is what to tell somebody who asks how safe this is.
const Isolation = "a Linux process: no isolation beyond WebAssembly itself, for development and tests"

// VMM starts images as processes.
type VMM struct {
	Verbose func(format string, args ...any)
}

// Command returns the command line of Run.
func (v *VMM) Command(m *vmm.Machine) ([]string, error) { return []string{m.Image}, nil }

// Run runs m. Streams that are files are handed to the process as they are, so
// it sees the terminal, the pipe or the file itself.
func (v *VMM) Run(ctx context.Context, m *vmm.Machine) (*vmm.Result, error) {
	input, err := vmm.NewInput(m.Stdin)
	if err != nil {
		return nil, err
	}
	defer input.Close()
	p := &process{machine: m, input: input, log: vmm.NewTail(m.Log), failed: make(chan error, 2), running: make(chan struct{})}
	defer p.closeFiles()
	if err := p.start(ctx); err != nil {
		return nil, fmt.Errorf("starting %s as a process: %w", m.Name, err)
	}
	if v.Verbose != nil {
		v.Verbose("process %d: %s", p.child.Process.Process.Pid, m.Image)
	}
	return p.wait(ctx)
}

// process is one running image.
type process struct {
	machine *vmm.Machine
	input   *vmm.Input
	log     *vmm.Tail
	child   *vmm.Child
	stop    context.CancelFunc
	control *os.File      // frames of the kernel
	request *os.File      // requests to it; nil: it is not asked
	running chan struct{} // closed when the kernel says that it runs
	stops   bool          // it ends when it is asked to; from then on
	asked   bool          // to do that
	copies  int           // streams that are copied here
	failed  chan error    // one message for each of them
	guest   []*os.File    // the process's ends, closed here once it has them
	shares  []*share.Server
}

// start starts the process with the descriptors of abi/layout.go.
func (p *process) start(ctx context.Context) error {
	// Not ctx itself: the program may still say goodbye when that ends.
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	stdout, err := p.output("standard output", p.machine.Stdout)
	if err != nil {
		return err
	}
	stderr, err := p.output("standard error", p.machine.Stderr)
	if err != nil {
		return err
	}
	control, controlGuest, err := os.Pipe()
	if err != nil {
		return err
	}
	p.control = control
	p.guest = append(p.guest, controlGuest)
	stdin, err := p.stdin()
	if err != nil {
		return err
	}
	c := vmm.NewCommand(ctx, p.machine.Image)
	if p.machine.Name != "" {
		c.Args[0] = p.machine.Name
	}
	c.Env = []string{} // the program's environment is in the configuration
	c.Stdin, c.Stdout, c.Stderr = stdin, stdout, p.log
	c.ExtraFiles = []*os.File{abi.DescriptorStderr - 3: stderr, abi.DescriptorControl - 3: controlGuest}
	tap, err := p.network()
	if err != nil {
		return err
	}
	request, err := p.requests(c)
	if err != nil {
		return err
	}
	c.ExtraFiles = append(c.ExtraFiles, tap, request) // abi.DescriptorNetwork is the next; nil: closed
	files, err := p.files()
	if err != nil {
		return err
	}
	c.ExtraFiles = append(c.ExtraFiles, files...)
	p.child, err = vmm.Start(c)
	p.closeGuest()
	return err
}

// output returns the descriptor of the process for w: w itself when it is a
// file, the null device when it is nil, else a pipe that is copied to w.
func (p *process) output(name string, w io.Writer) (*os.File, error) {
	if f, ok := w.(*os.File); ok && f != nil {
		return f, nil
	}
	if w == nil {
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err == nil {
			p.guest = append(p.guest, null)
		}
		return null, err
	}
	r, guest, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.guest = append(p.guest, guest)
	p.copies++
	go func() {
		defer r.Close()
		err := vmm.CopyStream(name, w, r)
		if err != nil {
			p.stop()
		}
		p.failed <- err
	}()
	return guest, nil
}

// stdin returns the descriptor of the process for its standard input.
func (p *process) stdin() (*os.File, error) {
	if f, ok := p.machine.Stdin.(*os.File); ok && f != nil {
		return f, nil
	}
	guest, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.guest = append(p.guest, guest)
	go func() {
		// Ends at the end of the input or when the process is gone.
		_, _ = io.Copy(w, p.input)
		w.Close()
	}()
	return guest, nil
}

// requests returns the descriptor of the process by which it is asked to end, nil if there is
// nothing that it would bring to an end. A process that has one does not listen to signals
// (kernel/console).
func (p *process) requests(c *exec.Cmd) (*os.File, error) {
	if p.machine.StopGrace() == 0 {
		return nil, nil
	}
	guest, request, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.guest, p.request = append(p.guest, guest), request
	c.Cancel = func() error { return c.Process.Kill() }
	return guest, nil
}

// ErrUserNetwork says that only a VMM has a user network.
var ErrUserNetwork = errors.New("an ordinary process has no network of its own: use --net tap=NAME, or --vmm qemu")

// network returns the TAP device of the machine, if it has one.
func (p *process) network() (*os.File, error) {
	n := p.machine.Network
	switch {
	case n == nil:
		return nil, nil
	case n.Interface == "":
		return nil, ErrUserNetwork
	}
	tap, err := vmm.OpenTAP(n.Interface)
	if err == nil {
		p.guest = append(p.guest, tap)
	}
	return tap, err
}

// files returns what the mounts of the machine are, from abi.DescriptorFiles on.
func (p *process) files() ([]*os.File, error) {
	files := map[string]*os.File{}
	for _, s := range p.machine.Shares {
		server, guest, err := share.Start(s.Path, share.Options{ReadOnly: s.ReadOnly})
		if err != nil {
			return nil, err
		}
		p.shares = append(p.shares, server)
		p.guest = append(p.guest, guest)
		files[s.Tag] = guest
	}
	for _, v := range p.machine.Volumes {
		f, err := vmm.OpenVolume(v)
		if err != nil {
			return nil, err
		}
		p.guest = append(p.guest, f)
		files[v.Tag] = f
	}
	list := make([]*os.File, len(files))
	for i := range list {
		if list[i] = files[strconv.Itoa(abi.DescriptorFiles+i)]; list[i] == nil {
			return nil, fmt.Errorf("a process has its files as descriptors from %d on: their tags are %v", abi.DescriptorFiles, slices.Sorted(maps.Keys(files)))
		}
	}
	return list, nil
}

func (p *process) closeGuest() {
	for _, f := range p.guest {
		f.Close()
	}
	p.guest = nil
}

func (p *process) closeFiles() {
	p.closeGuest()
	for _, f := range []*os.File{p.control, p.request} {
		if f != nil {
			f.Close()
		}
	}
	p.stop()
	for _, server := range p.shares {
		server.Close()
	}
}

// outputGrace is how long output that nobody takes may hold the end up.
const outputGrace = time.Second

// wait reads the control frames and waits for the end.
func (p *process) wait(ctx context.Context) (*vmm.Result, error) {
	decoder := &vmm.Channel{
		Stdout: p.machine.Stdout, Stderr: p.machine.Stderr, Log: p.log, Announced: p.machine.Announced, Warned: p.machine.Warned,
		Started: p.started,
	}
	frames := make(chan error, 1)
	go func() { frames <- decoder.Copy(p.control) }()
	go func() { // whoever else has the other end does not hold the end up
		<-p.child.Done
		_ = p.control.SetReadDeadline(time.Now().Add(outputGrace)) // else it ends with the frames
	}()
	var decoded error
	select {
	case decoded = <-frames:
	case <-ctx.Done():
		p.askToStop()
		decoded = <-frames
	}
	if decoded != nil && !errors.Is(decoded, vmm.ErrChannelEnd) {
		p.stop()
	}
	select {
	case <-p.child.Done:
	case <-ctx.Done():
		p.stop()
		<-p.child.Done
	}
	failed := p.drain(ctx)
	switch {
	case failed != nil && ctx.Err() == nil:
		return nil, failed
	case decoder.Result != nil && p.asked:
		return decoder.Result, context.Cause(ctx)
	case decoder.Result != nil:
		decoder.Result.Log = p.log.Unseen()
		return decoder.Result, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	default:
		return nil, p.explain(decoded)
	}
}

// started is called when the kernel runs, and says whether it ends when it is asked to.
func (p *process) started(ready byte) {
	p.stops = ready&abi.ReadyStops != 0
	close(p.running)
}

// askToStop asks a process with a network, or with files that outlive it, to end by itself,
// and ends any other, and one that takes too long. What the process has done so far may be seen
// before it is seen here that the kernel runs.
func (p *process) askToStop() {
	p.asked = true
	if p.request == nil {
		p.stop()
		return
	}
	if _, err := p.request.Write([]byte{abi.RequestStop}); err != nil {
		p.stop() // it is gone
		return
	}
	time.AfterFunc(p.machine.StopGrace(), p.stop)
	go func() {
		select {
		case <-p.running:
			if !p.stops {
				p.stop()
			}
		case <-p.child.Done:
		}
	}()
}

// drain waits for the streams that are copied, for a while once ctx has ended.
func (p *process) drain(ctx context.Context) (failed error) {
	ended := ctx.Done()
	var timeout <-chan time.Time
	for left := p.copies; left > 0; {
		select {
		case err := <-p.failed:
			failed = errors.Join(failed, err)
			left--
		case <-ended:
			ended, timeout = nil, time.After(outputGrace)
		case <-timeout:
			return failed
		}
	}
	return failed
}

// explain says how a process ended that sent no FrameExit.
func (p *process) explain(decoded error) error {
	failure := &vmm.Failure{Log: p.log.Unseen()}
	status, ok := p.child.Process.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case !errors.Is(decoded, vmm.ErrChannelEnd):
		failure.What = "the process failed: " + decoded.Error()
	case ok && status.Signaled():
		return p.signaled(status.Signal(), failure)
	default:
		failure.What = fmt.Sprintf("the process ended with status %d and did not say why", status.ExitStatus())
	}
	return failure
}

// signaled tells signals that people send from those that are faults.
func (p *process) signaled(signal syscall.Signal, failure *vmm.Failure) error {
	switch signal {
	case syscall.SIGPIPE:
		return vmm.ErrOutputClosed
	case syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT:
		return vmm.SignalError{Signal: signal}
	case syscall.SIGKILL:
		failure.What = "the process was killed (SIGKILL): by hand, or because this computer has too little memory"
	default:
		failure.What = fmt.Sprintf("the process was ended by signal %d (%v)", signal, signal)
	}
	return failure
}
