package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// byteSize is a number of bytes on the command line: 64M, 1.5G, 65536, 64MiB.
type byteSize uint64

// units are powers of 1024, as in docker and QEMU.
var units = map[string]uint64{"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}

// maxByteSize keeps what is computed with a size far from an overflow.
const maxByteSize = 1 << 50

// UnmarshalText parses a size.
func (s *byteSize) UnmarshalText(text []byte) error {
	upper := strings.ToUpper(strings.TrimSpace(string(text)))
	number := strings.TrimRight(upper, "KMGTIB")
	if strings.ContainsAny(number, "XPN") { // hexadecimal, infinite, not a number
		number = ""
	}
	suffix := strings.TrimSuffix(strings.TrimSuffix(upper[len(number):], "B"), "I")
	unit, ok := units[suffix]
	value, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(value >= 0) || value*float64(unit) > maxByteSize {
		return fmt.Errorf("%q is no size: write 128M or 1G", text)
	}
	*s = byteSize(value * float64(unit))
	return nil
}

// String writes s in the largest unit that needs no fraction.
func (s byteSize) String() string {
	for _, suffix := range []string{"T", "G", "M", "K"} {
		if unit := units[suffix]; uint64(s) >= unit && uint64(s)%unit == 0 {
			return strconv.FormatUint(uint64(s)/unit, 10) + suffix
		}
	}
	return strconv.FormatUint(uint64(s), 10)
}

// seconds is a time on the command line: 5s, 300ms, or a number of seconds.
type seconds time.Duration

// maxSeconds is a century: more overflows a time.Duration soon.
const maxSeconds = 100 * 365 * 24 * 3600

// UnmarshalText parses a time above zero.
func (s *seconds) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if value, numberErr := strconv.ParseFloat(string(text), 64); numberErr == nil && value <= maxSeconds {
		d, err = time.Duration(value*float64(time.Second)), nil
	}
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is no time: write 5s or 300ms", text)
	}
	*s = seconds(d)
	return nil
}
