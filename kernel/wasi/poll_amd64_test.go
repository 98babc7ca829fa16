package wasi

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"mewz/kernel/socket"
)

// interestingInGo is nextInteresting as it would be without assembly.
func interestingInGo(in []byte, at int, ready []socket.Readiness) int {
	for ; at < len(in); at += subscriptionBytes {
		fd := binary.LittleEndian.Uint32(in[at+subscriptionFD:])
		if uint64(fd) >= uint64(len(ready)) || ready[fd]&(socket.Readiness(in[at+subscriptionTag])|socket.Other) != 0 {
			break
		}
	}
	return at
}

// TestNextInteresting compares with the same in Go, for all lengths of rounds and rests.
func TestNextInteresting(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	values := []socket.Readiness{0, 0, 0, 0, socket.Readable, socket.Writable, socket.Hangup, socket.Other, 255}
	for range 20_000 {
		ready := make([]socket.Readiness, random.IntN(20))
		for i := range ready {
			ready[i] = values[random.IntN(len(values))]
		}
		in := make([]byte, random.IntN(14)*subscriptionBytes)
		for i := range in {
			in[i] = byte(random.Uint32()) // also what nobody looks at
		}
		for at := 0; at < len(in); at += subscriptionBytes {
			in[at+subscriptionTag] = byte(random.IntN(4))
			if random.IntN(8) != 0 {
				binary.LittleEndian.PutUint32(in[at+subscriptionFD:], uint32(random.IntN(len(ready)+1)))
			}
		}
		at := random.IntN(len(in)/subscriptionBytes+1) * subscriptionBytes
		if got, want := nextInteresting(in, at, ready), interestingInGo(in, at, ready); got != want {
			t.Fatalf("nextInteresting(%d of %d, %v) = %d, want %d", at, len(in), ready, got, want)
		}
	}
}
