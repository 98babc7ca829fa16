// Package tcp is the Transmission Control Protocol (RFC 9293) with selective
// acknowledgements (RFC 2018, 6675), time stamps (RFC 7323), CUBIC (RFC 9438) and
// the defences of RFC 5961, over IPv4 and IPv6.
//
// In: packets of package ip and calls of sockets. Out: frames by ip.Output, and
// readiness. One goroutine owns it; nothing waits, nothing is allocated per segment.
//
// A segment comes by Engine.Input. Nearly always it is what header prediction expects
// (Conn.predicted); else it goes the way of RFC 9293, 3.10.7 (Conn.input, Engine.stranger). Everything
// that sends data is Conn.output, which asks the recovery of losses first (recovery.go). Engine.EndPoll
// acknowledges what no answer carried, and runs the timers: a wheel in which each connection is
// once, at or before its first deadline (timer.go).
//
// Memory: data lies in chunks of a packet.Pool, received data copied in, data to send copied in once and
// sent by reference, again too (buffer.go). A connection that has nothing to send or to be read holds none. What
// lies behind a gap is at its place in the same chunks. An eighth of the pool is kept for what is
// under way: at the limit there are no new connections, Write waits, windows do not
// open further. Connections themselves are kept and used again; one in TIME-WAIT is an
// entry of 48 bytes, a half-open one beyond halfOpenMax is a SYN cookie.
//
// Which test holds which rule says testdata/RULES.md.
//
// It never sends to, or takes from, a group address; it does not know Fast Open (RFC 7413), ECN (RFC 3168) or urgent
// data, which is data (RFC 6093).
//
// Preconditions: Output.Send does not call Engine.Input before it returns.
package tcp
