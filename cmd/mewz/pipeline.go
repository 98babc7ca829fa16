package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"mewz/abi"
	"mewz/image"
)

// architecture is the one that images are for.
const architecture = "x86_64"

// The stages, in order: openSource, object, link, and for a run configureRun,
// placeImage and vmm.VMM.Run.

// object returns the object of a module or object, and why nothing of it runs, if that is so.
func (a *app) object(src *source, flags compileFlags) (code []byte, why string, err error) {
	if src.kind == kindObject {
		return src.data, "", nil
	}
	result, err := a.compile(src, flags, false)
	if err != nil {
		return nil, "", err
	}
	return result.Object, idle(result.Module), nil
}

// link links a module or object into an image.
func (a *app) link(src *source, code compileFlags, flags linkFlags, config abi.Config) (*image.Image, error) {
	kernels, err := image.Kernels(architecture)
	if err != nil {
		return nil, err
	}
	in := image.Input{ObjectName: src.path, Kernel: kernels.Network, Small: kernels.Small, Plain: kernels.Plain, Config: config}
	if flags.UnknownImports == "trap" {
		in.UnknownImports = image.TrapUnknownImports
	}
	if flags.Root != "" {
		if in.Archive, err = image.ReadDirectory(flags.Root, image.ArchiveOptions{}); err != nil {
			return nil, fmt.Errorf("--root: %w", err)
		}
	}
	var why string
	if in.Object, why, err = a.object(src, code); err != nil {
		return nil, err
	}
	img, err := image.Build(in)
	if err != nil {
		return nil, err
	}
	if why != "" && !a.quiet {
		warn(src.path + ": " + why + "; " + idleRemedy)
	}
	a.logf("linked %s", src.path)
	return img, nil
}

// preemptMillis is how long a program computes before the kernel looks after
// its other work.
const preemptMillis = 10

// programConfig returns what the user says about the program.
func programConfig(src *source, flags linkFlags, args []string) (abi.Config, error) {
	c := abi.Config{
		Args:          append([]string{src.name}, args...),
		StackBytes:    uint64(flags.Stack),
		KernelLog:     flags.KernelLog,
		PreemptMillis: preemptMillis,
		ProgramName:   src.name,
	}
	if flags.Stack > abi.StackMaxBytes {
		return c, wrongFlags(fmt.Errorf("--stack %s: at most %s", flags.Stack, byteSize(abi.StackMaxBytes)))
	}
	var err error
	c.Env, err = environment(flags.Env)
	return c, wrongFlags(err)
}

// environment makes environment variables of -e flags. The last one of a name
// counts.
func environment(flags []string) ([]string, error) {
	var env []string
	place := map[string]int{}
	for _, flag := range flags {
		name, value, hasValue := strings.Cut(flag, "=")
		if name == "" || strings.ContainsRune(flag, 0) {
			return nil, fmt.Errorf("-e %q: write NAME=VALUE, or NAME to pass it through", flag)
		}
		if !hasValue {
			var ok bool
			if value, ok = os.LookupEnv(name); !ok {
				continue // as docker: what is not set here is not set there
			}
		}
		if i, ok := place[name]; ok {
			env[i] = name + "=" + value
			continue
		}
		place[name] = len(env)
		env = append(env, name+"="+value)
	}
	return env, nil
}

// configureRun sets what is true for one run only.
func configureRun(c *abi.Config) error {
	c.Seed = make([]byte, 32)
	if _, err := rand.Read(c.Seed); err != nil {
		return fmt.Errorf("random seed: %w", err)
	}
	c.WallClockNanos = uint64(time.Now().UnixNano())
	c.TerminalStdin = term.IsTerminal(int(os.Stdin.Fd()))
	c.TerminalStdout = term.IsTerminal(int(os.Stdout.Fd()))
	c.TerminalStderr = term.IsTerminal(int(os.Stderr.Fd()))
	return nil
}

// placeImage has write write an image into a temporary file that is gone from
// its directory before the machine starts, so that no way to end leaves it
// behind. The returned path reaches it for as long as file is open.
func placeImage(write func(path string) error) (path string, file *os.File, err error) {
	dir, err := os.MkdirTemp("", "mewz-")
	if err != nil {
		return "", nil, fmt.Errorf("%w (TMPDIR chooses another place)", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	name := filepath.Join(dir, "image")
	if err := write(name); err != nil {
		return "", nil, fmt.Errorf("%w (TMPDIR chooses another place)", err)
	}
	file, err = os.Open(name)
	if err != nil {
		return "", nil, err
	}
	// By our own number and not "self", for it is the VMM that opens it.
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), file.Fd()), file, nil
}
