package tcp

import (
	"syscall"

	"mewz/kernel/socket"
)

// Ports that are chosen (RFC 6056, 3.2): the upper half.
const (
	portFirst = 32768
	ports     = 32768
)

// reservation is a port that Bind keeps.
type reservation struct {
	address socket.Address
	reuse   bool
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
func (e *Engine) Reserve(local socket.Endpoint, reuse bool) (port uint16, err error) {
	if unspecified(&local.Address) {
		local.Address = socket.Address{}
	} else if !e.out.IsLocal(local.Address) {
		return 0, syscall.EADDRNOTAVAIL
	}
	if local.Port != 0 {
		if !e.reservable(local, reuse) {
			return 0, syscall.EADDRINUSE
		}
		e.bound[local.Port] = append(e.bound[local.Port], reservation{local.Address, reuse})
		return local.Port, nil
	}
	var b [2]byte
	e.random.Fill(b[:])
	start := uint32(b[0])<<8 | uint32(b[1])
	for i := range uint32(ports) {
		local.Port = uint16(portFirst + (start+i)%ports)
		if len(e.bound[local.Port]) == 0 && len(e.listeners[local.Port]) == 0 {
			e.bound[local.Port] = append(e.bound[local.Port], reservation{local.Address, reuse})
			return local.Port, nil
		}
	}
	return 0, syscall.EADDRINUSE
}

// reservable reports whether nobody else has an endpoint, or all share it.
func (e *Engine) reservable(local socket.Endpoint, reuse bool) bool {
	anybody := local.Address == socket.Address{}
	for _, r := range e.bound[local.Port] {
		if (anybody || r.address == socket.Address{} || r.address == local.Address) && !(reuse && r.reuse) {
			return false
		}
	}
	for _, l := range e.listeners[local.Port] {
		if anybody || unspecified(&l.local.Address) || l.local.Address == local.Address {
			return false
		}
	}
	return true
}

// Free gives a reserved port back.
func (e *Engine) Free(local socket.Endpoint) {
	if unspecified(&local.Address) {
		local.Address = socket.Address{}
	}
	all := e.bound[local.Port]
	for i, r := range all {
		if r.address == local.Address {
			e.bound[local.Port] = append(all[:i:i], all[i+1:]...)
			break
		}
	}
	if len(e.bound[local.Port]) == 0 {
		delete(e.bound, local.Port)
	}
}
