package tcp

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/kernel/netstack/ip"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// newScript returns a script that a test runs line by line.
func newScript(t testing.TB) *script {
	s := &script{name: t.Name(), port: peerPort}
	s.t, _ = t.(*testing.T)
	s.start(16 << 20)
	return s
}

func (s *script) lines(text string) {
	s.t.Helper()
	for _, line := range strings.Split(text, "\n") {
		s.line++
		if w := strings.Fields(line); len(w) > 0 {
			s.run(w)
		}
	}
}

// input brings a segment, whose ack counts from iss.
func (s *script) input(iss uint32, line string) {
	s.iss, s.issKnown = iss, true
	s.engine.Input(received(s.build(strings.Fields(line))))
}

// take returns the only segment that was sent, with its sequence number as it is.
func (s *script) take() wire {
	s.t.Helper()
	if len(s.out) != 1 {
		s.t.Fatalf("%d segments were sent, want 1", len(s.out))
	}
	s.iss, s.issKnown = 0, true
	x, _ := s.wire(s.out[0].packet)
	s.out = nil
	return x
}

func TestCookies(t *testing.T) {
	for _, options := range []string{"", "<mss 1300,sackOK,wscale 9,ts 7777 0>", "<mss 1460,sackOK,wscale 3>", "<mss 100,ts 9 0>"} {
		s := newScript(t)
		s.lines("listen 4000")
		for i := range halfOpenMax {
			s.port = uint16(10000 + i)
			s.input(0, "S 0:0(0) <mss 1460>")
		}
		s.out = nil
		if s.engine.Stats.Cookies != 0 || s.engine.halfOpen != halfOpenMax {
			t.Fatalf("%d cookies, %d half-open after %d SYNs", s.engine.Stats.Cookies, s.engine.halfOpen, halfOpenMax)
		}
		before := s.engine.Connections()
		s.port = 5000
		s.input(0, "S 0:0(0) win 1000 "+options)
		x := s.take()
		if s.engine.Stats.Cookies != 1 || s.engine.Connections() != before {
			t.Fatalf("%d cookies and %d connections more, want 1 and 0", s.engine.Stats.Cookies, s.engine.Connections()-before)
		}
		// A guess is refused.
		s.input(x.seq+7777, ". 1:1(0) ack 1")
		if y := s.take(); y.flags&flagRST == 0 {
			t.Errorf("a wrong cookie is answered with %v, want RST", y)
		}
		ts := ""
		if x.ts {
			ts = "<ts 7778 last>"
			s.lastTS = 0
			s.lastTS = parseUint(x.value)
		}
		s.input(x.seq, "P. 1:11(10) ack 1 win 100 "+ts)
		c, err := s.listener.Accept()
		if err != nil {
			t.Fatalf("options %q: the cookie gives no connection: %v", options, err)
		}
		b := make([]byte, 20)
		if n, err := c.Read(b, false); n != 10 || err != nil {
			t.Errorf("Read = %d, %v, want the 10 bytes that came with the cookie", n, err)
		}
		if x.ts && strings.Contains(options, "wscale") {
			if c.sndScale != 9 || !c.sackOK || c.peerMSS != 1220 || c.sndWnd != 100<<9 {
				t.Errorf("scale %d, SACK %v, MSS %d, window %d, want 9, true, 1220, %d", c.sndScale, c.sackOK, c.peerMSS, c.sndWnd, 100<<9)
			}
		} else if c.sndScale != 0 || c.sackOK {
			t.Errorf("options %q: scale %d, SACK %v without time stamps", options, c.sndScale, c.sackOK)
		}
		// After two periods it is worth nothing.
		c.Abort()
		s.out = nil
		s.layer.now += 3 * cookiePeriod
		s.input(x.seq, ". 1:1(0) ack 1 "+ts)
		if y := s.take(); y.flags&flagRST == 0 {
			t.Errorf("an old cookie is answered with %v, want RST", y)
		}
	}
}

func parseUint(text string) (n uint32) {
	for _, d := range text {
		n = n*10 + uint32(d-'0')
	}
	return n
}

// finished brings a connection from peerPort into TIME-WAIT and returns our initial number.
func finished(s *script, ts string) uint32 {
	s.lines("handshake " + ts + "\nclose\n+0 > F. 1:1(0) ack 1")
	option := ""
	if ts != "" {
		option = " <ts 200 last>"
	}
	s.lines("+0 < F. 1:1(0) ack 2" + option + "\n+0 > . 2:2(0) ack 2\nconnections 0")
	return s.iss
}

