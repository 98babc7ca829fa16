package tcp

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/netstack/ip"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// Scripts in testdata say what goes in and what must come out, one event a line:
//
//	set NAME VALUE           mtu, offload (all, none), family (4, 6), pool (chunks), room (frames, -1: any)
//	listen [BACKLOG]         at port 80
//	handshake [plain|ts] [WIN]   listen, be connected to and accept; without time stamps, or without any option
//	                         but MSS, or with all; the window of the peer
//	connect                  to port 80
//	accept | accept none
//	write N [more] [-> N | -> ERRNO]
//	read N -> N | end | ERRNO
//	peek N -> N
//	shutdown read|write, close, abort, unlisten
//	error ERRNO|0
//	option NAME VALUE
//	ready [r][w][h] | -      readiness of the connection
//	chunks N                 held of the pool
//	state NAME
//	icmp FAILURE SEQ | mtu N SEQ
//	drop N                   N segments were sent, whatever they are
//	+T < SEGMENT             a segment comes, and the Poll ends; "<<": the Poll goes on
//	+T > SEGMENT             this is sent then (within 10 ms), and nothing else before
//	+T                       nothing happens for so long
//
// SEGMENT is [@PORT] FLAGS SEQ:END(BYTES) [ack N] [win N] [<OPTIONS>] with flags S F R P and . for ACK. Numbers
// count from the initial sequence number of their side. OPTIONS are mss N, wscale N, sackOK, ts VALUE ECHO and
// sack A:B ...; of what is sent, options are compared only if the line has some; "ts * N" compares the echo only.
// In what comes the echo "last" is the value that we sent last. Seconds may have fractions.

var update = flag.Bool("update", false, "write testdata/RULES.md anew")

const (
	peerBase  = 0x1000_0000 // initial sequence number of the peer
	peerPort  = 5000
	tolerance = 10 * time.Millisecond
)

type script struct {
	t        *testing.T
	name     string
	line     int
	layer    *layer
	engine   *Engine
	time     time.Duration // of the script
	six      bool
	listener *Listener
	conn     *Conn
	sign     readySign
	out      []output
	iss      uint32 // ours
	issKnown bool
	lastTS   uint32
	port     uint16 // of the peer
	ours     uint16
	writeAt  uint32
	readAt   uint32
	arrived  uint32
}

// output is a segment that was sent.
type output struct {
	at     time.Duration
	packet []byte
}

func TestScripts(t *testing.T) {
	names, err := filepath.Glob("testdata/*.script")
	if err != nil || len(names) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var rules []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		rule, ok := strings.CutPrefix(first, "# ")
		if !ok {
			t.Errorf("%s: the first line says no rule", name)
		}
		rules = append(rules, fmt.Sprintf("| %s | `%s` |", rule, filepath.Base(name)))
		t.Run(strings.TrimSuffix(filepath.Base(name), ".script"), func(t *testing.T) { runScript(t, name, string(text)) })
	}
	slices.Sort(rules)
	table := "# Rules and the scripts that hold them\n\nWritten by `go test -run TestScripts -update`.\n\n| rule | script |\n|---|---|\n" + strings.Join(rules, "\n") + "\n"
	if *update {
		if err := os.WriteFile("testdata/RULES.md", []byte(table), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, _ := os.ReadFile("testdata/RULES.md"); string(have) != table {
		t.Error("testdata/RULES.md is not what the scripts say: run with -update")
	}
}

func runScript(t *testing.T, name, text string) {
	s := &script{t: t, name: name, port: peerPort}
	s.start(1 << 20)
	for _, line := range strings.Split(text, "\n") {
		s.line++
		if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) != "" {
			s.run(strings.Fields(line))
		}
	}
	s.quiet()
}

func (s *script) start(poolBytes int) {
	s.layer, s.engine = newLayer(s.t, 1, poolBytes)
	s.time = s.layer.now
	s.layer.sent = func(p []byte, r *ip.Route) {
		s.out = append(s.out, output{s.layer.now, bytes.Clone(p)})
	}
}

