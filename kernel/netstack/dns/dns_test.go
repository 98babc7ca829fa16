package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/socket"

	"golang.org/x/net/dns/dnsmessage"
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

// world are the name servers that a resolver can reach.
type world struct {
	t       *testing.T
	servers map[socket.Address]func(q asked) []byte // nil answers are silence
	asked   []asked
	open    int
	order   []socket.Address
	search  []string
	hosts   string
	now     time.Duration
	r       *Resolver
}

// asked is a question that a server got.
type asked struct {
	server socket.Address
	tcp    bool
	name   string
	kind   recordType
	id     uint16
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, servers: map[socket.Address]func(asked) []byte{}, order: []socket.Address{address("10.0.0.53")}, now: time.Second}
	w.r = New(Config{
		Open: func(f socket.Family, k socket.Kind) (socket.Socket, error) {
			w.open++
			return &fake{w: w, kind: k}, nil
		},
		Random:  seeded{rand.NewChaCha8([32]byte{})},
		Servers: func() ([]socket.Address, []string) { return w.order, w.search },
		Hosts:   func() []byte { return []byte(w.hosts) },
	})
	return w
}

// resolve looks a name up and lets time pass until there is a result.
func (w *world) resolve(name string, f socket.Family) ([]socket.Address, error) {
	w.t.Helper()
	l, err := w.r.Lookup(name, f, w.now)
	if err != nil {
		return nil, err
	}
	for range 1000 {
		w.r.Poll(w.now)
		all, err := l.Result()
		if err != syscall.EAGAIN {
			l.Close()
			if w.open != 0 {
				w.t.Errorf("%s: %d sockets are open at the end", name, w.open)
			}
			return all, err
		}
		if w.r.Deadline() == socket.Forever {
			w.t.Fatalf("%s: no result and no deadline", name)
		}
		w.now = max(w.now, w.r.Deadline())
	}
	w.t.Fatalf("%s: no end", name)
	return nil, nil
}

// fake is a socket to a server.
type fake struct {
	socket.Socket
	w    *world
	kind socket.Kind
	to   socket.Address
	in   []byte
	out  [][]byte
}

func (f *fake) Connect(e socket.Endpoint) error {
	f.to = e.Address
	if e.Port != 53 {
		f.w.t.Errorf("port %d", e.Port)
	}
	if f.kind == socket.Stream {
		return syscall.EINPROGRESS
	}
	return nil
}

func (f *fake) Write(b []byte, more bool) (int, error) {
	handler := f.w.servers[f.to]
	if handler == nil && f.kind == socket.Stream {
		return 0, syscall.ECONNREFUSED
	}
	message := b
	if f.kind == socket.Stream {
		message = b[2:]
	}
	var p dnsmessage.Parser
	h, err := p.Start(message)
	if err != nil {
		f.w.t.Fatal(err)
	}
	question, err := p.Question()
	if err != nil || !h.RecursionDesired {
		f.w.t.Fatal(err, h)
	}
	q := asked{f.to, f.kind == socket.Stream, text(question.Name), question.Type, h.ID}
	f.w.asked = append(f.w.asked, q)
	if handler == nil {
		f.out = append(f.out, nil)
		return len(b), nil
	}
	if answer := handler(q); answer != nil {
		if f.kind == socket.Stream {
			answer = append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)
			f.out = append(f.out, answer[:3], answer[3:]) // in two pieces
		} else {
			f.out = append(f.out, answer)
		}
	}
	return len(b), nil
}

func (f *fake) Read(b []byte, peek bool) (int, error) {
	if len(f.out) == 0 {
		return 0, syscall.EAGAIN
	}
	m := f.out[0]
	f.out = f.out[1:]
	if m == nil {
		return 0, syscall.ECONNREFUSED
	}
	n := copy(b, m)
	if f.kind == socket.Stream && n < len(m) {
		f.out = append([][]byte{m[n:]}, f.out...)
	}
	return n, nil
}

func (f *fake) Close() { f.w.open-- }

