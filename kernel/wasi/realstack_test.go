package wasi

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/netstack"
	"mewz/kernel/packet"
	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

// seeded is randomness that is the same each time.
type seeded struct{ *rand.ChaCha8 }

func (s seeded) Fill(p []byte) { s.Read(p) }

// newRealWorld is a world with the machine's own stack, which reaches itself.
func newRealWorld(t testing.TB, listen ...string) *netWorld {
	t.Helper()
	n := &netWorld{wait: &fakeWaiter{}}
	n.world = newWorld(t, func(m *Machine) {
		clock := m.Clock.(*fakeClock)
		pool := packettest.NewPool(4 << 20)
		config := abi.Network{Enabled: true, Addresses: []string{"10.0.0.1/24", "fd00::1/64"}, Listen: listen}
		stack, err := netstack.New(netstack.Machine{
			Device: packettest.New(pool, packettest.Options{MAC: packet.MAC{2, 0, 0, 0, 0, 1}}),
			Pool:   pool, Random: seeded{rand.NewChaCha8([32]byte{1})}, Config: config,
			Now: func() time.Duration { return time.Duration(clock.now[ClockMonotonic]) },
			Log: func(text string) { t.Log(text) },
		})
		if err != nil {
			t.Fatal(err)
		}
		m.Network, m.Wait, m.Config.Network = stack, n.wait, config
	})
	n.wait.w = n.world
	return n
}

func TestRealConnection(t *testing.T) {
	n := newRealWorld(t)
	client, server := n.pair()
	n.nonblock(client)
	n.nonblock(server)
	want := strings.Repeat("0123456789abcdef", 20_000)
	got := ""
	sent := 0
	for len(got) < len(want) {
		top := n.top
		subs := []sub{{1, eventRead, uint32(server), 0, false}, {3, eventClock, 1, time.Minute, false}, {4, eventRead, 0, 0, false}}
		if sent < len(want) {
			subs = append(subs, sub{2, eventWrite, uint32(client), 0, false})
		}
		for _, e := range n.poll(subs...) {
			switch e.userdata {
			case 1:
				part, errno := n.recv(server, 0, 3000, 2000)
				if errno != Success {
					t.Fatalf("sock_recv = %d", errno)
				}
				got += part
			case 2:
				k, errno := n.send(client, want[sent:min(sent+5000, len(want))])
				if errno != Success {
					t.Fatalf("sock_send = %d", errno)
				}
				sent += int(k)
			default:
				t.Fatalf("event %+v after %d bytes", e, len(got))
			}
		}
		n.top = top
	}
	if got != want {
		t.Error("other bytes arrived")
	}
	// A client that half-closes gets its answer, and then nothing goes any more.
	n.want(Success, "sock_shutdown", client, shutdownWrite)
	both := []sub{{1, eventRead, uint32(server), 0, false}, {2, eventClock, 1, time.Second, false}}
	n.wantEvents(n.poll(both...), event{userdata: 1, tag: eventRead, bytes: 1})
	n.wantRecv(server, 0, "", 10)
	if _, errno := n.send(server, "answer"); errno != Success {
		t.Errorf("sock_send = %d", errno)
	}
	n.want(Success, "fd_fdstat_set_flags", client, 0)
	n.wantRecv(client, receiveWaitAll, "answer", 6)
	n.want(Success, "sock_shutdown", server, shutdownWrite)
	n.wantEvents(n.poll(both[0]), event{userdata: 1, tag: eventRead, bytes: 1, flags: eventHangup})
	n.wantRecv(client, 0, "", 6)
	n.want(Success, "fd_close", client)
	n.want(Success, "fd_close", server)
}

func TestRealErrors(t *testing.T) {
	n := newRealWorld(t)
	fd := n.socket(familyINET4, typeStream)
	n.want(ENotConn, "sock_shutdown", fd, 3)
	if _, errno := n.send(fd, "x"); errno != ENotConn && errno != EPipe {
		t.Errorf("sock_send = %d", errno)
	}
	n.want(EConnRefused, "sock_connect", fd, n.loopback(), 99)
	late := n.socket(familyINET6, typeStream)
	n.nonblock(late)
	n.want(EInProgress, "sock_connect", late, n.addressOf(loopback6...), 99)
	n.wantEvents(n.poll(sub{1, eventWrite, uint32(late), 0, false}), event{userdata: 1, tag: eventWrite, bytes: 1})
	n.wantOption(late, levelSocket, optionError, uint32(EConnRefused))
	n.wantOption(late, levelSocket, optionError, 0)

	listener := n.listener(80)
	again := n.socket(familyINET4, typeStream)
	n.want(EAddrInUse, "sock_bind", again, n.addressOf(0, 0, 0, 0), 80)
	n.want(EAddrNotAvail, "sock_bind", again, n.addressOf(9, 9, 9, 9), 80)
	n.nonblock(listener)
	n.want(EAgain, "sock_accept", listener, 0, resultAt)

	client := n.socket(familyINET4, typeStream)
	n.nonblock(client)
	n.want(EInProgress, "sock_connect", client, n.addressOf(10, 0, 0, 1), 80)
	n.wantEvents(n.poll(sub{1, eventWrite, uint32(client), 0, false}), event{userdata: 1, tag: eventWrite, bytes: 1})
	n.wantOption(client, levelSocket, optionError, 0)
	n.want(EIsConn, "sock_connect", client, n.loopback(), 80)
	n.want(Success, "sock_accept", listener, 0, resultAt)
	server := uint64(n.u32(resultAt))
	// Closing with bytes unread resets the connection.
	n.send(client, "unread")
	n.poll(sub{1, eventRead, uint32(server), 0, false})
	n.want(Success, "fd_close", server)
	if got := n.poll(sub{1, eventRead, uint32(client), 0, false}); len(got) != 1 || got[0].errno != Success {
		t.Errorf("events = %+v", got)
	}
	if _, errno := n.recv(client, 0, 10); errno != EConnReset {
		t.Errorf("sock_recv = %d, want ECONNRESET", errno)
	}
	if _, errno := n.send(client, "x"); errno != EPipe {
		t.Errorf("sock_send = %d, want EPIPE", errno)
	}
}

