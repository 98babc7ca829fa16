package interop

import (
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/netstack"
	"mewz/kernel/packet"
	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

// offloadAll is what a good device does.
var offloadAll = packet.Offload{SendChecksum: true, SendTCP4: true, SendTCP6: true}

// seeded is a tcp.Random that gives the same numbers each time.
type seeded struct{ *rand.ChaCha8 }

func (s seeded) Fill(p []byte) { s.Read(p) }

// ours is a host with our stack, on a device in memory unless another is given.
type ours struct {
	*packettest.Device
	stack *netstack.Stack
	pool  *packet.Pool
}

const poolBytes = 32 << 20

// configuration gives the stack the addresses of a host.
func configuration(host int) abi.Network {
	return abi.Network{Enabled: true, Addresses: []string{addresses4[host].String() + "/24", addresses6[host].String() + "/64"}}
}

// newOurs returns a host with our stack. What it holds at the end of the test is a fault.
func newOurs(t testing.TB, clock *packettest.Clock, host int, offload packet.Offload, seed uint64) *ours {
	pool := packettest.NewPool(poolBytes)
	o := &ours{pool: pool, Device: packettest.New(pool, packettest.Options{MAC: packet.MAC{2, 9, 0, 0, 0, byte(host + 1)}, Offload: offload})}
	o.start(t, o.Device, clock.Now, host, seed)
	return o
}

// start starts the stack on a device.
func (o *ours) start(t testing.TB, d packet.Device, now func() time.Duration, host int, seed uint64) {
	t.Helper()
	stack, err := netstack.New(netstack.Machine{
		Device: d, Pool: o.pool, Random: seeded{rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(host)})}, Now: now, Config: configuration(host),
		Log: func(text string) { t.Log(text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	o.stack = stack
}

func (o *ours) work() {
	for o.stack.Poll() {
	}
}

func (o *ours) wait() time.Duration { return o.stack.Wait() }

func endpoint(a netip.AddrPort) socket.Endpoint {
	return socket.Endpoint{Address: a.Addr().As16(), Port: a.Port()}
}

func addrPort(e socket.Endpoint) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(e.Address).Unmap(), e.Port)
}

func (o *ours) socket(t testing.TB, a netip.Addr, k socket.Kind, l limits) socket.Socket {
	t.Helper()
	f := socket.IPv4
	if a.Is6() {
		f = socket.IPv6
	}
	s, err := o.stack.Open(f, k)
	if err != nil {
		t.Fatal(err)
	}
	if l.receive > 0 {
		err = s.SetOption(socket.OptionReceiveBuffer, int64(l.receive))
	}
	if l.send > 0 {
		err = errors.Join(err, s.SetOption(socket.OptionSendBuffer, int64(l.send)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (o *ours) listen(t testing.TB, at netip.AddrPort, l limits) acceptor {
	t.Helper()
	s := o.socket(t, at.Addr(), socket.Stream, l)
	if err := errors.Join(s.Bind(endpoint(at)), s.Listen(1024)); err != nil {
		t.Fatal(err)
	}
	return ourListener{s}
}

func (o *ours) dial(t testing.TB, to netip.AddrPort, l limits) conn {
	t.Helper()
	s := o.socket(t, to.Addr(), socket.Stream, l)
	if err := s.Connect(endpoint(to)); err != syscall.EINPROGRESS {
		t.Fatal(err)
	}
	return &ourConn{s}
}

func (o *ours) open(t testing.TB, at netip.AddrPort) datagrams {
	t.Helper()
	s := o.socket(t, at.Addr(), socket.Datagram, limits{})
	if err := s.Bind(endpoint(at)); err != nil {
		t.Fatal(err)
	}
	return ourDatagrams{s}
}

type ourListener struct{ socket.Socket }

func (l ourListener) Accept() (conn, error) {
	s, err := l.Socket.Accept()
	if err != nil {
		return nil, err
	}
	return &ourConn{s}, nil
}

type ourConn struct{ socket.Socket }

func (c *ourConn) Read(b []byte) (int, error) {
	n, err := c.Socket.Read(b, false)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

func (c *ourConn) Write(b []byte) (int, error) { return c.Socket.Write(b, false) }

func (c *ourConn) connected() bool {
	_, err := c.Socket.Peer()
	return err == nil
}

func (c *ourConn) CloseWrite() error { return c.Socket.Shutdown(socket.ShutdownWrite) }

func (c *ourConn) Abort() {
	_ = c.Socket.SetOption(socket.OptionLinger, 0) // a connection that is closed needs no reset
	c.Socket.Close()
}

type ourDatagrams struct{ socket.Socket }

func (d ourDatagrams) Send(b []byte, to netip.AddrPort) error { return d.Socket.Send(b, endpoint(to)) }

func (d ourDatagrams) Receive(b []byte) (int, netip.AddrPort, error) {
	n, from, err := d.Socket.Receive(b, false)
	return n, addrPort(from), err
}
