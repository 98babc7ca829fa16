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

	// lookingRights come with every file, asked for or not.
	lookingRights = RightFDSeek | RightFDTell | RightFDAdvise | RightFDFdstatSetFlags |
		RightFDFilestatGet | RightPollFDReadwrite | RightFDSync | RightFDDatasync
	// readFileRights are all that a file of a read-only file system supports.
	readFileRights = lookingRights | RightFDRead
	// directoryRights come with every directory. Those that change it are
	// among them, so that the attempt ends in EROFS, which says why.
	directoryRights = RightPathCreateDirectory | RightPathCreateFile | RightPathLinkSource |
		RightPathLinkTarget | RightPathOpen | RightFDReaddir | RightPathReadlink |
		RightPathRenameSource | RightPathRenameTarget | RightPathFilestatGet |
		RightPathFilestatSetSize | RightPathFilestatSetTime | RightPathSymlink |
		RightPathRemoveDirectory | RightPathUnlinkFile | RightFDFdstatSetFlags |
		RightFDFilestatGet | RightFDFilestatSetTimes | RightFDSync | RightFDDatasync
	// fileRights is what wasi-libc intersects the rights with that it asks for:
	// RightFDWrite must be there for path_open to see that writing was meant.
	fileRights = readFileRights | RightFDWrite | RightFDAllocate | RightFDFilestatSetSize | RightFDFilestatSetTimes
)

// FileType is what a descriptor or a name leads to (witx: filetype).
type FileType uint8

// The types of files.
const (
	FileTypeUnknown         FileType = 0
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
)
