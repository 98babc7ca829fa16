package tcp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"mewz/kernel/netstack/ip"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// trouble is what a link does to packets, in percent.
type trouble struct{ lose, repeat, disorder, corrupt int }

// link joins two engines by packets that take time, and get lost, late, twice or wrong.
type link struct {
	t       testing.TB
	random  *rand.Rand
	now     time.Duration
	delay   time.Duration
	trouble trouble
	side    [2]*Engine
	layer   [2]*layer
	flying  []flight
	refused []flight // too large for the path
	carried int
	mtu     int    // of the path, 0: any
	poll    func() // before each step
	end     int    // steps after which one side is aborted, 0: never
	aborts  int    // which
	port    uint16 // of the side that connects, 0: any
}

type flight struct {
	at     time.Duration
	to     int
	packet []byte
}

func newLink(t testing.TB, seed uint64, tr trouble) *link {
	l := &link{t: t, random: rand.New(rand.NewPCG(seed, 2)), now: time.Second, delay: time.Millisecond, trouble: tr}
	for i := range l.side {
		l.layer[i], l.side[i] = newLayer(t, seed*2+uint64(i), 16<<20)
		l.layer[i].sent = func(p []byte, r *ip.Route) { l.carry(1-i, p) }
	}
	return l
}

func (l *link) chance(percent int) bool { return l.random.IntN(100) < percent }

// carry puts a packet on the link.
func (l *link) carry(to int, p []byte) {
	l.carried++
	if l.mtu > 0 && len(p) > l.mtu {
		l.refused = append(l.refused, flight{to: 1 - to, packet: bytes.Clone(p)})
		return
	}
	if l.chance(l.trouble.lose) {
		return
	}
	n := 1
	if l.chance(l.trouble.repeat) {
		n = 2
	}
	for range n {
		b := bytes.Clone(p)
		if l.chance(l.trouble.corrupt) {
			b[20+l.random.IntN(len(b)-20)] ^= byte(1 + l.random.IntN(255)) // not the IP header, which ip checks
		}
		at := l.now + l.delay
		if l.chance(l.trouble.disorder) {
			at += time.Duration(l.random.IntN(20)) * time.Millisecond
		}
		l.flying = append(l.flying, flight{at, to, b})
	}
}

// step goes on to the next moment at which something happens, and lets it. It reports
// false when nothing will.
func (l *link) step() bool {
	next := socket.Forever
	for _, f := range l.flying {
		next = min(next, f.at)
	}
	for i := range l.side {
		next = min(next, l.side[i].Deadline())
	}
	if next == socket.Forever {
		return false
	}
	l.now = max(l.now, next)
	for i := range l.layer {
		l.layer[i].now = l.now
	}
	if l.poll != nil {
		l.poll()
	}
	for _, f := range l.refused {
		p := received(f.packet)
		l.side[f.to].PathMTU(p.Source, p.Destination, p.Payload[:8], uint16(l.mtu))
	}
	l.refused = nil
	kept := l.flying[:0:0]
	arrived := l.flying
	l.flying = nil
	for _, f := range arrived {
		if f.at > l.now {
			kept = append(kept, f)
			continue
		}
		l.side[f.to].Input(received(f.packet))
	}
	l.flying = append(kept, l.flying...)
	for i := range l.side {
		l.side[i].EndPoll(l.now)
		checkConns(l.t, l.side[i])
	}
	return true
}

// party is one side of a connection in a test: it sends what a generator makes and
// checks what it gets against another.
type party struct {
	conn      *Conn
	send, get *rand.Rand
	left      int // bytes to send
	shut, end bool
	got       int
	err       error
	pending   []byte
}

// idle reports whether there is nothing for the program to read.
func (p *party) idle() bool { return p.end || p.conn == nil || p.conn.readiness()&socket.Readable == 0 }