// message builds an answer: records are "name ttl type value".
func message(q asked, code dnsmessage.RCode, truncated bool, records ...string) []byte {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: q.id, Response: true, RCode: code, Truncated: truncated})
	b.EnableCompression()
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	check(b.StartQuestions())
	check(b.Question(dnsmessage.Question{Name: dnsmessage.MustNewName(q.name + "."), Type: q.kind, Class: dnsmessage.ClassINET}))
	check(b.StartAnswers())
	authorities := false
	for _, r := range records {
		var name, kind, value string
		var ttl uint32
		if _, err := fmt.Sscanf(r, "%s %d %s %s", &name, &ttl, &kind, &value); err != nil {
			panic(err)
		}
		h := dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name + "."), Class: dnsmessage.ClassINET, TTL: ttl}
		switch kind {
		case "A":
			a := address(value)
			check(b.AResource(h, dnsmessage.AResource{A: [4]byte(a[12:])}))
		case "AAAA":
			check(b.AAAAResource(h, dnsmessage.AAAAResource{AAAA: address(value)}))
		case "CNAME":
			check(b.CNAMEResource(h, dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(value + ".")}))
		case "SOA":
			if !authorities {
				check(b.StartAuthorities())
				authorities = true
			}
			n := dnsmessage.MustNewName(value + ".")
			check(b.SOAResource(h, dnsmessage.SOAResource{NS: n, MBox: n, MinTTL: 60}))
		}
	}
	m, err := b.Finish()
	check(err)
	return m
}

// zone answers from a table: name and type to records; other names do not exist.
func zone(records map[string][]string) func(asked) []byte {
	return func(q asked) []byte {
		kind := "A"
		if q.kind == recordAAAA {
			kind = "AAAA"
		}
		if r, ok := records[q.name+" "+kind]; ok {
			return message(q, dnsmessage.RCodeSuccess, false, r...)
		}
		for key := range records {
			if strings.HasPrefix(key, q.name+" ") {
				return message(q, dnsmessage.RCodeSuccess, false, "org 300 SOA example.org")
			}
		}
		return message(q, dnsmessage.RCodeNameError, false, "org 300 SOA example.org")
	}
}

func texts(all []socket.Address) (out []string) {
	for _, a := range all {
		out = append(out, header.FormatAddress(a))
	}
	return out
}

// TestLookup goes through the ways of a name.
func TestLookup(t *testing.T) {
	records := map[string][]string{
		"both.example.org A":      {"both.example.org 60 A 192.0.2.1", "both.example.org 60 A 192.0.2.2"},
		"both.example.org AAAA":   {"both.example.org 60 AAAA 2001:db8::1"},
		"four.example.org A":      {"four.example.org 60 A 192.0.2.4"},
		"alias.example.org A":     {"alias.example.org 60 CNAME x.example.net", "x.example.net 60 CNAME y.example.net", "y.example.net 9 A 192.0.2.9"},
		"far.example.org A":       {"far.example.org 60 CNAME four.example.org"},
		"circle.example.org A":    {"circle.example.org 60 CNAME circle2.example.org", "circle2.example.org 60 CNAME circle.example.org"},
		"other.example.org A":     {"unrelated.example.org 60 A 192.0.2.66"},
		"mapped.example.org AAAA": {"mapped.example.org 60 AAAA ::ffff:10.0.0.1"},
		"short.corp.test A":       {"short.corp.test 60 A 192.0.2.7"},
	}
	for _, test := range []struct {
		name   string
		family socket.Family
		want   []string
		err    error
	}{
		{"both.example.org", socket.Unspecified, []string{"2001:db8::1", "192.0.2.1", "192.0.2.2"}, nil},
		{"both.example.org", socket.IPv4, []string{"192.0.2.1", "192.0.2.2"}, nil},
		{"Both.Example.Org.", socket.IPv6, []string{"2001:db8::1"}, nil},
		{"four.example.org", socket.Unspecified, []string{"192.0.2.4"}, nil},
		{"four.example.org", socket.IPv6, nil, socket.ErrNoName},
		{"alias.example.org", socket.IPv4, []string{"192.0.2.9"}, nil},
		{"far.example.org", socket.IPv4, []string{"192.0.2.4"}, nil},
		{"circle.example.org", socket.IPv4, nil, socket.ErrNoName},
		{"other.example.org", socket.IPv4, nil, socket.ErrNoName},
		{"mapped.example.org", socket.IPv6, nil, socket.ErrNoName},
		{"nothing.example.org", socket.Unspecified, nil, socket.ErrNoName},
		{"short", socket.IPv4, []string{"192.0.2.7"}, nil},
		{"short.", socket.IPv4, nil, socket.ErrNoName},
		{"192.0.2.200", socket.Unspecified, []string{"192.0.2.200"}, nil},
		{"192.0.2.200", socket.IPv6, nil, socket.ErrNoName},
		{"fe80::1", socket.Unspecified, []string{"fe80::1"}, nil},
		{"localhost", socket.Unspecified, []string{"::1", "127.0.0.1"}, nil},
		{"a.localhost", socket.IPv4, []string{"127.0.0.1"}, nil},
		{"db", socket.Unspecified, []string{"10.1.1.1", "fd00::d"}, nil},
		{"", socket.IPv4, nil, socket.ErrNoName},
		{"a..b", socket.IPv4, nil, socket.ErrNoName},
		{"a b", socket.IPv4, nil, socket.ErrNoName},
		{strings.Repeat("x", 64) + ".org", socket.IPv4, nil, socket.ErrNoName},
		{strings.Repeat("x.", 200), socket.IPv4, nil, socket.ErrNoName},
	} {
		w := newWorld(t)
		w.search, w.hosts = []string{"example.net", "corp.test."}, "10.1.1.1 db primary # remark\nbad db\nfd00::d DB\n"
		w.servers[w.order[0]] = zone(records)
		got, err := w.resolve(test.name, test.family)
		if !slices.Equal(texts(got), test.want) || !errors.Is(err, test.err) {
			t.Errorf("%q, %d: %v, %v, want %v, %v", test.name, test.family, texts(got), err, test.want, test.err)
		}
	}
}

