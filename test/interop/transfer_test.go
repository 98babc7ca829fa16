package interop

import (
	"fmt"
	"testing"
	"time"

	"mewz/kernel/packet"
	"mewz/kernel/packet/packettest"
)

// bad returns a link that does everything wrong, in percent.
func bad(percent int) packettest.Behavior {
	p := float64(percent) / 100
	return packettest.Behavior{
		Delay: 5 * time.Millisecond, Jitter: time.Duration(percent) * 50 * time.Microsecond,
		Lose: p, Repeat: p / 2, Reorder: p, ReorderBy: 12 * time.Millisecond, Corrupt: p / 2,
	}
}

// newPair returns a world of our stack, host 0, and gVisor's, host 1.
func newPair(t testing.TB, offload packet.Offload, b packettest.Behavior, seed uint64) (*world, *ours, *gvisor) {
	clock := new(packettest.Clock)
	clock.Advance(time.Second)
	o, g := newOurs(t, clock, 0, offload, seed), newGvisor(t, clock, 1, seed)
	return newWorld(t, clock, o, g, b, seed), o, g
}

// TestGvisorTransfer sends bytes both ways over links from good to hopeless, in both roles.
func TestGvisorTransfer(t *testing.T) {
	for _, percent := range []int{0, 1, 5, 20} {
		for _, six := range []bool{false, true} {
			for client := range 2 {
				for name, offload := range map[string]packet.Offload{"": {}, " offload": offloadAll} {
					t.Run(fmt.Sprintf("%d%% six=%v client=%d%s", percent, six, client, name), func(t *testing.T) {
						w, o, _ := newPair(t, offload, bad(percent), uint64(percent+10*client))
						n := 400 << 10
						if percent == 20 {
							n = 60 << 10
						}
						begin := w.clock.Now()
						w.transfer(exchange{client: client, server: 1 - client, six: six, bytes: [2]int{n, n}})
						t.Logf("took %v", w.clock.Now()-begin)
						o.empty(t, w)
					})
				}
			}
		}
	}
}
