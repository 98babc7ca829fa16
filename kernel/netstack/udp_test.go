package netstack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"syscall"
	"testing"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

// toFirst is a UDP datagram in a frame to the first stack.
func toFirst(source, destination string, port uint16, checksum func(uint16) uint16, data ...byte) []byte {
	s, _ := header.ParseAddress(source)
	d, _ := header.ParseAddress(destination)
	u := make([]byte, 8, 8+len(data))
	header.UDP{SourcePort: 9, DestinationPort: port, Bytes: uint16(8 + len(data))}.Put(u)
	u = append(u, data...)
	sum := ^header.Fold(header.Sum(u, header.PseudoSum(s, d, 17, len(u))))
	binary.BigEndian.PutUint16(u[6:], checksum(sum))
	f := make([]byte, 54)
	t := header.EtherTypeIPv6
	if header.IsIPv4(s) {
		t, f = header.EtherTypeIPv4, f[:34]
		(&header.IPv4Header{TotalBytes: uint16(20 + len(u)), TTL: 9, Protocol: 17, Source: s, Destination: d}).Put(f[14:])
	} else {
		(&header.IPv6Header{PayloadBytes: uint16(len(u)), HopLimit: 9, NextHeader: 17, Source: s, Destination: d}).Put(f[14:])
	}
	header.PutEthernet(f, packet.MAC{2, 0, 0, 0, 0, 1}, packet.MAC{2, 0, 0, 0, 0, 2}, t)
	return append(f, u...)
}

// TestChecksums takes what is right, and over IPv4 also what has none.
func TestChecksums(t *testing.T) {
	right := func(s uint16) uint16 { return s }
	wrong := func(s uint16) uint16 { return s ^ 0x100 }
	none := func(uint16) uint16 { return 0 }
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	x := open(t, n.stacks[0], socket.IPv6, socket.Datagram)
	if err := x.Bind(socket.Endpoint{Port: 7}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  bool
	}{
		{"right", toFirst("10.0.0.2", "10.0.0.1", 7, right, 1, 2, 3), true},
		{"wrong", toFirst("10.0.0.2", "10.0.0.1", 7, wrong, 1, 2, 3), false},
		{"none", toFirst("10.0.0.2", "10.0.0.1", 7, none, 1, 2, 3), true},
		{"right 6", toFirst("fd00::2", "fd00::1", 7, right, 1, 2, 3), true},
		{"wrong 6", toFirst("fd00::2", "fd00::1", 7, wrong, 1, 2, 3), false},
		{"none 6", toFirst("fd00::2", "fd00::1", 7, none, 1, 2, 3), false},
		{"length beyond the packet", replace(toFirst("10.0.0.2", "10.0.0.1", 7, none, 1, 2, 3), 38, 0, 12), false},
		{"length below the header", replace(toFirst("10.0.0.2", "10.0.0.1", 7, none, 1, 2, 3), 38, 0, 7), false},
	} {
		n.dev[0].Inject(c.frame)
		n.stacks[0].Poll()
		b := make([]byte, 9)
		if k, _, err := x.Receive(b, false); (err == nil) != c.want || c.want && !bytes.Equal(b[:k], []byte{1, 2, 3}) {
			t.Errorf("%s: %d, %v", c.name, k, err)
		}
	}
}

func replace(f []byte, at int, v ...byte) []byte {
	copy(f[at:], v)
	return f
}

// TestDemultiplex finds the endpoint that fits best.
func TestDemultiplex(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	s := n.stacks[0]
	var all []socket.Socket
	for _, c := range []struct {
		family    socket.Family
		local, to string
		only6     bool
	}{
		{socket.IPv6, "::", "", true}, {socket.IPv4, "0.0.0.0", "", false}, {socket.IPv4, "10.0.0.1", "", false},
		{socket.IPv4, "10.0.0.1", "10.0.0.2", false}, {socket.IPv4, "10.0.0.1", "10.0.0.3", false},
	} {
		x := open(t, s, c.family, socket.Datagram)
		for _, err := range []error{x.SetOption(socket.OptionReuseAddress, 1), setOnly6(x, c.only6), x.Bind(endpoint(t, c.local, 7))} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if c.to != "" {
			if err := x.Connect(endpoint(t, c.to, 9)); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, x)
	}
	for _, c := range []struct {
		source, destination string
		want                int
	}{{"fd00::2", "fd00::1", 0}, {"10.0.0.2", "10.0.0.1", 3}, {"10.0.0.3", "10.0.0.1", 4}, {"10.0.0.4", "10.0.0.1", 2}} {
		n.dev[0].Inject(toFirst(c.source, c.destination, 7, func(s uint16) uint16 { return s }))
		s.Poll()
		var got []int
		for i, x := range all {
			if _, _, err := x.Receive(nil, false); err == nil {
				got = append(got, i)
			}
		}
		if !slices.Equal(got, []int{c.want}) {
			t.Errorf("from %s: %d, want %d", c.source, got, c.want)
		}
	}
}

