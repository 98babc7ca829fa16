package debuginfo

import (
	"slices"
	"testing"
)

func TestCallSites(t *testing.T) {
	// As llc-19 writes it for a function with two call sites.
	good := []byte{0xff, 0x03, 0x11, 0x01, 0x09, 0x12, 0x57, 0xa2, 0x01, 0x01, 0x69, 0x42, 0x00, 0x00, 0x01, 0x00, 0, 0, 0, 0}
	want := []CallSite{{0x12, 0x69, 0xa2}, {0x69, 0xab, 0}}
	if got, ok := CallSites(good); !ok || !slices.Equal(got, want) {
		t.Errorf("CallSites = %v, %v, want %v", got, ok, want)
	}
	fixed := []byte{0xff, 0xff, 0x03, 13, 1, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 1}
	if got, ok := CallSites(fixed); !ok || !slices.Equal(got, []CallSite{{1, 3, 9}}) {
		t.Errorf("CallSites of 4-byte fields = %v, %v", got, ok)
	}
	for name, b := range map[string][]byte{
		"nothing":                 {},
		"landing pads elsewhere":  append([]byte{0x00}, good[1:]...),
		"an unknown encoding":     {0xff, 0xff, 0x0b, 0},
		"a table beyond the end":  good[:8],
		"a call site cut off":     {0xff, 0xff, 0x01, 2, 1, 2},
		"a number without an end": {0xff, 0xff, 0x01, 3, 0x80, 0x80, 0x80},
	} {
		if got, ok := CallSites(b); ok {
			t.Errorf("%s: CallSites = %v, want a refusal", name, got)
		}
	}
}

func FuzzCallSites(f *testing.F) {
	f.Add([]byte{0xff, 0x03, 0x11, 0x01, 0x09, 0x12, 0x57, 0xa2, 0x01, 0x01, 0x69, 0x42, 0x00, 0x00, 0x01, 0x00, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if sites, ok := CallSites(b); ok && len(sites) > len(b) {
			t.Errorf("%d call sites in %d bytes", len(sites), len(b))
		}
	})
}
