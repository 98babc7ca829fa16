package interop

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/kernel/packet"
	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

// bad returns a link that does everything wrong, in percent.
func bad(percent int) packettest.Behavior {
	p := float64(percent) / 100
	return packettest.Behavior{
		Delay: 5 * time.Millisecond, Jitter: time.Duration(percent) * 50 * time.Microsecond,
		Lose: p, Repeat: p / 2, Reorder: p, ReorderBy: 12 * time.Millisecond, Corrupt: p / 4,
	}
}

// pair is a world of our stack, host 0, and another, host 1.
type pair struct {
	*world
	ours *ours
}

func withGvisor(t testing.TB, offload packet.Offload, b packettest.Behavior, seed uint64) pair {
	t.Helper()
	clock := new(packettest.Clock)
	clock.Advance(time.Second)
	o, g := newOurs(t, clock, 0, offload, seed), newGvisor(t, clock, 1, seed)
	return pair{newWorld(t, clock, o, g, b, seed), o}
}

func withLinux(t testing.TB, offload packet.Offload, b packettest.Behavior, seed uint64) pair {
	t.Helper()
	clock := new(packettest.Clock)
	clock.Advance(time.Second)
	l, o := newLinux(t, 1), newOurs(t, clock, 0, offload, seed)
	return pair{newRealWorld(t, clock, o, l, b, seed), o}
}

// scenario is a test with one peer, our stack being host 0 and client the number of the one that connects.
type scenario struct {
	name string
	run  func(t *testing.T, make maker, client int)
}

type maker func(o packet.Offload, b packettest.Behavior, seed uint64) pair

var scenarios = slices.Concat(links(), options(), closes(), []scenario{
	{"small buffers", smallBuffers},
	{"slow reader", slowReader},
	{"many", many},
	{"bulk", bulk},
	{"refused", refused},
	{"reset", reset},
	{"datagrams", exchangeDatagrams},
})

// TestGvisor runs the scenarios one by one: who looks at the scheduler to know that gVisor is done
// must be alone.
func TestGvisor(t *testing.T) {
	for _, s := range scenarios {
		for client := range 2 {
			t.Run(fmt.Sprintf("%s, client %d", s.name, client), func(t *testing.T) {
				s.run(t, func(o packet.Offload, b packettest.Behavior, seed uint64) pair { return withGvisor(t, o, b, seed) }, client)
			})
		}
	}
}

// TestLinux runs the scenarios side by side (TestMain): they mostly wait for timers of Linux.
func TestLinux(t *testing.T) {
	for _, s := range scenarios {
		for client := range 2 {
			t.Run(fmt.Sprintf("%s, client %d", s.name, client), func(t *testing.T) {
				t.Parallel()
				s.run(t, func(o packet.Offload, b packettest.Behavior, seed uint64) pair { return withLinux(t, o, b, seed) }, client)
			})
		}
	}
}

// TestMain lets tests that wait do it side by side, more of them than there are processors.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "64"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// links sends bytes both ways over links from good to hopeless.
func links() (all []scenario) {
	for i, percent := range []int{0, 1, 5, 20} {
		for j, offload := range []packet.Offload{{}, offloadAll} {
			all = append(all, scenario{fmt.Sprintf("%d%% offload=%v", percent, j == 1), func(t *testing.T, make maker, client int) {
				w := make(offload, bad(percent), uint64(percent+client))
				x := exchange{client: client, server: 1 - client, six: (i+j+client)%2 == 0, bytes: [2]int{300 << 10, 300 << 10}, connections: 3}
				if percent == 20 { // mostly timeouts
					x.bytes = [2]int{12 << 10, 12 << 10}
					x.change = func(c, s *party) { c.keep, s.keep = true, true }
				}
				w.transfer(x)
				w.empty()
			}})
		}
	}
	return all
}

// empty wants nothing to be held of connections that are over: what is in the air has arrived after a while.
func (p pair) empty() {
	p.t.Helper()
	for range 400 {
		if p.ours.pool.Used() == 0 {
			return
		}
		if _, virtual := p.hosts[1].(*gvisor); !virtual {
			p.rest(50 * time.Millisecond)
		} else {
			p.rest(time.Second)
		}
	}
	p.t.Errorf("%d chunks are held when all is closed", p.ours.pool.Used())
}

// Options of TCP in a SYN (RFC 9293, 3.2; RFC 2018; RFC 7323).
const (
	optionMSS       = 2
	optionScale     = 3
	optionSACK      = 4
	optionTimestamp = 8
)

