package ext4

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// disk is a Device in memory that remembers what was written since the last Flush.
type disk struct {
	data    []byte
	writes  []write
	flushes int
	record  bool
	broken  func(write bool, offset uint64) error
	moved   int // bytes
}

// write is a write that the device may not have done yet.
type write struct {
	offset uint64
	data   []byte
	flush  bool // it is a flush instead
}

func (d *disk) Bytes() uint64  { return uint64(len(d.data)) }
func (d *disk) ReadOnly() bool { return false }

func (d *disk) Read(into [][]byte, offset uint64) error {
	if d.broken != nil {
		if err := d.broken(false, offset); err != nil {
			return err
		}
	}
	for _, b := range into {
		copy(b, d.data[offset:])
		offset += uint64(len(b))
		d.moved += len(b)
	}
	return nil
}

func (d *disk) Write(from [][]byte, offset uint64) error {
	if d.broken != nil {
		if err := d.broken(true, offset); err != nil {
			return err
		}
	}
	if d.record {
		d.writes = append(d.writes, write{offset: offset, data: bytes.Join(from, nil)})
	}
	for _, b := range from {
		copy(d.data[offset:], b)
		offset += uint64(len(b))
		d.moved += len(b)
	}
	return nil
}

func (d *disk) Flush() error {
	d.flushes++
	if d.record {
		d.writes = append(d.writes, write{flush: true})
	}
	return nil
}

// images are volumes that mkfs.ext4 has made, by its flags.
var images struct {
	sync.Mutex
	made map[string][]byte
}

// tool returns the path of a tool of e2fsprogs.
func tool(t testing.TB, name string) string {
	t.Helper()
	for _, directory := range []string{"", "/sbin/", "/usr/sbin/"} {
		if path, err := exec.LookPath(directory + name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing: install e2fsprogs", name)
	}
	t.Skipf("%s is missing: install e2fsprogs", name)
	return ""
}

// format returns a volume made by mkfs.ext4 with flags.
func format(t testing.TB, megabytes int, flags ...string) *disk {
	t.Helper()
	images.Lock()
	defer images.Unlock()
	key := string(rune(megabytes)) + strings.Join(flags, " ")
	if images.made == nil {
		images.made = map[string][]byte{}
	}
	if images.made[key] == nil {
		name := filepath.Join(t.TempDir(), "volume")
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, int64(megabytes)<<20); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"-q", "-F"}, flags...)
		if out, err := exec.Command(tool(t, "mkfs.ext4"), append(args, name)...).CombinedOutput(); err != nil {
			t.Fatalf("mkfs.ext4 %v: %v\n%s", args, err, out)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		images.made[key] = data
	}
	return &disk{data: bytes.Clone(images.made[key])}
}

// fsck runs e2fsck on a copy of a volume. It returns what it says and the exit code.
func fsck(t testing.TB, data []byte, flags ...string) (string, int) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "volume")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(name)
	command := exec.Command(tool(t, "e2fsck"), append(flags, name)...)
	out, err := command.CombinedOutput()
	if err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	if command.ProcessState.ExitCode() <= 1 {
		if fixed, err := os.ReadFile(name); err == nil {
			copy(data, fixed)
		}
	}
	return string(out), command.ProcessState.ExitCode()
}

// mustBeClean checks a volume that was unmounted.
func mustBeClean(t testing.TB, d *disk) {
	t.Helper()
	if out, code := fsck(t, d.data, "-f", "-n"); code != 0 {
		if keep := os.Getenv("KEEP_VOLUME"); keep != "" {
			_ = os.WriteFile(keep, d.data, 0o600)
		}
		t.Fatalf("e2fsck -fn ends with %d:\n%s", code, out)
	}
}

// clock counts seconds.
type clock uint64

func (c *clock) now() uint64 {
	*c += 1_000_003
	return uint64(*c)
}

// open opens a volume, with a clock of its own.
func open(t testing.TB, d Device, options Options) *FileSystem {
	t.Helper()
	if options.Now == nil {
		c := clock(1_700_000_000_000_000_000)
		options.Now = c.now
	}
	if options.Log == nil {
		options.Log = func(line string) { t.Log(line) }
	}
	if options.DataBytes == 0 {
		options.DataBytes = dataMinBytes
	}
	fs, err := Open(d, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fs.data.close)
	return fs
}
