package interop

import (
	"bytes"
	"cmp"
	"io"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

// gvisorClock is a tcpip.Clock on the virtual clock of a test.
type gvisorClock struct {
	clock *packettest.Clock

	mu     sync.Mutex
	now    time.Duration
	timers []*gvisorTimer // by time
}

type gvisorTimer struct {
	clock *gvisorClock
	at    time.Duration
	f     func()
}

func (c *gvisorClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Unix(1_700_000_000, 0).Add(c.now)
}

func (c *gvisorClock) NowMonotonic() tcpip.MonotonicTime {
	c.mu.Lock()
	defer c.mu.Unlock()
	var m tcpip.MonotonicTime
	return m.Add(c.now)
}

func (c *gvisorClock) AfterFunc(d time.Duration, f func()) tcpip.Timer {
	t := &gvisorTimer{clock: c, f: f}
	t.Reset(d)
	return t
}

func (t *gvisorTimer) Stop() bool {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.timers, t)
	if i < 0 {
		return false
	}
	c.timers = slices.Delete(c.timers, i, i+1)
	return true
}

func (t *gvisorTimer) Reset(d time.Duration) {
	t.Stop()
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	t.at = c.now + max(d, 0)
	i, _ := slices.BinarySearchFunc(c.timers, t, func(a, b *gvisorTimer) int {
		if a.at == b.at {
			return -1 // behind those of the same time
		}
		return cmp.Compare(a.at, b.at)
	})
	c.timers = slices.Insert(c.timers, i, t)
}

// fire starts what is due and reports whether that was anything.
func (c *gvisorClock) fire() (fired bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.clock.Now()
	for len(c.timers) > 0 && c.timers[0].at <= c.now {
		go c.timers[0].f()
		c.timers = c.timers[1:]
		fired = true
	}
	return fired
}

// wait returns how long nothing is due.
func (c *gvisorClock) wait() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.timers) == 0 {
		return socket.Forever
	}
	return max(c.timers[0].at-c.now, 0)
}

// quiet waits until all goroutines but this one wait. A test that asks too early sees a peer that is late
// by its own clock, so it is patient with a computer that does other things too.
func quiet() {
	const (
		spins    = 500  // before it leaves the processor to others
		triesMax = 2500 // 0.4 s at least
		pause    = 200 * time.Microsecond
	)
	samples := []metrics.Sample{{Name: "/sched/goroutines/running:goroutines"}, {Name: "/sched/goroutines/runnable:goroutines"}}
	for seen, i := 0, 0; seen < 2 && i < triesMax; i++ {
		if i < spins {
			runtime.Gosched()
		} else {
			time.Sleep(pause)
		}
		metrics.Read(samples)
		if samples[0].Value.Uint64() <= 1 && samples[1].Value.Uint64() == 0 {
			seen++
		} else {
			seen = 0
		}
	}
}

// gvisor is a host with gVisor's netstack.
type gvisor struct {
	clock *gvisorClock
	stack *stack.Stack
	link  *channel.Endpoint
}

const gvisorNIC = 1

type source struct{ *rand.PCG }

func (s source) Int63() int64 { return int64(s.Uint64() >> 1) }
func (s source) Seed(int64)   {}

// lockedSource is a math/rand.Source for several goroutines.
type lockedSource struct {
	mu sync.Mutex
	source
}

func (s *lockedSource) Int63() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source.Int63()
}

func newGvisor(t testing.TB, clock *packettest.Clock, host int, seed uint64) *gvisor {
	t.Helper()
	g := &gvisor{clock: &gvisorClock{clock: clock, now: clock.Now()}}
	mac := tcpip.LinkAddress([]byte{2, 9, 0, 0, 0, byte(host + 1)})
	g.link = channel.New(4096, 1500, mac)
	g.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{arp.NewProtocol, ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4, icmp.NewProtocol6},
		Clock:              g.clock,
		RandSource:         &lockedSource{source: source{rand.NewPCG(seed, 77)}},
	})
	must(t, g.stack.CreateNIC(gvisorNIC, ethernet.New(g.link)))
	for _, a := range []struct {
		protocol tcpip.NetworkProtocolNumber
		address  netip.Addr
		bits     int
	}{{ipv4.ProtocolNumber, addresses4[host], 24}, {ipv6.ProtocolNumber, addresses6[host], 64}} {
		p := tcpip.AddressWithPrefix{Address: tcpip.AddrFromSlice(a.address.AsSlice()), PrefixLen: a.bits}
		must(t, g.stack.AddProtocolAddress(gvisorNIC, tcpip.ProtocolAddress{Protocol: a.protocol, AddressWithPrefix: p}, stack.AddressProperties{}))
		g.stack.AddRoute(tcpip.Route{Destination: p.Subnet(), NIC: gvisorNIC})
	}
	t.Cleanup(func() {
		g.stack.Destroy()
	})
	return g
}

func must(t testing.TB, err tcpip.Error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Sent: see packettest.End.
func (g *gvisor) Sent() (frames [][]byte) {
	for {
		p := g.link.Read()
		if p == nil {
			return frames
		}
		v := p.ToView()
		frames = append(frames, bytes.Clone(v.AsSlice()))
		v.Release()
		p.DecRef()
	}
}

// Inject: see packettest.End.
func (g *gvisor) Inject(frame []byte) {
	p := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame)})
	g.link.InjectInbound(0, p)
	p.DecRef()
}

