package ninep

import (
	"encoding/binary"
	"errors"
	"testing"

	"mewz/kernel/device"
	"mewz/kernel/vfs"
)

// fake is a server of one directory with a file, a link and a directory in it, which
// says the same whatever is done. Its answers may be changed on their way.
type fake struct {
	change  func(kind kind, answer []byte) []byte // nil: they stay as they are
	answers [slotsMax][]byte
	out     [slotsMax][dataHeadBytes + answerHeadBytes]byte
	closed  bool
	reaches bool
	data    []byte     // that is read
	fids    [64]uint64 // their serial numbers
}

var errGone = errors.New("gone")

func (f *fake) allocate(n int) (device.Memory, error) {
	return device.Memory{Bytes: make([]byte, n), Physical: 1 << 20}, nil
}

func (f *fake) reach(b []byte) bool { return f.reaches && len(b) > 4 }

func (f *fake) close()         { f.closed = true }
func (f *fake) source() source { return nil }

func (f *fake) send(s *slot) error {
	if f.closed {
		panic("a request to a server that was given up")
	}
	k := kind(s.out[4])
	a := append(f.out[s.tag][:0], 0, 0, 0, 0, byte(k+answerTo), s.out[5], s.out[6])
	a, into := f.reply(k, a, s)
	binary.LittleEndian.PutUint32(a, uint32(len(a)+len(into)))
	if f.change != nil {
		a, into = f.change(k, append(a, into...)), nil
	}
	f.answers[s.tag] = a
	head := min(len(a), s.headBytes)
	copy(s.in.Bytes, a[:head])
	copy(s.into.Bytes[:min(len(a)-head, len(s.into.Bytes))], a[head:])
	copy(s.into.Bytes, into)
	s.bytes = len(a) + len(into)
	return nil
}

func (f *fake) receive(s *slot) (int, error) {
	if f.answers[s.tag] == nil {
		return 0, errGone
	}
	n := s.bytes
	f.answers[s.tag] = nil
	return n, nil
}

// Serial numbers of the fake, by the first letter of a name.
const (
	fakeRoot   = 1000
	fakeHidden = 1001
	fakeFile   = 'f'
	fakeLink   = 'l'
	fakeFolder = 'd'
)

func appendQid(b []byte, serial uint64) []byte {
	kind := byte(0)
	switch serial {
	case fakeRoot, fakeFolder, fakeHidden:
		kind = qidDirectory
	case fakeLink:
		kind = qidSymlink
	}
	return binary.LittleEndian.AppendUint64(append(b, kind, 0, 0, 0, 0), serial)
}

// serialOf returns what names that begin with a letter lead to: hidden directories and
// the files in them, too.
func serialOf(first byte) uint64 {
	switch {
	case first == '.':
		return fakeHidden
	case first >= '0' && first <= '9':
		return fakeFile
	default:
		return uint64(first)
	}
}

func (f *fake) reply(k kind, a []byte, s *slot) (head, into []byte) {
	le := binary.LittleEndian
	fid := uint32(0)
	if len(s.out) >= headerBytes+4 {
		fid = le.Uint32(s.out[headerBytes:])
	}
	serial := f.fids[fid%64]
	switch k {
	case kindVersion:
		a[5], a[6] = 0xff, 0xff
		return append(le.AppendUint16(le.AppendUint32(a, messageBytes), uint16(len(protocol))), protocol...), nil
	case kindAttach:
		f.fids[fid] = fakeRoot
		return appendQid(a, fakeRoot), nil
	case kindWalk:
		count := le.Uint16(s.out[headerBytes+8:])
		if count == 1 {
			serial = serialOf(s.out[headerBytes+12])
		}
		f.fids[le.Uint32(s.out[headerBytes+4:])] = serial
		if a = le.AppendUint16(a, count); count == 1 {
			a = appendQid(a, serial)
		}
		return a, nil
	case kindGetattr:
		a = appendQid(le.AppendUint64(a, getattrBasics), serial)
		mode := uint32(vfs.ModeFile)
		switch serial {
		case fakeRoot, fakeFolder, fakeHidden:
			mode = vfs.ModeDirectory
		case fakeLink:
			mode = vfs.ModeSymlink
		}
		var rest [answerHeadBytes]byte
		a = le.AppendUint32(a, mode)
		return append(a, rest[len(a):]...), nil
	case kindLopen, kindLcreate:
		if k == kindLcreate {
			serial = fakeFile
			f.fids[fid] = serial
		}
		return append(appendQid(a, serial), 0, 0, 0, 0), nil
	case kindMkdir, kindSymlink:
		return appendQid(a, fakeFolder), nil
	case kindRead:
		n := min(int(le.Uint32(s.out[headerBytes+12:])), len(f.data))
		return le.AppendUint32(a, uint32(n)), f.data[:n]
	case kindReaddir:
		if le.Uint64(s.out[headerBytes+4:]) != 0 {
			return append(a, 0, 0, 0, 0), nil
		}
		entry := append(le.AppendUint64(appendQid(nil, fakeFile), 1), entryFile, 1, 0, 'f')
		entry = append(append(le.AppendUint64(appendQid(entry, fakeFolder), 2), entryDirectory, 1, 0), 'd')
		return le.AppendUint32(a, uint32(len(entry))), entry
	case kindReadlink:
		return append(le.AppendUint16(a, 6), "target"...), nil
	case kindWrite:
		return append(a, s.out[headerBytes+12:]...), nil
	default:
		return a, nil
	}
}

