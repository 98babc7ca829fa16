package tcp

import (
	"math"
	"math/rand/v2"
	"strconv"
	"syscall"
	"testing"
	"time"

	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// crowd is an engine with connections of many peers, which all have a large window and say nothing.
type crowd struct {
	*script
	conns []*Conn
	signs []*readySign
}

func newCrowd(t *testing.T, n, poolBytes int) *crowd {
	s := &script{name: t.Name(), t: t, port: peerPort}
	s.start(poolBytes)
	s.lines("listen 4000")
	c := &crowd{script: s}
	for i := range n {
		c.join(t, uint16(10000+i))
	}
	return c
}

// join lets one more peer connect.
func (c *crowd) join(t *testing.T, port uint16) *Conn {
	t.Helper()
	c.port = port
	c.out = nil
	c.input(0, "S 0:0(0) win 60000 <mss 1460>")
	x := c.take()
	c.input(x.seq, ". 1:1(0) ack 1 win 60000")
	conn, err := c.listener.Accept()
	if err != nil {
		t.Fatalf("Accept: %v", err)
	}
	sign := &readySign{}
	conn.Watch(sign)
	c.conns, c.signs = append(c.conns, conn), append(c.signs, sign)
	return conn
}

// TestMemoryIsShared: peers that never read leave memory to others, and those that had none are told
// when there is some, and only then.
func TestMemoryIsShared(t *testing.T) {
	c := newCrowd(t, 40, 4<<20) // 1024 chunks, 40 buffers of 256 KiB want 2560
	body := make([]byte, 100<<10)
	for range 10 {
		for _, conn := range c.conns {
			_, _ = conn.Write(body, false)
		}
	}
	c.out = nil
	if !c.engine.plenty() {
		t.Fatalf("%d of %d chunks are used by those that do not read", c.layer.pool.Used(), c.layer.pool.Max())
	}
	late := c.join(t, 5000)
	if n, err := late.Write(body[:16<<10], false); n != 16<<10 || err != nil {
		t.Errorf("Write of the one that came last = %d, %v, want all", n, err)
	}
	if at := c.engine.Deadline(); at <= c.layer.now+retryAfter {
		t.Errorf("the engine wants to run after %v although nobody can be served", at-c.layer.now)
	}
	starved := len(c.engine.starved)
	if starved == 0 {
		t.Fatal("nobody waits for memory")
	}
	c.engine.EndPoll(c.layer.now)
	if got := len(c.engine.starved); got != starved {
		t.Errorf("%d of %d were woken for nothing", starved-got, starved)
	}
	for i, conn := range c.conns[:20] {
		if c.signs[i].now&socket.Writable == 0 {
			conn.Abort()
		}
	}
	c.engine.EndPoll(c.layer.now)
	if c.signs[30].now&socket.Writable == 0 {
		t.Error("memory is free again, and who waited was not told")
	}
}

// TestNewcomersAreServed: hundreds of peers that do not read leave room for the requests and answers of others
// that come then; at the limit new peers are refused, and those that are there go on.
func TestNewcomersAreServed(t *testing.T) {
	c := newCrowd(t, 200, 4<<20) // 1024 chunks
	file := make([]byte, 100<<10)
	for range 10 {
		for _, conn := range c.conns {
			_, _ = conn.Write(file, false)
		}
	}
	const newcomers = 60
	for i := range newcomers {
		late := c.join(t, uint16(20000+i))
		c.input(late.iss, "P. 1:1001(1000) ack 1 win 60000")
		if n, err := late.Read(file, false); n != 1000 || err != nil {
			t.Fatalf("newcomer %d, with %d of %d chunks used: Read = %d, %v, want the request", i, c.layer.pool.Used(), c.layer.pool.Max(), n, err)
		}
		c.out = nil
		for sent := 0; sent < 10_000; { // an answer of 10 KB, however small the steps
			n, err := late.Write(file[:10_000-sent], false)
			c.engine.EndPoll(c.layer.now)
			if n == 0 || err != nil {
				t.Fatalf("newcomer %d, with %d of %d chunks used: Write = %d, %v after %d bytes", i, c.layer.pool.Used(), c.layer.pool.Max(), n, err, sent)
			}
			sent += n
			c.input(late.iss, ". 1001:1001(0) ack "+strconv.Itoa(1+sent)+" win 60000")
		}
	}
	for port := uint16(30000); c.engine.roomForNew(); port++ {
		if _, err := c.join(t, port).Write(file[:1], false); err != nil {
			t.Fatal(err)
		}
	}
	if free := c.layer.pool.Max() - c.layer.pool.Used(); free > c.layer.pool.Max()/lastFraction || free == 0 {
		t.Errorf("%d of %d chunks are free when new peers are refused", free, c.layer.pool.Max())
	}
	c.port = 20000
	c.input(c.conns[200].iss, "P. 1001:2001(1000) ack 10001 win 60000")
	if n, err := c.conns[200].Read(file, false); n != 1000 || err != nil {
		t.Errorf("Read of an established connection = %d, %v, want its next request", n, err)
	}
}

// TestReserveIsShared: what the window of one connection promises does not take the reserve of others.
func TestReserveIsShared(t *testing.T) {
	c := newCrowd(t, 60, 1<<20) // 256 chunks; windows promise 15 each
	data := "(1400) ack 1 win 60000"
	for at := 1; at < 60000; at += 1400 {
		for i := range c.conns[1:] {
			c.port = uint16(10001 + i)
			c.input(c.conns[1+i].iss, "P. "+strconv.Itoa(at)+":"+strconv.Itoa(at+1400)+data)
		}
	}
	c.engine.EndPoll(c.layer.now)
	c.port = 10000
	c.input(c.conns[0].iss, "P. 1:1401"+data)
	if n, err := c.conns[0].Read(make([]byte, 2000), false); n != 1400 || err != nil {
		t.Errorf("with %d of %d chunks used Read = %d, %v, want 1400", c.layer.pool.Used(), c.layer.pool.Max(), n, err)
	}
}

// TestConnectionsBounded: memory for connections is bounded as that for data, and half-open ones
// leave room for cookies.
func TestConnectionsBounded(t *testing.T) {
	c := newCrowd(t, 0, 1<<20) // 256 chunks
	limit := c.engine.connsMax()
	for i := range 2 * limit {
		c.port = uint16(10000 + i)
		c.input(0, "S 0:0(0) <mss 1460>")
	}
	if n := c.engine.Connections(); n > limit/2 {
		t.Errorf("%d half-open connections, at most %d", n, limit/2)
	}
	for i := 0; c.engine.roomForNew(); i++ {
		c.join(t, uint16(1000+i))
	}
	if n := c.engine.Connections(); n != limit {
		t.Errorf("%d connections, want %d", n, limit)
	}
	if _, err := c.engine.Connect(socket.Endpoint{}, socket.Endpoint{Address: v4(10, 0, 0, 9), Port: 1}, nil); err != syscall.ENOBUFS {
		t.Errorf("Connect: %v, want ENOBUFS", err)
	}
	if n, err := c.conns[0].Write([]byte("served"), false); n != 6 || err != nil {
		t.Errorf("Write on an established connection: %d, %v", n, err)
	}
}

// TestClosedWindowGivenUp: RFC 6429, section 3. With enough memory the same peer may wait (zero-window.script).
func TestClosedWindowGivenUp(t *testing.T) {
	c := newCrowd(t, 1, 1<<20)
	conn := c.conns[0]
	if _, err := conn.Write(make([]byte, 5000), false); err != nil {
		t.Fatal(err)
	}
	c.port = 10000
	c.input(conn.iss, ". 1:1(0) ack 2921 win 0")
	var held []packet.ChunkID
	for c.engine.plenty() {
		id, _ := c.layer.pool.Get()
		held = append(held, id)
	}
	start := c.layer.now
	for conn.state != closed && c.layer.now-start < 10*time.Minute {
		c.layer.now = max(c.engine.Deadline(), c.layer.now+tick)
		c.out = nil
		c.engine.EndPoll(c.layer.now)
		if conn.state != closed && len(c.out) > 0 {
			c.input(conn.iss, ". 1:1(0) ack 2921 win 0")
		}
	}
	if took := c.layer.now - start; conn.state != closed || took < 3*time.Second {
		t.Errorf("state %d after %v of a closed window, want closed after 3 s or more", conn.state, took)
	}
	for _, id := range held {
		c.layer.pool.Release(id)
	}
}

// TestShedding: of those that keep their window closed, who holds most is given up first, and no more than memory
// runs short by. Who reads is not.
func TestShedding(t *testing.T) {
	c := newCrowd(t, 8, 4<<20) // 1024 chunks
	for i, conn := range c.conns {
		if n, err := conn.Write(make([]byte, (2+i)*packet.ChunkBytes), false); n != (2+i)*packet.ChunkBytes || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
	}
	const reader = 7 // who holds most
	answer := func() {
		for i, conn := range c.conns {
			window := " win 0"
			if i == reader {
				window = " win 1000"
			}
			c.port = uint16(10000 + i)
			if conn.state != closed {
				c.input(conn.iss, ". 1:1(0) ack 2921"+window)
			}
		}
	}
	answer()
	var held []packet.ChunkID
	for c.engine.plenty() {
		id, _ := c.layer.pool.Get()
		held = append(held, id)
	}
	for range 3 { // three more than those that hold most have
		id, _ := c.layer.pool.Get()
		held = append(held, id)
	}
	for start := c.layer.now; c.layer.now-start < 20*time.Second; {
		c.layer.now = max(c.engine.Deadline(), c.layer.now+tick)
		c.out = nil
		c.engine.EndPoll(c.layer.now)
		answer()
	}
	for i, conn := range c.conns {
		if got, want := conn.state == closed, i == reader-1; got != want {
			t.Errorf("connection %d, which held %d chunks, is given up: %v, want %v", i, 2+i, got, want)
		}
	}
	for _, id := range held {
		c.layer.pool.Release(id)
	}
}

// TestOrphanLife: a peer that takes a byte now and then does not keep a connection for ever that its
// program has left.
func TestOrphanLife(t *testing.T) {
	c := newCrowd(t, 1, 1<<20)
	conn := c.conns[0]
	if _, err := conn.Write(make([]byte, 50000), false); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	c.port = 10000
	start := c.layer.now
	for ack := 2; c.engine.Connections() > 0 && c.layer.now-start < time.Hour; ack++ {
		for until := c.layer.now + 30*time.Second; c.layer.now < until && c.engine.Connections() > 0; {
			c.layer.now = min(max(c.engine.Deadline(), c.layer.now+tick), until)
			c.engine.EndPoll(c.layer.now)
		}
		c.out = nil
		if c.engine.Connections() > 0 {
			c.input(conn.iss, ". 1:1(0) ack "+strconv.Itoa(ack)+" win 1460")
		}
	}
	if took := c.layer.now - start; took < orphanLifeMS*time.Millisecond || took > (orphanLifeMS+1000)*time.Millisecond {
		t.Errorf("the connection lived for %v, want %v", took, orphanLifeMS*time.Millisecond)
	}
	if c.engine.orphans != 0 {
		t.Errorf("%d orphans are left", c.engine.orphans)
	}
}

// TestWraps: milliseconds wrap after 49.7 days, their sign after 24.9, ticks after 199, sequence
// numbers wherever they begin.
func TestWraps(t *testing.T) {
	const wrapMS = 1 << 32 * time.Millisecond
	type start struct {
		name string
		now  func(l *link) time.Duration
	}
	at := func(d time.Duration) func(*link) time.Duration { return func(*link) time.Duration { return d } }
	starts := []start{
		{"sign of milliseconds", at(wrapMS/2 - 500*time.Millisecond)}, {"milliseconds", at(wrapMS - 500*time.Millisecond)},
		{"sign of ticks", at(wrapMS*2 - 500*time.Millisecond)}, {"ticks", at(wrapMS*4 - 500*time.Millisecond)},
	}
	for i, name := range []string{"numbers of who connects", "numbers of who listens"} {
		starts = append(starts, start{name, func(l *link) time.Duration {
			l.port = 1000
			local, remote, ports := v4(10, 0, 0, 1), v4(10, 0, 0, 2), uint32(1000<<16|80)
			if i == 1 {
				local, remote, ports = remote, local, 80<<16|1000
			}
			k := makeKey(&local, &remote, ports)
			left := math.MaxUint32 - 20_000 - uint32(l.side[i].secret.sum(&k, tagSequence, 0))
			return time.Duration(left) * 4 * time.Microsecond
		}})
	}
	for _, s := range starts {
		for seed := range uint64(4) {
			l := newLink(t, seed, trouble{lose: 3, disorder: 5})
			l.now = s.now(l)
			for _, layer := range l.layer {
				layer.now = l.now
			}
			exchange(t, l, false, [2]int{300_000, 300_000}, rand.New(rand.NewPCG(seed, 3)))
			if t.Failed() {
				t.Fatalf("%s, seed %d", s.name, seed)
			}
		}
	}
}

// TestForgedSegmentAfterDays: RFC 7323, 5.5 holds for segments that are of the connection only.
func TestForgedSegmentAfterDays(t *testing.T) {
	s := newScript(t)
	s.lines("handshake ts")
	s.layer.now += 25 * 24 * time.Hour
	s.out = nil
	s.input(s.iss, ". 1:1(0) ack 1 win 1000") // no time stamp: forged
	if s.conn.tsRecent == 0 {
		t.Error("a segment without time stamp has changed the last one")
	}
	if s.engine.ms-s.conn.heard < pawsIdleMS {
		t.Error("a segment that is dropped counts as heard")
	}
}
