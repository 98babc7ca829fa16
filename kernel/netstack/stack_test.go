package netstack

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

// seeded is a Random that gives the same numbers each time.
type seeded struct{ *rand.ChaCha8 }

func (s seeded) Fill(p []byte) { s.Read(p) }

func newRandom(seed byte) seeded { return seeded{rand.NewChaCha8([32]byte{seed})} }

// network are two stacks and the link between them.
type network struct {
	t      *testing.T
	clock  *packettest.Clock
	stacks [2]*Stack
	dev    [2]*packettest.Device
	link   *packettest.Link
	logs   []string
}

// newNetwork connects two stacks.
func newNetwork(t *testing.T, a, b abi.Network, offload packet.Offload, behavior packettest.Behavior) *network {
	n := &network{t: t, clock: new(packettest.Clock)}
	n.clock.Advance(time.Second)
	for i, c := range []abi.Network{a, b} {
		pool := packettest.NewPool(4 << 20)
		n.dev[i] = packettest.New(pool, packettest.Options{MAC: packet.MAC{2, 0, 0, 0, 0, byte(i + 1)}, Offload: offload})
		s, err := New(Machine{
			Device: n.dev[i], Pool: pool, Random: newRandom(byte(i)), Now: n.clock.Now, Config: c,
			Log: func(text string) { n.logs = append(n.logs, text) },
		})
		if err != nil {
			t.Fatal(err)
		}
		n.stacks[i] = s
	}
	n.link = packettest.NewLink(n.clock, n.dev[0], n.dev[1], behavior, behavior, 1)
	t.Cleanup(func() {
		for _, s := range n.stacks {
			for len(s.sockets) > 0 {
				s.sockets[0].Close()
			}
			n.run(time.Minute)
			if used := s.machine.Pool.Used(); used != 0 {
				t.Errorf("%d chunks are held at the end", used)
			}
		}
	})
	return n
}

// run lets time pass, from event to event.
func (n *network) run(d time.Duration) {
	end := n.clock.Now() + d
	for range 1 << 20 {
		busy := n.link.Step()
		for _, s := range n.stacks {
			busy = s.Poll() || busy
		}
		if busy {
			continue
		}
		next := end
		for _, s := range n.stacks {
			if w := s.Wait(); w != socket.Forever {
				next = min(next, n.clock.Now()+w)
			}
		}
		if at, ok := n.link.Next(); ok {
			next = min(next, at)
		}
		if next <= n.clock.Now() && n.clock.Now() >= end {
			return
		}
		n.clock.Advance(max(next-n.clock.Now(), 1))
	}
	n.t.Fatal("the stacks do not come to rest")
}