// middlebox returns a filter that takes options out of all SYNs, and tells a smaller MSS if mss is not 0.
func middlebox(mss uint16, options ...byte) func(frame []byte) bool {
	return func(frame []byte) bool {
		at, protocol := 54, byte(0)
		switch binary.BigEndian.Uint16(frame[12:]) {
		case 0x0800:
			at, protocol = 34, frame[23]
		case 0x86dd:
			protocol = frame[20]
		}
		if protocol != 6 || frame[at+13]&2 == 0 {
			return true
		}
		segment := frame[at:len(frame):len(frame)]
		rewrite(segment[20:int(segment[12]>>4)*4], mss, options)
		addresses := frame[at-8 : at]
		if at == 54 {
			addresses = frame[at-32 : at]
		}
		pseudo := append(append([]byte{0, 6, 0, byte(len(segment))}, addresses...), segment...)
		binary.BigEndian.PutUint16(pseudo[len(pseudo)-len(segment)+16:], 0)
		binary.BigEndian.PutUint16(segment[16:], packettest.Checksum(pseudo))
		return true
	}
}

// rewrite changes the options of a SYN.
func rewrite(b []byte, mss uint16, options []byte) {
	for len(b) > 1 && b[0] != 0 {
		if b[0] == 1 {
			b = b[1:]
			continue
		}
		n := int(b[1])
		if b[0] == optionMSS && mss != 0 {
			binary.BigEndian.PutUint16(b[2:], mss)
		}
		for _, o := range options {
			if b[0] == o {
				for i := range n {
					b[i] = 1
				}
				break
			}
		}
		b = b[n:]
	}
}

// options goes without what a SYN negotiates.
func options() (all []scenario) {
	for _, c := range []struct {
		name    string
		mss     uint16
		options []byte
	}{
		{"no SACK", 0, []byte{optionSACK}},
		{"no timestamps", 0, []byte{optionTimestamp}},
		{"no scale", 0, []byte{optionScale}},
		{"nothing", 0, []byte{optionMSS, optionSACK, optionTimestamp, optionScale}},
		{"small MSS", 300, nil},
	} {
		all = append(all, scenario{c.name, func(t *testing.T, make maker, client int) {
			b := bad(2)
			b.Filter = middlebox(c.mss, c.options...)
			w := make(offloadAll, b, uint64(len(c.name)))
			w.transfer(exchange{client: client, server: 1 - client, six: client == 1, bytes: [2]int{150 << 10, 150 << 10}, connections: 2})
			w.empty()
		}})
	}
	return all
}

// smallBuffers has little room at both ends.
func smallBuffers(t *testing.T, make maker, client int) {
	w := make(offloadAll, bad(1), 3)
	small := limits{receive: 4096, send: 4096}
	w.transfer(exchange{client: client, server: 1 - client, bytes: [2]int{60 << 10, 60 << 10}, limits: [2]limits{small, small}})
	w.empty()
}

// slowReader lets the window of one end close and open again, with probes that get lost.
func slowReader(t *testing.T, make maker, client int) {
	for reader := range 2 {
		b := bad(1)
		b.Lose = 0.1
		w := make(offloadAll, b, uint64(reader))
		x := exchange{client: client, server: 1 - client, six: reader == 1, limits: [2]limits{{receive: 16 << 10}, {receive: 16 << 10}}}
		x.bytes[1-reader] = 100 << 10
		x.change = func(c, s *party) {
			[2]*party{c, s}[reader].quiet = w.clock.Now() + 1500*time.Millisecond
		}
		w.transfer(x)
		w.empty()
	}
}

// closes ends connections in the ways of RFC 9293, 3.6.
func closes() (all []scenario) {
	for name, change := range map[string]func(now time.Duration, c, s *party){
		"half close by the client": func(_ time.Duration, c, s *party) { s.late, s.hold = true, true },
		"half close by the server": func(_ time.Duration, c, s *party) { c.late, c.hold = true, true },
		"at once":                  func(time.Duration, *party, *party) {},
		"simultaneous": func(now time.Duration, c, s *party) {
			c.closeAt, s.closeAt = now+500*time.Millisecond, now+500*time.Millisecond
		},
	} {
		all = append(all, scenario{name, func(t *testing.T, make maker, client int) {
			for _, n := range []int{0, 1, 50 << 10} {
				w := make(offloadAll, bad(1), uint64(n))
				w.transfer(exchange{client: client, server: 1 - client, bytes: [2]int{n, n}, connections: 4, change: func(c, s *party) { change(w.clock.Now(), c, s) }})
				w.empty()
			}
		}})
	}
	slices.SortFunc(all, func(a, b scenario) int { return strings.Compare(a.name, b.name) })
	return all
}

// many opens and closes many at once.
func many(t *testing.T, make maker, client int) {
	w := make(offloadAll, bad(1), 5)
	w.transfer(exchange{client: client, server: 1 - client, bytes: [2]int{300, 5000}, connections: 250})
	w.empty()
}

