package wasi

import (
	"encoding/binary"
	"strconv"

	"mewz/kernel/socket"
)

// An addrinfo of WasmEdge in linear memory: flags u16 at 0, family u8 at 2, socktype u8 at 3,
// protocol u32 at 4, addrlen u32 at 8, address of a sockaddr u32 at 12, of the canonical name at
// 16 and its length at 20, of the next one at 24. A sockaddr: family u8 at 0, length of its data
// u32 at 4, address of the data u32 at 8.
const (
	addrinfoBytes      = 28
	addrinfoFamily     = 2
	addrinfoSockType   = 3
	addrinfoProtocol   = 4
	addrinfoLength     = 8
	addrinfoAddress    = 12
	addrinfoNameLength = 20
	addrinfoNext       = 24

	sockaddrBytes  = 12
	sockaddrLength = 4
	sockaddrData   = 8
)

// Data of a sockaddr: the port in network order, then the address. WasmEdge copies what
// follows the family in the host's, which for IPv6 has the flow information between them; the
// one known reader of IPv6, stealthrocket/net, has the address at 2, as wasi-go writes it.
const (
	sockaddrDataIPv4  = 2 + addressIPv4Bytes
	sockaddrDataIPv6  = 2 + addressIPv6Bytes
	sockaddrFullIPv4  = 14 // WasmEdge's length of it, filled up with zeroes
	sockaddrTotalIPv4 = 16 // sizeof(struct sockaddr_in)
	sockaddrTotalIPv6 = 28 // sizeof(struct sockaddr_in6)
)

// Flags of addrinfo (WasmEdge: aiflags).
const (
	addrinfoPassive        = 1 << 0 // AI_PASSIVE
	addrinfoCanonName      = 1 << 1 // AI_CANONNAME
	addrinfoNumericHost    = 1 << 2 // AI_NUMERICHOST
	addrinfoNumericService = 1 << 3 // AI_NUMERICSERV
	addrinfoV4Mapped       = 1 << 4 // AI_V4MAPPED
	addrinfoFlags          = 1<<7 - 1
)

// Protocols of addrinfo (IANA's numbers are 6 and 17; these are WasmEdge's).
const (
	protocolIP  = 0 // __WASI_PROTOCOL_IPPROTO_IP
	protocolTCP = 1 // __WASI_PROTOCOL_IPPROTO_TCP
	protocolUDP = 2 // __WASI_PROTOCOL_IPPROTO_UDP
)

const (
	// hostNameMax is the longest name there can be (RFC 1035, 2.3.4).
	hostNameMax = 255
	// addressesMax bounds the answers to a program: more than any name has.
	addressesMax = 64
)

// services are the names of ports that programs ask for (IANA).
var services = [...]struct {
	name string
	port uint16
}{
	{"http", 80}, {"https", 443}, {"domain", 53}, {"ftp", 21}, {"ssh", 22}, {"telnet", 23}, {"smtp", 25}, {"ntp", 123},
	{"pop3", 110}, {"imap", 143}, {"ldap", 389}, {"imaps", 993}, {"mysql", 3306}, {"postgresql", 5432}, {"redis", 6379},
}

// addrinfoHints are what sock_getaddrinfo is to find.
type addrinfoHints struct {
	flags    uint16
	family   socket.Family
	sockType uint8
	protocol uint8
}

