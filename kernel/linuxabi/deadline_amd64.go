package linuxabi

import (
	"mewz/kernel/clock"
	"mewz/kernel/cpu"
	"mewz/kernel/interrupt"
)

// The one timer of the machine is that of the local APIC. Under a hypervisor
// (KVM, and QEMU without it) it ticks at exactly 1 GHz, which makes it the
// reference for the rate of the time-stamp counter, where nothing better is
// known: first over the time that booting takes, then over ever longer runs. To
// be read when it has run out, it is periodic as long as that goes on, in runs that are
// long enough to be measured. Short ones never are: QEMU makes up for each period that it has
// missed, one by one and before the processor goes on. If that takes longer than a period, as
// it does with a microsecond once the host has been elsewhere for a moment, it never ends.

const (
	tickMinAhead = 1_000         // nanoseconds; a shorter wait is made this long
	tickMaxAhead = 1_000_000_000 // the timer of 32 bits reaches 4.29 s

	sampleMin   = 200_000   // nanoseconds; the ends of a shorter run are too rough
	sampleFirst = 2_000_000 // nanoseconds of samples for the first correction
	sampleLast  = 1 << 37   // two minutes: the error is a few parts in a million

	// readPatience is how many ticks of the counter a reading of the timer may
	// take; longer means that the host took the processor away in between.
	readPatience = 50_000
	readAttempts = 3

	pitHertz = 1_193_182
	pitCount = pitHertz / 100 // 10 ms
)

// reading is the timer and the counter at one moment.
type reading struct {
	tsc  uint64
	left uint32
}

var (
	armedAt     uintptr // when the timer interrupts, 0: not armed
	timerRate   uintptr // ticks of the timer in a millisecond
	measuring   bool    // the rate of the counter is only measured
	periodic    bool    // the mode of the timer
	sampleTicks uint64  // the counter over all samples
	sampleNanos uint64  // and the timer
	sampleNext  uint64  // correct when sampleNanos gets here
	sampleRate  uint64  // the rate last set
	sampleStart reading // when the running sample began
	sampleCount uint32  // with which count, 0: none runs
	bootTSC     uint64  // when the kernel was entered
)

// arm makes the timer interrupt at the given moment, if it does not already
// interrupt before.
//
//go:nosplit
func arm(at uintptr) {
	if armedAt != 0 && armedAt <= at {
		return
	}
	from := now()
	ahead := uintptr(tickMinAhead)
	if at > from+tickMinAhead {
		ahead = min(at-from, tickMaxAhead)
	}
	if measuring { // early and often at first
		ahead = min(ahead, uintptr(max(sampleNanos, sampleFirst/2)))
	}
	armedAt = max(from+ahead, 1)
	count := uint32(min(ahead*timerRate/nanosPerMilli+1, interrupt.TimerMax))
	if !measuring {
		interrupt.ArmTimer(count)
		return
	}
	closeSample()
	setPeriodic(measuring && count >= sampleMin)
	interrupt.ArmTimer(count)
	if periodic && sampleStart.read() {
		sampleCount = count
	}
}

// setPeriodic sets the mode of the timer. It stops before, so that a short run
// does not become a period.
//
//go:nosplit
func setPeriodic(on bool) {
	if on != periodic {
		periodic = on
		interrupt.ArmTimer(0)
		interrupt.StartTimer(on)
	}
}

// timerRan notes that the timer has interrupted.
//
//go:nosplit
func timerRan() {
	armedAt = 0
	if measuring {
		closeSample()
		interrupt.ArmTimer(0) // it would go on
	}
}

// read takes the shortest of some readings.
//
//go:nosplit
func (r *reading) read() bool {
	shortest := uint64(readPatience)
	for range readAttempts {
		before := cpu.ReadTSC()
		left := interrupt.TimerLeft()
		took := cpu.ReadTSC() - before
		if took < shortest {
			shortest = took
			r.tsc, r.left = before+took/2, left
		}
	}
	return shortest < readPatience
}

// closeSample adds the run of the timer to the samples and corrects the rate of
// the clock now and then. A sample that is far from the others says that the
// timer went round more than once, and is not taken.
//
//go:nosplit
func closeSample() {
	count := sampleCount
	sampleCount = 0
	var end reading
	if count == 0 || !end.read() {
		return
	}
	nanos := uint64(sampleStart.left) - uint64(end.left)
	if end.left > sampleStart.left {
		nanos += uint64(count) + 1
	}
	ticks := end.tsc - sampleStart.tsc
	expected := ticks >> 16 * sampleRate >> 16
	if nanos < sampleMin || nanos < expected-expected/4 || nanos > expected+expected/4 {
		return
	}
	sampleTicks += ticks
	sampleNanos += nanos
	if sampleNanos < sampleNext {
		return
	}
	sampleNext = sampleNanos * 2
	shift := uint(0)
	for sampleNanos>>shift >= 1<<32 {
		shift++
	}
	if rate := clock.Rate(sampleTicks>>shift, sampleNanos>>shift); rate != 0 {
		sampleRate = rate
		clock.SetRate(rate)
	}
	if sampleNanos > sampleLast {
		measuring = false
		setPeriodic(false)
	}
}

// StartTime starts the timer, the clock and the wall clock.
//
//go:nosplit
func StartTime() {
	local := mapDevice(interrupt.LocalAPICPhysical())
	io := mapDevice(interrupt.IOAPICPhysical())
	if !interrupt.StartAPIC(local, io) {
		endPlain("no memory to map the interrupt controllers")
	}
	sampleStart.read()
	timerRate = nanosPerMilli
	clock.Start(bootTSC, 1<<32) // a guess until Run
	if seconds := clock.ReadRTC(); seconds != 0 {
		clock.SetWall(uint64(seconds) * nanosPerSecond)
	}
}

// finishTime sets the rate of the clock at the end of boot: as the hypervisor or
// the processor tells it, or measured since StartTime.
//
//go:nosplit
func finishTime() {
	rate := clock.KnownRate()
	if rate == 0 && !clock.Hypervisor() {
		rate = measureByPIT()
	}
	if rate == 0 {
		measuring, sampleNext = true, sampleFirst
		var end reading
		end.read()
		rate = clock.Rate(end.tsc-sampleStart.tsc, uint64(sampleStart.left-end.left))
		sampleRate = rate
	}
	clock.Start(bootTSC, rate)
	interrupt.ArmTimer(0)
	interrupt.StartTimer(false)
	if measuring {
		arm(now() + idleNanos)
	}
}

// measureByPIT measures the counter and the timer of a real machine against
// channel 2 of the 8254, for 10 ms.
//
//go:nosplit
func measureByPIT() uint64 {
	const (
		control  = 0x61
		command  = 0x43
		channel2 = 0x42
		output   = 0x20
		patience = 10_000_000
	)
	cpu.Out8(control, cpu.In8(control)&^2|1)
	cpu.Out8(command, 0xb0) // channel 2, mode 0, both bytes
	cpu.Out8(channel2, pitCount&0xff)
	cpu.Out8(channel2, pitCount>>8)
	from, left := cpu.ReadTSC(), interrupt.TimerLeft()
	for i := 0; i < patience && cpu.In8(control)&output == 0; i++ {
	}
	ticks := cpu.ReadTSC() - from
	timerRate = uintptr(left-interrupt.TimerLeft())/10 + 1
	return clock.Rate(ticks, 10*nanosPerMilli)
}
