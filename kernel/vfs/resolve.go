package vfs

import "bytes"

// Bounds of a path, those of Linux.
const (
	pathMax = 4096 // PATH_MAX: bytes in a path
	nameMax = 255  // NAME_MAX: bytes in one name
	linkMax = 40   // symbolic links followed in one resolution (path_resolution(7))
)

// Walk is a request to resolve a path.
type Walk struct {
	Base   NodeID // directory that the path starts in and does not leave
	Path   []byte
	Follow bool // a symbolic link at the end stands for what it leads to
}

// walker is a resolution under way. Its stack of rests is what is still to be
// walked: the path, and above it the links met on the way.
type walker struct {
	system  FileSystem
	base    NodeID
	current NodeID
	links   int
	rests   [linkMax + 1][]byte
	depth   int
}

// Resolve walks a path and returns what it names. A path with a slash at its
// end names a directory. A path that leaves Base is ErrEscape, even where it
// comes back; an absolute one does unless it is in a link and Base is the root.
func Resolve(system FileSystem, walk Walk) (Entry, error) {
	switch {
	case len(walk.Path) == 0:
		return Entry{}, ErrNotFound
	case len(walk.Path) > pathMax:
		return Entry{}, ErrNameTooLong
	case bytes.IndexByte(walk.Path, 0) >= 0:
		return Entry{}, ErrInvalid
	case walk.Path[0] == '/':
		return Entry{}, ErrEscape
	}
	w := walker{system: system, base: walk.Base, current: walk.Base}
	w.rests[0] = walk.Path
	return w.run(walk.Follow)
}

// run walks until nothing is left.
func (w *walker) run(follow bool) (Entry, error) {
	last := Entry{Node: w.base, Type: Directory}
	for {
		name, final := w.next()
		if name == nil {
			return last, nil
		}
		entry, err := w.step(name)
		if err != nil {
			return Entry{}, err
		}
		switch {
		case entry.Type == Directory:
			w.current, last = entry.Node, entry
		case entry.Type == Symlink && (follow || !final):
			if err := w.push(entry.Node); err != nil {
				return Entry{}, err
			}
			last = Entry{Node: w.current, Type: Directory}
		case !final:
			return Entry{}, ErrNotDirectory
		default:
			return entry, nil
		}
	}
}

// next takes the next name from the rests. It is final when nothing is behind
// it, not even a slash: what it names need not be a directory then.
func (w *walker) next() (name []byte, final bool) {
	for w.depth >= 0 {
		rest := bytes.TrimLeft(w.rests[w.depth], "/")
		if len(rest) == 0 {
			w.depth--
			continue
		}
		end := bytes.IndexByte(rest, '/')
		if end < 0 {
			end = len(rest)
		}
		w.rests[w.depth] = rest[end:]
		for i := w.depth; i >= 0; i-- {
			if len(w.rests[i]) != 0 {
				return rest[:end], false
			}
		}
		return rest[:end], true
	}
	return nil, false
}

// step looks up one name in the current directory.
func (w *walker) step(name []byte) (Entry, error) {
	switch {
	case len(name) == 1 && name[0] == '.':
		return Entry{Node: w.current, Type: Directory}, nil
	case len(name) == 2 && name[0] == '.' && name[1] == '.':
		if w.current == w.base {
			return Entry{}, ErrEscape
		}
		parent, err := w.system.Parent(w.current)
		return Entry{Node: parent, Type: Directory}, err
	case len(name) > nameMax:
		return Entry{}, ErrNameTooLong
	}
	return w.system.Lookup(w.current, name)
}

// push makes the target of a link what is walked next. What follows the link
// stays below it.
func (w *walker) push(link NodeID) error {
	target, err := w.system.Link(link)
	if err != nil {
		return err
	}
	w.links++
	if w.links > linkMax {
		return ErrLoop
	}
	switch {
	case len(target) == 0:
		return ErrNotFound
	case target[0] == '/':
		if w.base != w.system.Root() {
			return ErrEscape
		}
		w.current = w.base
	}
	w.depth++
	w.rests[w.depth] = target
	return nil
}
