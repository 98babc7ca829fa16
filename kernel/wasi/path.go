package wasi

import (
	"unicode/utf8"

	"mewz/kernel/vfs"
)

// Errors of all functions that take a path, besides their own:
//
//   - EBADF: the descriptor is not open.
//   - ENOTDIR: the descriptor is no directory, something on the way is none, or a slash is
//     behind the name of what is none.
//   - EFAULT: the path lies outside of memory.
//   - EILSEQ: the path is no UTF-8.
//   - EINVAL: a zero byte in the path, or a flag that does not exist.
//   - ENOENT: the path is empty, or a directory on the way is missing.
//   - EPERM: the path is absolute or leaves the directory, also by a symbolic link.
//   - ELOOP: more than 40 symbolic links.
//   - ENAMETOOLONG: the path has more than 4096 bytes or a name more than 255.
//   - ENOTCAPABLE: the right of the function's name was given up.
//   - what else the file system says: EROFS for a change where nothing can be changed,
//     ENOSPC and EDQUOT where there is no room, EACCES and EPERM where a host forbids it,
//     EIO where it is damaged or gone.

// origin is a directory and a path from there.
type origin struct {
	directory *descriptor
	path      []byte
}

// origin checks descriptor and path of a function that needs rights.
func (s *System) origin(fd, at, length uint32, rights Rights) (origin, Errno) {
	d, errno := s.directory(fd, rights)
	if errno != Success {
		return origin{}, errno
	}
	path, ok := s.Memory.slice(at, length)
	switch {
	case !ok:
		return origin{}, EFault
	case !isText(path):
		return origin{}, EIlSeq
	}
	return origin{d, path}, Success
}

// isText is utf8.Valid for what is nearly always ASCII and short.
func isText(path []byte) bool {
	for _, c := range path {
		if c >= utf8.RuneSelf {
			return utf8.Valid(path)
		}
	}
	return true
}

// resolve walks the path. The place is to be released.
func (o *origin) resolve(follow bool) (vfs.Place, error) {
	return vfs.Resolve(o.directory.files, o.walk(follow))
}

func (o *origin) walk(follow bool) vfs.Walk {
	return vfs.Walk{Base: o.directory.node, Path: o.path, Follow: follow, Rooted: o.directory.rooted}
}

// find walks the path to something that exists. The place is to be released.
func (o *origin) find(lookup uint32) (vfs.Place, Errno) {
	if lookup&^lookupFollow != 0 {
		return vfs.Place{}, EInval
	}
	place, err := o.resolve(lookup&lookupFollow != 0)
	switch {
	case err != nil:
		return place, errnoOf(err)
	case !place.Exists():
		place.Release()
		return place, ENoEnt
	}
	return place, Success
}

// opening is the parameters of path_open that say how.
type opening struct {
	flags            OpenFlags
	fdFlags          FDFlags
	base, inheriting Rights
}

// exclusive reports that the file must not exist, not even as a link.
func (o *opening) exclusive() bool {
	const exclusive = OpenCreate | OpenExclusive
	return o.flags&exclusive == exclusive
}

// mode is how the file system opens a file. A program that asks for no access gets a file
// that it can look at.
func (o *opening) mode() (m vfs.Mode) {
	if o.base&RightFDRead != 0 {
		m |= vfs.ModeRead
	}
	if o.base&RightFDWrite != 0 {
		m |= vfs.ModeWrite | syncMode(o.fdFlags)
	}
	if o.flags&OpenTruncate != 0 {
		m |= vfs.ModeWrite | vfs.ModeTruncate
	}
	if m == 0 {
		m = vfs.ModeRead
	}
	return m
}

// needed is the rights that the directory must have.
func (o *opening) needed() Rights {
	rights := RightPathOpen
	if o.flags&OpenCreate != 0 {
		rights |= RightPathCreateFile
	}
	if o.flags&OpenTruncate != 0 {
		rights |= RightPathFilestatSetSize
	}
	return rights
}

// createTries is how often a file is looked for that another computer makes and removes
// all the time, on a directory of the host.
const createTries = 4

