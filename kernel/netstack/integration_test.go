package netstack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

// TestStreams carries bytes both ways over TCP: both families, with and without
// offloads, over a good and a bad link, and to oneself.
func TestStreams(t *testing.T) {
	all := packet.Offload{SendChecksum: true, SendTCP4: true, SendTCP6: true}
	bad := packettest.Behavior{Delay: 5 * time.Millisecond, Lose: 0.02, Repeat: 0.01, Reorder: 0.02, ReorderBy: 3 * time.Millisecond, Corrupt: 0.01}
	for _, c := range []struct {
		name     string
		offload  packet.Offload
		behavior packettest.Behavior
		server   int
		address  string
	}{
		{"IPv4", packet.Offload{}, packettest.Behavior{}, 1, "10.0.0.2"},
		{"IPv6", packet.Offload{}, packettest.Behavior{}, 1, "fd00::2"},
		{"IPv4 offload", all, packettest.Behavior{}, 1, "10.0.0.2"},
		{"IPv6 offload", all, packettest.Behavior{}, 1, "fd00::2"},
		{"IPv4 bad", all, bad, 1, "10.0.0.2"},
		{"IPv6 bad", packet.Offload{}, bad, 1, "fd00::2"},
		{"loopback 4", all, packettest.Behavior{}, 0, "127.0.0.1"},
		{"loopback 6", packet.Offload{}, packettest.Behavior{}, 0, "::1"},
		{"own address", packet.Offload{}, packettest.Behavior{}, 0, "10.0.0.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNetwork(t, static1, static2, c.offload, c.behavior)
			client, server := n.connect(c.server, c.address)
			message := make([]byte, 300<<10)
			newRandom(3).Fill(message)
			n.transfer(client, server, message)
			n.transfer(server, client, message)
			client.Close()
			n.run(10 * time.Second)
			if k, err := server.Read(make([]byte, 1), false); k != 0 || err != nil {
				t.Errorf("after the peer's close: Read = %d, %v", k, err)
			}
		})
	}
}

// connect makes a connection from the first stack to a server on another, which is
// an IPv6 socket for both families.
func (n *network) connect(server int, address string) (client, accepted socket.Socket) {
	n.t.Helper()
	l := open(n.t, n.stacks[server], socket.IPv6, socket.Stream)
	if err := l.Bind(socket.Endpoint{Port: 80}); err != nil {
		n.t.Fatal(err)
	}
	if err := l.Listen(16); err != nil {
		n.t.Fatal(err)
	}
	if _, err := l.Accept(); !errors.Is(err, syscall.EAGAIN) {
		n.t.Fatalf("Accept = %v, want EAGAIN", err)
	}
	e := endpoint(n.t, address, 80)
	f := socket.IPv6
	if header.IsIPv4(e.Address) {
		f = socket.IPv4
	}
	client = open(n.t, n.stacks[0], f, socket.Stream)
	client.SetTag(5)
	l.SetTag(7)
	if err := client.Connect(e); !errors.Is(err, syscall.EINPROGRESS) {
		n.t.Fatalf("Connect = %v, want EINPROGRESS", err)
	}
	for i := 0; n.stacks[0].Ready()[5]&socket.Writable == 0; i++ {
		if i > 100 {
			n.t.Fatal("not connected")
		}
		n.run(100 * time.Millisecond)
	}
	if errno, err := client.Option(socket.OptionError); errno != 0 || err != nil {
		n.t.Fatalf("error %d, %v", errno, err)
	}
	n.run(time.Second)
	if n.stacks[server].Ready()[7]&socket.Readable == 0 {
		n.t.Fatal("the listener is not readable")
	}
	accepted, err := l.Accept()
	if err != nil {
		n.t.Fatal(err)
	}
	if peer, err := accepted.Peer(); err != nil || peer != client.Local() {
		n.t.Errorf("peer %v, %v, want %v", peer, err, client.Local())
	}
	if got := accepted.Local(); got != e {
		n.t.Errorf("local %v, want %v", got, e)
	}
	return client, accepted
}

