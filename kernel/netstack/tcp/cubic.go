package tcp

import "math"

// CUBIC (RFC 9438).
const (
	cubicC    = 0.4
	cubicBeta = 0.7
	// cubicAlpha makes the Reno-friendly region as fast as Reno: 3 * (1-beta) / (1+beta).
	cubicAlpha = 3 * (1 - cubicBeta) / (1 + cubicBeta)
	// initialSegments is the first window (RFC 6928).
	initialSegments = 10
	// slowStartSegments bounds the growth by one acknowledgement in slow start: we do not pace (RFC 9406, 4.3).
	slowStartSegments = 8
	// windowMax bounds the congestion window to what a buffer can hold.
	windowMax = 2 * bufferMax
)

// congestion is the control of congestion of one connection.
type congestion struct {
	window, threshold uint32 // cwnd, ssthresh, in bytes
	limited           bool   // the window has held something back since the last acknowledgement
	epoch             uint32 // when this congestion avoidance began, 0: not yet
	sentAt            uint32 // when data was sent last
	// In segments:
	max, origin, k, estimate float64 // W_max, K, W_est
}

func (g *congestion) init() { g.threshold = math.MaxUint32 }

// start sets the first window.
func (g *congestion) start(mss uint32) {
	g.window = initialWindow(mss)
}

// initialWindow is RFC 6928, section 2.
func initialWindow(mss uint32) uint32 {
	return min(initialSegments*mss, max(2*mss, 14600))
}

// restart takes the window down after a pause longer than the retransmission timeout (RFC 5681, 4.1).
func (g *congestion) restart(c *Conn) {
	if g.sentAt != 0 && c.engine.ms-g.sentAt > c.rtt.timeout {
		g.window = min(g.window, initialWindow(c.mss))
		g.epoch = 0
	}
}

// acknowledged lets the window grow after acked bytes, if it was the window that limited us.
func (g *congestion) acknowledged(c *Conn, acked uint32) {
	if !g.limited {
		return
	}
	if c.sndTail == c.sndNxt {
		g.limited = false
	}
	if g.window >= windowMax {
		return
	}
	if g.window < g.threshold { // slow start (RFC 5681, 3.1)
		most := slowStartSegments * c.mss
		if c.recovery.active {
			most = c.mss // RFC 3465, 2.3
		}
		g.window += min(acked, most)
		return
	}
	g.cubic(c, acked)
}

// cubic is congestion avoidance (RFC 9438, section 4.2 on).
func (g *congestion) cubic(c *Conn, acked uint32) {
	e := c.engine
	mss := float64(c.mss)
	window := float64(g.window) / mss
	if g.epoch == 0 {
		g.epoch = e.in(0)
		g.estimate = window
		if window < g.max {
			g.k = math.Cbrt((g.max - window) / cubicC)
			g.origin = g.max
		} else {
			g.k, g.origin = 0, window
		}
	}
	rtt := float64(c.rtt.smooth) / 1e6
	t := float64(e.ms-g.epoch)/1e3 + rtt - g.k
	target := min(max(g.origin+cubicC*t*t*t, window), 1.5*window)
	segments := float64(acked) / mss
	alpha := cubicAlpha
	if g.estimate >= g.max {
		alpha = 1
	}
	g.estimate += alpha * segments / window
	if g.estimate > target {
		g.window = max(g.window, uint32(min(g.estimate*mss, windowMax)))
		return
	}
	g.window += uint32(min((target-window)/window*segments*mss, float64(acked)))
}

// reduce is the answer to a loss: the multiplicative decrease of RFC 9438, 4.6, with fast
// convergence (4.7). flight is what was out.
func (g *congestion) reduce(c *Conn, flight uint32) {
	window := float64(g.window) / float64(c.mss)
	if window < g.max {
		g.max = window * (1 + cubicBeta) / 2
	} else {
		g.max = window
	}
	base := min(g.window, max(flight, 2*c.mss))
	g.threshold = max(uint32(float64(base)*cubicBeta), 2*c.mss)
	g.epoch = 0
	g.limited = true
}
