package linuxguest

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestInitrd reads back what Linux would: header, name and content of each entry, all
// aligned, folders before what is in them.
func TestInitrd(t *testing.T) {
	a := New()
	a.Add("/bin/x", []byte("abcde"))
	a.Add("/bin/y", nil)
	path := filepath.Join(t.TempDir(), "initrd")
	if err := a.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for len(archive) > 0 {
		const headerBytes, sizeField, nameField, modeField = 110, 6, 11, 1
		field := func(n int) int {
			v, err := strconv.ParseUint(string(archive[6+8*n:14+8*n]), 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			return int(v)
		}
		if string(archive[:6]) != "070701" {
			t.Fatalf("an entry begins with %q", archive[:6])
		}
		name := string(archive[headerBytes : headerBytes+field(nameField)-1])
		body := (headerBytes + field(nameField) + 3) / 4 * 4
		got = append(got, name+" "+strconv.FormatInt(int64(field(modeField)), 8)+" "+string(archive[body:body+field(sizeField)]))
		archive = archive[min(len(archive), (body+field(sizeField)+3)/4*4):]
	}
	want := []string{"bin 40755 ", "bin/x 100755 abcde", "bin/y 100755 ", cpioEnd + " 0 "}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("entries are %q, want %q", got, want)
	}
}
