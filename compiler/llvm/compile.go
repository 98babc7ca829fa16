package llvm

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// Shard is one LLVM module to compile.
type Shard struct {
	Name   string // for messages
	Weight int    // how much work it is, in any unit: largest first
	Level  Level
	IR     func() ([]byte, error)
}

// Cache keeps objects by what they were made from.
type Cache interface {
	Get(key [sha256.Size]byte) ([]byte, bool)
	Put(key [sha256.Size]byte, data []byte)
}

// Options are how to compile.
type Options struct {
	Tools *Tools
	CPU   string
	// ShardTime bounds the processor time of each program for one shard at one level; 0:
	// shardTime.
	ShardTime time.Duration
	// ShardWait bounds the time that passes meanwhile; 0: shardWait.
	ShardWait time.Duration
	Cache     Cache // nil: none
	// Verify has LLVM check the IR, which takes a tenth of the time: for tests of
	// what writes it.
	Verify bool
	// Progress is called after each shard with the weight done so far; calls
	// do not overlap. May be nil.
	Progress func(done, total int)
}

// Bounds on the time of one shard, of which a second or two is usual. A shard
// that takes longer (WAMR issue 2124 reports hours) is compiled at the next
// lower level. What counts is the time of the processor, so that a busy computer makes the
// same code as an idle one, only later; shardWait is for programs that wait for something.
const (
	shardTime      = 4 * time.Minute
	shardWait      = time.Hour
	waitDelay      = 5 * time.Second
	maxStderrBytes = 4 << 10
	// maxObjectBytes is beyond what sections of an object can have, see package
	// object: a program gone wrong does not take all memory.
	maxObjectBytes = 1 << 30
)

// Output is the object of one shard.
type Output struct {
	Object []byte
	Level  Level // lower than asked if LLVM did not manage
}

// Compile compiles shards, as many at once as there are processors, and returns
// their objects in the order of the shards.
func Compile(ctx context.Context, shards []Shard, o Options) ([]Output, error) {
	outputs := make([]Output, len(shards))
	order := make([]int, len(shards))
	total := 0
	for i := range shards {
		order[i] = i
		total += shards[i].Weight
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(shards[b].Weight, shards[a].Weight) })

	var mu sync.Mutex
	done := 0 // guarded by mu
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, i := range order {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			output, err := compileGuarded(ctx, &shards[i], &o)
			if err != nil {
				return fmt.Errorf("%s: %w", shards[i].Name, err)
			}
			outputs[i] = output
			mu.Lock()
			defer mu.Unlock()
			done += shards[i].Weight
			if o.Progress != nil {
				o.Progress(done, total)
			}
			return nil
		})
	}
	return outputs, group.Wait()
}

// compileGuarded is compileShard; a panic of the lowering becomes an error, since
// nobody above this goroutine could recover from it.
func compileGuarded(ctx context.Context, s *Shard, o *Options) (output Output, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error: %v (please report it, with the module)", r)
		}
	}()
	return compileShard(ctx, s, o)
}

// compileShard compiles one shard, at a lower level if LLVM crashes or takes
// too long.
func compileShard(ctx context.Context, s *Shard, o *Options) (Output, error) {
	ir, err := s.IR()
	if err != nil {
		return Output{}, err
	}
	level := s.Level
	for {
		p, err := findPipeline(level)
		if err != nil {
			return Output{}, err
		}
		key := shardKey(ir, &p, o)
		if o.Cache != nil {
			if object, ok := o.Cache.Get(key); ok {
				return Output{object, level}, nil
			}
		}
		object, err := runTimed(ctx, ir, &p, o)
		if err == nil {
			err = checkObject(object)
		}
		if err == nil {
			if o.Cache != nil {
				o.Cache.Put(key, object)
			}
			return Output{object, level}, nil
		}
		if ctx.Err() != nil {
			return Output{}, ctx.Err()
		}
		if p.lower == "" || !worthRetry(err) {
			return Output{}, err
		}
		level = p.lower
	}
}

