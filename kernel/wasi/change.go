package wasi

import (
	"bytes"

	"mewz/kernel/vfs"
)

// The functions that give things names and take them away.

// targetMax bounds where a symbolic link leads, as Linux does (PATH_MAX with a zero byte).
const targetMax = 4095

// named is origin and a walk to the last name of the path, where nothing needs to be. The
// place is to be released.
func (s *System) named(fd, at, length uint32, right Rights) (vfs.Place, Errno) {
	o, errno := s.origin(fd, at, length, right)
	if errno != Success {
		return vfs.Place{}, errno
	}
	return o.name()
}

// existing is named for a function that takes away what is there: its parameters are a
// directory and a path.
func (s *System) existing(a *Args, right Rights) (vfs.Place, Errno) {
	place, errno := s.named(uint32(a[0]), uint32(a[1]), uint32(a[2]), right)
	if errno == Success && !place.Exists() {
		place.Release()
		errno = ENoEnt
	}
	return place, errno
}

// name walks to the last name of the path.
func (o *origin) name() (vfs.Place, Errno) {
	place, err := vfs.Resolve(o.directory.files, vfs.Walk{
		Base: o.directory.node, Path: o.path, Name: true, Rooted: o.directory.rooted,
	})
	return place, errnoOf(err)
}

// pathCreateDirectory is path_create_directory.
//
// Parameters: fd i32, the directory where path begins; path i32 and path_len
// i32.
//
// Errors: those of all functions that take a path, and
//   - EEXIST: path names something.
func (s *System) pathCreateDirectory(a *Args) Errno {
	place, errno := s.named(uint32(a[0]), uint32(a[1]), uint32(a[2]), RightPathCreateDirectory)
	if errno != Success {
		return errno
	}
	defer place.Release()
	if place.Exists() {
		return EExist
	}
	return errnoOf(place.System.MakeDirectory(place.Directory, place.Name))
}

// pathLink is path_link: another name for a file.
//
// Parameters: old_fd i32; old_flags i32, 1 to follow a symbolic link at the end
// of old_path, which gets the name itself otherwise; old_path i32 and old_path_len i32;
// new_fd i32; new_path i32 and new_path_len i32.
//
// Errors: those of all functions that take a path, and
//   - ENOENT: old_path names nothing, or new_path has a slash at its end.
//   - EEXIST: new_path names something.
//   - EPERM: old_path names a directory.
//   - EXDEV: the two are not of one file system.
//   - EMLINK: the file has as many names as it can have.
//   - ENOTCAPABLE: the right path_link_source or path_link_target was given up.
func (s *System) pathLink(a *Args) Errno {
	o, errno := s.origin(uint32(a[0]), uint32(a[2]), uint32(a[3]), RightPathLinkSource)
	if errno != Success {
		return errno
	}
	to, errno := s.origin(uint32(a[4]), uint32(a[5]), uint32(a[6]), RightPathLinkTarget)
	if errno != Success {
		return errno
	}
	old, errno := o.find(uint32(a[1]))
	if errno != Success {
		return errno
	}
	defer old.Release()
	place, errno := to.name()
	if errno != Success {
		return errno
	}
	defer place.Release()
	switch {
	case place.Exists():
		return EExist
	case place.Slash:
		return ENoEnt
	case o.directory.device != to.directory.device:
		return EXDev
	case old.Entry.Type == vfs.Directory:
		return EPerm
	}
	return errnoOf(place.System.MakeLink(old.Entry.Node, place.Directory, place.Name))
}

// pathRemoveDirectory is path_remove_directory.
//
// Parameters: fd i32, the directory where path begins; path i32 and path_len
// i32.
//
// Errors: those of all functions that take a path, and
//   - ENOENT: path names nothing.
//   - ENOTDIR: path names no directory; a symbolic link is none.
//   - EINVAL: path ends in a single dot.
//   - ENOTEMPTY: there is something in the directory, or path ends in two dots.
func (s *System) pathRemoveDirectory(a *Args) Errno {
	place, errno := s.existing(a, RightPathRemoveDirectory)
	if errno != Success {
		return errno
	}
	defer place.Release()
	switch {
	case place.Entry.Type != vfs.Directory:
		return ENotDir
	case place.Dots == 2:
		return ENotEmpty
	case len(place.Name) == 0:
		return EInval
	}
	return errnoOf(place.System.RemoveDirectory(place.Directory, place.Name))
}

