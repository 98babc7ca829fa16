package tcp

import "time"

// Retransmission timeouts (RFC 6298), in milliseconds.
const (
	timeoutInitial = 1000
	// timeoutSYN replaces a timeout after a lost SYN (RFC 6298, 5.7).
	timeoutSYN = 3000
	timeoutMax = 60_000
	// variationMin is the least that is added to the round-trip time: a peer delays its
	// acknowledgements by up to that. So a timeout is never less either.
	variationMin = 200_000 // microseconds
)

// roundTrip estimates the round-trip time of a connection.
type roundTrip struct {
	smooth    uint32 // SRTT, microseconds, 0: not known
	variation uint32 // RTTVAR, microseconds
	timeout   uint32 // RTO, milliseconds
	timing    bool   // one segment at a time is timed
	seq       uint32 // its first number
	at        time.Duration
}

func (r *roundTrip) init() { r.timeout = timeoutInitial }

// begin times the segment at seq.
func (r *roundTrip) begin(seq uint32, now time.Duration) {
	r.timing, r.seq, r.at = true, seq, now
}

// sample takes a measurement (RFC 6298, section 2).
func (r *roundTrip) sample(d time.Duration) {
	us := uint32(min(max(d/time.Microsecond, 1), timeoutMax*1000))
	if r.smooth == 0 {
		r.smooth = us
		r.variation = us / 2
	} else {
		difference := int32(us - r.smooth)
		r.smooth += uint32(difference >> 3)
		if difference < 0 {
			difference = -difference
		}
		r.variation += uint32((difference - int32(r.variation)) >> 2)
		if r.smooth == 0 {
			r.smooth = 1
		}
	}
	r.timeout = min((r.smooth+max(4*r.variation, variationMin))/1000, timeoutMax)
}
