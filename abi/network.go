package abi

// Network is how a machine is connected. Texts are as the user wrote them: the kernel
// parses them, because the command line of a VMM carries the same.
type Network struct {
	// Enabled says that the program has a network at all.
	Enabled bool
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
