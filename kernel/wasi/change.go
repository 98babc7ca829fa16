package wasi

// The functions that change a file system. There is none that can be changed
// yet, so each finds out what would be wrong on a writable one, and then says
// EROFS. Errors of all of them, besides their own:
//
//   - EBADF: a descriptor is not open.
//   - ENOTDIR: a descriptor is no directory, or something on the way is none.
//   - EFAULT: a path lies outside of memory.
//   - EINVAL: a zero byte in a path.
//   - EPERM: a path is absolute or leaves the directory.
//   - ELOOP: more than 40 symbolic links.
//   - ENAMETOOLONG: a path has more than 4096 bytes or a name more than 255.
//   - EIO: the file system is damaged.
//   - EROFS: nothing of that: the file system is read-only.
//   - ENOTCAPABLE: the right of the function's name was given up.

// pathCreateDirectory is path_create_directory.
//
// Parameters: fd i32, the directory where path begins; path i32 and path_len
// i32.
//
// Errors, and those of all:
//   - EEXIST: path names something.
//   - ENOENT: path is empty or its directory is missing.
func (s *System) pathCreateDirectory(a *Args) Errno {
	return s.create(uint32(a[0]), uint32(a[1]), uint32(a[2]), RightPathCreateDirectory)
}

// pathFilestatSetTimes is path_filestat_set_times.
//
// Parameters: fd i32, the directory where path begins; flags i32, 1 to follow a
// symbolic link at its end; path i32 and path_len i32; atim i64; mtim i64;
// fst_flags i32.
//
// Errors, and those of all:
//   - ENOENT: path is empty or names nothing.
func (s *System) pathFilestatSetTimes(a *Args) Errno {
	p, errno := s.place(uint32(a[0]), uint32(a[2]), uint32(a[3]), RightPathFilestatSetTime)
	if errno != Success {
		return errno
	}
	return p.change(uint32(a[1])&lookupFollow != 0)
}

// pathLink is path_link.
//
// Parameters: old_fd i32; old_flags i32, 1 to follow a symbolic link at the end
// of old_path; old_path i32 and old_path_len i32; new_fd i32; new_path i32 and
// new_path_len i32.
//
// Errors, and those of all:
//   - ENOENT: old_path names nothing, new_path is empty or its directory missing.
//   - EEXIST: new_path names something.
func (s *System) pathLink(a *Args) Errno {
	p, errno := s.place(uint32(a[0]), uint32(a[2]), uint32(a[3]), RightPathLinkSource)
	if errno != Success {
		return errno
	}
	if errno := p.change(uint32(a[1])&lookupFollow != 0); errno != ERofs {
		return errno
	}
	return s.create(uint32(a[4]), uint32(a[5]), uint32(a[6]), RightPathLinkTarget)
}

// pathRemoveDirectory is path_remove_directory.
//
// Parameters: fd i32, the directory where path begins; path i32 and path_len
// i32.
//
// Errors, and those of all:
//   - ENOENT: path is empty or names nothing.
func (s *System) pathRemoveDirectory(a *Args) Errno {
	return s.change(uint32(a[0]), uint32(a[1]), uint32(a[2]), RightPathRemoveDirectory)
}

// pathRename is path_rename.
//
// Parameters: fd i32; old_path i32 and old_path_len i32; new_fd i32; new_path
// i32 and new_path_len i32.
//
// Errors, and those of all:
//   - ENOENT: old_path names nothing.
func (s *System) pathRename(a *Args) Errno {
	errno := s.change(uint32(a[0]), uint32(a[1]), uint32(a[2]), RightPathRenameSource)
	if errno != ERofs {
		return errno
	}
	if _, errno := s.place(uint32(a[3]), uint32(a[4]), uint32(a[5]), RightPathRenameTarget); errno != Success {
		return errno
	}
	return ERofs
}

// pathSymlink is path_symlink.
//
// Parameters: old_path i32 and old_path_len i32, the target; fd i32, the
// directory where new_path begins; new_path i32 and new_path_len i32.
//
// Errors, and those of all:
//   - ENOENT: new_path is empty or its directory is missing.
//   - EEXIST: new_path names something.
func (s *System) pathSymlink(a *Args) Errno {
	if _, ok := s.Memory.slice(uint32(a[0]), uint32(a[1])); !ok {
		return EFault
	}
	return s.create(uint32(a[2]), uint32(a[3]), uint32(a[4]), RightPathSymlink)
}

// pathUnlinkFile is path_unlink_file.
//
// Parameters: fd i32, the directory where path begins; path i32 and path_len
// i32.
//
// Errors, and those of all:
//   - ENOENT: path is empty or names nothing.
func (s *System) pathUnlinkFile(a *Args) Errno {
	return s.change(uint32(a[0]), uint32(a[1]), uint32(a[2]), RightPathUnlinkFile)
}

func (s *System) create(fd, at, length uint32, right Rights) Errno {
	p, errno := s.place(fd, at, length, right)
	if errno != Success {
		return errno
	}
	return p.create()
}

func (s *System) change(fd, at, length uint32, right Rights) Errno {
	p, errno := s.place(fd, at, length, right)
	if errno != Success {
		return errno
	}
	return p.change(false)
}
