package abi

// ValueType is a core value type as the binary format writes it.
type ValueType byte

// The number types (WebAssembly core 5.3.1).
const (
	I32 ValueType = 0x7f
	I64 ValueType = 0x7e
	F32 ValueType = 0x7d
	F64 ValueType = 0x7c
)

// Function is one function that a program may import. Its number is its index
// in Functions. The compiled program calls `module.name` with the C calling
// convention; the linker resolves it to a stub that loads the number and jumps
// to the kernel.
type Function struct {
	Module  string
	Name    string
	Params  string // one letter a parameter: i = i32, I = i64
	Results string
}

// Modules that programs import from.
const (
	Preview1 = "wasi_snapshot_preview1" // and the sockets of WasmEdge
	Unstable = "wasi_unstable"          // what preview 1 was called before, "preview 0"
)

// Functions are all imports that the kernel answers, matched by module, name
// and type. Order is part of the ABI within one build of mewz only.
var Functions = []Function{
	{Preview1, "args_get", "ii", "i"},
	{Preview1, "args_sizes_get", "ii", "i"},
	{Preview1, "environ_get", "ii", "i"},
	{Preview1, "environ_sizes_get", "ii", "i"},
	{Preview1, "clock_res_get", "ii", "i"},
	{Preview1, "clock_time_get", "iIi", "i"},
	{Preview1, "fd_advise", "iIIi", "i"},
	{Preview1, "fd_allocate", "iII", "i"},
	{Preview1, "fd_close", "i", "i"},
	{Preview1, "fd_datasync", "i", "i"},
	{Preview1, "fd_fdstat_get", "ii", "i"},
	{Preview1, "fd_fdstat_set_flags", "ii", "i"},
	{Preview1, "fd_fdstat_set_rights", "iII", "i"},
	{Preview1, "fd_filestat_get", "ii", "i"},
	{Preview1, "fd_filestat_set_size", "iI", "i"},
	{Preview1, "fd_filestat_set_times", "iIIi", "i"},
	{Preview1, "fd_pread", "iiiIi", "i"},
	{Preview1, "fd_prestat_get", "ii", "i"},
	{Preview1, "fd_prestat_dir_name", "iii", "i"},
	{Preview1, "fd_pwrite", "iiiIi", "i"},
	{Preview1, "fd_read", "iiii", "i"},
	{Preview1, "fd_readdir", "iiiIi", "i"},
	{Preview1, "fd_renumber", "ii", "i"},
	{Preview1, "fd_seek", "iIii", "i"},
	{Preview1, "fd_sync", "i", "i"},
	{Preview1, "fd_tell", "ii", "i"},
	{Preview1, "fd_write", "iiii", "i"},
	{Preview1, "path_create_directory", "iii", "i"},
	{Preview1, "path_filestat_get", "iiiii", "i"},
	{Preview1, "path_filestat_set_times", "iiiiIIi", "i"},
	{Preview1, "path_link", "iiiiiii", "i"},
	{Preview1, "path_open", "iiiiiIIii", "i"},
	{Preview1, "path_readlink", "iiiiii", "i"},
	{Preview1, "path_remove_directory", "iii", "i"},
	{Preview1, "path_rename", "iiiiii", "i"},
	{Preview1, "path_symlink", "iiiii", "i"},
	{Preview1, "path_unlink_file", "iii", "i"},
	{Preview1, "poll_oneoff", "iiii", "i"},
	{Preview1, "proc_exit", "i", ""},
	{Preview1, "proc_raise", "i", "i"},
	{Preview1, "random_get", "ii", "i"},
	{Preview1, "sched_yield", "", "i"},
	{Preview1, "sock_accept", "iii", "i"},
	{Preview1, "sock_recv", "iiiiii", "i"},
	{Preview1, "sock_send", "iiiii", "i"},
	{Preview1, "sock_shutdown", "ii", "i"},

	// The socket extension of WasmEdge, both generations. A name that both have, or
	// preview 1 too, stands once for each type.
	{Preview1, "sock_open", "iii", "i"},
	{Preview1, "sock_bind", "iii", "i"},
	{Preview1, "sock_listen", "ii", "i"},
	{Preview1, "sock_accept", "ii", "i"}, // first generation
	{Preview1, "sock_connect", "iii", "i"},
	{Preview1, "sock_recv_from", "iiiiiii", "i"},  // first
	{Preview1, "sock_recv_from", "iiiiiiii", "i"}, // second
	{Preview1, "sock_send_to", "iiiiiii", "i"},
	{Preview1, "sock_getsockopt", "iiiii", "i"},
	{Preview1, "sock_setsockopt", "iiiii", "i"},
	{Preview1, "sock_getlocaladdr", "iiii", "i"}, // first
	{Preview1, "sock_getlocaladdr", "iii", "i"},  // second
	{Preview1, "sock_getpeeraddr", "iiii", "i"},  // first
	{Preview1, "sock_getpeeraddr", "iii", "i"},   // second
	{Preview1, "sock_getaddrinfo", "iiiiiiii", "i"},
	{Preview1, "sock_open_v2", "iii", "i"},
	{Preview1, "sock_bind_v2", "iii", "i"},
	{Preview1, "sock_listen_v2", "ii", "i"},
	{Preview1, "sock_accept_v2", "iii", "i"},
	{Preview1, "sock_connect_v2", "iii", "i"},
	{Preview1, "sock_recv_v2", "iiiiii", "i"},
	{Preview1, "sock_recv_from_v2", "iiiiiiii", "i"},
	{Preview1, "sock_send_v2", "iiiii", "i"},
	{Preview1, "sock_send_to_v2", "iiiiiii", "i"},
	{Preview1, "sock_getlocaladdr_v2", "iii", "i"},
	{Preview1, "sock_getpeeraddr_v2", "iii", "i"},
	{Preview1, "epoll_oneoff", "iiii", "i"},

	// The same functions by the name of their first version. sock_accept came later.
	{Unstable, "args_get", "ii", "i"},
	{Unstable, "args_sizes_get", "ii", "i"},
	{Unstable, "environ_get", "ii", "i"},
	{Unstable, "environ_sizes_get", "ii", "i"},
	{Unstable, "clock_res_get", "ii", "i"},
	{Unstable, "clock_time_get", "iIi", "i"},
	{Unstable, "fd_advise", "iIIi", "i"},
	{Unstable, "fd_allocate", "iII", "i"},
	{Unstable, "fd_close", "i", "i"},
	{Unstable, "fd_datasync", "i", "i"},
	{Unstable, "fd_fdstat_get", "ii", "i"},
	{Unstable, "fd_fdstat_set_flags", "ii", "i"},
	{Unstable, "fd_fdstat_set_rights", "iII", "i"},
	{Unstable, "fd_filestat_get", "ii", "i"},
	{Unstable, "fd_filestat_set_size", "iI", "i"},
	{Unstable, "fd_filestat_set_times", "iIIi", "i"},
	{Unstable, "fd_pread", "iiiIi", "i"},
	{Unstable, "fd_prestat_get", "ii", "i"},
	{Unstable, "fd_prestat_dir_name", "iii", "i"},
	{Unstable, "fd_pwrite", "iiiIi", "i"},
	{Unstable, "fd_read", "iiii", "i"},
	{Unstable, "fd_readdir", "iiiIi", "i"},
	{Unstable, "fd_renumber", "ii", "i"},
	{Unstable, "fd_seek", "iIii", "i"},
	{Unstable, "fd_sync", "i", "i"},
	{Unstable, "fd_tell", "ii", "i"},
	{Unstable, "fd_write", "iiii", "i"},
	{Unstable, "path_create_directory", "iii", "i"},
	{Unstable, "path_filestat_get", "iiiii", "i"},
	{Unstable, "path_filestat_set_times", "iiiiIIi", "i"},
	{Unstable, "path_link", "iiiiiii", "i"},
	{Unstable, "path_open", "iiiiiIIii", "i"},
	{Unstable, "path_readlink", "iiiiii", "i"},
	{Unstable, "path_remove_directory", "iii", "i"},
	{Unstable, "path_rename", "iiiiii", "i"},
	{Unstable, "path_symlink", "iiiii", "i"},
	{Unstable, "path_unlink_file", "iii", "i"},
	{Unstable, "poll_oneoff", "iiii", "i"},
	{Unstable, "proc_exit", "i", ""},
	{Unstable, "proc_raise", "i", "i"},
	{Unstable, "random_get", "ii", "i"},
	{Unstable, "sched_yield", "", "i"},
	{Unstable, "sock_recv", "iiiiii", "i"},
	{Unstable, "sock_send", "iiiii", "i"},
	{Unstable, "sock_shutdown", "ii", "i"},
}

// Calls of compiled code that are no imports have numbers beyond the table.
const (
	CallMemoryGrow    = 0x8000 // wasm_memory_grow(i32 pages) -> i32
	CallUnknownImport = 0x8001 // (i32 index into Config.UnknownImports)
	CallReturned      = 0x8002 // wasm_start returned
	CallMemoryWait    = 0x8003 // wasm_memory_wait(i32 differs, i64 nanoseconds) -> i32
	CallHeapCommit    = 0x8004 // wasm_heap_commit(i64 offset, i64 bytes) -> i32
	// CallMoreMemoryGrow plus the number of a memory is its wasm_memoryN_grow.
	CallMoreMemoryGrow = 0x8100
)

// FunctionMaxParams bounds the parameters of a Function (path_open has nine).
const FunctionMaxParams = 9

// LookupFunction returns the number of an import; found says that module and
// name exist, matches that the type is the same too. A name may have several types.
func LookupFunction(module, name, params, results string) (number int, found, matches bool) {
	for i, f := range Functions {
		if f.Module == module && f.Name == name {
			if f.Params == params && f.Results == results {
				return i, true, true
			}
			found = true
		}
	}
	return 0, found, false
}
