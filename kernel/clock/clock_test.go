package clock

import (
	"math"
	"testing"
	"time"
)

func TestDateUnix(t *testing.T) {
	for _, want := range []time.Time{
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2000, 2, 29, 23, 59, 59, 0, time.UTC),
		time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 21, 22, 4, 32, 0, time.UTC),
		time.Date(2100, 2, 28, 1, 2, 3, 0, time.UTC),
		time.Date(2099, 12, 31, 1, 2, 3, 0, time.UTC),
	} {
		d := Date{uint64(want.Year()), uint64(want.Month()), uint64(want.Day()), uint64(want.Hour()), uint64(want.Minute()), uint64(want.Second())}
		if got := d.Unix(); got != uint64(want.Unix()) {
			t.Errorf("%v: Unix() = %d, want %d", want, got, want.Unix())
		}
	}
	for _, d := range []Date{{}, {2026, 13, 1, 0, 0, 0}, {2026, 1, 0, 0, 0, 0}, {2026, 1, 1, 24, 0, 0}, {2165, 1, 1, 0, 165, 0}} {
		if got := d.Unix(); got != 0 {
			t.Errorf("%v: Unix() = %d, want 0", d, got)
		}
	}
}

func TestTimekeeper(t *testing.T) {
	s := timekeeper{tsc: 1000, nanos: 50, rate: Rate(2_600_000, 1_000_000)}
	for _, test := range []struct{ tsc, want uint64 }{
		{1000, 50},
		{900, 50}, // before the last correction
		{1000 + 2_600_000, 50 + 1_000_000 - 1},
		{1000 + 2_600_000_000*86400*365, 50 + 1_000_000_000*86400*365},
	} {
		got := s.at(test.tsc)
		if diff := math.Abs(float64(got) - float64(test.want)); diff > 1+float64(test.want)*1e-9 {
			t.Errorf("at(%d) = %d, want %d", test.tsc, got, test.want)
		}
	}
	if Rate(0, 5) != 0 || Rate(5, 1<<32) != 0 {
		t.Error("Rate of what cannot be is not 0")
	}
}