// shardKey is the identity of an object: everything it depends on.
func shardKey(ir []byte, p *pipeline, o *Options) [sha256.Size]byte {
	h := sha256.New()
	// Which of the passes follows from the IR.
	fmt.Fprintf(h, "shard\x00%s\x00%s\x00%s\x00%d\x00%s\x00%s\x00%q\x00%q\x00",
		o.Tools.Identity(), p.passes, p.floatPasses, linesPerFloat, p.codegen, o.CPU, optFlags, llcFlags)
	h.Write(ir)
	return [sha256.Size]byte(h.Sum(nil))
}

// errTooLong says that LLVM was ended because it computed for too long.
var errTooLong = errors.New("LLVM takes too long")

// errNoObject says that LLVM ended well and yet has not done its work.
var errNoObject = errors.New("LLVM's output is no object")

// checkObject looks at the beginning of what should be an ELF file.
func checkObject(b []byte) error {
	if !bytes.HasPrefix(b, []byte(elf.ELFMAG)) {
		return errNoObject
	}
	return nil
}

// worthRetry says whether a lower level may succeed: LLVM crashed, took too long
// or wrote something else. Refused IR is refused at every level.
func worthRetry(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errTooLong) || errors.Is(err, errNoObject) {
		return true
	}
	var exit *exec.ExitError
	return errors.As(err, &exit) && (!exit.Exited() || exit.ExitCode() > 1)
}

func runTimed(ctx context.Context, ir []byte, p *pipeline, o *Options) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, cmp.Or(o.ShardWait, shardWait))
	defer cancel()
	object, err := run(limited, ir, p, o)
	if err != nil && limited.Err() != nil {
		return nil, limited.Err()
	}
	return object, err
}

// llcFlags are the flags of every level (decision 0025). The relocations of the static small
// model are all that package image knows.
var llcFlags = []string{
	"-filetype=obj", "-relocation-model=static", "-code-model=small",
	// Loops without loops in them lie alike in lines of 64 bytes, wherever functions lie: with
	// package image they all begin 16 bytes into a line.
	"-align-loops=16", "-x86-experimental-pref-innermost-loop-alignment=6",
	// Two small stores are not made one large one, as the loads before it would be one too, and
	// wait for what was just stored by smaller ones.
	"-combiner-store-merging=false",
	// Our line tables have no variables. llc looks for them in every block and stack slot all
	// the same: half of the memory of an interpreter's main function, and a third of its time.
	"-experimental-debug-variable-locations=false",
}