// run does what a program does once; sizes of reads and writes are random.
func (p *party) run(t testing.TB, sizes *rand.Rand) {
	for p.left > 0 || len(p.pending) > 0 {
		if len(p.pending) == 0 {
			p.pending = make([]byte, min(p.left, 1+sizes.IntN(1<<sizes.IntN(15))))
			for i := range p.pending {
				p.pending[i] = byte(p.send.Uint32())
			}
			p.left -= len(p.pending)
		}
		n, err := p.conn.Write(p.pending, sizes.IntN(8) == 0)
		p.pending = p.pending[n:]
		if err == syscall.EAGAIN {
			break
		}
		if err != nil {
			p.err = err
			return
		}
	}
	if p.left == 0 && len(p.pending) == 0 && !p.shut && p.conn.Established() {
		p.shut = true
		p.conn.Shutdown(socket.ShutdownWrite)
	}
	for !p.end {
		b := make([]byte, 1+sizes.IntN(1<<sizes.IntN(16)))
		n, err := p.conn.Read(b, false)
		if err == syscall.EAGAIN {
			return
		}
		if err != nil {
			p.err = err
			return
		}
		if n == 0 {
			p.end = true
			return
		}
		for i := range n {
			if want := byte(p.get.Uint32()); b[i] != want {
				t.Fatalf("byte %d is %#x, want %#x", p.got+i, b[i], want)
			}
		}
		p.got += n
		if sizes.IntN(3) == 0 {
			return // lets the window fill
		}
	}
}

// exchange sends bytes both ways and closes.
func exchange(t testing.TB, l *link, v6Too bool, bytes [2]int, sizes *rand.Rand) (steps int) {
	family, address := socket.IPv4, v4(10, 0, 0, 2)
	if v6Too {
		family, address = socket.IPv6, v6(2)
	}
	sign := &readySign{}
	listener, err := l.side[1].Listen(socket.Endpoint{Port: 80}, family, false, 4, sign)
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.side[0].Connect(socket.Endpoint{Port: l.port}, socket.Endpoint{Address: address, Port: 80}, nil)
	if err != nil {
		t.Fatal(err)
	}
	seeds := [2]uint64{sizes.Uint64(), sizes.Uint64()}
	generator := func(i int) *rand.Rand { return rand.New(rand.NewPCG(seeds[i], 0)) }
	a := &party{conn: c, left: bytes[0], send: generator(0), get: generator(1)}
	b := &party{left: bytes[1], send: generator(1), get: generator(0)}
	start := l.now
	for ; ; steps++ {
		if steps > 2_000_000 || l.now-start > 3*time.Hour {
			t.Fatalf("no end after %d steps, %v: got %d of %d and %d of %d\n%s\n%s", steps, l.now-start, b.got, bytes[0], a.got, bytes[1], dump(a.conn), dump(b.conn))
		}
		if b.conn == nil && sign.now != 0 {
			b.conn, err = listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
		}
		if a.conn.Established() {
			a.run(t, sizes)
		}
		if b.conn != nil {
			b.run(t, sizes)
		}
		if l.end > 0 && steps >= l.end && b.conn != nil || l.end > 0 && a.err != nil {
			break
		}
		if a.err != nil || b.err != nil {
			t.Fatalf("errors %v, %v after %v", a.err, b.err, l.now)
		}
		if a.end && b.end && a.shut && b.shut {
			break
		}
		if !l.step() && a.idle() && b.idle() {
			t.Fatalf("standstill: got %d of %d and %d of %d\n%s\n%s", b.got, bytes[0], a.got, bytes[1], dump(a.conn), dump(b.conn))
		}
	}
	if l.end > 0 {
		[]*party{a, b}[l.aborts].conn.Abort()
		[]*party{b, a}[l.aborts].conn.Close()
	} else {
		a.conn.Close()
		b.conn.Close()
	}
	listener.Close()
	settle(t, l)
	if l.end == 0 && (b.got != bytes[0] || a.got != bytes[1]) {
		t.Fatalf("got %d and %d bytes, want %d and %d", b.got, a.got, bytes[0], bytes[1])
	}
	return steps
}

// settle lets everything end.
func settle(t testing.TB, l *link) {
	t.Helper()
	if l.poll != nil {
		l.poll = nil
		for i := range l.layer {
			l.layer[i].room = -1
		}
	}
	start := l.now
	for l.step() {
		if l.now-start > time.Hour {
			t.Fatal("the connections do not end")
		}
	}
	for i, e := range l.side {
		checkIdle(t, fmt.Sprintf("side %d", i), e)
	}
}

// checkIdle checks that an engine holds nothing.
func checkIdle(t testing.TB, name string, e *Engine) {
	t.Helper()
	if n := e.pool.Used(); n != 0 {
		t.Errorf("%s: %d chunks are held, want 0", name, n)
	}
	if e.conns != 0 || e.orphans != 0 || e.halfOpen != 0 || e.sparse != 0 {
		t.Errorf("%s: %d connections, %d orphans, %d half-open, %d sparse chunks, want none", name, e.conns, e.orphans, e.halfOpen, e.sparse)
	}
}

