package ip

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

type seeded struct{ *rand.ChaCha8 }

func (s seeded) Fill(p []byte) { s.Read(p) }

// upper is a Handler that notes what it gets.
type upper struct{ got []string }

func (u *upper) Input(p *Packet) {
	data := slices.Clone(p.Payload)
	for _, b := range p.More {
		data = append(data, b...)
	}
	if len(data) != p.Bytes {
		u.got = append(u.got, fmt.Sprintf("%d bytes of %d", len(data), p.Bytes))
		return
	}
	text := hex.EncodeToString(data)
	if len(data) > 32 {
		text = fmt.Sprintf("%d bytes, sum %x", len(data), packettest.Checksum(data))
	}
	u.got = append(u.got, fmt.Sprintf("%d from %s to %s group %t: %s", p.Protocol,
		header.FormatAddress(p.Source), header.FormatAddress(p.Destination), p.Group, text))
}

func (u *upper) Failed(local, remote socket.Address, quoted []byte, f Failure) {
	u.got = append(u.got, fmt.Sprintf("failure %d about %s to %s: %x", f, header.FormatAddress(local), header.FormatAddress(remote), quoted[:8]))
}

func (u *upper) PathMTU(local, remote socket.Address, quoted []byte, mtu uint16) {
	u.got = append(u.got, fmt.Sprintf("MTU %d to %s", mtu, header.FormatAddress(remote)))
}

// rig is a layer on a device.
type rig struct {
	*testing.T
	*Layer
	device *packettest.Device
	pool   *packet.Pool
	up     upper
	notes  []string
}

func (r *rig) AddressReady(a socket.Address) {
	r.notes = append(r.notes, "ready "+header.FormatAddress(a))
}
func (r *rig) AddressTaken(a socket.Address) {
	r.notes = append(r.notes, "taken "+header.FormatAddress(a))
}
func (r *rig) Log(text string) { r.notes = append(r.notes, text) }

var (
	ourMAC  = packet.MAC{2, 0, 0, 0, 0, 1}
	peerMAC = packet.MAC{2, 0, 0, 0, 0, 2}
)

func at(text string) socket.Address {
	a, ok := header.ParseAddress(text)
	if !ok {
		panic(text)
	}
	return a
}

func prefix(text string) header.Prefix {
	p, ok := header.ParsePrefix(text)
	if !ok {
		panic(text)
	}
	return p
}

