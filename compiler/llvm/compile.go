package llvm

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
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
	Cache Cache // nil: none
	// Verify has LLVM check the IR, which takes a tenth of the time: for tests of
	// what writes it.
	Verify bool
	// Progress is called after each shard with the weight done so far; calls
	// do not overlap. May be nil.
	Progress func(done, total int)
}

// Bounds on the time of one shard, of which a second or two is usual. A shard
// that takes longer (WAMR issue 2124 reports hours) is compiled at the next
// lower level.
const (
	shardTimeout   = 4 * time.Minute
	waitDelay      = 5 * time.Second
	maxStderrBytes = 4 << 10
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
	group.SetLimit(runtime.NumCPU())
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
	fmt.Fprintf(h, "shard\x00%s\x00%s\x00%s\x00%s\x00%q\x00", o.Tools.Identity(), p.passes, p.codegen, o.CPU, llcFlags)
	h.Write(ir)
	return [sha256.Size]byte(h.Sum(nil))
}

// worthRetry says whether a lower level may succeed: LLVM crashed or took too
// long. Refused IR is refused at every level.
func worthRetry(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var exit *exec.ExitError
	return errors.As(err, &exit) && (!exit.Exited() || exit.ExitCode() > 1)
}

func runTimed(ctx context.Context, ir []byte, p *pipeline, o *Options) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, shardTimeout)
	defer cancel()
	object, err := run(limited, ir, p, o)
	if err != nil && limited.Err() != nil {
		return nil, limited.Err()
	}
	return object, err
}

// llcFlags are the flags of every level. The relocations of the static small
// model are all that package image knows.
var llcFlags = []string{"-filetype=obj", "-relocation-model=static", "-code-model=small"}

// run pipes IR through opt, if the level has passes, and llc.
func run(ctx context.Context, ir []byte, p *pipeline, o *Options) ([]byte, error) {
	var object bytes.Buffer
	flags, verify := slices.Clone(llcFlags), "-verify-each=false"
	if !o.Verify {
		flags, verify = append(flags, "-disable-verify"), "-disable-verify"
	}
	llc := newCommand(ctx, o.Tools.Llc, append([]string{p.codegen, "-mcpu=" + o.CPU, "-o", "-"}, flags...)...)
	llc.Stdout = &object
	if p.passes == "" {
		llc.Stdin = bytes.NewReader(ir)
		err := llc.Run()
		if complaint := llc.complaint(o); complaint != nil {
			return nil, complaint
		}
		if err != nil {
			return nil, llc.explain(err)
		}
		return object.Bytes(), nil
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	opt := newCommand(ctx, o.Tools.Opt, "-passes="+p.passes, verify, "-o", "-")
	opt.Stdin, opt.Stdout = bytes.NewReader(ir), write
	llc.Stdin = read
	optErr, llcErr := opt.Start(), llc.Start()
	// The processes have their own copies: when one ends, the other sees it.
	write.Close()
	read.Close()
	if optErr == nil {
		optErr = opt.Wait()
	}
	if llcErr == nil {
		llcErr = llc.Wait()
	}
	// When one of them ends early the other fails too, opt by a broken pipe, llc
	// by input that is cut off.
	if err := llc.complaint(o); err != nil {
		return nil, err
	}
	if optErr != nil && (llcErr == nil || !killed(optErr)) {
		return nil, opt.explain(optErr)
	}
	if llcErr != nil {
		return nil, llc.explain(llcErr)
	}
	return object.Bytes(), nil
}

// complaint makes an error of a warning: LLVM compiles for another processor
// when it does not know the one it is told.
func (c *command) complaint(o *Options) error {
	if bytes.Contains(c.stderr, []byte("is not a recognized processor")) {
		return fmt.Errorf("processor %q: LLVM does not know it (%s -mcpu=help lists those it knows)", o.CPU, filepath.Base(c.Path))
	}
	return nil
}

// killed says whether a signal ended a process.
func killed(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && !exit.Exited()
}

// command is a process with the beginning of what it says on standard error.
type command struct {
	*exec.Cmd
	stderr bounded
}

func newCommand(ctx context.Context, path string, args ...string) *command {
	c := &command{Cmd: exec.CommandContext(ctx, path, args...)}
	c.Stderr = &c.stderr
	c.WaitDelay = waitDelay
	return c
}

// explain adds to err what the process said.
func (c *command) explain(err error) error {
	said, _, _ := strings.Cut(strings.TrimSpace(string(c.stderr)), "\n")
	if said == "" {
		return fmt.Errorf("%s: %w", c.Path, err)
	}
	return fmt.Errorf("%s: %w: %s", c.Path, err, said)
}

// bounded keeps the first maxStderrBytes written to it.
type bounded []byte

func (b *bounded) Write(p []byte) (int, error) {
	if room := maxStderrBytes - len(*b); room > 0 {
		*b = append(*b, p[:min(room, len(p))]...)
	}
	return len(p), nil
}
