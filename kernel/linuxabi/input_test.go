package linuxabi

import (
	"encoding/binary"
	"testing"
)

func resetInput() {
	input.head, input.tail, input.state, input.left = 0, 0, 0, 0
	input.end, input.full, channel = false, false, true
}

func TestInputChunks(t *testing.T) {
	defer resetInput()
	for _, test := range []struct {
		what   string
		chunks []string
		end    bool
	}{
		{"nothing yet", nil, false},
		{"end at once", []string{""}, true},
		{"two chunks", []string{"ab\x00", "c"}, false},
		{"two chunks and the end", []string{"ab\x00", "\xff", ""}, true},
		{"after the end", []string{"x", "", "y"}, true},
	} {
		resetInput()
		want := ""
		for i, c := range test.chunks {
			for _, b := range append(binary.LittleEndian.AppendUint16(nil, uint16(len(c))), c...) {
				accept(b)
			}
			if i < 2 {
				want += c
			}
		}
		if got := takeString(16); got != want || input.end != test.end {
			t.Errorf("%s: %q and end %v, want %q and %v", test.what, got, input.end, want, test.end)
		}
	}
}

func TestInputPlain(t *testing.T) {
	defer resetInput()
	resetInput()
	channel = false
	for _, b := range []byte("\x00\x00ok") {
		accept(b)
	}
	if got := takeString(4); got != "\x00\x00ok" || input.end {
		t.Errorf("got %q", got)
	}
}

func TestReport(t *testing.T) {
	defer func() { report.n = 0 }()
	report.n = 0
	say("a ")
	for _, v := range []uintptr{0, 9, 10, 12345, 1<<64 - 1} {
		sayDecimal(v)
		say(" ")
	}
	for _, v := range []uintptr{0, 0xf, 0x10, 0xdeadbeef, 1 << 63} {
		sayHex(v)
		say(" ")
	}
	const want = "a 0 9 10 12345 18446744073709551615 0x0 0xf 0x10 0xdeadbeef 0x8000000000000000 "
	if got := string(report.text[:report.n]); got != want {
		t.Errorf("report %q, want %q", got, want)
	}
	for range reportMaxBytes {
		say("xy")
	}
	sayDecimal(12345)
	if report.n != reportMaxBytes {
		t.Errorf("report has %d bytes, want %d", report.n, reportMaxBytes)
	}
}

// TestSignalBits: a signal number that is out of range must not shift too far.
func TestSignalBits(t *testing.T) {
	if signalBit(1) != 1 || signalBit(64) != 1<<63 {
		t.Error("bits of signals 1 and 64")
	}
}
