package share

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"golang.org/x/sys/unix"
)

// procPath names the file that a descriptor is, whatever its names are.
func procPath(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

// qid is what the client knows a file by.
type qid struct {
	kind uint8
	path uint64
}

// serials makes one number of device and inode number: below the directory may be
// mounts. It is the inode number with its upper bits, of which few file systems use any,
// replaced by a number for them and the device together; so what it remembers has a bound,
// and no two files have the same.
type serials map[prefix]uint64

type prefix struct{ device, upper uint64 }

const (
	inodeBits = 48
	// prefixesMax is how many numbers there are; 0 is none, so that no file is 0.
	prefixesMax = 1<<(64-inodeBits) - 1
)

// path returns the number of a file, or 0 when there is none left.
func (s serials) path(device, inode uint64) uint64 {
	key := prefix{device, inode >> inodeBits}
	number, ok := s[key]
	if !ok {
		if len(s) >= prefixesMax {
			return 0
		}
		number = uint64(len(s)) + 1
		s[key] = number
	}
	return number<<inodeBits | inode&(1<<inodeBits-1)
}

// qid returns what the client knows a file by.
func (s serials) qid(st *unix.Stat_t) (qid, error) {
	path := s.path(st.Dev, st.Ino)
	if path == 0 {
		return qid{}, unix.EOVERFLOW // as stat(2) of a number that does not fit
	}
	return qid{qidKind(st.Mode), path}, nil
}

func qidKind(mode uint32) uint8 {
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return qidDirectory
	case unix.S_IFLNK:
		return qidSymlink
	default:
		return 0
	}
}

// getattr tells the attributes of a file.
func (s *Server) getattr(f *fid, r *request, a *answer) error {
	r.uint64() // all are told, whatever is asked for
	var st unix.Stat_t
	if err := unix.Fstat(f.path, &st); err != nil {
		return err
	}
	a.uint64(getattrBasics)
	known, err := s.serials.qid(&st)
	if err != nil {
		return err
	}
	a.qid(known)
	a.uint32(st.Mode)
	a.uint32(st.Uid)
	a.uint32(st.Gid)
	for _, v := range [...]uint64{
		uint64(st.Nlink), st.Rdev, uint64(st.Size), uint64(st.Blksize), uint64(st.Blocks),
		uint64(st.Atim.Sec), uint64(st.Atim.Nsec), uint64(st.Mtim.Sec), uint64(st.Mtim.Nsec),
		uint64(st.Ctim.Sec), uint64(st.Ctim.Nsec), 0, 0, 0, 0,
	} {
		a.uint64(v)
	}
	return nil
}

// setattr sets size and times. Owner and permissions stay.
func (s *Server) setattr(f *fid, r *request, _ *answer) error {
	valid := r.uint32()
	r.take(3 * 4)
	size := r.uint64()
	var t [4]uint64
	for i := range t {
		t[i] = r.uint64()
	}
	switch {
	case !r.done():
		return unix.EBADMSG
	case valid&^setKnown != 0:
		return unix.EOPNOTSUPP
	case valid&setSize != 0 && size > 1<<63-1:
		return unix.EFBIG
	}
	if valid&setSize != 0 {
		if err := f.truncate(int64(size)); err != nil {
			return err
		}
	}
	if valid&(setAccessed|setModified) == 0 {
		return nil
	}
	times := []unix.Timespec{
		timespec(valid&setAccessed != 0, valid&setAccessedSet != 0, t[0], t[1]),
		timespec(valid&setModified != 0, valid&setModifiedSet != 0, t[2], t[3]),
	}
	if f.qid.kind == qidSymlink {
		return unix.UtimesNanoAt(f.path, "", times, unix.AT_EMPTY_PATH)
	}
	return unix.UtimesNanoAt(unix.AT_FDCWD, procPath(f.path), times, 0)
}

// truncate sets the size through the descriptor that the file is opened by: nobody
// may write it any more, perhaps, who could when it was opened.
func (f *fid) truncate(size int64) error {
	switch f.qid.kind {
	case qidDirectory:
		return unix.EISDIR
	case qidSymlink:
		return unix.EINVAL
	}
	if f.open >= 0 {
		if err := unix.Ftruncate(f.open, size); err != unix.EINVAL {
			return err
		}
	}
	return unix.Truncate(procPath(f.path), size)
}

func timespec(change, set bool, seconds, nanos uint64) unix.Timespec {
	switch {
	case !change:
		return unix.Timespec{Nsec: unix.UTIME_OMIT}
	case !set:
		return unix.Timespec{Nsec: unix.UTIME_NOW}
	default:
		return unix.Timespec{Sec: int64(seconds), Nsec: int64(nanos)}
	}
}

