package wasi

// Support says how much of a function works.
type Support uint8

// Levels of support.
const (
	Full    Support = iota + 1 // all that the specification says
	Partial                    // what Sentence says
	Refused                    // it exists and answers an error number
)

// Entry is one function that a program may import.
type Entry struct {
	Module, Name string
	function     function
	Support      Support
	Sentence     string // for people: what it does here, or why it does not
}

const preview1 = "wasi_snapshot_preview1"

// Table is all functions, in the order of abi.Functions, which has their types.
var Table = [...]Entry{
	{preview1, "args_get", (*System).argsGet, Full, "the arguments of Config.Args"},
	{preview1, "args_sizes_get", (*System).argsSizesGet, Full, "their number and size"},
	{preview1, "environ_get", (*System).environGet, Full, "the environment of Config.Env"},
	{preview1, "environ_sizes_get", (*System).environSizesGet, Full, "its number and size"},
	{preview1, "clock_res_get", (*System).clockResGet, Full, "all four clocks"},
	{preview1, "clock_time_get", (*System).clockTimeGet, Full, "all four clocks; true wall-clock time, nanoseconds since boot"},
	{preview1, "fd_advise", (*System).fdAdvise, Full, "checked and ignored: files lie in memory"},
	{preview1, "fd_allocate", (*System).fdAllocate, Refused, "ENOTSUP, as wasmtime"},
	{preview1, "fd_close", (*System).fdClose, Full, "streams and preopened directories too"},
	{preview1, "fd_datasync", (*System).fdDatasync, Full, "files are never written, so nothing is to be done"},
	{preview1, "fd_fdstat_get", (*System).fdFdstatGet, Full, "a terminal is a character device, a pipe of unknown type"},
	{preview1, "fd_fdstat_set_flags", (*System).fdFdstatSetFlags, Partial, "nonblock works on standard input and sockets, the other flags are remembered"},
	{preview1, "fd_fdstat_set_rights", (*System).fdFdstatSetRights, Full, "rights can be given up"},
	{preview1, "fd_filestat_get", (*System).fdFilestatGet, Full, "all attributes of the archive; a stream has a type only"},
	{preview1, "fd_filestat_set_size", (*System).fdFilestatSetSize, Refused, "EROFS: the archive is read-only"},
	{preview1, "fd_filestat_set_times", (*System).fdFilestatSetTimes, Refused, "EROFS: the archive is read-only"},
	{preview1, "fd_pread", (*System).fdPread, Full, "straight from the archive"},
	{preview1, "fd_prestat_get", (*System).fdPrestatGet, Full, "the archive under each preopened name"},
	{preview1, "fd_prestat_dir_name", (*System).fdPrestatDirName, Full, "the preopened name"},
	{preview1, "fd_pwrite", (*System).fdPwrite, Refused, "EBADF: no file is open for writing"},
	{preview1, "fd_read", (*System).fdRead, Full, "files straight from the archive; standard input and sockets wait, without spinning"},
	{preview1, "fd_readdir", (*System).fdReaddir, Full, "with . and .., cookies stay valid"},
	{preview1, "fd_renumber", (*System).fdRenumber, Full, "any two descriptors"},
	{preview1, "fd_seek", (*System).fdSeek, Full, "files; directories to their start"},
	{preview1, "fd_sync", (*System).fdSync, Full, "files are never written, so nothing is to be done"},
	{preview1, "fd_tell", (*System).fdTell, Full, "files"},
	{preview1, "fd_write", (*System).fdWrite, Full, "standard output, standard error and sockets, straight from linear memory"},
	{preview1, "path_create_directory", (*System).pathCreateDirectory, Refused, "EROFS: the archive is read-only"},
	{preview1, "path_filestat_get", (*System).pathFilestatGet, Full, "all attributes of the archive"},
	{preview1, "path_filestat_set_times", (*System).pathFilestatSetTimes, Refused, "EROFS: the archive is read-only"},
	{preview1, "path_link", (*System).pathLink, Refused, "EROFS: the archive is read-only"},
	{preview1, "path_open", (*System).pathOpen, Partial, "files and directories for reading; EROFS for writing"},
	{preview1, "path_readlink", (*System).pathReadlink, Full, "symbolic links of the archive"},
	{preview1, "path_remove_directory", (*System).pathRemoveDirectory, Refused, "EROFS: the archive is read-only"},
	{preview1, "path_rename", (*System).pathRename, Refused, "EROFS: the archive is read-only"},
	{preview1, "path_symlink", (*System).pathSymlink, Refused, "EROFS: the archive is read-only"},
	{preview1, "path_unlink_file", (*System).pathUnlinkFile, Refused, "EROFS: the archive is read-only"},
	{preview1, "poll_oneoff", (*System).pollOneoff, Full, "clocks, standard streams, files and sockets together; the cost of what is not ready is a few instructions"},
	{preview1, "proc_exit", (*System).procExit, Full, "codes 0 to 255"},
	{preview1, "proc_raise", (*System).procRaise, Refused, "ENOSYS: dropped from the specification"},
	{preview1, "random_get", (*System).randomGet, Full, "ChaCha8 keyed from the machine's entropy source"},
	{preview1, "sched_yield", (*System).schedYield, Full, "lets the kernel's goroutines and the network run"},
	{preview1, "sock_accept", (*System).sockAccept, Full, "sockets of --listen and of sock_listen"},
	{preview1, "sock_recv", (*System).sockRecv, Full, "with peek and waitall"},
	{preview1, "sock_send", (*System).sockSend, Full, "straight from linear memory"},
	{preview1, "sock_shutdown", (*System).sockShutdown, Full, "one direction or both"},
	{preview1, "sock_open", (*System).sockOpen, Full, "TCP and UDP over IPv4 and IPv6; ENETDOWN without a network"},
	{preview1, "sock_bind", (*System).sockBind, Full, "addresses of 4, 16 or 128 bytes"},
	{preview1, "sock_listen", (*System).sockListen, Full, "any backlog, within the bounds of the stack"},
	{preview1, "sock_accept", (*System).sockAcceptBlocking, Full, "WasmEdge's first form, without flags"},
	{preview1, "sock_connect", (*System).sockConnect, Full, "waits, or EINPROGRESS with nonblock"},
	{preview1, "sock_recv_from", (*System).sockRecvFrom, Full, "WasmEdge's first form, without the port"},
	{preview1, "sock_recv_from", (*System).sockRecvFromPort, Full, "WasmEdge's second form"},
	{preview1, "sock_send_to", (*System).sockSendTo, Full, "one datagram, whole or not at all"},
	{preview1, "sock_getsockopt", (*System).sockGetsockopt, Full, "sizes by address as in WasmEdge, or by value as in wasi-go"},
	{preview1, "sock_setsockopt", (*System).sockSetsockopt, Partial, "not SO_DONTROUTE, SO_OOBINLINE, SO_RCVLOWAT: ENOPROTOOPT"},
	{preview1, "sock_getlocaladdr", (*System).sockGetlocaladdr, Full, "WasmEdge's first form, type 4 or 6"},
	{preview1, "sock_getlocaladdr", (*System).sockGetlocaladdrStorage, Full, "WasmEdge's second form, 128 bytes"},
	{preview1, "sock_getpeeraddr", (*System).sockGetpeeraddr, Full, "WasmEdge's first form, type 4 or 6"},
	{preview1, "sock_getpeeraddr", (*System).sockGetpeeraddrStorage, Full, "WasmEdge's second form, 128 bytes"},
	{preview1, "sock_getaddrinfo", (*System).sockGetaddrinfo, Partial, "no canonical names"},
	{preview1, "sock_open_v2", (*System).sockOpen, Full, "as sock_open"},
	{preview1, "sock_bind_v2", (*System).sockBind, Full, "as sock_bind"},
	{preview1, "sock_listen_v2", (*System).sockListen, Full, "as sock_listen"},
	{preview1, "sock_accept_v2", (*System).sockAccept, Full, "as sock_accept of preview 1"},
	{preview1, "sock_connect_v2", (*System).sockConnect, Full, "as sock_connect"},
	{preview1, "sock_recv_v2", (*System).sockRecv, Full, "as sock_recv"},
	{preview1, "sock_recv_from_v2", (*System).sockRecvFromPort, Full, "as sock_recv_from, second form"},
	{preview1, "sock_send_v2", (*System).sockSend, Full, "as sock_send"},
	{preview1, "sock_send_to_v2", (*System).sockSendTo, Full, "as sock_send_to"},
	{preview1, "sock_getlocaladdr_v2", (*System).sockGetlocaladdrStorage, Full, "as sock_getlocaladdr, second form"},
	{preview1, "sock_getpeeraddr_v2", (*System).sockGetpeeraddrStorage, Full, "as sock_getpeeraddr, second form"},
	{preview1, "epoll_oneoff", (*System).epollOneoff, Full, "as poll_oneoff, edge-triggered: a socket is told when it becomes ready"},
}