func setOnly6(x socket.Socket, on bool) error {
	if !on {
		return nil
	}
	return x.SetOption(socket.OptionOnlyIPv6, 1)
}

// TestReceiveBound drops what nobody reads, and keeps the order of the rest.
func TestReceiveBound(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	x := open(t, n.stacks[0], socket.IPv4, socket.Datagram)
	if err := x.Bind(socket.Endpoint{Port: 7}); err != nil {
		t.Fatal(err)
	}
	if err := x.SetOption(socket.OptionReceiveBuffer, 20000); err != nil {
		t.Fatal(err)
	}
	right := func(s uint16) uint16 { return s }
	for round := range 3 {
		for i := range 3000 {
			data := binary.BigEndian.AppendUint32(nil, uint32(i))
			n.dev[0].Inject(toFirst("10.0.0.2", "10.0.0.1", 7, right, append(data, make([]byte, i%100)...)...))
			n.stacks[0].Poll()
		}
		if used := n.stacks[0].machine.Pool.Used(); used > 6 {
			t.Errorf("%d chunks for 20,000 bytes", used)
		}
		b := make([]byte, 200)
		peeked, _, _ := x.Receive(b, true)
		last := -1
		for i := range 10000 {
			k, _, err := x.Receive(b, false)
			if err != nil {
				if i < 200 || i > 1024 {
					t.Errorf("round %d: %d datagrams were kept", round, i)
				}
				break
			}
			if i == 0 && k != peeked {
				t.Errorf("peek gave %d bytes, reading %d", peeked, k)
			}
			got := int(binary.BigEndian.Uint32(b))
			if got <= last || i < 300 && got != i || k != 4+got%100 {
				t.Fatalf("round %d, datagram %d: number %d with %d bytes", round, i, got, k)
			}
			last = got
		}
		for range 3000 { // empty ones are bounded too
			n.dev[0].Inject(toFirst("10.0.0.2", "10.0.0.1", 7, right))
			n.stacks[0].Poll()
		}
		count := 0
		for _, _, err := x.Receive(b, false); err == nil; _, _, err = x.Receive(b, false) {
			count++
		}
		if count != 1024 {
			t.Errorf("%d empty datagrams were kept", count)
		}
		if used := n.stacks[0].machine.Pool.Used(); used != 0 {
			t.Errorf("an empty queue holds %d chunks", used)
		}
	}
}

// TestDatagramsLeaveMemory: datagrams that nobody reads do not take what connections need.
func TestDatagramsLeaveMemory(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	right := func(s uint16) uint16 { return s }
	pool := n.stacks[0].machine.Pool
	for port := uint16(1); port <= 200; port++ {
		x := open(t, n.stacks[0], socket.IPv4, socket.Datagram)
		if err := x.Bind(socket.Endpoint{Port: port}); err != nil {
			t.Fatal(err)
		}
		for range 200 {
			n.dev[0].Inject(toFirst("10.0.0.2", "10.0.0.1", port, right, make([]byte, 1000)...))
			n.stacks[0].Poll()
		}
	}
	if used := pool.Used(); used > pool.Max()/8*7+1 || used < pool.Max()/2 {
		t.Errorf("%d of %d chunks hold datagrams", used, pool.Max())
	}
	for len(n.stacks[0].sockets) > 0 {
		n.stacks[0].sockets[0].Close()
	}
}