// pathOpen is path_open: opens a file or directory, or makes a file.
//
// Parameters: fd i32, the directory where path begins; dirflags i32, 1 to follow
// a symbolic link at its end; path i32 and path_len i32; oflags i32;
// fs_rights_base i64 and fs_rights_inheriting i64, the rights wanted; fdflags
// i32; result.fd i32, where the new descriptor goes (u32): the lowest that is free. Rights
// are what decisions/0016 says: of fd_read and fd_write what was asked for, of the others
// all that the type supports, of each only what fd hands on.
//
// Errors: those of all functions that take a path, and
//   - EFAULT: the result lies outside of memory.
//   - EINVAL: O_CREAT with O_DIRECTORY.
//   - ENOENT: path names nothing, and there is no O_CREAT.
//   - ENOTDIR: O_DIRECTORY, and path names something else.
//   - EISDIR: path names a directory and is to be written, truncated or made; or O_CREAT, and
//     a slash is at its end, or at that of a link that is followed there.
//   - EEXIST: O_CREAT with O_EXCL, and path names something, be it a link to nothing.
//   - ELOOP: a symbolic link at the end of path is not to be followed.
//   - ENOTSUP: path names what can not be opened here: a device, a pipe or socket of a host.
//   - EMFILE: 65,536 descriptors are open.
//   - ENOTCAPABLE: the right path_open was given up; or path_create_file and there is
//     O_CREAT, path_filestat_set_size and there is O_TRUNC, fd_datasync or fd_sync and fdflags
//     have writes wait; or fd does not hand on the right to read or write that is wanted.
func (s *System) pathOpen(a *Args) Errno {
	lookup, oflags, fdFlags := uint32(a[1]), uint32(a[4]), uint32(a[7])
	how := opening{OpenFlags(oflags), FDFlags(fdFlags), Rights(a[5]), Rights(a[6])}
	o, errno := s.origin(uint32(a[0]), uint32(a[2]), uint32(a[3]), how.needed())
	if errno != Success {
		return errno
	}
	result := uint32(a[8])
	const impossible = OpenCreate | OpenDirectory
	switch {
	case !s.Memory.has(result, 4):
		return EFault
	case lookup&^lookupFollow != 0 || oflags&^uint32(allOpenFlags) != 0 || fdFlags&^uint32(allFlags) != 0 ||
		how.flags&impossible == impossible:
		return EInval
	case !o.directory.base.allow(how.fdFlags):
		return ENotCapable
	case s.descriptors.full():
		return EMFile
	}
	walk := o.walk(lookup&lookupFollow != 0 && !how.exclusive())
	walk.Create = how.flags&OpenCreate != 0
	for try := 1; ; try++ {
		place, err := vfs.Resolve(o.directory.files, walk)
		if err != nil {
			return errnoOf(err)
		}
		missing := !place.Exists()
		fd, errno := s.open(&o, &place, &how)
		place.Release()
		if errno == EExist && missing && !how.exclusive() && try < createTries {
			continue // somebody else has made it meanwhile
		}
		if errno == Success {
			s.Memory.putUint32(result, fd)
		}
		return errno
	}
}

// open opens what is at a place, or makes it.
func (s *System) open(o *origin, place *vfs.Place, how *opening) (fd uint32, errno Errno) {
	const changes = OpenCreate | OpenTruncate
	change := how.base&RightFDWrite != 0 || how.flags&changes != 0
	switch kind := place.Entry.Type; {
	case !place.Exists() && how.flags&OpenCreate == 0:
		return 0, ENoEnt
	case place.Exists() && how.exclusive():
		return 0, EExist
	case kind == vfs.Symlink:
		return 0, ELoop
	case kind == vfs.Directory && change:
		return 0, EIsDir
	case kind == vfs.Directory:
		return s.openDirectory(o, place, how)
	case how.flags&OpenDirectory != 0:
		return 0, ENotDir
	}
	handsOn := o.directory.inheriting
	if how.base&accessRights&^handsOn != 0 {
		return 0, ENotCapable
	}
	d := descriptor{
		kind: file, fileType: FileTypeRegular, mode: how.mode(), flags: how.fdFlags, device: o.directory.device,
		base: how.base&accessRights | readFileRights, inheriting: how.inheriting & handsOn,
		files: o.directory.files,
	}
	if how.base&RightFDWrite != 0 {
		d.base |= writeFileRights
	}
	d.base &= handsOn
	d.quiet = d.base &^ how.base
	var err error
	if place.Exists() {
		d.node = place.Entry.Node
		if d.handle, err = d.files.Open(d.node, d.mode); err == nil {
			d.files.Hold(d.node)
		}
	} else {
		var entry vfs.Entry
		entry, d.handle, err = d.files.Create(place.Directory, place.Name, d.mode)
		d.node = entry.Node
	}
	if err != nil {
		return 0, errnoOf(err)
	}
	return s.openDescriptor(&d)
}