// pathRename is path_rename: another name for what path names, at once. It replaces what has
// that name, if that is of the same kind and, as a directory, empty.
//
// Parameters: fd i32; old_path i32 and old_path_len i32; new_fd i32; new_path
// i32 and new_path_len i32.
//
// Errors: those of all functions that take a path, and
//   - ENOENT: old_path names nothing.
//   - EISDIR: new_path names a directory, old_path does not.
//   - ENOTDIR: old_path names a directory, new_path something else; or old_path names none and
//     one of the two has a slash at its end.
//   - ENOTEMPTY: new_path names a directory with something in it.
//   - EINVAL: new_path lies in the directory that old_path names.
//   - EBUSY: one of the two ends in dots.
//   - EXDEV: the two are not of one file system.
//   - ENOTCAPABLE: the right path_rename_source or path_rename_target was given up.
func (s *System) pathRename(a *Args) Errno {
	from, errno := s.origin(uint32(a[0]), uint32(a[1]), uint32(a[2]), RightPathRenameSource)
	if errno != Success {
		return errno
	}
	to, errno := s.origin(uint32(a[3]), uint32(a[4]), uint32(a[5]), RightPathRenameTarget)
	if errno != Success {
		return errno
	}
	old, errno := from.name()
	if errno != Success {
		return errno
	}
	defer old.Release()
	place, errno := to.name()
	if errno != Success {
		return errno
	}
	defer place.Release()
	return from.directory.rename(to.directory, &old, &place)
}

// rename renames what is at old in d to what place names in the directory to.
func (d *descriptor) rename(to *descriptor, old, place *vfs.Place) Errno {
	isDirectory := old.Entry.Type == vfs.Directory
	switch {
	case !old.Exists():
		return ENoEnt
	case d.device != to.device:
		return EXDev
	case len(old.Name) == 0 || len(place.Name) == 0:
		return EBusy
	case !isDirectory && place.Entry.Type == vfs.Directory:
		return EIsDir
	case !isDirectory && (old.Slash || place.Slash):
		return ENotDir
	case isDirectory && place.Exists() && place.Entry.Type != vfs.Directory:
		return ENotDir
	}
	return errnoOf(d.files.Rename(old.Directory, old.Name, place.Directory, place.Name))
}

// pathSymlink is path_symlink: a symbolic link.
//
// Parameters: old_path i32 and old_path_len i32, where it leads, which need not
// exist; fd i32, the directory where new_path begins; new_path i32 and new_path_len i32.
//
// Errors: those of all functions that take a path, of both, and
//   - ENOENT: new_path has a slash at its end; ENOTDIR where a file is.
//   - EEXIST: new_path names something.
//   - EPERM: old_path is absolute: no directory that a program finds is the root of all.
func (s *System) pathSymlink(a *Args) Errno {
	target, ok := s.Memory.slice(uint32(a[0]), uint32(a[1]))
	if !ok {
		return EFault
	}
	place, errno := s.named(uint32(a[2]), uint32(a[3]), uint32(a[4]), RightPathSymlink)
	if errno != Success {
		return errno
	}
	defer place.Release()
	switch {
	case len(target) == 0:
		return ENoEnt
	case len(target) > targetMax:
		return ENameTooLong
	case !isText(target):
		return EIlSeq
	case bytes.IndexByte(target, 0) >= 0:
		return EInval
	case target[0] == '/':
		return EPerm
	case place.Exists() && place.Slash && place.Entry.Type != vfs.Directory:
		return ENotDir
	case place.Exists():
		return EExist
	case place.Slash:
		return ENoEnt
	}
	return errnoOf(place.System.MakeSymlink(place.Directory, place.Name, target))
}

// pathUnlinkFile is path_unlink_file: takes the name of what is no directory. Who has the
// file open keeps it.
//
// Parameters: fd i32, the directory where path begins; path i32 and path_len
// i32.
//
// Errors: those of all functions that take a path, and
//   - ENOENT: path names nothing.
//   - EISDIR: path names a directory.
func (s *System) pathUnlinkFile(a *Args) Errno {
	place, errno := s.existing(a, RightPathUnlinkFile)
	if errno != Success {
		return errno
	}
	defer place.Release()
	switch {
	case place.Entry.Type == vfs.Directory:
		return EIsDir
	case place.Slash:
		return ENotDir
	}
	return errnoOf(place.System.Unlink(place.Directory, place.Name))
}
