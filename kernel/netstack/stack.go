// Package netstack is the network stack of the machine: Ethernet to sockets.
//
// In: a packet.Device. Out: socket.Network. One goroutine owns it and everything
// below (ip, tcp, udp, dhcp, dns); there are no locks and no goroutines in it.
// A Poll reads the clock once, takes all frames that have arrived, lets the timers run and
// notifies the device at most once.
package netstack

import (
	"time"

	"mewz/abi"
	"mewz/kernel/netstack/dns"
	"mewz/kernel/netstack/header"
	"mewz/kernel/netstack/ip"
	"mewz/kernel/netstack/tcp"
	"mewz/kernel/netstack/udp"
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
	// Pause waits until the device has something, or for limit; it may return early. It may be nil: nothing
	// waits then.
	Pause func(limit time.Duration)
	// Hosts returns the text of /etc/hosts, or nil. It may be nil itself.
	Hosts func() []byte
}

// Stack is a network stack (socket.Network).
type Stack struct {
	machine  Machine
	settings settings
	ip       *ip.Layer
	tcp      *tcp.Engine
	udp      *udp.Engine
	dns      *dns.Resolver
	dhcp     *dhcpHost // nil without DHCP

	ready   []socket.Readiness // by tag
	raised  []socket.Readiness // by tag; nil before somebody asks
	sockets []*Socket          // open ones
	free    []*Socket          // closed ones, to be used again
}

// framesMax bounds the frames that one Poll takes, so that a flood does not keep the
// program from running: a queue of the device.
const framesMax = 256

// New starts a stack: it configures addresses from Config or begins to ask for them.
// Errors name the value of Config that is malformed.
func New(m Machine) (*Stack, error) {
	settings, err := parseSettings(m.Config)
	if err != nil {
		return nil, err
	}
	s := &Stack{machine: m, settings: settings}
	s.ip = ip.New(ip.Config{Device: m.Device, Pool: m.Pool, Random: m.Random, Watcher: s})
	s.tcp = tcp.New(s.ip, m.Pool, m.Random)
	s.udp = udp.New(s.ip, m.Pool, m.Random)
	s.ip.SetHandlers(s.tcp, s.udp)
	s.dns = dns.New(dns.Config{Open: s.Open, Random: m.Random, Servers: s.Servers, Hosts: m.Hosts, Reaches: s.reaches})
	s.ip.Begin(m.Now())
	if err := s.configure(); err != nil {
		return nil, err
	}
	m.Device.Flush()
	return s, nil
}

// Poll: see socket.Network.
func (s *Stack) Poll() bool {
	device := s.machine.Device
	now := s.machine.Now()
	s.ip.Begin(now)
	happened := false
	for range framesMax {
		r := device.Receive()
		if r == nil {
			break
		}
		happened = true
		s.ip.Input(r)
	}
	device.Recycle()
	if s.ip.DeliverToSelf() {
		happened = true
	}
	s.ip.Timers()
	if s.dhcp != nil {
		s.dhcp.poll(now)
	}
	s.dns.Poll(now)
	s.tcp.EndPoll(now)
	device.Flush()
	return happened
}

// Wait: see socket.Network.
func (s *Stack) Wait() time.Duration {
	at := min(s.ip.Deadline(), s.tcp.Deadline(), s.dns.Deadline())
	if s.dhcp != nil {
		at = min(at, s.dhcp.client.Deadline())
	}
	if at == socket.Forever {
		return at
	}
	return max(at-s.machine.Now(), 0)
}

// Ready: see socket.Network.
func (s *Stack) Ready() []socket.Readiness { return s.ready }

// Raised: see socket.Network.
func (s *Stack) Raised() []socket.Readiness {
	if s.raised == nil {
		s.raised = append(make([]socket.Readiness, 0, len(s.ready)+1), s.ready...)
	}
	return s.raised
}