// sockGetaddrinfo is sock_getaddrinfo: the addresses of a name.
//
// Parameters: node i32 and node_len i32, a name or an address, "" for this machine;
// service i32 and service_len i32, a port or the name of one; both may end with zero
// bytes. hints i32, an addrinfo; res i32, the address of the address of the first addrinfo of a
// list that is filled in, each with a sockaddr of its own; max_len i32, how many it has;
// result.len i32, how many were filled in (u32). Addresses that the data of a sockaddr have no
// room for are left out. There are no canonical names: their length becomes 0.
//
// Errors:
//   - EFAULT: something of this lies outside of memory.
//   - AINONAME (84): there is no such name, both are empty, or the name is none.
//   - AIMEMORY (82): max_len is 0.
//   - AIBADFLAGS (79), AIFAMILY (81), AISOCKTYPE (86): the hints have what there is not.
//   - AISERVICE (85): there is no such service.
//   - AINODATA (83): the name has no address of that family.
//   - AIAGAIN (78): no name server answers.
//   - AIFAIL (80): the machine has no network to ask in.
func (s *System) sockGetaddrinfo(a *Args) Errno {
	node, nodeOK := s.Memory.text(uint32(a[0]), uint32(a[1]))
	service, serviceOK := s.Memory.text(uint32(a[2]), uint32(a[3]))
	hints, hintsOK := s.Memory.slice(uint32(a[4]), addrinfoBytes)
	first, firstOK := s.Memory.slice(uint32(a[5]), 4)
	_, countOK := s.Memory.slice(uint32(a[7]), 4)
	if !nodeOK || !serviceOK || !hintsOK || !firstOK || !countOK {
		return EFault
	}
	switch {
	case len(node) == 0 && len(service) == 0:
		return AINoName
	case uint32(a[6]) == 0:
		return AIMemory
	}
	h, errno := parseHints(hints)
	if errno != Success {
		return errno
	}
	port, errno := parseService(string(service), h.flags)
	if errno != Success {
		return errno
	}
	addresses, errno := s.resolve(string(node), &h)
	if errno != Success {
		return errno
	}
	count, errno := s.putAddresses(binary.LittleEndian.Uint32(first), uint32(a[6]), addresses, port, &h)
	if errno == Success {
		s.Memory.putUint32(uint32(a[7]), count)
	}
	return errno
}

// text returns a string of a program, which may end with zero bytes.
func (m Memory) text(at, bytes uint32) (b []byte, ok bool) {
	b, ok = m.slice(at, bytes)
	for i, c := range b {
		if c == 0 {
			return b[:i], ok
		}
	}
	return b, ok
}

func parseHints(b []byte) (h addrinfoHints, errno Errno) {
	h = addrinfoHints{flags: binary.LittleEndian.Uint16(b), sockType: b[addrinfoSockType], protocol: b[addrinfoProtocol]}
	switch b[addrinfoFamily] {
	case 0:
	case familyINET4:
		h.family = socket.IPv4
	case familyINET6:
		h.family = socket.IPv6
	default:
		return h, AIFamily
	}
	switch {
	case h.flags&^addrinfoFlags != 0:
		return h, AIBadFlags
	case h.sockType > typeStream || h.protocol > protocolUDP:
		return h, AISockType
	case h.sockType == typeStream && h.protocol == protocolUDP, h.sockType == typeDatagram && h.protocol == protocolTCP:
		return h, AISockType
	}
	return h, Success
}

// parseService returns the port of a service.
func parseService(service string, flags uint16) (port uint16, errno Errno) {
	if service == "" {
		return 0, Success
	}
	if n, err := strconv.ParseUint(service, 10, 16); err == nil {
		return uint16(n), Success
	}
	if flags&addrinfoNumericService != 0 {
		return 0, AINoName
	}
	for _, known := range services {
		if known.name == service {
			return known.port, Success
		}
	}
	return 0, AIService
}

// resolve finds the addresses of a node.
func (s *System) resolve(node string, h *addrinfoHints) (list []socket.Address, errno Errno) {
	loopback4, loopback6 := socket.FromIPv4([4]byte{127, 0, 0, 1}), socket.Address{15: 1}
	switch {
	case node == "" && h.flags&addrinfoPassive != 0:
		list = []socket.Address{socket.FromIPv4([4]byte{}), {}}
	case node == "" || node == "localhost":
		list = []socket.Address{loopback4, loopback6}
	default:
		if numeric, _, ok := socket.ParseAddress(node); ok {
			list = []socket.Address{numeric}
			break
		}
		if h.flags&addrinfoNumericHost != 0 || len(node) > hostNameMax {
			return nil, AINoName
		}
		if list, errno = s.lookup(node, h); errno != Success {
			return nil, errno
		}
	}
	if list = ofFamily(list, h); len(list) == 0 {
		return nil, AINoData
	}
	return list, Success
}

