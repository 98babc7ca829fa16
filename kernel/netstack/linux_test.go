package netstack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mewz/abi"
	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/packet/packettest"
	"mewz/kernel/socket"
)

// linux is a stack that talks with the Linux kernel over a TAP device, in a network
// namespace of the test's own thread, which ends with it.
type linux struct {
	t      *testing.T
	tap    int
	device *packettest.Device
	stack  *Stack
}

// patience is how long Linux may take for anything here, on a busy machine.
const patience = 2 * time.Minute

func newLinux(t *testing.T, offload packet.Offload) *linux {
	runtime.LockOSThread() // for good: the namespace ends with the thread
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no network namespace: %v", err)
		}
		t.Skipf("no network namespace, run as root: %v", err)
	}
	tap, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("no TAP device: %v", err)
	}
	t.Cleanup(func() { unix.Close(tap) })
	request, err := unix.NewIfreq("ip0")
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(tap, unix.TUNSETIFF, request); err != nil {
		t.Fatalf("TUNSETIFF: %v", err)
	}
	for _, command := range []string{
		"addr add 10.99.0.1/24 dev ip0", "-6 addr add fd99::1/64 dev ip0 nodad", "link set lo up", "link set ip0 up",
	} {
		if out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", command, err, out)
		}
	}
	pool := packettest.NewPool(8 << 20)
	l := &linux{t: t, tap: tap}
	l.device = packettest.New(pool, packettest.Options{MAC: packet.MAC{2, 0, 0, 0, 0, 0x99}, Offload: offload})
	began := time.Now()
	l.stack, err = New(Machine{
		Device: l.device, Pool: pool, Random: newRandom(1), Now: func() time.Duration { return time.Since(began) + time.Second },
		Config: abi.Network{Addresses: []string{"10.99.0.2/24", "fd99::2/64"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// until pumps frames until done is true.
func (l *linux) until(what string, done func() bool) {
	l.t.Helper()
	end := time.Now().Add(patience)
	frame := make([]byte, 65536)
	for !done() {
		if time.Now().After(end) {
			l.t.Fatalf("%s: nothing after %v", what, patience)
		}
		moved := false
		for range 64 {
			n, err := unix.Read(l.tap, frame)
			if err != nil || n <= 0 {
				break
			}
			l.device.Inject(bytes.Clone(frame[:n]))
			moved = true
		}
		l.stack.Poll()
		for _, f := range l.device.Sent() {
			if _, err := unix.Write(l.tap, f); err != nil && !errors.Is(err, unix.EIO) {
				l.t.Fatal(err)
			}
			moved = true
		}
		if !moved {
			unix.Poll([]unix.PollFd{{Fd: int32(l.tap), Events: unix.POLLIN}}, 1)
		}
	}
}

// open opens a socket of Linux to an endpoint.
func (l *linux) open(kind, protocol int, address string, port int) int {
	l.t.Helper()
	e := endpoint(l.t, address, 0)
	var to unix.Sockaddr = &unix.SockaddrInet6{Port: port, Addr: e.Address}
	family := unix.AF_INET6
	if header.IsIPv4(e.Address) {
		family, to = unix.AF_INET, &unix.SockaddrInet4{Port: port, Addr: header.IPv4(e.Address)}
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Connect(fd, to); err != nil && err != unix.EINPROGRESS {
		l.t.Fatal(err)
	}
	return fd
}

// both are our addresses.
var both = []string{"10.99.0.2", "fd99::2"}

// TestLinuxDatagrams echoes datagrams of Linux, in pieces too, and tells it of
// ports that nobody has.
func TestLinuxDatagrams(t *testing.T) {
	for _, offload := range []packet.Offload{{}, {SendChecksum: true}} {
		t.Run("", func(t *testing.T) {
			l := newLinux(t, offload)
			server := open(t, l.stack, socket.IPv6, socket.Datagram)
			if err := server.Bind(socket.Endpoint{Port: 7}); err != nil {
				t.Fatal(err)
			}
			got, back := make([]byte, 65536), make([]byte, 65536)
			for _, address := range both {
				fd := l.open(unix.SOCK_DGRAM, 0, address, 7)
				for _, size := range []int{0, 1, 100, 1452, 1473, 5000, 60000} {
					message := make([]byte, size)
					newRandom(byte(size)).Fill(message)
					if _, err := unix.Write(fd, message); err != nil {
						t.Fatal(err)
					}
					n := -1
					l.until("echo", func() bool {
						if k, from, err := server.Receive(got, false); err == nil {
							if err := server.Send(got[:k], from); err != nil {
								t.Fatal(err)
							}
						}
						k, err := unix.Read(fd, back)
						if err == nil {
							n = k
						}
						return err == nil
					})
					if n != size || !bytes.Equal(back[:n], message) {
						t.Errorf("%s: %d bytes came back as %d", address, size, n)
					}
				}
				closed := l.open(unix.SOCK_DGRAM, 0, address, 8)
				if _, err := unix.Write(closed, []byte("x")); err != nil {
					t.Fatal(err)
				}
				l.until("ECONNREFUSED of Linux", func() bool { _, err := unix.Read(closed, back); return err == unix.ECONNREFUSED })
			}
			for _, address := range []string{"10.99.0.1", "fd99::1"} {
				x := open(t, l.stack, socket.IPv6, socket.Datagram)
				if err := x.Connect(endpoint(t, address, 9)); err != nil {
					t.Fatal(err)
				}
				if _, err := x.Write([]byte("x"), false); err != nil {
					t.Fatal(err)
				}
				l.until("ECONNREFUSED of ours", func() bool { _, err := x.Read(back, false); return errors.Is(err, unix.ECONNREFUSED) })
			}
		})
	}
}

// TestLinuxPing answers the echo requests of Linux.
func TestLinuxPing(t *testing.T) {
	l := newLinux(t, packet.Offload{})
	for i, address := range both {
		protocol, kind := unix.IPPROTO_ICMP, byte(8)
		if i == 1 {
			protocol, kind = unix.IPPROTO_ICMPV6, 128
		}
		fd := l.open(unix.SOCK_RAW, protocol, address, 0)
		for _, size := range []int{8, 64, 1400, 3000, 9000} {
			message := make([]byte, size)
			newRandom(byte(size)).Fill(message[4:])
			message[0] = kind
			if i == 0 { // over IPv6 Linux does it
				binary.BigEndian.PutUint16(message[2:], packettest.Checksum(message))
			}
			if _, err := unix.Write(fd, message); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 65536)
			l.until("echo reply", func() bool {
				k, err := unix.Read(fd, b)
				return err == nil && bytes.HasSuffix(b[:k], message[4:])
			})
		}
	}
}

// TestLinuxStream echoes a megabyte over TCP to Linux.
func TestLinuxStream(t *testing.T) {
	for _, address := range both {
		t.Run(address, func(t *testing.T) {
			l := newLinux(t, packet.Offload{SendChecksum: true, SendTCP4: true, SendTCP6: true})
			listener := open(t, l.stack, socket.IPv6, socket.Stream)
			if err := errors.Join(listener.Bind(socket.Endpoint{Port: 80}), listener.Listen(8)); err != nil {
				t.Fatal(err)
			}
			fd := l.open(unix.SOCK_STREAM, 0, address, 80)
			var server socket.Socket
			l.until("a connection", func() (ok bool) {
				x, err := listener.Accept()
				if err == nil {
					server = x
				}
				return err == nil
			})
			message := make([]byte, 1<<20)
			newRandom(4).Fill(message)
			left, b := message, make([]byte, 64<<10)
			var pending, back []byte
			l.until("the echo", func() bool {
				if n, err := unix.Write(fd, left[:min(len(left), 64<<10)]); err == nil {
					left = left[n:]
				}
				if len(pending) == 0 {
					if n, err := server.Read(b, false); err == nil {
						pending = b[:n]
					}
				}
				if n, err := server.Write(pending, false); err == nil {
					pending = pending[n:]
				}
				var r [64 << 10]byte
				if n, err := unix.Read(fd, r[:]); err == nil {
					back = append(back, r[:n]...)
				}
				return len(back) >= len(message)
			})
			if !bytes.Equal(back, message) {
				t.Error("other bytes have come back than were sent")
			}
			if err := unix.Shutdown(fd, unix.SHUT_WR); err != nil {
				t.Fatal(err)
			}
			l.until("the end", func() bool { n, err := server.Read(b, false); return n == 0 && err == nil })
			server.Close()
			l.until("our end", func() bool { n, err := unix.Read(fd, b); return n == 0 && err == nil })
		})
	}
}
