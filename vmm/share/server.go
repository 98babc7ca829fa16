package share

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Options say how a directory is served.
type Options struct {
	ReadOnly bool // every change is refused (EROFS)
}

// Server serves one directory to one client.
type Server struct {
	options Options
	root    int // descriptor
	fids    map[uint32]*fid
	serials serials
	message int // bytes agreed on with the client, 0: it has not begun
	out     answer
	conn    *os.File
	done    chan struct{}
}

// fid is a file that the client knows.
type fid struct {
	number uint32
	path   int // descriptor that names the file
	open   int // descriptor that it is opened by, path too; -1: it is not
	qid    qid
}

// Start serves a directory. It returns the other end of the connection, which does not
// block and is for a process to inherit; the caller closes it.
func Start(directory string, o Options) (*Server, *os.File, error) {
	root, err := unix.Open(directory, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("sharing %s: %w", directory, err)
	}
	if err := unix.Access(procPath(root), unix.F_OK); err != nil {
		unix.Close(root)
		return nil, nil, fmt.Errorf("sharing %s: %s: %w: mount -t proc proc /proc", directory, procPath(root), err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		unix.Close(root)
		return nil, nil, fmt.Errorf("sharing %s: %w", directory, err)
	}
	// Ours may block, in a thread of its own; theirs must not. What is put to not
	// blocking before NewFile stays so when a child inherits it.
	s := &Server{options: o, root: root, fids: map[uint32]*fid{}, serials: serials{}, conn: os.NewFile(uintptr(pair[0]), "share"), done: make(chan struct{})}
	if err := unix.SetNonblock(pair[1], true); err != nil {
		s.conn.Close()
		unix.Close(pair[1])
		unix.Close(root)
		return nil, nil, fmt.Errorf("sharing %s: %w", directory, err)
	}
	guest := os.NewFile(uintptr(pair[1]), "share of the guest")
	go s.run()
	return s, guest, nil
}

// closePatience is how long Close waits for the request that is being answered: a host whose
// disk or file server does not answer must not keep the command from its end.
const closePatience = 2 * time.Second

// Close ends the server. What was acknowledged is with the host; nothing waits here.
func (s *Server) Close() {
	if raw, err := s.conn.SyscallConn(); err == nil {
		// Any error: the client has ended first, and run closes the connection.
		_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) })
	}
	select {
	case <-s.done:
	case <-time.After(closePatience):
	}
}

// run answers requests until the client is gone or breaks the protocol.
func (s *Server) run() {
	defer close(s.done)
	defer s.end()
	var in []byte
	for {
		message, err := s.receive(&in)
		if err != nil {
			return
		}
		r := request{kind: message[4], tag: binary.LittleEndian.Uint16(message[5:]), b: message[headerBytes:]}
		s.answer(&r)
		if _, err := s.conn.Write(s.out); err != nil {
			return
		}
	}
}

// errMessage ends the connection: nobody knows where the next message begins.
var errMessage = errors.New("share: a message of a length that cannot be")

// receive reads one message.
func (s *Server) receive(in *[]byte) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(s.conn, head[:]); err != nil {
		return nil, err
	}
	limit := s.message
	if limit == 0 {
		limit = messageMinBytes
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n < headerBytes || int64(n) > int64(limit) {
		return nil, errMessage
	}
	if cap(*in) < int(n) {
		*in = make([]byte, n)
	}
	b := (*in)[:n]
	copy(b, head[:])
	_, err := io.ReadFull(s.conn, b[4:])
	return b, err
}

// end closes all descriptors.
func (s *Server) end() {
	s.closeFids()
	unix.Close(s.root)
	s.conn.Close()
}

func (s *Server) closeFids() {
	for number, f := range s.fids {
		f.close()
		delete(s.fids, number)
	}
}

func (f *fid) close() error {
	switch {
	case f.open >= 0:
		return unix.Close(f.open)
	case f.path >= 0:
		unix.Close(f.path)
	}
	return nil
}

// handlers answer the messages. All but the first two begin with a fid, which is read
// already. What changes something is refused where that is not allowed.
var handlers = map[uint8]struct {
	answer  func(s *Server, f *fid, r *request, a *answer) error
	changes bool
}{
	kindVersion:  {(*Server).version, false},
	kindAttach:   {(*Server).attach, false},
	kindWalk:     {(*Server).walk, false},
	kindClunk:    {(*Server).clunk, false},
	kindGetattr:  {(*Server).getattr, false},
	kindSetattr:  {(*Server).setattr, true},
	kindLopen:    {(*Server).lopen, false}, // refuses itself
	kindLcreate:  {(*Server).lcreate, true},
	kindRead:     {(*Server).read, false},
	kindWrite:    {(*Server).write, true},
	kindReaddir:  {(*Server).readdir, false},
	kindReadlink: {(*Server).readlink, false},
	kindFsync:    {(*Server).fsync, false},
	kindMkdir:    {(*Server).mkdir, true},
	kindSymlink:  {(*Server).symlink, true},
	kindLink:     {(*Server).link, true},
	kindUnlinkat: {(*Server).unlinkat, true},
	kindRenameat: {(*Server).renameat, true},
}

