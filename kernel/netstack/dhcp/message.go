package dhcp

import (
	"encoding/binary"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// Ports (RFC 2131, 4.1).
const (
	ServerPort = 67
	ClientPort = 68
)

// messageType is the value of the option of that name (RFC 2132, 9.6).
type messageType uint8

const (
	discover messageType = 1
	offer    messageType = 2
	request  messageType = 3
	decline  messageType = 4
	ack      messageType = 5
	nak      messageType = 6
)

// Options (RFC 2132 unless said otherwise).
const (
	optionPad          = 0
	optionMask         = 1
	optionRouter       = 3
	optionServers      = 6
	optionHostName     = 12
	optionDomain       = 15
	optionMTU          = 26
	optionRequested    = 50
	optionLease        = 51
	optionOverload     = 52
	optionType         = 53
	optionServer       = 54
	optionParameters   = 55
	optionMaxBytes     = 57
	optionRenewal      = 58
	optionRebinding    = 59
	optionClient       = 61
	optionSearch       = 119 // RFC 3397
	optionEnd          = 255
	overloadFile       = 1
	overloadServerName = 2
)

// Layout of a message (RFC 2131, 2).
const (
	fixedBytes   = 236
	cookie       = 0x63825363
	optionsAt    = fixedBytes + 4
	minBytes     = 300  // RFC 951: some relays drop less
	maxBytes     = 1472 // what we take: a frame
	serverNameAt = 44
	fileAt       = 108
	broadcastBit = 0x8000
)

// Bounds of what a lease carries.
const (
	serversMax   = 4
	searchMax    = 6
	hostNameMax  = 63 // RFC 1035, 2.3.4: a label
	optionMax    = 512
	leaseMin     = 60 * time.Second // less would be nothing but renewing
	leaseDefault = time.Hour        // of a server that does not say
)

// message is what a client needs of one from a server.
type message struct {
	kind     messageType
	yours    socket.Address
	server   socket.Address
	lease    Lease
	leaseFor time.Duration // or socket.Forever
	t1, t2   time.Duration // 0: not given
}

// Lease is an address and what belongs to it, for a time.
type Lease struct {
	Address  header.Prefix
	Router   socket.Address // or the zero address
	Servers  []socket.Address
	Search   []string
	HostName string
	MTU      uint16 // or 0
	// Expires is when the address is not ours any more, or socket.Forever.
	Expires time.Duration
}

// parse reads a message of a server about transaction id of m. ok is false for one that
// is malformed or for somebody else.
func parse(b []byte, id uint32, m packet.MAC) (r message, ok bool) {
	be := binary.BigEndian
	const reply, ethernet = 2, 1
	if len(b) < optionsAt || len(b) > maxBytes || b[0] != reply || b[1] != ethernet || b[2] != uint8(len(m)) ||
		be.Uint32(b[4:]) != id || packet.MAC(b[28:34]) != m || be.Uint32(b[fixedBytes:]) != cookie {
		return r, false
	}
	o := options{message: b}
	if kind := o.find(optionType); len(kind) == 1 {
		r.kind = messageType(kind[0])
	}
	server := o.find(optionServer)
	if len(server) != 4 || r.kind != offer && r.kind != ack && r.kind != nak {
		return r, false
	}
	r.server = header.MapIPv4([4]byte(server))
	if r.kind == nak {
		return r, true
	}
	r.yours = header.MapNumber4(be.Uint32(b[16:]))
	if !isNode(r.yours) || !isNode(r.server) {
		return r, false
	}
	o.times(&r)
	o.lease(&r)
	return r, true
}

// isNode reports whether an address can be that of a node.
func isNode(a socket.Address) bool {
	return !header.IsUnspecified(a) && !header.IsMulticast(a) && !header.IsLoopback(a) && a[12] < 240
}

// options reads the options of a message.
type options struct {
	message []byte
	found   [optionMax]byte
}

// find returns the value of an option, the pieces of one that is split put together
// (RFC 3396), or nil. It is valid until the next call.
func (o *options) find(code uint8) []byte {
	n, seen := 0, false
	overload := uint8(0)
	scan := func(b []byte) {
		for len(b) > 0 && b[0] != optionEnd {
			if b[0] == optionPad {
				b = b[1:]
				continue
			}
			if len(b) < 2 || len(b) < 2+int(b[1]) {
				return
			}
			value := b[2 : 2+int(b[1])]
			if b[0] == code {
				seen = true
				n += copy(o.found[n:], value)
			}
			if b[0] == optionOverload && len(value) == 1 {
				overload = value[0]
			}
			b = b[2+len(value):]
		}
	}
	scan(o.message[optionsAt:])
	if overload&overloadFile != 0 {
		scan(o.message[fileAt:fixedBytes])
	}
	if overload&overloadServerName != 0 {
		scan(o.message[serverNameAt:fileAt])
	}
	if !seen {
		return nil
	}
	return o.found[:n]
}

// number returns the value of an option of four bytes.
func (o *options) number(code uint8) (n uint32, ok bool) {
	b := o.find(code)
	if len(b) != 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(b), true
}

// times reads how long a lease lasts, and makes sense of it (RFC 2131, 4.4.5).
func (o *options) times(r *message) {
	r.leaseFor = leaseDefault
	if n, ok := o.number(optionLease); ok {
		if n == 1<<32-1 {
			r.leaseFor = socket.Forever
			return
		}
		r.leaseFor = max(time.Duration(n)*time.Second, leaseMin)
	}
	if n, ok := o.number(optionRenewal); ok {
		r.t1 = time.Duration(n) * time.Second
	}
	if n, ok := o.number(optionRebinding); ok {
		r.t2 = time.Duration(n) * time.Second
	}
	if r.t1 <= 0 || r.t2 <= r.t1 || r.t2 >= r.leaseFor {
		r.t1, r.t2 = r.leaseFor/2, r.leaseFor/8*7
	}
}

// lease reads what belongs to an address.
func (o *options) lease(r *message) {
	r.lease.Address = header.Prefix{Address: r.yours, Bits: classBits(r.yours)}
	if n, ok := o.number(optionMask); ok {
		if bits, ok := maskBits(n); ok {
			r.lease.Address.Bits = bits
		}
	}
	if b := o.find(optionRouter); len(b) >= 4 {
		if a := header.MapIPv4([4]byte(b)); isNode(a) {
			r.lease.Router = a
		}
	}
	for b := o.find(optionServers); len(b) >= 4 && len(r.lease.Servers) < serversMax; b = b[4:] {
		if a := header.MapIPv4([4]byte(b)); isNode(a) {
			r.lease.Servers = append(r.lease.Servers, a)
		}
	}
	if b := o.find(optionMTU); len(b) == 2 {
		r.lease.MTU = binary.BigEndian.Uint16(b)
	}
	r.lease.HostName = name(o.find(optionHostName))
	r.lease.Search = searchList(o.find(optionSearch))
	if domain := name(o.find(optionDomain)); len(r.lease.Search) == 0 && domain != "" {
		r.lease.Search = []string{domain}
	}
}

// classBits is the prefix of an address without a mask (RFC 950, appendix I).
func classBits(a socket.Address) uint8 {
	switch {
	case a[12] < 128:
		return 8
	case a[12] < 192:
		return 16
	}
	return 24
}

// maskBits counts the ones of a mask; ok is false if a zero stands before one.
func maskBits(mask uint32) (bits uint8, ok bool) {
	for mask&(1<<31) != 0 {
		bits++
		mask <<= 1
	}
	return bits, mask == 0 && bits > 0
}

// name returns a domain name if it is one: letters, digits, '-', '_' and '.'. Some
// servers end it with a zero byte.
func name(b []byte) string {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	if len(b) > 253 {
		return ""
	}
	for _, c := range b {
		if !isNameByte(c) && c != '.' {
			return ""
		}
	}
	return string(b)
}

func isNameByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// searchList reads names of labels that may point back (RFC 3397; RFC 1035, 4.1.4).
func searchList(b []byte) (names []string) {
	for at := 0; at < len(b) && len(names) < searchMax; {
		text, next, ok := compressedName(b, at)
		if !ok {
			return names
		}
		if text != "" {
			names = append(names, text)
		}
		at = next
	}
	return names
}

// compressedName reads the name at an offset. A pointer leads to an earlier byte only, so
// that it ends.
func compressedName(b []byte, at int) (text string, next int, ok bool) {
	var found []byte
	limit := at
	for at < len(b) {
		size := int(b[at])
		switch {
		case size == 0:
			return string(found), max(next, at+1), true
		case size >= 0xc0:
			if at+1 >= len(b) {
				return "", 0, false
			}
			to := (size&0x3f)<<8 | int(b[at+1])
			if to >= limit {
				return "", 0, false
			}
			next = max(next, at+2)
			at, limit = to, to
			continue
		case size > 63 || at+1+size > len(b) || len(found)+size > 253:
			return "", 0, false
		}
		if len(found) > 0 {
			found = append(found, '.')
		}
		for _, c := range b[at+1 : at+1+size] {
			if !isNameByte(c) {
				return "", 0, false
			}
			found = append(found, c)
		}
		at += 1 + size
	}
	return "", 0, false
}

// writer builds a message of a client.
type writer struct {
	b [minBytes + 256]byte
	n int
}

// begin writes the fixed part.
func (w *writer) begin(m packet.MAC, id uint32, secs uint16, current socket.Address) {
	const ask, ethernet = 1, 1
	w.b = [len(w.b)]byte{}
	be := binary.BigEndian
	w.b[0], w.b[1], w.b[2] = ask, ethernet, uint8(len(m))
	be.PutUint32(w.b[4:], id)
	be.PutUint16(w.b[8:], secs)
	if header.IsUnspecified(current) {
		be.PutUint16(w.b[10:], broadcastBit)
	} else {
		copy(w.b[12:16], current[12:])
	}
	copy(w.b[28:], m[:])
	be.PutUint32(w.b[fixedBytes:], cookie)
	w.n = optionsAt
}

// option appends an option.
func (w *writer) option(code uint8, value ...byte) {
	w.b[w.n], w.b[w.n+1] = code, uint8(len(value))
	w.n += 2 + copy(w.b[w.n+2:], value)
}

// end returns the message.
func (w *writer) end() []byte {
	w.b[w.n] = optionEnd
	return w.b[:max(w.n+1, minBytes)]
}