// openFake opens the share of a fake.
func openFake(t testing.TB, f *fake) *FileSystem {
	t.Helper()
	files, err := open(f, &FileSystem{byPath: true}, func(message string) { t.Log(message) })
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// exercise makes every call of a FileSystem once and ignores what comes of it, but
// for what must be true of any server's answers.
func exercise(t testing.TB, f *FileSystem) {
	root := f.Root()
	lookup := func(name string) vfs.NodeID {
		entry, err := f.Lookup(root, []byte(name))
		if err != nil {
			return 0
		}
		return entry.Node
	}
	file, link, folder := lookup("f"), lookup("l"), lookup("d")
	_, _ = f.Attributes(file)
	_ = f.SetAttributes(file, vfs.Change{SetSize: true, Size: 7, Accessed: vfs.TimeNow, Modified: vfs.TimeSet})
	if target, err := f.ReadLink(link); err == nil && len(target) > linkMaxBytes {
		t.Errorf("a link leads to %d bytes", len(target))
	}
	b := make([]byte, 3*pieceBytes)
	h, err := f.Open(file, vfs.ModeRead|vfs.ModeWrite|vfs.ModeTruncate)
	if err == nil {
		for _, call := range []func() (int, error){
			func() (int, error) { return f.Read(h, [][]byte{b[:5], nil, b[5:]}, 3) },
			func() (int, error) { return f.Write(h, [][]byte{b[:5], nil, b[5:]}, 3) },
			func() (int, error) { n, _, err := f.Append(h, [][]byte{b[:7]}); return n, err },
		} {
			if n, err := call(); n < 0 || n > len(b) || n > 0 && err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		}
		_ = f.Allocate(h, 3, partBytes)
		_ = f.Sync(h, true)
	}
	if d, err := f.Open(folder, vfs.ModeRead); err == nil {
		visited := 0
		_ = f.List(d, 0, func(e *vfs.DirectoryEntry) bool {
			if !validName(e.Name) {
				t.Errorf("an entry %q", e.Name)
			}
			visited++
			return visited < 1000
		})
		_ = f.Close(d)
	}
	if entry, made, err := f.Create(root, []byte("file"), vfs.ModeWrite); err == nil {
		_ = f.Close(made)
		f.Release(entry.Node)
	}
	_ = f.MakeDirectory(root, []byte("d"))
	_ = f.MakeSymlink(root, []byte("l"), []byte("target"))
	_ = f.MakeLink(file, root, []byte("f2"))
	_ = f.Rename(root, []byte("d2"), root, []byte("f"))
	_ = f.Unlink(root, []byte("f"))
	_ = f.RemoveDirectory(root, []byte("d"))
	_, _ = f.Attributes(file)
	if h != 0 {
		_ = f.Close(h)
	}
	for _, node := range []vfs.NodeID{file, link, folder} {
		f.Release(node)
	}
	if f.idle != 1<<slotsMax-1 || f.clunked != 0 {
		t.Errorf("requests are under way after a call: idle %#x, clunked %d", f.idle, f.clunked)
	}
	_ = f.End()
}
