package socket

import "time"

// Family is an address family.
type Family uint8

// Families.
const (
	Unspecified Family = iota
	IPv4
	IPv6
)

// Kind is the kind of a socket.
type Kind uint8

// Kinds.
const (
	Stream   Kind = iota // TCP
	Datagram             // UDP
)

// Address is an IP address: IPv6, or IPv4 as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2).
type Address [16]byte

// Endpoint is an address and a port, in host order.
type Endpoint struct {
	Address Address
	Port    uint16
}

// Readiness says what a socket would do without waiting.
type Readiness uint8

// Bits of a Readiness.
const (
	Readable Readiness = 1 << iota // bytes, the end, a connection to accept, or an error
	Writable                       // room for bytes, connected, or an error
	Hangup                         // the peer has closed its direction, or the connection is gone
)

// Other is a bit that a Network leaves alone: the caller marks numbers with it that
// are no socket's.
const Other Readiness = 1 << 7

// Forever is no deadline.
const Forever time.Duration = 1<<63 - 1

// Network is a network stack.
type Network interface {
	// Open makes a socket.
	Open(f Family, k Kind) (Socket, error)
	// Poll takes what has arrived, runs the timers that are due and sends what waits.
	// It reports whether anything happened.
	Poll() bool
	// Wait returns how long the caller may wait for interrupts before the next
	// Poll at most, or Forever.
	Wait() time.Duration
	// Ready is the readiness of all sockets by tag (Socket.SetTag). The slice is
	// valid until the next SetTag. Entries that are no socket's tag are the caller's:
	// nothing is written there after the SetTag or Close that leaves them, and they keep
	// their values when the table grows.
	Ready() []Readiness
	// Raised is what has become ready since the caller took the bits away, by tag, beginning
	// with Ready at the first call; with Hangup all that is ready. Else it is as Ready, to the
	// entries of the caller too.
	Raised() []Readiness
	// Lookup begins to resolve a name; IPv4 and IPv6 ask for addresses of that
	// family, Unspecified for both.
	Lookup(name string, f Family) (Lookup, error)
}

// Lookup is a name on its way to be resolved.
type Lookup interface {
	// Result returns the addresses, or syscall.EAGAIN: Poll and ask again.
	// ErrNoName means that there is no such name, ErrNoServer that no server answers.
	Result() ([]Address, error)
	// Close forgets the question.
	Close()
}

// Shutdown names directions of a connection.
type Shutdown uint8

// Directions.
const (
	ShutdownRead Shutdown = 1 << iota
	ShutdownWrite
)

// Option is an option of a socket (setsockopt).
type Option uint8

// Options. Values are bytes, booleans or counts as int64; times are nanoseconds.
const (
	OptionReuseAddress Option = iota
	OptionError               // read only: the pending error as errno, cleared by reading
	OptionBroadcast
	OptionSendBuffer
	OptionReceiveBuffer
	OptionKeepAlive
	OptionKeepAliveIdle
	OptionKeepAliveInterval
	OptionKeepAliveCount
	OptionLinger // -1: off
	OptionNoDelay
	OptionAccepting // read only: listens
	OptionOnlyIPv6
)

// Socket is a socket. Read and Write, Receive and Send and the others return
// syscall.EAGAIN instead of waiting.
type Socket interface {
	// SetTag makes tag the index of the socket in Network.Ready; the entry is up to
	// date at once.
	SetTag(tag uint32)
	Bind(e Endpoint) error
	Listen(backlog int) error
	// Accept returns the next connection of a listening socket.
	Accept() (Socket, error)
	// Connect begins to connect and returns EINPROGRESS; the socket becomes
	// Writable when that is done, and OptionError tells how. For Datagram it sets the peer.
	Connect(e Endpoint) error
	// Read reads bytes of a connection or the next datagram; 0 and no error is
	// the end. peek leaves them there. A datagram that b is too small for is cut; bytes
	// is then what it had.
	Read(b []byte, peek bool) (n int, err error)
	// Write queues bytes. more says that others follow at once.
	Write(b []byte, more bool) (n int, err error)
	// Receive reads a datagram; bytes is its length, which may be more than b holds.
	// On a Stream it is Read and the endpoint is the peer.
	Receive(b []byte, peek bool) (bytes int, from Endpoint, err error)
	// Send sends a datagram.
	Send(b []byte, to Endpoint) error
	Shutdown(how Shutdown) error
	Local() Endpoint
	Peer() (Endpoint, error)
	Option(o Option) (int64, error)
	SetOption(o Option, v int64) error
	// Close closes the socket; what was written is still sent. It is not used
	// afterwards, and its tag may be another's.
	Close()
}

// Errors beyond syscall.Errno.
type lookupError string

func (e lookupError) Error() string { return string(e) }

// Errors of Lookup.
const (
	ErrNoName   lookupError = "socket: no such name"
	ErrNoServer lookupError = "socket: no name server answers"
)