// ofFamily leaves the addresses of the family that is wanted, those of IPv4 mapped if
// they are.
func ofFamily(list []socket.Address, h *addrinfoHints) (kept []socket.Address) {
	for _, address := range list {
		_, isIPv4 := address.IPv4()
		mapped := isIPv4 && h.family == socket.IPv6 && h.flags&addrinfoV4Mapped != 0
		if h.family == socket.Unspecified || isIPv4 == (h.family == socket.IPv4) || mapped {
			kept = append(kept, address)
		}
	}
	return kept
}

// lookup asks the network for a name, and waits for the answer.
func (s *System) lookup(node string, h *addrinfoHints) (list []socket.Address, errno Errno) {
	if s.network.stack == nil {
		return nil, AIFail
	}
	family := h.family
	if family == socket.IPv6 && h.flags&addrinfoV4Mapped != 0 {
		family = socket.Unspecified
	}
	question, err := s.network.stack.Lookup(node, family)
	if err != nil {
		return nil, lookupErrno(err)
	}
	defer question.Close()
	var p pause
	list, err = question.Result()
	for isAgain(err) && s.again(&p) {
		list, err = question.Result()
	}
	if err != nil {
		return nil, lookupErrno(err)
	}
	return list[:min(len(list), addressesMax)], Success
}

// lookupErrno is errnoOf for a name: what goes wrong otherwise is EAI_FAIL.
func lookupErrno(err error) Errno {
	if errno := errnoOf(err); errno >= AIAgain {
		return errno
	}
	return AIFail
}

// putAddresses fills the list of addrinfo at address at, which has most of them.
func (s *System) putAddresses(at, most uint32, list []socket.Address, port uint16, h *addrinfoHints) (count uint32, errno Errno) {
	types := [...]uint8{typeStream, typeDatagram}
	for _, address := range list {
		for _, sockType := range types {
			protocol := uint8(protocolTCP)
			if sockType == typeDatagram {
				protocol = protocolUDP
			}
			if h.sockType != typeAny && h.sockType != sockType || h.protocol != protocolIP && h.protocol != protocol {
				continue
			}
			if count == most {
				return count, Success
			}
			info, ok := s.Memory.slice(at, addrinfoBytes)
			if !ok {
				return count, EFault
			}
			next := binary.LittleEndian.Uint32(info[addrinfoNext:])
			fits, errno := s.putAddrinfo(info, address, port, h)
			switch {
			case errno != Success:
				return count, errno
			case !fits:
				continue
			}
			info[addrinfoSockType] = sockType
			binary.LittleEndian.PutUint32(info[addrinfoProtocol:], uint32(protocol))
			count++
			if at = next; at == 0 {
				return count, Success
			}
		}
	}
	return count, Success
}

// putAddrinfo fills in one addrinfo and its sockaddr.
func (s *System) putAddrinfo(info []byte, address socket.Address, port uint16, h *addrinfoHints) (fits bool, errno Errno) {
	le := binary.LittleEndian
	record, ok := s.Memory.slice(le.Uint32(info[addrinfoAddress:]), sockaddrBytes)
	if !ok {
		return false, EFault
	}
	data, ok := s.Memory.slice(le.Uint32(record[sockaddrData:]), le.Uint32(record[sockaddrLength:]))
	if !ok {
		return false, EFault
	}
	family, total, room := uint8(familyINET6), uint32(sockaddrTotalIPv6), sockaddrDataIPv6
	bytes := address[:]
	if v4, isIPv4 := address.IPv4(); isIPv4 && h.family != socket.IPv6 {
		family, total, room = familyINET4, sockaddrTotalIPv4, min(max(len(data), sockaddrDataIPv4), sockaddrFullIPv4)
		bytes = v4[:]
	}
	if len(data) < room {
		return false, Success
	}
	data = data[:room]
	clear(data)
	binary.BigEndian.PutUint16(data, port)
	copy(data[2:], bytes)
	record[0] = family
	le.PutUint32(record[sockaddrLength:], uint32(room))
	le.PutUint16(info, h.flags&^addrinfoCanonName)
	info[addrinfoFamily] = family
	le.PutUint32(info[addrinfoLength:], total)
	le.PutUint32(info[addrinfoNameLength:], 0)
	return true, Success
}
