package wasi

import (
	"bytes"

	"mewz/kernel/vfs"
)

// place is a parameter triple of the path functions: a directory and a path
// from there.
type place struct {
	directory *descriptor
	path      []byte
}

// place checks descriptor and path of a function that needs rights.
func (s *System) place(fd, at, length uint32, rights Rights) (place, Errno) {
	d, errno := s.directory(fd, rights)
	if errno != Success {
		return place{}, errno
	}
	path, ok := s.Memory.slice(at, length)
	if !ok {
		return place{}, EFault
	}
	return place{d, path}, Success
}

// resolve walks the path.
func (p place) resolve(follow bool) (vfs.Entry, error) {
	return vfs.Resolve(p.directory.files, vfs.Walk{Base: p.directory.node, Path: p.path, Follow: follow})
}

// create answers a request to make what the path names: it exists already, or
// the file system is read-only, or what it should be made in is missing.
func (p place) create() Errno {
	switch _, err := p.resolve(false); err {
	case nil:
		return EExist
	case vfs.ErrNotFound:
	default:
		return errnoOf(err)
	}
	if len(p.path) == 0 {
		return ENoEnt
	}
	path := bytes.TrimRight(p.path, "/")
	parent := path[:bytes.LastIndexByte(path, '/')+1]
	if len(parent) == 0 {
		return ERofs
	}
	if _, err := (place{p.directory, parent}).resolve(true); err != nil {
		return errnoOf(err)
	}
	return ERofs
}

// change answers a request to change what the path names: it is missing, or
// the file system is read-only.
func (p place) change(follow bool) Errno {
	if _, err := p.resolve(follow); err != nil {
		return errnoOf(err)
	}
	return ERofs
}

// opening is the parameters of path_open that say how.
type opening struct {
	flags            OpenFlags
	fdFlags          FDFlags
	base, inheriting Rights
}

// pathOpen is path_open: opens a file or directory of the read-only file system.
//
// Parameters: fd i32, the directory where path begins; dirflags i32, 1 to follow
// a symbolic link at its end; path i32 and path_len i32; oflags i32;
// fs_rights_base i64 and fs_rights_inheriting i64, the rights wanted; fdflags
// i32; result.fd i32, where the new descriptor goes (u32). It gets those of the
// rights that fd hands on and that its type supports, and those that only look.
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTDIR: fd is no directory, or something on the way is none, or oflags
//     wants one and path names a file.
//   - EFAULT: path or the result lies outside of memory.
//   - EINVAL: a flag that does not exist, O_CREAT with O_DIRECTORY, or a zero
//     byte in path.
//   - ENOENT: path is empty or names nothing.
//   - EPERM: path is absolute or leaves the directory.
//   - ELOOP: more than 40 symbolic links, or one at the end not to be followed.
//   - ENAMETOOLONG: path has more than 4096 bytes or a name more than 255.
//   - EEXIST: O_CREAT with O_EXCL, and path names something.
//   - EISDIR: path names a directory and is to be written.
//   - EROFS: the file is to be written or made.
//   - EMFILE: 65,536 descriptors are open.
//   - EIO: the file system is damaged.
//   - ENOTCAPABLE: the right path_open was given up.
func (s *System) pathOpen(a *Args) Errno {
	p, errno := s.place(uint32(a[0]), uint32(a[2]), uint32(a[3]), RightPathOpen)
	if errno != Success {
		return errno
	}
	result := uint32(a[8])
	if _, ok := s.Memory.slice(result, 4); !ok {
		return EFault
	}
	lookup, oflags, fdFlags := uint32(a[1]), uint32(a[4]), uint32(a[7])
	const impossible = OpenCreate | OpenDirectory
	if lookup&^lookupFollow != 0 || oflags&^uint32(allOpenFlags) != 0 || fdFlags&^uint32(allFlags) != 0 ||
		OpenFlags(oflags)&impossible == impossible {
		return EInval
	}
	how := opening{OpenFlags(oflags), FDFlags(fdFlags), Rights(a[5]), Rights(a[6])}
	fd, errno := s.open(p, how, lookup&lookupFollow != 0)
	if errno == Success {
		s.Memory.putUint32(result, fd)
	}
	return errno
}

