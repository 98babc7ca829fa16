package netstack

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

// besieged is a stack with sockets in all states, and a network that sends whatever the bytes
// of a fuzzer say.
type besieged struct {
	t       *testing.T
	clock   packettest.Clock
	pool    *packet.Pool
	device  *packettest.Device
	stack   *Stack
	sockets []socket.Socket
	listens []socket.Socket
	lookups []socket.Lookup
	sent    [][]byte // the last frames of ours, from which answers are made
	input   []byte

	heard    [][]byte // frames for the peer that means well
	vanished bool     // it is no longer there
}

// Bounds of a run.
const (
	besiegedInputMax   = 1 << 13
	besiegedSocketsMax = 32
	besiegedSentMax    = 24
)

func (b *besieged) byte() byte {
	if len(b.input) == 0 {
		return 0
	}
	c := b.input[0]
	b.input = b.input[1:]
	return c
}

func (b *besieged) number() int { return int(b.byte())<<8 | int(b.byte()) }

func newBesieged(t *testing.T, input []byte) *besieged {
	b := &besieged{t: t, pool: packettest.NewPool(2 << 20), input: input}
	b.clock.Advance(time.Second)
	options := packettest.Options{MAC: packet.MAC{2, 0, 0, 0, 0, 1}}
	if kind := b.byte(); kind&1 != 0 {
		options.Offload = packet.Offload{SendChecksum: true, SendTCP4: true, SendTCP6: true}
	} else if kind&2 != 0 {
		options.SplitBytes = 256
	}
	b.device = packettest.New(b.pool, options)
	config := abi.Network{Enabled: true, Addresses: []string{"10.0.0.1/24", "fd00::1/64"}, Gateways: []string{"10.0.0.2", "fd00::2"}, Servers: []string{"10.0.0.2"}}
	if b.byte()%8 == 0 {
		config = abi.Network{Enabled: true} // DHCP, router advertisements
	}
	b.stack = b.start(b.device, b.pool, config)
	for _, k := range []socket.Kind{socket.Stream, socket.Datagram} {
		x := open(t, b.stack, socket.IPv6, k)
		if err := x.Bind(socket.Endpoint{Port: 80}); err != nil {
			t.Fatal(err)
		}
		if k == socket.Datagram {
			b.sockets = append(b.sockets, x)
			continue
		}
		if err := x.Listen(4); err != nil {
			t.Fatal(err)
		}
		b.listens = append(b.listens, x)
	}
	if len(config.Addresses) > 0 {
		b.prepare()
	}
	return b
}

