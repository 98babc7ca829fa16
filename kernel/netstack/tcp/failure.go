package tcp

import (
	"encoding/binary"
	"syscall"

	"mewz/kernel/netstack/ip"
	"mewz/kernel/socket"
)

// quotedConn finds the connection that an ICMP message is about. Its sequence number must be one that is under
// way (RFC 5927, 4.1): who does not see our segments has to guess it.
func (e *Engine) quotedConn(local, remote *socket.Address, quoted []byte) (c *Conn, seq uint32) {
	if len(quoted) < 8 {
		return nil, 0
	}
	k := makeKey(local, remote, binary.BigEndian.Uint32(quoted))
	c = e.find(&k)
	if c == nil {
		return nil, 0
	}
	seq = binary.BigEndian.Uint32(quoted[4:])
	if before(seq, c.sndUna) || !before(seq, c.sndNxt) {
		return nil, 0
	}
	return c, seq
}

// Failed takes an ICMP error; see ip.Handler. Only a connection that is not yet established gives up
// (RFC 5927, 5.2); another one remembers why it may time out.
func (e *Engine) Failed(local, remote socket.Address, quoted []byte, f ip.Failure) {
	e.clock()
	c, _ := e.quotedConn(&local, &remote, quoted)
	if c == nil {
		return
	}
	errno, hard := syscall.EHOSTUNREACH, false
	switch f {
	case ip.PortUnreachable, ip.ProtocolUnreachable:
		errno, hard = syscall.ECONNREFUSED, true
	case ip.Prohibited, ip.NeighborUnreachable:
		hard = true
	default: // soft (RFC 9293, 3.9.2.2)
	}
	if hard && c.state == synSent {
		c.fail(errno)
		return
	}
	c.softError = errno
}

// PathMTU takes a smaller MTU of the path (RFC 1191, 8201); see ip.Handler.
func (e *Engine) PathMTU(local, remote socket.Address, quoted []byte, mtu uint16) {
	e.clock()
	c, _ := e.quotedConn(&local, &remote, quoted)
	if c == nil {
		return
	}
	least := uint16(576) // what every host takes (RFC 1122, 3.3.2)
	if !c.route.IsIPv4 {
		least = 1280 // RFC 8200, section 5
	}
	mtu = max(mtu, least)
	if mtu >= c.route.MTU {
		return
	}
	c.route.MTU = mtu
	c.mss = max(min(c.peerMSS, uint32(c.ourMSS())), mssMin) - uint32(c.tcpBytes-headerBytes)
	if c.state < established {
		return
	}
	// What was too large is lost, and not for congestion (RFC 1191, 6.4).
	c.lose(c.sndNxt)
	c.output()
}
