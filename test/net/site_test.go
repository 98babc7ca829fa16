package net

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// pageFiles is how many files the page of a browser has.
const pageFiles = 50

// site is the folder that the HTTP servers serve, and what is in it.
type site struct {
	root  string
	files map[string][sha256.Size]byte // by the path of their URL
	bytes map[string]int
}

// makeSite writes the files of a site.
func makeSite(t *testing.T) *site {
	t.Helper()
	s := &site{root: t.TempDir(), files: map[string][sha256.Size]byte{}, bytes: map[string]int{}}
	random := rand.New(rand.NewPCG(4, 0))
	sizes := map[string]int{
		"/index.html": 1500, "/400.txt": 400, "/10k.txt": 10_000, "/empty.txt": 0, "/one.json": 1,
		"/dir/index.html": 100, "/dir/deep/er/style.css": 5000,
		"/megabyte.bin": 1 << 20, "/large.bin": 3<<20 + 17, // kept and not kept by httpd.c
	}
	for i := range pageFiles {
		sizes[fmt.Sprintf("/page/%d.png", i)] = random.IntN(60_000)
	}
	sizes[browserPath] = len(browserPage)
	for name, size := range sizes {
		contents := make([]byte, size)
		for i := range contents {
			contents[i] = byte(random.Uint32())
		}
		if name == browserPath {
			contents = browserPage
		}
		path := filepath.Join(s.root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, contents, 0o666); err != nil {
			t.Fatal(err)
		}
		s.files[name] = sha256.Sum256(contents)
		s.bytes[name] = size
	}
	return s
}
