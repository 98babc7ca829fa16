package dhcp

import (
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

type seeded struct{ *rand.ChaCha8 }

func (s seeded) Fill(p []byte) { s.Read(p) }

func address(text string) socket.Address {
	a, ok := header.ParseAddress(text)
	if !ok {
		panic(text)
	}
	return a
}

// sent is a message that the client has sent.
type sent struct {
	kind messageType
	at   time.Duration
	to   socket.Address
	b    []byte
}

// host is a Host that notes what happens.
type host struct {
	now    time.Duration
	sent   []sent
	probes []header.Prefix
	bound  []Lease
	lost   int
	logs   []string
}

func (h *host) Send(m []byte, to socket.Address) {
	o := options{message: m}
	h.sent = append(h.sent, sent{messageType(o.find(optionType)[0]), h.now, to, slices.Clone(m)})
}
func (h *host) Probe(p header.Prefix) { h.probes = append(h.probes, p) }
func (h *host) Bound(l *Lease)        { h.bound = append(h.bound, *l) }
func (h *host) Lost(l *Lease)         { h.lost++ }
func (h *host) Log(text string)       { h.logs = append(h.logs, text) }

// last returns the last message sent.
func (h *host) last(t *testing.T, kind messageType) sent {
	t.Helper()
	if len(h.sent) == 0 || h.sent[len(h.sent)-1].kind != kind {
		t.Fatalf("the last message is not %d: %v", kind, h.kinds())
	}
	return h.sent[len(h.sent)-1]
}

func (h *host) kinds() (all []messageType) {
	for _, s := range h.sent {
		all = append(all, s.kind)
	}
	return all
}

// option is an option of a reply.
type option struct {
	code  uint8
	value []byte
}

// reply builds a server's answer to a message.
func reply(to sent, kind messageType, yours string, options ...option) []byte {
	b := make([]byte, optionsAt)
	copy(b, to.b[:fixedBytes])
	b[0] = 2
	y := address(yours)
	copy(b[16:20], y[12:])
	binary.BigEndian.PutUint32(b[fixedBytes:], cookie)
	b = append(b, optionType, 1, uint8(kind), optionServer, 4, 10, 0, 2, 2)
	for _, o := range options {
		b = append(append(b, o.code, uint8(len(o.value))), o.value...)
	}
	return append(b, optionEnd)
}

var mac = packet.MAC{2, 3, 4, 5, 6, 7}

func newClient() (*host, *Client) {
	h := &host{now: time.Second}
	c := New(Config{Host: h, Random: seeded{rand.NewChaCha8([32]byte{1})}, MAC: mac, HostName: "box"})
	return h, c
}

// run lets time pass.
func run(h *host, c *Client, d time.Duration) {
	end := h.now + d
	still := 0
	for c.Deadline() <= end {
		h.now = max(h.now, c.Deadline())
		before := c.Deadline()
		c.Poll(h.now)
		if still++; c.Deadline() != before {
			still = 0
		}
		if still > 1 { // one that begins anew does so at the same moment
			panic("dhcp: a deadline that does not move")
		}
	}
	h.now = end
}

var standard = []option{
	{optionMask, []byte{255, 255, 255, 0}}, {optionRouter, []byte{10, 0, 2, 2}},
	{optionServers, []byte{10, 0, 2, 3, 10, 0, 2, 4}}, {optionLease, []byte{0, 0, 0x0e, 0x10}},
	{optionDomain, []byte("example.org\x00")}, {optionMTU, []byte{5, 0xdc}}, {optionHostName, []byte("guest")},
	{optionSearch, []byte("\x03eng\x05apple\x03com\x00\x09marketing\xc0\x04")},
}

// bind brings a client to BOUND.
func bind(t *testing.T, h *host, c *Client, options ...option) {
	t.Helper()
	run(h, c, 0)
	c.Input(reply(h.last(t, discover), offer, "10.0.2.15", options...), h.now)
	c.Input(reply(h.last(t, request), ack, "10.0.2.15", options...), h.now)
	if len(h.probes) == 0 {
		t.Fatal("no probe")
	}
	c.Probed(false, h.now)
	if !c.HasLease() {
		t.Fatal("no lease")
	}
}

// TestLease goes from DISCOVER to BOUND and looks at what is known then.
func TestLease(t *testing.T) {
	h, c := newClient()
	bind(t, h, c, standard...)
	want := Lease{
		Address: header.Prefix{Address: address("10.0.2.15"), Bits: 24}, Router: address("10.0.2.2"),
		Servers: []socket.Address{address("10.0.2.3"), address("10.0.2.4")}, Search: []string{"eng.apple.com", "marketing.apple.com"},
		HostName: "guest", MTU: 1500, Expires: h.now + time.Hour,
	}
	if got := h.bound[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("lease:\n%+v, want\n%+v", got, want)
	}
	r := h.last(t, request)
	o := options{message: r.b}
	if got := string(o.find(optionHostName)); got != "box" {
		t.Errorf("host name %q, want box", got)
	}
	if got := o.find(optionRequested); !slices.Equal(got, []byte{10, 0, 2, 15}) {
		t.Errorf("requested %v", got)
	}
	if r.to != header.Broadcast4 || r.b[10]&0x80 == 0 || len(r.b) < minBytes {
		t.Errorf("REQUEST to %v, flags %x, %d bytes", r.to, r.b[10], len(r.b))
	}
}

// TestRetransmission wants DISCOVERs ever more seldom, up to about a minute, and
// one message for people.
func TestRetransmission(t *testing.T) {
	h, c := newClient()
	run(h, c, 10*time.Minute)
	if n := len(h.sent); n < 10 || n > 20 {
		t.Errorf("%d messages in ten minutes", n)
	}
	for i := 2; i < len(h.sent); i++ {
		gap, before := h.sent[i].at-h.sent[i-1].at, h.sent[i-1].at-h.sent[i-2].at
		if gap > maxWait*5/4 || gap < before && before < maxWait {
			t.Errorf("message %d after %v, the one before after %v", i, gap, before)
		}
	}
	if len(h.logs) != 1 {
		t.Errorf("logs: %q", h.logs)
	}
	// A server that comes late is heard.
	bind(t, h, c, standard...)
}

// TestRequestsWithoutAnswer wants a new beginning.
func TestRequestsWithoutAnswer(t *testing.T) {
	h, c := newClient()
	run(h, c, 0)
	c.Input(reply(h.last(t, discover), offer, "10.0.2.15"), h.now)
	run(h, c, time.Minute)
	kinds := h.kinds()
	if !slices.Equal(kinds[:6], []messageType{discover, request, request, request, request, discover}) {
		t.Errorf("messages %v", kinds)
	}
}

// TestRenewal asks the server at T1, all at T2, and gives up at the end.
func TestRenewal(t *testing.T) {
	h, c := newClient()
	bind(t, h, c, standard...)
	began := h.now
	h.sent = nil
	run(h, c, 29*time.Minute)
	if len(h.sent) != 0 {
		t.Fatalf("messages before T1: %v", h.kinds())
	}
	run(h, c, 2*time.Minute)
	m := h.last(t, request)
	o := options{message: m.b}
	if m.to != address("10.0.2.2") || !slices.Equal(m.b[12:16], []byte{10, 0, 2, 15}) || o.find(optionServer) != nil || o.find(optionRequested) != nil {
		t.Errorf("renewing: %+v", m)
	}
	c.Input(reply(m, ack, "10.0.2.15", standard...), h.now)
	if len(h.bound) != 2 || h.bound[1].Expires != h.now+time.Hour || len(h.probes) != 1 {
		t.Fatalf("after the ACK: %+v, %d probes", h.bound, len(h.probes))
	}
	began = h.now
	h.sent = nil
	run(h, c, time.Hour-time.Second)
	if h.lost != 0 {
		t.Fatal("lost before its end")
	}
	for _, m := range h.sent {
		wantTo := address("10.0.2.2")
		if m.at >= began+time.Hour/8*7 {
			wantTo = header.Broadcast4
		}
		if m.to != wantTo {
			t.Errorf("at %v to %v, want %v", m.at-began, m.to, wantTo)
		}
	}
	if n := len(h.sent); n < 4 || n > 20 {
		t.Errorf("%d messages while renewing", n)
	}
	run(h, c, time.Minute)
	if h.lost != 1 || c.HasLease() {
		t.Error("the lease outlives its end")
	}
	h.last(t, discover)
}

// TestNAK wants the address gone at once, and no storm.
func TestNAK(t *testing.T) {
	h, c := newClient()
	bind(t, h, c, standard...)
	run(h, c, 31*time.Minute)
	c.Input(reply(h.last(t, request), nak, "0.0.0.0"), h.now)
	if h.lost != 1 {
		t.Fatal("the address is still there")
	}
	h.sent = nil
	for range 100 {
		run(h, c, 100*time.Millisecond)
		if len(h.sent) > 0 && h.sent[len(h.sent)-1].kind == discover {
			c.Input(reply(h.last(t, discover), offer, "10.0.2.15"), h.now)
			c.Input(reply(h.last(t, request), nak, "0.0.0.0"), h.now)
		}
	}
	if n := len(h.sent); n > 25 {
		t.Errorf("%d messages in ten seconds of NAK", n)
	}
}

// TestDecline wants a DECLINE for an address that another node uses, and a pause.
func TestDecline(t *testing.T) {
	h, c := newClient()
	run(h, c, 0)
	c.Input(reply(h.last(t, discover), offer, "10.0.2.15"), h.now)
	c.Input(reply(h.last(t, request), ack, "10.0.2.15"), h.now)
	c.Probed(true, h.now)
	o := options{message: h.last(t, decline).b}
	if got := o.find(optionRequested); !slices.Equal(got, []byte{10, 0, 2, 15}) {
		t.Errorf("declined %v", got)
	}
	run(h, c, declineWait-time.Second)
	h.last(t, decline)
	run(h, c, 2*time.Second)
	h.last(t, discover)
}

// TestParse goes through malformed and odd messages.
func TestParse(t *testing.T) {
	h, c := newClient()
	run(h, c, 0)
	d := h.last(t, discover)
	good := reply(d, offer, "10.0.2.15", standard...)
	set := func(at int, v ...byte) []byte {
		b := slices.Clone(good)
		copy(b[at:], v)
		return b
	}
	for _, test := range []struct {
		name string
		b    []byte
		ok   bool
	}{
		{"good", good, true},
		{"empty", nil, false},
		{"cut", good[:optionsAt-1], false},
		{"a request", set(0, 1), false},
		{"another transaction", set(4, 1, 2, 3, 4), false},
		{"another machine", set(28, 9), false},
		{"no cookie", set(fixedBytes, 0), false},
		{"no address", set(16, 0, 0, 0, 0), false},
		{"a group as address", set(16, 224, 0, 0, 1), false},
		{"the broadcast address", set(16, 255, 255, 255, 255), false},
		{"loopback", set(16, 127, 0, 0, 1), false},
		{"no server", reply(d, offer, "10.0.2.15")[:optionsAt+3], false},
		{"a kind for servers", set(optionsAt+2, uint8(discover)), false},
		{"an option that is cut off", append(reply(d, offer, "10.0.2.15")[:optionsAt+9], optionRouter, 200), true},
	} {
		if _, ok := parse(test.b, c.id, mac); ok != test.ok {
			t.Errorf("%s: parse = %t", test.name, ok)
		}
	}
	odd := []struct {
		name    string
		options []option
		check   func(l Lease, m message) bool
	}{
		{"mask with a hole", []option{{optionMask, []byte{255, 0, 255, 0}}}, func(l Lease, _ message) bool { return l.Address.Bits == 8 }},
		{"T1 after T2", []option{{optionRenewal, []byte{0, 0, 9, 9}}, {optionRebinding, []byte{0, 0, 1, 1}}},
			func(_ Lease, m message) bool { return m.t1 == leaseDefault/2 && m.t2 == leaseDefault/8*7 }},
		{"a lease of a second", []option{{optionLease, []byte{0, 0, 0, 1}}}, func(_ Lease, m message) bool { return m.leaseFor == leaseMin }},
		{"for ever", []option{{optionLease, []byte{255, 255, 255, 255}}}, func(_ Lease, m message) bool { return m.leaseFor == socket.Forever }},
		{"a search list that points at itself", []option{{optionSearch, []byte{0xc0, 0}}}, func(l Lease, _ message) bool { return l.Search == nil }},
		{"a domain with a space", []option{{optionDomain, []byte("a b")}}, func(l Lease, _ message) bool { return l.Search == nil }},
		{"a split option", []option{{optionSearch, []byte("\x03eng")}, {optionSearch, []byte("\x03org\x00")}},
			func(l Lease, _ message) bool { return slices.Equal(l.Search, []string{"eng.org"}) }},
		{"many servers", []option{{optionServers, []byte(strings.Repeat("\x0a\x00\x00\x01", 60))}},
			func(l Lease, _ message) bool { return len(l.Servers) == serversMax }},
	}
	for _, test := range odd {
		m, ok := parse(reply(d, offer, "10.0.2.15", test.options...), c.id, mac)
		if !ok || !test.check(m.lease, m) {
			t.Errorf("%s: %+v, %t", test.name, m, ok)
		}
	}
}

// TestOverload reads options from the fields for names (RFC 2132, 9.3).
func TestOverload(t *testing.T) {
	h, c := newClient()
	run(h, c, 0)
	b := reply(h.last(t, discover), offer, "10.0.2.15", option{optionOverload, []byte{3}})
	copy(b[fileAt:], []byte{optionRouter, 4, 10, 0, 2, 9, optionEnd})
	copy(b[serverNameAt:], []byte{optionMask, 4, 255, 255, 0, 0, optionEnd})
	m, ok := parse(b, c.id, mac)
	if !ok || m.lease.Router != address("10.0.2.9") || m.lease.Address.Bits != 16 {
		t.Errorf("parse = %+v, %t", m, ok)
	}
}

// FuzzMessage feeds a client in every state.
func FuzzMessage(f *testing.F) {
	h, c := newClient()
	run(h, c, 0)
	f.Add(reply(h.sent[0], offer, "10.0.2.15", standard...), uint8(0))
	f.Add(reply(h.sent[0], ack, "10.0.2.15", standard...), uint8(1))
	f.Add(reply(h.sent[0], nak, "10.0.2.15"), uint8(2))
	f.Fuzz(func(t *testing.T, b []byte, steps uint8) {
		h, c := newClient()
		run(h, c, 0)
		if len(b) >= optionsAt { // what a liar on the link knows anyway
			copy(b, h.sent[0].b[:16])
			b[0] = 2
			copy(b[28:], h.sent[0].b[28:44])
			binary.BigEndian.PutUint32(b[fixedBytes:], cookie)
		}
		for range steps % 8 {
			if len(b) >= optionsAt {
				binary.BigEndian.PutUint32(b[4:], c.id)
			}
			c.Input(b, h.now)
			c.Probed(steps&8 != 0, h.now)
			run(h, c, time.Duration(steps)*20*time.Second)
		}
	})
}
