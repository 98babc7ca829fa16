package wasi

import (
	"bytes"
	"encoding/binary"
	"testing"

	"mewz/kernel/socket"
)

// storage is an address of the second generation.
func storage(family uint16, b ...byte) []byte {
	s := make([]byte, addressStorageBytes)
	binary.LittleEndian.PutUint16(s, family)
	copy(s[addressStorageStart:], b)
	return s
}

// room puts a record of a buffer of n bytes into memory and returns both.
func (n *netWorld) room(size int) (record, buffer uint64) {
	buffer, _ = n.place(bytes.Repeat([]byte{0xee}, size))
	record, _ = n.vector(uint32(buffer), uint32(size))
	return record, buffer
}

func TestAddressesIn(t *testing.T) {
	n := newNetWorld(t)
	loopback6 := []byte{15: 1}
	for _, test := range []struct {
		name    string
		family  uint64
		address []byte
		port    uint64
		want    Errno
	}{
		{"IPv4", familyINET4, []byte{127, 0, 0, 1}, 1, Success},
		{"IPv4, second generation", familyINET4, storage(familyINET4, 127, 0, 0, 1), 2, Success},
		{"IPv6", familyINET6, loopback6, 3, Success},
		{"IPv6, second generation", familyINET6, storage(familyINET6, loopback6...), 4, Success},
		{"IPv4 on IPv6", familyINET6, []byte{127, 0, 0, 1}, 5, Success},
		{"IPv6 on IPv4", familyINET4, loopback6, 6, EAfNoSupport},
		{"AF_UNIX", familyINET4, storage(3, '/'), 6, EAfNoSupport},
		{"length", familyINET4, []byte{1, 2, 3, 4, 5}, 6, EInval},
		{"empty", familyINET4, nil, 6, EInval},
		{"port", familyINET4, []byte{127, 0, 0, 1}, 65536, EInval},
		{"another's", familyINET4, []byte{10, 0, 0, 1}, 6, EAddrNotAvail},
		{"in use", familyINET4, []byte{127, 0, 0, 1}, 1, EAddrInUse},
	} {
		fd := n.socket(test.family, typeStream)
		if got := n.call("sock_bind_v2", fd, n.addressOf(test.address...), test.port); got != test.want {
			t.Errorf("%s: sock_bind = %d, want %d", test.name, got, test.want)
		}
	}
	fd := n.socket(familyINET4, typeStream)
	n.want(EFault, "sock_bind", fd, far, 1)
	outside, _ := n.vector(far, 4)
	n.want(EFault, "sock_bind", fd, outside, 1)
}

func TestAddressesOut(t *testing.T) {
	n := newNetWorld(t)
	for _, test := range []struct {
		family  uint64
		bind    []byte
		typed   uint32 // of the first generation
		address []byte
	}{
		{familyINET4, []byte{127, 0, 0, 1}, addressTypeIPv4, []byte{127, 0, 0, 1}},
		{familyINET6, []byte{15: 1}, addressTypeIPv6, []byte{15: 1}},
		{familyINET6, []byte{127, 0, 0, 1}, addressTypeIPv6, []byte{10: 255, 11: 255, 12: 127, 15: 1}},
	} {
		fd := n.socket(test.family, typeStream)
		n.want(Success, "sock_bind", fd, n.addressOf(test.bind...), 4711)
		record, buffer := n.room(16)
		n.want(Success, "sock_getlocaladdr", fd, record, typeAt, portAt)
		if got := n.Memory[buffer:][:len(test.address)]; !bytes.Equal(got, test.address) || n.u32(typeAt) != test.typed || n.u32(portAt) != 4711 {
			t.Errorf("sock_getlocaladdr = %v, type %d, port %d", got, n.u32(typeAt), n.u32(portAt))
		}
		for _, name := range []string{"sock_getlocaladdr", "sock_getlocaladdr_v2"} {
			record, buffer = n.room(addressStorageBytes)
			n.want(Success, name, fd, record, portAt)
			if got := n.Memory[buffer:][:addressStorageBytes]; !bytes.Equal(got, storage(uint16(test.family), test.address...)) || n.u32(portAt) != 4711 {
				t.Errorf("%s = %v, port %d", name, got, n.u32(portAt))
			}
		}
		n.want(ENotConn, "sock_getpeeraddr", fd, record, portAt)
		n.want(Success, "fd_close", fd)
	}
	fd := n.socket(familyINET6, typeStream)
	for size, want := range map[int]Errno{4: EInval, 8: EInval, 16: Success, 128: EInval} {
		record, _ := n.room(size)
		n.want(want, "sock_getlocaladdr", fd, record, typeAt, portAt)
	}
	record, _ := n.room(16)
	n.want(EInval, "sock_getlocaladdr", fd, record, portAt)
	n.want(EFault, "sock_getlocaladdr", fd, record, far, portAt)
	n.want(EFault, "sock_getlocaladdr", fd, record, typeAt, far)
	n.want(EFault, "sock_getlocaladdr", fd, far, typeAt, portAt)
	n.want(EFault, "sock_getlocaladdr", fd, far, portAt)
}

