package fuse

import (
	"bytes"
	"encoding/binary"
	"syscall"
	"testing"
	"time"

	"mewz/kernel/vfs"
	"mewz/kernel/vfs/memfs"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/discovery"
	"mewz/kernel/virtio/request"
	"mewz/kernel/virtio/virtiotest"
)

// server is virtiofsd made of Go, with a file system in memory behind it. It insists on
// what virtiofsd insists on: the lookups that are forgotten are those that were made.
type server struct {
	*virtiotest.Device
	t       testing.TB
	files   *memfs.FileSystem
	lookups map[uint64]uint64 // by node
	open    map[uint64]opening
	last    uint64 // handle
	flags   initFlags
	write   uint32 // max_write
	direct  bool   // files are opened with FOPEN_DIRECT_IO
	asked   map[opcode]int

	late   bool // it answers while the driver waits, the last request first
	held   []heldRequest
	dead   bool // it answers nothing
	silent bool // it gives DESTROY back as it is
	// lie changes an answer before it goes out, and the number of bytes written.
	lie func(op opcode, out []byte) ([]byte, uint32)
}

type opening struct {
	handle vfs.Handle
	append bool
	node   uint64
}

type heldRequest struct {
	queue uint16
	chain virtiotest.Chain
}

// serverOffset is between the nodes of the file system and those of FUSE, but for the root.
const serverOffset = 0x1_0000_0000

func newServer(t testing.TB) *server {
	now := uint64(1_700_000_000_000_000_000)
	files, err := memfs.New(memfs.Options{Now: func() uint64 { now += 1000; return now }, LimitBytes: 64 << 20})
	must(t, "memfs.New", err)
	m := virtiotest.NewMachine()
	s := &server{
		Device: virtiotest.NewDevice(m, virtio.DeviceFS, virtio.FeatureEventIndex), t: t, files: files,
		lookups: map[uint64]uint64{}, open: map[uint64]opening{}, asked: map[opcode]int{},
		flags: initWanted | 1<<30, write: writeMax,
	}
	s.QueueMax = 128
	copy(s.Config[:], "test")
	binary.LittleEndian.PutUint32(s.Config[configRequests:], 1)
	s.Notified = func(queue uint16) {
		for c, ok := s.Queues[queue].Pop(); ok; c, ok = s.Queues[queue].Pop() {
			s.held = append(s.held, heldRequest{queue, c})
		}
		s.Queues[queue].Ask(true)
		if !s.late {
			s.work()
		}
	}
	m.Waiting = s.work
	return s
}

// work answers what is held.
func (s *server) work() {
	for len(s.held) != 0 && !s.dead {
		h := s.held[len(s.held)-1]
		s.held = s.held[:len(s.held)-1]
		s.serve(h)
	}
}

// start opens the driver.
func (s *server) start() (*FileSystem, error) {
	s.Machine.Windows[0xfeb0_0000] = virtiotest.MicroVM{Index: 5, Registers: virtiotest.MMIO{Device: s.Device}}
	found, err := discovery.Find(s.Machine, nil)
	must(s.t, "Find", err)
	transport, err := found[0].Open()
	must(s.t, "Open", err)
	if tag, err := Tag(transport); tag != "test" || err != nil {
		s.t.Errorf("Tag = %q, %v", tag, err)
	}
	pause := func(limit time.Duration) { s.Machine.Wait(transport.Slots(), limit) }
	return Open(request.Machine{Machine: s.Machine, Transport: transport, Pause: pause}, func(string) {})
}

func (s *server) mustStart() *FileSystem {
	s.t.Helper()
	f, err := s.start()
	must(s.t, "Open", err)
	return f
}

// TestEndWithoutAnswer: the virtiofsd in Rust gives DESTROY back without an answer.
func TestEndWithoutAnswer(t *testing.T) {
	for _, silent := range []bool{true, false} {
		s := newServer(t)
		s.silent = silent
		f := s.mustStart()
		must(t, "End", f.End())
		s.ended()
	}
}

// ended makes sure that the driver has forgotten and closed everything.
func (s *server) ended() {
	for node, n := range s.lookups {
		if n != 0 {
			s.t.Errorf("node %#x has %d lookups left", node, n)
		}
	}
	if len(s.open) != 0 {
		s.t.Errorf("%d handles are left", len(s.open))
	}
	if s.asked[opDestroy] != 1 {
		s.t.Error("the session was not ended")
	}
	must(s.t, "End", s.files.End())
}

