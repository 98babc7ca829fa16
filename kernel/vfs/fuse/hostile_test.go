package fuse

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"mewz/kernel/vfs"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/request"
)

// script uses everything that a share has and stops at nothing. It counts the calls that
// ended with EIO.
func script(f *FileSystem) (failed int) {
	note := func(err error) bool {
		if err == syscall.EIO {
			failed++
		}
		return err == nil
	}
	big := make([]byte, 3*pieceBytes)
	root := f.Root()
	e, h, err := f.Create(root, []byte("file"), vfs.ModeRead|vfs.ModeWrite|vfs.ModeSync)
	if note(err) {
		_, err = f.Write(h, [][]byte{big[:5], big}, 3)
		note(err)
		_, _, err = f.Append(h, [][]byte{big[:100]})
		note(err)
		for at := uint64(0); at < 5*pieceBytes; at += 20_000 {
			_, err = f.Read(h, [][]byte{big[:20_000]}, at)
			note(err)
		}
		_, err = f.Read(h, [][]byte{big}, 100)
		note(err)
		note(f.Allocate(h, 10, 10))
		note(f.Sync(h, true))
		_, err = f.Attributes(e.Node)
		note(err)
		note(f.SetAttributes(e.Node, vfs.Change{SetSize: true, Size: 9, Accessed: vfs.TimeNow, Modified: vfs.TimeSet, ModifiedNanos: 1}))
		note(f.MakeLink(e.Node, root, []byte("another")))
		note(f.Close(h))
		f.Release(e.Node)
	}
	note(f.MakeDirectory(root, []byte("directory")))
	note(f.MakeSymlink(root, []byte("link"), []byte("target")))
	if e, err := f.Lookup(root, []byte("link")); note(err) {
		_, err = f.ReadLink(e.Node)
		note(err)
		f.Release(e.Node)
	}
	note(f.Rename(root, []byte("file"), root, []byte("directory")))
	note(f.RemoveDirectory(root, []byte("directory")))
	if h, err := f.Open(root, vfs.ModeRead); note(err) {
		visits := 0
		note(f.List(h, 0, func(e *vfs.DirectoryEntry) bool {
			if len(e.Name) == 0 || strings.ContainsAny(string(e.Name), "/\x00") {
				panic(fmt.Sprintf("a name is %q", e.Name))
			}
			visits++
			return visits < 10_000
		}))
		note(f.Close(h))
	}
	note(f.Unlink(root, []byte("file")))
	note(f.Unlink(root, []byte("another")))
	return failed
}

func TestHostile(t *testing.T) {
	// from writes a number into the body of an answer.
	from := func(at, bytes int, v uint64) func([]byte) {
		return func(out []byte) {
			for i := range bytes {
				out[outHeaderBytes+at+i] = byte(v >> (8 * i))
			}
		}
	}
	for _, test := range []struct {
		name string
		op   opcode
		lie  func(out []byte)
	}{
		{"another request", opGetattr, func(out []byte) { out[8]++ }},
		{"error above zero", opGetattr, func(out []byte) { out[4] = 5 }},
		{"error without bounds", opGetattr, func(out []byte) { put32(out, 4, 1<<31) }},
		{"error with an answer", opGetattr, func(out []byte) { put32(out, 4, ^uint32(1)) }},
		{"length beyond what was written", opGetattr, func(out []byte) { out[0]++ }},
		{"size without bounds", opGetattr, from(16+8, 8, 1<<63)},
		{"no type", opGetattr, from(16+60, 4, 0)},
		{"another type", opGetattr, from(16+60, 4, vfs.ModeDirectory)},
		{"no serial number", opGetattr, from(16, 8, 0)},
		{"type changes", opLookup, from(40+60, 4, vfs.ModeDirectory)},
		{"created a directory", opCreate, from(40+60, 4, vfs.ModeDirectory)},
		{"created nothing", opCreate, from(0, 8, 0)},
		{"made nothing", opMkdir, from(0, 8, 0)},
		{"wrote more than there was", opWrite, from(0, 4, 1<<31)},
		{"wrote nothing", opWrite, from(0, 4, 0)},
		{"a target with a zero", opReadlink, from(2, 1, 0)},
		{"an entry without a name", opReaddir, from(16, 4, 0)},
		{"a name beyond the answer", opReaddir, from(16, 4, 1<<31)},
		{"a name of 256 bytes", opReaddir, from(16, 4, 256)},
		{"a name with a slash", opReaddir, from(direntHeadBytes, 1, '/')},
		{"a cookie that leads nowhere", opReaddir, from(8, 8, 1<<64-1)},
		{"an entry that leads to itself", opReaddir, from(8, 8, 0)},
	} {
		s := newServer(t)
		f := s.mustStart()
		s.lie = func(op opcode, out []byte) ([]byte, uint32) {
			written := uint32(len(out))
			if op == test.op && len(out) > outHeaderBytes {
				test.lie(out)
			}
			return out, written
		}
		if failed := script(f); failed == 0 || f.device.Err() != errAnswer || s.Status&virtio.StatusDriverOK != 0 {
			t.Errorf("%s: %d calls fail, %v, status %#x", test.name, failed, f.device.Err(), s.Status)
		}
		if _, err := f.Lookup(f.Root(), []byte("file")); err != syscall.EIO {
			t.Errorf("%s: Lookup = %v afterwards", test.name, err)
		}
		if err := f.End(); err != errAnswer {
			t.Errorf("%s: End = %v", test.name, err)
		}
	}
}

