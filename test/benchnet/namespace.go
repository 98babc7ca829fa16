package main

import (
	"fmt"
	"net/netip"
	"runtime"

	"golang.org/x/sys/unix"

	"mewz/test/benchnet/link"
)

// namespace is a network of its own that only this process and its children
// see. One thread lives in it and does what do asks for.
type namespace struct {
	work  chan func()
	wires int
}

// newNamespace needs root.
func newNamespace() (*namespace, error) {
	n := &namespace{work: make(chan func())}
	failed := make(chan error)
	go func() {
		// The thread is never unlocked: it ends with the goroutine and must not
		// serve others.
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			failed <- fmt.Errorf("a network namespace: %w: run this as root", err)
			return
		}
		failed <- nil
		for f := range n.work {
			f()
		}
	}()
	return n, <-failed
}

// do runs f on the thread inside the namespace: sockets that f opens and
// processes that it starts belong to it.
func (n *namespace) do(f func() error) error {
	done := make(chan error)
	n.work <- func() { done <- f() }
	return <-done
}

// wire is a TAP device and the addresses of its two ends.
type wire struct {
	name        string
	host, guest netip.Addr
}

// wireBits is the length of the prefix of each wire.
const wireBits = 24

func (w wire) guestPrefix() netip.Prefix { return netip.PrefixFrom(w.guest, wireBits) }

// newWire makes a TAP device with an address.
func (n *namespace) newWire() (wire, error) {
	n.wires++
	w := wire{
		name:  fmt.Sprintf("bench%d", n.wires),
		host:  netip.AddrFrom4([4]byte{10, 77, byte(n.wires), 1}),
		guest: netip.AddrFrom4([4]byte{10, 77, byte(n.wires), 2}),
	}
	return w, n.do(func() error {
		if err := link.Tap(w.name); err != nil {
			return err
		}
		return link.Up(w.name, netip.PrefixFrom(w.host, wireBits))
	})
}