// Flags of Tlopen that mean something here: those of Linux.
const (
	flagsKept    = unix.O_ACCMODE | unix.O_APPEND | unix.O_SYNC | unix.O_DSYNC | unix.O_TRUNC
	flagsChange  = unix.O_TRUNC | unix.O_APPEND
	flagsAlways  = unix.O_CLOEXEC | unix.O_NOCTTY | unix.O_NONBLOCK
	permissionsX = 0o777
)

// lopen opens a file or a directory, and nothing else: to open a device does things.
func (s *Server) lopen(f *fid, r *request, a *answer) error {
	flags := int(r.uint32()) & flagsKept
	if s.options.ReadOnly && (flags&unix.O_ACCMODE != unix.O_RDONLY || flags&flagsChange != 0) {
		return unix.EROFS
	}
	var st unix.Stat_t
	if err := unix.Fstat(f.path, &st); err != nil {
		return err
	}
	switch kind := st.Mode & unix.S_IFMT; {
	case f.open >= 0:
		return unix.EBADF
	case kind == unix.S_IFLNK:
		return unix.ELOOP
	case kind != unix.S_IFREG && kind != unix.S_IFDIR:
		return unix.EOPNOTSUPP
	}
	fd, err := unix.Open(procPath(f.path), flags|flagsAlways, 0)
	if err != nil {
		return err
	}
	unix.Close(f.path) // one descriptor is enough: a host has few
	f.path, f.open = fd, fd
	a.qid(f.qid)
	a.uint32(0)
	return nil
}

// lcreate makes a file, which must not be there, and makes the fid that file.
func (s *Server) lcreate(f *fid, r *request, a *answer) error {
	text, err := name(r)
	if err != nil {
		return err
	}
	flags, mode := int(r.uint32())&flagsKept, r.uint32()&permissionsX
	r.uint32() // gid
	if !r.done() || f.open >= 0 {
		return unix.EBADMSG
	}
	fd, err := unix.Openat(f.path, text, flags|flagsAlways|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, mode)
	if err != nil {
		return err
	}
	known, err := s.identify(fd)
	if err != nil {
		unix.Close(fd)
		return err
	}
	unix.Close(f.path)
	f.path, f.open, f.qid = fd, fd, known
	a.qid(f.qid)
	a.uint32(0)
	return nil
}

// room makes room for data in an answer, as much as a message has.
func (s *Server) room(a *answer, wanted uint32) []byte {
	n := min(int64(wanted), int64(s.message-headerBytes-4))
	start := len(*a)
	if need := start + int(n); cap(*a) < need {
		*a = append(make(answer, 0, need), *a...)
	}
	return (*a)[start : start+int(n)]
}

// read reads, and stops only at the end of the file.
func (s *Server) read(f *fid, r *request, a *answer) error {
	if !f.opened(0) {
		return unix.EBADF
	}
	offset := int64(r.uint64())
	a.uint32(0)
	b := s.room(a, r.uint32())
	got := 0
	for got < len(b) {
		n, err := unix.Pread(f.open, b[got:], offset+int64(got))
		if err == unix.EINTR {
			continue
		}
		if err != nil && got == 0 {
			return err
		}
		if err != nil || n == 0 {
			break
		}
		got += n
	}
	binary.LittleEndian.PutUint32((*a)[headerBytes:], uint32(got))
	*a = (*a)[:len(*a)+got]
	return nil
}

// opened says whether a fid is opened and of a type.
func (f *fid) opened(kind uint8) bool { return f.open >= 0 && f.qid.kind == kind }

// write writes all, unless it fails in the middle.
func (s *Server) write(f *fid, r *request, a *answer) error {
	if !f.opened(0) {
		return unix.EBADF
	}
	offset, n := int64(r.uint64()), r.uint32()
	if r.bad || int64(n) != int64(len(r.b)) {
		return unix.EBADMSG
	}
	done := 0
	for done < len(r.b) {
		n, err := unix.Pwrite(f.open, r.b[done:], offset+int64(done))
		if err == unix.EINTR {
			continue
		}
		if err != nil && done == 0 {
			return err
		}
		if err != nil || n == 0 {
			break
		}
		done += n
	}
	a.uint32(uint32(done))
	return nil
}

// fsync has the host write a file or the names of a directory to its disk.
func (s *Server) fsync(f *fid, r *request, _ *answer) error {
	contents := r.uint32()
	switch {
	case f.open < 0:
		return unix.EBADF
	case contents == fsyncContents:
		return unix.Fdatasync(f.open)
	default:
		return unix.Fsync(f.open)
	}
}

// readlink tells where a link leads.
func (s *Server) readlink(f *fid, r *request, a *answer) error {
	if f.qid.kind != qidSymlink {
		return unix.EINVAL
	}
	var target [targetMaxBytes + 1]byte
	n, err := unix.Readlinkat(f.path, "", target[:])
	if err != nil {
		return err
	}
	a.text(string(target[:n]))
	return nil
}

