package udp

import (
	"syscall"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/netstack/ip"
	"mewz/kernel/socket"
)

// Endpoint is a UDP socket.
type Endpoint struct {
	engine    *Engine
	watcher   Watcher
	next      *Endpoint // in the bucket
	family    socket.Family
	local     socket.Endpoint
	peer      socket.Endpoint
	route     ip.Route // to the peer
	queue     queue
	failure   error // told once
	routeEnds time.Duration
	told      socket.Readiness

	bound     bool
	given     bool // the local address was given by Bind
	connected bool
	routed    bool // route is good until routeEnds
	only6     bool
	reuse     bool
	broadcast bool
	readEnd   bool
	writeEnd  bool
}

// Open makes an endpoint that is bound to nothing. Errors: ENFILE.
func (e *Engine) Open(f socket.Family, w Watcher) (*Endpoint, error) {
	if e.count >= endpointsMax {
		return nil, syscall.ENFILE
	}
	x := &Endpoint{engine: e, watcher: w, family: f}
	x.local.Address = x.unspecified()
	x.queue.pool, x.queue.limit, x.queue.rings = e.pool, receiveBytes, &e.rings
	x.told = 1 << 7 // not a readiness: the first is told
	x.notify()
	return x, nil
}

func (x *Endpoint) unspecified() socket.Address {
	if x.family == socket.IPv4 {
		return header.Unspecified4
	}
	return header.Unspecified6
}

// Ready returns what the endpoint would do without waiting.
func (x *Endpoint) Ready() (r socket.Readiness) {
	r = socket.Writable
	if x.queue.count > 0 || x.failure != nil || x.readEnd {
		r |= socket.Readable
	}
	if x.readEnd && x.writeEnd {
		r |= socket.Hangup
	}
	return r
}

// notify tells the watcher.
func (x *Endpoint) notify() {
	if r := x.Ready(); r != x.told && x.watcher != nil {
		x.told = r
		x.watcher.SetReady(r)
	}
}

// score says how well a packet fits: 0 not at all.
func (x *Endpoint) score(p *ip.Packet, u header.UDP) int {
	if x.local.Port != u.DestinationPort || x.family == socket.IPv4 && !p.IsIPv4 || x.only6 && p.IsIPv4 {
		return 0
	}
	score := 1
	if !header.IsUnspecified(x.local.Address) {
		if !(x.local.Address == p.Destination || p.Group && x.broadcast && !x.given) {
			return 0
		}
		score += 2
	} else if x.local.Address == header.Unspecified4 && !p.IsIPv4 {
		return 0
	}
	if x.connected {
		if x.peer.Address != p.Source || x.peer.Port != u.SourcePort {
			return 0
		}
		score += 4
	}
	return score
}

// Bind gives the endpoint an address and a port, 0 for any.
// Errors: EINVAL when it has one, EADDRNOTAVAIL, EADDRINUSE, EAFNOSUPPORT.
func (x *Endpoint) Bind(local socket.Endpoint) error {
	e := x.engine
	if x.bound {
		return syscall.EINVAL
	}
	if local.Address == header.Unspecified6 {
		local.Address = x.unspecified()
	}
	isIPv4 := header.IsIPv4(local.Address)
	switch {
	case x.family == socket.IPv4 && !isIPv4:
		return syscall.EAFNOSUPPORT
	case x.only6 && isIPv4:
		return syscall.EINVAL
	case header.IsUnspecified(local.Address) || e.out.IsLocal(local.Address) || e.out.IsBroadcast(local.Address):
	default:
		return syscall.EADDRNOTAVAIL
	}
	if local.Port == 0 {
		port, ok := e.ephemeral(x, local.Address)
		if !ok {
			return syscall.EADDRINUSE
		}
		local.Port = port
	} else if e.conflicts(x, local) {
		return syscall.EADDRINUSE
	}
	x.local = local
	x.given = !header.IsUnspecified(local.Address)
	e.add(x)
	return nil
}

