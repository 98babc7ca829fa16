package qemu

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mewz/vmm"
)

// loopback6 is a port of the IPv6 loopback that is free, or skips the test.
func loopback6(t *testing.T) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skipf("this computer has no IPv6: %v", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort()
}

// startRelay relays one port and returns where QEMU would listen.
func startRelay(t *testing.T, protocol string) (r *relays, host, machine netip.AddrPort) {
	t.Helper()
	n := &vmm.Network{Forwards: []vmm.Forward{
		{Protocol: protocol, Host: netip.MustParseAddrPort("127.0.0.1:1"), GuestPort: 7},
		{Protocol: protocol, Host: loopback6(t), GuestPort: 80},
	}}
	r, err := startRelays(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	got := r.network.Forwards
	if got[0] != n.Forwards[0] || got[1].GuestPort != 80 || got[1].Protocol != protocol || !got[1].Host.Addr().Is4() {
		t.Fatalf("QEMU gets %v for %v", got, n.Forwards)
	}
	return r, n.Forwards[1].Host, got[1].Host
}

// TestRelayStreams sends both ways, ends each direction by itself, and has a reset arrive.
func TestRelayStreams(t *testing.T) {
	_, host, machine := startRelay(t, "tcp")
	l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(machine))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var group sync.WaitGroup
	defer group.Wait()
	group.Go(func() {
		for range 2 {
			c, err := l.AcceptTCP()
			if err != nil {
				return
			}
			all, err := io.ReadAll(c) // the client has closed its direction, and reads on
			if bytes.Equal(all, []byte("reset")) {
				c.SetLinger(0)
			} else if err == nil {
				_, _ = c.Write(append(all, all...))
			}
			c.Close()
		}
	})
	ask := func(text string) (string, error) {
		c, err := net.DialTCP("tcp6", nil, net.TCPAddrFromAddrPort(host))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(patience))
		if _, err := io.WriteString(c, text); err != nil {
			return "", err
		}
		c.CloseWrite()
		answer, err := io.ReadAll(c)
		return string(answer), err
	}
	text := strings.Repeat("relay ", 100_000)
	if answer, err := ask(text); answer != text+text || err != nil {
		t.Errorf("%d bytes and %v came back for %d", len(answer), err, len(text))
	}
	if answer, err := ask("reset"); answer != "" || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a reset connection gives %q, %v", answer, err)
	}
}

// TestRelayDatagrams has answers find back to whom they are for.
func TestRelayDatagrams(t *testing.T) {
	r, host, machine := startRelay(t, "udp")
	server, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(machine))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		b := make([]byte, datagramBytes)
		for {
			n, from, err := server.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			_, _ = server.WriteToUDPAddrPort(append([]byte("to "), b[:n]...), from)
		}
	}()
	defer server.Close()
	var clients []*net.UDPConn
	for range 3 {
		c, err := net.DialUDP("udp6", nil, net.UDPAddrFromAddrPort(host))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(patience))
		clients = append(clients, c)
	}
	for range 2 {
		for i, c := range clients {
			if _, err := c.Write([]byte{byte('a' + i)}); err != nil {
				t.Fatal(err)
			}
		}
		for i, c := range clients {
			b := make([]byte, 10)
			n, err := c.Read(b)
			if want := "to " + string(rune('a'+i)); string(b[:n]) != want || err != nil {
				t.Errorf("client %d got %q, %v, want %q", i, b[:n], err, want)
			}
		}
	}
	r.close()
	if c, err := net.ListenUDP("udp6", net.UDPAddrFromAddrPort(host)); err != nil {
		t.Errorf("the port is still taken: %v", err)
	} else {
		c.Close()
	}
}

// TestRelayTaken says what to do about a port that is in use.
func TestRelayTaken(t *testing.T) {
	host := loopback6(t)
	l, err := net.ListenTCP("tcp6", net.TCPAddrFromAddrPort(host))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = startRelays(&vmm.Network{Forwards: []vmm.Forward{{Protocol: "tcp", Host: host, GuestPort: 80}}})
	if err == nil || !strings.Contains(err.Error(), "in use by another program") {
		t.Errorf("startRelays: %v", err)
	}
}
