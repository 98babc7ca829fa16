package tcp

import (
	"math"
	"testing"
	"time"
)

// newCongested returns a connection of an engine of its own, with segments of 1000 bytes and a round-trip time.
func newCongested(t *testing.T, rtt time.Duration) *Conn {
	_, e := newLayer(t, 1, 1<<20)
	c := e.newConn()
	c.mss = 1000
	c.rtt.smooth = uint32(rtt / time.Microsecond)
	c.sndTail = 1 // there is more to send
	return c
}

// segments is the congestion window.
func (c *Conn) segments() float64 { return float64(c.congestion.window) / float64(c.mss) }

// round acknowledges a whole window, one segment after the other, in one round-trip time.
func (c *Conn) round() {
	n := c.congestion.window / c.mss
	for range n {
		c.congestion.limited = true
		c.congestion.acknowledged(c, c.mss)
	}
	c.engine.ms += c.rtt.smooth / 1000
}

// lost is a loss of which fast recovery makes good.
func (c *Conn) lost() {
	c.congestion.reduce(c, c.congestion.window)
	c.congestion.window = c.congestion.threshold
}

// TestCubicWindow compares the window after a loss with W_cubic of RFC 9438, 4.2: it comes back to where it was
// after K seconds, slower and slower, and goes on from there faster and faster.
func TestCubicWindow(t *testing.T) {
	c := newCongested(t, 100*time.Millisecond)
	const before = 1000.0
	c.congestion.window = before * c.mss
	c.congestion.threshold = c.congestion.window
	c.lost()
	if got := c.segments(); math.Abs(got-0.7*before) > 1 {
		t.Fatalf("%v segments after a loss with %v, want 0.7 of it (4.6)", got, before)
	}
	k := math.Cbrt(before * (1 - 0.7) / 0.4) // 9.1 s, ten times what Reno's region needs at this size
	start := c.engine.ms
	for seconds := 0.0; seconds < 2*k; seconds = float64(c.engine.ms-start) / 1000 {
		last := c.segments()
		c.round()
		// The target is that of the end of the round; a round follows it with one of delay.
		low, high := 0.4*math.Pow(seconds-0.1-k, 3)+before, 0.4*math.Pow(seconds+0.2-k, 3)+before
		if got := c.segments(); got < min(low, 0.99*low) || got > 1.01*high {
			t.Errorf("%.1f s after the loss: %.0f segments, want %.0f to %.0f", seconds, got, low, high)
		}
		if c.segments() < last || c.segments() > 1.5*last {
			t.Errorf("%.1f s after the loss: from %.0f to %.0f segments in one round", seconds, last, c.segments())
		}
	}
}

// TestCubicConverges: RFC 9438, 4.7: who loses before he is back where he was leaves room to others.
func TestCubicConverges(t *testing.T) {
	c := newCongested(t, 100*time.Millisecond)
	c.congestion.window, c.congestion.threshold = 100*c.mss, 100*c.mss
	c.lost()
	c.lost()
	if got, want := c.congestion.max, 70*(1+0.7)/2; math.Abs(got-want) > 0.1 {
		t.Errorf("W_max = %v after two losses in turn, want %v", got, want)
	}
}

// TestCubicIsNoSlowerThanReno: RFC 9438, 4.3: in short networks the window grows as Reno's with the same decrease,
// and by a segment a round once it is where it was.
func TestCubicIsNoSlowerThanReno(t *testing.T) {
	c := newCongested(t, time.Millisecond)
	const before, rounds = 20, 60
	c.congestion.window, c.congestion.threshold = before*c.mss, before*c.mss
	c.lost()
	reno := c.segments()
	for i := range rounds {
		c.round()
		if reno < before {
			reno += 3 * (1 - 0.7) / (1 + 0.7)
		} else {
			reno++
		}
		if got := c.segments(); got < 0.9*reno-1 || got > 1.1*reno+1 {
			t.Errorf("round %d: %.1f segments, want those of Reno, %.1f", i, got, reno)
		}
	}
}

// TestWindowsAtTheirBounds: the window is two segments at least after a loss, and no more than there can be.
func TestWindowsAtTheirBounds(t *testing.T) {
	c := newCongested(t, 10*time.Millisecond)
	c.congestion.window = c.mss
	c.lost()
	if got := c.segments(); got != 2 {
		t.Errorf("%v segments after a loss with one, want 2", got)
	}
	c.congestion.threshold = math.MaxUint32
	for range 100 {
		c.congestion.limited = true
		c.congestion.acknowledged(c, 1<<20)
		c.engine.ms += 10
	}
	c.congestion.threshold = 0
	for range 1000 {
		c.congestion.limited = true
		c.congestion.acknowledged(c, 1<<20)
		c.engine.ms += 1000
	}
	if got := c.congestion.window; got < c.mss || got > windowMax+1<<20 {
		t.Errorf("the window is %d, want at most %d and one acknowledgement", got, uint32(windowMax))
	}
	c.congestion.limited = false
	was := c.congestion.window
	c.congestion.acknowledged(c, c.mss)
	if c.congestion.window != was {
		t.Error("a window that holds nothing back grows (RFC 9438, 5.8)")
	}
}

// TestRoundTrip: RFC 6298, section 2.
func TestRoundTrip(t *testing.T) {
	var r roundTrip
	r.init()
	if r.timeout != 1000 {
		t.Errorf("RTO = %d ms before the first measurement, want 1 s (2.1)", r.timeout)
	}
	smooth, variation := 0.0, 0.0
	for i, ms := range []float64{800, 800, 100, 1500, 3, 0.001, 100_000, 700, 700, 700} {
		r.sample(time.Duration(ms * float64(time.Millisecond)))
		got := min(ms, timeoutMax)
		if i == 0 {
			smooth, variation = got, got/2
		} else {
			variation = 0.75*variation + 0.25*math.Abs(smooth-got)
			smooth = 0.875*smooth + 0.125*got
		}
		want := min(smooth+max(4*variation, 200), 60_000)
		if math.Abs(float64(r.timeout)-want) > 1+want/1000 {
			t.Errorf("RTO = %d ms after measurement %d of %v ms, want %.0f", r.timeout, i, ms, want)
		}
	}
}
