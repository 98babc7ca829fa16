package initramfs

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// entry returns an entry as cpio writes it.
func entry(name string, mode uint32, data string) string {
	b := fmt.Sprintf("070701%08x%08X%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 7, mode, 0, 0, 1, 1000, len(data), 8, 1, 0, 0, len(name)+1, 0) +
		name + "\x00"
	b += strings.Repeat("\x00", -len(b)&3)
	return b + data + strings.Repeat("\x00", -len(data)&3)
}

// all lists an archive, an entry a line.
func all(archive []byte) string {
	var b strings.Builder
	for {
		e, rest, err := Next(archive)
		switch {
		case err == ErrEnd:
			return b.String()
		case err != nil:
			return b.String() + err.Error()
		}
		fmt.Fprintf(&b, "%s %o %q\n", e.Name, e.Type, e.Data)
		archive = rest
	}
}

func TestNext(t *testing.T) {
	end := entry(trailer, 0, "")
	for _, test := range []struct{ name, archive, want string }{
		{"nothing", "", ""},
		{"zeroes", "\x00\x00\x00\x00", ""},
		{"files", entry(".", 0o40755, "") + entry("./a", 0o100644, "hello") + entry("/b//c", 0o120777, "a") + end,
			" 40000 \"\"\na 100000 \"hello\"\nb/c 120000 \"a\"\n"},
		{"two archives", entry("a", 0o100644, "") + end + strings.Repeat("\x00", 512) + entry("b", 0o100644, "xyz") + end,
			"a 100000 \"\"\nb 100000 \"xyz\"\n"},
		{"no trailer, no padding", entry("a", 0o100644, "wxyz1")[:117], "a 100000 \"wxyz1\"\n"},
		{"gzip", "\x1f\x8b\x08\x00", errCompressed.Error()},
		{"text", "hello, world", errMagic.Error()},
		{"short", "07070", errMagic.Error()},
		{"a header cut off", entry("a", 0o100644, "")[:50], errTruncated.Error()},
		{"data cut off", entry("a", 0o100644, "hello, world")[:120], errTruncated.Error()},
		{"no number", strings.Replace(entry("a", 0o100644, ""), "000081A4", "0000+1a4", 1), errHeader.Error()},
		{"an endless file", strings.Replace(entry("a", 0o100644, "12345678"), "00000008", "ffffffff", 1), errTruncated.Error()},
		{"an endless name", strings.Replace(entry("abcdefgh", 0o100644, ""), "00000009", "ffffffff", 1), errName.Error()},
		{"a name without end", strings.Replace(entry("ab", 0o100644, ""), "00000003", "00000002", 1), errName.Error()},
		{"no name", entry("", 0o100644, ""), errName.Error()},
		{"a name that leads upwards", entry("a/../../b", 0o100644, ""), errName.Error()},
	} {
		if got := all([]byte(test.archive)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestCpio reads what the tool writes.
func TestCpio(t *testing.T) {
	if _, err := exec.LookPath("cpio"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "hello\n", "sub/b": strings.Repeat("x", 5000)} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("sub/b", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "a"), filepath.Join(dir, "z")); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("cpio", "--quiet", "-o", "-H", "newc")
	c.Dir, c.Stdin = dir, strings.NewReader(".\na\nlink\nsub\nsub/b\nz\n")
	archive, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	types, contents := map[string]Type{}, map[string]string{}
	serials := map[string]uint64{}
	for {
		e, rest, err := Next(archive)
		if err == ErrEnd {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		types[e.Name], contents[e.Name], serials[e.Name] = e.Type, string(e.Data), e.Serial
		archive = rest
	}
	if types[""] != Directory || types["sub"] != Directory || types["link"] != Symlink || types["a"] != File || len(types) != 6 {
		t.Errorf("types %v", types)
	}
	if contents["a"]+contents["z"] != "hello\n" || contents["link"] != "sub/b" || len(contents["sub/b"]) != 5000 {
		t.Errorf("contents %.100v", contents)
	}
	if serials["a"] != serials["z"] || serials["a"] == serials["sub/b"] {
		t.Errorf("serials %v", serials)
	}
}

func FuzzNext(f *testing.F) {
	f.Add([]byte(entry("./a", 0o100644, "hello") + entry(trailer, 0, "")))
	f.Add([]byte(strings.Replace(entry("a", 0o100644, "12345678"), "00000008", "fffffff8", 1)))
	f.Fuzz(func(t *testing.T, archive []byte) {
		for left := archive; ; {
			e, rest, err := Next(left)
			if err != nil {
				return
			}
			if len(rest) >= len(left) || len(e.Data) > len(left)-len(rest) {
				t.Fatalf("an entry of %d bytes, %d of %d are left", len(e.Data), len(rest), len(left))
			}
			if strings.HasPrefix(e.Name, "/") || strings.Contains("/"+e.Name+"/", "/../") || bytes.IndexByte([]byte(e.Name), 0) >= 0 {
				t.Fatalf("the name %q", e.Name)
			}
			left = rest
		}
	})
}
