package share

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// client is the other end of a server, which sends whatever it likes.
type client struct {
	testing.TB
	conn *os.File
}

// connect shares a directory with a file, a directory and a link to a place outside.
func connect(t testing.TB, o Options) (*client, string) {
	t.Helper()
	outside, directory := t.TempDir(), t.TempDir()
	for _, err := range []error{
		os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o644),
		os.WriteFile(filepath.Join(directory, "file"), []byte("content"), 0o644),
		os.Mkdir(filepath.Join(directory, "directory"), 0o755),
		os.Symlink(outside, filepath.Join(directory, "link")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	server, guest, err := Start(directory, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		guest.Close()
		server.Close()
	})
	return &client{t, guest}, directory
}

// fields are those of a message, by their Go types; a string is a name, bytes are as they are.
func message(kind uint8, fields ...any) []byte {
	var a answer
	a.begin(kind, 7)
	for _, f := range fields {
		switch f := f.(type) {
		case uint8:
			a.uint8(f)
		case uint16:
			a.uint16(f)
		case uint32:
			a.uint32(f)
		case uint64:
			a.uint64(f)
		case string:
			a.text(f)
		case []byte:
			a = append(a, f...)
		}
	}
	a.end()
	return a
}

// ask sends a message and returns the answer, or nil when the server has gone.
func (c *client) ask(b []byte) []byte {
	c.Helper()
	if err := c.conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		c.Fatal(err)
	}
	if _, err := c.conn.Write(b); err != nil {
		return nil
	}
	head := make([]byte, headerBytes)
	for n := 0; n < len(head); {
		k, err := c.conn.Read(head[n:])
		if os.IsTimeout(err) {
			c.Fatalf("no answer to % x", b)
		}
		if err != nil {
			return nil
		}
		n += k
	}
	rest := make([]byte, int(binary.LittleEndian.Uint32(head))-headerBytes)
	for n := 0; n < len(rest); {
		k, err := c.conn.Read(rest[n:])
		if err != nil {
			c.Fatal(err)
		}
		n += k
	}
	return append(head, rest...)
}

// want asks and compares the error number, 0 for none.
func (c *client) want(what string, errno unix.Errno, b []byte) []byte {
	c.Helper()
	a := c.ask(b)
	got := unix.Errno(0)
	switch {
	case a == nil:
		c.Fatalf("%s: the server is gone", what)
	case a[4] == answerError:
		got = unix.Errno(binary.LittleEndian.Uint32(a[headerBytes:]))
	case a[4] != b[4]+1:
		c.Errorf("%s: answer of type %d", what, a[4])
	}
	if got != errno {
		c.Errorf("%s: %v, want %v", what, got, errno)
	}
	return a
}

// begin agrees on the protocol and makes fid 0 the root.
func (c *client) begin() {
	c.Helper()
	c.want("version", 0, message(kindVersion, uint32(1<<20), protocol))
	c.want("attach", 0, message(kindAttach, uint32(0), uint32(nobody), "", "", uint32(nobody)))
}

// TestNothingOutside asks for names that lead out of the directory, each way that a
// message has a name.
func TestNothingOutside(t *testing.T) {
	c, directory := connect(t, Options{})
	c.begin()
	one := uint16(1)
	c.want("walk to the file", 0, message(kindWalk, uint32(0), uint32(1), one, "file"))
	for _, name := range []string{"", ".", "..", "../secret", "/", "/etc", "directory/..", "link/secret", "file\x00"} {
		for what, b := range map[string][]byte{
			"walk":        message(kindWalk, uint32(0), uint32(9), one, name),
			"create":      message(kindLcreate, uint32(0), name, uint32(1), uint32(0o644), uint32(0)),
			"mkdir":       message(kindMkdir, uint32(0), name, uint32(0o755), uint32(0)),
			"symlink":     message(kindSymlink, uint32(0), name, "target", uint32(0)),
			"link":        message(kindLink, uint32(0), uint32(1), name),
			"unlink":      message(kindUnlinkat, uint32(0), name, uint32(0)),
			"rename from": message(kindRenameat, uint32(0), name, uint32(0), "new"),
			"rename to":   message(kindRenameat, uint32(0), "file", uint32(0), name),
		} {
			c.want(what+" "+name, unix.EINVAL, b)
		}
	}
	c.want("walk through a link", unix.ENOTDIR, message(kindWalk, uint32(0), uint32(9), uint16(2), "link", "secret"))
	c.want("walk up", unix.EINVAL, message(kindWalk, uint32(0), uint32(9), uint16(2), "directory", ".."))
	c.want("walk to the link", 0, message(kindWalk, uint32(0), uint32(2), one, "link"))
	c.want("open the link", unix.ELOOP, message(kindLopen, uint32(2), uint32(0)))
	c.want("set the size of the link", unix.EINVAL, message(kindSetattr, uint32(2), uint32(setSize), make([]byte, 12), uint64(0), make([]byte, 32)))
	if b, err := os.ReadFile(filepath.Join(directory, "link", "secret")); string(b) != "secret" {
		t.Errorf("what is outside is %q, %v", b, err)
	}
}