func TestPeerAddress(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	record, buffer := n.room(4)
	n.want(Success, "sock_getpeeraddr", client, record, typeAt, portAt)
	if got := n.Memory[buffer:][:4]; !bytes.Equal(got, []byte{127, 0, 0, 1}) || n.u32(portAt) != 80 || n.u32(typeAt) != addressTypeIPv4 {
		t.Errorf("sock_getpeeraddr = %v, port %d", got, n.u32(portAt))
	}
	record, buffer = n.room(addressStorageBytes)
	n.want(Success, "sock_getpeeraddr", server, record, portAt)
	if got := n.Memory[buffer:][:6]; !bytes.Equal(got, []byte{familyINET4, 0, 127, 0, 0, 1}) || n.u32(portAt) <= 40000 {
		t.Errorf("sock_getpeeraddr = %v, port %d", got, n.u32(portAt))
	}
}

// datagrams opens two datagram sockets, of which the second has port 53.
func (n *netWorld) datagrams() (from, to uint64) {
	n.t.Helper()
	from, to = n.socket(familyINET4, typeDatagram), n.socket(familyINET4, typeDatagram)
	n.want(Success, "sock_bind", to, n.loopback(), 53)
	return from, to
}

func TestDatagrams(t *testing.T) {
	n := newNetWorld(t)
	from, to := n.datagrams()
	text, length := n.place([]byte("question"))
	whole, one := n.vector(uint32(text), uint32(length))
	pieces, two := n.vector(uint32(text), 5, uint32(text)+5, 3)
	into := n.top
	n.top += 64
	full, _ := n.vector(into, 64)
	small, _ := n.vector(into, 2, into+2, 3)

	n.want(Success, "sock_send_to", from, whole, one, n.loopback(), 53, 0, resultAt)
	n.want(Success, "sock_send_to_v2", from, pieces, two, n.addressOf(storage(familyINET4, 127, 0, 0, 1)...), 53, 0, resultAt)
	if n.u32(resultAt) != 8 {
		t.Errorf("sent %d bytes, want 8", n.u32(resultAt))
	}
	for _, test := range []struct {
		list, count uint64
		flags       uint64
		want        string
		truncated   byte
	}{{small, 2, receivePeek, "quest", 1}, {full, 1, 0, "question", 0}, {small, 2, 0, "quest", 1}} {
		record, buffer := n.room(addressStorageBytes)
		n.Memory[flagsAt] = 0xee
		n.want(Success, "sock_recv_from", to, test.list, test.count, record, test.flags, portAt, resultAt, flagsAt)
		got := string(n.Memory[into:][:n.u32(resultAt)])
		if got != test.want || n.Memory[flagsAt] != test.truncated || n.u32(portAt) != 40001 {
			t.Errorf("sock_recv_from = %q, flags %d, port %d, want %q", got, n.Memory[flagsAt], n.u32(portAt), test.want)
		}
		if b := n.Memory[buffer:]; !bytes.Equal(b[:6], []byte{familyINET4, 0, 127, 0, 0, 1}) {
			t.Errorf("sock_recv_from tells %v", b[:6])
		}
	}
	// The first generation, a connected socket, and waiting.
	n.want(Success, "sock_connect", from, n.loopback(), 53)
	n.wait.happens = []func(){func() { n.want(Success, "fd_write", from, pieces, two, resultAt) }}
	record, buffer := n.room(16)
	n.want(Success, "sock_recv_from", to, full, 1, record, 0, resultAt, flagsAt)
	if b := n.Memory[buffer:]; n.u32(resultAt) != 8 || !bytes.Equal(b[:4], []byte{127, 0, 0, 1}) {
		t.Errorf("sock_recv_from = %d bytes from %v", n.u32(resultAt), b[:4])
	}
	n.want(Success, "fd_fdstat_get", to, resultAt)
	if got := FileType(n.Memory[resultAt]); got != FileTypeSocketDatagram {
		t.Errorf("file type %d", got)
	}
	n.want(Success, "fd_filestat_get", to, 1024)
	if got := FileType(n.Memory[1024+16]); got != FileTypeSocketDatagram {
		t.Errorf("file type %d", got)
	}
}

