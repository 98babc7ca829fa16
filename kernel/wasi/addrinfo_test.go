package wasi

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"mewz/kernel/socket"
)

// answers puts a list of addrinfo into memory, with data of some length each, and returns
// the address of the address of the first.
func (n *netWorld) answers(count, dataBytes int) (first uint64) {
	le := binary.LittleEndian
	next := uint64(0)
	for range count {
		data, _ := n.place(make([]byte, dataBytes))
		var address [sockaddrBytes]byte
		le.PutUint32(address[sockaddrLength:], uint32(dataBytes))
		le.PutUint32(address[sockaddrData:], uint32(data))
		record, _ := n.place(address[:])
		var info [addrinfoBytes]byte
		le.PutUint32(info[addrinfoAddress:], uint32(record))
		le.PutUint32(info[addrinfoNext:], uint32(next))
		next, _ = n.place(info[:])
	}
	first, _ = n.place(le.AppendUint32(nil, uint32(next)))
	return first
}

// hints puts hints into memory.
func (n *netWorld) hints(flags uint16, family, sockType, protocol uint8) uint64 {
	b := make([]byte, addrinfoBytes)
	binary.LittleEndian.PutUint16(b, flags)
	b[addrinfoFamily], b[addrinfoSockType], b[addrinfoProtocol] = family, sockType, protocol
	at, _ := n.place(b)
	return at
}

// getaddrinfo calls sock_getaddrinfo and writes what it finds as text.
func (n *netWorld) getaddrinfo(node, service string, hints, first uint64, most int) (found string, errno Errno) {
	nodeAt, nodeLength := n.place([]byte(node))
	serviceAt, serviceLength := n.place([]byte(service))
	errno = n.call("sock_getaddrinfo", nodeAt, nodeLength, serviceAt, serviceLength, hints, first, uint64(most), resultAt)
	if errno != Success {
		return "", errno
	}
	var list []string
	at := uint64(n.u32(first))
	for range n.u32(resultAt) {
		info := n.Memory[at:]
		record := n.Memory[n.u32(at+addrinfoAddress):]
		data := n.Memory[binary.LittleEndian.Uint32(record[sockaddrData:]):][:binary.LittleEndian.Uint32(record[sockaddrLength:])]
		address := data[2:6]
		if record[0] == familyINET6 {
			address = data[2:18]
		}
		list = append(list, fmt.Sprintf("%x:%d/%d%d%d", address, binary.BigEndian.Uint16(data), info[addrinfoFamily], info[addrinfoSockType], info[addrinfoProtocol]))
		if n.u32(at+addrinfoLength) == 0 || n.u32(at+addrinfoNameLength) != 0 || record[0] != info[addrinfoFamily] {
			n.t.Errorf("addrinfo %v, sockaddr %v", info[:addrinfoBytes], record[:sockaddrBytes])
		}
		at = uint64(n.u32(at + addrinfoNext))
	}
	return strings.Join(list, " "), Success
}

