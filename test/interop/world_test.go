package interop

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

// conn is a connection that never waits: Read and Write return syscall.EAGAIN, Read io.EOF at the end.
type conn interface {
	Read(b []byte) (int, error)
	Write(b []byte) (int, error)
	// connected reports whether the connection is no longer being made.
	connected() bool
	CloseWrite() error
	// Close closes the connection, Abort resets it.
	Close()
	Abort()
}

// acceptor is a listening socket. Accept returns syscall.EAGAIN.
type acceptor interface {
	Accept() (conn, error)
	Close()
}

// datagrams is a UDP socket. Receive returns syscall.EAGAIN.
type datagrams interface {
	Send(b []byte, to netip.AddrPort) error
	Receive(b []byte) (int, netip.AddrPort, error)
	Close()
}

// limits are what a host is told for a connection, 0: its own.
type limits struct{ receive, send int }

// host is a network stack with an address of each family.
type host interface {
	packettest.End
	listen(t testing.TB, at netip.AddrPort, l limits) acceptor
	dial(t testing.TB, to netip.AddrPort, l limits) conn
	open(t testing.TB, at netip.AddrPort) datagrams
	// work does what can be done at this moment.
	work()
	// wait returns for how long there is nothing to do, or socket.Forever.
	wait() time.Duration
}

// Addresses of the hosts at both ends.
var (
	addresses4 = [2]netip.Addr{netip.MustParseAddr("10.9.0.1"), netip.MustParseAddr("10.9.0.2")}
	addresses6 = [2]netip.Addr{netip.MustParseAddr("fd09::1"), netip.MustParseAddr("fd09::2")}
)

// address returns the address of a host.
func address(host int, six bool) netip.Addr {
	if six {
		return addresses6[host]
	}
	return addresses4[host]
}

// world are two hosts and the link between them.
type world struct {
	t     testing.TB
	clock *packettest.Clock
	link  *packettest.Link
	hosts [2]host
	// pass lets time pass until something may happen, at most for d.
	pass func(d time.Duration)
	// tick takes the time, if it passes by itself.
	tick func()
	// patience is when a test gives up.
	patience time.Duration
}

// newWorld joins two hosts on a virtual clock.
func newWorld(t testing.TB, clock *packettest.Clock, a, b host, behavior packettest.Behavior, seed uint64) *world {
	return &world{
		t: t, clock: clock, hosts: [2]host{a, b}, patience: 30 * time.Minute,
		link: packettest.NewLink(clock, a, b, behavior, behavior, seed),
		pass: clock.Advance, tick: func() {},
	}
}

// actor is what a test does at one end. It does what it can and reports whether
// that was anything, and when it wants to be asked again.
type actor interface {
	act(now time.Duration) (busy bool, again time.Duration)
	done() bool
}

// How often, and after which pause, a world in which nothing will happen is looked at before it is said so.
const (
	stuckMax   = 400
	stuckPause = 5 * time.Millisecond
)

// run goes on until all actors are done.
func (w *world) run(actors ...actor) {
	w.t.Helper()
	end, stuck := w.clock.Now()+w.patience, 0
	for {
		done, busy, next := true, false, socket.Forever
		w.tick()
		for _, h := range w.hosts {
			h.work()
		}
		for _, a := range actors {
			done = done && a.done()
			if _, passive := a.(*echo); !passive && a.done() {
				continue
			}
			now := w.clock.Now()
			did, again := a.act(now)
			busy = busy || did
			next = min(next, again)
		}
		busy = w.link.Step() || busy
		switch {
		case done:
			return
		case busy:
			continue
		case w.clock.Now() > end:
			w.fail("are not done after "+w.patience.String(), actors)
		}
		if at, ok := w.link.Next(); ok {
			next = min(next, at)
		}
		d := socket.Forever
		if next != socket.Forever {
			d = max(next-w.clock.Now(), 0)
		}
		for _, h := range w.hosts {
			d = min(d, h.wait())
		}
		if d != socket.Forever {
			stuck = 0
			w.pass(max(d, time.Microsecond))
			continue
		}
		// Nothing will happen, or a goroutine of the other has not had a processor for long.
		if stuck++; stuck > stuckMax {
			w.fail("wait, and nothing will happen", actors)
		}
		time.Sleep(stuckPause)
	}
}

func (w *world) fail(text string, actors []actor) {
	w.t.Helper()
	n := 0
	for _, a := range actors {
		if p, ok := a.(*party); !a.done() || ok && p.err != nil {
			w.t.Logf("%v", a)
			if n++; n == 8 {
				break
			}
		}
	}
	w.t.Fatal("the actors above " + text)
}

// rest lets d pass without actors.
func (w *world) rest(d time.Duration) {
	w.t.Helper()
	w.run(&sleeper{until: w.clock.Now() + d})
}

// sleeper does nothing until a moment.
type sleeper struct {
	until time.Duration
	over  bool
}

func (s *sleeper) act(now time.Duration) (bool, time.Duration) {
	s.over = now >= s.until
	return false, s.until
}

