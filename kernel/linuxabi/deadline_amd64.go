package linuxabi

import (
	"mewz/kernel/clock"
	"mewz/kernel/cpu"
	"mewz/kernel/interrupt"
)

// The one timer of the machine is that of the local APIC. Under a hypervisor
// (KVM, and QEMU without it) it ticks at exactly 1 GHz, which makes it the
// reference for the rate of the time-stamp counter, where nothing better is
// known: first over the time that booting takes, then over ever longer runs.

const (
	tickMinAhead = 1_000         // nanoseconds; a shorter wait is made this long
	tickMaxAhead = 1_000_000_000 // the timer of 32 bits reaches 4.29 s

	// samplePatience is how many ticks of the counter reading the timer may take;
	// longer means that the host took the processor away in between.
	samplePatience = 200_000
	sampleFirst    = 20_000_000 // nanoseconds of samples for the first correction
	pitHertz       = 1_193_182
	pitCount       = pitHertz / 100 // 10 ms
)

var (
	armedAt     uintptr // when the timer interrupts, 0: not armed
	timerRate   uintptr // ticks of the timer in a millisecond
	measuring   bool    // the rate of the counter is only measured
	sampleTicks uint64  // the counter over all samples
	sampleNanos uint64  // and the timer
	sampleNext  uint64  // correct when sampleNanos gets here
	openTSC     uint64  // when the running sample began
	openCount   uint32  // with which count, 0: none runs
	bootTSC     uint64
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
	armedAt = max(from+ahead, 1)
	if measuring {
		closeSample()
	}
	count := uint32(min(ahead*timerRate/nanosPerMilli+1, interrupt.TimerMax))
	interrupt.ArmTimer(count)
	if measuring {
		openTSC, openCount = cpu.ReadTSC(), count
	}
}

// closeSample adds the time since the timer was started to the samples, unless
// it has run out already, and corrects the rate of the clock now and then.
//
//go:nosplit
func closeSample() {
	if openCount == 0 {
		return
	}
	before := cpu.ReadTSC()
	left := interrupt.TimerLeft()
	after := cpu.ReadTSC()
	count := openCount
	openCount = 0
	if left == 0 || left > count || after-before > samplePatience {
		return
	}
	sampleTicks += before + (after-before)/2 - openTSC
	sampleNanos += uint64(count - left)
	if sampleNanos < sampleNext {
		return
	}
	sampleNext = sampleNanos * 2
	if rate := clock.Rate(sampleTicks>>8, sampleNanos>>8); rate != 0 {
		clock.SetRate(rate)
	}
	if sampleNanos > 1<<38 {
		measuring = false // four minutes: good to a few parts in a million
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
	bootTSC = cpu.ReadTSC()
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
		measuring = true
		tsc := cpu.ReadTSC()
		elapsed := uint64(interrupt.TimerMax - interrupt.TimerLeft())
		rate = clock.Rate(tsc-bootTSC, elapsed)
		sampleNext = sampleFirst
	}
	clock.Start(bootTSC, rate)
	interrupt.ArmTimer(0)
	interrupt.UnmaskTimer()
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