// transfer writes a message at one end and wants it at the other.
func (n *network) transfer(from, to socket.Socket, message []byte) {
	n.t.Helper()
	var got []byte
	b := make([]byte, 16<<10)
	for left, i := message, 0; len(got) < len(message); i++ {
		if len(left) > 0 {
			k, err := from.Write(left[:min(len(left), 16<<10)], false)
			if err != nil && err != syscall.EAGAIN {
				n.t.Fatal(err)
			}
			left = left[k:]
		}
		n.run(2 * time.Millisecond)
		for {
			k, err := to.Read(b, false)
			if err == syscall.EAGAIN {
				break
			}
			if err != nil || k == 0 {
				n.t.Fatalf("Read = %d, %v", k, err)
			}
			got = append(got, b[:k]...)
		}
		if i > 1<<16 {
			n.t.Fatalf("only %d of %d bytes have arrived", len(got), len(message))
		}
	}
	if !bytes.Equal(got, message) {
		n.t.Error("other bytes have arrived than were sent")
	}
}

// TestConnectFails wants the errno of a connection that is refused.
func TestConnectFails(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	for _, c := range []struct {
		address string
		want    syscall.Errno
	}{
		{"10.0.0.2", syscall.ECONNREFUSED}, {"fd00::2", syscall.ECONNREFUSED}, {"127.0.0.1", syscall.ECONNREFUSED},
	} {
		x := open(t, n.stacks[0], socket.IPv6, socket.Stream)
		x.SetTag(1)
		if err := x.Connect(endpoint(t, c.address, 81)); err != syscall.EINPROGRESS {
			t.Fatal(err)
		}
		n.run(10 * time.Second)
		if r := n.stacks[0].Ready()[1]; r&socket.Writable == 0 {
			t.Errorf("%s: readiness %b", c.address, r)
		}
		if errno, _ := x.Option(socket.OptionError); syscall.Errno(errno) != c.want {
			t.Errorf("%s: %v, want %v", c.address, syscall.Errno(errno), c.want)
		}
		x.Close()
	}
}

// TestBind goes through who may have an address and a port.
func TestBind(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	s := n.stacks[0]
	type b struct {
		family socket.Family
		at     string
		reuse  bool
	}
	const only6 = socket.IPv6 + 100
	for _, kind := range []socket.Kind{socket.Stream, socket.Datagram} {
		for _, c := range []struct {
			first, second b
			want          error
		}{
			{b{socket.IPv4, "10.0.0.1", false}, b{socket.IPv4, "10.0.0.1", false}, syscall.EADDRINUSE},
			{b{socket.IPv4, "10.0.0.1", false}, b{socket.IPv4, "127.0.0.1", false}, nil},
			{b{socket.IPv4, "0.0.0.0", false}, b{socket.IPv4, "127.0.0.1", false}, syscall.EADDRINUSE},
			{b{socket.IPv4, "127.0.0.1", false}, b{socket.IPv4, "0.0.0.0", false}, syscall.EADDRINUSE},
			{b{socket.IPv4, "10.0.0.1", true}, b{socket.IPv4, "10.0.0.1", true}, nil},
			{b{socket.IPv4, "10.0.0.9", false}, b{}, syscall.EADDRNOTAVAIL},
			{b{socket.IPv4, "fd00::1", false}, b{}, syscall.EAFNOSUPPORT},
			{b{socket.IPv6, "fd00::1", false}, b{socket.IPv6, "fd00::1", false}, syscall.EADDRINUSE},
			{b{socket.IPv4, "0.0.0.0", false}, b{socket.IPv6, "::", false}, syscall.EADDRINUSE},
			{b{socket.IPv6, "::", false}, b{socket.IPv4, "10.0.0.1", false}, syscall.EADDRINUSE},
			{b{socket.IPv4, "0.0.0.0", false}, b{socket.IPv6, "fd00::1", false}, nil},
			{b{only6, "::", false}, b{socket.IPv4, "0.0.0.0", false}, nil}, // RFC 3493, 5.3
			{b{socket.IPv4, "0.0.0.0", false}, b{only6, "::", false}, nil},
			{b{only6, "::", false}, b{socket.IPv6, "fd00::1", false}, syscall.EADDRINUSE},
		} {
			var open []socket.Socket
			var err error
			for _, x := range []b{c.first, c.second} {
				if x.at == "" {
					break
				}
				y, openErr := s.Open(min(x.family, socket.IPv6), kind)
				if openErr != nil {
					t.Fatal(openErr)
				}
				open = append(open, y)
				if x.family == only6 {
					if err := y.SetOption(socket.OptionOnlyIPv6, 1); err != nil {
						t.Fatal(err)
					}
				}
				if x.reuse {
					if err := y.SetOption(socket.OptionReuseAddress, 1); err != nil {
						t.Fatal(err)
					}
				}
				if err = y.Bind(endpoint(t, x.at, 99)); err != nil {
					break
				}
			}
			if !errors.Is(err, c.want) {
				t.Errorf("kind %d: %+v then %+v: %v, want %v", kind, c.first, c.second, err, c.want)
			}
			for _, y := range open {
				y.Close()
			}
		}
	}
}

