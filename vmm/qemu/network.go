package qemu

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"mewz/vmm"
)

// The user network that QEMU has when nobody says otherwise.
var (
	userNetwork4 = netip.MustParsePrefix("10.0.2.0/24")
	userNetwork6 = netip.MustParsePrefix("fec0::/64")
)

// Places in the user network (QEMU, net/slirp.c): router and name server are the
// second and third address, so that it takes a network of some size.
const (
	userRouterOffset  = 2
	userServerOffset  = 3
	userPrefixMaxBits = 28
)

// UserRouter returns the addresses that router and name server have in a user
// network around the address of a machine.
func UserRouter(machine netip.Prefix) (router, server netip.Addr) {
	return offset(machine, userRouterOffset), offset(machine, userServerOffset)
}

// offset returns the n-th address of the network of p.
func offset(p netip.Prefix, n int) netip.Addr {
	a := p.Masked().Addr()
	for range n {
		a = a.Next()
	}
	return a
}

// networkOptions are the options for the network of a machine.
func networkOptions(machine string, n *vmm.Network) ([]string, error) {
	if n == nil {
		return []string{"-nic", "none"}, nil
	}
	backend, err := backend(n)
	if err != nil {
		return nil, err
	}
	// Everything that the host can do for the machine (checksums, segmentation,
	// joined receive buffers, the event index) is on by itself. romfile: no
	// option ROM, for nobody boots over this network.
	device := "virtio-net-pci,netdev=net0,disable-legacy=on,romfile="
	if strings.HasPrefix(machine, Machines[0]) {
		device = "virtio-net-device,netdev=net0"
	}
	if n.MAC != "" {
		device += ",mac=" + n.MAC
	}
	options := []string{"-netdev", backend, "-device", device}
	if n.CaptureFile != "" {
		options = append(options, "-object", "filter-dump,id=capture0,netdev=net0,file="+escapeComma(n.CaptureFile))
	}
	return options, nil
}

// backend is the value of -netdev.
func backend(n *vmm.Network) (string, error) {
	if n.Interface != "" {
		b := "tap,id=net0,script=no,downscript=no,ifname=" + escapeComma(n.Interface)
		if n.CaptureFile != "" {
			// Before version 8 QEMU would write virtio's headers into the file.
			b += ",vnet_hdr=off"
		}
		return b, nil
	}
	parts := []string{"user", "id=net0", "ipv4=on", "ipv6=on"}
	target := "" // QEMU's own choice
	if a, ok := n.IPv4(); ok {
		around, err := userAround4(a, n.Router)
		if err != nil {
			return "", err
		}
		parts = append(parts, around...)
		target = a.Addr().String()
	}
	if a, ok := n.IPv6(); ok && a.Masked() != userNetwork6 {
		parts = append(parts, "ipv6-prefix="+a.Masked().Addr().String(), fmt.Sprintf("ipv6-prefixlen=%d", a.Bits()))
	}
	for _, f := range n.Forwards {
		parts = append(parts, fmt.Sprintf("hostfwd=%s:%v-%s:%d", f.Protocol, f.Host, target, f.GuestPort))
	}
	return strings.Join(parts, ","), nil
}

// userAround4 lays the user network around the IPv4 address of the machine.
func userAround4(a netip.Prefix, router netip.Addr) ([]string, error) {
	if a.Bits() > userPrefixMaxBits {
		return nil, fmt.Errorf("--ip %v: a user network has addresses for a router and a name server: at most /%d, as in %v/24",
			a, userPrefixMaxBits, a.Addr())
	}
	usual, server := UserRouter(a)
	if !router.IsValid() {
		router = usual
	}
	if router == server {
		server = usual // QEMU wants two
	}
	if a.Addr() == router || a.Addr() == server {
		return nil, fmt.Errorf("--ip %v: the user network has its router at %v and its name server at %v: choose another, as %v/%d",
			a, router, server, offset(a, 15), a.Bits())
	}
	if a.Masked() == userNetwork4 && router == usual {
		return nil, nil
	}
	return []string{
		"net=" + a.Masked().String(), "host=" + router.String(), "dns=" + server.String(), "dhcpstart=" + a.Addr().String(),
	}, nil
}

// escapeComma is for values in options that take commas apart.
func escapeComma(s string) string { return strings.ReplaceAll(s, ",", ",,") }

// checkNetwork finds out what of the host would stand in the way of a network, for
// QEMU says it worse.
func checkNetwork(n *vmm.Network) error {
	if n == nil {
		return nil
	}
	if n.Interface != "" {
		return vmm.CheckTAP(n.Interface)
	}
	for _, f := range n.Forwards {
		if err := checkForward(f); err != nil {
			return err
		}
	}
	return nil
}

// checkForward tries to take the port of the host for a moment.
func checkForward(f vmm.Forward) error {
	if f.Host.Addr().Is6() {
		return nil // startRelays does
	}
	var err error
	if f.Protocol == "udp" {
		var c *net.UDPConn
		if c, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(f.Host)); err == nil {
			err = c.Close()
		}
	} else {
		var l *net.TCPListener
		if l, err = net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(f.Host)); err == nil {
			err = l.Close()
		}
	}
	return forwardError(f, err)
}

// forwardError says what to do about a port that cannot be taken.
func forwardError(f vmm.Forward, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("-p %v: port %d of this computer is in use by another program: choose another, as -p %d:%d",
			f, f.Host.Port(), otherPort(f.Host.Port()), f.GuestPort)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("-p %v: ports below 1024 of this computer are for root: choose another, as -p %d:%d",
			f, otherPort(f.Host.Port()), f.GuestPort)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("-p %v: %v is no address of this computer: leave it out for all of them", f, f.Host.Addr())
	default:
		return fmt.Errorf("-p %v: %w", f, err)
	}
}

// otherPort proposes a port that anybody may take.
func otherPort(port uint16) uint16 {
	if port < 1024 {
		return port + 8000
	}
	if port == 65535 {
		return port - 1
	}
	return port + 1
}

// networkComplaints are what QEMU says when something of the host's network came
// in between after all, and what we say.
var networkComplaints = []struct{ said, meant string }{
	{"Could not set up host forwarding rule", "-p: a port of this computer was taken meanwhile: start again, or choose another"},
	{"could not configure /dev/net/tun", "--net tap: the device is in use by another machine, or belongs to another user"},
	{"could not open /dev/net/tun", "--net tap: /dev/net/tun is not there or may not be opened: mewz doctor"},
	{"Parameter 'type' expects a netdev backend type", "--net user: this QEMU was built without user networking: use --net tap=NAME"},
	{"network backend 'user' is not compiled", "--net user: this QEMU was built without user networking: use --net tap=NAME"},
}

// networkComplaint translates a line of QEMU, or returns "".
func networkComplaint(said string) string {
	i := slices.IndexFunc(networkComplaints, func(c struct{ said, meant string }) bool { return strings.Contains(said, c.said) })
	if i < 0 {
		return ""
	}
	return networkComplaints[i].meant + " (" + said + ")"
}
