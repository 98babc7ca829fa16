package ext4

import (
	"math/rand/v2"
	"testing"
)

// TestCRC: the instruction and the tables agree, whatever the length.
func TestCRC(t *testing.T) {
	prepareSums()
	if !hasCRC {
		t.Skip("issue 5: this processor has no SSE4.2")
	}
	if got := crc(^uint32(0), []byte("123456789")) ^ ^uint32(0); got != 0xe3069283 {
		t.Errorf("crc of 123456789 = %#x, want 0xe3069283", got)
	}
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 400)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	for from := range 9 {
		for n := range len(b) - from {
			p, sum := b[from:from+n], r.Uint32()
			if got, want := crc(sum, p), crcByTable(sum, p); got != want {
				t.Fatalf("crc of %d bytes = %#x, want %#x", n, got, want)
			}
		}
	}
}