// TestBroadcast needs the option, and reaches a socket that is bound to all addresses.
func TestBroadcast(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	server, client := open(t, n.stacks[1], socket.IPv4, socket.Datagram), open(t, n.stacks[0], socket.IPv4, socket.Datagram)
	if err := server.Bind(socket.Endpoint{Port: 7}); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"255.255.255.255", "10.0.0.255"} {
		if err := client.SetOption(socket.OptionBroadcast, 0); err != nil {
			t.Fatal(err)
		}
		if err := client.Send([]byte("x"), endpoint(t, to, 7)); !errors.Is(err, syscall.EACCES) {
			t.Errorf("%s without the option: %v, want EACCES", to, err)
		}
		if err := client.SetOption(socket.OptionBroadcast, 1); err != nil {
			t.Fatal(err)
		}
		if err := client.Send([]byte("x"), endpoint(t, to, 7)); err != nil {
			t.Errorf("%s: %v", to, err)
		}
		n.run(time.Millisecond)
		if k, _, err := server.Receive(make([]byte, 9), false); k != 1 || err != nil {
			t.Errorf("%s: Receive = %d, %v", to, k, err)
		}
	}
	// Nobody tells the sender of a broadcast that its port is closed.
	if err := client.Send([]byte("x"), endpoint(t, "10.0.0.255", 8)); err != nil {
		t.Fatal(err)
	}
	n.dev[1].Sent()
	n.link.Step()
	n.stacks[1].Poll()
	if f := n.dev[1].Sent(); len(f) != 0 {
		t.Errorf("answered with %x", f)
	}
}

