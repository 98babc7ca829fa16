package toolchain

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// archive makes a zip archive with empty files.
func archive(t *testing.T, names ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive.whl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := zip.NewWriter(f)
	for _, name := range names {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestUnzipKeep unpacks what is wanted and nothing else.
func TestUnzipKeep(t *testing.T) {
	folder := t.TempDir()
	err := unzip(archive(t, "a/b/c", "a/bc", "d", "e"), folder, []string{"a/b", "d"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"a/b/c": true, "a/bc": false, "d": true, "e": false} {
		if _, err := os.Stat(filepath.Join(folder, name)); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", name, err == nil, want)
		}
	}
}

// TestUnzipOutside refuses an archive that writes beside its folder.
func TestUnzipOutside(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "inner")
	err := unzip(archive(t, "../outside"), folder, nil)
	if err == nil || !strings.Contains(err.Error(), "../outside") {
		t.Errorf("unzip = %v, want an error that names the file", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "../outside")); err == nil {
		t.Error("the file was written")
	}
}

// TestWasmSameName refuses two sources whose object files would have one name.
func TestWasmSameName(t *testing.T) {
	p := write(t, "test-same", "int main(void) { return 0; }\n")
	p.Sources = append(p.Sources, "test/apps/src/../../../"+p.Sources[0])
	if path, err := Wasm(p); err == nil || !strings.Contains(err.Error(), "test-same.c") {
		t.Errorf("Wasm(p) = %q, %v, want an error that names the file", path, err)
	}
}
