package tcp

import (
	"syscall"

	"mewz/kernel/netstack/ip"
	"mewz/kernel/socket"
)

// Ports that are chosen (RFC 6056, 3.2): the upper half.
const (
	portFirst = 32768
	ports     = 32768
)

// Binding is what Bind asks for.
type Binding struct {
	Local  socket.Endpoint // a zero address is every one of the family, as for Listen
	Family socket.Family
	Only6  bool
	Reuse  bool // others that say so too may have the same
}

// reservation is a port that Bind keeps.
type reservation struct {
	claim ip.Claim
	reuse bool
}

// choosePort puts a local port into k for which there is no connection: algorithm 3 of RFC 6056.
func (e *Engine) choosePort(k *key) bool {
	remote := k.ports & 0xffff
	k.ports = remote
	offset := uint32(e.secret.sum(k, tagPort, 0))
	for range ports {
		e.portNext++
		port := portFirst + (offset+e.portNext)%ports
		k.ports = port<<16 | remote
		if len(e.bound[uint16(port)]) == 0 && len(e.listeners[uint16(port)]) == 0 &&
			e.find(k) == nil && e.waiting.find(e, k) == 0 {
			return true
		}
	}
	return false
}

// Reserve finds and keeps a port for Bind: 0 chooses one. Connections that are left at the port do not hinder.
// Errors: EADDRINUSE, EADDRNOTAVAIL.
func (e *Engine) Reserve(b Binding) (port uint16, err error) {
	if !unspecified(&b.Local.Address) && !e.out.IsLocal(b.Local.Address) {
		return 0, syscall.EADDRNOTAVAIL
	}
	r := reservation{ip.ClaimOf(b.Local.Address, b.Family, b.Only6), b.Reuse}
	if port = b.Local.Port; port != 0 {
		if !e.reservable(port, &r) {
			return 0, syscall.EADDRINUSE
		}
		e.bound[port] = append(e.bound[port], r)
		return port, nil
	}
	var start [2]byte
	e.random.Fill(start[:])
	first := uint32(start[0])<<8 | uint32(start[1])
	for i := range uint32(ports) {
		port = uint16(portFirst + (first+i)%ports)
		if len(e.bound[port]) == 0 && len(e.listeners[port]) == 0 {
			e.bound[port] = append(e.bound[port], r)
			return port, nil
		}
	}
	return 0, syscall.EADDRINUSE
}

// reservable reports whether nobody else has an endpoint, or all share it.
func (e *Engine) reservable(port uint16, wanted *reservation) bool {
	for i := range e.bound[port] {
		if r := &e.bound[port][i]; wanted.claim.Meets(&r.claim) && !(wanted.reuse && r.reuse) {
			return false
		}
	}
	for _, l := range e.listeners[port] {
		if c := l.claim(); wanted.claim.Meets(&c) {
			return false
		}
	}
	return true
}

// Free gives a reserved port back; b.Local.Port is the one that Reserve returned.
func (e *Engine) Free(b Binding) {
	wanted := ip.ClaimOf(b.Local.Address, b.Family, b.Only6)
	all := e.bound[b.Local.Port]
	for i, r := range all {
		if r.claim == wanted {
			e.bound[b.Local.Port] = append(all[:i:i], all[i+1:]...)
			break
		}
	}
	if len(e.bound[b.Local.Port]) == 0 {
		delete(e.bound, b.Local.Port)
	}
}
