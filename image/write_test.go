package image

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

var errSource = errors.New("source fails")

type failingSource struct{}

func (failingSource) WriteTo(w io.Writer) (int64, error) { return 0, errSource }

func TestWriteFileThroughLink(t *testing.T) {
	img, err := Build(Input{ObjectName: "app.o", Object: handObject(t, testModule(), nil), Kernel: syntheticKernel(nil)})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	link, target := filepath.Join(dir, "link"), filepath.Join(dir, "target")
	if err := os.WriteFile(target, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("target", link); err != nil {
		t.Fatal(err)
	}
	if err := img.WriteFile(link); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("WriteFile replaced the link: %v, %v", info, err)
	}
	info, err = os.Stat(target)
	if err != nil || info.Size() == 0 || info.Mode().Perm()&0o111 == 0 {
		t.Errorf("WriteFile(link): target is %v, %v", info, err)
	}
}

func TestWriteFileToDevice(t *testing.T) {
	img, err := Build(Input{ObjectName: "app.o", Object: handObject(t, testModule(), nil), Kernel: syntheticKernel(nil)})
	if err != nil {
		t.Fatal(err)
	}
	if err := img.WriteFile(os.DevNull); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode()&os.ModeDevice == 0 {
		t.Fatalf("WriteFile replaced %s: %v, %v", os.DevNull, info, err)
	}
}
