package image

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
)

// makeTree makes a directory with all that an archive holds.
func makeTree(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(dir, "b", "deep"), 0o755))
	must(os.Mkdir(filepath.Join(dir, "empty"), 0o700))
	must(os.WriteFile(filepath.Join(dir, "a.txt"), []byte("alpha"), 0o640))
	must(os.WriteFile(filepath.Join(dir, "b", "page"), bytes.Repeat([]byte("p"), 4096), 0o644))
	must(os.WriteFile(filepath.Join(dir, "b", "deep", "zero"), nil, 0o644))
	must(os.WriteFile(filepath.Join(dir, "Z"), bytes.Repeat([]byte("z"), 5000), 0o755))
	must(os.Symlink("b/page", filepath.Join(dir, "link")))
	must(os.Symlink("/nowhere", filepath.Join(dir, "b", "dangling")))
	must(os.Link(filepath.Join(dir, "a.txt"), filepath.Join(dir, "b", "hard")))
	when := time.Unix(1_700_000_000, 123)
	must(os.Chtimes(filepath.Join(dir, "a.txt"), when, when))
	must(os.Chtimes(filepath.Join(dir, "Z"), time.Unix(-5, 0), time.Unix(-5, 0)))
	return dir
}

func encodeArchive(t testing.TB, dir string, options ArchiveOptions) []byte {
	t.Helper()
	a, err := ReadDirectory(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := a.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	if uint64(b.Len()) != a.Bytes {
		t.Errorf("archive wrote %d bytes, announced %d", b.Len(), a.Bytes)
	}
	return b.Bytes()
}

func TestArchive(t *testing.T) {
	b := encodeArchive(t, makeTree(t), ArchiveOptions{})
	a, err := abi.OpenArchive(b)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range a.Nodes {
		n, name, data, err := a.Node(i)
		if err != nil {
			t.Fatal(err)
		}
		if n.Type == abi.ArchiveFile && n.Size > 0 && n.DataOffset%abi.PageBytes != 0 {
			t.Errorf("file %s at %#x, not on a page", name, n.DataOffset)
		}
		if i == 0 {
			n.Mode = 0o755 // of the test's directory
		}
		line := fmt.Sprintf("%d %d %o %q %d", n.Parent, n.Type, n.Mode, name, n.Size)
		if n.Type == abi.ArchiveDirectory {
			line += fmt.Sprintf(" from %d", n.DataOffset)
		} else if len(data) < 100 {
			line += fmt.Sprintf(" %q", data)
		}
		got = append(got, line)
		if name == "a.txt" && n.ModifiedNanos != 1_700_000_000_000_000_123 || name == "Z" && n.ModifiedNanos != 0 {
			t.Errorf("%s was modified at %d", name, n.ModifiedNanos)
		}
	}
	want := []string{
		`0 1 755 "" 5 from 1`,
		`0 2 755 "Z" 5000`,
		`0 2 640 "a.txt" 5 "alpha"`,
		`0 1 755 "b" 4 from 6`,
		`0 1 700 "empty" 0 from 10`,
		`0 3 777 "link" 6 "b/page"`,
		`3 3 777 "dangling" 8 "/nowhere"`,
		`3 1 755 "deep" 1 from 10`,
		`3 2 640 "hard" 5 "alpha"`,
		`3 2 644 "page" 4096`,
		`7 2 644 "zero" 0 ""`,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("archive:\n%s\nwant:\n%s", g, w)
	}
}

func TestArchiveWithoutTimes(t *testing.T) {
	first, second := makeTree(t), makeTree(t)
	options := ArchiveOptions{ZeroTimes: true}
	if !bytes.Equal(encodeArchive(t, first, options), encodeArchive(t, second, options)) {
		t.Error("archives of equal directories differ")
	}
}

func TestArchiveErrors(t *testing.T) {
	tests := []struct {
		name string
		make func(dir string) error
		want string // behind the path
	}{
		{"pipe", func(p string) error { return syscall.Mkfifo(p, 0o600) }, "is a named pipe"},
		{"socket", func(p string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: p})
			if err == nil {
				l.SetUnlinkOnClose(false)
				err = l.Close()
			}
			return err
		}, "is a socket"},
		{"sparse", func(p string) error {
			f, err := os.Create(p)
			if err == nil {
				err = f.Truncate(3 << 30)
				f.Close()
			}
			return err
		}, "an image holds at most"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "odd")
			if err := test.make(path); err != nil {
				t.Fatal(err)
			}
			_, err := ReadDirectory(dir, ArchiveOptions{})
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("ReadDirectory = %v, want %s: %s", err, path, test.want)
			}
		})
	}
	if _, err := ReadDirectory("archive_test.go", ArchiveOptions{}); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("ReadDirectory of a file = %v", err)
	}
	if _, err := ReadDirectory("missing", ArchiveOptions{}); !os.IsNotExist(err) {
		t.Errorf("ReadDirectory of nothing = %v", err)
	}
}

func TestArchiveFileChanges(t *testing.T) {
	tests := []struct {
		name   string
		change func(path string) error
		want   string
	}{
		{"grows", func(p string) error { return os.WriteFile(p, []byte("longer than before"), 0o600) }, "changed its size"},
		{"shrinks", func(p string) error { return os.WriteFile(p, nil, 0o600) }, "changed its size"},
		{"goes", os.Remove, "no such file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
				t.Fatal(err)
			}
			a, err := ReadDirectory(dir, ArchiveOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if err := test.change(path); err != nil {
				t.Fatal(err)
			}
			if _, err := a.WriteTo(io.Discard); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("WriteTo = %v, want %s: %s", err, path, test.want)
			}
		})
	}
}