func (s *script) fatalf(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("%s:%d: %s\n%s", s.name, s.line, fmt.Sprintf(format, args...), dump(s.conn))
}

func (s *script) number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		s.fatalf("%q is no number", text)
	}
	return n
}

func (s *script) run(w []string) {
	if !strings.HasPrefix(w[0], "+") {
		if w[0] == "drop" {
			if n := s.number(w[1]); n != len(s.out) {
				s.fatalf("%d segments were sent", len(s.out))
			}
			s.out = nil
		}
		s.quiet()
		s.call(w)
		return
	}
	seconds, err := strconv.ParseFloat(w[0][1:], 64)
	if err != nil {
		s.fatalf("%q is no time", w[0])
	}
	s.time += time.Duration(seconds * float64(time.Second))
	if len(w) > 1 && w[1] == ">" {
		s.expect(w[2:])
		return
	}
	s.quiet()
	s.advance(s.time)
	s.quiet()
	if len(w) > 1 {
		s.engine.Input(received(s.build(w[2:])))
		if w[1] == "<" {
			s.engine.EndPoll(s.layer.now)
		}
	}
}

// quiet checks that nothing was sent that the script does not say.
func (s *script) quiet() {
	s.t.Helper()
	if len(s.out) > 0 {
		s.fatalf("sent unexpectedly: %s at %+.3f", s.show(s.out[0].packet), (s.out[0].at - s.time).Seconds())
	}
}

// advance lets the time pass, until something is sent.
func (s *script) advance(to time.Duration) {
	for len(s.out) == 0 {
		next := s.engine.Deadline()
		if next > to {
			break
		}
		s.layer.now = max(s.layer.now, next)
		s.engine.EndPoll(s.layer.now)
	}
	if len(s.out) == 0 {
		s.layer.now = max(s.layer.now, to)
		s.engine.EndPoll(s.layer.now)
	}
}

func (s *script) expect(w []string) {
	if len(s.out) == 0 {
		s.advance(s.time + tolerance)
	}
	if len(s.out) == 0 {
		s.fatalf("nothing is sent, want %s", strings.Join(w, " "))
	}
	o := s.out[0]
	s.out = s.out[1:]
	if late := o.at - s.time; late < -tolerance || late > tolerance {
		s.fatalf("%s is sent %+.3f s off", s.show(o.packet), late.Seconds())
	}
	s.compare(o.packet, w)
}

// errnos are the names that scripts use.
var errnos = map[string]syscall.Errno{
	"EAGAIN": syscall.EAGAIN, "ECONNRESET": syscall.ECONNRESET, "ECONNREFUSED": syscall.ECONNREFUSED, "EPIPE": syscall.EPIPE,
	"ETIMEDOUT": syscall.ETIMEDOUT, "ENOTCONN": syscall.ENOTCONN, "EHOSTUNREACH": syscall.EHOSTUNREACH, "ENOBUFS": syscall.ENOBUFS,
}

// outcome checks the result of a call against "-> N" or "-> ERRNO" at the end of a line.
func (s *script) outcome(w []string, n int, err error, expected string) {
	for i, word := range w {
		if word == "->" {
			expected = w[i+1]
		}
	}
	have := strconv.Itoa(n)
	if err != nil {
		have = "error " + err.Error()
		for name, errno := range errnos {
			if err == errno {
				have = name
			}
		}
	}
	if have != expected {
		s.fatalf("%s gives %s", strings.Join(w, " "), have)
	}
}

// pattern is byte i of what either side writes.
func pattern(i uint32) byte { return byte(i*7 + i>>8) }