func TestDatagramErrors(t *testing.T) {
	n := newNetWorld(t)
	from, to := n.datagrams()
	text, length := n.place([]byte("question"))
	list, count := n.vector(uint32(text), uint32(length))
	huge, _ := n.vector(0, 65535, 0, 1)
	n.want(EDestAddrReq, "sock_send", from, list, count, 0, resultAt)
	n.want(EMsgSize, "sock_send_to", from, huge, 1, n.loopback(), 53, 0, resultAt)
	n.want(EMsgSize, "sock_send_to", from, huge, 2, n.loopback(), 53, 0, resultAt)
	n.want(EInval, "sock_send_to", from, list, count, n.loopback(), 53, 1, resultAt)
	n.want(EFault, "sock_send_to", from, list, count, far, 53, 0, resultAt)
	n.want(EFault, "sock_send_to", from, list, count, n.loopback(), 53, 0, far)
	n.want(EFault, "sock_send_to", from, far, count, n.loopback(), 53, 0, resultAt)
	n.want(ENotSup, "sock_listen", from, 1)
	n.want(ENotSup, "sock_accept", from, 0, resultAt)
	n.want(Success, "sock_send_to", from, list, count, n.loopback(), 99, 0, resultAt)
	record, _ := n.room(16)
	n.want(EConnRefused, "sock_recv_from", from, list, count, record, 0, portAt, resultAt, flagsAt)
	n.nonblock(to)
	n.want(EAgain, "sock_recv_from", to, list, count, record, 0, portAt, resultAt, flagsAt)
	n.want(EFault, "sock_recv_from", to, list, count, record, 0, far, resultAt, flagsAt)
	n.want(EFault, "sock_recv_from", to, list, count, far, 0, portAt, resultAt, flagsAt)
	n.want(EFault, "sock_recv_from", to, list, count, record, 0, portAt, far, flagsAt)
	n.want(EFault, "sock_recv_from", to, list, count, record, 0, portAt, resultAt, uint64(far)+1)
	record, _ = n.room(3)
	n.want(EInval, "sock_recv_from", to, list, count, record, 0, portAt, resultAt, flagsAt)
}

// TestStreamTellsPeer has sock_recv_from and sock_send_to on a stream.
func TestStreamTellsPeer(t *testing.T) {
	n := newNetWorld(t)
	client, server := n.pair()
	text, length := n.place([]byte("abc"))
	list, count := n.vector(uint32(text), uint32(length))
	n.want(Success, "sock_send_to", client, list, count, n.loopback(), 1, 0, resultAt)
	record, buffer := n.room(addressStorageBytes)
	n.want(Success, "sock_recv_from", server, list, count, record, 0, portAt, resultAt, flagsAt)
	if local := n.fake(client).Local(); n.u32(portAt) != uint32(local.Port) || n.Memory[buffer] != familyINET4 {
		t.Errorf("sock_recv_from tells port %d, want %d", n.u32(portAt), local.Port)
	}
	if local := (socket.Endpoint{}); n.fake(client).Local() == local {
		t.Error("no local address")
	}
}