// newRig has 10.0.0.1/24 and fd00::1/64, and knows 10.0.0.2 and fd00::2, which are
// also gateways.
func newRig(t *testing.T, o packettest.Options) *rig {
	r := bareRig(t, o)
	for _, p := range []string{"10.0.0.1/24", "fd00::1/64"} {
		if err := r.Assign(Assignment{Prefix: prefix(p), Valid: socket.Forever}); err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range []string{"10.0.0.2", "fd00::2"} {
		r.SetGateway(at(g), socket.Forever)
		r.resolved(r.neighbor(at(g)), peerMAC, stateReachable)
	}
	r.frames()
	r.notes = nil
	return r
}

// bareRig has no address.
func bareRig(t *testing.T, o packettest.Options) *rig {
	r := &rig{T: t, pool: packettest.NewPool(2 << 20)}
	o.MAC = ourMAC
	r.device = packettest.New(r.pool, o)
	r.Layer = New(Config{Device: r.device, Pool: r.pool, Random: seeded{rand.NewChaCha8([32]byte{1})}, Watcher: r})
	r.SetHandlers(&r.up, &r.up)
	r.Begin(time.Second)
	t.Cleanup(func() {
		for _, b := range r.neighbors.buckets {
			for n := b; n != nil; n = n.next {
				r.dropHeld(n)
			}
		}
		r.after(2 * time.Minute) // fragments are given up
		r.frames()
		if n := r.pool.Used(); n != 0 {
			t.Errorf("%d chunks are held at the end", n)
		}
		if n := r.device.Free(); n != 256 {
			t.Errorf("%d frames are held at the end", 256-n)
		}
	})
	return r
}

// frames returns what has been sent.
func (r *rig) frames() [][]byte {
	r.device.Flush()
	return r.device.Sent()
}

// input feeds a frame.
func (r *rig) input(frame []byte) {
	r.device.Inject(frame)
	r.Input(r.device.Receive())
}

// after lets time pass, from deadline to deadline.
func (r *rig) after(d time.Duration) {
	end := r.now + d
	for i := 0; r.Layer.Deadline() <= end; i++ {
		if i > 10000 {
			r.Fatal("the timers do not come to rest")
		}
		r.Begin(max(r.now, r.Layer.Deadline()))
		r.DeliverToSelf()
		r.Timers()
	}
	r.Begin(end)
}

// took returns what the transport protocols got since the last call.
func (r *rig) took() []string {
	got := r.up.got
	r.up.got = nil
	return got
}

// ethernet makes a frame for us.
func ethernet(t header.EtherType, b ...byte) []byte {
	f := make([]byte, 14, 14+len(b))
	header.PutEthernet(f, ourMAC, peerMAC, t)
	return append(f, b...)
}

// to4 makes an IPv4 packet.
func to4(h header.IPv4Header, payload ...byte) []byte {
	if h.TTL == 0 {
		h.TTL = 64
	}
	if h.TotalBytes == 0 {
		h.TotalBytes = uint16(20 + len(payload))
	}
	var b [20]byte
	h.Put(b[:])
	return ethernet(header.EtherTypeIPv4, append(b[:], payload...)...)
}

// to6 makes an IPv6 packet.
func to6(h header.IPv6Header, payload ...byte) []byte {
	if h.HopLimit == 0 {
		h.HopLimit = 64
	}
	h.PayloadBytes = uint16(len(payload))
	var b [40]byte
	h.Put(b[:])
	return ethernet(header.EtherTypeIPv6, append(b[:], payload...)...)
}

// icmp makes a message with its checksum.
func icmp(i header.ICMP, pseudo uint64, data ...byte) []byte {
	b := make([]byte, 8)
	i.Checksum = 0
	i.Put(b)
	b = append(b, data...)
	binary.BigEndian.PutUint16(b[2:], ^header.Fold(header.Sum(b, pseudo)))
	return b
}

// from4 is a packet of the peer, from6 likewise.
func from4(protocol uint8, payload ...byte) []byte {
	return to4(header.IPv4Header{Protocol: protocol, Source: at("10.0.0.2"), Destination: at("10.0.0.1")}, payload...)
}

func from6(protocol uint8, payload ...byte) []byte {
	return to6(header.IPv6Header{NextHeader: protocol, Source: at("fd00::2"), Destination: at("fd00::1")}, payload...)
}

// message6 is an ICMPv6 message.
func message6(source, destination string, hops uint8, i header.ICMP, data ...byte) []byte {
	s, d := at(source), at(destination)
	return to6(header.IPv6Header{NextHeader: ProtocolICMPv6, HopLimit: hops, Source: s, Destination: d},
		icmp(i, header.PseudoSum(s, d, ProtocolICMPv6, 8+len(data)), data...)...)
}

// TestInput says for many packets whether they reach their protocol.
func TestInput(t *testing.T) {
	udp := []byte{0, 7, 0, 9, 0, 9, 0, 0, 'x'}
	good4 := header.IPv4Header{Protocol: ProtocolUDP, Source: at("10.0.0.2"), Destination: at("10.0.0.1")}
	good6 := header.IPv6Header{NextHeader: ProtocolUDP, Source: at("fd00::2"), Destination: at("fd00::1")}
	source4 := func(text string) header.IPv4Header { h := good4; h.Source = at(text); return h }
	target4 := func(text string) header.IPv4Header { h := good4; h.Destination = at(text); return h }
	source6 := func(text string) header.IPv6Header { h := good6; h.Source = at(text); return h }
	target6 := func(text string) header.IPv6Header { h := good6; h.Destination = at(text); return h }
	change := func(f []byte, i int, v ...byte) []byte { copy(f[i:], v); return f }
	resum := func(f []byte, n int) []byte {
		copy(f[24:], []byte{0, 0})
		binary.BigEndian.PutUint16(f[24:], packettest.Checksum(f[14:14+n]))
		return f
	}
	broadcast := func(f []byte) []byte { return change(f, 0, 255, 255, 255, 255, 255, 255) }
	options := func(o ...byte) []byte {
		b := append(append([]byte{}, to4(good4)[14:]...), o...)
		b[0], b[3] = 0x40+byte(len(b)/4), byte(len(b)+len(udp))
		return resum(ethernet(header.EtherTypeIPv4, append(b, udp...)...), len(b))
	}
	extended := func(next uint8, b ...byte) []byte {
		h := good6
		h.NextHeader = next
		return to6(h, append(b, udp...)...)
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  bool
	}{
		{"IPv4", to4(good4, udp...), true},
		{"padding", append(to4(good4, udp...), make([]byte, 17)...), true},
		{"empty", nil, false},
		{"only Ethernet", ethernet(header.EtherTypeIPv4), false},
		{"cut header", to4(good4, udp...)[:33], false},
		{"cut payload", to4(good4, udp...)[:40], false},
		{"version 5", resum(change(to4(good4, udp...), 14, 0x55), 20), false},
		{"header length 4", resum(change(to4(good4, udp...), 14, 0x44), 20), false},
		{"header longer than packet", resum(change(to4(good4, udp...), 14, 0x4f), 20), false},
		{"total length below the header", resum(change(to4(good4, udp...), 16, 0, 19), 20), false},
		{"wrong checksum", change(to4(good4, udp...), 24, 1, 1), false},
		{"options", options(1, 1, 1, 0), true},
		{"timestamp option", options(68, 4, 5, 0), true},
		{"loose source route", options(131, 4, 4, 0), false},
		{"strict source route", options(137, 4, 4, 0), false},
		{"option of length 0", options(68, 0, 0, 0), false},
		{"option that is cut off", options(68, 5, 0, 0), false},
		{"for another machine", change(to4(good4, udp...), 0, 2, 0, 0, 0, 0, 9), false},
		{"unicast in a broadcast frame", broadcast(to4(good4, udp...)), false},
		{"another address", to4(target4("10.0.0.9"), udp...), false},
		{"broadcast", broadcast(to4(target4("255.255.255.255"), udp...)), true},
		{"broadcast of the network", broadcast(to4(target4("10.0.0.255"), udp...)), true},
		{"a group", change(to4(target4("224.0.0.251"), udp...), 0, 1, 0, 0x5e, 0, 0, 0xfb), false},
		{"to loopback from outside", to4(target4("127.0.0.1"), udp...), false},
		{"from loopback", to4(source4("127.0.0.1"), udp...), false},
		{"from 0.0.0.0", to4(source4("0.0.0.0"), udp...), false},
		{"from 0.0.0.0 to all", broadcast(to4(header.IPv4Header{Protocol: ProtocolUDP, Source: header.Unspecified4, Destination: header.Broadcast4}, udp...)), true},
		{"from a group", to4(source4("224.0.0.1"), udp...), false},
		{"from the broadcast address", to4(source4("255.255.255.255"), udp...), false},
		{"from the broadcast address of the network", to4(source4("10.0.0.255"), udp...), false},
		{"from class E", to4(source4("240.0.0.1"), udp...), false},
		{"from our own address", to4(source4("10.0.0.1"), udp...), false},
		{"from far away", to4(source4("203.0.113.5"), udp...), true},

		{"IPv6", to6(good6, udp...), true},
		{"IPv6 padding", append(to6(good6, udp...), 1, 2, 3), true},
		{"IPv6 cut", to6(good6, udp...)[:60], false},
		{"IPv6 of another version", change(to6(good6, udp...), 14, 0x70), false},
		{"IPv6 from a group", to6(source6("ff02::1"), udp...), false},
		{"IPv6 from loopback", to6(source6("::1"), udp...), false},
		{"IPv6 from an IPv4-mapped address", to6(source6("::ffff:10.0.0.2"), udp...), false},
		{"IPv6 from our own address", to6(source6("fd00::1"), udp...), false},
		{"IPv6 from nobody", to6(source6("::"), udp...), false},
		{"IPv6 to loopback", to6(target6("::1"), udp...), false},
		{"IPv6 to another address", to6(target6("fd00::9"), udp...), false},
		{"IPv6 to all nodes", change(to6(target6("ff02::1"), udp...), 0, 0x33, 0x33, 0, 0, 0, 1), true},
		{"IPv6 to a group that is not ours", change(to6(target6("ff02::fb"), udp...), 0, 0x33, 0x33, 0, 0, 0, 0xfb), false},
		{"IPv6 to a group of the interface", change(to6(target6("ff01::1"), udp...), 0, 0x33, 0x33, 0, 0, 0, 1), false},
		{"hop-by-hop options", extended(0, 17, 0, 5, 2, 0, 0, 1, 0), true},
		{"destination options", extended(60, 17, 0, 1, 4, 0, 0, 0, 0), true},
		{"both", extended(0, 60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0), true},
		{"hop-by-hop in second place", extended(60, 0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0), false},
		{"an option to be skipped", extended(60, 17, 0, 0x3e, 4, 0, 0, 0, 0), true},
		{"an option to be refused", extended(60, 17, 0, 0x7e, 4, 0, 0, 0, 0), false},
		{"an option that is cut off", extended(60, 17, 0, 1, 9, 0, 0, 0, 0), false},
		{"an extension that is cut off", extended(60, 17, 200, 1, 4, 0, 0, 0, 0), false},
		{"routing at its end", extended(43, 17, 0, 0, 0, 0, 0, 0, 0), true},
		{"routing with segments left", extended(43, 17, 0, 0, 1, 0, 0, 0, 0), false},
		{"an atomic fragment", extended(44, 17, 0, 0, 0, 1, 2, 3, 4), true},
		{"no next header", extended(59), false},
		{"too many extensions", extended(60, slices.Concat(slices.Repeat([]byte{60, 0, 1, 4, 0, 0, 0, 0}, 9), []byte{17, 0, 1, 4, 0, 0, 0, 0})...), false},
	} {
		r := newRig(t, packettest.Options{})
		r.input(c.frame)
		got := r.took()
		if (len(got) == 1) != c.want {
			t.Errorf("%s: %q, want %t", c.name, got, c.want)
		}
		if c.want && len(got) == 1 && !strings.HasSuffix(got[0], hex.EncodeToString(udp)) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// TestSplitBuffers feeds packets that lie in several buffers, with padding.
func TestSplitBuffers(t *testing.T) {
	data := make([]byte, 3000)
	seeded{rand.NewChaCha8([32]byte{7})}.Fill(data)
	want := fmt.Sprintf("3000 bytes, sum %x", packettest.Checksum(data))
	for _, size := range []int{100, 128, 1000, 3033, 3034, 3035} {
		for _, padding := range []int{0, 5, 200} {
			r := newRig(t, packettest.Options{SplitBytes: size})
			for _, frame := range [][]byte{from4(ProtocolTCP, data...), from6(ProtocolTCP, data...)} {
				r.input(append(frame, make([]byte, padding)...))
				if got := r.took(); len(got) != 1 || !strings.HasSuffix(got[0], want) {
					t.Errorf("%d bytes a buffer, %d of padding: %q", size, padding, got)
				}
			}
		}
	}
}

// TestSteadyStateAllocatesNothing counts allocations and frames of the hot path.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	r := newRig(t, packettest.Options{})
	r.SetHandlers(nothing{}, nothing{})
	r.device.Discard = true
	receivedTCP := packet.Received{Bytes: from4(ProtocolTCP, make([]byte, 100)...), ChecksumGood: true}
	received6 := packet.Received{Bytes: from6(ProtocolTCP, make([]byte, 100)...), ChecksumGood: true}
	route, err := r.Route(socket.Address{}, at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 3000)
	var head [8]byte
	if n := testing.AllocsPerRun(100, func() {
		r.Input(&receivedTCP)
		r.Input(&received6)
		f := r.Reserve()
		f.HeaderBytes, f.PartCount = 54, 0
		r.Send(&route, f)
		if err := r.Transmit(&Datagram{Route: &route, Protocol: ProtocolUDP, Head: head[:], ChecksumAt: 6, Pseudo: true, Data: data, Fragment: true}); err != nil {
			t.Fatal(err)
		}
		r.Timers()
		r.device.Flush()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

type nothing struct{}

func (nothing) Input(*Packet)                                   {}
func (nothing) Failed(_, _ socket.Address, _ []byte, _ Failure) {}
func (nothing) PathMTU(_, _ socket.Address, _ []byte, _ uint16) {}

// BenchmarkInput4 is the hot path: Ethernet and IPv4 of a TCP segment.
func BenchmarkInput4(b *testing.B) {
	r := newRig(&testing.T{}, packettest.Options{})
	r.SetHandlers(nothing{}, nothing{})
	received := packet.Received{Bytes: from4(ProtocolTCP, make([]byte, 100)...), ChecksumGood: true}
	for b.Loop() {
		r.Input(&received)
	}
}
