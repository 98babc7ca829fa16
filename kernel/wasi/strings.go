package wasi

import (
	"encoding/binary"
	"errors"
)

// errStrings says that arguments or environment do not fit a program.
var errStrings = errors.New("wasi: arguments and environment exceed 1 GiB")

const stringsMaxBytes = 1 << 30

// stringList is arguments or environment as the program wants them: each ends
// with a zero byte, and there is a table of where each begins.
type stringList struct {
	bytes  []byte
	starts []uint32
}

func newStringList(list []string) (stringList, bool) {
	var s stringList
	total := 0
	for _, item := range list {
		total += len(item) + 1
	}
	if total > stringsMaxBytes {
		return s, false
	}
	for _, item := range list {
		s.starts = append(s.starts, uint32(len(s.bytes)))
		s.bytes = append(append(s.bytes, item...), 0)
	}
	return s, true
}

// get writes the table of addresses and the bytes.
func (s *stringList) get(m Memory, table, at uint32) Errno {
	addresses, ok := m.array(table, uint32(len(s.starts)), 4)
	b, bytesOK := m.slice(at, uint32(len(s.bytes)))
	if !ok || !bytesOK {
		return EFault
	}
	for i, start := range s.starts {
		binary.LittleEndian.PutUint32(addresses[4*i:], at+start)
	}
	copy(b, s.bytes)
	return Success
}

// sizes writes how many there are and how many bytes they take.
func (s *stringList) sizes(m Memory, count, bytes uint32) Errno {
	if !m.putUint32(count, uint32(len(s.starts))) || !m.putUint32(bytes, uint32(len(s.bytes))) {
		return EFault
	}
	return Success
}

// argsGet is args_get: the arguments of the program.
//
// Parameters: argv i32, where the addresses of the arguments go; argv_buf i32,
// where their bytes go, each ended by a zero byte. args_sizes_get tells how
// much room both need.
//
// Errors:
//   - EFAULT: one of the two does not fit into memory.
func (s *System) argsGet(a *Args) Errno { return s.args.get(s.Memory, uint32(a[0]), uint32(a[1])) }

// argsSizesGet is args_sizes_get: the room that args_get needs.
//
// Parameters: result.argc i32, where the number of arguments goes (u32);
// result.argv_buf_size i32, where the number of their bytes goes (u32).
//
// Errors:
//   - EFAULT: a result lies outside of memory.
func (s *System) argsSizesGet(a *Args) Errno {
	return s.args.sizes(s.Memory, uint32(a[0]), uint32(a[1]))
}

// environGet is environ_get: the environment, as KEY=value.
//
// Parameters: environ i32, where the addresses of the strings go; environ_buf
// i32, where their bytes go, each ended by a zero byte. environ_sizes_get tells
// how much room both need.
//
// Errors:
//   - EFAULT: one of the two does not fit into memory.
func (s *System) environGet(a *Args) Errno { return s.env.get(s.Memory, uint32(a[0]), uint32(a[1])) }

// environSizesGet is environ_sizes_get: the room that environ_get needs.
//
// Parameters: result.environc i32, where the number of strings goes (u32);
// result.environ_buf_size i32, where the number of their bytes goes (u32).
//
// Errors:
//   - EFAULT: a result lies outside of memory.
func (s *System) environSizesGet(a *Args) Errno {
	return s.env.sizes(s.Memory, uint32(a[0]), uint32(a[1]))
}
