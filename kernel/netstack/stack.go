// Package netstack is the network stack of the machine: Ethernet to sockets.
//
// In: a packet.Device. Out: socket.Network. One goroutine owns it and everything
// below (ip, tcp, udp, dhcp, dns); there are no locks and no goroutines in it.
// A Poll reads the clock once, takes all frames that have arrived, lets the timers run and
// notifies the device at most once.
package netstack

import (
	"syscall"
	"time"

	"mewz/abi"
	"mewz/kernel/netstack/tcp"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// Machine is what a stack works with.
type Machine struct {
	Device packet.Device
	Pool   *packet.Pool
	Random tcp.Random
	Now    func() time.Duration // monotonic
	Config abi.Network
	// Log takes messages for the log of the kernel: an address was found, a server lost.
	Log func(text string)
}

// Stack is a network stack (socket.Network).
type Stack struct{}

// New starts a stack: it configures addresses from Config or begins to ask for them.
// Errors name the value of Config that is malformed.
func New(m Machine) (*Stack, error) { return nil, syscall.ENOSYS }

func (s *Stack) Open(f socket.Family, k socket.Kind) (socket.Socket, error) {
	return nil, syscall.ENOSYS
}
func (s *Stack) Poll() bool                { return false }
func (s *Stack) Wait() time.Duration       { return socket.Forever }
func (s *Stack) Ready() []socket.Readiness { return nil }
func (s *Stack) Lookup(name string, f socket.Family) (socket.Lookup, error) {
	return nil, syscall.ENOSYS
}

// Configured reports whether the machine has an address by which others reach it;
// before that a server is not ready.
func (s *Stack) Configured() bool { return false }

// Addresses returns the addresses of the machine as text, for the announcement.
func (s *Stack) Addresses() []string { return nil }

// Servers returns the name servers and search domains in use, for /etc/resolv.conf.
func (s *Stack) Servers() (servers []socket.Address, search []string) { return nil, nil }

// Close resets or closes what is open and lets the last frames out, for up to
// patience: the end of the machine.
func (s *Stack) Close(patience time.Duration) {}
