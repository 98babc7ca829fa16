// Package dhcp is a client of the Dynamic Host Configuration Protocol for IPv4 (RFC 2131,
// options of RFC 2132, 3396, 3397).
//
// In: UDP messages from port 67 and the clock. Out: messages to port 67 and leases, by Host. It
// trusts nothing in a message, keeps no more of one than the bounds below, and waits for nothing.
package dhcp