func TestTimeWaitReuse(t *testing.T) {
	tests := []struct {
		name, handshake, syn string
		again                bool
	}{
		{"higher number", "", "S 100:100(0) <mss 1460>", true},
		{"lower number", "", "S 0:0(0) <mss 1460>", false},
		{"newer time stamp, lower number", "ts", "S 0:0(0) <mss 1460,ts 300 0>", true},
		{"older time stamp, higher number", "ts", "S 100:100(0) <mss 1460,ts 100 0>", false},
	}
	for _, test := range tests {
		s := newScript(t)
		iss := finished(s, test.handshake)
		s.input(iss, test.syn)
		x := s.take()
		if again := x.flags == flagSYN|flagACK; again != test.again {
			t.Errorf("%s: answered with %v", test.name, x)
		} else if again && int32(x.seq-iss) < timeWaitGap {
			t.Errorf("%s: begins at %d above the last connection, want %d at least", test.name, x.seq-iss, timeWaitGap)
		}
		if test.again && s.engine.waiting.count != 0 {
			t.Errorf("%s: the old connection is still in TIME-WAIT", test.name)
		}
	}
}

func TestTimeWaitMany(t *testing.T) {
	s := newScript(t)
	e := s.engine
	for i := range uint32(timeWaitsMax + 1000) {
		c := e.newConn()
		ours, theirs := s.addresses()
		c.key = makeKey(&ours, &theirs, i+1)
		c.state, c.owned, c.accepted = finWait2, true, true
		e.insert(c)
		c.enterTimeWait()
		c.Close()
		e.clock()
	}
	if e.waiting.count != timeWaitsMax || len(e.waiting.entries) > timeWaitsMax+1 {
		t.Errorf("%d in TIME-WAIT, want %d", e.waiting.count, timeWaitsMax)
	}
	s.layer.now += (timeWaitMS + 10) * time.Millisecond
	e.EndPoll(s.layer.now)
	if e.waiting.count != 0 || e.waiting.first != 0 {
		t.Errorf("%d in TIME-WAIT after their time, want none", e.waiting.count)
	}
	checkIdle(t, "engine", e)
}

func TestResetsLimited(t *testing.T) {
	s := newScript(t)
	for range 3 * resetsPerSecond {
		s.input(0, "S 0:0(0) <mss 1460>")
	}
	first := len(s.out)
	if first < resetsPerSecond/2 || first > resetsPerSecond {
		t.Errorf("%d RSTs in a second, want %d to %d", first, resetsPerSecond/2, resetsPerSecond)
	}
	differ := false
	for range 4 { // nobody can tell how many there will be
		s.layer.now += time.Second
		s.out = nil
		for range 3 * resetsPerSecond {
			s.input(0, "S 0:0(0) <mss 1460>")
		}
		if len(s.out) == 0 {
			t.Error("no RST a second later")
		}
		differ = differ || len(s.out) != first
	}
	if !differ {
		t.Errorf("each second has %d RSTs", first)
	}
}

