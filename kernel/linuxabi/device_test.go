package linuxabi

import (
	"testing"

	"mewz/kernel/interrupt"
)

func TestDeviceWaitTakesWhatIsPending(t *testing.T) {
	defer func() { devicePending = 0 }()
	devicePending = 0b1011
	for _, test := range []struct{ slots, want, left uintptr }{
		{0b0010, 0b0010, 0b1001},
		{1<<interrupt.DeviceSlots - 1, 0b1001, 0},
	} {
		if got := sysDeviceWait(&thread{rdi: test.slots}); got != test.want || devicePending != test.left {
			t.Errorf("sysDeviceWait(%#b) = %#b with %#b left, want %#b and %#b", test.slots, got, devicePending, test.want, test.left)
		}
	}
	waiting := &thread{rdi: 4}
	if sysDeviceWait(waiting); waiting.state != stateInput || waiting.again == 0 {
		t.Errorf("without an interrupt: state %d, again %d, want a wait that is repeated", waiting.state, waiting.again)
	}
}

func TestDeviceCallsRefuse(t *testing.T) {
	tests := []struct {
		name     string
		function func(*thread) uintptr
		t        thread
		want     uintptr
	}{
		{"map of nothing", sysDeviceMap, thread{rdi: 0xfeb0_0000}, einval},
		{"map of too much", sysDeviceMap, thread{rdi: 0xfeb0_0000, rsi: deviceMaxBytes + 1}, einval},
		{"map far away", sysDeviceMap, thread{rdi: deviceMaxAt, rsi: 1}, einval},
		{"no memory", sysDeviceMemory, thread{}, einval},
		{"too much memory", sysDeviceMemory, thread{rdi: deviceMaxBytes + 1}, einval},
		{"memory, result nowhere", sysDeviceMemory, thread{rdi: 1}, efault},
		{"extents nowhere", sysDeviceReach, thread{rdx: 8, r10: 1}, efault},
		{"extents without end", sysDeviceReach, thread{rdx: 8, r10: 1 << 60}, einval},
		{"line of the serial port", sysDeviceInterrupt, thread{rdi: 4}, einval},
		{"line that no controller has", sysDeviceInterrupt, thread{rdi: 64}, einval},
	}
	for _, test := range tests {
		if got := test.function(&test.t); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, int(got), int(test.want))
		}
	}
}
