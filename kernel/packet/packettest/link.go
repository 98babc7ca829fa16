package packettest

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Clock is a clock that stands until it is moved.
type Clock struct{ time time.Duration }

// Now returns the time.
func (c *Clock) Now() time.Duration { return c.time }

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) { c.time += d }

// Behavior says how a direction of a link treats frames. Chances are from 0 to 1.
type Behavior struct {
	Delay     time.Duration
	Jitter    time.Duration // more delay at random, which reorders
	Lose      float64
	Repeat    float64
	Reorder   float64 // the frame waits ReorderBy longer
	ReorderBy time.Duration
	Corrupt   float64 // one bit behind the Ethernet header is turned
	// Queue is how many frames are under way at most, 0: any number.
	Queue int
	// BytesPerSecond is the speed, 0: no limit.
	BytesPerSecond int
	// Filter drops frames for which it returns false.
	Filter func(frame []byte) bool
}

// End is what a link connects: a Device, or a network stack of others.
type End interface {
	// Sent returns the frames that have left it since the last call.
	Sent() [][]byte
	// Inject makes a frame arrive.
	Inject(frame []byte)
}

// Link connects two ends.
type Link struct {
	clock *Clock
	ends  [2]End
	ways  [2]way
}

// way is one direction.
type way struct {
	Behavior
	random *rand.Rand
	busy   time.Duration // when the last byte is on the wire
	order  uint64
	under  []flight
}

// flight is a frame under way.
type flight struct {
	at    time.Duration
	order uint64
	frame []byte
}

// NewLink connects a and b. The same seed makes the same things happen.
func NewLink(clock *Clock, a, b End, toB, toA Behavior, seed uint64) *Link {
	l := &Link{clock: clock, ends: [2]End{a, b}}
	l.ways[0] = way{Behavior: toB, random: rand.New(rand.NewPCG(seed, 1))}
	l.ways[1] = way{Behavior: toA, random: rand.New(rand.NewPCG(seed, 2))}
	return l
}

// Step takes what the ends have sent and delivers what is due. It reports whether
// something was delivered.
func (l *Link) Step() (delivered bool) {
	now := l.clock.Now()
	for i := range l.ways {
		w := &l.ways[i]
		for _, frame := range l.ends[i].Sent() {
			w.take(now, frame)
		}
	}
	for i := range l.ways {
		w := &l.ways[i]
		for len(w.under) > 0 && w.under[0].at <= now {
			l.ends[1-i].Inject(w.under[0].frame)
			w.under = w.under[1:]
			delivered = true
		}
	}
	return delivered
}

// Next returns when something is due; ok is false if nothing is under way.
func (l *Link) Next() (at time.Duration, ok bool) {
	for i := range l.ways {
		if u := l.ways[i].under; len(u) > 0 && (!ok || u[0].at < at) {
			at, ok = u[0].at, true
		}
	}
	return at, ok
}

// take puts a frame on its way.
func (w *way) take(now time.Duration, frame []byte) {
	r := w.random
	lose, repeat, reorder, corrupt := r.Float64(), r.Float64(), r.Float64(), r.Float64()
	if w.Filter != nil && !w.Filter(frame) || lose < w.Lose || w.Queue > 0 && len(w.under) >= w.Queue {
		return
	}
	if corrupt < w.Corrupt && len(frame) > 14 {
		frame = slices.Clone(frame)
		frame[14+r.IntN(len(frame)-14)] ^= 1 << r.IntN(8)
	}
	w.busy = max(w.busy, now)
	if w.BytesPerSecond > 0 {
		w.busy += time.Duration(len(frame)) * time.Second / time.Duration(w.BytesPerSecond)
	}
	at := w.busy + w.Delay
	if w.Jitter > 0 {
		at += time.Duration(r.Int64N(int64(w.Jitter)))
	}
	if reorder < w.Reorder {
		at += w.ReorderBy
	}
	w.add(at, frame)
	if repeat < w.Repeat {
		w.add(at, slices.Clone(frame))
	}
}

// add keeps the frames in the order of their arrival.
func (w *way) add(at time.Duration, frame []byte) {
	w.order++
	f := flight{at, w.order, frame}
	i, _ := slices.BinarySearchFunc(w.under, f, func(a, b flight) int {
		if a.at != b.at {
			return int(min(max(a.at-b.at, -1), 1))
		}
		return int(int64(a.order - b.order))
	})
	w.under = slices.Insert(w.under, i, f)
}