func TestGetaddrinfo(t *testing.T) {
	const (
		v6   = "20010db8000000000000000000000001"
		any6 = "00000000000000000000000000000000"
		one6 = "00000000000000000000000000000001"
	)
	long := strings.Repeat("a", hostNameMax+1)
	for _, test := range []struct {
		name, node, service        string
		flags                      uint16
		family, sockType, protocol uint8
		most, data                 int
		want                       string
		errno                      Errno
	}{
		{name: "as the Rust crate", node: "both.test\x00", service: "http\x00", family: 1, sockType: 2, protocol: 1, most: 10, data: 14, want: "0a000001:80/121 0a000002:80/121"},
		{name: "as stealthrocket/net", node: "both.test\x00", service: "8080\x00", flags: addrinfoNumericService, sockType: 2, protocol: 1, most: 8, data: 26,
			want: "0a000001:8080/121 0a000002:8080/121 " + v6 + ":8080/221"},
		{name: "listening", node: "\x00", service: "80\x00", flags: addrinfoPassive, sockType: 2, protocol: 1, most: 8, data: 26, want: "00000000:80/121 " + any6 + ":80/221"},
		{name: "this machine", node: "\x00", service: "80", sockType: 2, most: 8, data: 26, want: "7f000001:80/121 " + one6 + ":80/221"},
		{name: "localhost", node: "localhost", family: 2, sockType: 1, most: 8, data: 26, want: one6 + ":0/212"},
		{name: "address", node: "10.1.2.3", family: 1, sockType: 1, most: 8, data: 6, want: "0a010203:0/112"},
		{name: "address of IPv6", node: "2001:db8::1", sockType: 1, most: 8, data: 26, want: v6 + ":0/212"},
		{name: "any kind", node: "10.1.2.3", service: "domain", most: 8, data: 16, want: "0a010203:53/121 0a010203:53/112"},
		{name: "protocol only", node: "10.1.2.3", protocol: 2, most: 8, data: 16, want: "0a010203:0/112"},
		{name: "one place", node: "both.test", sockType: 2, most: 1, data: 26, want: "0a000001:0/121"},
		{name: "no room for IPv6", node: "both.test", sockType: 2, most: 8, data: 14, want: "0a000001:0/121 0a000002:0/121"},
		{name: "mapped", node: "10.1.2.3", flags: addrinfoV4Mapped, family: 2, sockType: 2, most: 8, data: 26, want: "00000000000000000000ffff0a010203:0/221"},
		{name: "mapped name", node: "four.test", flags: addrinfoV4Mapped, family: 2, sockType: 2, most: 8, data: 26, want: "00000000000000000000ffff0a000009:0/221"},
		{name: "no such name", node: "no.test", most: 8, errno: AINoName},
		{name: "name too long", node: long, most: 8, errno: AINoName},
		{name: "both empty", most: 8, errno: AINoName},
		{name: "not numeric", node: "both.test", flags: addrinfoNumericHost, most: 8, errno: AINoName},
		{name: "service not numeric", node: "both.test", service: "http", flags: addrinfoNumericService, most: 8, errno: AINoName},
		{name: "no such service", node: "both.test", service: "nothing", most: 8, errno: AIService},
		{name: "no address of the family", node: "four.test", family: 2, most: 8, errno: AINoData},
		{name: "another family than the address", node: "10.1.2.3", family: 2, most: 8, errno: AINoData},
		{name: "no place", node: "both.test", most: 0, errno: AIMemory},
		{name: "flags", node: "both.test", flags: 1 << 7, most: 8, errno: AIBadFlags},
		{name: "family", node: "both.test", family: 3, most: 8, errno: AIFamily},
		{name: "type", node: "both.test", sockType: 3, most: 8, errno: AISockType},
		{name: "protocol", node: "both.test", protocol: 3, most: 8, errno: AISockType},
		{name: "type and protocol", node: "both.test", sockType: 2, protocol: 2, most: 8, errno: AISockType},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := newNetWorld(t)
			n.net.Answers = 3 // it waits
			n.net.Names = map[string][]socket.Address{
				"both.test": {socket.FromIPv4([4]byte{10, 0, 0, 1}), socket.FromIPv4([4]byte{10, 0, 0, 2}), {0: 0x20, 1: 1, 2: 0xd, 3: 0xb8, 15: 1}},
				"four.test": {socket.FromIPv4([4]byte{10, 0, 0, 9})},
			}
			first := n.answers(max(test.most, 1), test.data)
			got, errno := n.getaddrinfo(test.node, test.service, n.hints(test.flags, test.family, test.sockType, test.protocol), first, test.most)
			if got != test.want || errno != test.errno {
				t.Errorf("sock_getaddrinfo = %s, %d, want %s, %d", got, errno, test.want, test.errno)
			}
		})
	}
}

func TestGetaddrinfoFaults(t *testing.T) {
	n := newNetWorld(t)
	node, length := n.place([]byte("10.1.2.3"))
	hints, first := n.hints(0, 1, 2, 1), n.answers(2, 16)
	good := []uint64{node, length, node, 0, hints, first, 2, resultAt}
	n.want(Success, "sock_getaddrinfo", good...)
	for i, bad := range map[int]uint64{0: far, 2: far + 3, 4: far, 5: far, 7: far} {
		args := append([]uint64(nil), good...)
		args[i] = bad
		n.want(EFault, "sock_getaddrinfo", args...)
	}
	le := binary.LittleEndian
	list := uint64(n.u32(first))
	record := uint64(n.u32(list + addrinfoAddress))
	for _, at := range []uint64{record + sockaddrData, record + sockaddrLength, list + addrinfoAddress, first} {
		before := n.u32(at)
		le.PutUint32(n.Memory[at:], 1<<31)
		n.want(EFault, "sock_getaddrinfo", good...)
		le.PutUint32(n.Memory[at:], before)
	}
	// A list that leads back to itself ends where max_len does.
	le.PutUint32(n.Memory[list+addrinfoNext:], uint32(list))
	both := n.hints(0, 1, 0, 0)
	n.want(Success, "sock_getaddrinfo", node, length, node, 0, both, first, 1<<31, resultAt)
	if n.u32(resultAt) != 2 {
		t.Errorf("%d answers, want 2", n.u32(resultAt))
	}
}

// TestGetaddrinfoWithoutNetwork still knows addresses.
func TestGetaddrinfoWithoutNetwork(t *testing.T) {
	n := &netWorld{world: newWorld(t, nil)}
	first := n.answers(1, 16)
	hints := n.hints(0, 1, 2, 1)
	if got, errno := n.getaddrinfo("10.1.2.3", "", hints, first, 1); got != "0a010203:0/121" || errno != Success {
		t.Errorf("sock_getaddrinfo = %s, %d", got, errno)
	}
	if _, errno := n.getaddrinfo("name.test", "", hints, first, 1); errno != AIFail {
		t.Errorf("sock_getaddrinfo = %d, want AIFAIL", errno)
	}
}
