package interop

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mewz/kernel/packet/packettest"
)

// linux is a host with the network stack of Linux: a network namespace with a TAP device,
// which both end with the thread that they belong to and the descriptor.
type linux struct {
	tap    int
	calls  chan func()
	buffer [64 << 10]byte
}

// newLinux makes a namespace. It skips without the rights to, and fails where CI is set.
func newLinux(t testing.TB, host int) *linux { return newLinuxWith(t, host, 0) }

// newLinuxWith takes further flags of the TAP device.
func newLinuxWith(t testing.TB, host int, flags uint16) *linux {
	t.Helper()
	l := &linux{calls: make(chan func())}
	go func() {
		runtime.LockOSThread() // for good: the namespace ends with the thread
		for f := range l.calls {
			f()
		}
	}()
	t.Cleanup(func() { close(l.calls) })
	err := l.enter(func() error { return l.make(host, flags) })
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("Linux as a peer needs root and /dev/net/tun: %v", err)
	}
	t.Cleanup(func() { unix.Close(l.tap) })
	return l
}

// enter calls f on the thread of the namespace.
func (l *linux) enter(f func() error) (err error) {
	done := make(chan error)
	l.calls <- func() { done <- f() }
	return <-done
}

// make makes the namespace and the TAP device, which without flags has no offload: what crosses the link
// are the frames of a wire.
func (l *linux) make(host int, flags uint16) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	l.tap = fd
	request, err := unix.NewIfreq("interop0")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | flags)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return fmt.Errorf("TUNSETIFF: %w", err)
	}
	for _, command := range []string{
		"addr add " + addresses4[host].String() + "/24 dev interop0",
		"-6 addr add " + addresses6[host].String() + "/64 dev interop0 nodad",
		"link set interop0 up",
	} {
		if output, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", command, err, output)
		}
	}
	return nil
}

// framesMax bounds the frames that are taken at once, so that others have their turn.
const framesMax = 64

// Sent: see packettest.End.
func (l *linux) Sent() (frames [][]byte) {
	for range framesMax {
		n, err := unix.Read(l.tap, l.buffer[:])
		if err != nil {
			break
		}
		frames = append(frames, append([]byte(nil), l.buffer[:n]...))
	}
	return frames
}

// Inject: see packettest.End. What the interface does not take is lost.
func (l *linux) Inject(frame []byte) { _, _ = unix.Write(l.tap, frame) }

func (l *linux) work() {}

// wait: Linux has timers that nobody sees, and tells of a socket without a frame.
func (l *linux) wait() time.Duration { return lookAgain }

// lookAgain is the longest pause of a world with Linux in it.
const lookAgain = 5 * time.Millisecond

func sockaddr(a netip.AddrPort) (domain int, s unix.Sockaddr) {
	if a.Addr().Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

// socket makes a socket in the namespace and lets f do the rest there.
func (l *linux) socket(t testing.TB, a netip.AddrPort, kind int, m limits, f func(fd int, s unix.Sockaddr) error) int {
	t.Helper()
	var fd int
	err := l.enter(func() (err error) {
		domain, s := sockaddr(a)
		if fd, err = unix.Socket(domain, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		if kind == unix.SOCK_STREAM { // what ours has, whatever the computer prefers
			if err := unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, "cubic"); err != nil {
				return err
			}
		}
		if m.receive > 0 {
			err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, m.receive)
		}
		if m.send > 0 {
			err = errors.Join(err, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, m.send))
		}
		return errors.Join(err, f(fd, s))
	})
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

func (l *linux) listen(t testing.TB, at netip.AddrPort, m limits) acceptor {
	t.Helper()
	return linuxListener{l.socket(t, at, unix.SOCK_STREAM, m, func(fd int, s unix.Sockaddr) error {
		return errors.Join(unix.Bind(fd, s), unix.Listen(fd, 1024))
	})}
}

func (l *linux) dial(t testing.TB, to netip.AddrPort, m limits) conn {
	t.Helper()
	return &linuxConn{fd: l.socket(t, to, unix.SOCK_STREAM, m, func(fd int, s unix.Sockaddr) error {
		if err := unix.Connect(fd, s); err != unix.EINPROGRESS {
			return err
		}
		return nil
	})}
}

func (l *linux) open(t testing.TB, at netip.AddrPort) datagrams {
	t.Helper()
	return linuxDatagrams{l.socket(t, at, unix.SOCK_DGRAM, limits{}, unix.Bind)}
}

type linuxListener struct{ fd int }

func (l linuxListener) Accept() (conn, error) {
	fd, _, err := unix.Accept4(l.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return &linuxConn{fd: fd, made: true}, nil
}

func (l linuxListener) Close() { unix.Close(l.fd) }

type linuxConn struct {
	fd   int
	made bool
}

// connected reports whether the connection is no longer being made.
func (c *linuxConn) connected() bool {
	if !c.made {
		p := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLOUT}}
		n, _ := unix.Poll(p, 0)
		c.made = n > 0
	}
	return c.made
}

func (c *linuxConn) Read(b []byte) (int, error) {
	if !c.connected() {
		return 0, syscall.EAGAIN
	}
	n, err := unix.Read(c.fd, b)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (c *linuxConn) Write(b []byte) (int, error) {
	if !c.connected() {
		return 0, syscall.EAGAIN
	}
	n, err := unix.SendmsgN(c.fd, b, nil, nil, unix.MSG_NOSIGNAL)
	return max(n, 0), err
}

func (c *linuxConn) CloseWrite() error { return unix.Shutdown(c.fd, unix.SHUT_WR) }

func (c *linuxConn) Close() { unix.Close(c.fd) }

func (c *linuxConn) Abort() {
	_ = unix.SetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	unix.Close(c.fd)
}

type linuxDatagrams struct{ fd int }

func (d linuxDatagrams) Send(b []byte, to netip.AddrPort) error {
	_, s := sockaddr(to)
	return unix.Sendto(d.fd, b, 0, s)
}

func (d linuxDatagrams) Receive(b []byte) (int, netip.AddrPort, error) {
	n, from, err := unix.Recvfrom(d.fd, b, 0)
	switch a := from.(type) {
	case *unix.SockaddrInet4:
		return n, netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)), err
	case *unix.SockaddrInet6:
		return n, netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port)), err
	}
	return 0, netip.AddrPort{}, err
}

func (d linuxDatagrams) Close() { unix.Close(d.fd) }

// newRealWorld joins two hosts, some of them Linux, on the clock of the computer.
func newRealWorld(t testing.TB, clock *packettest.Clock, a, b host, behavior packettest.Behavior, seed uint64) *world {
	w := newWorld(t, clock, a, b, behavior, seed)
	w.patience = 5 * time.Minute
	begin := time.Now().Add(-clock.Now())
	w.tick = func() { clock.Advance(time.Since(begin) - clock.Now()) }
	var taps []int
	for _, h := range w.hosts {
		if l, ok := h.(*linux); ok {
			taps = append(taps, l.tap)
		}
	}
	w.watch(taps...)
	return w
}

// watch lets a frame of a TAP device end the pauses of the world.
func (w *world) watch(taps ...int) {
	var all []unix.PollFd
	for _, fd := range taps {
		all = append(all, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	w.pass = func(d time.Duration) {
		pause := unix.NsecToTimespec(int64(d))
		_, _ = unix.Ppoll(all, &pause, nil) // a signal is as good as a frame
	}
}
