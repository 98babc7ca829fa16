package dns

import (
	"encoding/binary"
	"strings"
	"syscall"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/socket"
)

// Random gives numbers that nobody can predict.
type Random interface{ Fill(p []byte) }

// Config is what a Resolver works with.
type Config struct {
	// Open makes the sockets of questions.
	Open   func(f socket.Family, k socket.Kind) (socket.Socket, error)
	Random Random
	// Servers returns the name servers, best first, and the search domains.
	Servers func() (servers []socket.Address, search []string)
	// Hosts returns the text of /etc/hosts, or nil.
	Hosts func() []byte
	// Reaches says whether there is an address of a family to send from; results of the
	// other come last (RFC 6724, 6: rule 1).
	Reaches func(f socket.Family) bool
}

// Bounds.
const (
	lookupsMax   = 64 // names at once
	addressesMax = 32 // of one name
	chainMax     = 8  // aliases one after the other
	nameMax      = 253
	labelMax     = 63
	serverPort   = 53
)

// Resolver is a resolver.
type Resolver struct {
	Config
	now     time.Duration
	lookups []*Lookup
	cache   cache
}

// New returns a resolver that knows nothing.
func New(c Config) *Resolver { return &Resolver{Config: c} }

// Lookup is a name on its way (socket.Lookup).
type Lookup struct {
	resolver  *Resolver
	family    socket.Family
	names     []string // still to be tried
	questions [2]question
	count     int // questions
	done      bool
	closed    bool
	addresses []socket.Address
	err       error
	failed    bool // a name before this one had no answer at all
}

// Lookup begins to resolve a name. Errors: ErrNoName for one that cannot be, ENOBUFS
// when too many are under way.
func (r *Resolver) Lookup(name string, f socket.Family, now time.Duration) (*Lookup, error) {
	r.now = now
	l := &Lookup{resolver: r, family: f}
	if l.answerHere(name) {
		return l, nil
	}
	name, absolute := strings.CutSuffix(strings.ToLower(name), ".")
	if !isName(name) {
		return nil, socket.ErrNoName
	}
	if len(r.lookups) >= lookupsMax {
		return nil, syscall.ENOBUFS
	}
	servers, search := r.Servers()
	if len(servers) == 0 {
		l.finish(nil, socket.ErrNoServer)
		return l, nil
	}
	l.names = candidates(name, absolute, search)
	r.lookups = append(r.lookups, l)
	l.next()
	l.poll()
	return l, nil
}

// candidates are the names to try in turn: with search domains first when the name has
// no dot (resolv.conf: ndots 1).
func candidates(name string, absolute bool, search []string) (names []string) {
	if absolute {
		return []string{name}
	}
	dotted := strings.IndexByte(name, '.') >= 0
	if dotted {
		names = append(names, name)
	}
	for _, domain := range search {
		domain = strings.ToLower(strings.Trim(domain, "."))
		if full := name + "." + domain; isName(full) {
			names = append(names, full)
		}
	}
	if !dotted {
		names = append(names, name)
	}
	return names
}

// isName reports whether a text can be a name: labels of 1 to 63 bytes (RFC 1035, 2.3.4).
func isName(name string) bool {
	if len(name) == 0 || len(name) > nameMax {
		return false
	}
	size := 0
	for i := range len(name) {
		switch c := name[i]; {
		case c == '.':
			if size == 0 {
				return false
			}
			size = 0
			continue
		case c <= ' ' || c >= 0x7f:
			return false
		}
		if size++; size > labelMax {
			return false
		}
	}
	return size > 0
}

// answerHere answers what needs no server: addresses, localhost (RFC 6761, 6.3) and the
// names in /etc/hosts.
func (l *Lookup) answerHere(name string) bool {
	if a, ok := header.ParseAddress(name); ok {
		l.found(a)
		return true
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if l.resolver.Hosts != nil {
		if all := hosts(l.resolver.Hosts(), name); len(all) > 0 {
			l.found(all...)
			return true
		}
	}
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		l.found(header.Loopback6, header.Loopback4)
		return true
	}
	return false
}

