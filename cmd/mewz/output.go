package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Modes of the files, less the umask. An image also runs as a process.
const (
	objectMode = 0o666
	imageMode  = 0o777
)

// outputBufferBytes is how much is written at once.
const outputBufferBytes = 1 << 20

// writeOutput writes a result of the command so that path either holds all of
// it or what it held before: into a temporary file beside it, which is then
// renamed. Standard output ("-"), devices and pipes are written as they are.
func writeOutput(ctx context.Context, path string, mode os.FileMode, content io.WriterTo) error {
	if path == "-" {
		if err := stdoutError(writeTo(os.Stdout, content)); err != nil {
			return err
		}
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("writing %s: it is a directory: name a file in it", path)
	case err == nil && !info.Mode().IsRegular():
		return writeDevice(path, content)
	case err == nil:
		// Replace what a symbolic link points to, not the link.
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	if err := replaceFile(ctx, path, mode, content); err != nil {
		return fmt.Errorf("writing %s: %w", path, withoutPath(err))
	}
	return nil
}

func writeDevice(path string, content io.WriterTo) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		err = errors.Join(writeTo(f, content), f.Close())
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, withoutPath(err))
	}
	return nil
}

// replaceFile leaves no temporary file behind, whatever happens but SIGKILL.
func replaceFile(ctx context.Context, path string, mode os.FileMode, content io.WriterTo) (err error) {
	f, err := createTemporary(path, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	err = writeTo(f, content)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// createTemporary creates a file beside path with the permissions that path
// would get, which os.CreateTemp does not.
func createTemporary(path string, mode os.FileMode) (*os.File, error) {
	const attempts = 100
	for i := range attempts {
		name := fmt.Sprintf("%s.%d.%d.tmp", path, os.Getpid(), i)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, os.ErrExist) {
			return f, err
		}
	}
	return nil, fmt.Errorf("%d temporary files of this name exist: remove them", attempts)
}

func writeTo(w io.Writer, content io.WriterTo) error {
	buffered := bufio.NewWriterSize(w, outputBufferBytes)
	if _, err := content.WriteTo(buffered); err != nil {
		return err
	}
	return buffered.Flush()
}

// withoutPath takes the path out of an error whose message names it already.
func withoutPath(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}

// bytesContent is content that lies in memory.
type bytesContent []byte

// WriteTo writes all of b.
func (b bytesContent) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(b)
	return int64(n), err
}
