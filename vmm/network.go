package vmm

import (
	"fmt"
	"net/netip"
	"strings"

	"mewz/abi"
)

// Network is how a machine is connected.
type Network struct {
	// Interface is a TAP device of the host. Without one the VMM itself plays
	// router, DHCP and name server (QEMU's user network).
	Interface string
	// MAC is the Ethernet address of the machine.
	MAC string
	// Forwards are ports of the host that lead into the machine, in the user network.
	Forwards []Forward
	// Addresses are those that the user chose for the machine; the user network
	// is laid around them.
	Addresses []netip.Prefix
	// Router is the address of the user network's router, if it is not to be the
	// second of the network.
	Router netip.Addr
	// CaptureFile gets what crosses the wire, in the format of libpcap.
	CaptureFile string
}

// Forward is a port of the host that leads into the machine.
type Forward struct {
	Protocol  string // "tcp" or "udp"
	Host      netip.AddrPort
	GuestPort uint16
}

// String writes a forward as -p takes it.
func (f Forward) String() string {
	s := fmt.Sprintf("%v:%d", f.Host, f.GuestPort)
	if f.Protocol != "tcp" {
		s += "/" + f.Protocol
	}
	return s
}

// IPv4 returns the first of the addresses that is one of IPv4, if any.
func (n *Network) IPv4() (netip.Prefix, bool) { return n.find(netip.Addr.Is4) }

// IPv6 returns the first of the addresses that is one of IPv6, if any.
func (n *Network) IPv6() (netip.Prefix, bool) { return n.find(netip.Addr.Is6) }

func (n *Network) find(is func(netip.Addr) bool) (netip.Prefix, bool) {
	for _, a := range n.Addresses {
		if is(a.Addr()) {
			return a, true
		}
	}
	return netip.Prefix{}, false
}

// announcementMaxBytes bounds a FrameNetwork that is looked at: some hundred addresses.
const announcementMaxBytes = 4096

// announced returns the addresses of a FrameNetwork. The machine wrote it, so
// what is no address is left out.
func announced(payload []byte) []netip.Prefix {
	var addresses []netip.Prefix
	for line := range strings.Lines(string(payload)) {
		if p, err := netip.ParsePrefix(strings.TrimSpace(line)); err == nil {
			addresses = append(addresses, p)
		}
	}
	return addresses
}

// StopRequest is what asks a machine on its serial line to end (abi.ReadyStops).
func StopRequest() []byte { return []byte{1, 0, abi.RequestStop} }

// LostRequest is what tells a machine on its serial line that nobody serves a share any more.
func LostRequest(tag string) []byte {
	request := abi.AppendRequestLost(nil, tag)
	return append([]byte{byte(len(request)), byte(len(request) >> 8)}, request...)
}