func dump(c *Conn) string {
	if c == nil || c.engine == nil {
		return "none"
	}
	return fmt.Sprintf("state %d una %d nxt %d tail %d wnd %d | rcvNxt %d read %d adv %d fin %v | cwnd %d pipe %d recovery %+v | resendAt %d ms %d backoff %d",
		c.state, c.sndUna-c.iss, c.sndNxt-c.iss, c.sndTail-c.iss, c.sndWnd, c.rcvNxt-c.irs, c.rcvRead-c.irs, c.rcvAdv-c.irs, c.finReceived,
		c.congestion.window, c.pipe(), c.recovery, c.resendAt, c.engine.ms, c.backoff)
}

func TestLinkClean(t *testing.T) {
	for _, offload := range []packet.Offload{{}, fullOffload} {
		for _, six := range []bool{false, true} {
			l := newLink(t, 1, trouble{})
			for i := range l.layer {
				l.layer[i].offload = offload
				l.side[i].offload = offload
			}
			exchange(t, l, six, [2]int{300_000, 2_000_000}, rand.New(rand.NewPCG(5, 5)))
			for i, e := range l.side {
				if e.Stats.Retransmitted != 0 || e.Stats.ChecksumErrors != 0 {
					t.Errorf("side %d, IPv6 %v: %+v, want no retransmission on a good link", i, six, e.Stats)
				}
			}
		}
	}
}

// TestLinkDevice has devices that often have no room.
func TestLinkDevice(t *testing.T) {
	for seed := range uint64(20) {
		l := newLink(t, seed, trouble{lose: 2})
		r := rand.New(rand.NewPCG(seed, 3))
		l.poll = func() {
			for i := range l.layer {
				l.layer[i].room = r.IntN(4)
			}
		}
		exchange(t, l, false, [2]int{200_000, 100_000}, r)
	}
}

// TestLinkMemory has pools that are smaller than what the buffers may take.
func TestLinkMemory(t *testing.T) {
	for seed := range uint64(20) {
		l := newLink(t, seed, trouble{lose: int(seed % 10), disorder: int(seed % 7 * 5)})
		r := rand.New(rand.NewPCG(seed, 4))
		for i := range l.side {
			l.layer[i], l.side[i] = newLayer(t, seed*2+uint64(i), (12+r.IntN(20))*packet.ChunkBytes)
			l.layer[i].sent = func(p []byte, r *ip.Route) { l.carry(1-i, p) }
		}
		exchange(t, l, false, [2]int{400_000, 300_000}, r)
	}
}

// TestLinkPathMTU has a link that takes less than the devices, and says so.
func TestLinkPathMTU(t *testing.T) {
	for seed := range uint64(10) {
		l := newLink(t, seed, trouble{lose: int(seed)})
		l.mtu = 700
		exchange(t, l, false, [2]int{200_000, 100_000}, rand.New(rand.NewPCG(seed, 5)))
		for i, e := range l.side {
			if e.Stats.Timeouts > 40 {
				t.Errorf("seed %d, side %d: %d timeouts: the smaller MTU is not learned", seed, i, e.Stats.Timeouts)
			}
		}
	}
}

// TestLinkAbort resets connections in the middle of everything, from either side.
func TestLinkAbort(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 6))
		l := newLink(t, seed, trouble{lose: 5, repeat: 5, disorder: 20})
		l.end = 20 + r.IntN(400)
		l.aborts = int(seed % 2)
		exchange(t, l, false, [2]int{1_000_000, 1_000_000}, r)
	}
}

func TestLinkTrouble(t *testing.T) {
	seeds := []uint64{82, 484, 725, 1089, 1331, 2215} // have found something once
	for seed := range uint64(60) {
		seeds = append(seeds, seed)
	}
	for _, seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 7))
		tr := trouble{lose: r.IntN(21), repeat: r.IntN(10), disorder: r.IntN(40), corrupt: r.IntN(6)}
		t.Run(fmt.Sprintf("%d/%+v", seed, tr), func(t *testing.T) {
			l := newLink(t, seed, tr)
			l.delay = time.Duration(r.IntN(50_000)) * time.Microsecond
			for i := range l.layer {
				if r.IntN(2) == 0 {
					l.layer[i].offload = packet.Offload{}
					l.side[i].offload = packet.Offload{}
				}
			}
			exchange(t, l, r.IntN(2) == 0, [2]int{r.IntN(300_000), r.IntN(300_000)}, r)
		})
	}
}