func open(t *testing.T, s *Stack, f socket.Family, k socket.Kind) socket.Socket {
	t.Helper()
	x, err := s.Open(f, k)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func endpoint(t *testing.T, address string, port uint16) socket.Endpoint {
	t.Helper()
	a, ok := header.ParseAddress(address)
	if !ok {
		t.Fatalf("%q is no address", address)
	}
	return socket.Endpoint{Address: a, Port: port}
}

var (
	static1 = abi.Network{Addresses: []string{"10.0.0.1/24", "fd00::1/64"}}
	static2 = abi.Network{Addresses: []string{"10.0.0.2/24", "fd00::2/64"}}
)

// TestDatagrams sends datagrams of many sizes there and back, over both families,
// with and without checksum offload, and to oneself.
func TestDatagrams(t *testing.T) {
	for _, offload := range []packet.Offload{{}, {SendChecksum: true}} {
		n := newNetwork(t, static1, static2, offload, packettest.Behavior{})
		for _, c := range []struct {
			family           socket.Family
			server           int
			address, returns string
		}{
			{socket.IPv4, 1, "10.0.0.2", "10.0.0.1"},
			{socket.IPv6, 1, "fd00::2", "fd00::1"},
			{socket.IPv6, 1, "10.0.0.2", "10.0.0.1"},
			{socket.IPv4, 0, "127.0.0.1", "127.0.0.1"},
			{socket.IPv4, 0, "10.0.0.1", "10.0.0.1"},
			{socket.IPv6, 0, "::1", "::1"},
		} {
			server, client := open(t, n.stacks[c.server], c.family, socket.Datagram), open(t, n.stacks[0], c.family, socket.Datagram)
			if err := server.Bind(socket.Endpoint{Port: 7}); err != nil {
				t.Fatal(err)
			}
			for _, size := range []int{0, 1, 40, 200, 1472, 1473, 4000, 20000, 65507 - 20} {
				message := make([]byte, size)
				newRandom(9).Fill(message)
				if err := client.Send(message, endpoint(t, c.address, 7)); err != nil {
					t.Fatalf("Send(%d bytes) to %s = %v", size, c.address, err)
				}
				n.run(10 * time.Millisecond)
				got := make([]byte, 65536)
				bytesGot, from, err := server.Receive(got, false)
				if err != nil || !bytes.Equal(got[:bytesGot], message) {
					t.Fatalf("%s, %d bytes: got %d, %v", c.address, size, bytesGot, err)
				}
				if want := endpoint(t, c.returns, client.Local().Port); from != want {
					t.Errorf("%s: from %v, want %v", c.address, from, want)
				}
				if err := server.Send(message, from); err != nil {
					t.Fatal(err)
				}
				n.run(10 * time.Millisecond)
				if bytesGot, err = client.Read(got, false); err != nil || !bytes.Equal(got[:bytesGot], message) {
					t.Fatalf("%s, %d bytes back: got %d, %v", c.address, size, bytesGot, err)
				}
			}
			server.Close()
			client.Close()
		}
	}
}

// TestRefused wants ECONNREFUSED from a port without a socket.
func TestRefused(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	for _, address := range []string{"10.0.0.2", "fd00::2", "127.0.0.1", "::1"} {
		e := endpoint(t, address, 9)
		family := socket.IPv6
		if header.IsIPv4(e.Address) {
			family = socket.IPv4
		}
		x := open(t, n.stacks[0], family, socket.Datagram)
		if err := x.Connect(e); err != nil {
			t.Fatal(err)
		}
		if _, err := x.Write([]byte("hello"), false); err != nil {
			t.Fatal(err)
		}
		n.run(10 * time.Millisecond)
		if _, err := x.Read(nil, false); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: Read = %v, want ECONNREFUSED", address, err)
		}
		if _, err := x.Read(nil, false); !errors.Is(err, syscall.EAGAIN) {
			t.Errorf("%s: Read again = %v, want EAGAIN", address, err)
		}
	}
}

// TestUnreachable wants EHOSTUNREACH when nobody answers for an address, and ENETUNREACH
// without a way.
func TestUnreachable(t *testing.T) {
	n := newNetwork(t, static1, static2, packet.Offload{}, packettest.Behavior{})
	for _, address := range []string{"10.0.0.77", "fd00::77"} {
		x := open(t, n.stacks[0], socket.IPv6, socket.Datagram)
		if err := x.Connect(endpoint(t, address, 9)); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if _, err := x.Write(make([]byte, 1000), false); err != nil {
				t.Fatal(err)
			}
		}
		n.run(4 * time.Second)
		if _, err := x.Read(nil, false); !errors.Is(err, syscall.EHOSTUNREACH) {
			t.Errorf("%s: Read = %v, want EHOSTUNREACH", address, err)
		}
	}
	x := open(t, n.stacks[0], socket.IPv4, socket.Datagram)
	if err := x.Connect(endpoint(t, "192.0.2.1", 9)); !errors.Is(err, syscall.ENETUNREACH) {
		t.Errorf("Connect without a gateway = %v, want ENETUNREACH", err)
	}
}