func (s *script) call(w []string) {
	switch w[0] {
	case "handshake":
		s.handshake(w[1:])
	case "drop":
	case "set":
		s.set(w[1], w[2])
	case "listen", "connect", "accept", "unlisten":
		s.open(w)
	case "write":
		b := make([]byte, s.number(w[1]))
		for i := range b {
			b[i] = pattern(s.writeAt + uint32(i))
		}
		n, err := s.conn.Write(b, len(w) > 2 && w[2] == "more")
		s.writeAt += uint32(n)
		s.outcome(w, n, err, w[1])
	case "read", "peek":
		s.read(w)
	case "shutdown":
		s.outcome(w, 0, s.conn.Shutdown(map[string]socket.Shutdown{"read": socket.ShutdownRead, "write": socket.ShutdownWrite}[w[1]]), "0")
	case "close":
		s.conn.Close()
	case "abort":
		s.conn.Abort()
	case "error":
		err := s.conn.Error()
		if want := errnos[w[1]]; want == 0 && err != nil || want != 0 && err != want {
			s.fatalf("error is %v", err)
		}
	case "option":
		s.option(w)
	case "ready", "chunks", "state", "connections":
		s.check(w)
	case "icmp", "mtu":
		s.icmp(w)
	default:
		s.fatalf("no such command: %s", w[0])
	}
}

func (s *script) set(name, value string) {
	switch name {
	case "mtu":
		s.layer.mtu = uint16(s.number(value))
	case "offload":
		s.layer.offload = map[string]packet.Offload{"all": fullOffload, "none": {}}[value]
		s.engine.offload = s.layer.offload
	case "family":
		s.six = value == "6"
	case "pool":
		s.start(s.number(value) * packet.ChunkBytes)
	case "room":
		s.layer.room = s.number(value)
	case "poll":
		s.engine.EndPoll(s.layer.now)
	default:
		s.fatalf("no such setting: %s", name)
	}
}

func (s *script) handshake(w []string) {
	syn, answer, ack, window := "<mss 1460,sackOK,wscale 0>", "<mss 1460,wscale 7,sackOK>", "", "65535"
	for _, word := range w {
		switch word {
		case "plain":
			syn, answer = "<mss 1460>", "<mss 1460>"
		case "ts":
			syn, answer, ack = "<mss 1460,sackOK,wscale 0,ts 100 0>", "<mss 1460,wscale 7,sackOK,ts * 100>", "<ts 101 last>"
		default:
			window = word
		}
	}
	for _, line := range []string{
		"listen", "+0 < S 0:0(0) win " + window + " " + syn, "+0 > S. 0:0(0) ack 1 win 65535 " + answer,
		"+0 < . 1:1(0) ack 1 win " + window + " " + ack, "accept", "ready w",
	} {
		s.run(strings.Fields(line))
	}
}

// addresses are ours and the peer's.
func (s *script) addresses() (ours, theirs socket.Address) {
	if s.six {
		return v6(1), v6(2)
	}
	return v4(10, 0, 0, 1), v4(10, 0, 0, 2)
}

func (s *script) open(w []string) {
	var err error
	switch w[0] {
	case "listen":
		backlog := 16
		if len(w) > 1 {
			backlog = s.number(w[1])
		}
		s.ours = 80
		s.listener, err = s.engine.Listen(socket.Endpoint{Port: 80}, socket.IPv6, false, backlog, nil)
	case "unlisten":
		s.listener.Close()
	case "connect":
		_, theirs := s.addresses()
		s.port = 80
		s.conn, err = s.engine.Connect(socket.Endpoint{}, socket.Endpoint{Address: theirs, Port: 80}, &s.sign)
		if err == nil {
			s.ours = s.conn.Local().Port
		}
	case "accept":
		if len(w) > 1 {
			if _, err := s.listener.Accept(); err != syscall.EAGAIN {
				s.fatalf("accept gives %v, want EAGAIN", err)
			}
			return
		}
		s.conn, err = s.listener.Accept()
		if err == nil {
			s.conn.Watch(&s.sign)
		}
		s.readAt, s.writeAt = 0, 0
	}
	if err != nil {
		s.fatalf("%s: %v", w[0], err)
	}
}

