package ninep

import (
	"encoding/binary"
	"testing"

	"mewz/kernel/vfs"
)

func TestExerciseHonest(t *testing.T) {
	for _, reaches := range []bool{false, true} {
		f := openFake(t, &fake{data: make([]byte, 1<<20), reaches: reaches})
		exercise(t, f)
		if f.failed {
			t.Error("an honest server is given up")
		}
		if f.live != 1 {
			t.Errorf("%d nodes live after all were given back, want the root", f.live)
		}
	}
}

// TestLies checks for each lie that it is found: the call fails with EIO, and the share
// is given up.
func TestLies(t *testing.T) {
	set := func(at int, v ...byte) func([]byte) []byte {
		return func(a []byte) []byte { copy(a[at:], v); return a }
	}
	lookup := func(f *FileSystem) error { _, err := f.Lookup(f.Root(), []byte("f")); return err }
	opened := func(call func(f *FileSystem, h vfs.Handle) error) func(f *FileSystem) error {
		return func(f *FileSystem) error {
			e, err := f.Lookup(f.Root(), []byte("f"))
			if err != nil {
				return err
			}
			h, err := f.Open(e.Node, vfs.ModeRead|vfs.ModeWrite)
			if err != nil {
				return err
			}
			return call(f, h)
		}
	}
	read := opened(func(f *FileSystem, h vfs.Handle) error {
		_, err := f.Read(h, [][]byte{make([]byte, 100)}, 0)
		return err
	})
	write := opened(func(f *FileSystem, h vfs.Handle) error {
		_, err := f.Write(h, [][]byte{make([]byte, 100)}, 0)
		return err
	})
	list := func(f *FileSystem) error {
		h, err := f.Open(f.Root(), vfs.ModeRead)
		if err != nil {
			return err
		}
		return f.List(h, 0, func(*vfs.DirectoryEntry) bool { return true })
	}
	readLink := func(f *FileSystem) error {
		e, err := f.Lookup(f.Root(), []byte("l"))
		if err != nil {
			return err
		}
		_, err = f.ReadLink(e.Node)
		return err
	}
	attributes := func(f *FileSystem) error { _, err := f.Attributes(f.Root()); return err }
	for _, test := range []struct {
		name   string
		kind   kind
		change func([]byte) []byte
		call   func(f *FileSystem) error
	}{
		{"short header", kindWalk, func(a []byte) []byte { return a[:5] }, lookup},
		{"nothing", kindWalk, func(a []byte) []byte { return a[:0] }, lookup},
		{"size too great", kindWalk, set(0, 0xff, 0xff, 0xff, 0xff), lookup},
		{"size too small", kindWalk, set(0, 7, 0, 0, 0), lookup},
		{"wrong type", kindWalk, set(4, byte(kindAttach+answerTo)), lookup},
		{"wrong tag", kindWalk, set(5, 9), lookup},
		{"walked twice", kindWalk, set(7, 2), lookup},
		{"walked nowhere", kindWalk, set(7, 0), lookup},
		{"file without a serial number", kindWalk, set(14, 0, 0, 0, 0, 0, 0, 0, 0), lookup},
		{"directory and link", kindWalk, set(9, qidDirectory|qidSymlink), lookup},
		{"error 0", kindWalk, func(a []byte) []byte { return []byte{11, 0, 0, 0, 7, a[5], a[6], 0, 0, 0, 0} }, lookup},
		{"error 70000", kindWalk, func(a []byte) []byte { return []byte{11, 0, 0, 0, 7, a[5], a[6], 0x70, 0x11, 1, 0} }, lookup},
		{"attributes cut off", kindGetattr, func(a []byte) []byte { a[0]--; return a[:len(a)-1] }, attributes},
		{"size beyond all offsets", kindGetattr, set(7+8+13+12+8+8+7, 0x80), attributes},
		{"more data than asked for", kindRead, set(7, 101), read},
		{"much more data", kindRead, set(7, 0xff, 0xff, 0xff, 0xff), read},
		{"less data than said", kindRead, set(7, 99), read},
		{"more written than sent", kindWrite, set(7, 101), write},
		{"huge link", kindReadlink, set(7, 0xff, 0xff), readLink},
		{"zero in a link", kindReadlink, set(10, 0), readLink},
		{"slash in a name", kindReaddir, set(7+4+24, '/'), list},
		{"zero in a name", kindReaddir, set(7+4+24, 0), list},
		{"empty name", kindReaddir, set(7+4+22, 0), list},
		{"name beyond the message", kindReaddir, set(7+4+22, 0xff, 0xff), list},
		{"entry cut off", kindReaddir, func(a []byte) []byte { a[0]--; a[7]--; return a[:len(a)-1] }, list},
		{"last cookie", kindReaddir, set(7+4+13, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), list},
	} {
		for _, reaches := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				server := &fake{data: make([]byte, 100), reaches: reaches}
				f := openFake(t, server)
				server.change = func(k kind, a []byte) []byte {
					if k == test.kind {
						return test.change(a)
					}
					return a
				}
				liesOnce(t, f, server, test.call)
			})
		}
	}
}

