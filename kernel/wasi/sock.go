package wasi

// notSocket is the answer of the functions for sockets while there is no
// network: no descriptor is one.
func (s *System) notSocket(fd uint32) Errno {
	if s.descriptors.get(fd) == nil {
		return EBadf
	}
	return ENotSock
}

// sockAccept is sock_accept: the next connection of a listening socket.
//
// Parameters: fd i32; flags i32, fdflags of the new descriptor; result.fd i32,
// where it goes (u32).
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
func (s *System) sockAccept(a *Args) Errno { return s.notSocket(uint32(a[0])) }

// sockRecv is sock_recv: bytes from a socket.
//
// Parameters: fd i32; ri_data i32 and ri_data_len i32, the buffers (iovec);
// ri_flags i32; result.ro_datalen i32 (u32); result.ro_flags i32 (u16).
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
func (s *System) sockRecv(a *Args) Errno { return s.notSocket(uint32(a[0])) }

// sockSend is sock_send: bytes to a socket.
//
// Parameters: fd i32; si_data i32 and si_data_len i32, the buffers (ciovec);
// si_flags i32; result.so_datalen i32 (u32).
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
func (s *System) sockSend(a *Args) Errno { return s.notSocket(uint32(a[0])) }

// sockShutdown is sock_shutdown: ends one or both directions of a connection.
//
// Parameters: fd i32; how i32, sdflags.
//
// Errors:
//   - EBADF: fd is not open.
//   - ENOTSOCK: fd is no socket.
func (s *System) sockShutdown(a *Args) Errno { return s.notSocket(uint32(a[0])) }
