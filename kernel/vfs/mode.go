package vfs

// Types in st_mode (inode(7), S_IFMT), as Linux, its ext4, FUSE and 9P have them.
const (
	ModeType      = 0o170000 // S_IFMT
	ModeDirectory = 0o040000 // S_IFDIR
	ModeFile      = 0o100000 // S_IFREG
	ModeSymlink   = 0o120000 // S_IFLNK
)

// TypeOfMode returns the type that st_mode says; what is none of ours is Other.
func TypeOfMode(mode uint32) Type {
	switch mode & ModeType {
	case ModeDirectory:
		return Directory
	case ModeFile:
		return File
	case ModeSymlink:
		return Symlink
	default:
		return Other
	}
}