// open resolves a path and opens what it names.
func (s *System) open(p place, how opening, follow bool) (uint32, Errno) {
	const exclusive = OpenCreate | OpenExclusive
	if how.flags&exclusive == exclusive {
		return 0, p.create()
	}
	entry, err := p.resolve(follow)
	switch {
	case err == vfs.ErrNotFound && how.flags&OpenCreate != 0:
		return 0, p.create()
	case err != nil:
		return 0, errnoOf(err)
	}
	write := how.base&RightFDWrite != 0 || how.flags&OpenTruncate != 0
	d := descriptor{
		flags: how.fdFlags, files: p.directory.files, node: entry.Node, fileType: fileTypeOf(entry.Type),
		inheriting: how.inheriting & p.directory.inheriting,
	}
	switch {
	case entry.Type == vfs.Symlink:
		return 0, ELoop
	case entry.Type == vfs.Directory && write:
		return 0, EIsDir
	case entry.Type == vfs.Directory:
		d.kind, d.base = directory, directoryRights&p.directory.inheriting
	case how.flags&OpenDirectory != 0:
		return 0, ENotDir
	case write:
		return 0, ERofs
	default:
		d.kind, d.base = file, (how.base|lookingRights)&readFileRights&p.directory.inheriting
	}
	return s.descriptors.open(d)
}

// pathFilestatGet is path_filestat_get: the attributes of what a path names.
//
// Parameters: fd i32, the directory where path begins; flags i32, 1 to follow a
// symbolic link at its end; path i32 and path_len i32; result.buf i32, where the
// filestat goes (see fd_filestat_get).
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTDIR: fd is no directory, or something on the way is none.
//   - EFAULT: path or the result lies outside of memory.
//   - EINVAL: a flag that does not exist, or a zero byte in path.
//   - ENOENT: path is empty or names nothing.
//   - EPERM: path is absolute or leaves the directory.
//   - ELOOP: more than 40 symbolic links.
//   - ENAMETOOLONG: path has more than 4096 bytes or a name more than 255.
//   - EIO: the file system is damaged.
//   - ENOTCAPABLE: the right path_filestat_get was given up.
func (s *System) pathFilestatGet(a *Args) Errno {
	p, errno := s.place(uint32(a[0]), uint32(a[2]), uint32(a[3]), RightPathFilestatGet)
	if errno != Success {
		return errno
	}
	lookup := uint32(a[1])
	if lookup&^lookupFollow != 0 {
		return EInval
	}
	entry, err := p.resolve(lookup&lookupFollow != 0)
	if err != nil {
		return errnoOf(err)
	}
	return s.filestat(p.directory.files, entry.Node, uint32(a[4]))
}

// pathReadlink is path_readlink: where a symbolic link leads.
//
// Parameters: fd i32, the directory where path begins; path i32 and path_len
// i32; buf i32 and buf_len i32, where the target goes, cut off where it does not
// fit and without a zero byte; result.bufused i32, where its length goes (u32).
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTDIR: fd is no directory, or something on the way is none.
//   - EFAULT: path, buf or the result lies outside of memory.
//   - EINVAL: path names no symbolic link, or has a zero byte.
//   - ENOENT: path is empty or names nothing.
//   - EPERM: path is absolute or leaves the directory.
//   - ELOOP: more than 40 symbolic links on the way.
//   - ENAMETOOLONG: path has more than 4096 bytes or a name more than 255.
//   - EIO: the file system is damaged.
//   - ENOTCAPABLE: the right path_readlink was given up.
func (s *System) pathReadlink(a *Args) Errno {
	p, errno := s.place(uint32(a[0]), uint32(a[1]), uint32(a[2]), RightPathReadlink)
	if errno != Success {
		return errno
	}
	b, ok := s.Memory.slice(uint32(a[3]), uint32(a[4]))
	if !ok {
		return EFault
	}
	result := uint32(a[5])
	if _, ok := s.Memory.slice(result, 4); !ok {
		return EFault
	}
	entry, err := p.resolve(false)
	if err != nil {
		return errnoOf(err)
	}
	target, err := p.directory.files.Link(entry.Node)
	if err != nil {
		return errnoOf(err)
	}
	s.Memory.putUint32(result, uint32(copy(b, target)))
	return Success
}
