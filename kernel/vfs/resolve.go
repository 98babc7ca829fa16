package vfs

import "bytes"

// Bounds of a path, those of Linux.
const (
	pathMax = 4096 // PATH_MAX: bytes in a path, and in the target of a link
	nameMax = 255  // NAME_MAX: bytes in one name
	linkMax = 40   // symbolic links followed in one resolution (path_resolution(7))
)

// Walk is a request to resolve a path.
type Walk struct {
	Base NodeID // directory that the path starts in and does not leave; the caller holds it
	Path []byte
	// Follow says that a symbolic link at the end stands for what it leads to.
	Follow bool
	// Name says that the last name itself is meant, as whoever gives or takes it
	// away does (mkdir, unlink, rename): a slash behind it neither has a link
	// followed nor asks for a directory; Place.Slash tells of it.
	Name bool
	// Create says that a file will be made where nothing is: a name with a slash behind
	// it, in the path or in a link, is ErrDirectory then, whatever is there.
	Create bool
	// Rooted says that Base is what the program sees as /: absolute links begin
	// there. Otherwise they leave it.
	Rooted bool
}

// Place is where a path leads: a name in a directory, and what has that name, if
// anything. References to both are held until Release.
type Place struct {
	System    FileSystem
	Directory NodeID
	// Name is the last name, valid for as long as Walk.Path. It is empty where the
	// path ends in . or .., or names Base itself; then Entry is Directory.
	Name []byte
	// Dots is 1 where the path ends in . and 2 where it ends in ..
	Dots int
	// Entry is what is there; its Type is 0 if that is nothing.
	Entry Entry
	// Slash says that a slash is behind the last name.
	Slash bool
}

// Exists reports whether something has the name.
func (p *Place) Exists() bool { return p.Entry.Type != 0 }

// Release gives the references back; a second one does nothing. Who keeps the
// node takes a reference of its own first (Hold).
func (p *Place) Release() {
	if p.System == nil {
		return
	}
	if p.Exists() {
		p.System.Release(p.Entry.Node)
	}
	p.System.Release(p.Directory)
	*p = Place{}
}

// heldInline is how many directories deep a walk goes without allocating. The walker is
// cleared for each walk, which costs as much as it is long.
const heldInline = 16

// walker is a resolution under way. Its rest is what is still to be walked of the path
// or of the last link met on the way, and below that what is walked then. Its stack of held
// directories is the way back for .., so that no file system is asked what lies
// above a directory: whatever is renamed meanwhile, a walk ends below its base.
type walker struct {
	system  FileSystem
	walk    Walk
	current NodeID // held, the base too
	links   int
	rest    []byte
	below   [][]byte // what is left of the path and of links before, the next one last

	above   int // directories between base and current: base, ..., above current
	inline  [heldInline]NodeID
	further []NodeID // of above, from heldInline on
}

// Resolve walks a path and returns where it leads. A path with a slash at its
// end names a directory, unless walk.Name is set. Only the last name may be
// missing. A path that leaves Base is ErrEscape, even where it comes back, and so
// is an absolute one.
func Resolve(system FileSystem, walk Walk) (place Place, err error) {
	switch {
	case len(walk.Path) == 0:
		return place, ErrNotFound
	case len(walk.Path) > pathMax:
		return place, ErrNameTooLong
	case bytes.IndexByte(walk.Path, 0) >= 0:
		return place, ErrInvalid
	case walk.Path[0] == '/':
		return place, ErrEscape
	}
	var w walker // field by field: a literal would be made elsewhere and copied
	w.system, w.walk, w.current, w.rest = system, walk, walk.Base, walk.Path
	system.Hold(walk.Base)
	err = w.run(&place)
	w.leave()
	if err != nil {
		system.Release(w.current)
		return Place{}, err
	}
	place.System, place.Directory = system, w.current
	return place, nil
}

