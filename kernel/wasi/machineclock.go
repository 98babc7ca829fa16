package wasi

import (
	"time"

	"mewz/kernel/system"
)

// ClockID names a clock (witx: clockid). The numbers are those of Linux.
type ClockID uint32

// The clocks there are.
const (
	ClockRealtime   ClockID = 0
	ClockMonotonic  ClockID = 1
	ClockProcessCPU ClockID = 2
	ClockThreadCPU  ClockID = 3
)

// Clock is a source of time.
type Clock interface {
	// Now returns the time of clock id in nanoseconds: since 1970 for ClockRealtime,
	// since an arbitrary moment for the others. ok is false for no clock.
	Now(id ClockID) (nanos uint64, ok bool)
	// Resolution returns the smallest step of clock id.
	Resolution(id ClockID) (nanos uint64, ok bool)
	// Sleep waits for d, or a little shorter.
	Sleep(d time.Duration)
}

// machineClock is the clock of the machine this runs in, read by
// clock_gettime(2). The real time and the monotonic clock are no system call:
// the Go runtime reads them through the vDSO.
type machineClock struct {
	since      func() time.Duration // NewClock
	correction uint64               // what the machine's real time lacks
	// resolutions are those that were asked for, 0: not yet. They never change.
	resolutions [ClockThreadCPU + 1]uint64
}

// NewClock returns the machine's clock. The real time cannot be before
// wallClockNanos, when the host wrote the configuration: a machine without a
// real-time clock, or with one of whole seconds, goes on from there.
func NewClock(wallClockNanos uint64) Clock {
	start := time.Now() // carries a monotonic reading
	s := &machineClock{since: func() time.Duration { return time.Since(start) }}
	if now := uint64(start.UnixNano()); now < wallClockNanos {
		s.correction = wallClockNanos - now
	}
	return s
}

// Now reads a clock.
func (s *machineClock) Now(id ClockID) (uint64, bool) {
	switch id {
	case ClockRealtime:
		return uint64(time.Now().UnixNano()) + s.correction, true
	case ClockMonotonic:
		return uint64(s.since()) + 1, true // never 0, which programs take for unset
	case ClockProcessCPU, ClockThreadCPU:
		nanos, errno := system.Now(system.ClockID(id))
		if errno != 0 {
			// A machine runs one program: its time is the machine's.
			return uint64(s.since()), true
		}
		return nanos, true
	default:
		return 0, false
	}
}

// Resolution returns the smallest step of a clock.
func (s *machineClock) Resolution(id ClockID) (uint64, bool) {
	if id > ClockThreadCPU {
		return 0, false
	}
	if s.resolutions[id] == 0 {
		nanos, errno := system.Resolution(system.ClockID(id))
		if errno != 0 || nanos == 0 {
			nanos = 1
		}
		s.resolutions[id] = nanos
	}
	return s.resolutions[id], true
}

// Sleep waits for d.
func (s *machineClock) Sleep(d time.Duration) {
	if d > 0 {
		system.Sleep(d)
	}
}
