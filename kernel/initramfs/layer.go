package initramfs

import (
	"errors"
	"time"

	"mewz/kernel/vfs"
)

// HasFiles says whether an archive has something else than settings.
func HasFiles(archive []byte) (has bool, err error) {
	err = entries(archive, isFile, func(*Entry) error { has = true; return nil })
	return has, err
}

// Layer puts what is in an archive besides settings into a file system, in the place of
// what has the same names.
func Layer(files vfs.FileSystem, archive []byte) error {
	l := layer{files: files, nodes: map[uint64]vfs.NodeID{}}
	defer l.release()
	return entries(archive, isFile, l.add)
}

var errEntryType = errors.New("neither a file nor a directory nor a symbolic link")

// layer puts entries into a file system.
type layer struct {
	files vfs.FileSystem
	nodes map[uint64]vfs.NodeID // of files with several names; references
}

func (l *layer) release() {
	for _, node := range l.nodes {
		l.files.Release(node)
	}
}

// add puts one entry in the place of what has its name.
func (l *layer) add(e *Entry) error {
	if err := l.makeParents(e.Name); err != nil {
		return err
	}
	place, err := vfs.Resolve(l.files, vfs.Walk{Base: l.files.Root(), Path: []byte(e.Name), Name: true, Rooted: true})
	if err != nil {
		return err
	}
	defer place.Release()
	if place.Exists() && (e.Type != Directory || place.Entry.Type != vfs.Directory) {
		if err := l.files.Unlink(place.Directory, place.Name); err != nil {
			return err
		}
	}
	switch e.Type {
	case Directory:
		if place.Exists() && place.Entry.Type == vfs.Directory {
			return nil
		}
		return l.files.MakeDirectory(place.Directory, place.Name)
	case Symlink:
		return l.files.MakeSymlink(place.Directory, place.Name, e.Data)
	case File:
		return l.addFile(&place, e)
	}
	return errEntryType
}

// makeParents makes the directories above a name that are not there.
func (l *layer) makeParents(name string) error {
	for i := range len(name) {
		if name[i] != '/' {
			continue
		}
		place, err := vfs.Resolve(l.files, vfs.Walk{Base: l.files.Root(), Path: []byte(name[:i]), Follow: true, Rooted: true})
		if err != nil {
			return err
		}
		if !place.Exists() {
			err = l.files.MakeDirectory(place.Directory, place.Name)
		}
		place.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// addFile makes a file. One with several names comes once for each of them, with its
// content at one.
func (l *layer) addFile(place *vfs.Place, e *Entry) error {
	if node, ok := l.nodes[e.Serial]; ok && e.Links > 1 {
		if err := l.files.MakeLink(node, place.Directory, place.Name); err != nil || len(e.Data) == 0 {
			return err
		}
		h, err := l.files.Open(node, vfs.ModeWrite|vfs.ModeTruncate)
		if err != nil {
			return err
		}
		return l.fill(node, h, e)
	}
	made, h, err := l.files.Create(place.Directory, place.Name, vfs.ModeWrite)
	if err != nil {
		return err
	}
	if e.Links > 1 {
		l.nodes[e.Serial] = made.Node
	} else {
		defer l.files.Release(made.Node)
	}
	return l.fill(made.Node, h, e)
}

// fill writes the content of a file and closes it.
func (l *layer) fill(node vfs.NodeID, h vfs.Handle, e *Entry) error {
	for offset := 0; offset < len(e.Data); {
		n, err := l.files.Write(h, [][]byte{e.Data[offset:]}, uint64(offset))
		if err == nil && n == 0 {
			err = vfs.ErrNoSpace
		}
		if err != nil {
			return errors.Join(err, l.files.Close(h))
		}
		offset += n
	}
	if err := l.files.Close(h); err != nil {
		return err
	}
	nanos := uint64(e.Seconds) * uint64(time.Second)
	return l.files.SetAttributes(node, vfs.Change{
		Accessed: vfs.TimeSet, AccessedNanos: nanos, Modified: vfs.TimeSet, ModifiedNanos: nanos,
	})
}