// run walks until the last name; the directory of the place is the current one.
func (w *walker) run(place *Place) error {
	for {
		name, final, slash := w.next()
		switch {
		case len(name) == 2 && name[0] == '.' && name[1] == '.':
			if w.above == 0 {
				return ErrEscape
			}
			w.ascend()
		case len(name) > nameMax:
			return ErrNameTooLong
		case len(name) > 1 || len(name) == 1 && name[0] != '.':
			if done, err := w.step(place, name, final, slash); err != nil || done {
				return err
			}
			continue
		}
		if final { // in the current directory
			w.system.Hold(w.current)
			place.Entry, place.Dots, place.Slash = Entry{w.current, Directory}, len(name), slash
			return nil
		}
	}
}

// next takes the next name from the rests; nil if there is none. It is final when
// nothing is behind it but maybe slashes.
func (w *walker) next() (name []byte, final, slash bool) {
	rest := withoutSlashes(w.rest)
	for len(rest) == 0 {
		last := len(w.below) - 1
		if last < 0 {
			return nil, true, false
		}
		rest = withoutSlashes(w.below[last])
		w.below = w.below[:last]
	}
	end := bytes.IndexByte(rest, '/')
	if end < 0 {
		end = len(rest)
	}
	name, w.rest = rest[:end], rest[end:]
	final, slash = len(withoutSlashes(w.rest)) == 0, len(w.rest) != 0
	for _, rest := range w.below {
		final, slash = final && len(withoutSlashes(rest)) == 0, slash || len(rest) != 0
	}
	return name, final, slash || !final
}

func withoutSlashes(path []byte) []byte {
	for len(path) != 0 && path[0] == '/' {
		path = path[1:]
	}
	return path
}

// step looks up a name in the current directory. At the end of the walk it is
// done, and the place holds what it found.
func (w *walker) step(place *Place, name []byte, final, slash bool) (done bool, err error) {
	if final && slash && w.walk.Create {
		return false, ErrDirectory
	}
	entry, err := w.system.Lookup(w.current, name)
	follow := w.walk.Follow || slash && !w.walk.Name
	switch {
	case err != nil && final && err == ErrNotFound:
		place.Name, place.Slash = name, slash
		return true, nil
	case err != nil:
		return false, err
	case entry.Type == Symlink && (follow || !final):
		err = w.push(entry.Node)
		w.system.Release(entry.Node)
		return false, err
	case final && (entry.Type == Directory || !slash || w.walk.Name):
		place.Name, place.Slash, place.Entry = name, slash, entry
		return true, nil
	case entry.Type != Directory:
		w.system.Release(entry.Node)
		return false, ErrNotDirectory
	}
	w.descend(entry.Node)
	return false, nil
}

// push makes the target of a link what is walked next. What follows the link
// stays below it.
func (w *walker) push(link NodeID) error {
	target, err := w.system.ReadLink(link)
	if err != nil {
		return err
	}
	w.links++
	switch {
	case w.links > linkMax:
		return ErrLoop
	case len(target) == 0:
		return ErrNotFound
	case len(target) > pathMax:
		return ErrNameTooLong
	case bytes.IndexByte(target, 0) >= 0:
		return ErrDamaged
	case target[0] == '/':
		if !w.walk.Rooted {
			return ErrEscape
		}
		for w.above > 0 {
			w.ascend()
		}
	}
	w.below = append(w.below, w.rest)
	w.rest = bytes.Clone(target) // the file system's own for one call only
	return nil
}

// descend goes into a directory that is held, and keeps the current one.
func (w *walker) descend(directory NodeID) {
	if w.above < heldInline {
		w.inline[w.above] = w.current
	} else {
		w.further = append(w.further, w.current)
	}
	w.above++
	w.current = directory
}

// ascend goes back to the directory that the walk came from.
func (w *walker) ascend() {
	w.system.Release(w.current)
	w.current = w.pop()
}

// pop takes the topmost directory from those above.
func (w *walker) pop() NodeID {
	w.above--
	if w.above < heldInline {
		return w.inline[w.above]
	}
	last := w.further[len(w.further)-1]
	w.further = w.further[:len(w.further)-1]
	return last
}

// leave gives back all directories but the current one.
func (w *walker) leave() {
	for w.above > 0 {
		w.system.Release(w.pop())
	}
}
