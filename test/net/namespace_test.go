package net

import (
	"context"
	"fmt"
	stdnet "net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Addresses in every namespace of the tests. The network of the tap device has
// the machine and the namespace, whose second address is there to be taken away.
const (
	tapName     = "tap0"
	tapHost     = "10.77.0.1"
	tapHost6    = "fd77::1"
	tapHostLink = "fe80::1"
	tapVanishes = "10.77.0.9"
	tapGuest    = "10.77.0.2"
	tapGuest6   = "fd77::2"
	loopback    = "127.0.0.1"
	slirpHost   = "10.0.2.2" // QEMU's user network: the loopback interface of the namespace
)

// namespace is a network namespace without a name: it ends with the test.
type namespace struct {
	file *os.File
}

// newNamespace makes a namespace with its loopback interface up.
func newNamespace(t *testing.T) *namespace {
	t.Helper()
	if os.Geteuid() != 0 {
		unavailable(t, "network namespaces need root")
	}
	n := &namespace{}
	err := onThread(func() (err error) {
		if err = unix.Unshare(unix.CLONE_NEWNET); err == nil {
			n.file, err = os.Open(threadNamespace)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.file.Close() })
	n.ip(t, "link set lo up")
	return n
}

const threadNamespace = "/proc/thread-self/ns/net"

// onThread calls f, which may change the namespace of its thread.
func onThread(f func() error) error {
	runtime.LockOSThread()
	own, err := os.Open(threadNamespace)
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer own.Close()
	err = f()
	if back := unix.Setns(int(own.Fd()), unix.CLONE_NEWNET); back != nil {
		return fmt.Errorf("the way back to the namespace of the test: %w", back) // the thread stays locked
	}
	runtime.UnlockOSThread()
	return err
}

// enter calls f in the namespace: the sockets it opens and the processes it
// starts are there.
func (n *namespace) enter(f func() error) error {
	return onThread(func() error {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return err
		}
		return f()
	})
}

// ip runs commands of ip in the namespace.
func (n *namespace) ip(t *testing.T, commands ...string) {
	t.Helper()
	for _, command := range commands {
		if output, err := n.run(t.Context(), "ip", strings.Fields(command)...); err != nil {
			t.Fatalf("ip %s: %v\n%s", command, err, output)
		}
	}
}

// run runs a tool in the namespace and returns what it says.
func (n *namespace) run(ctx context.Context, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	var output strings.Builder
	c.Stdout, c.Stderr = &output, &output
	c.WaitDelay = endTimeout
	if err := n.enter(c.Start); err != nil {
		return "", err
	}
	err := c.Wait()
	return output.String(), err
}

// tap makes the tap device of the namespace. Its link-local address is there from
// the beginning: one that the kernel makes when the machine opens the device
// arrives after two seconds of probing, in the middle of a test, and Chromium
// ends what it loads when an address arrives (ERR_NETWORK_CHANGED).
func (n *namespace) tap(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		unavailable(t, "no /dev/net/tun")
	}
	n.ip(t,
		"tuntap add name "+tapName+" mode tap vnet_hdr",
		"addr add "+tapHost+"/24 dev "+tapName,
		"addr add "+tapVanishes+"/24 dev "+tapName,
		"link set "+tapName+" addrgenmode none",
		"-6 addr add "+tapHostLink+"/64 dev "+tapName+" nodad",
		"-6 addr add "+tapHost6+"/64 dev "+tapName+" nodad",
		"link set "+tapName+" up",
	)
}

// dial connects from the namespace.
func (n *namespace) dial(network, address string) (c stdnet.Conn, err error) {
	return n.dialFrom(network, "", address)
}

// dialFrom is dial with an own address.
func (n *namespace) dialFrom(network, own, address string) (c stdnet.Conn, err error) {
	d := stdnet.Dialer{Timeout: stepTimeout}
	if own != "" {
		d.LocalAddr = &stdnet.TCPAddr{IP: stdnet.ParseIP(own)}
	}
	err = n.enter(func() error {
		c, err = d.Dial(network, address)
		return err
	})
	return c, err
}

// listen listens in the namespace.
func (n *namespace) listen(t *testing.T, address string) stdnet.Listener {
	t.Helper()
	var l stdnet.Listener
	err := n.enter(func() (err error) {
		l, err = stdnet.Listen("tcp", address)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// listenPacket is listen for UDP.
func (n *namespace) listenPacket(t *testing.T, address string) stdnet.PacketConn {
	t.Helper()
	var c stdnet.PacketConn
	err := n.enter(func() (err error) {
		c, err = stdnet.ListenPacket("udp", address)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// unavailable skips on a laptop and fails in CI.
func unavailable(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}
