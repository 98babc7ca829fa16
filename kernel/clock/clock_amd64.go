package clock

import (
	"math/bits"

	"mewz/kernel/cpu"
)

// state is what the time is computed from: nanos + (TSC - tsc) * rate >> 32.
// Sequence is odd while it changes, so that the vDSO reads it consistently.
type timekeeper struct {
	sequence uint64
	tsc      uint64 // counter at the moment of nanos
	nanos    uint64 // since boot
	rate     uint64 // nanoseconds a tick, times 1<<32
	wall     uint64 // nanoseconds from 1970 to boot
}

var state timekeeper

// Start makes tsc the moment of boot.
//
//go:nosplit
func Start(tsc, rate uint64) {
	state.tsc, state.nanos, state.rate = tsc, 0, rate
}

// Nanos returns the nanoseconds since boot.
//
//go:nosplit
func Nanos() uint64 { return state.at(cpu.ReadTSC()) }

//go:nosplit
func (s *timekeeper) at(tsc uint64) uint64 {
	if tsc < s.tsc {
		return s.nanos
	}
	high, low := bits.Mul64(tsc-s.tsc, s.rate)
	return s.nanos + (high<<32 | low>>32)
}

// WallOffset returns the nanoseconds from 1970 to boot.
//
//go:nosplit
func WallOffset() uint64 { return state.wall }

// SetWall says what time it is, in nanoseconds since 1970.
//
//go:nosplit
func SetWall(nanos uint64) {
	now := Nanos()
	state.sequence++
	state.wall = nanos - now
	state.sequence++
}

// SetRate corrects the rate from now on. The time neither jumps nor stops.
//
//go:nosplit
func SetRate(rate uint64) {
	tsc := cpu.ReadTSC()
	now := state.at(tsc)
	state.sequence++
	state.tsc, state.nanos, state.rate = tsc, now, rate
	state.sequence++
}

// Rate returns the rate for ticks of the counter that took nanos, or 0 when
// that cannot be.
//
//go:nosplit
func Rate(ticks, nanos uint64) uint64 {
	if ticks == 0 || nanos >= 1<<32 {
		return 0
	}
	return nanos << 32 / ticks
}

const (
	hypervisorLeaf  = 0x4000_0000 // vendor, highest leaf
	hypervisorTSC   = 0x4000_0010 // EAX: kHz of the counter (VMware, KVM)
	kvmFeaturesLeaf = 0x4000_0001
	kvmClock2       = 1 << 3      // KVM_FEATURE_CLOCKSOURCE2
	kvmSystemTime   = 0x4b56_4d01 // MSR_KVM_SYSTEM_TIME_NEW
	kvmWallClock    = 0x4b56_4d00 // MSR_KVM_WALL_CLOCK_NEW
	crystalLeaf     = 0x15        // Intel SDM volume 2, CPUID
	vendorKVM       = 0x4b4d_564b // "KVMK"
	hypervisorBit   = 1 << 31     // CPUID.1:ECX
	nanosPerSecond  = 1_000_000_000
	nanosPerMilli   = 1_000_000
	kvmTimeBytes    = 32
	kvmTimeOffset   = 32
	kvmTimeSystem   = 16
	kvmTimeMultiply = 24
	kvmTimeShift    = 28
)

// Hypervisor reports whether the processor is virtual.
//
//go:nosplit
func Hypervisor() bool {
	_, _, c, _ := cpu.CPUID(1, 0)
	return c&hypervisorBit != 0
}

// KnownRate returns the rate of the counter if the hypervisor or the processor
// tells it, else 0.
//
//go:nosplit
func KnownRate() uint64 {
	if Hypervisor() {
		highest, vendor, _, _ := cpu.CPUID(hypervisorLeaf, 0)
		if vendor == vendorKVM {
			if features, _, _, _ := cpu.CPUID(kvmFeaturesLeaf, 0); features&kvmClock2 != 0 {
				if rate := kvmRate(); rate != 0 {
					return rate
				}
			}
		}
		if highest >= hypervisorTSC && highest < hypervisorLeaf+0x100 {
			if kHz, _, _, _ := cpu.CPUID(hypervisorTSC, 0); kHz != 0 {
				return Rate(uint64(kHz), nanosPerMilli)
			}
		}
	}
	if highest, _, _, _ := cpu.CPUID(0, 0); highest >= crystalLeaf {
		denominator, numerator, crystal, _ := cpu.CPUID(crystalLeaf, 0)
		if denominator != 0 && numerator != 0 && crystal != 0 {
			return Rate(uint64(crystal)*uint64(numerator)/uint64(denominator), nanosPerSecond)
		}
	}
	return 0
}

// kvmRate asks KVM for one reading of its clock and takes the rate from it. The
// counter of a virtual machine does not change its rate, so the clock is not
// needed after that.
//
//go:nosplit
func kvmRate() uint64 {
	at := kvmTimeAddress()
	cpu.WriteMSR(kvmSystemTime, uint64(at)|1) // identity mapped: physical address
	multiply := uint64(cpu.Load32(at + kvmTimeMultiply))
	shift := int8(cpu.Load8(at + kvmTimeShift))
	cpu.WriteMSR(kvmSystemTime, 0)
	if shift >= 0 {
		return multiply << (uint8(shift) & 31)
	}
	return multiply >> (uint8(-shift) & 31)
}