// openDirectory opens the directory at a place.
func (s *System) openDirectory(o *origin, place *vfs.Place, how *opening) (fd uint32, errno Errno) {
	d := descriptor{
		kind: directory, fileType: FileTypeDirectory, flags: how.fdFlags, device: o.directory.device,
		base: directoryRights & o.directory.inheriting, inheriting: how.inheriting & o.directory.inheriting,
		files: o.directory.files, node: place.Entry.Node,
		rooted: o.directory.rooted && place.Entry.Node == o.directory.node,
	}
	handle, err := d.files.Open(d.node, vfs.ModeRead)
	if err != nil {
		return 0, errnoOf(err)
	}
	d.handle = handle
	d.files.Hold(d.node)
	return s.openDescriptor(&d)
}

// openDescriptor gives an open file a number.
func (s *System) openDescriptor(d *descriptor) (fd uint32, errno Errno) {
	fd, errno = s.descriptors.open(*d)
	if errno != Success {
		_ = s.release(d) // nothing was written to it
	}
	return fd, errno
}

// pathFilestatGet is path_filestat_get: the attributes of what a path names.
//
// Parameters: fd i32, the directory where path begins; flags i32, 1 to follow a
// symbolic link at its end; path i32 and path_len i32; result.buf i32, where the
// filestat goes (see fd_filestat_get).
//
// Errors: those of all functions that take a path, and
//   - EFAULT: the result lies outside of memory.
//   - ENOENT: path names nothing.
func (s *System) pathFilestatGet(a *Args) Errno { return s.pathStat(a, filestatBytes) }

// pathFilestatGetUnstable is path_filestat_get of wasi_unstable, with its filestat.
func (s *System) pathFilestatGetUnstable(a *Args) Errno { return s.pathStat(a, unstableFilestatBytes) }

func (s *System) pathStat(a *Args, bytes uint32) Errno {
	o, errno := s.origin(uint32(a[0]), uint32(a[2]), uint32(a[3]), RightPathFilestatGet)
	if errno != Success {
		return errno
	}
	if !s.Memory.has(uint32(a[4]), bytes) {
		return EFault
	}
	place, errno := o.find(uint32(a[1]))
	if errno != Success {
		return errno
	}
	errno = s.filestat(o.directory, place.Entry.Node, uint32(a[4]), bytes)
	place.Release()
	return errno
}

// pathFilestatSetTimes is path_filestat_set_times: sets the times of what a path names.
//
// Parameters: fd i32, the directory where path begins; flags i32, 1 to follow a
// symbolic link at its end; path i32 and path_len i32; atim i64; mtim i64;
// fst_flags i32 (see fd_filestat_set_times).
//
// Errors: those of all functions that take a path, and
//   - EINVAL: one time is to be set both to its parameter and to now.
//   - ENOENT: path names nothing.
func (s *System) pathFilestatSetTimes(a *Args) Errno {
	o, errno := s.origin(uint32(a[0]), uint32(a[2]), uint32(a[3]), RightPathFilestatSetTime)
	if errno != Success {
		return errno
	}
	change, errno := timesChange(uint32(a[6]), a[4], a[5])
	if errno != Success {
		return errno
	}
	place, errno := o.find(uint32(a[1]))
	if errno != Success {
		return errno
	}
	err := place.System.SetAttributes(place.Entry.Node, change)
	place.Release()
	return errnoOf(err)
}

// pathReadlink is path_readlink: where a symbolic link leads.
//
// Parameters: fd i32, the directory where path begins; path i32 and path_len
// i32; buf i32 and buf_len i32, where the target goes, cut off where it does not
// fit and without a zero byte; result.bufused i32, where its length goes (u32).
//
// Errors: those of all functions that take a path, and
//   - EFAULT: buf or the result lies outside of memory.
//   - EINVAL: path names no symbolic link.
//   - ENOENT: path names nothing.
func (s *System) pathReadlink(a *Args) Errno {
	o, errno := s.origin(uint32(a[0]), uint32(a[1]), uint32(a[2]), RightPathReadlink)
	if errno != Success {
		return errno
	}
	b, ok := s.Memory.slice(uint32(a[3]), uint32(a[4]))
	if !ok || !s.Memory.has(uint32(a[5]), 4) {
		return EFault
	}
	place, errno := o.find(0)
	if errno != Success {
		return errno
	}
	defer place.Release()
	if place.Entry.Type != vfs.Symlink {
		return EInval
	}
	target, err := place.System.ReadLink(place.Entry.Node)
	if err != nil {
		return errnoOf(err)
	}
	s.Memory.putUint32(uint32(a[5]), uint32(copy(b, target)))
	return Success
}
