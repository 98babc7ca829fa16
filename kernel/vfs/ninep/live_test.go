package ninep_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"mewz/kernel/vfs"
	"mewz/kernel/vfs/ninep"
	"mewz/vmm/share"
)

// tree is a share and the directory of the host that it shows.
type tree struct {
	*testing.T
	host  string
	files *ninep.FileSystem
}

// onEach runs a test with each server.
func onEach(t *testing.T, test func(t *tree)) {
	for name, open := range shares {
		t.Run(name, func(t *testing.T) {
			host := directory(t)
			test(&tree{t, host, open(t, host)})
		})
	}
}

func (t *tree) path(name string) string { return filepath.Join(t.host, name) }

// write is what somebody on the host does.
func (t *tree) write(name, content string) {
	t.Helper()
	if err := os.WriteFile(t.path(name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (t *tree) lookup(name string) vfs.NodeID {
	t.Helper()
	e, err := t.files.Lookup(t.files.Root(), []byte(name))
	if err != nil {
		t.Fatalf("Lookup %s: %v", name, err)
	}
	t.Cleanup(func() { t.files.Release(e.Node) })
	return e.Node
}

func (t *tree) open(name string, mode vfs.Mode) (vfs.NodeID, vfs.Handle) {
	t.Helper()
	node := t.lookup(name)
	h, err := t.files.Open(node, mode)
	if err != nil {
		t.Fatalf("Open %s: %v", name, err)
	}
	t.Cleanup(func() { _ = t.files.Close(h) })
	return node, h
}

func (t *tree) read(h vfs.Handle) string {
	t.Helper()
	b := make([]byte, 100)
	n, err := t.files.Read(h, [][]byte{b}, 0)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return string(b[:n])
}

// names returns what is in the directory of the host.
func (t *tree) names() string {
	t.Helper()
	entries, err := os.ReadDir(t.host)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// TestLive checks that each side sees at once what the other does.
func TestLive(t *testing.T) {
	onEach(t, func(t *tree) {
		t.write("file", "one")
		node, h := t.open("file", vfs.ModeRead|vfs.ModeWrite)
		t.write("file", "longer")
		if got := t.read(h); got != "longer" {
			t.Errorf("content %q after the host has written, want longer", got)
		}
		if a, err := t.files.Attributes(node); err != nil || a.Size != 6 {
			t.Errorf("Attributes = %+v, %v; want size 6", a, err)
		}
		if _, err := t.files.Write(h, [][]byte{[]byte("LON")}, 0); err != nil {
			t.Error(err)
		}
		if b, err := os.ReadFile(t.path("file")); string(b) != "LONger" {
			t.Errorf("the host reads %q, %v", b, err)
		}
		f, err := os.OpenFile(t.path("file"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for _, who := range "hghg" {
			if who == 'h' {
				_, err = f.WriteString("h")
			} else {
				_, _, err = t.files.Append(h, [][]byte{[]byte("g")})
			}
			if err != nil {
				t.Error(err)
			}
		}
		if got := t.read(h); got != "LONgerhghg" {
			t.Errorf("content %q after both have appended", got)
		}
		if a, err := os.Stat(t.path("file")); err != nil || a.Mode().Perm() != 0o644 {
			t.Errorf("%v, %v", a, err)
		}
	})
}

// TestHostReplaces checks that a node never becomes another file, and that what is open
// stays what it was.
func TestHostReplaces(t *testing.T) {
	onEach(t, func(t *tree) {
		t.write("file", "old")
		node, h := t.open("file", vfs.ModeRead|vfs.ModeWrite)
		t.write("new", "precious")
		if err := os.Rename(t.path("new"), t.path("file")); err != nil {
			t.Fatal(err)
		}
		if got := t.read(h); got != "old" {
			t.Errorf("the open file has %q, want old", got)
		}
		a, err := t.files.Attributes(node)
		if err != syscall.ESTALE && (err != nil || a.Size != 3) {
			t.Errorf("Attributes = %+v, %v; want those of the old file or ESTALE", a, err)
		}
		err = t.files.SetAttributes(node, vfs.Change{SetSize: true})
		if err != nil && err != syscall.ESTALE {
			t.Errorf("SetAttributes = %v", err)
		}
		if again, err := t.files.Open(node, vfs.ModeRead); err == nil {
			if got := t.read(again); strings.HasPrefix(got, "precious") {
				t.Errorf("the node has become another file: %q", got)
			}
			_ = t.files.Close(again)
		} else if err != syscall.ESTALE {
			t.Errorf("Open = %v", err)
		}
		if b, err := os.ReadFile(t.path("file")); string(b) != "precious" {
			t.Errorf("the new file has %q, %v", b, err)
		}
		if _, fresh := t.open("file", vfs.ModeRead); t.read(fresh) != "precious" {
			t.Error("the name does not lead to the new file")
		}
		if err := os.Remove(t.path("file")); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(t.path("file"), 0o755); err != nil {
			t.Fatal(err)
		}
		if e, err := t.files.Lookup(t.files.Root(), []byte("file")); err != nil || e.Type != vfs.Directory {
			t.Errorf("Lookup of what is a directory now = %+v, %v", e, err)
		} else {
			t.files.Release(e.Node)
		}
	})
}

// TestHostRenames checks that an open file is appended to under a new name, as a log is
// that somebody rotates.
func TestHostRenames(t *testing.T) {
	onEach(t, func(t *tree) {
		t.write("log", "1")
		_, h := t.open("log", vfs.ModeWrite)
		for i, text := range []string{"2", "3"} {
			if i == 1 {
				if err := os.Rename(t.path("log"), t.path("log.1")); err != nil {
					t.Fatal(err)
				}
			}
			if _, end, err := t.files.Append(h, [][]byte{[]byte(text)}); err != nil || end != uint64(2+i) {
				t.Errorf("Append = %d, %v", end, err)
			}
		}
		if b, err := os.ReadFile(t.path("log.1")); string(b) != "123" {
			t.Errorf("log.1 has %q, %v", b, err)
		}
	})
}

// TestRemovedWhileOpen checks that nothing of a removed file stays on the host, and that nothing
// of it is seen meanwhile.
func TestRemovedWhileOpen(t *testing.T) {
	onEach(t, func(t *tree) {
		root := t.files.Root()
		for _, name := range []string{"unlinked", "replaced", "kept"} {
			e, h, err := t.files.Create(root, []byte(name), vfs.ModeRead|vfs.ModeWrite)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := t.files.Write(h, [][]byte{[]byte(name)}, 0); err != nil {
				t.Fatal(err)
			}
			t.write("other", "other")
			switch name {
			case "unlinked":
				err = t.files.Unlink(root, []byte(name))
			case "replaced":
				err = t.files.Rename(root, []byte("other"), root, []byte(name))
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got := t.read(h); got != name {
				t.Errorf("%s: content %q", name, got)
			}
			links := uint64(0)
			if name == "kept" {
				links = 1
			}
			if a, err := t.files.Attributes(e.Node); err != nil || a.Links != links || a.Size != uint64(len(name)) {
				t.Errorf("%s: Attributes = %+v, %v; want %d links", name, a, err, links)
			}
			d, err := t.files.Open(root, vfs.ModeRead)
			if err != nil {
				t.Fatal(err)
			}
			if err := t.files.List(d, 0, func(e *vfs.DirectoryEntry) bool {
				if bytes.HasPrefix(e.Name, []byte(".mewz")) {
					t.Errorf("%s: the program sees %s", name, e.Name)
				}
				return true
			}); err != nil {
				t.Error(err)
			}
			_ = t.files.Close(d)
			if name != "kept" {
				if err := t.files.Close(h); err != nil {
					t.Error(err)
				}
				t.files.Release(e.Node)
			}
		}
		if got := t.names(); got != "kept other replaced" {
			t.Errorf("on the host is %q", got)
		}
		if err := t.files.Unlink(root, []byte("kept")); err != nil {
			t.Fatal(err)
		}
		if err := t.files.End(); err != nil {
			t.Fatal(err)
		}
		if got := t.names(); got != "other replaced" {
			t.Errorf("after the end on the host is %q", got)
		}
	})
}

// TestHiddenElsewhere: directories that other machines have, or have left behind, cost one
// request, however many they are.
func TestHiddenElsewhere(t *testing.T) {
	onEach(t, func(t *tree) {
		for i := range 100 {
			t.write(fmt.Sprintf(".mewz-removed-%d", i+1), "")
		}
		t.write("file", "content")
		file, h := t.open("file", vfs.ModeRead|vfs.ModeWrite)
		if err := t.files.Unlink(t.files.Root(), []byte("file")); err != nil {
			t.Fatal(err)
		}
		if err := t.files.SetAttributes(file, vfs.Change{SetSize: true, Size: 3}); err != nil {
			t.Errorf("a removed file cannot be cut: %v", err)
		}
		if got := t.read(h); got != "con" {
			t.Errorf("content %q", got)
		}
	})
}

// TestNothingHidden checks files that are removed while they are open where the host
// refuses a hidden directory: reading and writing go on, and the attributes are known.
func TestNothingHidden(t *testing.T) {
	onEach(t, func(t *tree) {
		t.write(".mewz-removed-1", "")
		t.write(".mewz-removed-7", "")
		t.files.HideAt(7)
		root := t.files.Root()
		t.write("file", "content")
		t.write("replaced", "content")
		t.write("other", "other")
		file, h := t.open("file", vfs.ModeRead|vfs.ModeWrite)
		replaced, h2 := t.open("replaced", vfs.ModeRead|vfs.ModeWrite)
		if err := t.files.Unlink(root, []byte("file")); err != nil {
			t.Fatal(err)
		}
		if err := t.files.Rename(root, []byte("other"), root, []byte("replaced")); err != nil {
			t.Fatal(err)
		}
		for _, it := range []struct {
			node vfs.NodeID
			h    vfs.Handle
		}{{file, h}, {replaced, h2}} {
			if n, err := t.files.Write(it.h, [][]byte{[]byte("CONTENT AND MORE")}, 0); n != 16 || err != nil {
				t.Errorf("Write = %d, %v", n, err)
			}
			if got := t.read(it.h); got != "CONTENT AND MORE" {
				t.Errorf("content %q", got)
			}
			if a, err := t.files.Attributes(it.node); err != nil || a.Links != 0 || a.Size != 16 {
				t.Errorf("Attributes = %+v, %v; want 16 bytes without a name", a, err)
			}
		}
		if b, err := os.ReadFile(t.path("replaced")); string(b) != "other" {
			t.Errorf("the new file has %q, %v", b, err)
		}
	})
}

// TestNothingOutside checks that what is outside of the directory cannot be reached, and
// that nothing but files and directories is opened.
func TestNothingOutside(t *testing.T) {
	onEach(t, func(t *tree) {
		outside := directory(t.T)
		if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, t.path("link")); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(t.path("directory"), 0o755); err != nil {
			t.Fatal(err)
		}
		link, inside := t.lookup("link"), t.lookup("directory")
		if target, err := t.files.ReadLink(link); string(target) != outside || err != nil {
			t.Errorf("ReadLink = %q, %v", target, err)
		}
		if _, err := t.files.Lookup(link, []byte("secret")); err != vfs.ErrNotDirectory {
			t.Errorf("Lookup through a link = %v, want ENOTDIR", err)
		}
		// The host makes a link of a directory that the program holds.
		if err := os.Remove(t.path("directory")); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, t.path("directory")); err != nil {
			t.Fatal(err)
		}
		if e, err := t.files.Lookup(inside, []byte("secret")); err == nil {
			t.Errorf("Lookup through a directory that became a link = %+v", e)
		}
		for _, name := range []string{"..", "../" + filepath.Base(outside), "."} {
			if e, err := t.files.Lookup(t.files.Root(), []byte(name)); err == nil {
				if a, _ := t.files.Attributes(e.Node); a.Serial != rootSerial(t) {
					t.Errorf("Lookup %s leads to %+v", name, a)
				}
			}
		}
		if err := unix.Mkfifo(t.path("pipe"), 0o644); err != nil {
			t.Fatal(err)
		}
		pipe := t.lookup("pipe")
		if _, err := t.files.Open(pipe, vfs.ModeRead); err != vfs.ErrNotSupported {
			t.Errorf("Open of a pipe = %v, want EOPNOTSUPP", err)
		}
		if a, err := t.files.Attributes(pipe); err != nil || a.Type != vfs.Other {
			t.Errorf("Attributes of a pipe = %+v, %v", a, err)
		}
	})
}

func rootSerial(t *tree) uint64 {
	a, err := t.files.Attributes(t.files.Root())
	if err != nil {
		t.Fatal(err)
	}
	return a.Serial
}

// TestReadOnly checks that a share that is read-only changes nothing.
func TestReadOnly(t *testing.T) {
	for name, open := range map[string]func(t *testing.T, host string) *ninep.FileSystem{
		"process": func(t *testing.T, host string) *ninep.FileSystem {
			return openServer(t, host, share.Options{ReadOnly: true})
		},
		"qemu": func(t *testing.T, host string) *ninep.FileSystem {
			_, files := openMachine(t, host, ",readonly=on")
			return files
		},
	} {
		t.Run(name, func(t *testing.T) {
			host := directory(t)
			tr := &tree{T: t, host: host}
			tr.write("file", "content")
			tr.files = open(t, host)
			root, f := tr.files.Root(), tr.files
			node, h := tr.open("file", vfs.ModeRead)
			if got := tr.read(h); got != "content" {
				t.Errorf("content %q", got)
			}
			_, _, created := f.Create(root, []byte("new"), vfs.ModeWrite)
			_, opened := f.Open(node, vfs.ModeWrite)
			for call, err := range map[string]error{
				"Create": created, "Open": opened,
				"SetAttributes":   f.SetAttributes(node, vfs.Change{SetSize: true}),
				"times":           f.SetAttributes(node, vfs.Change{Modified: vfs.TimeNow}),
				"MakeDirectory":   f.MakeDirectory(root, []byte("d")),
				"MakeSymlink":     f.MakeSymlink(root, []byte("l"), []byte("t")),
				"MakeLink":        f.MakeLink(node, root, []byte("l")),
				"Unlink":          f.Unlink(root, []byte("file")),
				"RemoveDirectory": f.RemoveDirectory(root, []byte("file")),
				"Rename":          f.Rename(root, []byte("file"), root, []byte("other")),
			} {
				if err != vfs.ErrReadOnly {
					t.Errorf("%s = %v, want EROFS", call, err)
				}
			}
			if got := tr.names(); got != "file" {
				t.Errorf("on the host is %q", got)
			}
		})
	}
}

// TestLargeTransfers compares reads and writes of all sizes, in odd buffers, with what the host has.
func TestLargeTransfers(t *testing.T) {
	onEach(t, func(t *tree) {
		const most = 3<<20 + 12345
		random := rand.New(rand.NewPCG(1, 2))
		want := make([]byte, most)
		for i := range want {
			want[i] = byte(random.Uint32())
		}
		_, h, err := t.files.Create(t.files.Root(), []byte("large"), vfs.ModeRead|vfs.ModeWrite)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := t.files.Write(h, split(want, random), 0); n != most || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
		if got, err := os.ReadFile(t.path("large")); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("the host has %d other bytes, %v", len(got), err)
		}
		for _, size := range []int{1, 4096, 128<<10 - 1, 128 << 10, 128<<10 + 1, 512 << 10, 1 << 20, most, most + 1<<20} {
			offset := random.IntN(most - min(size, most) + 1)
			got := make([]byte, size)
			n, err := t.files.Read(h, split(got, random), uint64(offset))
			if expected := min(size, most-offset); n != expected || err != nil || !bytes.Equal(got[:n], want[offset:offset+n]) {
				t.Errorf("Read(%d, %d) = %d, %v; or other bytes", size, offset, n, err)
			}
		}
	})
}

// split returns b as buffers of random sizes, some of them empty.
func split(b []byte, random *rand.Rand) (buffers [][]byte) {
	for len(b) > 0 {
		n := min(random.IntN(200<<10)*random.IntN(2), len(b))
		buffers = append(buffers, b[:n])
		b = b[n:]
	}
	return buffers
}

// TestServerGone checks that a server that is gone gives EIO, and nobody waits.
func TestServerGone(t *testing.T) {
	for name, open := range map[string]func(t *testing.T, host string) (*ninep.FileSystem, func()){
		"process": func(t *testing.T, host string) (*ninep.FileSystem, func()) {
			server, guest, err := share.Start(host, share.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { guest.Close() })
			files, err := ninep.OpenStream(descriptor(t, guest), nil, logTo(t))
			if err != nil {
				t.Fatal(err)
			}
			return files, server.Close
		},
		"qemu": func(t *testing.T, host string) (*ninep.FileSystem, func()) {
			m, files := openMachine(t, host, "")
			return files, m.Kill
		},
	} {
		t.Run(name, func(t *testing.T) {
			host := directory(t)
			files, kill := open(t, host)
			tr := &tree{T: t, host: host, files: files}
			tr.write("file", "content")
			node, h := tr.open("file", vfs.ModeRead|vfs.ModeWrite)
			if _, err := files.Write(h, [][]byte{[]byte("CON")}, 0); err != nil {
				t.Fatal(err)
			}
			kill()
			_, read := files.Read(h, [][]byte{make([]byte, 10)}, 0)
			_, attributes := files.Attributes(node)
			for call, err := range map[string]error{"Read": read, "Attributes": attributes, "Sync": files.Sync(h, false), "Close": files.Close(h)} {
				if err != vfs.ErrDamaged {
					t.Errorf("%s = %v, want EIO", call, err)
				}
			}
			if b, err := os.ReadFile(tr.path("file")); string(b) != "CONtent" {
				t.Errorf("the host has %q, %v: what was acknowledged is lost", b, err)
			}
		})
	}
}

// TestManyOpen opens more files than a server may have descriptors.
func TestManyOpen(t *testing.T) {
	onEach(t, func(t *tree) {
		const many = 3000
		root := t.files.Root()
		var handles []vfs.Handle
		var nodes []vfs.NodeID
		for i := range many {
			e, h, err := t.files.Create(root, fmt.Appendf(nil, "%d", i), vfs.ModeRead|vfs.ModeWrite)
			if err == syscall.EMFILE && i > 500 {
				t.Logf("the server has no more descriptors after %d files", i)
				break
			}
			if err != nil {
				t.Fatalf("Create of file %d: %v", i, err)
			}
			handles, nodes = append(handles, h), append(nodes, e.Node)
		}
		for i, h := range handles {
			if _, err := t.files.Write(h, [][]byte{fmt.Appendf(nil, "%d", i)}, 0); err != nil {
				t.Fatalf("Write to file %d: %v", i, err)
			}
		}
		for i, h := range handles {
			if got := t.read(h); got != fmt.Sprint(i) {
				t.Errorf("file %d has %q", i, got)
			}
			if err := t.files.Close(h); err != nil {
				t.Error(err)
			}
			t.files.Release(nodes[i])
		}
	})
}