// bulk sends much over a link that reorders.
func bulk(t *testing.T, make maker, client int) {
	b := packettest.Behavior{Delay: time.Millisecond, Reorder: 0.01, ReorderBy: 500 * time.Microsecond}
	w := make(offloadAll, b, 5)
	w.transfer(exchange{client: client, server: 1 - client, bytes: [2]int{8 << 20, 8 << 20}})
	w.empty()
}

// refused wants the answer of a port where nobody listens.
func refused(t *testing.T, make maker, client int) {
	w := make(packet.Offload{}, bad(5), 8)
	for _, six := range []bool{false, true} {
		p := &party{name: "client", send: 1, conn: w.hosts[client].dial(t, netip.AddrPortFrom(address(1-client, six), 9), limits{})}
		w.run(p)
		if !errors.Is(p.err, syscall.ECONNREFUSED) {
			t.Errorf("%v, want ECONNREFUSED", p)
		}
	}
	w.empty()
}

// aborter resets its connection when it has read enough.
type aborter struct {
	*party
	after int
}

func (a *aborter) act(now time.Duration) (bool, time.Duration) {
	busy, again := a.party.act(now)
	if a.got >= a.after && !a.over {
		a.conn.Abort()
		a.over, busy = true, true
	}
	return busy, again
}

// reset lets each end reset a connection while bytes are on their way.
func reset(t *testing.T, make maker, client int) {
	for who := range 2 {
		w := make(offloadAll, bad(0), uint64(who))
		at := netip.AddrPortFrom(address(1-client, false), freePort())
		l := w.hosts[1-client].listen(t, at, limits{})
		c := &party{name: "client", send: 1 << 30, stream: 0, conn: w.hosts[client].dial(t, at, limits{})}
		s := &party{name: "server", send: 1 << 30, stream: 1, listener: l}
		other := s
		if who == 0 {
			w.run(&aborter{c, 200 << 10}, s)
		} else {
			other = c
			w.run(c, &aborter{s, 200 << 10})
		}
		if !errors.Is(other.err, syscall.ECONNRESET) && !errors.Is(other.err, syscall.EPIPE) {
			t.Errorf("%v, want ECONNRESET", other)
		}
		l.Close()
		w.empty()
	}
}

// echo answers datagrams.
type echo struct {
	datagrams
	buffer [64 << 10]byte
}

func (e *echo) done() bool { return true }

func (e *echo) act(time.Duration) (busy bool, again time.Duration) {
	n, from, err := e.Receive(e.buffer[:])
	if err == nil {
		_ = e.Send(e.buffer[:n], from) // what does not go is lost
	}
	return err == nil, socket.Forever
}

// asker sends datagrams until the answers have come, one after the other.
type asker struct {
	datagrams
	to     netip.AddrPort
	sizes  []int
	next   time.Duration
	err    error
	buffer [64 << 10]byte
}

func (a *asker) done() bool { return len(a.sizes) == 0 || a.err != nil }

func (a *asker) String() string { return fmt.Sprintf("asker: sizes %v, %v", a.sizes, a.err) }

func (a *asker) act(now time.Duration) (busy bool, again time.Duration) {
	want := stretch(a.sizes[0], 0, a.sizes[0])
	n, from, err := a.Receive(a.buffer[:])
	switch {
	case err == nil && n == len(want):
		if !bytes.Equal(a.buffer[:n], want) || from != a.to {
			a.err = fmt.Errorf("another datagram of %d bytes from %v", n, from)
		}
		a.sizes, a.next = a.sizes[1:], 0
		return true, socket.Forever
	case err == nil:
		return true, socket.Forever // a second answer to an earlier one
	case err != syscall.EAGAIN:
		a.err = err
	}
	if now >= a.next {
		a.next = now + 100*time.Millisecond
		if err := a.Send(want, a.to); err != nil && err != syscall.EAGAIN {
			a.err = err
		}
		busy = true
	}
	return busy, a.next
}

// exchangeDatagrams sends datagrams from empty ones to those of many fragments.
func exchangeDatagrams(t *testing.T, make maker, client int) {
	for _, six := range []bool{false, true} {
		for _, percent := range []int{0, 5} {
			w := make(packet.Offload{SendChecksum: !six}, bad(percent), 4)
			at := netip.AddrPortFrom(address(1-client, six), 7)
			e := &echo{datagrams: w.hosts[1-client].open(t, at)}
			a := &asker{datagrams: w.hosts[client].open(t, netip.AddrPortFrom(address(client, six), 8)), to: at, sizes: []int{0, 1, 2, 512, 1452, 1472, 1473, 4000, 9001}}
			w.run(e, a)
			if a.err != nil {
				t.Error(a.err)
			}
			a.Close()
			e.Close()
			if _, virtual := w.hosts[1].(*gvisor); percent == 0 || virtual { // what lacks a fragment waits for it for a minute
				w.empty()
			}
		}
	}
}
