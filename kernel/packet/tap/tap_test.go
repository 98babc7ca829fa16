package tap_test

import (
	"bytes"
	"errors"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mewz/abi"
	"mewz/kernel/device"
	"mewz/kernel/netstack"
	"mewz/kernel/packet"
	"mewz/kernel/packet/tap"
	"mewz/kernel/socket"
	"mewz/kernel/system"
)

// patience bounds a test; nothing in it takes time but the computer's own.
const patience = 2 * time.Minute

// openTAP makes a network namespace for this thread, with a TAP device in it that has
// 10.9.0.1/24, and returns its descriptor.
func openTAP(t *testing.T) int {
	t.Helper()
	runtime.LockOSThread() // and never unlocked: the thread ends with its namespace
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespace: %v", err)
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("no TAP device: %v", err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	request, err := unix.NewIfreq("tap0")
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		t.Skipf("no TAP device: %v", err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TUNSETVNETHDRSZ, abi.NetworkHeaderBytes); err != nil {
		t.Fatal(err)
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(s)
	set := func(call uint, change func(r *unix.Ifreq) error) {
		r, _ := unix.NewIfreq("tap0")
		if err := change(r); err != nil {
			t.Fatal(err)
		}
		if err := unix.IoctlIfreq(s, call, r); err != nil {
			t.Fatal(err)
		}
	}
	set(unix.SIOCSIFADDR, func(r *unix.Ifreq) error { return r.SetInet4Addr([]byte{10, 9, 0, 1}) })
	set(unix.SIOCSIFNETMASK, func(r *unix.Ifreq) error { return r.SetInet4Addr([]byte{255, 255, 255, 0}) })
	set(unix.SIOCSIFFLAGS, func(r *unix.Ifreq) error { r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING); return nil })
	return fd
}

// counting are random numbers that are not.
type counting struct{ n byte }

func (c *counting) Fill(p []byte) {
	for i := range p {
		c.n += 31
		p[i] = c.n
	}
}

func now() time.Duration {
	nanos, _ := system.Now(system.ClockMonotonic)
	return time.Duration(nanos)
}

// TestLinux talks TCP with Linux: a connection that Linux opens, on which the stack
// sends back what it gets.
func TestLinux(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root makes TAP devices")
	}
	fd := openTAP(t)
	pool := packet.NewPool(func(n int) (device.Memory, error) { return device.Memory{Bytes: make([]byte, n)}, nil }, 16<<20)
	d, err := tap.Open(fd, pool, &counting{})
	if err != nil {
		t.Fatal(err)
	}
	stack, err := netstack.New(netstack.Machine{
		Device: d, Pool: pool, Random: &counting{}, Now: now, Log: func(text string) { t.Log(text) },
		Config: abi.Network{Enabled: true, Addresses: []string{"10.9.0.2/24"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	echo := newEcho(t, stack)
	client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(client)
	to := &unix.SockaddrInet4{Port: 7, Addr: [4]byte{10, 9, 0, 2}}
	if err := unix.Connect(client, to); !errors.Is(err, unix.EINPROGRESS) {
		t.Fatalf("connect = %v", err)
	}
	sent := bytes.Repeat([]byte("0123456789abcdef"), 64<<10) // 1 MiB: segmentation both ways
	var got []byte
	written := 0
	b := make([]byte, 64<<10)
	for until := now() + patience; len(got) < len(sent); {
		if now() > until {
			t.Fatalf("after %v: %d bytes written, %d echoed, %v", patience, written, len(got), d.Err())
		}
		if written < len(sent) {
			if n, err := unix.Write(client, sent[written:]); err == nil {
				written += n
			}
		}
		if n, err := unix.Read(client, b); err == nil {
			got = append(got, b[:n]...)
		}
		if !stack.Poll() && !echo.step() {
			set := []system.PollDescriptor{{Descriptor: int32(fd), Events: d.Events()}}
			system.PollAll(set, min(stack.Wait(), time.Millisecond))
		}
	}
	if !bytes.Equal(got, sent) {
		t.Error("the echo is not what was sent")
	}
	stack.Close(0)
	// Linux need not have looked at the frame when the device has taken it.
	end := []unix.PollFd{{Fd: int32(client), Events: unix.POLLIN}}
	unix.Poll(end, int(patience/time.Millisecond))
	if n, err := unix.Read(client, b); n > 0 || err != nil && !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("after the end Linux reads %d, %v, want the end", n, err)
	}
}

// echo is a server of one connection.
type echo struct {
	t        *testing.T
	listener socket.Socket
	c        socket.Socket
	pending  []byte
	buffer   []byte
}

func newEcho(t *testing.T, stack *netstack.Stack) *echo {
	t.Helper()
	l, err := stack.Open(socket.IPv4, socket.Stream)
	if err != nil {
		t.Fatal(err)
	}
	any4 := socket.Address{10: 0xff, 11: 0xff}
	if err := l.Bind(socket.Endpoint{Address: any4, Port: 7}); err != nil {
		t.Fatal(err)
	}
	if err := l.Listen(1); err != nil {
		t.Fatal(err)
	}
	return &echo{t: t, listener: l, buffer: make([]byte, 64<<10)}
}

// step does what can be done without waiting.
func (e *echo) step() (happened bool) {
	if e.c == nil {
		c, err := e.listener.Accept()
		if err != nil {
			return false
		}
		e.c = c
	}
	if len(e.pending) == 0 {
		n, err := e.c.Read(e.buffer, false)
		if err != nil && !errors.Is(err, syscall.EAGAIN) {
			e.t.Fatalf("Read = %v", err)
		}
		e.pending = e.buffer[:n]
	}
	n, err := e.c.Write(e.pending, false)
	if err != nil && !errors.Is(err, syscall.EAGAIN) {
		e.t.Fatalf("Write = %v", err)
	}
	e.pending = e.pending[n:]
	return n > 0
}

func TestOpenRefuses(t *testing.T) {
	if _, err := tap.Open(200, nil, &counting{}); err == nil {
		t.Error("Open of a descriptor that nobody opened succeeds")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if fd, err := unix.Dup(int(r.Fd())); err != nil {
		t.Fatal(err)
	} else if _, err := tap.Open(fd, nil, &counting{}); err == nil {
		t.Error("Open of a pipe succeeds")
	}
}
