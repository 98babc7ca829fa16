package clock

import "mewz/kernel/cpu"

// Ports and registers of the real-time clock (MC146818A).
const (
	rtcIndex = 0x70
	rtcData  = 0x71

	rtcSeconds = 0x00
	rtcMinutes = 0x02
	rtcHours   = 0x04
	rtcDay     = 0x07
	rtcMonth   = 0x08
	rtcYear    = 0x09
	rtcStatusB = 0x0b
	rtcCentury = 0x32 // by convention of PCs

	rtcBinary  = 1 << 2 // status B: not BCD
	rtc24Hours = 1 << 1 // status B: not 12 hours
	rtcPM      = 1 << 7 // hours

	rtcAttempts = 8 // readings until two agree; an update comes once a second
)

//go:nosplit
func rtcRead(register uint8) uint64 {
	cpu.Out8(rtcIndex, register)
	return uint64(cpu.In8(rtcData))
}

// ReadRTC returns the seconds since 1970 of the real-time clock, which counts
// UTC, or 0 when there is none.
//
//go:nosplit
func ReadRTC() uint64 {
	if rtcRead(rtcMonth) == 0xff {
		return 0 // no device answers
	}
	previous := uint64(0)
	for range rtcAttempts {
		now := rtcSnapshot()
		if now == previous && now != 0 {
			return now
		}
		previous = now
	}
	return previous
}

//go:nosplit
func rtcSnapshot() uint64 {
	mode := rtcRead(rtcStatusB)
	hours := rtcRead(rtcHours)
	pm := mode&rtc24Hours == 0 && hours&rtcPM != 0
	date := Date{
		Year:   rtcNumber(mode, rtcRead(rtcYear)),
		Month:  rtcNumber(mode, rtcRead(rtcMonth)),
		Day:    rtcNumber(mode, rtcRead(rtcDay)),
		Hour:   rtcNumber(mode, hours&^rtcPM),
		Minute: rtcNumber(mode, rtcRead(rtcMinutes)),
		Second: rtcNumber(mode, rtcRead(rtcSeconds)),
	}
	if mode&rtc24Hours == 0 {
		date.Hour %= 12
		if pm {
			date.Hour += 12
		}
	}
	century := rtcNumber(mode, rtcRead(rtcCentury))
	if century < 19 || century > 29 {
		century = 20
	}
	date.Year += century * 100
	return date.Unix()
}

//go:nosplit
func rtcNumber(mode, value uint64) uint64 {
	if mode&rtcBinary != 0 {
		return value
	}
	return value>>4*10 + value&15
}

// Date is a moment of the Gregorian calendar in UTC.
type Date struct {
	Year, Month, Day, Hour, Minute, Second uint64
}

// Unix returns the seconds from 1970 to d, or 0 for a date that cannot be.
//
//go:nosplit
func (d *Date) Unix() uint64 {
	if d.Year < 1970 || d.Month < 1 || d.Month > 12 || d.Day < 1 || d.Day > 31 ||
		d.Hour > 23 || d.Minute > 59 || d.Second > 60 {
		return 0
	}
	year, month := d.Year, d.Month
	if month <= 2 { // the year starts in March, so that the leap day is its last
		year--
		month += 12
	}
	const daysTo1970 = 719468 // from 1 March of year 0
	days := 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + d.Day - 1 - daysTo1970
	return ((days*24+d.Hour)*60+d.Minute)*60 + d.Second
}
