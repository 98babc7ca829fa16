package tcp

import (
	"encoding/binary"

	"mewz/kernel/netstack/header"
	"mewz/kernel/netstack/ip"
	"mewz/kernel/packet"
)

// raw is a segment without data that no template makes: SYN, RST, and the answers of those who are no
// connection.
type raw struct {
	ports       uint32
	seq, ack    uint32
	flags       uint8
	window      uint16
	options     [40]byte
	optionBytes int
}

// addTimestamp adds the option of time stamps.
func (s *raw) addTimestamp(value, echo uint32) {
	o := s.options[s.optionBytes:]
	binary.BigEndian.PutUint32(o, timestampPrefix)
	binary.BigEndian.PutUint32(o[4:], value)
	binary.BigEndian.PutUint32(o[8:], echo)
	s.optionBytes += timestampBytes
}

// addSYN adds the options of a SYN; scale may be noScale.
func (s *raw) addSYN(mss uint16, scale uint8, sack bool) {
	o := s.options[s.optionBytes:]
	o[0], o[1], o[2], o[3] = optionMSS, 4, uint8(mss>>8), uint8(mss)
	n := 4
	if scale != noScale {
		o[n], o[n+1], o[n+2], o[n+3] = optionNone, optionScale, 3, scale
		n += 4
	}
	if sack {
		o[n], o[n+1], o[n+2], o[n+3] = optionNone, optionNone, optionSackPermitted, 2
		n += 4
	}
	s.optionBytes += n
}

// sendRaw sends a segment, if the device has room.
func (e *Engine) sendRaw(r *ip.Route, s *raw) bool {
	f := e.out.Reserve()
	if f == nil {
		return false
	}
	be := binary.BigEndian
	at := putIP(f.Header, r)
	bytes := uint32(headerBytes + s.optionBytes)
	t := f.Header[at:]
	be.PutUint32(t, s.ports)
	be.PutUint32(t[4:], s.seq)
	be.PutUint32(t[8:], s.ack)
	t[12], t[13] = uint8(bytes/4<<4), s.flags
	be.PutUint16(t[14:], s.window)
	t[18], t[19] = 0, 0
	copy(t[headerBytes:], s.options[:s.optionBytes])
	f.HeaderBytes = at + uint16(bytes)
	f.PartCount, f.Segmentation = 0, packet.SegmentNone
	sum := uint32(0)
	if r.IsIPv4 {
		be.PutUint16(f.Header[ethernetBytes+2:], 0)
		sum = uint32(header.Fold(header.Sum(f.Header[ethernetBytes:ethernetBytes+ipv4Bytes], 0)))
	}
	putLength(f.Header, r.IsIPv4, sum, bytes)
	e.putChecksum(f, at, uint32(header.Fold(pseudo(&r.Source, &r.Destination))), bytes)
	e.out.Send(r, f)
	e.Stats.Sent++
	return true
}

// resetsPerSecond bounds RSTs to those who have no connection, so that nobody makes us a source of
// floods. At least half of them may be sent.
const resetsPerSecond = 200

// refuse answers a segment that belongs to no connection with RST (RFC 9293, 3.10.7.1).
func (e *Engine) refuse(s *segment) {
	if s.flags&flagRST != 0 || s.packet.Group || !e.mayAnswer() {
		return
	}
	p := s.packet
	route, err := e.out.Route(p.Destination, p.Source)
	if err != nil {
		return
	}
	r := raw{ports: swapPorts(p.Payload), flags: flagRST}
	if s.flags&flagACK != 0 {
		r.seq = s.ack
	} else {
		r.flags |= flagACK
		r.ack = s.end()
	}
	e.Stats.Resets++
	e.sendRaw(&route, &r)
}

// swapPorts reads the ports of a received header as ours and theirs.
func swapPorts(t []byte) uint32 {
	ports := binary.BigEndian.Uint32(t)
	return ports>>16 | ports<<16
}

// sendReset tells the peer that the connection is gone. Its number is the one that the
// peer expects, as RFC 5961 demands: one who has closed his window has not taken the byte that probes it.
func (c *Conn) sendReset() {
	if c.state < synReceived {
		return
	}
	e := c.engine
	r := raw{ports: c.key.ports, seq: c.sndNxt, ack: c.rcvNxt, flags: flagRST | flagACK}
	if edge := c.sndUna + c.sndWnd; before(edge, c.sndNxt) {
		r.seq = edge
	}
	e.Stats.Resets++
	e.sendRaw(&c.route, &r)
}

// sendSYN sends SYN or, in SYN-RECEIVED, SYN and ACK.
func (c *Conn) sendSYN() {
	e := c.engine
	s := raw{
		ports: c.key.ports, seq: c.iss, flags: flagSYN,
		window: uint16(min(c.rcvLimit, 0xffff)), // not scaled (RFC 7323, 2.2)
	}
	scale := uint8(ourScale)
	timestamps, sack := true, true
	if c.state == synReceived {
		s.flags |= flagACK
		s.ack = c.rcvNxt
		timestamps, sack = c.timestamps, c.sackOK
		if c.rcvScale == 0 {
			scale = noScale
		}
		c.lastAck = c.rcvNxt
		c.rcvAdv = later(c.rcvAdv, c.rcvNxt+uint32(s.window))
	}
	s.addSYN(c.ourMSS(), scale, sack)
	if timestamps {
		s.addTimestamp(e.ms+c.tsOffset, c.tsRecent)
	}
	if !c.rtt.timing && c.backoff == 0 {
		c.rtt.begin(c.iss, e.now)
	}
	e.sendRaw(&c.route, &s)
	c.startResend()
}

// ourMSS is what the peer may send us (RFC 9293, 3.7.1; RFC 6691).
func (c *Conn) ourMSS() uint16 {
	if c.route.IsIPv4 {
		return max(c.route.MTU, 576) - ipv4Bytes - headerBytes
	}
	return max(c.route.MTU, 1280) - ipv6Bytes - headerBytes
}
