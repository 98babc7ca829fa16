package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"

	"mewz/vmm"
)

// formatProgram makes the file system of a new volume.
const formatProgram = "mkfs.ext4"

// formatPlaces are where it is besides PATH, which has them for root only.
var formatPlaces = []string{"/usr/sbin/" + formatProgram, "/sbin/" + formatProgram}

var errNoFormat = errors.New(formatProgram + " not found: apt-get install e2fsprogs")

// findFormat returns the path of mkfs.ext4.
func findFormat() (string, error) {
	for _, name := range append([]string{formatProgram}, formatPlaces...) {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNoFormat
}

// formatArguments: 4 KiB is what the kernel knows, and the page of every host; the owner of
// the root directory is who runs mewz, so that the volume can be mounted and used here.
func formatArguments(path string) []string {
	owner := fmt.Sprintf("root_owner=%d:%d", os.Geteuid(), os.Getegid())
	return []string{"-q", "-F", "-b", "4096", "-I", "256", "-m", "0", "-E", owner, "-L", "mewz", path}
}

// makeVolumes makes the files of new volumes. A file is there with its file system or
// not at all.
func (a *app) makeVolumes(list []plannedMount) error {
	for i := range list {
		m := &list[i]
		if !m.made {
			continue
		}
		err := a.makeVolume(m.host, m.size)
		if err == nil {
			err = syncDirectory(filepath.Dir(m.host))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", m.flag, err)
		}
		a.logf("made %s, %s with ext4", m.host, m.size)
	}
	return nil
}

func (a *app) makeVolume(path string, size byteSize) (err error) {
	program, err := findFormat()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".mewz-volume-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(f.Truncate(int64(size)), f.Close()); err != nil {
		return err
	}
	if err := format(a.context(), program, f.Name()); err != nil {
		return err
	}
	// Not over a file that somebody has made meanwhile, where the file system can see to that.
	err = unix.Renameat2(unix.AT_FDCWD, f.Name(), unix.AT_FDCWD, path, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		err = renameByLink(f.Name(), path)
	}
	return err
}

// renameByLink renames a file to what does not exist, where rename cannot see to that, as by NFS:
// another machine may use the file that has the name meanwhile. A file system without
// links cannot see to it at all.
func renameByLink(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EOPNOTSUPP):
		return os.Rename(from, to)
	}
	return err
}

// syncDirectory makes the names in a directory safe: what a program is told is safe in a
// volume would not be found after a power cut otherwise.
func syncDirectory(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, unix.EINVAL) {
		err = nil // a file system without fsync(2) of directories
	}
	return errors.Join(err, d.Close())
}

func format(ctx context.Context, program, path string) error {
	c := vmm.NewCommand(ctx, program, formatArguments(path)...)
	said, err := c.CombinedOutput()
	if err == nil {
		return nil
	}
	if line := vmm.LastLine(string(said)); line != "" {
		return fmt.Errorf("%s: %s", formatProgram, line)
	}
	return fmt.Errorf("%s: %w", formatProgram, err)
}
