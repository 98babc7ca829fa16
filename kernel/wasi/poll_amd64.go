package wasi

import "mewz/kernel/socket"

// What poll_amd64.s reads.
const (
	scanMark = uint8(socket.Other)
	// scanRound is how many subscriptions one round of the loop looks at.
	scanRound = 4
)

// nextInteresting returns where the next subscription begins, from at on, that is not
// of a socket which is not ready. The mark socket.Other stops it at everything else: at
// clocks too, because no socket has one of their numbers (network.plain).
//
// It is called by Go, with the stack of Go, and calls nothing. In assembly an idle socket
// costs 8 instructions, in Go 22: the compiler cannot prove that a subscription lies in the
// slice, and does not test memory against a register.
//
// Preconditions: at and len(in) are multiples of subscriptionBytes, at ≤ len(in).
//
//go:noescape
func nextInteresting(in []byte, at int, ready []socket.Readiness) int