// Lookup: see socket.Network.
func (s *Stack) Lookup(name string, f socket.Family) (socket.Lookup, error) {
	s.ip.Begin(s.machine.Now()) // the program may have computed for long since the last Poll
	l, err := s.dns.Lookup(name, f, s.ip.Now())
	if err != nil {
		return nil, err
	}
	return l, nil
}

// reaches reports whether there is an address of a family for the world.
func (s *Stack) reaches(f socket.Family) bool {
	for _, a := range s.ip.Addresses() {
		if header.IsIPv4(a.Address) == (f == socket.IPv4) && !header.IsLinkLocal6(a.Address) {
			return true
		}
	}
	return false
}

// Configured reports whether the machine has an address by which others reach it;
// before that a server is not ready.
func (s *Stack) Configured() bool {
	for _, a := range s.ip.Addresses() {
		if !header.IsLinkLocal6(a.Address) {
			return true
		}
	}
	return false
}

// Addresses returns the addresses of the machine as text, for the announcement.
func (s *Stack) Addresses() []string {
	var all []string
	for _, a := range s.ip.Addresses() {
		all = append(all, header.FormatPrefix(a))
	}
	return all
}

// Servers returns the name servers and search domains in use, for /etc/resolv.conf: those of
// the user before those of DHCP before those of routers.
func (s *Stack) Servers() (servers []socket.Address, search []string) {
	servers, search = s.settings.servers, s.settings.search
	announced, domains, _ := s.ip.Servers()
	if len(servers) == 0 {
		if s.dhcp != nil {
			servers = append(servers, s.dhcp.lease.Servers...)
		}
		servers = append(servers, announced...)
		servers = servers[:min(len(servers), serversMax)]
	}
	if len(search) == 0 {
		if s.dhcp != nil {
			search = append(search, s.dhcp.lease.Search...)
		}
		search = append(search, domains...)
		search = search[:min(len(search), searchMax)]
	}
	return servers, search
}

// HostName returns the name of the machine: the user's, or the DHCP server's, or empty.
func (s *Stack) HostName() string {
	if s.settings.hostName == "" && s.dhcp != nil {
		return s.dhcp.lease.HostName
	}
	return s.settings.hostName
}

// leaveTime is what the device has for the last frames before the machine is gone.
const leaveTime = 5 * time.Millisecond

// Close resets or closes what is open and lets the last frames out, for up to
// patience: the end of the machine. Peers who have not taken all by then are reset.
func (s *Stack) Close(patience time.Duration) {
	for len(s.sockets) > 0 {
		s.sockets[len(s.sockets)-1].Close()
	}
	s.until(s.machine.Now()+patience, s.tcp.Settled)
	if s.tcp.Abandon() > 0 {
		s.until(s.machine.Now()+leaveTime, func() bool { return s.machine.Pause == nil })
	}
}

// until polls until a moment, or until something is done or the device given up.
func (s *Stack) until(at time.Duration, done func() bool) {
	for s.Poll(); !done() && s.machine.Device.Err() == nil; s.Poll() {
		left := at - s.machine.Now()
		if left <= 0 {
			return
		}
		if wait := min(left, s.Wait()); wait > 0 && s.machine.Pause != nil {
			s.machine.Pause(wait)
		}
	}
}

// AddressReady: see ip.Watcher.
func (s *Stack) AddressReady(a socket.Address) {
	if s.dhcp != nil {
		s.dhcp.probed(a, false)
	}
}

// AddressTaken: see ip.Watcher.
func (s *Stack) AddressTaken(a socket.Address) {
	if s.dhcp != nil && s.dhcp.probed(a, true) {
		return
	}
	s.Log("another node on the network has the address " + header.FormatAddress(a) + ": this machine does without")
}

// Log: see ip.Watcher.
func (s *Stack) Log(text string) {
	if s.machine.Log != nil {
		s.machine.Log("network: " + text)
	}
}