func (s *script) read(w []string) {
	b := make([]byte, s.number(w[1]))
	n, err := s.conn.Read(b, w[0] == "peek")
	for i := range n {
		if b[i] != pattern(s.readAt+uint32(i)) {
			s.fatalf("byte %d of the stream is %#x, want %#x", s.readAt+uint32(i), b[i], pattern(s.readAt+uint32(i)))
		}
	}
	if w[0] == "read" {
		s.readAt += uint32(n)
	}
	s.outcome(w, n, err, w[1])
}

var scriptOptions = map[string]socket.Option{
	"nodelay": socket.OptionNoDelay, "keepalive": socket.OptionKeepAlive, "idle": socket.OptionKeepAliveIdle,
	"interval": socket.OptionKeepAliveInterval, "count": socket.OptionKeepAliveCount, "linger": socket.OptionLinger,
	"sndbuf": socket.OptionSendBuffer, "rcvbuf": socket.OptionReceiveBuffer,
}

// option sets an option and reads it back. Times are in seconds.
func (s *script) option(w []string) {
	o, v := scriptOptions[w[1]], int64(s.number(w[2]))
	if o == socket.OptionKeepAliveIdle || o == socket.OptionKeepAliveInterval || o == socket.OptionLinger && v > 0 {
		v *= int64(time.Second)
	}
	if err := s.conn.SetOption(o, v); err != nil {
		s.fatalf("SetOption: %v", err)
	}
	if have, err := s.conn.Option(o); have != v || err != nil {
		s.fatalf("option is %d, %v, want %d", have, err, v)
	}
}

func (s *script) check(w []string) {
	switch w[0] {
	case "ready":
		want := socket.Readiness(0)
		for i, letter := range "rwh" {
			if strings.ContainsRune(w[1], letter) {
				want |= 1 << i
			}
		}
		if s.sign.now != want {
			s.fatalf("readiness is %03b, want %03b (h w r)", s.sign.now, want)
		}
	case "chunks":
		if n := s.engine.pool.Used(); n != s.number(w[1]) {
			s.fatalf("%d chunks are held", n)
		}
	case "connections":
		if n := s.engine.Connections(); n != s.number(w[1]) {
			s.fatalf("%d connections", n)
		}
	case "state":
		names := []string{"closed", "syn-sent", "syn-received", "established", "fin-wait-1", "fin-wait-2", "close-wait", "closing", "last-ack"}
		if have := names[s.conn.state]; have != w[1] {
			s.fatalf("state is %s", have)
		}
	}
}

func (s *script) icmp(w []string) {
	quoted := make([]byte, 8)
	binary.BigEndian.PutUint16(quoted, s.ours)
	binary.BigEndian.PutUint16(quoted[2:], s.port)
	binary.BigEndian.PutUint32(quoted[4:], s.iss+uint32(s.number(w[2])))
	ours, theirs := s.addresses()
	if w[0] == "mtu" {
		s.engine.PathMTU(ours, theirs, quoted, uint16(s.number(w[1])))
		return
	}
	failures := map[string]ip.Failure{"net": ip.NetUnreachable, "protocol": ip.ProtocolUnreachable, "port": ip.PortUnreachable, "prohibited": ip.Prohibited, "time": ip.TimeExceeded, "neighbor": ip.NeighborUnreachable}
	f, ok := failures[w[1]]
	if !ok {
		s.fatalf("no such failure: %s", w[1])
	}
	s.engine.Failed(ours, theirs, quoted, f)
}

// wire is a segment as a script writes it.
type wire struct {
	port       uint16
	flags      uint8
	seq, end   uint32
	bytes      int
	ack        uint32
	window     int // -1: not said
	hasOptions bool
	mss, scale int // -1: none
	sackOK, ts bool
	value      string
	echo       string
	sack       []span
}