// serve answers a request.
func (s *server) serve(h heldRequest) {
	in := h.chain.Read
	if len(in) < inHeaderBytes || int(get32(in, 0)) != len(in) {
		s.t.Errorf("a request of %d bytes says %d", len(in), get32(in, 0))
		s.Queues[h.queue].Push(h.chain.Head, 0)
		return
	}
	op := opcode(get32(in, 4))
	s.asked[op]++
	room := -outHeaderBytes
	for _, b := range h.chain.Into {
		room += len(b)
	}
	if op == opDestroy && s.silent {
		s.Queues[h.queue].Push(h.chain.Head, 0)
		return
	}
	if op == opBatchForget {
		s.forget(h.queue, in)
		s.Queues[h.queue].Push(h.chain.Head, 0)
		return
	}
	body, err := s.answer(op, get64(in, 16), in[inHeaderBytes:])
	if err == nil && len(body) > room {
		s.t.Errorf("request %d: %d bytes of answer, room for %d", op, len(body), room)
	}
	errno, _ := err.(syscall.Errno)
	if err != nil {
		body = nil
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(outHeaderBytes+len(body)))
	out = binary.LittleEndian.AppendUint32(out, uint32(-int32(errno)))
	out = append(append(out, in[8:16]...), body...)
	written := uint32(len(out))
	if s.lie != nil {
		out, written = s.lie(op, out)
	}
	for _, into := range h.chain.Into {
		out = out[copy(into, out):]
	}
	s.Queues[h.queue].Push(h.chain.Head, written)
}

func (s *server) forget(queue uint16, in []byte) {
	if queue != 0 || int(get32(in, 40))*forgetBytes+batchHeadBytes+inHeaderBytes != len(in) {
		s.t.Errorf("queue %d forgets %d nodes in %d bytes", queue, get32(in, 40), len(in))
		return
	}
	for b := in[inHeaderBytes+batchHeadBytes:]; len(b) != 0; b = b[forgetBytes:] {
		node, n := get64(b, 0), get64(b, 8)
		if n == 0 || s.lookups[node] < n {
			s.t.Errorf("%d lookups of node %#x are forgotten, it had %d", n, node, s.lookups[node])
			continue
		}
		s.lookups[node] -= n
		for range n {
			s.files.Release(vfs.NodeID(node - serverOffset))
		}
	}
}

// node is the number in the file system.
func (s *server) node(id uint64) vfs.NodeID {
	if id == rootNode {
		return s.files.Root()
	}
	return vfs.NodeID(id - serverOffset)
}

// knows makes sure that a node was looked up and not forgotten.
func (s *server) knows(id uint64) bool {
	if id != rootNode && s.lookups[id] == 0 {
		s.t.Errorf("node %#x is not known", id)
		return false
	}
	return true
}

// name takes a name off the arguments.
func name(b []byte) (name, rest []byte) {
	name, rest, _ = bytes.Cut(b, []byte{0})
	return name, rest
}

// answer does what is asked for.
func (s *server) answer(op opcode, id uint64, in []byte) ([]byte, error) {
	if op != opInit && op != opDestroy && !s.knows(id) || (op == opRename || op == opLink) && !s.knows(get64(in, 0)) {
		return nil, syscall.ESTALE
	}
	switch op {
	case opInit:
		out := make([]byte, initOutBytes)
		put32(out, 0, 7)
		put32(out, 4, 36)
		put32(out, 12, uint32(s.flags))
		put32(out, 20, s.write)
		put32(out, 28, 256)
		return out, nil
	case opDestroy, opFlush:
		return nil, nil
	case opLookup, opMkdir, opSymlink, opLink, opUnlink, opRmdir, opRename, opCreate:
		return s.answerName(op, s.node(id), in)
	case opGetattr:
		return s.attributes(s.node(id))
	case opSetattr:
		if err := s.files.SetAttributes(s.node(id), change(in)); err != nil {
			return nil, err
		}
		return s.attributes(s.node(id))
	case opReadlink:
		return s.files.ReadLink(s.node(id))
	case opOpen, opOpendir:
		h, err := s.files.Open(s.node(id), modeOf(get32(in, 0)))
		if err != nil {
			return nil, err
		}
		return s.opened(opening{h, get32(in, 0)&flagAppend != 0, id}), nil
	default:
		o, ok := s.open[get64(in, 0)]
		if !ok || o.node != id {
			s.t.Errorf("request %d: no handle %d of node %#x", op, get64(in, 0), id)
			return nil, syscall.EBADF
		}
		return s.answerHandle(op, o, in)
	}
}