func TestRealNumbers(t *testing.T) {
	n := newRealWorld(t, "0.0.0.0:8080", "[::]:8081")
	clock := sub{9, eventClock, 1, time.Second, false}
	n.wantEvents(n.poll(sub{1, eventRead, 4, 0, false}, sub{2, eventRead, 5, 0, false}, sub{3, eventRead, 0, 0, false}, clock), event{userdata: 9})
	client := n.socket(familyINET6, typeStream)
	n.want(Success, "sock_connect", client, n.addressOf(loopback6...), 8081)
	n.wantEvents(n.poll(sub{1, eventRead, 4, 0, false}, sub{2, eventRead, 5, 0, false}, clock), event{userdata: 2, tag: eventRead, bytes: 1})
	n.want(Success, "fd_renumber", 5, 4)
	n.wantEvents(n.poll(sub{1, eventRead, 4, 0, false}, sub{2, eventRead, 5, 0, false}, clock),
		event{userdata: 1, tag: eventRead, bytes: 1}, event{userdata: 2, errno: EBadf, tag: eventRead})
	n.want(Success, "sock_accept", 4, 0, resultAt)
	server := uint64(n.u32(resultAt))
	n.want(Success, "fd_renumber", server, 1)
	n.send(client, "x")
	n.wantEvents(n.poll(sub{1, eventRead, 1, 0, false}, clock), event{userdata: 1, tag: eventRead, bytes: 1})
	n.wantRecv(1, 0, "x", 1)
	n.wantEvents(n.poll(sub{1, eventRead, 1, 0, false}, clock), event{userdata: 9})
	n.want(Success, "fd_close", 1)
	n.wantEvents(n.poll(sub{1, eventRead, 1, 0, false}, clock), event{userdata: 1, errno: EBadf, tag: eventRead})
}

func TestRealDatagrams(t *testing.T) {
	n := newRealWorld(t)
	from, to := n.datagrams()
	text, length := n.place([]byte("question"))
	list, count := n.vector(uint32(text), uint32(length))
	n.want(Success, "sock_send_to", from, list, count, n.loopback(), 53, 0, resultAt)
	record, buffer := n.room(addressStorageBytes)
	into, _ := n.place(make([]byte, 5))
	small, _ := n.vector(uint32(into), 5)
	n.want(Success, "sock_recv_from", to, small, 1, record, 0, portAt, resultAt, flagsAt)
	if string(n.Memory[into:][:5]) != "quest" || n.u32(resultAt) != 5 || n.Memory[flagsAt] != receivedTruncated || n.Memory[buffer] != familyINET4 {
		t.Errorf("sock_recv_from = %d bytes, flags %d, from %v", n.u32(resultAt), n.Memory[flagsAt], n.Memory[buffer:][:6])
	}
	own, _ := n.room(addressStorageBytes)
	port := n.u32(portAt)
	n.want(Success, "sock_getlocaladdr", from, own, typeAt)
	if n.u32(typeAt) != port {
		t.Errorf("from port %d, want %d", port, n.u32(typeAt))
	}
	n.want(Success, "sock_connect", from, n.loopback(), 99)
	n.want(Success, "sock_send", from, list, count, 0, resultAt)
	n.want(EConnRefused, "sock_recv", from, list, count, 0, resultAt, flagsAt)
	other := n.socket(familyINET4, typeDatagram)
	n.want(EDestAddrReq, "sock_send", other, list, count, 0, resultAt)
	huge, _ := n.vector(0, 65530)
	n.want(EMsgSize, "sock_send_to", other, huge, 1, n.loopback(), 53, 0, resultAt)
	n.want(EAfNoSupport, "sock_send_to", other, list, count, n.addressOf(loopback6...), 53, 0, resultAt)
}

// TestRealOptions sets everything that there is.
func TestRealOptions(t *testing.T) {
	n := newRealWorld(t)
	fd := n.socket(familyINET6, typeStream)
	for _, o := range plainOptions {
		if o.readOnly {
			continue
		}
		value := uint32(1)
		if o.unit != unitBoolean {
			value = 5000
		}
		if o.option == socket.OptionKeepAliveCount { // a count of probes
			value = 5
		}
		if got := n.setOption(fd, uint64(o.level), uint64(o.name), value); got != Success {
			t.Errorf("setting option %d of level %d = %d", o.name, o.level, got)
		}
		at, _ := n.place([]byte{0, 0, 0, 0, 4, 0, 0, 0})
		n.want(Success, "sock_getsockopt", fd, uint64(o.level), uint64(o.name), at, at+4)
		if n.u32(at) == 0 && o.name != 4 {
			t.Errorf("option %d of level %d = 0", o.name, o.level)
		}
	}
}

var loopback6 = []byte{15: 1}
