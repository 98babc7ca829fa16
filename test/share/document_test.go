package share

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"mewz/test/toolchain"
	"mewz/vmm/qemu"
)

// documented is the command of docs/abi.md that runs an image without mewz.
var documented = regexp.MustCompile(`(?s)\n(    qemu-system-x86_64 .*?[^\\])\n\n`)

// TestDocumentedCommand runs an image by the very line of docs/abi.md, with a directory and a
// volume that the VMM's command line names.
func TestDocumentedCommand(t *testing.T) {
	needQEMU(t)
	format, err := exec.LookPath("mkfs.ext4")
	if err != nil {
		if format = "/sbin/mkfs.ext4"; exec.Command(format, "-V").Run() != nil {
			t.Skip("mkfs.ext4 not found")
		}
	}
	text, err := os.ReadFile("../../docs/abi.md")
	if err != nil {
		t.Fatal(err)
	}
	line := documented.FindSubmatch(text)
	if line == nil {
		t.Fatal("docs/abi.md has no line with qemu-system-x86_64")
	}
	wasm, err := toolchain.Wasm(toolchain.Program{Name: "copy", Language: toolchain.C, Sources: []string{"test/share/testdata/copy.c"}})
	if err != nil {
		t.Fatal(err)
	}
	mewz, err := toolchain.Mewz()
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), runTimeout)
	defer cancel()
	do := func(name string, args ...string) (string, int) {
		c := exec.CommandContext(ctx, name, args...)
		c.Dir, c.WaitDelay = directory, time.Minute
		out, err := c.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatalf("%s %q: %v", name, args, err)
		}
		return string(out), c.ProcessState.ExitCode()
	}
	if err := os.Mkdir(filepath.Join(directory, "files"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, "files", "a.txt"), []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := do(format, "-q", "disk.img", "16M"); code != 0 {
		t.Fatal(out)
	}
	if out, code := do(mewz, "build", wasm, "-o", "app.img"); code != 0 {
		t.Fatal(out)
	}
	// Its exit code is 2*code+1 (isa-debug-exit).
	out, code := do("sh", "-c", string(line[1]))
	if code != 1 || strings.ReplaceAll(out, "\r", "") != "copied hello\n" {
		t.Errorf("%s\nends with %d and says\n%s", line[1], code, out)
	}
	out, code = do(mewz, "run", "--vmm", "process", "--volume", "disk.img::/v:ro", wasm, "/v/b.txt", "/tmp/x")
	if code != 0 || out != "copied hello\n" {
		t.Errorf("the volume has, with %d\n%s", code, out)
	}
	// A tag that no device has.
	wrong := strings.Replace(string(line[1]), "dir=files::", "dir=file::", 1)
	if out, _ = do("sh", "-c", wrong); !strings.Contains(out, `mewz: kernel: mount "/data" of "file": the machine has no 9p or virtio-fs device with that tag, only "files": `) {
		t.Errorf("a wrong tag: %s", out)
	}
	wrong = strings.Replace(string(line[1]), "volume=disk::", "volume=d::", 1)
	if out, _ = do("sh", "-c", wrong); !strings.Contains(out, `mewz: kernel: mount "/disk" of "d": the machine has no virtio block device with that serial number, only "disk": `) {
		t.Errorf("a wrong serial number: %s", out)
	}
}

// needQEMU skips a test where there is no QEMU, but not in CI.
func needQEMU(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath(qemu.Program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}
