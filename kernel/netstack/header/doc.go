// Package header reads and writes the headers of Ethernet, ARP, IPv4, IPv6,
// ICMP, ICMPv6, UDP and TCP, and the checksum they share.
//
// In: bytes from the network. Out: values that can only be legal. It knows no
// state and allocates nothing.
package header