func TestListenConflicts(t *testing.T) {
	one := v4(10, 0, 0, 1)
	tests := []struct {
		name    string
		a, b    socket.Address
		fa, fb  socket.Family
		only6   bool
		refused bool
	}{
		{"same wildcard", socket.Address{}, socket.Address{}, socket.IPv4, socket.IPv4, false, true},
		{"IPv6 for both families", socket.Address{}, socket.Address{}, socket.IPv4, socket.IPv6, false, true},
		{"IPv6 only", socket.Address{}, socket.Address{}, socket.IPv4, socket.IPv6, true, false},
		{"address and wildcard", one, socket.Address{}, socket.IPv4, socket.IPv4, false, false},
		{"same address", one, one, socket.IPv4, socket.IPv4, false, true},
		{"mapped wildcard", v4(0, 0, 0, 0), socket.Address{}, socket.IPv4, socket.IPv4, false, true},
	}
	for _, test := range tests {
		_, e := newLayer(t, 1, 1<<20)
		l, err := e.Listen(socket.Endpoint{Address: test.a, Port: 80}, test.fa, false, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Listen(socket.Endpoint{Address: test.b, Port: 80}, test.fb, test.only6, 1, nil)
		if refused := err == syscall.EADDRINUSE; refused != test.refused {
			t.Errorf("%s: %v", test.name, err)
		}
		l.Close()
		if _, err = e.Listen(socket.Endpoint{Address: test.a, Port: 80}, test.fa, false, 1, nil); err != nil && test.refused {
			t.Errorf("%s: after Close: %v", test.name, err)
		}
	}
}

func TestPorts(t *testing.T) {
	_, e := newLayer(t, 1, 1<<20)
	seen := map[uint16]bool{}
	for range 200 {
		port, err := e.Reserve(Binding{})
		if err != nil || port < portFirst || seen[port] {
			t.Fatalf("Reserve(0) = %d, %v", port, err)
		}
		seen[port] = true
	}
	at := socket.Endpoint{Port: 80}
	if _, err := e.Reserve(Binding{Local: at}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Reserve(Binding{Local: at, Reuse: true}); err != syscall.EADDRINUSE {
		t.Errorf("a port twice: %v, want EADDRINUSE", err)
	}
	if _, err := e.Reserve(Binding{Local: socket.Endpoint{Address: v4(10, 0, 0, 1), Port: 80}}); err != syscall.EADDRINUSE {
		t.Errorf("a port of every address for one: %v, want EADDRINUSE", err)
	}
	if _, err := e.Reserve(Binding{Local: socket.Endpoint{Address: v4(9, 9, 9, 9), Port: 81}}); err != syscall.EADDRNOTAVAIL {
		t.Errorf("an address that is not ours: %v, want EADDRNOTAVAIL", err)
	}
	e.Free(Binding{Local: at})
	for range 2 {
		if _, err := e.Reserve(Binding{Local: at, Reuse: true}); err != nil {
			t.Errorf("a port for reuse: %v", err)
		}
	}
}

// TestConnectPorts opens connections to one peer: ports differ and do not follow each other in a way
// that shows at another peer.
func TestConnectPorts(t *testing.T) {
	l, e := newLayer(t, 3, 1<<20)
	l.sent = func([]byte, *ip.Route) {}
	connect := func(last byte) uint16 {
		c, err := e.Connect(socket.Endpoint{}, socket.Endpoint{Address: v4(10, 0, 0, last), Port: 80}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.Local().Port
	}
	seen := map[uint16]bool{}
	for range 300 {
		p := connect(2)
		if seen[p] || p < portFirst {
			t.Fatalf("port %d twice or too low", p)
		}
		seen[p] = true
	}
	a, b := connect(2), connect(3)
	if b == a+1 {
		t.Errorf("ports to two peers follow each other: %d, %d", a, b)
	}
}

func TestTableGrows(t *testing.T) {
	s := newScript(t)
	s.lines("listen 4000")
	for i := range 900 {
		s.port = uint16(20000 + i)
		s.input(0, "S 0:0(0) <mss 1460>")
	}
	s.out = nil
	if len(s.engine.table) < 900 || s.engine.conns != 900 {
		t.Errorf("table of %d for %d connections", len(s.engine.table), s.engine.conns)
	}
	longest := 0
	for _, c := range s.engine.table {
		n := 0
		for ; c != nil; c = c.chain {
			n++
		}
		longest = max(longest, n)
	}
	if longest > 12 {
		t.Errorf("a chain of %d at load 1", longest)
	}
	s.listener.Close()
	s.out = nil
	checkIdle(t, "engine", s.engine)
}

func TestSequenceNumbers(t *testing.T) {
	_, e := newLayer(t, 1, 1<<20)
	local, remote := v4(10, 0, 0, 1), v4(10, 0, 0, 2)
	a, b := makeKey(&local, &remote, 1), makeKey(&local, &remote, 2)
	first := e.sequence(&a)
	if first == e.sequence(&b) {
		t.Error("two names have one initial sequence number")
	}
	e.setClock(e.now + time.Second)
	if d := e.sequence(&a) - first; d != 250_000 {
		t.Errorf("it grows by %d a second, want 250000 (4 microseconds each)", d)
	}
}

func TestOrphansBounded(t *testing.T) {
	s := newScript(t)
	limit := s.engine.orphansMax()
	s.engine.orphans = limit
	s.lines("handshake\nclose\n+0 > R. 1:1(0) ack 1\nconnections 0")
	if s.engine.orphans != limit {
		t.Errorf("%d orphans, want %d", s.engine.orphans, limit)
	}
}

// TestManyClosedAtOnce: a program that ends thousands of connections resets none, and their peers get all that it
// has said.
func TestManyClosedAtOnce(t *testing.T) {
	const n = 5000
	c := newCrowd(t, n, 64<<20)
	for i, conn := range c.conns {
		if n, err := conn.Write([]byte("goodbye"), false); n != 7 || err != nil {
			t.Fatalf("connection %d: Write = %d, %v", i, n, err)
		}
		conn.Close()
	}
	if got := c.engine.Stats.Resets; got != 0 {
		t.Errorf("%d of %d connections were reset", got, n)
	}
	if got := c.engine.Connections(); got != n {
		t.Errorf("%d connections wait for their peers, want %d", got, n)
	}
}

func TestSipHash(t *testing.T) {
	// The vector of the paper's appendix has 15 bytes; ours are words. What must hold: every
	// input matters.
	s := secret{1, 2}
	k := key{1, 2, 3, 4, 5}
	base := s.sum(&k, 6, 7)
	for i, other := range []uint64{
		secret{0, 2}.sum(&k, 6, 7), secret{1, 3}.sum(&k, 6, 7), s.sum(&k, 5, 7), s.sum(&k, 6, 8),
		s.sum(&key{0, 2, 3, 4, 5}, 6, 7), s.sum(&key{1, 0, 3, 4, 5}, 6, 7), s.sum(&key{1, 2, 0, 4, 5}, 6, 7),
		s.sum(&key{1, 2, 3, 0, 5}, 6, 7), s.sum(&key{1, 2, 3, 4, 0}, 6, 7),
	} {
		if other == base {
			t.Errorf("input %d does not matter", i)
		}
	}
}

// TestSpans compares with a set of numbers.
func TestSpans(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	base := uint32(0xffff_ff00) // wraps
	for range 300 {
		var s spans
		var set [512]bool
		for range 60 {
			start := uint32(r.IntN(500))
			end := start + 1 + uint32(r.IntN(11))
			fresh := uint32(0)
			for i := start; i < end; i++ {
				if !set[i] {
					fresh++
				}
			}
			n, ok := s.add(span{base + start, base + end})
			if !ok {
				continue
			}
			if n != fresh {
				t.Fatalf("add says %d are new, want %d", n, fresh)
			}
			for i := start; i < end; i++ {
				set[i] = true
			}
			if r.IntN(10) == 0 {
				below := uint32(r.IntN(100))
				s.dropBelow(base + below)
				for i := range below {
					set[i] = false
				}
			}
		}
		want := uint32(0)
		for i, in := range set {
			if _, has := s.find(base + uint32(i)); has != in {
				t.Fatalf("%d: in %v, want %v", i, has, in)
			}
			if in {
				want++
			}
		}
		if n := s.within(base, base+512); n != want {
			t.Fatalf("within = %d, want %d", n, want)
		}
	}
}

func TestBuffer(t *testing.T) {
	_, e := newLayer(t, 1, 1<<20)
	var b buffer
	at := uint32(0xffff_f000)
	data := make([]byte, 50_000)
	for i := range data {
		data[i] = byte(i * 31)
	}
	for i := 0; i < len(data); i += 1000 {
		if n := b.write(e, at+uint32(i), data[i:i+1000]); n != 1000 {
			t.Fatalf("write = %d", n)
		}
	}
	have := make([]byte, 30_000)
	b.read(e, at+7_000, have)
	if !bytes.Equal(have, data[7_000:37_000]) {
		t.Error("read gives other bytes")
	}
	b.discard(e, at+9_000)
	if b.base != at+8192 || e.pool.Used() != 11 {
		t.Errorf("after discard: base %d, %d chunks, want 8192, 11", b.base-at, e.pool.Used())
	}
	f := packet.Frame{}
	b.parts(e, &f, at+9_000, 20_000)
	var joined []byte
	for _, p := range f.Parts[:f.PartCount] {
		joined = append(joined, e.pool.Bytes(p.Chunk)[p.Offset:p.Offset+p.Bytes]...)
	}
	if !bytes.Equal(joined, data[9_000:29_000]) {
		t.Error("parts give other bytes")
	}
	b.clear(e)
	if e.pool.Used() != 0 {
		t.Errorf("%d chunks after clear", e.pool.Used())
	}
}

// requests makes an engine with a connection, and a function that is one request of 100 bytes and its
// response of n bytes.
func requests(t testing.TB, n int) (e *Engine, request func()) {
	l, e := newLayer(t, 1, 16<<20)
	var out []byte
	l.sent = func(p []byte, r *ip.Route) { out = append(out[:0], p...) }
	listener, err := e.Listen(socket.Endpoint{Port: 80}, socket.IPv4, false, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &script{port: peerPort, ours: 80, layer: l, engine: e}
	in := func(line string) { e.Input(received(s.build(strings.Fields(line)))) }
	in("S 0:0(0) win 65535 <mss 1460,sackOK,wscale 7,ts 1 0>")
	s.wire(out) // learns the numbers
	in(". 1:1(0) ack 1 win 65535 <ts 1 last>")
	c, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c.Watch(&readySign{})
	get := received(s.build(strings.Fields("P. 1:101(100) ack 1 win 65535 <ts 1 last>")))
	get.ChecksumGood = true
	response, request100 := make([]byte, n), make([]byte, 200)
	rcv, snd := c.rcvNxt, c.sndNxt
	l.deaf = true
	return e, func() {
		l.now += 100 * time.Microsecond
		put32(get.Payload[4:], rcv)
		put32(get.Payload[8:], snd)
		put32(get.Payload[24:], e.ms)
		e.Input(get)
		e.EndPoll(l.now)
		if m, err := c.Read(request100, false); m != 100 || err != nil {
			t.Fatalf("Read = %d, %v, want 100", m, err)
		}
		if m, err := c.Write(response, false); m != n || err != nil {
			t.Fatalf("Write = %d, %v, want %d", m, err, n)
		}
		e.EndPoll(l.now)
		rcv += 100
		snd += uint32(n)
	}
}

// TestFullDevice has many connections that want to send when the device takes few frames: all come to
// it, in turn, and those behind the first one that does not do not even ask.
func TestFullDevice(t *testing.T) {
	const connections, room = 50, 7
	l, e := newLayer(t, 1, 16<<20)
	var out []byte
	l.sent = func(p []byte, r *ip.Route) { out = append(out[:0], p...) }
	listener, err := e.Listen(socket.Endpoint{Port: 80}, socket.IPv4, false, connections, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []*Conn
	for i := range connections {
		s := &script{port: peerPort + uint16(i), ours: 80, layer: l, engine: e}
		e.Input(received(s.build(strings.Fields("S 0:0(0) win 65535 <mss 1460,sackOK,wscale 7,ts 1 0>"))))
		s.wire(out)
		e.Input(received(s.build(strings.Fields(". 1:1(0) ack 1 win 65535 <ts 1 last>"))))
		c, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	var order []uint16
	l.sent = func(p []byte, r *ip.Route) { order = append(order, binary.BigEndian.Uint16(p[22:])) }
	l.room = 0
	for round := range 2 { // what is written while others wait comes behind them
		for _, c := range all[round*connections/2 : (round+1)*connections/2] {
			if n, err := c.Write(make([]byte, 400), false); n != 400 || err != nil {
				t.Fatalf("Write = %d, %v", n, err)
			}
		}
	}
	for len(order) < connections {
		had := len(order)
		l.room, l.reserves = room, 0
		l.now += time.Millisecond
		e.EndPoll(l.now)
		if got, want := len(order)-had, min(room, connections-had); got != want || l.reserves > room+1 {
			t.Fatalf("%d frames were sent after %d questions, want %d after %d at most", got, l.reserves, want, room+1)
		}
	}
	for i, port := range order {
		if port != peerPort+uint16(i) {
			t.Fatalf("frame %d is of connection %d", i, port-peerPort)
		}
	}
	if at := e.Deadline(); at <= l.now+retryAfter {
		t.Errorf("Deadline = %v later, though nothing waits for room", at-l.now)
	}
}

func put32(b []byte, v uint32) {
	b[0], b[1], b[2], b[3] = byte(v>>24), byte(v>>16), byte(v>>8), byte(v)
}

func TestRequestAllocatesNothing(t *testing.T) {
	for _, n := range []int{400, 10_240} {
		e, request := requests(t, n)
		for range 2000 {
			request()
		}
		had := e.Stats
		if allocated := testing.AllocsPerRun(2000, request); allocated != 0 {
			t.Errorf("a request with %d bytes allocates %v times, want 0", n, allocated)
		}
		if slow := e.Stats.Received - e.Stats.Predicted - (had.Received - had.Predicted); slow != 0 {
			t.Errorf("%d of %d segments went the long way", slow, e.Stats.Received-had.Received)
		}
		if sent := e.Stats.Sent - had.Sent; sent != 2001 {
			t.Errorf("%d frames were sent for 2001 requests", sent)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	for _, n := range []int{400, 10_240} {
		b.Run(map[int]string{400: "400B", 10_240: "10KB"}[n], func(b *testing.B) {
			_, request := requests(b, n)
			for b.Loop() {
				request()
			}
		})
	}
}