func (g *gvisor) work() {
	g.clock.fire()
	quiet()
}

func (g *gvisor) wait() time.Duration { return g.clock.wait() }

func fullAddress(a netip.AddrPort) tcpip.FullAddress {
	return tcpip.FullAddress{NIC: gvisorNIC, Addr: tcpip.AddrFromSlice(a.Addr().AsSlice()), Port: a.Port()}
}

func (g *gvisor) endpoint(t testing.TB, protocol tcpip.TransportProtocolNumber, a netip.Addr, l limits) tcpip.Endpoint {
	t.Helper()
	network := tcpip.NetworkProtocolNumber(ipv4.ProtocolNumber)
	if a.Is6() {
		network = ipv6.ProtocolNumber
	}
	e, err := g.stack.NewEndpoint(protocol, network, new(waiter.Queue))
	must(t, err)
	if l.receive > 0 {
		e.SocketOptions().SetReceiveBufferSize(int64(l.receive), true)
	}
	if l.send > 0 {
		e.SocketOptions().SetSendBufferSize(int64(l.send), true)
	}
	return e
}

func (g *gvisor) listen(t testing.TB, at netip.AddrPort, l limits) acceptor {
	t.Helper()
	e := g.endpoint(t, tcp.ProtocolNumber, at.Addr(), l)
	must(t, e.Bind(fullAddress(at)))
	must(t, e.Listen(1024))
	return gvisorListener{e}
}

func (g *gvisor) dial(t testing.TB, to netip.AddrPort, l limits) conn {
	t.Helper()
	e := g.endpoint(t, tcp.ProtocolNumber, to.Addr(), l)
	if err := e.Connect(fullAddress(to)); err != nil {
		if _, ok := err.(*tcpip.ErrConnectStarted); !ok {
			t.Fatal(err)
		}
	}
	return &gvisorConn{e, false}
}

func (g *gvisor) open(t testing.TB, at netip.AddrPort) datagrams {
	t.Helper()
	e := g.endpoint(t, udp.ProtocolNumber, at.Addr(), limits{})
	must(t, e.Bind(fullAddress(at)))
	return gvisorDatagrams{e}
}

// errorOf translates what a test tells apart.
func errorOf(err tcpip.Error) error {
	switch err.(type) {
	case nil:
		return nil
	case *tcpip.ErrWouldBlock, *tcpip.ErrConnectStarted:
		return syscall.EAGAIN
	case *tcpip.ErrClosedForReceive:
		return io.EOF
	case *tcpip.ErrConnectionReset:
		return syscall.ECONNRESET
	case *tcpip.ErrConnectionRefused:
		return syscall.ECONNREFUSED
	case *tcpip.ErrTimeout:
		return syscall.ETIMEDOUT
	case *tcpip.ErrClosedForSend:
		return syscall.EPIPE
	}
	return gvisorError{err}
}

type gvisorError struct{ cause tcpip.Error }

func (e gvisorError) Error() string { return "gvisor: " + e.cause.String() }

type gvisorListener struct{ tcpip.Endpoint }

func (l gvisorListener) Accept() (conn, error) {
	e, _, err := l.Endpoint.Accept(nil)
	if err != nil {
		return nil, errorOf(err)
	}
	return &gvisorConn{e, true}, nil
}

type gvisorConn struct {
	tcpip.Endpoint
	made bool
}

// connected reports whether the connection is no longer being made.
func (c *gvisorConn) connected() bool {
	if !c.made {
		s := tcp.EndpointState(c.State())
		c.made = s != tcp.StateConnecting && s != tcp.StateSynSent && s != tcp.StateSynRecv && s != tcp.StateInitial
	}
	return c.made
}

func (c *gvisorConn) Read(b []byte) (int, error) {
	if !c.connected() {
		return 0, syscall.EAGAIN
	}
	w := tcpip.SliceWriter(b)
	r, err := c.Endpoint.Read(&w, tcpip.ReadOptions{})
	if err != nil {
		return 0, errorOf(err)
	}
	c.ModerateRecvBuf(r.Count)
	return r.Count, nil
}

func (c *gvisorConn) Write(b []byte) (int, error) {
	if !c.connected() {
		return 0, syscall.EAGAIN
	}
	n, err := c.Endpoint.Write(bytes.NewReader(b), tcpip.WriteOptions{})
	return int(n), errorOf(err)
}

func (c *gvisorConn) CloseWrite() error { return errorOf(c.Endpoint.Shutdown(tcpip.ShutdownWrite)) }

type gvisorDatagrams struct{ tcpip.Endpoint }

func (d gvisorDatagrams) Send(b []byte, to netip.AddrPort) error {
	a := fullAddress(to)
	_, err := d.Endpoint.Write(bytes.NewReader(b), tcpip.WriteOptions{To: &a})
	return errorOf(err)
}

func (d gvisorDatagrams) Receive(b []byte) (int, netip.AddrPort, error) {
	w := tcpip.SliceWriter(b)
	r, err := d.Endpoint.Read(&w, tcpip.ReadOptions{NeedRemoteAddr: true})
	if err != nil {
		return 0, netip.AddrPort{}, errorOf(err)
	}
	a, _ := netip.AddrFromSlice(r.RemoteAddr.Addr.AsSlice())
	return r.Count, netip.AddrPortFrom(a, r.RemoteAddr.Port), nil
}
