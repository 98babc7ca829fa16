// Package tcp is the Transmission Control Protocol (RFC 9293) with selective
// acknowledgements (RFC 2018, 6675), timestamps (RFC 7323), CUBIC (RFC 9438) and
// the defences of RFC 5961.
//
// In: packets of package ip and calls of sockets. Out: frames by ip.Output, and
// readiness. One goroutine owns it; nothing waits, nothing is allocated per segment.
package tcp