// liesOnce checks that a lie is found by a call.
func liesOnce(t *testing.T, f *FileSystem, server *fake, call func(f *FileSystem) error) {
	if err := call(f); err != vfs.ErrDamaged {
		t.Errorf("error %v, want EIO", err)
	}
	if !f.failed || !server.closed {
		t.Error("the share is not given up")
	}
	if err := call(f); err != vfs.ErrDamaged {
		t.Errorf("error %v after the share was given up, want EIO", err)
	}
	exercise(t, f)
}

// TestRefusedServers checks what a server must be able to do.
func TestRefusedServers(t *testing.T) {
	for name, change := range map[string]func(a []byte){
		"another protocol": func(a []byte) { copy(a[headerBytes+6:], "9P2000.u") },
		"small messages":   func(a []byte) { binary.LittleEndian.PutUint32(a[headerBytes:], 4096) },
		"huge messages":    func(a []byte) { binary.LittleEndian.PutUint32(a[headerBytes:], messageBytes+1) },
	} {
		server := &fake{change: func(k kind, a []byte) []byte {
			if k == kindVersion {
				change(a)
			}
			return a
		}}
		if _, err := open(server, &FileSystem{}, func(string) {}); err != vfs.ErrDamaged || !server.closed {
			t.Errorf("%s: open = %v, want EIO", name, err)
		}
	}
}

// FuzzAnswers changes answers: 4 bytes for each, where, what, and how.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte{})
	for i := range 60 {
		script := make([]byte, 4*i+4)
		copy(script[4*i:], []byte{7, 0xff, 1, byte(i)})
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		server := &fake{data: make([]byte, 1000), reaches: len(script)%8 == 4}
		files := openFake(t, server)
		server.change = func(_ kind, a []byte) []byte {
			if len(script) < 4 {
				return a
			}
			at, v, how := int(script[0]), script[1], script[2]
			script = script[4:]
			switch how % 5 {
			case 1:
				a[at%len(a)] = v
			case 2:
				a = a[:at%len(a)]
			case 3:
				a = append(a, make([]byte, at)...)
			case 4:
				a = append(a[:0], 11, 0, 0, 0, byte(kindError+answerTo), a[5], a[6], v, 0, 0, 0)
			default:
				return a
			}
			if v&1 == 0 && len(a) >= 4 {
				binary.LittleEndian.PutUint32(a, uint32(len(a))) // a lie that is well formed
			}
			return a
		}
		exercise(t, files)
		exercise(t, files)
	})
}

// TestNoAllocation checks that calls take no memory in steady state.
func TestNoAllocation(t *testing.T) {
	f := openFake(t, &fake{data: make([]byte, 4096), reaches: true})
	e, err := f.Lookup(f.Root(), []byte("f"))
	if err != nil {
		t.Fatal(err)
	}
	h, err := f.Open(e.Node, vfs.ModeRead|vfs.ModeWrite)
	if err != nil {
		t.Fatal(err)
	}
	b := [][]byte{make([]byte, 4096)}
	for name, call := range map[string]func(){
		"Read":       func() { _, _ = f.Read(h, b, 0) },
		"Write":      func() { _, _ = f.Write(h, b, 0) },
		"Append":     func() { _, _, _ = f.Append(h, b) },
		"Attributes": func() { _, _ = f.Attributes(e.Node) },
		"Lookup":     func() { again, _ := f.Lookup(f.Root(), []byte("d")); f.Release(again.Node) },
		"Open":       func() { again, _ := f.Open(e.Node, vfs.ModeRead); _ = f.Close(again) },
		"Sync":       func() { _ = f.Sync(h, false) },
	} {
		if n := testing.AllocsPerRun(100, call); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