// TestServers tries others when one is silent, refuses, or fails.
func TestServers(t *testing.T) {
	good := zone(map[string][]string{"a.org A": {"a.org 60 A 192.0.2.1"}})
	fail := func(q asked) []byte { return message(q, dnsmessage.RCodeServerFailure, false) }
	silent := func(asked) []byte { return nil }
	forged := func(q asked) []byte {
		q.id++
		return message(q, dnsmessage.RCodeSuccess, false, "a.org 60 A 6.6.6.6")
	}
	other := func(q asked) []byte {
		q.name = "b.org"
		return message(q, dnsmessage.RCodeSuccess, false, "a.org 60 A 6.6.6.6", "b.org 60 A 6.6.6.6")
	}
	for _, test := range []struct {
		name    string
		servers []func(asked) []byte
		want    []string
		err     error
	}{
		{"silent", []func(asked) []byte{silent, good}, []string{"192.0.2.1"}, nil},
		{"refused", []func(asked) []byte{nil, good}, []string{"192.0.2.1"}, nil},
		{"failing", []func(asked) []byte{fail, good}, []string{"192.0.2.1"}, nil},
		{"forged", []func(asked) []byte{forged, good}, []string{"192.0.2.1"}, nil},
		{"another question", []func(asked) []byte{other, good}, []string{"192.0.2.1"}, nil},
		{"garbage", []func(asked) []byte{func(asked) []byte { return []byte{1, 2, 3} }, good}, []string{"192.0.2.1"}, nil},
		{"all silent", []func(asked) []byte{silent, silent}, nil, socket.ErrNoServer},
		{"all failing", []func(asked) []byte{fail, nil, forged}, nil, socket.ErrNoServer},
		{"none", nil, nil, socket.ErrNoServer},
	} {
		w := newWorld(t)
		w.order = nil
		for i, s := range test.servers {
			a := header.MapIPv4([4]byte{10, 0, 0, byte(i)})
			w.order = append(w.order, a)
			w.servers[a] = s
		}
		began := w.now
		got, err := w.resolve("a.org", socket.IPv4)
		if !slices.Equal(texts(got), test.want) || !errors.Is(err, test.err) {
			t.Errorf("%s: %v, %v, want %v, %v", test.name, texts(got), err, test.want, test.err)
		}
		if took := w.now - began; took > time.Minute {
			t.Errorf("%s: took %v", test.name, took)
		}
	}
}

// TestSecondSilence asks a server again that was silent once.
func TestSecondSilence(t *testing.T) {
	w := newWorld(t)
	n := 0
	w.servers[w.order[0]] = func(q asked) []byte {
		if n++; n < 3 {
			return nil
		}
		return message(q, dnsmessage.RCodeSuccess, false, "a.org 60 A 192.0.2.1")
	}
	if got, err := w.resolve("a.org", socket.IPv4); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	if w.asked[0].id == w.asked[1].id && w.asked[1].id == w.asked[2].id {
		t.Error("the same number again and again")
	}
}