// TestBadMessages checks what is answered with an error, and that the server goes on.
func TestBadMessages(t *testing.T) {
	c, _ := connect(t, Options{})
	c.want("before version", unix.EOPNOTSUPP, message(kindAttach, uint32(0), uint32(nobody), "", "", uint32(nobody)))
	c.begin()
	for _, test := range []struct {
		what  string
		errno unix.Errno
		b     []byte
	}{
		{"an unknown message", unix.EOPNOTSUPP, message(200)},
		{"an unknown fid", unix.EBADF, message(kindGetattr, uint32(77), uint64(0))},
		{"a fid that is taken", unix.EBADF, message(kindWalk, uint32(0), uint32(0), uint16(0))},
		{"fid NOFID", unix.EBADF, message(kindWalk, uint32(0), uint32(nobody), uint16(0))},
		{"too many names", unix.EINVAL, message(kindWalk, uint32(0), uint32(9), uint16(walkMax+1))},
		{"fewer names than said", unix.EINVAL, message(kindWalk, uint32(0), uint32(9), uint16(2), "directory")},
		{"a name beyond the message", unix.EINVAL, message(kindWalk, uint32(0), uint32(9), uint16(1), uint16(9), []byte("file"))},
		{"a long name", unix.ENAMETOOLONG, message(kindMkdir, uint32(0), string(bytes.Repeat([]byte("x"), 256)), uint32(0), uint32(0))},
		{"nothing behind a fid", unix.EBADMSG, message(kindGetattr, uint32(0))},
		{"more than a message has", unix.EBADMSG, message(kindGetattr, uint32(0), uint64(0), uint8(1))},
		{"read what is not open", unix.EBADF, message(kindRead, uint32(0), uint64(0), uint32(1))},
		{"list what is not open", unix.EBADF, message(kindReaddir, uint32(0), uint64(0), uint32(100))},
		{"sync what is not open", unix.EBADF, message(kindFsync, uint32(0), uint32(0))},
		{"clunk twice", unix.EBADF, message(kindClunk, uint32(5))},
		{"another tree", unix.ENOENT, message(kindAttach, uint32(5), uint32(nobody), "", "/etc", uint32(0))},
		{"remove by another flag", unix.EINVAL, message(kindUnlinkat, uint32(0), "file", uint32(0x1000))},
		{"set the owner", unix.EOPNOTSUPP, message(kindSetattr, uint32(0), uint32(2), make([]byte, 12), uint64(0), make([]byte, 32))},
	} {
		c.want(test.what, test.errno, test.b)
	}
	c.want("the root is there", 0, message(kindGetattr, uint32(0), uint64(0)))
	for _, length := range []uint32{0, 6, 1<<20 + 1, 1 << 31} {
		c, _ := connect(t, Options{})
		c.begin()
		if a := c.ask(binary.LittleEndian.AppendUint32(nil, length)); a != nil {
			t.Errorf("length %d: answer % x, want an end", length, a)
		}
	}
}

// FuzzServer sends messages of any content; each has an answer.
func FuzzServer(f *testing.F) {
	one := uint16(1)
	f.Add(message(kindWalk, uint32(0), uint32(1), one, "file"), message(kindLopen, uint32(1), uint32(2)),
		message(kindWrite, uint32(1), uint64(1), uint32(2), []byte("xy")))
	f.Add(message(kindWalk, uint32(0), uint32(1), uint16(0)), message(kindLopen, uint32(1), uint32(0)),
		message(kindReaddir, uint32(1), uint64(0), uint32(500)))
	f.Add(message(kindLcreate, uint32(0), "new", uint32(2), uint32(0o644), uint32(0)),
		message(kindRead, uint32(0), uint64(1<<63), uint32(1<<31)), message(kindClunk, uint32(0)))
	f.Add(message(kindSymlink, uint32(0), "l", "target", uint32(0)), message(kindWalk, uint32(0), uint32(1), one, "l"),
		message(kindReadlink, uint32(1)))
	f.Fuzz(func(t *testing.T, a, b, d []byte) {
		c, directory := connect(t, Options{})
		c.begin()
		for _, m := range [][]byte{a, b, d} {
			if len(m) < headerBytes || len(m) > 4096 {
				continue
			}
			m = bytes.Clone(m)
			answer(m).end()
			if c.ask(m) == nil {
				t.Errorf("no answer to % x", m)
			}
		}
		if secret, err := os.ReadFile(filepath.Join(directory, "link", "secret")); err == nil && string(secret) != "secret" {
			t.Errorf("what is outside is %q", secret)
		}
	})
}

// TestCloseOfStuck: a host that does not answer does not keep the command from its end.
func TestCloseOfStuck(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[1])
	s := &Server{conn: os.NewFile(uintptr(pair[0]), "share"), done: make(chan struct{})} // nobody runs it
	defer s.conn.Close()
	closed := make(chan struct{})
	go func() {
		s.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(10 * closePatience):
		t.Error("Close waits for ever")
	}
}