// Where the parts of struct linux_dirent64 are.
const (
	direntOffset = 8
	direntLength = 16
	direntType   = 18
	direntName   = 19
	qidBytes     = 13
	entryHead    = qidBytes + 8 + 1 + 2
)

// readdir lists a directory from a cookie on: those of the file system of the host.
func (s *Server) readdir(f *fid, r *request, a *answer) error {
	if !f.opened(qidDirectory) {
		return unix.EBADF
	}
	cookie, wanted := int64(r.uint64()), r.uint32()
	if r.bad {
		return unix.EBADMSG
	}
	var st unix.Stat_t
	if err := unix.Fstat(f.open, &st); err != nil {
		return err
	}
	limit := int(min(int64(wanted), int64(s.message-headerBytes-4)))
	a.uint32(0)
	if st.Nlink == 0 {
		return nil // it was removed: ext4 does not know its own cookies any more
	}
	if _, err := unix.Seek(f.open, cookie, unix.SEEK_SET); err != nil {
		return err
	}
	start := len(*a)
	// An entry of Linux takes 19 bytes, the name, and up to 8 zeroes, one here 24 and the
	// name: so most that are read fit, and what does not is read again.
	buffer := make([]byte, max(limit, 1<<10))
	n, err := unix.Getdents(f.open, buffer)
	for b := buffer[:max(n, 0)]; err == nil && len(b) > direntName; {
		length := int(binary.NativeEndian.Uint16(b[direntLength:]))
		if length <= direntName || length > len(b) {
			return unix.EIO
		}
		text, _, _ := bytes.Cut(b[direntName:length], []byte{0})
		if len(*a)-start+entryHead+len(text) > limit {
			if len(*a) == start {
				return unix.EINVAL // not even one fits, as getdents(2)
			}
			break
		}
		kind := b[direntType]
		a.qid(qid{entryQid(kind), s.serials.path(st.Dev, binary.NativeEndian.Uint64(b))})
		a.uint64(binary.NativeEndian.Uint64(b[direntOffset:]))
		a.uint8(kind)
		a.text(string(text))
		b = b[length:]
	}
	binary.LittleEndian.PutUint32((*a)[headerBytes:], uint32(len(*a)-start))
	return err
}

func entryQid(kind uint8) uint8 {
	switch kind {
	case unix.DT_DIR:
		return qidDirectory
	case unix.DT_LNK:
		return qidSymlink
	default:
		return 0
	}
}

// mkdir makes a directory.
func (s *Server) mkdir(f *fid, r *request, a *answer) error {
	return s.makeNamed(f, r, a, func(directory int, text string) error {
		mode := r.uint32() & permissionsX
		r.uint32() // gid
		if !r.done() {
			return unix.EBADMSG
		}
		return unix.Mkdirat(directory, text, mode)
	})
}

// symlink makes a symbolic link.
func (s *Server) symlink(f *fid, r *request, a *answer) error {
	return s.makeNamed(f, r, a, func(directory int, text string) error {
		target := r.text()
		r.uint32() // gid
		switch {
		case !r.done() || bytes.IndexByte([]byte(target), 0) >= 0:
			return unix.EBADMSG
		case target == "":
			return unix.ENOENT // as symlink(2)
		}
		return unix.Symlinkat(target, directory, text)
	})
}

// makeNamed makes something in a directory and answers with its qid.
func (s *Server) makeNamed(f *fid, r *request, a *answer, make func(directory int, text string) error) error {
	text, err := name(r)
	if err != nil {
		return err
	}
	if err := make(f.path, text); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstatat(f.path, text, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	known, err := s.serials.qid(&st)
	a.qid(known)
	return err
}

// link gives a file another name.
func (s *Server) link(directory *fid, r *request, _ *answer) error {
	f, err := s.fid(r)
	if err != nil {
		return err
	}
	text, err := name(r)
	switch {
	case err != nil:
		return err
	case !r.done():
		return unix.EBADMSG
	case f.qid.kind == qidDirectory:
		return unix.EPERM
	}
	return unix.Linkat(unix.AT_FDCWD, procPath(f.path), directory.path, text, unix.AT_SYMLINK_FOLLOW)
}

// unlinkat removes a name.
func (s *Server) unlinkat(f *fid, r *request, _ *answer) error {
	text, err := name(r)
	if err != nil {
		return err
	}
	flags := r.uint32()
	if !r.done() || flags&^unix.AT_REMOVEDIR != 0 {
		return unix.EINVAL
	}
	return unix.Unlinkat(f.path, text, int(flags))
}

// renameat gives what has a name another one.
func (s *Server) renameat(from *fid, r *request, _ *answer) error {
	fromName, err := name(r)
	if err != nil {
		return err
	}
	to, err := s.fid(r)
	if err != nil {
		return err
	}
	toName, err := name(r)
	switch {
	case err != nil:
		return err
	case !r.done():
		return unix.EBADMSG
	}
	return unix.Renameat(from.path, fromName, to.path, toName)
}