// TestTruncated asks again over TCP.
func TestTruncated(t *testing.T) {
	w := newWorld(t)
	var records []string
	for i := range 100 {
		records = append(records, fmt.Sprintf("a.org 60 A 192.0.2.%d", i+1))
	}
	w.servers[w.order[0]] = func(q asked) []byte {
		if !q.tcp {
			return message(q, dnsmessage.RCodeSuccess, true)
		}
		return message(q, dnsmessage.RCodeSuccess, false, records...)
	}
	got, err := w.resolve("a.org", socket.IPv4)
	if err != nil || len(got) != addressesMax || got[0] != address("192.0.2.1") {
		t.Errorf("%d addresses, %v", len(got), err)
	}
	if len(w.asked) != 2 || !w.asked[1].tcp {
		t.Errorf("asked %v", w.asked)
	}
}

// TestCache remembers answers as long as they hold, also that there is none.
func TestCache(t *testing.T) {
	w := newWorld(t)
	w.servers[w.order[0]] = zone(map[string][]string{"a.org A": {"a.org 60 A 192.0.2.1"}, "zero.org A": {"zero.org 0 A 192.0.2.1"}})
	count := func(name string) int {
		before := len(w.asked)
		w.resolve(name, socket.IPv4)
		return len(w.asked) - before
	}
	for _, step := range []struct {
		name  string
		later time.Duration
		want  int
	}{
		{"a.org", 0, 1}, {"a.org", 59 * time.Second, 0}, {"A.ORG", 0, 0}, {"a.org", time.Second, 1},
		{"no.org", 0, 1}, {"no.org", 59 * time.Second, 0}, {"no.org", time.Second, 1},
		{"zero.org", 0, 1}, {"zero.org", 0, 1},
	} {
		w.now += step.later
		if got := count(step.name); got != step.want {
			t.Errorf("%s after %v: %d questions, want %d", step.name, step.later, got, step.want)
		}
	}
	for i := range 3 * entriesMax {
		w.resolve(fmt.Sprintf("n%d.org", i), socket.IPv4)
	}
	if n := len(w.r.cache.entries); n > entriesMax {
		t.Errorf("%d entries, at most %d are allowed", n, entriesMax)
	}
}

// TestLookupsBound refuses what is too much at once.
func TestLookupsBound(t *testing.T) {
	w := newWorld(t)
	w.servers[w.order[0]] = func(asked) []byte { return nil }
	for i := range lookupsMax {
		if _, err := w.r.Lookup(fmt.Sprintf("n%d.org", i), socket.IPv4, w.now); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.r.Lookup("more.org", socket.IPv4, w.now); !errors.Is(err, syscall.ENOBUFS) {
		t.Errorf("one more = %v, want ENOBUFS", err)
	}
	for _, l := range w.r.lookups {
		l.Close()
	}
	if w.r.Poll(w.now); w.open != 0 || len(w.r.lookups) != 0 {
		t.Errorf("after Close: %d sockets, %d lookups", w.open, len(w.r.lookups))
	}
}

// FuzzReply reads hostile messages.
func FuzzReply(f *testing.F) {
	q := asked{name: "a.org", kind: recordA, id: 0x1234}
	f.Add(message(q, 0, false, "a.org 60 CNAME b.org", "b.org 60 A 192.0.2.1", "org 300 SOA example.org"))
	f.Add(message(q, 3, true))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= 12 {
			b[0], b[1] = 0x12, 0x34
			b[2] |= 0x80
		}
		r, ok := parseReply(b, "a.org", recordA, 0x1234)
		if ok && (len(r.addresses) > addressesMax || !isName(r.name) || r.ttl < 0 || r.ttl > ttlMax) {
			t.Errorf("%+v", r)
		}
	})
}

// FuzzHosts reads hostile files.
func FuzzHosts(f *testing.F) {
	f.Add([]byte("127.0.0.1 localhost\n::1 localhost # here\n"), "localhost")
	f.Fuzz(func(t *testing.T, b []byte, name string) {
		if n := len(hosts(b, name)); n > addressesMax {
			t.Errorf("%d addresses", n)
		}
	})
}
