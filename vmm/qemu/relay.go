package qemu

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"mewz/vmm"
)

// The user network of QEMU 7.2 publishes ports of IPv4 addresses only. One of an IPv6
// address is served here, and handed on to a port of the loopback interface that
// QEMU publishes:
//
//	[::1]:8080 ── relay ── 127.0.0.1:41234 ── QEMU ── port 80 of the machine

// Bounds of one relay: whoever reaches it must not take the descriptors of the command.
const (
	relayConnections = 512
	relayPeers       = 512             // of datagrams
	relayIdle        = 2 * time.Minute // a peer of datagrams (RFC 4787, 4.3)
	datagramBytes    = 65536
)

// relays are those of a machine.
type relays struct {
	group   sync.WaitGroup
	mu      sync.Mutex
	open    map[io.Closer]bool // nil: closed
	network *vmm.Network       // for QEMU
}

// startRelays takes the ports of IPv6 addresses.
func startRelays(n *vmm.Network) (*relays, error) {
	r := &relays{open: map[io.Closer]bool{}, network: n}
	if n == nil || !slices.ContainsFunc(n.Forwards, func(f vmm.Forward) bool { return f.Host.Addr().Is6() }) {
		return r, nil
	}
	mine := *n
	mine.Forwards = slices.Clone(n.Forwards)
	r.network = &mine
	var reserved []io.Closer // until all are chosen, so that none is chosen twice
	defer func() {
		for _, c := range reserved {
			c.Close()
		}
	}()
	for i := range mine.Forwards {
		f := &mine.Forwards[i]
		if !f.Host.Addr().Is6() {
			continue
		}
		to, held, err := loopbackPort(f.Protocol)
		if err != nil {
			r.close()
			return nil, err
		}
		reserved = append(reserved, held)
		if err := r.serve(*f, to); err != nil {
			r.close()
			return nil, forwardError(*f, err)
		}
		f.Host = to
	}
	return r, nil
}

// loopbackPort finds a port that is free, and holds it.
func loopbackPort(protocol string) (netip.AddrPort, io.Closer, error) {
	loopback := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	if protocol == "udp" {
		c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(loopback))
		if err != nil {
			return loopback, nil, err
		}
		return c.LocalAddr().(*net.UDPAddr).AddrPort(), c, nil
	}
	l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(loopback))
	if err != nil {
		return loopback, nil, err
	}
	return l.Addr().(*net.TCPAddr).AddrPort(), l, nil
}

// serve begins to serve a port.
func (r *relays) serve(f vmm.Forward, to netip.AddrPort) error {
	if f.Protocol == "udp" {
		c, err := net.ListenUDP("udp6", net.UDPAddrFromAddrPort(f.Host))
		if err != nil {
			return err
		}
		r.add(c)
		r.group.Go(func() { r.datagrams(c, to) })
		return nil
	}
	l, err := net.ListenTCP("tcp6", net.TCPAddrFromAddrPort(f.Host))
	if err != nil {
		return err
	}
	r.add(l)
	r.group.Go(func() { r.streams(l, to) })
	return nil
}

// add has c closed at the end. It reports false, and has closed it, after the end.
func (r *relays) add(c io.Closer) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		c.Close()
		return false
	}
	r.open[c] = true
	return true
}

// drop closes c.
func (r *relays) drop(c io.Closer) {
	r.mu.Lock()
	delete(r.open, c)
	r.mu.Unlock()
	c.Close()
}

// close ends all relays.
func (r *relays) close() {
	r.mu.Lock()
	for c := range r.open {
		c.Close()
	}
	r.open = nil
	r.mu.Unlock()
	r.group.Wait()
}

// streams relays the connections of a listener. Beyond the bound they wait in its backlog.
func (r *relays) streams(l *net.TCPListener, to netip.AddrPort) {
	free := make(chan struct{}, relayConnections)
	for {
		free <- struct{}{}
		client, err := l.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			<-free
			time.Sleep(10 * time.Millisecond) // no descriptors: some come back
			continue
		}
		r.group.Go(func() {
			defer func() { <-free }()
			r.stream(client, to)
		})
	}
}

// stream relays a connection, each direction to its end.
func (r *relays) stream(client *net.TCPConn, to netip.AddrPort) {
	if !r.add(client) {
		return
	}
	defer r.drop(client)
	machine, err := net.DialTCP("tcp4", nil, net.TCPAddrFromAddrPort(to))
	if err != nil {
		client.SetLinger(0)
		return
	}
	if !r.add(machine) {
		return
	}
	defer r.drop(machine)
	var both sync.WaitGroup
	both.Go(func() { copyStream(machine, client) })
	both.Go(func() { copyStream(client, machine) })
	both.Wait()
}

// copyStream copies one direction. What ends it there ends it here: a close, or a reset.
func copyStream(to, from *net.TCPConn) {
	if _, err := io.Copy(to, from); err != nil {
		for _, c := range []*net.TCPConn{to, from} {
			c.SetLinger(0)
			c.Close()
		}
		return
	}
	to.CloseWrite()
}

// datagrams relays what comes to a port, with a socket for each peer, so that answers
// find back. A peer beyond the bound is not heard until another has been idle.
func (r *relays) datagrams(server *net.UDPConn, to netip.AddrPort) {
	var mu sync.Mutex // guards peers
	peers := map[netip.AddrPort]*net.UDPConn{}
	b := make([]byte, datagramBytes)
	for {
		n, from, err := server.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // of an earlier answer, which nobody wanted
		}
		mu.Lock()
		peer := peers[from]
		full := len(peers) >= relayPeers
		mu.Unlock()
		if peer == nil {
			if full {
				continue
			}
			if peer, err = net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to)); err != nil || !r.add(peer) {
				continue
			}
			mu.Lock()
			peers[from] = peer
			mu.Unlock()
			r.group.Go(func() {
				answers(server, peer, from)
				mu.Lock()
				delete(peers, from)
				mu.Unlock()
				r.drop(peer)
			})
		}
		peer.SetReadDeadline(time.Now().Add(relayIdle))
		_, _ = peer.Write(b[:n]) // a datagram may get lost
	}
}

// answers relays the answers to one peer until it has been idle.
func answers(server, peer *net.UDPConn, to netip.AddrPort) {
	b := make([]byte, datagramBytes)
	for {
		n, err := peer.Read(b)
		var timeout net.Error
		switch {
		case err == nil:
			peer.SetReadDeadline(time.Now().Add(relayIdle))
			_, _ = server.WriteToUDPAddrPort(b[:n], to)
		case errors.Is(err, net.ErrClosed), errors.As(err, &timeout) && timeout.Timeout():
			return
		}
	}
}
