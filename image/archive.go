package image

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"mewz/abi"
)

// ArchiveOptions says how ReadDirectory treats what it finds.
type ArchiveOptions struct {
	// ZeroTimes sets every modification time to 1970, so that two directories
	// of equal content give equal archives.
	ZeroTimes bool
}

// Archive is an abi.Archive of a host directory. Only its table of nodes is in
// memory; WriteTo reads the files.
type Archive struct {
	Bytes uint64
	Nodes uint64
	head  []byte // header, nodes, names and symbolic links
	files []archiveFile
}

// archiveFile is one file's place.
type archiveFile struct {
	path   string
	offset uint64
	size   uint64
}

// archiveBuilder is the state of one ReadDirectory.
type archiveBuilder struct {
	options ArchiveOptions
	nodes   []abi.ArchiveNode
	paths   []string // of each node on the host
	names   []byte   // names of all nodes, then of links
}

// ReadDirectory makes an archive of all that lies below dir. Symbolic links
// stay links, hard links become files of their own. Anything else but files and
// directories is an error.
func ReadDirectory(dir string, options ArchiveOptions) (*Archive, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a directory", dir)
	}
	b := &archiveBuilder{options: options}
	if err := b.add(0, "", dir, info); err != nil {
		return nil, err
	}
	// Breadth first, so that the children of a directory are consecutive.
	for i := 0; i < len(b.nodes); i++ {
		if b.nodes[i].Type == abi.ArchiveDirectory {
			if err := b.readDirectory(i); err != nil {
				return nil, err
			}
		}
	}
	return b.finish()
}

// readDirectory adds the children of node i, sorted by name (os.ReadDir).
func (b *archiveBuilder) readDirectory(i int) error {
	entries, err := os.ReadDir(b.paths[i])
	if err != nil {
		return err
	}
	n := &b.nodes[i]
	n.DataOffset, n.Size, n.Links = uint64(len(b.nodes)), uint64(len(entries)), uint32(len(entries))
	for _, entry := range entries {
		path := filepath.Join(b.paths[i], entry.Name())
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if err := b.add(uint64(i), entry.Name(), path, info); err != nil {
			return err
		}
	}
	b.paths[i] = ""
	return nil
}

// add adds one node.
func (b *archiveBuilder) add(parent uint64, name, path string, info fs.FileInfo) error {
	if len(name) > abi.ArchiveNameMax {
		return fmt.Errorf("%s: a name of %d bytes, at most %d", path, len(name), abi.ArchiveNameMax)
	}
	n := abi.ArchiveNode{
		Mode: uint16(info.Mode().Perm()), Links: 1, Parent: parent,
		NameOffset: uint64(len(b.names)), NameBytes: uint16(len(name)),
	}
	if t := info.ModTime().UnixNano(); t > 0 && !b.options.ZeroTimes {
		n.ModifiedNanos = uint64(t)
	}
	b.names = append(b.names, name...)
	switch info.Mode().Type() {
	case fs.ModeDir:
		n.Type = abi.ArchiveDirectory
	case 0:
		n.Type, n.Size = abi.ArchiveFile, uint64(info.Size())
	case fs.ModeSymlink:
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		if len(target) > abi.ArchiveLinkMax {
			return fmt.Errorf("%s: a symbolic link of %d bytes, at most %d", path, len(target), abi.ArchiveLinkMax)
		}
		n.Type, n.DataOffset, n.Size = abi.ArchiveSymlink, uint64(len(b.names)), uint64(len(target))
		b.names = append(b.names, target...)
	default:
		return fmt.Errorf("%s: is a %s; an image holds files, directories and symbolic links only", path, typeText(info.Mode()))
	}
	b.nodes = append(b.nodes, n)
	b.paths = append(b.paths, path)
	return nil
}

// typeText names the type of a special file.
func typeText(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "named pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	case m&fs.ModeDevice != 0:
		return "device"
	}
	return "special file"
}

// finish lays out nodes, names and files.
func (b *archiveBuilder) finish() (*Archive, error) {
	namesAt := abi.ArchiveHeaderBytes + uint64(len(b.nodes))*abi.ArchiveNodeBytes
	at := pageUp(namesAt + uint64(len(b.names)))
	a := &Archive{Nodes: uint64(len(b.nodes))}
	a.head = make([]byte, 0, namesAt+uint64(len(b.names)))
	a.head = abi.AppendArchiveHeader(a.head, a.Nodes)
	for i := range b.nodes {
		n := &b.nodes[i]
		n.NameOffset += namesAt
		switch n.Type {
		case abi.ArchiveSymlink:
			n.DataOffset += namesAt
		case abi.ArchiveFile:
			if n.Size > physicalMaxBytes {
				return nil, fmt.Errorf("%s: of %d bytes, an image holds at most %d", b.paths[i], n.Size, uint64(physicalMaxBytes))
			}
			n.DataOffset = at
			if n.Size > 0 {
				a.files = append(a.files, archiveFile{b.paths[i], at, n.Size})
				at = pageUp(at + n.Size)
			}
		}
		a.head = abi.AppendArchiveNode(a.head, n)
	}
	a.head = append(a.head, b.names...)
	a.Bytes = at
	return a, nil
}

// WriteTo writes the archive. A file that has changed its size since
// ReadDirectory is an error.
func (a *Archive) WriteTo(w io.Writer) (int64, error) {
	out := &offsetWriter{w: w}
	out.write(a.head)
	for i := range a.files {
		out.padTo(a.files[i].offset)
		if out.err == nil {
			n, err := a.files[i].copyTo(w)
			out.at, out.err = out.at+uint64(n), err
		}
	}
	out.padTo(a.Bytes)
	return int64(out.at), out.err
}

// copyTo writes the file's bytes.
func (f *archiveFile) copyTo(w io.Writer) (int64, error) {
	in, err := os.Open(f.path)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	n, err := io.CopyN(w, in, int64(f.size))
	if err != nil && !errors.Is(err, io.EOF) {
		return n, fmt.Errorf("copying %s: %w", f.path, err)
	}
	var more [1]byte
	if k, _ := in.Read(more[:]); k > 0 || uint64(n) < f.size {
		return n, fmt.Errorf("%s: changed its size while the image was written", f.path)
	}
	return n, nil
}