// TestEmptyDatagramsBound: what is remembered of datagrams without data is bounded for all endpoints
// together, and goes to others when they are read.
func TestEmptyDatagramsBound(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	right := func(s uint16) uint16 { return s }
	var all []socket.Socket
	for port := uint16(1); port <= 40; port++ {
		x := open(t, n.stacks[0], socket.IPv4, socket.Datagram)
		if err := x.Bind(socket.Endpoint{Port: port}); err != nil {
			t.Fatal(err)
		}
		all = append(all, x)
		for range 1000 {
			n.dev[0].Inject(toFirst("10.0.0.2", "10.0.0.1", port, right))
			n.stacks[0].Poll()
		}
	}
	took := make([]int, len(all))
	total := 0
	for i, x := range all {
		for _, _, err := x.Receive(nil, false); err == nil; _, _, err = x.Receive(nil, false) {
			took[i]++
		}
		total += took[i]
	}
	limit := 16 * n.stacks[0].machine.Pool.Max()
	if took[0] != 1000 || took[39] != 0 || total > limit || total < limit/2 {
		t.Errorf("%d datagrams were kept, %d of the first and %d of the last endpoint, at most %d", total, took[0], took[39], limit)
	}
	n.dev[0].Inject(toFirst("10.0.0.2", "10.0.0.1", 40, right))
	n.stacks[0].Poll()
	if _, _, err := all[39].Receive(nil, false); err != nil {
		t.Errorf("after the others were read: %v", err)
	}
	for _, x := range all {
		x.Close()
	}
}

// TestPathMTUOfDatagrams sends in pieces after an ICMP error, and whole again later.
func TestPathMTUOfDatagrams(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	x := open(t, n.stacks[0], socket.IPv6, socket.Datagram)
	if err := x.Connect(endpoint(t, "fd00::2", 9)); err != nil {
		t.Fatal(err)
	}
	sent := func() int {
		if _, err := x.Write(make([]byte, 1400), false); err != nil {
			t.Fatal(err)
		}
		n.stacks[0].Poll()
		count := 0
		for _, f := range n.dev[0].Sent() {
			if f[12] == 0x86 && (f[20] == 17 || f[20] == 44) {
				count++
				if f[20] == 17 {
					tooBig(n, f, 1300)
				}
			}
		}
		return count
	}
	// The neighbour is found by a first datagram over the link.
	if _, err := x.Write(nil, false); err != nil {
		t.Fatal(err)
	}
	n.run(time.Second)
	x.Option(socket.OptionError) // nobody listens there
	for i, want := range []int{1, 2, 2} {
		if got := sent(); got != want {
			t.Errorf("datagram %d in %d frames, want %d", i, got, want)
		}
		n.stacks[0].Poll()
	}
	n.run(11 * time.Minute)
	if _, err := x.Write(nil, false); err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatal(err)
	}
	n.run(time.Second)
	x.Option(socket.OptionError)
	if got := sent(); got != 1 {
		t.Errorf("%d frames after eleven minutes, want 1", got)
	}
	n.stacks[0].Poll()
}

// tooBig answers a frame of the first stack with Packet Too Big.
func tooBig(n *network, f []byte, mtu uint32) {
	s, d := socket.Address(f[38:54]), socket.Address(f[22:38])
	m := make([]byte, 8)
	header.ICMP{Type: 2, Rest: mtu}.Put(m)
	m = append(m, f[14:14+100]...)
	binary.BigEndian.PutUint16(m[2:], ^header.Fold(header.Sum(m, header.PseudoSum(s, d, 58, len(m)))))
	b := make([]byte, 54)
	header.PutEthernet(b, packet.MAC{2, 0, 0, 0, 0, 1}, packet.MAC{2, 0, 0, 0, 0, 2}, header.EtherTypeIPv6)
	(&header.IPv6Header{PayloadBytes: uint16(len(m)), HopLimit: 9, NextHeader: 58, Source: s, Destination: d}).Put(b[14:])
	n.dev[0].Inject(append(b, m...))
}

// TestEphemeralPorts are different, in the range, and not in a row (RFC 6056).
func TestEphemeralPorts(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	seen := map[uint16]bool{}
	var last uint16
	rows := 0
	for range 2000 {
		x := open(t, n.stacks[0], socket.IPv4, socket.Datagram)
		if err := x.Bind(socket.Endpoint{}); err != nil {
			t.Fatal(err)
		}
		p := x.Local().Port
		if seen[p] || p < 49152 {
			t.Fatalf("port %d", p)
		}
		if p == last+1 {
			rows++
		}
		seen[p], last = true, p
	}
	if rows > 50 {
		t.Errorf("%d of 2000 ports follow the one before", rows)
	}
}