func (s *sleeper) done() bool { return s.over }

// noise is what streams are made of; its length is no multiple of anything, so that no two
// places of a stream look alike to the protocol.
var noise = func() []byte {
	b := make([]byte, 1<<20+7)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b) // never fails
	return append(b, b[:64<<10]...)
}()

// stretch returns bytes of stream number s from position at on.
func stretch(s, at, n int) []byte {
	i := (s*7919 + at) % (1<<20 + 7)
	return noise[i : i+min(n, 64<<10)]
}

// party is one end of a connection: it sends a stream, checks the one that it gets,
// and closes.
type party struct {
	name      string
	conn      conn
	listener  acceptor // where conn comes from, or nil
	stream    int      // number of what it sends; the peer's is stream^1
	send      int      // bytes to send
	want      int      // bytes to get
	quiet     time.Duration
	piece     int           // of a Write, 0: 16 KiB
	late      bool          // sends when the peer has closed its direction
	hold      bool          // closes its direction when the peer has
	closeAt   time.Duration // does not close its direction before
	keep      bool          // leaves the connection open: who closes it gives up after a while
	sent, got int
	shut, end bool
	over      bool
	err       error
	buffer    [16 << 10]byte
}

func (p *party) done() bool { return p.over }

func (p *party) String() string {
	return fmt.Sprintf("%s: sent %d of %d, got %d of %d, shut %v, end %v, connected %v, %v", p.name, p.sent, p.send, p.got, p.want, p.shut, p.end, p.conn != nil, p.err)
}

func (p *party) act(now time.Duration) (busy bool, again time.Duration) {
	if p.conn == nil {
		c, err := p.listener.Accept()
		if err != nil {
			p.note(err)
			return false, socket.Forever
		}
		p.conn = c
	}
	again = socket.Forever
	if !p.late || p.end {
		busy = p.write()
	}
	if now < p.quiet {
		again = p.quiet
	} else {
		busy = p.read() || busy
	}
	if now < p.closeAt {
		return busy, min(again, p.closeAt)
	}
	if p.sent == p.send && !p.shut && p.conn.connected() && (!p.hold || p.end) {
		p.shut = true
		p.note(p.conn.CloseWrite())
		busy = true
	}
	if p.err != nil || p.shut && p.end {
		p.over = true
		if !p.keep {
			p.conn.Close()
		}
	}
	return busy, again
}

// note keeps an error that is one.
func (p *party) note(err error) {
	if err != nil && err != syscall.EAGAIN && p.err == nil {
		p.err = err
	}
}

func (p *party) write() (busy bool) {
	for p.sent < p.send && p.err == nil {
		piece := p.piece
		if piece == 0 {
			piece = 16 << 10
		}
		n, err := p.conn.Write(stretch(p.stream, p.sent, min(p.send-p.sent, piece)))
		p.sent += n
		p.note(err)
		if err != nil {
			return busy
		}
		busy = true
	}
	return busy
}

func (p *party) read() (busy bool) {
	for !p.end && p.err == nil {
		n, err := p.conn.Read(p.buffer[:])
		if want := stretch(p.stream^1, p.got, n); !bytes.Equal(p.buffer[:n], want) {
			p.err = fmt.Errorf("other bytes than were sent, at %d", p.got)
			return true
		}
		p.got += n
		busy = busy || n > 0
		if err == io.EOF {
			p.end = true
			if p.got != p.want {
				p.err = fmt.Errorf("the end after %d bytes of %d", p.got, p.want)
			}
			return true
		}
		p.note(err)
		if err != nil {
			return busy
		}
	}
	return busy
}

// exchange is a connection with both its parties.
type exchange struct {
	client, server int // hosts
	six            bool
	bytes          [2]int // that the client and the server send
	limits         [2]limits
	connections    int
	change         func(client, server *party)
}

// portNext is for exchanges that follow each other in one world.
var portNext atomic.Uint32

func freePort() uint16 { return uint16(2000 + portNext.Add(1)%20000) }

// transfer runs the connections of an exchange side by side to their end.
func (w *world) transfer(x exchange) {
	w.t.Helper()
	at := netip.AddrPortFrom(address(x.server, x.six), freePort())
	l := w.hosts[x.server].listen(w.t, at, x.limits[1])
	defer l.Close()
	var actors []actor
	for i := range max(x.connections, 1) {
		// The server does not know which connection it accepts, so all have the same streams.
		c := &party{name: fmt.Sprint("client ", i), stream: 0, send: x.bytes[0], want: x.bytes[1]}
		s := &party{name: fmt.Sprint("server ", i), stream: 1, send: x.bytes[1], want: x.bytes[0], listener: l}
		if x.change != nil {
			x.change(c, s)
		}
		c.conn = w.hosts[x.client].dial(w.t, at, x.limits[0])
		actors = append(actors, c, s)
	}
	w.run(actors...)
	for _, a := range actors {
		p := a.(*party)
		if p.err != nil {
			w.t.Errorf("%v", p)
		}
		if p.keep {
			p.conn.Close()
		}
	}
}
