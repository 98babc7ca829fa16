package abi

import "strings"

// Network is how a machine is connected. Texts are as the user wrote them: the kernel
// parses them, because the command line of a VMM carries the same.
type Network struct {
	// Enabled says that the program has a network at all.
	Enabled bool
	// Absent says that the kernel of the image is the one without a network, so that
	// Enabled cannot be set; the linker chooses.
	Absent bool
	// Addresses are "ADDRESS/PREFIX", IPv4 and IPv6. Without one of IPv4 the
	// machine asks by DHCP, without one of IPv6 it configures itself (RFC 4862).
	Addresses []string
	// Gateways are at most one address of each family.
	Gateways []string
	// Servers are name servers; without any those of DHCP and router advertisements count.
	Servers []string
	// Search are domains for names without a dot.
	Search []string
	// HostName is the name of the machine, also told to the DHCP server.
	HostName string
	// Listen are sockets that the program finds open after its directories,
	// "ADDRESS:PORT" of TCP each.
	Listen []string
}

// lists are the fields that are lists, in the order of their encoding.
func (n *Network) lists() []*[]string {
	return []*[]string{&n.Addresses, &n.Gateways, &n.Servers, &n.Search, &n.Listen}
}

// OpensSockets says whether a function of this name opens sockets or looks names up,
// which the four of preview 1 do not: they need a socket from elsewhere.
func OpensSockets(name string) bool {
	switch name {
	case "sock_accept", "sock_recv", "sock_send", "sock_shutdown":
		return false
	default:
		return strings.HasPrefix(name, "sock_")
	}
}

// WantsNetwork says whether the program of c is to have a network (decision 0014).
func (c *Config) WantsNetwork() bool {
	n := &c.Network
	if n.Enabled || len(n.Addresses) > 0 || len(n.Listen) > 0 {
		return true
	}
	for _, number := range c.Imports {
		if int(number) < len(Functions) && OpensSockets(Functions[number].Name) {
			return true
		}
	}
	return false
}
