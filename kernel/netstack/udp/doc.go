// Package udp is the User Datagram Protocol (RFC 768, 1122 4.1, 8085).
//
// In: packets of package ip and calls of sockets. Out: datagrams by ip.Layer, and
// readiness. One goroutine owns it; nothing waits, and in steady state nothing is
// allocated. What nobody has read yet lies in chunks of a pool, bounded for each endpoint.
package udp
