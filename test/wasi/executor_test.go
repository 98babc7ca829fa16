package wasi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"mewz/test/toolchain"
)

// outcome is what a run of a program did.
type outcome struct {
	stdout, stderr string
	exit           int
}

// place is where the directories of a program lie.
type place string

// Places. In a process a share is 9p over a socket, in a machine over virtio.
const (
	archive place = "archive" // in the image, changes in memory
	share   place = "share"   // of the host, by 9p
	virtio  place = "virtiofs"
	memory  place = "memory"
	volume  place = "volume"
)

// executor runs programs in one way.
type executor struct {
	name    string
	vmm     string // empty: an oracle
	machine string // of QEMU
	place   place
	run     func(ctx context.Context, e executor, p program, dirs []directory) (outcome, error)
}

// Time limits. Compiling is part of a run.
const (
	runTimeout = 4 * time.Minute
	killDelay  = time.Minute
)

// execute runs a program on a copy of its directories.
func (e executor) execute(ctx context.Context, p program) (outcome, error) {
	scratch, err := os.MkdirTemp("", "mewz-wasi-")
	if err != nil {
		return outcome{}, err
	}
	defer os.RemoveAll(scratch)
	dirs := p.specification.directories()
	for i, d := range dirs {
		dirs[i].host = filepath.Join(scratch, fmt.Sprint(i))
		if err := copyDirectory(dirs[i].host, filepath.Join(p.folder, d.host)); err != nil {
			return outcome{}, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, runTimeout+killDelay)
	defer cancel()
	return e.run(ctx, e, p, dirs)
}

// copyDirectory copies a tree; what is missing is an empty one.
func copyDirectory(to, from string) error {
	if err := os.MkdirAll(to, 0o777); err != nil {
		return err
	}
	if _, err := os.Stat(from); err != nil {
		return nil
	}
	return os.CopyFS(to, os.DirFS(from))
}

// runMewz runs a program with the command.
func runMewz(ctx context.Context, e executor, p program, dirs []directory) (outcome, error) {
	mewz, err := toolchain.Mewz()
	if err != nil {
		return outcome{}, err
	}
	args := []string{"run", "-q", "--vmm", e.vmm, "--opt", "0", "--timeout", runTimeout.String()}
	if e.machine != "" {
		args = append(args, "--machine", e.machine)
	}
	for i, d := range dirs {
		flags, err := e.mount(i, d)
		if err != nil {
			return outcome{}, err
		}
		args = append(args, flags...)
	}
	for _, variable := range p.specification.variables() {
		args = append(args, "-e", variable)
	}
	args = append(append(args, p.wasm, "--"), p.specification.Args...)
	return command(ctx, mewz, args...)
}

// volumeBytes is enough for 2000 files and what is written to them.
const volumeBytes = "64M"

// mount returns the flags that show a program a directory.
func (e executor) mount(number int, d directory) ([]string, error) {
	switch e.place {
	case archive:
		if d.guest == "/" {
			return []string{"--root", d.host}, nil
		}
		return nil, errors.New("an archive is the root")
	case share:
		return []string{"--dir", d.host + "::" + d.guest}, nil
	case virtio:
		return []string{"--share", "virtiofs", "--dir", d.host + "::" + d.guest}, nil
	case memory:
		return []string{"--tmpfs", d.guest}, nil
	case volume:
		image := filepath.Join(filepath.Dir(d.host), fmt.Sprintf("%d.ext4", number))
		// Blocks as on a disk of usual size: with 1 KiB a file ends at 4 TiB.
		said, err := exec.Command("mke2fs", "-q", "-t", "ext4", "-b", "4096", "-N", "8192", "-d", d.host, image, volumeBytes).CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("mke2fs: %w: %s", err, bytes.TrimSpace(said))
		}
		return []string{"--volume", image + "::" + d.guest}, nil
	}
	return nil, fmt.Errorf("no place %q", e.place)
}

// command runs a child with an empty standard input.
func command(ctx context.Context, path string, args ...string) (outcome, error) {
	c := exec.CommandContext(ctx, path, args...)
	c.WaitDelay = killDelay
	c.Stdin = strings.NewReader("")
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	o := outcome{stdout: stdout.String(), stderr: stderr.String()}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		o.exit, err = exit.ExitCode(), nil
	}
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s", filepath.Base(path), strings.Join(args, " "), err, o.stderr)
	}
	return o, err
}
