package image

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// imageMode is the mode of image files: they run as processes too.
const imageMode = 0o755

// WriteFile writes the image to path: whole, or not at all.
func (img *Image) WriteFile(path string) error { return writeAtomic(path, img) }

// writeAtomic writes content to a new file beside path and renames it over
// path. A device or pipe at path is written as it is.
func writeAtomic(path string, content io.WriterTo) (err error) {
	path, special, err := resolveOutput(path)
	if err != nil {
		return err
	}
	if special {
		return writeSpecial(path, content)
	}
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+rand.Text()[:10]+".tmp")
	out, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, imageMode)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, underlying(err))
	}
	defer func() {
		if err != nil {
			out.Close()
			os.Remove(temporary)
			err = fmt.Errorf("writing %s: %w", path, err)
		}
	}()
	if err := writeBuffered(out, content); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return underlying(err)
	}
	return underlying(os.Rename(temporary, path))
}

// resolveOutput follows symbolic links, so that the file they lead to is
// replaced and not the link; special says that there is a device or pipe.
func resolveOutput(path string) (resolved string, special bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, false, nil
	}
	if err != nil {
		return "", false, err
	}
	if info.IsDir() {
		return "", false, fmt.Errorf("writing %s: is a directory", path)
	}
	resolved, err = filepath.EvalSymlinks(path)
	return resolved, !info.Mode().IsRegular(), err
}

func writeSpecial(path string, content io.WriterTo) error {
	out, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = writeBuffered(out, content)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// writeBuffered collects small writes, of which an archive of many files has
// many.
func writeBuffered(out *os.File, content io.WriterTo) error {
	w := bufio.NewWriterSize(out, 1<<18)
	if _, err := content.WriteTo(w); err != nil {
		return outputError(out, err)
	}
	return outputError(out, w.Flush())
}

// outputError drops the name of a temporary file from an error.
func outputError(out *os.File, err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) && pathError.Path == out.Name() {
		return pathError.Err
	}
	return err
}

// underlying drops the paths from an error that names a temporary file.
func underlying(err error) error {
	var pathError *fs.PathError
	var linkError *os.LinkError
	switch {
	case errors.As(err, &pathError):
		return pathError.Err
	case errors.As(err, &linkError):
		return linkError.Err
	}
	return err
}