// checkDestination says whether a datagram can go to an endpoint.
func (x *Endpoint) checkDestination(to socket.Endpoint) error {
	isIPv4 := header.IsIPv4(to.Address)
	switch {
	case x.family == socket.IPv4 && !isIPv4:
		return syscall.EAFNOSUPPORT
	case x.only6 && isIPv4:
		return syscall.ENETUNREACH
	case to.Port == 0:
		return syscall.EINVAL
	case x.engine.out.IsBroadcast(to.Address) && !x.broadcast:
		return syscall.EACCES
	}
	return nil
}

// Connect sets the peer: from then on only its datagrams are received, and its errors
// heard. Errors: those of a route.
func (x *Endpoint) Connect(peer socket.Endpoint) error {
	peer.Address = reachSelf(peer.Address)
	if err := x.checkDestination(peer); err != nil {
		return err
	}
	source := x.local.Address
	if !x.given {
		source = header.Unspecified6
	}
	r, err := x.engine.out.Route(source, peer.Address)
	if err != nil {
		return err
	}
	if !x.bound {
		if err := x.Bind(socket.Endpoint{}); err != nil {
			return err
		}
	}
	x.local.Address, x.peer, x.route = r.Source, peer, r
	x.connected, x.routed, x.routeEnds = true, true, x.engine.out.Now()+routeTime
	return nil
}

// reachSelf makes the unspecified address as a destination the machine itself, as others do.
func reachSelf(a socket.Address) socket.Address {
	switch a {
	case header.Unspecified4:
		return header.Loopback4
	case header.Unspecified6:
		return header.Loopback6
	}
	return a
}

// routeTime is how long a connected endpoint goes without looking for its way anew: the
// MTU of a path grows again some time (RFC 8201, 4), and routers change.
const routeTime = time.Minute

// Write sends a datagram to the peer. Errors: EDESTADDRREQ, and those of Send.
func (x *Endpoint) Write(b []byte) error {
	if err := x.takeFailure(); err != nil {
		return err
	}
	if !x.connected {
		return syscall.EDESTADDRREQ
	}
	if !x.routed || x.engine.out.Now() >= x.routeEnds {
		r, err := x.engine.out.Route(x.local.Address, x.peer.Address)
		if err != nil {
			return err
		}
		x.route, x.routed, x.routeEnds = r, true, x.engine.out.Now()+routeTime
	}
	return x.send(b, &x.route, x.peer.Port)
}

// Send sends a datagram. Errors: EMSGSIZE, EACCES for a broadcast without the option,
// EAGAIN when the device has no room, ENETUNREACH, EPIPE after Shutdown.
func (x *Endpoint) Send(b []byte, to socket.Endpoint) error {
	if err := x.takeFailure(); err != nil {
		return err
	}
	to.Address = reachSelf(to.Address)
	if err := x.checkDestination(to); err != nil {
		return err
	}
	if !x.bound {
		if err := x.Bind(socket.Endpoint{}); err != nil {
			return err
		}
	}
	source := x.local.Address
	if !x.given && !x.connected || header.IsMulticast(source) || x.engine.out.IsBroadcast(source) {
		source = header.Unspecified6
	}
	r, err := x.engine.out.Route(source, to.Address)
	if err != nil && to.Address == header.Broadcast4 && x.broadcast {
		r, err = x.engine.out.Broadcast(header.Unspecified4), nil // before there is an address: DHCP
	}
	if err != nil {
		return err
	}
	x.engine.route = r
	return x.send(b, &x.engine.route, to.Port)
}

// datagramMax is the most data of a datagram (RFC 768: the length has 16 bits).
const datagramMax = 65535 - header.UDPBytes