// run pipes IR through opt, if the level has passes, and llc.
func run(ctx context.Context, ir []byte, p *pipeline, o *Options) ([]byte, error) {
	object := bounded{limit: maxObjectBytes}
	flags, verify := slices.Clone(llcFlags), "-verify-each=false"
	if !o.Verify {
		flags, verify = append(flags, "-disable-verify"), "-disable-verify"
	}
	llc := newCommand(ctx, o.Tools.Llc, append([]string{p.codegen, "-mcpu=" + o.CPU, "-o", "-"}, flags...)...)
	llc.Stdout = &object
	if p.passes == "" {
		llc.Stdin = bytes.NewReader(ir)
		err := llc.start(o)
		if err == nil {
			err = llc.Wait()
		}
		if complaint := llc.complaint(o); complaint != nil {
			return nil, complaint
		}
		if err != nil {
			return nil, llc.explain(err)
		}
		return object.b, nil
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	opt := newCommand(ctx, o.Tools.Opt, append([]string{"-passes=" + p.passesOf(ir), verify, "-o", "-"}, optFlags...)...)
	opt.Stdin, opt.Stdout = bytes.NewReader(ir), write
	llc.Stdin = read
	optErr, llcErr := opt.start(o), llc.start(o)
	// The processes have their own copies: when one ends, the other sees it.
	write.Close()
	read.Close()
	if optErr == nil {
		optErr = opt.Wait()
		if optErr != nil && !brokenPipe(optErr) && llcErr == nil {
			_ = llc.Process.Kill() // what opt has left behind may hold the pipe
		}
	}
	if llcErr == nil {
		llcErr = llc.Wait()
	}
	// When one of them ends early the other fails too, opt by a broken pipe, llc
	// by input that is cut off.
	if err := llc.complaint(o); err != nil {
		return nil, err
	}
	if optErr != nil && (llcErr == nil || !brokenPipe(optErr)) {
		return nil, opt.explain(optErr)
	}
	if llcErr != nil {
		return nil, llc.explain(llcErr)
	}
	return object.b, nil
}

// ProcessorError is an Options.CPU that there is no code for.
type ProcessorError struct{ CPU, What string }

func (e *ProcessorError) Error() string { return fmt.Sprintf("processor %q: %s", e.CPU, e.What) }

// complaint makes an error of what LLVM says of the processor: it compiles for another one
// when it does not know the one it is told, and aborts when either has no long mode.
func (c *command) complaint(o *Options) error {
	if bytes.Contains(c.stderr.b, []byte("is not a recognized processor")) {
		return &ProcessorError{o.CPU, fmt.Sprintf("LLVM does not know it (%s -mcpu=help lists those it knows)", filepath.Base(c.Path))}
	}
	if bytes.Contains(c.stderr.b, []byte("64-bit code requested on a subtarget that doesn't support it")) {
		return &ProcessorError{o.CPU, "it has no 64-bit mode"}
	}
	return nil
}

// exitPipe is how LLVM's programs end when they catch SIGPIPE (EX_IOERR of sysexits.h).
const exitPipe = 74

// brokenPipe says whether a process ended because nobody read what it wrote.
func brokenPipe(err error) bool {
	var exit *exec.ExitError
	return isSignal(err, syscall.SIGPIPE) || errors.As(err, &exit) && exit.ExitCode() == exitPipe
}

// isSignal says whether a signal ended a process.
func isSignal(err error, signal syscall.Signal) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == signal
}

// command is a process with the beginning of what it says on standard error.
type command struct {
	*exec.Cmd
	stderr bounded
}

func newCommand(ctx context.Context, path string, args ...string) *command {
	c := &command{Cmd: exec.CommandContext(ctx, path, args...), stderr: bounded{limit: maxStderrBytes}}
	c.Stderr = &c.stderr
	c.WaitDelay = waitDelay
	return c
}

// start starts the process, which is ended when it has had its processor time.
func (c *command) start(o *Options) error {
	if err := c.Start(); err != nil {
		return err
	}
	seconds := uint64(max(cmp.Or(o.ShardTime, shardTime), time.Second) / time.Second)
	// LLVM catches the first signal of the first bound, prints a stack and goes on: the next,
	// a second later, ends it. The second bound kills what catches that, too.
	bounds := unix.Rlimit{Cur: seconds, Max: seconds + uint64(waitDelay/time.Second)}
	// An error is that the process has ended already, which Wait tells of.
	_ = unix.Prlimit(c.Process.Pid, unix.RLIMIT_CPU, &bounds, nil)
	return nil
}

// explain adds to err what the process said.
func (c *command) explain(err error) error {
	if isSignal(err, syscall.SIGXCPU) {
		return fmt.Errorf("%s: %w", c.Path, errTooLong)
	}
	said, _, _ := strings.Cut(strings.TrimSpace(string(c.stderr.b)), "\n")
	if said == "" {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	return fmt.Errorf("%s: %w: %s", c.Path, err, said)
}

// bounded keeps the first bytes written to it, limit of them.
type bounded struct {
	b     []byte
	limit int
}

func (b *bounded) Write(p []byte) (int, error) {
	if room := b.limit - len(b.b); room > 0 {
		b.b = append(b.b, p[:min(room, len(p))]...)
	}
	return len(p), nil
}