// answer makes the answer to a request in s.out.
func (s *Server) answer(r *request) {
	s.out.begin(r.kind+1, r.tag)
	handler, ok := handlers[r.kind]
	var err error
	switch {
	case !ok || s.message == 0 && r.kind != kindVersion:
		err = unix.EOPNOTSUPP
	case handler.changes && s.options.ReadOnly:
		err = unix.EROFS
	default:
		var f *fid
		if r.kind != kindVersion && r.kind != kindAttach {
			f, err = s.fid(r)
		}
		if err == nil {
			err = handler.answer(s, f, r, &s.out)
		}
	}
	if err == nil && (r.bad || r.kind != kindWrite && len(r.b) != 0) {
		err = unix.EBADMSG
	}
	if err != nil {
		var number unix.Errno
		if !errors.As(err, &number) || number == 0 {
			number = unix.EIO
		}
		s.out.begin(answerError, r.tag)
		s.out.uint32(uint32(number))
	}
	s.out.end()
}

// version agrees on the protocol and forgets everything (version(5)).
func (s *Server) version(_ *fid, r *request, a *answer) error {
	n, text := r.uint32(), r.text()
	if !r.done() {
		return unix.EBADMSG
	}
	s.closeFids()
	s.message = 0
	if n < messageMinBytes || text != protocol {
		a.uint32(min(n, messageMaxBytes))
		a.text("unknown")
		return nil
	}
	s.message = int(min(n, messageMaxBytes))
	a.uint32(uint32(s.message))
	a.text(protocol)
	return nil
}

// attach makes a fid of the directory. There are no users and only one tree.
func (s *Server) attach(_ *fid, r *request, a *answer) error {
	number, _ := r.uint32(), r.uint32()
	r.text()
	tree := r.text()
	r.uint32()
	if !r.done() {
		return unix.EBADMSG
	}
	if tree != "" && tree != "/" {
		return unix.ENOENT
	}
	fd, err := unix.FcntlInt(uintptr(s.root), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	f, err := s.add(number, fd)
	if err == nil {
		a.qid(f.qid)
	}
	return err
}

// add makes a fid of a descriptor, which it owns from now on.
func (s *Server) add(number uint32, path int) (*fid, error) {
	known, err := s.identify(path)
	switch {
	case err != nil:
	case s.fids[number] != nil || number == nobody:
		err = unix.EBADF
	case len(s.fids) >= fidsMax:
		err = unix.ENFILE
	}
	if err != nil {
		unix.Close(path)
		return nil, err
	}
	f := &fid{number: number, path: path, open: -1, qid: known}
	s.fids[number] = f
	return f, nil
}

// identify returns what the client knows the file of a descriptor by.
func (s *Server) identify(fd int) (qid, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return qid{}, err
	}
	return s.serials.qid(&st)
}

// fid reads a fid.
func (s *Server) fid(r *request) (*fid, error) {
	if f := s.fids[r.uint32()]; f != nil && !r.bad {
		return f, nil
	}
	return nil, unix.EBADF
}

// name reads a name of a directory.
func name(r *request) (string, error) {
	text := r.text()
	switch {
	case r.bad || !plain(text):
		return "", unix.EINVAL
	case len(text) > nameMaxBytes:
		return "", unix.ENAMETOOLONG
	}
	return text, nil
}

// plain reports whether a text is a name and leads nowhere else.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] == '/' || text[i] == 0 {
			return false
		}
	}
	return text != "" && text != "." && text != ".."
}

// walk makes a fid of what a sequence of names leads to, or of the same file
// (walk(5)). All names are there, or nothing happens; links are not followed.
func (s *Server) walk(f *fid, r *request, a *answer) error {
	number, count := r.uint32(), int(r.uint16())
	if r.bad || count > walkMax {
		return unix.EINVAL
	}
	at, err := unix.FcntlInt(uintptr(f.path), unix.F_DUPFD_CLOEXEC, 0)
	a.uint16(uint16(count))
	for ; count > 0 && err == nil; count-- {
		at, err = s.step(at, r, a)
	}
	if err != nil {
		return err
	}
	_, err = s.add(number, at)
	return err
}

// step goes from a directory, whose descriptor it closes, to what the next name of a request
// leads to, and answers with its qid.
func (s *Server) step(at int, r *request, a *answer) (next int, err error) {
	defer unix.Close(at)
	text, err := name(r)
	if err != nil {
		return -1, err
	}
	if next, err = unix.Openat(at, text, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0); err != nil {
		return -1, err
	}
	known, err := s.identify(next)
	if err != nil {
		unix.Close(next)
		return -1, err
	}
	a.qid(known)
	return next, nil
}

// clunk forgets a fid (clunk(5)).
func (s *Server) clunk(f *fid, r *request, _ *answer) error {
	if !r.done() {
		return unix.EBADMSG
	}
	delete(s.fids, f.number)
	return f.close()
}
