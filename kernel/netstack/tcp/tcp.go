package tcp

import (
	"syscall"
	"time"

	"mewz/kernel/netstack/ip"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// Engine is TCP of one machine: it is an ip.Handler.
type Engine struct{}

// Random gives numbers that nobody can predict.
type Random interface{ Fill(p []byte) }

// New returns TCP over out. Payload that waits to be sent or to be read lies in
// chunks of pool.
func New(out ip.Output, pool *packet.Pool, random Random) *Engine { return &Engine{} }

// Input, Failed, PathMTU: see ip.Handler.
func (e *Engine) Input(p *ip.Packet)                                               {}
func (e *Engine) Failed(local, remote socket.Address, quoted []byte, f ip.Failure) {}
func (e *Engine) PathMTU(local, remote socket.Address, quoted []byte, mtu uint16)  {}

// EndPoll sends the acknowledgements that nothing carried, retries what the device had no
// room for, and runs the timers that are due.
func (e *Engine) EndPoll(now time.Duration) {}

// Deadline returns the moment when EndPoll is due next, or socket.Forever.
func (e *Engine) Deadline() time.Duration { return socket.Forever }

// Watcher is told when the readiness of a connection or listener changes.
type Watcher interface{ SetReady(r socket.Readiness) }

// Listener is a listening endpoint.
type Listener struct{}

// Listen begins to listen. A zero address is every address of the family (IPv6: also IPv4 unless only6).
// Errors: EADDRINUSE.
func (e *Engine) Listen(local socket.Endpoint, f socket.Family, only6 bool, backlog int, w Watcher) (*Listener, error) {
	return nil, syscall.ENOSYS
}

// Accept returns the next connection, or EAGAIN.
func (l *Listener) Accept() (*Conn, error) { return nil, syscall.EAGAIN }

// Close stops listening; connections that nobody accepted are reset.
func (l *Listener) Close() {}

// Conn is a connection.
type Conn struct{}

// Connect begins to connect: SYN-SENT. The connection becomes Writable when it is
// established or has failed (see Error). A zero local port is chosen (RFC 6056).
func (e *Engine) Connect(local, remote socket.Endpoint, w Watcher) (*Conn, error) {
	return nil, syscall.ENOSYS
}

// Reserve finds and keeps a port for Bind: 0 chooses one. Errors: EADDRINUSE, EADDRNOTAVAIL.
func (e *Engine) Reserve(local socket.Endpoint, reuse bool) (port uint16, err error) {
	return 0, syscall.ENOSYS
}

// Free gives a reserved port back.
func (e *Engine) Free(local socket.Endpoint) {}

// Watch tells w from now on, and now.
func (c *Conn) Watch(w Watcher) {}

// Established reports whether the connection has been.
func (c *Conn) Established() bool { return false }

// Read, Write, Shutdown, Close: see socket.Socket.
func (c *Conn) Read(b []byte, peek bool) (int, error)  { return 0, syscall.ENOSYS }
func (c *Conn) Write(b []byte, more bool) (int, error) { return 0, syscall.ENOSYS }
func (c *Conn) Shutdown(how socket.Shutdown) error     { return syscall.ENOSYS }
func (c *Conn) Close()                                 {}

// Abort resets the connection.
func (c *Conn) Abort() {}

// Error returns the error of the connection and clears it.
func (c *Conn) Error() error { return nil }

func (c *Conn) Local() socket.Endpoint { return socket.Endpoint{} }
func (c *Conn) Peer() socket.Endpoint  { return socket.Endpoint{} }

// Option and SetOption know NoDelay, KeepAlive…, Linger, SendBuffer, ReceiveBuffer.
func (c *Conn) Option(o socket.Option) (int64, error)    { return 0, syscall.ENOPROTOOPT }
func (c *Conn) SetOption(o socket.Option, v int64) error { return syscall.ENOPROTOOPT }
