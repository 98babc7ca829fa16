package wasi

import (
	"math/bits"
	"syscall"

	"mewz/kernel/console"
	"mewz/kernel/vfs"
)

// descriptorsMax bounds what a program opens at once, as RLIMIT_NOFILE does.
const descriptorsMax = 1 << 16

// kind is what a descriptor stands for.
type kind uint8

const (
	closed kind = iota
	input
	output
	file
	directory
	connection // a socket
)

// descriptor is an open file, directory or stream.
type descriptor struct {
	kind       kind
	fileType   FileType
	mode       vfs.Mode // of a file: how handle was opened
	rooted     bool     // of a directory: the program sees it as /, absolute links begin there
	flags      FDFlags
	base       Rights
	inheriting Rights
	quiet      Rights // those of base that came along with what was asked for: they are not shown

	in  console.Input  // of an input
	out console.Output // of an output

	files   vfs.FileSystem // of a file or directory, with a reference to node
	node    vfs.NodeID
	handle  vfs.Handle
	device  uint64   // number of files
	offset  uint64   // of a file: where the next read begins, at most vfs.OffsetMax
	preopen *Preopen // of a directory that the program found open

	endpoint // of a connection
}

// descriptors are the open descriptors by number.
type descriptors struct {
	table []descriptor
	used  []uint64 // a bit for each number that is open
	free  int      // no word of used below has a zero
}

// get returns descriptor fd, or nil if there is none. It is valid until the
// next one is opened.
func (d *descriptors) get(fd uint32) *descriptor {
	if uint64(fd) >= uint64(len(d.table)) || d.table[fd].kind == closed {
		return nil
	}
	return &d.table[fd]
}

// isStream reports that a descriptor has no offset.
func (d *descriptor) isStream() bool {
	return d.kind == input || d.kind == output || d.kind == connection
}

// full reports that open would fail.
func (d *descriptors) full() bool { return d.lowest() >= descriptorsMax }

// lowest returns the lowest number that is free.
func (d *descriptors) lowest() int {
	for d.free < len(d.used) && d.used[d.free] == 1<<64-1 {
		d.free++
	}
	if d.free == len(d.used) {
		return d.free * 64
	}
	return d.free*64 + bits.TrailingZeros64(^d.used[d.free])
}

// open puts a descriptor at the lowest free number, as POSIX has it.
//
// Errors:
//   - EMFILE: there is none.
func (d *descriptors) open(opened descriptor) (fd uint32, errno Errno) {
	i := d.lowest()
	if i >= descriptorsMax {
		return 0, EMFile
	}
	if i/64 == len(d.used) {
		d.used = append(d.used, 0)
	}
	if i == len(d.table) {
		d.table = append(d.table, descriptor{})
	}
	d.used[i/64] |= 1 << (i % 64)
	d.table[i] = opened
	return uint32(i), Success
}

// close frees a number. Preconditions: it is open.
func (d *descriptors) close(fd uint32) {
	d.table[fd] = descriptor{}
	d.used[fd/64] &^= 1 << (fd % 64)
	d.free = min(d.free, int(fd/64))
}

// openStreams opens the descriptors 0, 1 and 2.
func (s *System) openStreams() {
	c := s.machine.Config
	for _, d := range []descriptor{
		{kind: input, fileType: streamType(c.TerminalStdin), base: inputRights, in: s.machine.Stdin},
		{kind: output, fileType: streamType(c.TerminalStdout), base: outputRights, out: s.machine.Stdout},
		{kind: output, fileType: streamType(c.TerminalStderr), base: outputRights, out: s.machine.Stderr},
	} {
		s.descriptors.open(d)
	}
}

// streamType is what isatty of wasi-libc looks at: a character device that can
// not seek is a terminal. A pipe has no type of its own in WASI.
func streamType(terminal bool) FileType {
	if terminal {
		return FileTypeCharacterDevice
	}
	return FileTypeUnknown
}

// preopenError is a directory that cannot be opened before the program starts.
type preopenError struct {
	name   string
	reason error
}

func (e *preopenError) Error() string {
	return "wasi: cannot open the directory that the program is to find as " + e.name + ": " + e.reason.Error()
}

func (e *preopenError) Unwrap() error { return e.reason }

// openPreopens opens the directories that the program is to find, from descriptor 3 on.
func (s *System) openPreopens() error {
	list := s.machine.Preopens
	for i := range list {
		p := &list[i]
		device := uint64(1)
		for list[device-1].Files != p.Files {
			device++
		}
		d := descriptor{
			kind: directory, fileType: FileTypeDirectory, base: directoryRights, inheriting: directoryRights | fileRights,
			files: p.Files, node: p.Files.Root(), device: device, preopen: p, rooted: p.Name == "/",
		}
		var err error
		if d.handle, err = p.Files.Open(d.node, vfs.ModeRead); err != nil {
			return &preopenError{p.Name, err}
		}
		p.Files.Hold(d.node)
		if _, errno := s.descriptors.open(d); errno != Success {
			s.release(&d)
			return &preopenError{p.Name, syscall.EMFILE}
		}
	}
	return nil
}

// release gives back what a descriptor holds outside of the table. An error says that
// something which was written to a file is lost.
func (s *System) release(d *descriptor) error {
	switch d.kind {
	case connection:
		d.socket.Close()
	case file, directory:
		err := d.files.Close(d.handle)
		d.files.Release(d.node)
		return err
	}
	return nil
}

// closeDescriptor closes descriptor fd, which is open.
func (s *System) closeDescriptor(fd uint32) error {
	d := &s.descriptors.table[fd]
	err := s.release(d)
	if d.kind == connection {
		s.network.untag(fd)
	}
	s.descriptors.close(fd)
	return err
}

// directory returns descriptor fd as a directory with rights.
func (s *System) directory(fd uint32, rights Rights) (*descriptor, Errno) {
	d := s.descriptors.get(fd)
	switch {
	case d == nil:
		return nil, EBadf
	case d.kind != directory:
		return nil, ENotDir
	case d.base&rights != rights:
		return nil, ENotCapable
	}
	return d, Success
}