// dhcpServer is a DHCP server on the second stack, the least that gives a lease.
func dhcpServer(t *testing.T, n *network) (step func()) {
	x := open(t, n.stacks[1], socket.IPv4, socket.Datagram)
	if err := x.SetOption(socket.OptionBroadcast, 1); err != nil {
		t.Fatal(err)
	}
	if err := x.Bind(socket.Endpoint{Port: 67}); err != nil {
		t.Fatal(err)
	}
	return func() {
		b := make([]byte, 1500)
		for {
			k, _, err := x.Receive(b, false)
			if err != nil {
				return
			}
			kind := byte(2)
			if b[242] == 3 {
				kind = 5
			} else if b[242] != 1 {
				continue
			}
			r := slices.Clone(b[:min(k, 240)])
			r[0] = 2
			copy(r[16:20], []byte{10, 0, 0, 50})
			r = append(r, 53, 1, kind, 54, 4, 10, 0, 0, 2, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0, 3, 4, 10, 0, 0, 2,
				6, 4, 10, 0, 0, 2, 26, 2, 5, 120, 255)
			if err := x.Send(r, socket.Endpoint{Address: header.Broadcast4, Port: 68}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestDHCP takes an address from a server on the link, keeps it, and loses it.
func TestDHCP(t *testing.T) {
	n := newNetwork(t, abi.Network{}, static2, packet.Offload{}, packettest.Behavior{})
	step := dhcpServer(t, n)
	s := n.stacks[0]
	for i := 0; !s.reaches(socket.IPv4); i++ {
		if i > 100 {
			t.Fatalf("no address: %q", n.logs)
		}
		n.run(10 * time.Millisecond)
		step()
	}
	if got := s.Addresses(); !slices.Contains(got, "10.0.0.50/24") || !s.Configured() {
		t.Errorf("addresses %q", got)
	}
	servers, _ := s.Servers()
	if len(servers) != 1 || header.FormatAddress(servers[0]) != "10.0.0.2" || s.ip.MTU() != 1400 {
		t.Errorf("servers %v, MTU %d", servers, s.ip.MTU())
	}
	x := open(t, s, socket.IPv4, socket.Datagram)
	if err := x.Connect(endpoint(t, "192.0.2.1", 9)); err != nil {
		t.Errorf("no way to the world: %v", err)
	}
	for range 12 { // renewed twice and more
		n.run(10 * time.Minute)
		step()
	}
	if !s.reaches(socket.IPv4) {
		t.Error("the lease was not renewed")
	}
	n.run(2 * time.Hour) // nobody answers
	if s.reaches(socket.IPv4) || !strings.Contains(strings.Join(n.logs, "\n"), "has ended") {
		t.Errorf("addresses %q at the end, %q", s.Addresses(), n.logs)
	}
}

// TestDHCPConflict declines an address that another node has.
func TestDHCPConflict(t *testing.T) {
	n := newNetwork(t, abi.Network{}, abi.Network{Addresses: []string{"10.0.0.2/24", "10.0.0.50/24"}}, packet.Offload{}, packettest.Behavior{})
	step := dhcpServer(t, n)
	for range 200 {
		n.run(10 * time.Millisecond)
		step()
	}
	if s := n.stacks[0]; s.reaches(socket.IPv4) {
		t.Errorf("addresses %q", s.Addresses())
	}
	if !strings.Contains(strings.Join(n.logs, "\n"), "which another node uses") {
		t.Errorf("logs %q", n.logs)
	}
}

// TestLookup resolves by a server on the second stack.
func TestLookup(t *testing.T) {
	c := static1
	c.Servers = []string{"10.0.0.2"}
	n := newNetwork(t, c, static2, packet.Offload{}, packettest.Behavior{})
	server := open(t, n.stacks[1], socket.IPv4, socket.Datagram)
	if err := server.Bind(socket.Endpoint{Port: 53}); err != nil {
		t.Fatal(err)
	}
	l, err := n.stacks[0].Lookup("a.example", socket.IPv4)
	if err != nil {
		t.Fatal(err)
	}
	n.run(10 * time.Millisecond)
	b := make([]byte, 512)
	k, from, err := server.Receive(b, false)
	if err != nil {
		t.Fatal(err)
	}
	b = b[:k]
	b[2] |= 0x80
	binary.BigEndian.PutUint16(b[6:], 1)
	b = append(b, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 5)
	if err := server.Send(b, from); err != nil {
		t.Fatal(err)
	}
	n.run(10 * time.Millisecond)
	if all, err := l.Result(); err != nil || len(all) != 1 || header.FormatAddress(all[0]) != "192.0.2.5" {
		t.Errorf("Result = %v, %v", all, err)
	}
	l.Close()
	// A server that does not listen is asked, and no other is there.
	server.Close()
	if l, err = n.stacks[0].Lookup("b.example", socket.IPv4); err != nil {
		t.Fatal(err)
	}
	n.run(time.Second)
	if _, err := l.Result(); !errors.Is(err, socket.ErrNoServer) {
		t.Errorf("Result = %v, want ErrNoServer", err)
	}
	l.Close()
}

// TestSettings wants a clear message for what is malformed.
func TestSettings(t *testing.T) {
	for _, c := range []struct {
		config abi.Network
		want   string
	}{
		{abi.Network{Addresses: []string{"10.0.0.1"}}, `address "10.0.0.1" is malformed`},
		{abi.Network{Addresses: []string{"10.0.0.1/33"}}, `address "10.0.0.1/33" is malformed`},
		{abi.Network{Addresses: []string{"224.0.0.1/4"}}, "malformed"},
		{abi.Network{Addresses: []string{"127.0.0.1/8"}}, "malformed"},
		{abi.Network{Gateways: []string{"10.0.0"}}, `gateway "10.0.0" is malformed`},
		{abi.Network{Gateways: []string{"10.0.0.1", "10.0.0.2"}}, "one of each family"},
		{abi.Network{Servers: []string{"dns"}}, `name server "dns" is malformed`},
		{abi.Network{Servers: []string{"1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5"}}, "at most 4"},
	} {
		_, err := parseSettings(c.config)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.config, err, c.want)
		}
	}
}

// TestStreamsAllocateNothing carries requests and answers over TCP in steady state.
func TestStreamsAllocateNothing(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{SendChecksum: true, SendTCP4: true}, packettest.Behavior{})
	client, server := n.connect(0, "127.0.0.1")
	s := n.stacks[0]
	request, answer, b := make([]byte, 100), make([]byte, 400), make([]byte, 1000)
	turn := func(from, to socket.Socket, message []byte) {
		if _, err := from.Write(message, false); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			s.Poll()
		}
		if k, err := to.Read(b, false); err != nil || k != len(message) {
			t.Fatalf("Read = %d, %v", k, err)
		}
		n.clock.Advance(time.Millisecond)
	}
	round := func() {
		turn(client, server, request)
		turn(server, client, answer)
	}
	for range 100 {
		round()
	}
	if n := testing.AllocsPerRun(200, round); n != 0 {
		t.Errorf("%v allocations a request", n)
	}
}

