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

// TestMavenVerify wants the files that are listed, all of them and no others.
func TestMavenVerify(t *testing.T) {
	const sum = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" // of "foo"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"complete", map[string]string{"a.jar": sum}, ""},
		{"changed", map[string]string{"a.jar": strings.Repeat("0", len(sum))}, "a.jar has the SHA-256 " + sum},
		{"not listed", map[string]string{"b.jar": sum}, `a.jar has the SHA-256 ` + sum + `, want ""`},
		{"missing", map[string]string{"a.jar": sum, "b.jar": sum}, "1 files came, want 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, "a.jar"), []byte("foo"), 0o666); err != nil {
				t.Fatal(err)
			}
			p := MavenPackages{Files: tt.files}
			err := p.verify(folder)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("verify = %v, want %q", err, tt.want)
			}
		})
	}
}
