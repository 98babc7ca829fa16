// Package ip is IPv4 (RFC 791, 1122), IPv6 (RFC 8200) with their neighbours ARP
// (RFC 826), ICMP (RFC 792), ICMPv6 (RFC 4443) and neighbour discovery (RFC 4861, 4862)
// over one Ethernet device.
package ip