// answerHandle answers a request about something open.
func (s *server) answerHandle(op opcode, o opening, in []byte) ([]byte, error) {
	switch op {
	case opRelease, opReleasedir:
		delete(s.open, get64(in, 0))
		return nil, s.files.Close(o.handle)
	case opRead:
		b := make([]byte, get32(in, 16))
		n, err := s.files.Read(o.handle, [][]byte{b}, get64(in, 8))
		return b[:n], err
	case opWrite:
		if int(get32(in, 16)) != len(in)-readInBytes {
			s.t.Errorf("%d bytes are written as %d", len(in)-readInBytes, get32(in, 16))
		}
		var n int
		var err error
		if o.append {
			n, _, err = s.files.Append(o.handle, [][]byte{in[readInBytes:]})
		} else {
			n, err = s.files.Write(o.handle, [][]byte{in[readInBytes:]}, get64(in, 8))
		}
		if n != 0 {
			err = nil
		}
		return binary.LittleEndian.AppendUint64(nil, uint64(n)), err
	case opFsync, opFsyncdir:
		return nil, s.files.Sync(o.handle, get32(in, 8)&1 != 0)
	case opFallocate:
		return nil, s.files.Allocate(o.handle, get64(in, 8), get64(in, 16))
	case opReaddir:
		var out []byte
		err := s.files.List(o.handle, get64(in, 8), func(e *vfs.DirectoryEntry) bool {
			b := make([]byte, direntBytes(len(e.Name)))
			put64(b, 0, e.Serial)
			put64(b, 8, e.Next)
			put32(b, 16, uint32(len(e.Name)))
			put32(b, 20, map[vfs.Type]uint32{vfs.Directory: 4, vfs.File: 8, vfs.Symlink: 10}[e.Type])
			copy(b[direntHeadBytes:], e.Name)
			if len(out)+len(b) > int(get32(in, 16)) {
				return false
			}
			out = append(out, b...)
			return true
		})
		return out, err
	default:
		s.t.Errorf("request %d is not known", op)
		return nil, syscall.ENOSYS
	}
}

// answerName answers a request about a name.
func (s *server) answerName(op opcode, d vfs.NodeID, in []byte) ([]byte, error) {
	head := map[opcode]int{opMkdir: 8, opRename: 8, opLink: 8, opCreate: 16}[op]
	first, rest := name(in[head:])
	second, _ := name(rest)
	var err error
	switch op {
	case opMkdir:
		err = s.files.MakeDirectory(d, first)
	case opSymlink:
		err = s.files.MakeSymlink(d, first, second)
	case opLink:
		err = s.files.MakeLink(s.node(get64(in, 0)), d, first)
	case opUnlink:
		return nil, s.files.Unlink(d, first)
	case opRmdir:
		return nil, s.files.RemoveDirectory(d, first)
	case opRename:
		return nil, s.files.Rename(d, first, s.node(get64(in, 0)), second)
	case opCreate:
		e, h, err := s.files.Create(d, first, modeOf(get32(in, 0)))
		if err != nil {
			return nil, err
		}
		out, err := s.entry(e.Node)
		return append(out, s.opened(opening{h, false, get64(out, 0)})...), err
	}
	if err != nil {
		return nil, err
	}
	e, err := s.files.Lookup(d, first)
	if err != nil {
		return nil, err
	}
	return s.entry(e.Node)
}

// entry counts a lookup and tells of it.
func (s *server) entry(node vfs.NodeID) ([]byte, error) {
	id := uint64(node) + serverOffset
	s.lookups[id]++
	out := make([]byte, 40)
	put64(out, 0, id)
	put64(out, 16, 1)
	put64(out, 24, 1)
	attributes, err := s.attributes(node)
	return append(out, attributes[16:]...), err
}

func (s *server) opened(o opening) []byte {
	s.last++
	s.open[s.last] = o
	out := make([]byte, openOutBytes)
	put64(out, 0, s.last)
	if s.direct {
		put32(out, 8, openDirect)
	}
	return out
}

func (s *server) attributes(node vfs.NodeID) ([]byte, error) {
	a, err := s.files.Attributes(node)
	out := make([]byte, attrOutBytes)
	put64(out, 0, 1)
	b := out[16:]
	put64(b, 0, a.Serial)
	put64(b, 8, a.Size)
	for i, nanos := range []uint64{a.AccessedNanos, a.ModifiedNanos, a.ChangedNanos} {
		put64(b, 24+8*i, nanos/nanosPerSecond)
		put32(b, 48+4*i, uint32(nanos%nanosPerSecond))
	}
	put32(b, 60, map[vfs.Type]uint32{vfs.Directory: vfs.ModeDirectory, vfs.File: vfs.ModeFile, vfs.Symlink: vfs.ModeSymlink}[a.Type]|0o644)
	put32(b, 64, uint32(a.Links))
	return out, err
}

// modeOf is the mode for flags of open(2).
func modeOf(flags uint32) vfs.Mode {
	mode := []vfs.Mode{vfs.ModeRead, vfs.ModeWrite, vfs.ModeRead | vfs.ModeWrite, 0}[flags&3]
	if flags&flagTruncate != 0 {
		mode |= vfs.ModeTruncate
	}
	return mode
}

// change reads fuse_setattr_in.
func change(in []byte) (c vfs.Change) {
	valid := get32(in, 0)
	c.SetSize, c.Size = valid&setSize != 0, get64(in, 16)
	pick := func(set, now uint32, seconds, part int) (vfs.TimeChange, uint64) {
		switch {
		case valid&now != 0:
			return vfs.TimeNow, 0
		case valid&set != 0:
			return vfs.TimeSet, get64(in, seconds)*nanosPerSecond + uint64(get32(in, part))
		}
		return vfs.TimeKeep, 0
	}
	c.Accessed, c.AccessedNanos = pick(setAccessed, setAccessedNow, 32, 56)
	c.Modified, c.ModifiedNanos = pick(setModified, setModifiedNow, 40, 60)
	return c
}
