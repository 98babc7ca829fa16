package wasi

import (
	"math/bits"

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
	flags      FDFlags
	base       Rights
	inheriting Rights

	in  console.Input  // of an input
	out console.Output // of an output

	files   vfs.FileSystem // of a file or directory
	node    vfs.NodeID
	offset  uint64 // of a file: where the next read begins
	preopen string // of a directory that the program finds open: its name

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

// openPreopens opens the root of the file system once for each name by which
// the program is to find it, from descriptor 3 on.
func (s *System) openPreopens() {
	names := s.machine.Config.PreopenedGuests
	if len(names) == 0 {
		names = []string{"/"}
	}
	for _, name := range names {
		s.descriptors.open(descriptor{
			kind: directory, fileType: FileTypeDirectory, base: directoryRights, inheriting: directoryRights | fileRights,
			files: s.machine.Files, node: s.machine.Files.Root(), preopen: name,
		})
	}
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