// TestClose closes what is open and lets the ends of connections out.
func TestClose(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	_, server := n.connect(1, "10.0.0.2")
	start := n.clock.Now()
	n.stacks[0].machine.Pause = func(limit time.Duration) { n.run(min(limit, 10*time.Millisecond)) }
	n.stacks[0].Close(time.Second)
	if took := n.clock.Now() - start; took == 0 || took >= time.Second {
		t.Errorf("the end took %v, want no more than the peer's answer does", took)
	}
	// The server has not closed its direction, which nobody needs to wait for.
	if !n.stacks[0].tcp.Settled() || n.stacks[0].tcp.Connections() != 1 {
		t.Errorf("settled = %v with %d connections", n.stacks[0].tcp.Settled(), n.stacks[0].tcp.Connections())
	}
	if k, err := server.Read(make([]byte, 1), false); k != 0 || err != nil {
		t.Errorf("after the peer's end: Read = %d, %v", k, err)
	}
	if len(n.stacks[0].sockets) != 0 {
		t.Error("sockets are left")
	}
}

// TestCloseSlowReader: who does not take what was written learns that it will not come, and nobody spins meanwhile.
func TestCloseSlowReader(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	client, server := n.connect(1, "10.0.0.2")
	message := make([]byte, 64<<10)
	for range 100 { // more than both buffers
		_, err := client.Write(message, false)
		n.run(10 * time.Millisecond)
		if err != nil {
			break
		}
	}
	pauses := 0
	n.stacks[0].machine.Pause = func(limit time.Duration) {
		pauses++
		n.clock.Advance(limit)
	}
	n.stacks[0].Close(time.Second)
	if pauses == 0 || pauses > 1000 {
		t.Errorf("the end has waited %d times for a second", pauses)
	}
	if c := n.stacks[0].tcp.Connections(); c != 0 {
		t.Errorf("%d connections are left", c)
	}
	n.run(100 * time.Millisecond)
	b := make([]byte, 1<<20)
	var err error
	for k := 1; k > 0 && err == nil; {
		k, err = server.Read(b, false)
	}
	if err != syscall.ECONNRESET {
		t.Errorf("the peer reads %v at the end, want ECONNRESET", err)
	}
}

// TestDeviceGivenUp ends although the peer of a connection is out of reach.
func TestDeviceGivenUp(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	n.connect(1, "10.0.0.2")
	n.dev[0].Fail(errors.New("it lies"))
	n.stacks[0].Close(time.Hour) // the clock stands: an endless loop if it waits
	if len(n.stacks[0].sockets) != 0 {
		t.Error("sockets are left")
	}
	n.dev[0].Fail(nil)
}

// TestTags moves readiness with the tags of sockets.
func TestTags(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	s := n.stacks[0]
	x := open(t, s, socket.IPv4, socket.Datagram)
	x.SetTag(3)
	if r := s.Ready(); len(r) != 4 || r[3] != socket.Writable {
		t.Fatalf("ready %v", r)
	}
	x.SetTag(9)
	if r := s.Ready(); r[3] != 0 || r[9] != socket.Writable {
		t.Errorf("ready %v", r)
	}
	x.Close()
	if r := s.Ready(); r[9] != 0 {
		t.Errorf("ready %v after Close", r)
	}
	y := open(t, s, socket.IPv4, socket.Stream)
	y.SetTag(3)
	if r := s.Ready(); r[3] != socket.Writable|socket.Hangup {
		t.Errorf("ready %v of a stream without a connection", r)
	}
}