func (b *besieged) start(d packet.Device, pool *packet.Pool, config abi.Network) *Stack {
	s, err := New(Machine{Device: d, Pool: pool, Random: newRandom(7), Now: b.clock.Now, Config: config})
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// prepare makes connections in all states with a peer that means well, and vanishes.
func (b *besieged) prepare() {
	pool := packettest.NewPool(1 << 20)
	device := packettest.New(pool, packettest.Options{MAC: packet.MAC{2, 0, 0, 0, 0, 2}})
	peer := b.start(device, pool, abi.Network{Enabled: true, Addresses: []string{"10.0.0.2/24", "fd00::2/64"}})
	exchange := func() {
		for range 20 {
			b.pass(time.Millisecond)
			for _, f := range b.heard {
				device.Inject(f)
			}
			b.heard = nil
			peer.Poll()
			for _, f := range device.Sent() {
				b.device.Inject(f)
			}
		}
	}
	l := open(b.t, peer, socket.IPv6, socket.Stream)
	check := func(err error) {
		if err != nil {
			b.t.Fatal(err)
		}
	}
	check(errors.Join(l.Bind(socket.Endpoint{Port: 81}), l.Listen(16)))
	var ours, theirs []socket.Socket
	for i := range 8 {
		x := open(b.t, b.stack, socket.IPv6, socket.Stream)
		to := endpoint(b.t, []string{"10.0.0.2", "fd00::2"}[i%2], 81)
		if err := x.Connect(to); err != syscall.EINPROGRESS {
			b.t.Fatal(err)
		}
		exchange()
		y, err := l.Accept()
		check(err)
		ours, theirs = append(ours, x), append(theirs, y)
	}
	shut := func(x socket.Socket) { check(x.Shutdown(socket.ShutdownWrite)) }
	write := func(x socket.Socket) {
		_, err := x.Write(make([]byte, 20_000), false)
		check(err)
	}
	write(theirs[0])                    // ESTABLISHED, to be read
	shut(ours[2])                       // FIN-WAIT-2
	shut(theirs[4])                     // CLOSE-WAIT
	shut(theirs[5])                     // to LAST-ACK
	shut(ours[7])                       // TIME-WAIT
	shut(theirs[7])                     //
	inward := b.connectInward(peer, 80) // ESTABLISHED, to be accepted
	exchange()
	write(ours[1]) // ESTABLISHED, to be acknowledged
	shut(ours[3])  // FIN-WAIT-1
	shut(ours[5])  // LAST-ACK
	shut(ours[6])  // CLOSING: what they send crosses ours
	shut(theirs[6])
	half := b.connectInward(peer, 80) // SYN-RECEIVED
	peer.Poll()
	for _, f := range device.Sent() {
		b.device.Inject(f)
	}
	b.pass(0)
	b.heard, b.vanished = nil, true
	b.sockets = append(b.sockets, ours...)
	for _, x := range append(theirs, inward, half) {
		_ = x.SetOption(socket.OptionLinger, 0)
		x.Close()
	}
}

// connectInward lets the peer connect to us.
func (b *besieged) connectInward(peer *Stack, port uint16) socket.Socket {
	x := open(b.t, peer, socket.IPv4, socket.Stream)
	if err := x.Connect(socket.Endpoint{Address: socket.FromIPv4([4]byte{10, 0, 0, 1}), Port: port}); err != syscall.EINPROGRESS {
		b.t.Fatal(err)
	}
	return x
}

// frame sends one frame: made of nothing, an answer to a frame of ours, or one again.
func (b *besieged) frame() {
	var f []byte
	switch kind := b.byte(); {
	case kind%4 == 0 || len(b.sent) == 0:
		f = b.made()
	default:
		f = answerTo(b.sent[int(kind>>2)%len(b.sent)], b.byte())
	}
	for n := int(b.byte() % 8); n > 4; n-- { // bytes are wrong
		if at := b.number(); len(f) > 0 {
			f[at%min(len(f), 128)] = b.byte()
		}
	}
	if b.byte()%8 == 0 && len(f) > 0 {
		f = f[:b.number()%len(f)]
	}
	if b.byte()%16 != 0 {
		repairChecksums(f)
	}
	r := packet.Received{Bytes: f}
	if b.byte()%16 == 0 {
		r.ChecksumGood, r.SegmentBytes = true, uint16(b.number())
	}
	b.device.InjectReceived(r)
}

// made is a frame with a header of Ethernet, perhaps of IP, and bytes of the fuzzer.
func (b *besieged) made() []byte {
	f := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}
	kind := b.byte()
	if kind&8 != 0 {
		copy(f, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	}
	switch kind % 4 {
	case 0:
		f[13] = 6 // ARP
		f = append(f, 0, 1, 8, 0, 6, 4, 0, b.byte()%4, 2, 0, 0, 0, 0, 2, 10, 0, 0, b.byte(), 2, 0, 0, 0, 0, 1, 10, 0, 0, 1)
	case 1, 2:
		f = append(f, 0x45, 0, 0, 0, 0, b.byte(), b.byte()&0x3f, b.byte(), 64, [...]byte{1, 6, 17, b.byte()}[b.byte()%4], 0, 0, 10, 0, 0, b.byte(), 10, 0, 0, 1)
	case 3:
		f[12], f[13] = 0x86, 0xdd
		f = append(f, 0x60, 0, 0, 0, 0, 0, [...]byte{58, 6, 17, 44, 0, 43, 60, b.byte()}[b.byte()%8], 255)
		from, to := [16]byte{0: 0xfe, 1: 0x80, 15: 2}, [16]byte{0: 0xfd, 15: 1}
		f = append(append(f, from[:]...), to[:]...)
	}
	for n := int(b.byte()); n > 0; n-- {
		f = append(f, b.byte())
	}
	return f
}

// answerTo turns a frame around, so that it belongs to a connection, a question or a neighbor of ours.
func answerTo(sent []byte, how byte) []byte {
	f := append([]byte(nil), sent...)
	if len(f) < 14 {
		return f
	}
	copy(f[6:12], []byte{2, 0, 0, 0, 0, 2})
	copy(f, []byte{2, 0, 0, 0, 0, 1})
	at := 0
	switch {
	case f[12] == 8 && f[13] == 6 && len(f) >= 42: // ARP: the answer
		f[21] = 2
		copy(f[32:42], sent[22:32])
		copy(f[28:32], sent[38:42])
		copy(f[22:28], []byte{2, 0, 0, 0, 0, 2})
		return f
	case f[12] == 8 && f[13] == 0 && len(f) >= 34:
		copy(f[26:30], sent[30:34])
		copy(f[30:34], sent[26:30])
		at = 34
	case f[12] == 0x86 && len(f) >= 54:
		copy(f[22:38], sent[38:54])
		copy(f[38:54], sent[22:38])
		at = 54
	default:
		return f
	}
	if len(f) < at+8 {
		return f
	}
	copy(f[at:at+2], sent[at+2:at+4])
	copy(f[at+2:at+4], sent[at:at+2])
	if len(f) < at+20 || sent[at-1] == 0 {
		return f
	}
	copy(f[at+4:at+8], sent[at+8:at+12]) // TCP: what they expect is what we send
	ack := binary.BigEndian.Uint32(sent[at+4:]) + uint32(how&1)
	if how&2 != 0 {
		ack += uint32(len(sent) - at - 20)
	}
	binary.BigEndian.PutUint32(f[at+8:], ack)
	if len(f) >= at+32 && f[at+20] == 1 && f[at+22] == 8 { // time stamps
		copy(f[at+24:at+28], sent[at+28:at+32])
		copy(f[at+28:at+32], sent[at+24:at+28])
	}
	f[at+13] = [...]byte{0x10, 0x12, 0x11, 0x18, 0x14, 0x04, 0x02, 0x10}[how>>2%8]
	return f
}

// repairChecksums makes lengths and checksums right, so that what is behind them is reached.
func repairChecksums(f []byte) {
	if len(f) < 34 {
		return
	}
	be := binary.BigEndian
	at, protocol, sum := 0, byte(0), uint64(0)
	switch {
	case f[12] == 8 && f[13] == 0:
		at, protocol = 34, f[23]
		be.PutUint16(f[16:], uint16(len(f)-14))
		be.PutUint16(f[24:], 0)
		be.PutUint16(f[24:], ^header.Fold(header.Sum(f[14:34], 0)))
		sum = header.Sum(f[26:34], 0)
	case f[12] == 0x86 && len(f) >= 54:
		at, protocol = 54, f[20]
		be.PutUint16(f[18:], uint16(len(f)-54))
		sum = header.Sum(f[22:54], 0)
	default:
		return
	}
	place, ok := map[byte]int{1: 2, 6: 16, 17: 6, 58: 2}[protocol]
	if !ok || len(f) < at+place+2 {
		return
	}
	if protocol == 17 && len(f) >= at+6 {
		be.PutUint16(f[at+4:], uint16(len(f)-at))
	}
	if protocol == 1 {
		sum = 0
	} else {
		sum += uint64(protocol) + uint64(len(f)-at)
	}
	be.PutUint16(f[at+place:], 0)
	be.PutUint16(f[at+place:], ^header.Fold(header.Sum(f[at:], sum)))
}

// call is what the program does.
func (b *besieged) call() {
	kind := b.byte()
	if kind%8 == 0 {
		b.opened()
		return
	}
	for _, l := range b.listens {
		if x, err := l.Accept(); err == nil {
			b.sockets = append(b.sockets, x)
		}
	}
	if len(b.sockets) == 0 {
		return
	}
	i := int(kind>>3) % len(b.sockets)
	x := b.sockets[i]
	// Errors are as good as results here: what counts is that nothing breaks or leaks.
	switch kind % 8 {
	case 1:
		_, _ = x.Write(make([]byte, b.number()), b.byte()%2 == 0)
	case 2:
		_, _, _ = x.Receive(make([]byte, b.number()), b.byte()%2 == 0)
	case 3:
		_ = x.Shutdown(socket.Shutdown(1 + b.byte()%3))
	case 4:
		_ = x.SetOption(socket.Option(b.byte()%14), int64(b.byte())<<(b.byte()%40))
	case 5:
		_ = x.Send(make([]byte, b.number()), socket.Endpoint{Address: socket.FromIPv4([4]byte{10, 0, 0, b.byte()}), Port: 80})
	case 6:
		_, _ = x.Option(socket.OptionError)
		x.SetTag(uint32(b.byte()))
	case 7:
		x.Close()
		b.sockets = append(b.sockets[:i:i], b.sockets[i+1:]...)
	}
}

// opened opens a socket that connects, or asks for a name.
func (b *besieged) opened() {
	to := socket.Endpoint{Address: socket.FromIPv4([4]byte{10, 0, 0, 2}), Port: 80}
	kind := b.byte()
	if kind&1 != 0 {
		to.Address = socket.Address{0: 0xfd, 15: 2}
	}
	if kind&6 == 0 {
		if l, err := b.stack.Lookup("name.example", socket.Unspecified); err == nil {
			b.lookups = append(b.lookups, l)
		}
		return
	}
	if len(b.sockets) >= besiegedSocketsMax {
		return
	}
	x, err := b.stack.Open(socket.IPv6, socket.Kind(kind>>3&1))
	if err != nil {
		b.t.Fatal(err)
	}
	_ = x.Connect(to) // without an address there is no route
	b.sockets = append(b.sockets, x)
}

// pass lets time pass and keeps what the stack has sent.
func (b *besieged) pass(d time.Duration) {
	b.clock.Advance(d)
	for b.stack.Poll() {
	}
	for _, f := range b.device.Sent() {
		b.remember(f)
		if !b.vanished {
			b.heard = append(b.heard, f)
		}
	}
}

// name returns the ports of a frame of TCP, or nothing.
func name(f []byte) string {
	switch {
	case len(f) >= 54 && f[12] == 8 && f[13] == 0 && f[23] == 6:
		return string(f[34:38])
	case len(f) >= 74 && f[12] == 0x86 && f[20] == 6:
		return string(f[54:58])
	}
	return ""
}

// remember keeps the last frame of each connection, and the last ones of others.
func (b *besieged) remember(f []byte) {
	for i, other := range b.sent {
		if name(f) != "" && name(f) == name(other) {
			b.sent[i] = f
			return
		}
	}
	b.sent = append(b.sent, f)
	b.sent = b.sent[max(0, len(b.sent)-besiegedSentMax):]
}

// run does what the bytes say, then closes all, and wants nothing to be left.
func (b *besieged) run() {
	for len(b.input) > 0 {
		switch b.byte() % 8 {
		case 0, 1:
			b.call()
		case 2:
			b.pass(time.Duration(b.number()) * 100 * time.Microsecond)
		default:
			b.frame()
		}
		b.pass(0)
	}
	for _, x := range append(b.sockets, b.listens...) {
		_ = x.SetOption(socket.OptionLinger, -1)
		x.Close()
	}
	for _, l := range b.lookups {
		l.Close()
	}
	for range 300 { // timeouts of retransmission, reassembly and of neighbors
		b.pass(2 * time.Second)
	}
	if used := b.pool.Used(); used != 0 {
		b.t.Errorf("%d chunks are held when all is closed", used)
	}
	if n := b.stack.tcp.Connections(); n != 0 {
		b.t.Errorf("%d connections are there when all is closed", n)
	}
	if free := b.device.Free(); free != 256 {
		b.t.Errorf("%d of 256 frames of the device are free", free)
	}
}

// FuzzFrames sends hostile frames to a stack with sockets in all states. Nothing may panic,
// and nothing may be held when all is closed.
func FuzzFrames(f *testing.F) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 21))
		b := make([]byte, 2000)
		for i := range b {
			b[i] = byte(r.Uint32() >> (r.Uint32() % 8))
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > besiegedInputMax {
			return
		}
		newBesieged(t, input).run()
	})
}
