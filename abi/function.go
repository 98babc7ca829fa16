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

const preview1 = "wasi_snapshot_preview1"

// Functions are all imports that the kernel answers, matched by module, name
// and type. Order is part of the ABI within one build of mewz only.
var Functions = []Function{
	{preview1, "args_get", "ii", "i"},
	{preview1, "args_sizes_get", "ii", "i"},
	{preview1, "environ_get", "ii", "i"},
	{preview1, "environ_sizes_get", "ii", "i"},
	{preview1, "clock_res_get", "ii", "i"},
	{preview1, "clock_time_get", "iIi", "i"},
	{preview1, "fd_advise", "iIIi", "i"},
	{preview1, "fd_allocate", "iII", "i"},
	{preview1, "fd_close", "i", "i"},
	{preview1, "fd_datasync", "i", "i"},
	{preview1, "fd_fdstat_get", "ii", "i"},
	{preview1, "fd_fdstat_set_flags", "ii", "i"},
	{preview1, "fd_fdstat_set_rights", "iII", "i"},
	{preview1, "fd_filestat_get", "ii", "i"},
	{preview1, "fd_filestat_set_size", "iI", "i"},
	{preview1, "fd_filestat_set_times", "iIIi", "i"},
	{preview1, "fd_pread", "iiiIi", "i"},
	{preview1, "fd_prestat_get", "ii", "i"},
	{preview1, "fd_prestat_dir_name", "iii", "i"},
	{preview1, "fd_pwrite", "iiiIi", "i"},
	{preview1, "fd_read", "iiii", "i"},
	{preview1, "fd_readdir", "iiiIi", "i"},
	{preview1, "fd_renumber", "ii", "i"},
	{preview1, "fd_seek", "iIii", "i"},
	{preview1, "fd_sync", "i", "i"},
	{preview1, "fd_tell", "ii", "i"},
	{preview1, "fd_write", "iiii", "i"},
	{preview1, "path_create_directory", "iii", "i"},
	{preview1, "path_filestat_get", "iiiii", "i"},
	{preview1, "path_filestat_set_times", "iiiiIIi", "i"},
	{preview1, "path_link", "iiiiiii", "i"},
	{preview1, "path_open", "iiiiiIIii", "i"},
	{preview1, "path_readlink", "iiiiii", "i"},
	{preview1, "path_remove_directory", "iii", "i"},
	{preview1, "path_rename", "iiiiii", "i"},
	{preview1, "path_symlink", "iiiii", "i"},
	{preview1, "path_unlink_file", "iii", "i"},
	{preview1, "poll_oneoff", "iiii", "i"},
	{preview1, "proc_exit", "i", ""},
	{preview1, "proc_raise", "i", "i"},
	{preview1, "random_get", "ii", "i"},
	{preview1, "sched_yield", "", "i"},
	{preview1, "sock_accept", "iii", "i"},
	{preview1, "sock_recv", "iiiiii", "i"},
	{preview1, "sock_send", "iiiii", "i"},
	{preview1, "sock_shutdown", "ii", "i"},

	// The socket extension of WasmEdge, both generations. A name that both have, or
	// preview 1 too, stands once for each type.
	{preview1, "sock_open", "iii", "i"},
	{preview1, "sock_bind", "iii", "i"},
	{preview1, "sock_listen", "ii", "i"},
	{preview1, "sock_accept", "ii", "i"}, // first generation
	{preview1, "sock_connect", "iii", "i"},
	{preview1, "sock_recv_from", "iiiiiii", "i"},  // first
	{preview1, "sock_recv_from", "iiiiiiii", "i"}, // second
	{preview1, "sock_send_to", "iiiiiii", "i"},
	{preview1, "sock_getsockopt", "iiiii", "i"},
	{preview1, "sock_setsockopt", "iiiii", "i"},
	{preview1, "sock_getlocaladdr", "iiii", "i"}, // first
	{preview1, "sock_getlocaladdr", "iii", "i"},  // second
	{preview1, "sock_getpeeraddr", "iiii", "i"},  // first
	{preview1, "sock_getpeeraddr", "iii", "i"},   // second
	{preview1, "sock_getaddrinfo", "iiiiiiii", "i"},
	{preview1, "sock_open_v2", "iii", "i"},
	{preview1, "sock_bind_v2", "iii", "i"},
	{preview1, "sock_listen_v2", "ii", "i"},
	{preview1, "sock_accept_v2", "iii", "i"},
	{preview1, "sock_connect_v2", "iii", "i"},
	{preview1, "sock_recv_v2", "iiiiii", "i"},
	{preview1, "sock_recv_from_v2", "iiiiiiii", "i"},
	{preview1, "sock_send_v2", "iiiii", "i"},
	{preview1, "sock_send_to_v2", "iiiiiii", "i"},
	{preview1, "sock_getlocaladdr_v2", "iii", "i"},
	{preview1, "sock_getpeeraddr_v2", "iii", "i"},
	{preview1, "epoll_oneoff", "iiii", "i"},
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