// send sends a datagram on a route.
func (x *Endpoint) send(b []byte, r *ip.Route, port uint16) error {
	if x.writeEnd {
		return syscall.EPIPE
	}
	if len(b) > datagramMax {
		return syscall.EMSGSIZE
	}
	e := x.engine
	header.UDP{SourcePort: x.local.Port, DestinationPort: port, Bytes: uint16(header.UDPBytes + len(b))}.Put(e.head[:])
	e.datagram = ip.Datagram{
		Route: r, Protocol: ip.ProtocolUDP, Fragment: true, Head: e.head[:], ChecksumAt: 6, Pseudo: true, Data: b,
	}
	err := e.out.Transmit(&e.datagram)
	e.datagram.Data, e.datagram.Route = nil, nil
	return err
}

// Receive takes the next datagram: bytes is its length, which may be more than b holds.
// Errors: EAGAIN, and what ICMP said about one that was sent.
func (x *Endpoint) Receive(b []byte, peek bool) (bytes int, from socket.Endpoint, err error) {
	if err := x.takeFailure(); err != nil {
		return 0, from, err
	}
	if x.queue.count == 0 {
		if x.readEnd {
			return 0, from, nil
		}
		return 0, from, syscall.EAGAIN
	}
	bytes, from = x.queue.get(b, peek)
	x.notify()
	return bytes, from, nil
}

// takeFailure returns the pending error once.
func (x *Endpoint) takeFailure() error {
	err := x.failure
	if err != nil {
		x.failure = nil
		x.notify()
	}
	return err
}

// Error returns the pending error and clears it.
func (x *Endpoint) Error() error { return x.takeFailure() }

// Shutdown ends directions. Errors: ENOTCONN.
func (x *Endpoint) Shutdown(how socket.Shutdown) error {
	if !x.connected {
		return syscall.ENOTCONN
	}
	x.readEnd = x.readEnd || how&socket.ShutdownRead != 0
	x.writeEnd = x.writeEnd || how&socket.ShutdownWrite != 0
	x.notify()
	return nil
}

// Close ends the endpoint. What has not been read is dropped.
func (x *Endpoint) Close() {
	x.engine.remove(x)
	x.queue.clear()
	x.watcher = nil
}

// Local returns the address and port.
func (x *Endpoint) Local() socket.Endpoint { return x.local }

// Peer returns the peer. Errors: ENOTCONN.
func (x *Endpoint) Peer() (socket.Endpoint, error) {
	if !x.connected {
		return socket.Endpoint{}, syscall.ENOTCONN
	}
	return x.peer, nil
}

// Bounds of the buffers.
const (
	receiveBytes    = 208 << 10 // as Linux: net.core.rmem_default
	receiveBytesMin = 4 << 10
	receiveBytesMax = 4 << 20
)

// Option returns an option. Errors: ENOPROTOOPT.
func (x *Endpoint) Option(o socket.Option) (int64, error) {
	switch o {
	case socket.OptionReuseAddress:
		return number(x.reuse), nil
	case socket.OptionBroadcast:
		return number(x.broadcast), nil
	case socket.OptionOnlyIPv6:
		return number(x.only6), nil
	case socket.OptionReceiveBuffer:
		return int64(x.queue.limit), nil
	case socket.OptionSendBuffer:
		return receiveBytes, nil
	case socket.OptionAccepting, socket.OptionKeepAlive:
		return 0, nil
	case socket.OptionLinger:
		return -1, nil
	}
	return 0, syscall.ENOPROTOOPT
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// SetOption sets an option. Errors: ENOPROTOOPT, EINVAL.
func (x *Endpoint) SetOption(o socket.Option, v int64) error {
	switch o {
	case socket.OptionReuseAddress:
		x.reuse = v != 0
	case socket.OptionBroadcast:
		x.broadcast = v != 0
	case socket.OptionOnlyIPv6:
		if x.bound || x.family != socket.IPv6 {
			return syscall.EINVAL
		}
		x.only6 = v != 0
	case socket.OptionReceiveBuffer:
		x.queue.limit = int(min(max(v, receiveBytesMin), receiveBytesMax))
	case socket.OptionSendBuffer, socket.OptionKeepAlive, socket.OptionLinger:
		// A datagram leaves at once, so that there is nothing to be set.
	default:
		return syscall.ENOPROTOOPT
	}
	return nil
}
