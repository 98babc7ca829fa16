package vfs

import (
	"mewz/abi"
	"mewz/kernel/device"
)

// Generated is a file in /etc that is made when it is looked at.
type Generated struct {
	Name string
	// Content returns what is in it now, in memory that stays as it is.
	Content func() []byte
}

// Nodes of a layer. Those of the archive below are indices and stay below.
const (
	layerEtc   NodeID = 1<<63 + iota
	layerFiles        // the first of the generated files
)

// layer shows generated files in /etc above what an archive has. As there, a
// handle is a node and nothing is counted.
type layer struct {
	readOnly
	*Archive
	etc      NodeID      // where the files are: of the archive or layerEtc
	files    []Generated // that the archive has not
	contents [][]byte    // of files, as they were last looked at
}

// WithEtc returns a file system that shows files in /etc, where lower has none of
// their names. lower may be nil, and does not change. An /etc in lower that is no
// directory stays what it is.
//
// The content of a file is made when it is asked for its attributes or for its
// beginning, so that a program that reads on sees one and the same.
func WithEtc(lower *Archive, files []Generated) (FileSystem, error) {
	if lower == nil {
		root := abi.ArchiveNode{Type: abi.ArchiveDirectory, NameOffset: abi.ArchiveHeaderBytes}
		var err error
		if lower, err = OpenArchive(abi.AppendArchiveNode(abi.AppendArchiveHeader(nil, 1), &root)); err != nil {
			return nil, err
		}
	}
	l := &layer{Archive: lower, etc: layerEtc}
	l.readOnly.self = l
	switch entry, err := lower.Lookup(lower.Root(), []byte("etc")); {
	case err == ErrNotFound:
	case err != nil:
		return nil, err
	case entry.Type != Directory:
		return lower, nil
	default:
		l.etc = entry.Node
	}
	for _, file := range files {
		if l.etc != layerEtc {
			if _, err := lower.Lookup(l.etc, []byte(file.Name)); err == nil {
				continue
			} else if err != ErrNotFound {
				return nil, err
			}
		}
		l.files = append(l.files, file)
	}
	l.contents = make([][]byte, len(l.files))
	return l, nil
}

// file returns the index of a generated file.
func (l *layer) file(node NodeID) (i int, ok bool) {
	if node < layerFiles || node-layerFiles >= NodeID(len(l.files)) {
		return 0, false
	}
	return int(node - layerFiles), true
}

// refresh makes the content of a file anew.
func (l *layer) refresh(i int) []byte {
	l.contents[i] = l.files[i].Content()
	return l.contents[i]
}

func (l *layer) Attributes(node NodeID) (Attributes, error) {
	switch i, ok := l.file(node); {
	case ok:
		return Attributes{Serial: serialOf(node), Type: File, Links: 1, Size: uint64(len(l.refresh(i)))}, nil
	case node == layerEtc:
		return Attributes{Serial: serialOf(node), Type: Directory, Links: 1, Size: uint64(len(l.files))}, nil
	}
	a, err := l.Archive.Attributes(node)
	switch {
	case err != nil:
	case node == l.etc:
		a.Size += uint64(len(l.files))
	case node == l.Root() && l.etc == layerEtc:
		a.Size++
	}
	return a, err
}

func (l *layer) Lookup(directory NodeID, name []byte) (Entry, error) {
	if directory == l.etc {
		for i := range l.files {
			if l.files[i].Name == string(name) {
				return Entry{Node: layerFiles + NodeID(i), Type: File}, nil
			}
		}
	}
	switch _, isFile := l.file(directory); {
	case isFile:
		return Entry{}, ErrNotDirectory
	case directory == layerEtc:
		return Entry{}, ErrNotFound
	case directory == l.Root() && l.etc == layerEtc && string(name) == "etc":
		return Entry{Node: layerEtc, Type: Directory}, nil
	}
	return l.Archive.Lookup(directory, name)
}

// List visits what the archive has before what it has not.
func (l *layer) List(h Handle, cookie uint64, visit func(e *DirectoryEntry) bool) error {
	node := NodeID(h)
	if _, isFile := l.file(node); isFile {
		return ErrNotDirectory
	}
	next, more := cookie, true
	if node == layerEtc {
		more = listDots(&l.visited, cookie, serialOf(node), serialOf(l.Root()), visit)
		next = max(cookie, dotEntries)
	} else if err := l.Archive.List(h, cookie, func(e *DirectoryEntry) bool {
		next, more = e.Next, visit(e)
		return more
	}); err != nil {
		return err
	}
	if !more {
		return nil
	}
	first := uint64(dotEntries) // cookie of the first that the archive has not
	if node != layerEtc {
		n, err := l.directory(node)
		if err != nil {
			return err
		}
		first += n.Size
	}
	switch {
	case node == l.etc:
		for i := next - first; i < uint64(len(l.files)); i++ {
			serial := serialOf(layerFiles + NodeID(i))
			l.visited = DirectoryEntry{Serial: serial, Type: File, Name: []byte(l.files[i].Name), Next: first + i + 1}
			if !visit(&l.visited) {
				break
			}
		}
	case node == l.Root() && l.etc == layerEtc && next == first:
		l.visited = DirectoryEntry{Serial: serialOf(layerEtc), Type: Directory, Name: []byte("etc"), Next: first + 1}
		visit(&l.visited)
	}
	return nil
}

func (l *layer) ReadLink(node NodeID) ([]byte, error) {
	if _, isFile := l.file(node); isFile || node == layerEtc {
		return nil, ErrNotLink
	}
	return l.Archive.ReadLink(node)
}

func (l *layer) Open(node NodeID, mode Mode) (Handle, error) {
	if _, isFile := l.file(node); isFile {
		return Handle(node), openError(File, mode)
	}
	if node == layerEtc {
		return Handle(node), openError(Directory, mode)
	}
	return l.Archive.Open(node, mode)
}

func (l *layer) Read(h Handle, into [][]byte, offset uint64) (int, error) {
	i, isFile := l.file(NodeID(h))
	if NodeID(h) == layerEtc {
		return 0, ErrDirectory
	}
	if !isFile {
		return l.Archive.Read(h, into, offset)
	}
	data := l.contents[i]
	if offset == 0 || data == nil {
		data = l.refresh(i)
	}
	data = data[min(offset, uint64(len(data))):]
	return scatter(device.Copier{}, into, data), nil
}