// TestDatagramErrors has the errno values of sockets.
func TestDatagramErrors(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	x := open(t, n.stacks[0], socket.IPv4, socket.Datagram)
	y := open(t, n.stacks[0], socket.IPv6, socket.Datagram)
	peer := endpoint(t, "10.0.0.2", 9)
	write := func(x socket.Socket) error { _, err := x.Write([]byte{1}, false); return err }
	_, _, empty := x.Receive(nil, false)
	_, accept := x.Accept()
	_, unbound := x.Peer()
	for _, c := range []struct {
		name      string
		got, want error
	}{
		{"Write without a peer", write(x), syscall.EDESTADDRREQ}, {"Receive", empty, syscall.EAGAIN}, {"Accept", accept, syscall.EOPNOTSUPP},
		{"Listen", x.Listen(1), syscall.EOPNOTSUPP}, {"Peer", unbound, syscall.ENOTCONN}, {"Shutdown", x.Shutdown(socket.ShutdownRead), syscall.ENOTCONN},
		{"Send to port 0", x.Send(nil, endpoint(t, "10.0.0.2", 0)), syscall.EINVAL}, {"Send to IPv6", x.Send(nil, endpoint(t, "fd00::2", 1)), syscall.EAFNOSUPPORT},
		{"too long", x.Send(make([]byte, 65508), peer), syscall.EMSGSIZE}, {"too long for 16 bits", y.Send(make([]byte, 65528), endpoint(t, "fd00::2", 9)), syscall.EMSGSIZE},
		{"Bind twice", errors.Join(y.Bind(socket.Endpoint{}), nil), syscall.EINVAL},
		{"an option of TCP", x.SetOption(socket.OptionNoDelay, 1), syscall.ENOPROTOOPT},
		{"Connect", x.Connect(peer), nil}, {"Shutdown connected", x.Shutdown(socket.ShutdownWrite), nil}, {"Write after it", write(x), syscall.EPIPE},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	n.run(10 * time.Second)
}

// TestDatagramsAllocateNothing sends and receives in steady state.
func TestDatagramsAllocateNothing(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	s := n.stacks[0]
	x, y := open(t, s, socket.IPv4, socket.Datagram), open(t, s, socket.IPv4, socket.Datagram)
	if err := y.Bind(socket.Endpoint{Port: 7}); err != nil {
		t.Fatal(err)
	}
	to := endpoint(t, "127.0.0.1", 7)
	data, b := make([]byte, 1000), make([]byte, 2000)
	round := func() {
		if err := x.Send(data, to); err != nil {
			t.Fatal(err)
		}
		s.Poll()
		if k, _, err := y.Receive(b, false); err != nil || k != 1000 {
			t.Fatal(k, err)
		}
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzStack feeds frames to a stack with sockets of all kinds, one of them connected.
func FuzzStack(f *testing.F) {
	right := func(s uint16) uint16 { return s }
	f.Add(toFirst("10.0.0.2", "10.0.0.1", 7, right, 1, 2, 3), uint8(0))
	f.Add(toFirst("fd00::2", "fd00::1", 7, right, 1, 2, 3), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, kind uint8) {
		n := newNetwork(t, static1, static2, packet.Offload{SendChecksum: kind&1 != 0}, packettest.Behavior{})
		s := n.stacks[0]
		x := open(t, s, socket.IPv6, socket.Datagram)
		y := open(t, s, socket.IPv6, socket.Stream)
		if err := errors.Join(x.Bind(socket.Endpoint{Port: 7}), y.Bind(socket.Endpoint{Port: 7}), y.Listen(4)); err != nil {
			t.Fatal(err)
		}
		for len(b) > 0 {
			k := min(len(b), 40+int(kind))
			frame := slices.Clone(b[:k])
			if len(frame) > 34 && kind&2 != 0 {
				copy(frame, []byte{2, 0, 0, 0, 0, 1})
				copy(frame[24:], []byte{0, 0})
				binary.BigEndian.PutUint16(frame[24:], packettest.Checksum(frame[14:34]))
			}
			n.dev[0].InjectReceived(packet.Received{Bytes: frame, ChecksumGood: kind&4 != 0})
			n.run(time.Second)
			b = b[k:]
		}
		buffer := make([]byte, 100)
		for _, _, err := x.Receive(buffer, false); err == nil; {
			_, _, err = x.Receive(buffer, false)
		}
	})
}
