package vfs

// Generated is a file in /etc that is made when it is looked at.
type Generated struct {
	Name string
	// Content returns what is in it now, in memory that stays as it is.
	Content func() []byte
}

// Nodes of a layer. Those of a file system below are indices and stay below.
const (
	layerRoot NodeID = 1<<63 + iota
	layerEtc
	layerFiles // the first of the generated files
)

// layer shows generated files in /etc above what another file system has.
type layer struct {
	lower       FileSystem // nil: nothing
	root, etc   NodeID     // of lower, where it has them
	rootEntries uint64     // of lower
	etcEntries  uint64
	files       []Generated // that lower has not
	contents    [][]byte    // of files, as they were last looked at
}

// WithEtc returns a file system that shows files in /etc, where lower has none of
// their names. lower may be nil, and does not change. An /etc in lower that is no
// directory stays what it is.
//
// The content of a file is made when it is asked for its attributes or for its
// beginning, so that a program that reads on sees one and the same.
func WithEtc(lower FileSystem, files []Generated) (FileSystem, error) {
	l := &layer{lower: lower, root: layerRoot, etc: layerEtc}
	if lower != nil {
		l.root = lower.Root()
		var err error
		if l.rootEntries, err = countEntries(lower, l.root); err != nil {
			return nil, err
		}
		switch entry, err := lower.Lookup(l.root, []byte("etc")); {
		case err == ErrNotFound:
		case err != nil:
			return nil, err
		case entry.Type != Directory:
			return lower, nil
		default:
			l.etc = entry.Node
			if l.etcEntries, err = countEntries(lower, l.etc); err != nil {
				return nil, err
			}
		}
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

// countEntries counts the entries of a directory.
func countEntries(system FileSystem, directory NodeID) (n uint64, err error) {
	for {
		switch _, err := system.Entry(directory, n); err {
		case nil:
			n++
		case ErrNotFound:
			return n, nil
		default:
			return n, err
		}
	}
}

func (l *layer) Root() NodeID { return l.root }

// file returns the index of a generated file.
func (l *layer) file(node NodeID) (i int, ok bool) {
	if node < layerFiles || node-layerFiles >= NodeID(len(l.files)) {
		return 0, false
	}
	return int(node - layerFiles), true
}

func (l *layer) entryOf(i int) Entry {
	return Entry{Node: layerFiles + NodeID(i), Type: File, Name: []byte(l.files[i].Name)}
}

// etcEntry is the entry of an /etc that lower has not.
func (l *layer) etcEntry() Entry { return Entry{Node: layerEtc, Type: Directory, Name: []byte("etc")} }

// refresh makes the content of a file anew.
func (l *layer) refresh(i int) []byte {
	l.contents[i] = l.files[i].Content()
	return l.contents[i]
}

func (l *layer) Attributes(node NodeID) (Attributes, error) {
	const directoryLinks = 2 // . and the name; entries below are files, or one directory
	switch i, ok := l.file(node); {
	case ok:
		return Attributes{Node: node, Type: File, Links: 1, Size: uint64(len(l.refresh(i)))}, nil
	case node == layerEtc:
		return Attributes{Node: node, Type: Directory, Links: directoryLinks, Size: uint64(len(l.files))}, nil
	case node == layerRoot:
		return Attributes{Node: node, Type: Directory, Links: directoryLinks + 1, Size: 1}, nil
	case l.lower == nil:
		return Attributes{}, ErrNotFound
	}
	a, err := l.lower.Attributes(node)
	switch {
	case err != nil:
		return a, err
	case node == l.etc:
		a.Size += uint64(len(l.files))
	case node == l.root && l.etc == layerEtc:
		a.Size, a.Links = a.Size+1, a.Links+1
	}
	return a, nil
}

func (l *layer) Lookup(directory NodeID, name []byte) (Entry, error) {
	if directory == l.etc {
		for i := range l.files {
			if l.files[i].Name == string(name) {
				return l.entryOf(i), nil
			}
		}
	}
	if directory == l.root && l.etc == layerEtc && string(name) == "etc" {
		return l.etcEntry(), nil
	}
	if err := l.onlyBelow(directory); err != nil {
		return Entry{}, err
	}
	return l.lower.Lookup(directory, name)
}

// onlyBelow says what a directory is that lower does not know.
func (l *layer) onlyBelow(directory NodeID) error {
	if _, isFile := l.file(directory); isFile {
		return ErrNotDirectory
	}
	if l.lower == nil || directory >= layerRoot {
		return ErrNotFound
	}
	return nil
}

func (l *layer) Parent(directory NodeID) (NodeID, error) {
	if directory == layerRoot || directory == layerEtc {
		return l.root, nil
	}
	if err := l.onlyBelow(directory); err != nil {
		return 0, err
	}
	return l.lower.Parent(directory)
}

// Entry lists what lower has before what it has not.
func (l *layer) Entry(directory NodeID, index uint64) (Entry, error) {
	switch {
	case directory == l.root && l.etc == layerEtc && index == l.rootEntries:
		return l.etcEntry(), nil
	case directory == l.etc && index >= l.etcEntries:
		if i := index - l.etcEntries; i < uint64(len(l.files)) {
			return l.entryOf(int(i)), nil
		}
		return Entry{}, ErrNotFound
	}
	if err := l.onlyBelow(directory); err != nil {
		return Entry{}, err
	}
	return l.lower.Entry(directory, index)
}

func (l *layer) Link(node NodeID) ([]byte, error) {
	switch {
	case node >= layerRoot:
		return nil, ErrNotLink
	case l.lower == nil:
		return nil, ErrNotFound
	}
	return l.lower.Link(node)
}

func (l *layer) Bytes(node NodeID, offset, most uint64) ([]byte, error) {
	if node < layerRoot && l.lower != nil {
		return l.lower.Bytes(node, offset, most)
	}
	i, ok := l.file(node)
	switch {
	case node == layerRoot || node == layerEtc:
		return nil, ErrDirectory
	case !ok:
		return nil, ErrNotFound
	}
	data := l.contents[i]
	if offset == 0 || data == nil {
		data = l.refresh(i)
	}
	if offset >= uint64(len(data)) {
		return nil, nil
	}
	data = data[offset:]
	return data[:min(most, uint64(len(data)))], nil
}
