package interop

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"mewz/kernel/packet/packettest"
)

// rateMin is what our throughput is at least of Linux's own under the same link.
const rateMin = 0.8

// Rounds of TestLinuxRate: so many at least, and more as long as the medians are below rateMin, for
// a computer that does other things too.
const (
	roundsMin = 5
	roundsMax = 20
)

// rateBytes is what is sent in a round: some 2,000 segments, so some 20 losses.
const rateBytes = 3 << 20

// TestLinuxRate compares the throughput of our stack, in both directions, with that of
// Linux to Linux: the same link, which loses one frame in a hundred, at the same time.
func TestLinuxRate(t *testing.T) {
	lossy := packettest.Behavior{Delay: 5 * time.Millisecond, Lose: 0.01, BytesPerSecond: 12_500_000, Queue: 250}
	var mu sync.Mutex
	times := map[string][]time.Duration{}
	ratio := func(name string) float64 { return median(times["Linux to Linux"]) / median(times[name]) }
	for round := range uint64(roundsMax) {
		if round >= roundsMin && ratio("ours to Linux") >= rateMin && ratio("Linux to ours") >= rateMin {
			break
		}
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) {
			for name, isOurs := range map[string][2]bool{"Linux to Linux": {}, "ours to Linux": {true, false}, "Linux to ours": {false, true}} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					took := rate(t, isOurs, lossy, round)
					mu.Lock()
					defer mu.Unlock()
					times[name] = append(times[name], took)
				})
			}
		})
		if t.Failed() || t.Skipped() || len(times) == 0 {
			return
		}
	}
	for _, name := range []string{"ours to Linux", "Linux to ours"} {
		t.Logf("%s: %.2f of the throughput of Linux to Linux, medians of %d rounds of %.2f s and %.2f s",
			name, ratio(name), len(times[name]), median(times[name]), median(times["Linux to Linux"]))
		if ratio(name) < rateMin {
			t.Errorf("%s: %.2f of Linux's own throughput, want %v: %v, Linux %v", name, ratio(name), rateMin, times[name], times["Linux to Linux"])
		}
	}
}

// median is in seconds.
func median(all []time.Duration) float64 {
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	return sorted[len(sorted)/2].Seconds()
}

// rate returns how long bytes take from one host to another.
func rate(t *testing.T, isOurs [2]bool, behavior packettest.Behavior, seed uint64) time.Duration {
	clock := new(packettest.Clock)
	clock.Advance(time.Second)
	var hosts [2]host
	for i := range hosts {
		if isOurs[i] {
			hosts[i] = newOurs(t, clock, i, offloadAll, seed)
		} else {
			hosts[i] = newLinux(t, i)
		}
	}
	w := newRealWorld(t, clock, hosts[0], hosts[1], behavior, seed)
	begin := time.Now()
	w.transfer(exchange{client: 0, server: 1, bytes: [2]int{rateBytes, 0}, change: func(_, s *party) { s.hold = true }})
	return time.Since(begin)
}
