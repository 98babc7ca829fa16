package wasi

// Rights is what may be done with a descriptor (witx: rights).
type Rights uint64

// The rights, by their names in witx.
const (
	RightFDDatasync          Rights = 1 << 0
	RightFDRead              Rights = 1 << 1
	RightFDSeek              Rights = 1 << 2
	RightFDFdstatSetFlags    Rights = 1 << 3
	RightFDSync              Rights = 1 << 4
	RightFDTell              Rights = 1 << 5
	RightFDWrite             Rights = 1 << 6
	RightFDAdvise            Rights = 1 << 7
	RightFDAllocate          Rights = 1 << 8
	RightPathCreateDirectory Rights = 1 << 9
	RightPathCreateFile      Rights = 1 << 10
	RightPathLinkSource      Rights = 1 << 11
	RightPathLinkTarget      Rights = 1 << 12
	RightPathOpen            Rights = 1 << 13
	RightFDReaddir           Rights = 1 << 14
	RightPathReadlink        Rights = 1 << 15
	RightPathRenameSource    Rights = 1 << 16
	RightPathRenameTarget    Rights = 1 << 17
	RightPathFilestatGet     Rights = 1 << 18
	RightPathFilestatSetSize Rights = 1 << 19
	RightPathFilestatSetTime Rights = 1 << 20
	RightFDFilestatGet       Rights = 1 << 21
	RightFDFilestatSetSize   Rights = 1 << 22
	RightFDFilestatSetTimes  Rights = 1 << 23
	RightPathSymlink         Rights = 1 << 24
	RightPathRemoveDirectory Rights = 1 << 25
	RightPathUnlinkFile      Rights = 1 << 26
	RightPollFDReadwrite     Rights = 1 << 27
	RightSockShutdown        Rights = 1 << 28
	RightSockAccept          Rights = 1 << 29
)

// Sets of rights.
const (
	allRights Rights = 1<<30 - 1

	inputRights  = RightFDRead | RightFDFdstatSetFlags | RightFDFilestatGet | RightPollFDReadwrite
	socketRights = RightFDRead | RightFDWrite | RightFDFdstatSetFlags | RightFDFilestatGet | RightPollFDReadwrite |
		RightSockShutdown | RightSockAccept
	outputRights = RightFDWrite | RightFDFdstatSetFlags | RightFDFilestatGet | RightPollFDReadwrite

	// readFileRights come with every file, asked for or not (docs/decisions/0016).
	readFileRights = RightFDSeek | RightFDTell | RightFDAdvise | RightFDFdstatSetFlags |
		RightFDFilestatGet | RightFDFilestatSetTimes | RightPollFDReadwrite | RightFDSync | RightFDDatasync
	// writeFileRights come with every file that is opened for writing.
	writeFileRights = RightFDAllocate | RightFDFilestatSetSize
	// accessRights say how a file is opened: a file has those only that are asked for.
	accessRights = RightFDRead | RightFDWrite
	fileRights   = accessRights | readFileRights | writeFileRights
	// directoryRights come with every directory.
	directoryRights = RightPathCreateDirectory | RightPathCreateFile | RightPathLinkSource |
		RightPathLinkTarget | RightPathOpen | RightFDReaddir | RightPathReadlink |
		RightPathRenameSource | RightPathRenameTarget | RightPathFilestatGet |
		RightPathFilestatSetSize | RightPathFilestatSetTime | RightPathSymlink |
		RightPathRemoveDirectory | RightPathUnlinkFile | RightFDFdstatSetFlags |
		RightFDFilestatGet | RightFDFilestatSetTimes | RightFDSync | RightFDDatasync
)

// FileType is what a descriptor or a name leads to (witx: filetype).
type FileType uint8

// The types of files.
const (
	FileTypeUnknown         FileType = 0 // also what only a host has (vfs.Other)
	FileTypeCharacterDevice FileType = 2
	FileTypeDirectory       FileType = 3
	FileTypeRegular         FileType = 4
	FileTypeSocketDatagram  FileType = 5
	FileTypeSocketStream    FileType = 6
	FileTypeSymbolicLink    FileType = 7
)

// FDFlags are the flags of a descriptor (witx: fdflags).
type FDFlags uint16

// The flags of a descriptor.
const (
	FlagAppend   FDFlags = 1 << 0
	FlagDSync    FDFlags = 1 << 1
	FlagNonblock FDFlags = 1 << 2
	FlagRSync    FDFlags = 1 << 3
	FlagSync     FDFlags = 1 << 4
	allFlags     FDFlags = 1<<5 - 1

	// syncFlags have each write wait until it is safe. Reads find what was written through
	// the file system anyway, so that FlagRSync asks for no more than FlagSync (Linux has one
	// number for both).
	syncFlags = FlagDSync | FlagSync | FlagRSync
)

// OpenFlags say how path_open opens (witx: oflags).
type OpenFlags uint16

// The flags of path_open.
const (
	OpenCreate    OpenFlags = 1 << 0
	OpenDirectory OpenFlags = 1 << 1
	OpenExclusive OpenFlags = 1 << 2
	OpenTruncate  OpenFlags = 1 << 3
	allOpenFlags  OpenFlags = 1<<4 - 1
)

// lookupFollow has a symbolic link at the end of a path followed (witx:
// lookupflags.symlink_follow), the only flag there is.
const lookupFollow = 1

// FstFlags say which times are set, and to what (witx: fstflags).
type FstFlags uint16

// The flags of set_times.
const (
	SetAccessed    FstFlags = 1 << 0 // atim
	SetAccessedNow FstFlags = 1 << 1 // atim_now
	SetModified    FstFlags = 1 << 2 // mtim
	SetModifiedNow FstFlags = 1 << 3 // mtim_now
	allFstFlags    FstFlags = 1<<4 - 1
)

// Where fd_seek counts from (witx: whence).
const (
	whenceSet     = 0
	whenceCurrent = 1
	whenceEnd     = 2
)

// Sizes of records in linear memory (witx), all little-endian.
const (
	fdstatBytes       = 24 // fdstat
	filestatBytes     = 64 // filestat
	prestatBytes      = 8  // prestat
	direntBytes       = 24 // dirent
	subscriptionBytes = 48 // subscription
	pollEventBytes    = 32 // event
	adviceLast        = 5  // advice.noreuse

	// Those that are others in wasi_unstable.
	unstableFilestatBytes     = 56
	unstableSubscriptionBytes = 56
)

// allow reports that rights r include those to have writes wait as flags say (witx:
// fd_datasync, fd_sync).
func (r Rights) allow(flags FDFlags) bool {
	return (flags&(FlagSync|FlagRSync) == 0 || r&RightFDSync != 0) &&
		(flags&FlagDSync == 0 || r&(RightFDDatasync|RightFDSync) != 0)
}