// found ends a lookup with those addresses that are of its family.
func (l *Lookup) found(all ...socket.Address) {
	var fit []socket.Address
	for _, a := range all {
		isIPv4 := header.IsIPv4(a)
		if l.family == socket.Unspecified || isIPv4 == (l.family == socket.IPv4) {
			fit = append(fit, a)
		}
	}
	if len(fit) == 0 {
		l.finish(nil, socket.ErrNoName)
		return
	}
	l.finish(fit, nil)
}

// finish ends a lookup.
func (l *Lookup) finish(all []socket.Address, err error) {
	l.addresses, l.err, l.done = all, err, true
	for i := range l.questions[:l.count] {
		l.questions[i].close()
	}
}

// Result: see socket.Lookup.
func (l *Lookup) Result() ([]socket.Address, error) {
	if !l.done {
		return nil, syscall.EAGAIN
	}
	return l.addresses, l.err
}

// Close: see socket.Lookup.
func (l *Lookup) Close() {
	if !l.done {
		l.finish(nil, syscall.ECANCELED)
	}
	l.closed = true
}

// next asks for the next name.
func (l *Lookup) next() {
	if len(l.names) == 0 {
		if l.failed {
			l.finish(nil, socket.ErrNoServer)
		} else {
			l.finish(nil, socket.ErrNoName)
		}
		return
	}
	name := l.names[0]
	l.names = l.names[1:]
	l.count = 0
	for _, kind := range [...]struct {
		family socket.Family
		kind   recordType
	}{{socket.IPv4, recordA}, {socket.IPv6, recordAAAA}} {
		if l.family == socket.Unspecified || l.family == kind.family {
			q := &l.questions[l.count]
			*q = question{resolver: l.resolver, name: name, kind: kind.kind}
			l.count++
			q.start()
		}
	}
}

// poll moves a lookup on.
func (l *Lookup) poll() {
	for !l.done {
		open, failed := false, false
		var all []socket.Address
		for i := range l.questions[:l.count] {
			q := &l.questions[i]
			q.poll()
			open = open || q.state == asking
			failed = failed || q.state == unanswered
			all = append(all, q.addresses...)
		}
		switch {
		case open:
			return
		case len(all) > 0:
			l.finish(l.resolver.sorted(all), nil)
		default:
			l.failed = l.failed || failed
			l.next()
		}
	}
}

// sorted puts the addresses first that there is a way to.
func (r *Resolver) sorted(all []socket.Address) []socket.Address {
	first, second := socket.IPv6, socket.IPv4
	if r.Reaches != nil && !r.Reaches(socket.IPv6) {
		first, second = second, first
	}
	out := make([]socket.Address, 0, len(all))
	for _, f := range [...]socket.Family{first, second} {
		for _, a := range all {
			if header.IsIPv4(a) == (f == socket.IPv4) && len(out) < addressesMax {
				out = append(out, a)
			}
		}
	}
	return out
}

// Poll takes answers and asks again where none has come.
func (r *Resolver) Poll(now time.Duration) {
	if len(r.lookups) == 0 {
		return
	}
	r.now = now
	kept := r.lookups[:0]
	for _, l := range r.lookups {
		if l.poll(); !l.done {
			kept = append(kept, l)
		}
	}
	clear(r.lookups[len(kept):])
	r.lookups = kept
}

// Deadline returns when Poll is due although nothing arrives, or socket.Forever.
func (r *Resolver) Deadline() time.Duration {
	at := socket.Forever
	for _, l := range r.lookups {
		for i := range l.questions[:l.count] {
			if q := &l.questions[i]; q.state == asking {
				at = min(at, q.until)
			}
		}
	}
	return at
}

// number returns a random question number.
func (r *Resolver) number() uint16 {
	var b [2]byte
	r.Random.Fill(b[:])
	return binary.LittleEndian.Uint16(b[:])
}

// hosts finds the addresses of a name in the text of /etc/hosts: lines of an address and
// its names, '#' begins a remark.
func hosts(text []byte, name string) (all []socket.Address) {
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		for _, f := range fields[1:] {
			if !strings.EqualFold(f, name) || len(all) >= addressesMax {
				continue
			}
			if a, ok := header.ParseAddress(fields[0]); ok {
				all = append(all, a)
			}
		}
	}
	return all
}