func (s *script) parse(w []string) (x wire) {
	x.window, x.mss, x.scale, x.port = -1, -1, -1, s.port
	if strings.HasPrefix(w[0], "@") {
		x.port = uint16(s.number(w[0][1:]))
		w = w[1:]
	}
	for _, letter := range w[0] {
		x.flags |= map[rune]uint8{'S': flagSYN, 'F': flagFIN, 'R': flagRST, 'P': flagPSH, '.': flagACK}[letter]
	}
	var bytes uint32
	if n, _ := fmt.Sscanf(w[1], "%d:%d(%d)", &x.seq, &x.end, &bytes); n != 3 || x.end-x.seq != bytes {
		s.fatalf("%q is not SEQ:END(BYTES)", w[1])
	}
	x.bytes = int(bytes)
	for w = w[2:]; len(w) > 0 && !strings.HasPrefix(w[0], "<"); w = w[2:] {
		switch w[0] {
		case "ack":
			x.ack = uint32(s.number(w[1]))
		case "win":
			x.window = s.number(w[1])
		default:
			s.fatalf("%q in a segment", w[0])
		}
	}
	if options := strings.Trim(strings.Join(w, " "), "<>"); len(w) > 0 {
		x.hasOptions = true
		for _, o := range strings.Split(options, ",") {
			s.parseOption(&x, strings.Fields(o))
		}
	}
	return x
}

func (s *script) parseOption(x *wire, o []string) {
	if len(o) == 0 {
		return
	}
	switch o[0] {
	case "mss":
		x.mss = s.number(o[1])
	case "wscale":
		x.scale = s.number(o[1])
	case "sackOK":
		x.sackOK = true
	case "ts":
		x.ts, x.value, x.echo = true, o[1], o[2]
	case "sack":
		for _, b := range o[1:] {
			var r span
			if n, _ := fmt.Sscanf(b, "%d:%d", &r.start, &r.end); n != 2 {
				s.fatalf("%q is no range", b)
			}
			x.sack = append(x.sack, r)
		}
	default:
		s.fatalf("no such option: %s", o[0])
	}
}

// build makes the packet of a segment that comes.
func (s *script) build(w []string) []byte {
	be := binary.BigEndian
	x := s.parse(w)
	var o []byte
	if x.mss >= 0 {
		o = append(o, 2, 4, byte(x.mss>>8), byte(x.mss))
	}
	if x.scale >= 0 {
		o = append(o, 1, 3, 3, byte(x.scale))
	}
	if x.sackOK {
		o = append(o, 1, 1, 4, 2)
	}
	if x.ts {
		echo := s.lastTS
		if x.echo != "last" {
			echo = uint32(s.number(x.echo))
		}
		o = append(o, 1, 1, 8, 10)
		o = be.AppendUint32(o, uint32(s.number(x.value)))
		o = be.AppendUint32(o, echo)
	}
	if len(x.sack) > 0 {
		o = append(o, 1, 1, 5, byte(2+8*len(x.sack)))
		for _, r := range x.sack {
			o = be.AppendUint32(o, s.iss+r.start)
			o = be.AppendUint32(o, s.iss+r.end)
		}
	}
	ours, theirs := s.addresses()
	t := make([]byte, 20, 20+len(o)+x.bytes)
	be.PutUint16(t, x.port)
	be.PutUint16(t[2:], s.ours)
	be.PutUint32(t[4:], peerBase+x.seq)
	if x.flags&flagACK != 0 {
		be.PutUint32(t[8:], s.iss+x.ack)
	}
	t[12], t[13] = byte((20+len(o))/4<<4), x.flags
	be.PutUint16(t[14:], uint16(max(x.window, 0)))
	if x.window < 0 {
		be.PutUint16(t[14:], 8192)
	}
	t = append(t, o...)
	for i := range x.bytes {
		t = append(t, pattern(x.seq-1+uint32(i)))
	}
	sum := header.Sum(t, pseudo(&theirs, &ours)+uint64(len(t)))
	be.PutUint16(t[16:], ^header.Fold(sum))
	h := make([]byte, 40)
	h[0] = 0x60
	copy(h[8:], theirs[:])
	copy(h[24:], ours[:])
	if !s.six {
		h = h[:20]
		h[0] = 0x45
		copy(h[12:], theirs[12:])
		copy(h[16:], ours[12:])
	}
	return append(h, t...)
}