// TestEndlessDirectory lists a directory whose entries have no end: the call ends.
func TestEndlessDirectory(t *testing.T) {
	s := newServer(t)
	f := s.mustStart()
	h, err := f.Open(f.Root(), vfs.ModeRead)
	must(t, "Open", err)
	entry, next := make([]byte, direntBytes(1)), uint64(0)
	put32(entry, 16, 1)
	entry[direntHeadBytes] = 'x'
	s.lie = func(op opcode, out []byte) ([]byte, uint32) {
		if op == opReaddir {
			next++
			put64(entry, 8, next)
			out = append(out[:outHeaderBytes], entry...)
			put32(out, 0, uint32(len(out)))
		}
		return out, uint32(len(out))
	}
	if err := f.List(h, 0, func(*vfs.DirectoryEntry) bool { return true }); err != syscall.EIO || f.device.Err() == nil {
		t.Errorf("List = %v, want EIO", err)
	}
}

// TestDead is a virtiofsd that has died: every call ends with EIO, the first one after
// request.Patience.
func TestDead(t *testing.T) {
	s := newServer(t)
	f := s.mustStart()
	_, h, err := f.Create(f.Root(), []byte("file"), vfs.ModeRead|vfs.ModeWrite)
	must(t, "Create", err)
	s.dead = true
	begin := s.Machine.Now()
	if _, err := f.Read(h, [][]byte{make([]byte, 10*pieceBytes)}, 0); err != syscall.EIO {
		t.Errorf("Read = %v", err)
	}
	if took := s.Machine.Now() - begin; took < request.Patience || took > 2*request.Patience {
		t.Errorf("given up after %v", took)
	}
	if err := f.Close(h); err != nil {
		t.Errorf("Close = %v: nothing was written", err)
	}
	if failed := script(f); failed < 5 || f.device.Err() != request.ErrSilent {
		t.Errorf("%d calls fail, %v", failed, f.device.Err())
	}
	if s.Machine.Now()-begin > 2*request.Patience {
		t.Error("later calls wait, too")
	}
}

// TestHello refuses what cannot be worked with.
func TestHello(t *testing.T) {
	for name, test := range map[string]struct {
		lie  func(out []byte)
		want error
	}{
		"major 8":         {func(out []byte) { out[outHeaderBytes] = 8 }, errVersion},
		"minor 26":        {func(out []byte) { out[outHeaderBytes+4] = 26 }, errVersion},
		"a small write":   {func(out []byte) { put32(out, outHeaderBytes+20, 4095) }, errAnswer},
		"another request": {func(out []byte) { out[8]++ }, errAnswer},
		"no INIT":         {func(out []byte) { put32(out, 0, 16); put32(out, 4, ^uint32(0)) }, syscall.EPERM},
	} {
		s := newServer(t)
		s.lie = func(_ opcode, out []byte) ([]byte, uint32) {
			test.lie(out)
			return out, get32(out, 0)
		}
		if _, err := s.start(); err != test.want || s.Status&virtio.StatusDriverOK != 0 {
			t.Errorf("%s: Open = %v, status %#x, want %v", name, err, s.Status, test.want)
		}
	}
	s := newServer(t)
	clear(s.Config[configRequests:])
	if _, err := s.start(); err != errRequests {
		t.Errorf("Open = %v without a queue", err)
	}
	s = newServer(t)
	s.QueueMax = 8
	if _, err := s.start(); err != virtio.ErrNoQueue {
		t.Errorf("Open = %v with a short queue", err)
	}
}

// FuzzAnswers changes bytes of the answers: every call ends, and nothing panics.
func FuzzAnswers(f *testing.F) {
	f.Add(uint8(3), []byte{1, 24, 0xff})
	f.Add(uint8(28), []byte{0, 32, 1, 1, 40, 0})
	f.Add(uint8(15), []byte{1, 0, 17, 1, 5, 0xff})
	f.Fuzz(func(t *testing.T, only uint8, changes []byte) {
		s := newServer(t)
		s.t = quiet{t} // it may be asked for what it never had
		files := s.mustStart()
		s.lie = func(op opcode, out []byte) ([]byte, uint32) {
			written := uint32(len(out))
			if only != 0 && uint8(op) != only {
				return out, written
			}
			for range min(len(changes)/3, 2) {
				if changes[0]&1 != 0 {
					out[int(changes[1])%len(out)] ^= changes[2]
				} else if changes[0]&2 != 0 {
					written ^= uint32(changes[2])
				}
				changes = changes[3:]
			}
			return out, written
		}
		script(files)
		if files.device.Err() == nil && len(changes) == 0 && s.asked[opInit] != 1 {
			t.Error("INIT was said again")
		}
	})
}

// quiet hears no complaints.
type quiet struct{ testing.TB }

func (quiet) Errorf(string, ...any) {}
