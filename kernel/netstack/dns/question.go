package dns

import (
	"encoding/binary"
	"syscall"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/socket"

	"golang.org/x/net/dns/dnsmessage"
)

// recordType is a type of resource records.
type recordType = dnsmessage.Type

const (
	recordA    = dnsmessage.TypeA
	recordAAAA = dnsmessage.TypeAAAA
)

// questionState is where a question is.
type questionState uint8

const (
	asking     questionState = iota
	answered                 // with addresses, or that there are none
	unanswered               // no server has given an answer
)

// Times. All servers are asked in turn, then again with more patience.
const (
	rounds       = 3
	firstTimeout = 2 * time.Second
	tcpTimeout   = 5 * time.Second
	udpMax       = 512 // RFC 1035, 4.2.1: without EDNS
	tcpMax       = 16 << 10
	serversMax   = 4
)

// question asks for one type of records of one name.
type question struct {
	resolver  *Resolver
	name      string // that is asked for now
	first     string // that was asked for: an alias leads to name
	kind      recordType
	state     questionState
	addresses []socket.Address

	attempt int // counts servers and rounds
	chain   int
	ttl     time.Duration // least of the aliases
	number  uint16
	until   time.Duration
	socket  socket.Socket
	isTCP   bool
	message []byte
	sent    int
	reply   []byte
}

// start answers from the cache or asks.
func (q *question) start() {
	q.first, q.ttl = q.name, ttlMax
	if a, ok := q.resolver.cache.get(cacheKey{q.name, q.kind}, q.resolver.now); ok {
		q.addresses, q.state = a.addresses, answered
		return
	}
	q.ask()
}

func (q *question) close() {
	if q.socket != nil {
		q.socket.Close()
		q.socket = nil
	}
	q.reply = nil
}

// server returns the one of this attempt; ok is false after the last round.
func (q *question) server() (a socket.Address, timeout time.Duration, ok bool) {
	servers, _ := q.resolver.Servers()
	servers = servers[:min(len(servers), serversMax)]
	if len(servers) == 0 || q.attempt >= rounds*len(servers) {
		return a, 0, false
	}
	return servers[q.attempt%len(servers)], firstTimeout << (q.attempt / len(servers)), true
}

// ask sends the question to the server of this attempt, or the next that can be reached.
func (q *question) ask() {
	for {
		q.close()
		server, timeout, ok := q.server()
		if !ok {
			q.state = unanswered
			return
		}
		q.isTCP = false
		if q.begin(server, socket.Datagram) && q.send() {
			q.until = q.resolver.now + timeout
			return
		}
		q.attempt++
	}
}

// begin opens a socket to a server and builds the message.
func (q *question) begin(server socket.Address, k socket.Kind) bool {
	f := socket.IPv6
	if header.IsIPv4(server) {
		f = socket.IPv4
	}
	s, err := q.resolver.Open(f, k)
	if err != nil {
		return false
	}
	q.socket = s
	if err := s.Connect(socket.Endpoint{Address: server, Port: serverPort}); err != nil && err != syscall.EINPROGRESS {
		return false
	}
	q.number = q.resolver.number()
	q.message, err = buildQuestion(q.message[:0], q.name, q.kind, q.number)
	if err != nil {
		return false
	}
	q.sent = 0
	return true
}

// buildQuestion appends a message to b.
func buildQuestion(b []byte, name string, kind recordType, number uint16) ([]byte, error) {
	n, err := dnsmessage.NewName(name + ".")
	if err != nil {
		return b, err
	}
	m := dnsmessage.NewBuilder(b, dnsmessage.Header{ID: number, RecursionDesired: true})
	if err := m.StartQuestions(); err != nil {
		return b, err
	}
	if err := m.Question(dnsmessage.Question{Name: n, Type: kind, Class: dnsmessage.ClassINET}); err != nil {
		return b, err
	}
	return m.Finish()
}

// send sends the message, or over TCP what of it is left. It is false if that fails.
func (q *question) send() bool {
	for q.sent < len(q.message) {
		n, err := q.socket.Write(q.message[q.sent:], false)
		if err == syscall.EAGAIN || err == syscall.ENOTCONN && q.isTCP {
			return true // later; over UDP the timeout repeats it
		}
		if err != nil {
			return false
		}
		q.sent += n
	}
	return true
}

// failed goes on to the next server.
func (q *question) failed() {
	q.attempt++
	q.ask()
}

// poll takes what has arrived.
func (q *question) poll() {
	for q.state == asking {
		before := q.attempt
		if q.isTCP {
			q.pollTCP()
		} else {
			q.pollUDP()
		}
		if q.state == asking && q.attempt == before {
			if q.resolver.now < q.until {
				return
			}
			q.failed()
		}
	}
}

// messagesMax bounds the wrong answers that are read at once.
const messagesMax = 16

// pollUDP reads datagrams until one is the answer.
func (q *question) pollUDP() {
	var b [udpMax]byte
	for range messagesMax {
		n, err := q.socket.Read(b[:], false)
		switch {
		case err == syscall.EAGAIN:
			return
		case err != nil:
			q.failed() // nobody listens there
			return
		}
		if q.take(b[:min(n, len(b))]) {
			return
		}
	}
}

// startTCP asks the same server again over TCP, because the answer is long
// (RFC 7766, 5).
func (q *question) startTCP() {
	server, _, ok := q.server()
	q.close()
	if !ok || !q.begin(server, socket.Stream) {
		q.failed()
		return
	}
	q.isTCP = true
	q.message = append(q.message, 0, 0)
	copy(q.message[2:], q.message)
	binary.BigEndian.PutUint16(q.message, uint16(len(q.message)-2)) // RFC 1035, 4.2.2
	q.until = q.resolver.now + tcpTimeout
	if !q.send() {
		q.failed()
	}
}

// pollTCP writes what is left and reads until the answer is whole.
func (q *question) pollTCP() {
	if !q.send() {
		q.failed()
		return
	}
	if q.sent < len(q.message) {
		return
	}
	var b [1024]byte
	for {
		n, err := q.socket.Read(b[:], false)
		if err == syscall.EAGAIN {
			return
		}
		if err != nil || n == 0 || len(q.reply)+n > tcpMax {
			q.failed()
			return
		}
		q.reply = append(q.reply, b[:n]...)
		if len(q.reply) < 2 {
			continue
		}
		size := int(binary.BigEndian.Uint16(q.reply))
		if len(q.reply) < 2+size {
			continue
		}
		if !q.take(q.reply[2 : 2+size]) {
			q.failed()
		}
		return
	}
}

// take reads a message. It is false if that is not an answer to the question.
func (q *question) take(b []byte) bool {
	r, ok := parseReply(b, q.name, q.kind, q.number)
	if !ok {
		return false
	}
	switch {
	case r.truncated && !q.isTCP:
		q.startTCP()
	case r.code == dnsmessage.RCodeNameError, r.code == dnsmessage.RCodeSuccess:
		q.answer(&r)
	default:
		q.failed() // SERVFAIL, REFUSED and the like: another may know
	}
	return true
}

// answer takes what a server knows.
func (q *question) answer(r *reply) {
	q.ttl = min(q.ttl, r.ttl)
	if len(r.addresses) == 0 && r.name != q.name && r.code == dnsmessage.RCodeSuccess && q.chain < chainMax {
		q.chain++ // an alias whose addresses the server did not add
		q.name, q.attempt = r.name, 0
		q.ask()
		return
	}
	q.close()
	q.addresses, q.state = r.addresses, answered
	q.resolver.cache.put(cacheKey{q.first, q.kind}, r.addresses, q.resolver.now, q.ttl)
}