// read takes a packet that was sent apart.
func (s *script) wire(b []byte) (x wire, payload []byte) {
	be := binary.BigEndian
	t := b[20:]
	if b[0]>>4 == 6 {
		t = b[40:]
	}
	p := received(b)
	if !checksumHolds(p) {
		s.fatalf("wrong checksum in % x", t)
	}
	if be.Uint16(t) != s.ours {
		s.fatalf("sent from port %d, want %d", be.Uint16(t), s.ours)
	}
	x.port, x.flags = be.Uint16(t[2:]), t[13]
	if x.flags&flagSYN != 0 && !s.issKnown {
		s.iss, s.issKnown = be.Uint32(t[4:]), true
	}
	length := int(t[12]>>4) * 4
	payload = t[length:]
	x.bytes = len(payload)
	x.seq = be.Uint32(t[4:]) - s.iss
	if !s.issKnown {
		x.seq = be.Uint32(t[4:])
	}
	x.end = x.seq + uint32(x.bytes)
	if x.flags&flagACK != 0 {
		x.ack = be.Uint32(t[8:]) - peerBase
	}
	x.window, x.mss, x.scale = int(be.Uint16(t[14:])), -1, -1
	for o := t[20:length]; len(o) > 0; {
		if o[0] == 1 {
			o = o[1:]
			continue
		}
		switch o[0] {
		case 2:
			x.mss = int(be.Uint16(o[2:]))
		case 3:
			x.scale = int(o[2])
		case 4:
			x.sackOK = true
		case 5:
			for b := o[2:o[1]]; len(b) > 0; b = b[8:] {
				x.sack = append(x.sack, span{be.Uint32(b) - peerBase, be.Uint32(b[4:]) - peerBase})
			}
		case 8:
			x.ts, x.value, x.echo = true, strconv.Itoa(int(be.Uint32(o[2:]))), strconv.Itoa(int(be.Uint32(o[6:])))
			s.lastTS = be.Uint32(o[2:])
		default:
			s.fatalf("option %d is sent", o[0])
		}
		o = o[o[1]:]
	}
	return x, payload
}

func (x wire) String() string {
	letters := ""
	for i, l := range "FSRP." {
		if x.flags&(1<<i) != 0 {
			letters += string(l)
		}
	}
	text := fmt.Sprintf("@%d %s %d:%d(%d) ack %d win %d <mss %d,wscale %d,sackOK %v,ts %v %s %s,sack", x.port, letters, x.seq, x.end, x.bytes, x.ack, x.window, x.mss, x.scale, x.sackOK, x.ts, x.value, x.echo)
	for _, r := range x.sack {
		text += fmt.Sprintf(" %d:%d", r.start, r.end)
	}
	return text + ">"
}

func (s *script) show(b []byte) string {
	x, _ := s.wire(b)
	return x.String()
}

// compare checks what was sent against a line.
func (s *script) compare(b []byte, w []string) {
	have, payload := s.wire(b)
	want := s.parse(w)
	shown := have.String()
	if want.window < 0 {
		want.window = have.window
	}
	if want.hasOptions && want.value == "*" {
		want.value = have.value
	}
	if !want.hasOptions {
		want.mss, want.scale, want.sackOK, want.ts, want.value, want.echo, want.sack = have.mss, have.scale, have.sackOK, have.ts, have.value, have.echo, have.sack
	}
	want.hasOptions = false
	if have.String() != want.String() {
		s.fatalf("sent %s\n want %s", shown, want)
	}
	for i, v := range payload {
		if v != pattern(have.seq-1+uint32(i)) {
			s.fatalf("byte %d of %s is wrong", i, shown)
		}
	}
}
