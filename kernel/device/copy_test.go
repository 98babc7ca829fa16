package device

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestCopyWide(t *testing.T) {
	if !HasWide() {
		t.Skip("issue 5: this processor has no AVX")
	}
	random := rand.New(rand.NewPCG(1, 2))
	from := make([]byte, 5000)
	for i := range from {
		from[i] = byte(random.Uint32())
	}
	for _, n := range []int{0, 1, 255, 256, 257, 511, 512, 4096, 4111} {
		for _, at := range []int{0, 1, 31} {
			to := bytes.Repeat([]byte{0xee}, len(from)+100)
			if got := CopyWide(to[at:at+n], from[at+7:at+7+n]); got != n {
				t.Errorf("CopyWide of %d bytes = %d", n, got)
			}
			if !bytes.Equal(to[at:at+n], from[at+7:at+7+n]) || bytes.Count(to, []byte{0xee}) < len(to)-n {
				t.Errorf("%d bytes at %d are wrong, or those around them", n, at)
			}
		}
	}
	if got := CopyWide(make([]byte, 300), from); got != 300 {
		t.Errorf("CopyWide into 300 bytes = %d", got)
	}
}
