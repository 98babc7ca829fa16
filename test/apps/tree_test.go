package apps

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// makeTree makes a directory with everything a read-only file system has to
// show: empty and large files, names of all kinds and lengths, many entries,
// deep paths, and symbolic links that lead to files, to directories, to each
// other and nowhere.
func makeTree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	files := map[string][]byte{
		"empty":                              nil,
		"text.txt":                           []byte("two lines\nof text\n"),
		"large.bin":                          bytes.Repeat([]byte("0123456789abcde\n"), 90_001),
		"page.bin":                           bytes.Repeat([]byte{0xff}, 4096),
		"binary.bin":                         []byte("\x00\x01\xff\r\n\x1a\x00"),
		"größe/大小.txt":                       []byte("UTF-8"),
		"with space/a b c":                   []byte("spaces"),
		"deep/er/and/even/deeper/still/file": []byte("deep"),
		".hidden":                            []byte("hidden"),
		strings.Repeat("n", 255):             []byte("the longest name"),
		"upper/File":                         []byte("F"),
		"upper/file":                         []byte("f"),
		"prefix/a":                           []byte("a"),
		"prefix/aa":                          []byte("aa"),
		"prefix/a.b":                         []byte("a.b"),
	}
	for i := range 700 {
		files[fmt.Sprintf("many/entry with a longer name %d", i)] = []byte(strings.Repeat("x", i))
	}
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	// A root always has a tmp; the oracle's has it by this.
	for _, empty := range []string{"void", "tmp"} {
		if err := os.MkdirAll(filepath.Join(root, empty), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"link":          "text.txt",
		"prefix/up":     "../deep/er",
		"deep/chain":    "../link",
		"deep/er/far":   "../../größe/大小.txt",
		"dangling":      "no/such/file",
		"prefix/itself": "itself",
	} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
