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

// heldInline is how many directories deep a walk goes without allocating.
const heldInline = 32

// walker is a resolution under way. Its stack of rests is what is still to be
// walked: the path, and above it the links met on the way. Its stack of held
// directories is the way back for .., so that no file system is asked what lies
// above a directory: whatever is renamed meanwhile, a walk ends below its base.
type walker struct {
	system  FileSystem
	walk    Walk
	current NodeID // held, the base too
	links   int
	rests   [linkMax + 1][]byte
	depth   int // of rests: index of the topmost

	above   int // directories between base and current: base, ..., above current
	inline  [heldInline]NodeID
	further []NodeID // of above, from heldInline on
}

// Resolve walks a path and returns where it leads. A path with a slash at its
// end names a directory, unless walk.Name is set. Only the last name may be
// missing. A path that leaves Base is ErrEscape, even where it comes back, and so
// is an absolute one.
func Resolve(system FileSystem, walk Walk) (Place, error) {
	switch {
	case len(walk.Path) == 0:
		return Place{}, ErrNotFound
	case len(walk.Path) > pathMax:
		return Place{}, ErrNameTooLong
	case bytes.IndexByte(walk.Path, 0) >= 0:
		return Place{}, ErrInvalid
	case walk.Path[0] == '/':
		return Place{}, ErrEscape
	}
	w := walker{system: system, walk: walk, current: walk.Base}
	system.Hold(walk.Base)
	w.rests[0] = walk.Path
	place, err := w.run()
	w.leave()
	if err != nil {
		system.Release(w.current)
		return Place{}, err
	}
	place.System, place.Directory = system, w.current
	return place, nil
}

// run walks until the last name; the directory of the place is the current one.
func (w *walker) run() (Place, error) {
	for {
		name, final, slash := w.next()
		var place Place
		switch {
		case name == nil || len(name) == 1 && name[0] == '.':
			place = w.here(len(name), slash)
		case len(name) == 2 && name[0] == '.' && name[1] == '.':
			if w.above == 0 {
				return Place{}, ErrEscape
			}
			w.ascend()
			place = w.here(len(name), slash)
		case len(name) > nameMax:
			return Place{}, ErrNameTooLong
		default:
			var err error
			var done bool
			if place, done, err = w.step(name, final, slash); err != nil || done {
				return place, err
			}
			continue
		}
		if final {
			w.system.Hold(w.current)
			return place, nil
		}
	}
}

// here is the current directory as a place.
func (w *walker) here(dots int, slash bool) Place {
	return Place{Entry: Entry{w.current, Directory}, Dots: dots, Slash: slash}
}

// next takes the next name from the rests; nil if there is none. It is final when
// nothing is behind it but maybe slashes.
func (w *walker) next() (name []byte, final, slash bool) {
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
			slash = slash || len(w.rests[i]) != 0
			if len(bytes.TrimLeft(w.rests[i], "/")) != 0 {
				return rest[:end], false, true
			}
		}
		return rest[:end], true, slash
	}
	return nil, true, false
}

// step looks up a name in the current directory. At the end of the walk it is
// done, and the place holds what it found.
func (w *walker) step(name []byte, final, slash bool) (place Place, done bool, err error) {
	place = Place{Name: name, Slash: slash}
	place.Entry, err = w.system.Lookup(w.current, name)
	follow := w.walk.Follow || slash && !w.walk.Name
	switch {
	case err == ErrNotFound && final:
		place.Entry = Entry{}
		return place, true, nil
	case err != nil:
		return Place{}, false, err
	case place.Entry.Type == Symlink && (follow || !final):
		err = w.push(place.Entry.Node)
		w.system.Release(place.Entry.Node)
		return Place{}, false, err
	case final && (place.Entry.Type == Directory || !slash || w.walk.Name):
		return place, true, nil
	case place.Entry.Type != Directory:
		w.system.Release(place.Entry.Node)
		return Place{}, false, ErrNotDirectory
	}
	w.descend(place.Entry.Node)
	return Place{}, false, nil
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
	w.depth++
	w.rests[w.depth] = bytes.Clone(target) // the file system's own for one call only
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
