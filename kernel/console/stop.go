package console

import (
	"mewz/abi"
	"mewz/kernel/system"
)

// StopRequested reports whether the host asks for the end of the machine
// (abi.RequestStop). It never waits. Where there are ports nothing else comes over
// the serial port; where there are none it is the program's input, and nobody asks.
func (h *Host) StopRequested() bool {
	if h.streams == nil {
		return false
	}
	for {
		if events, errno := system.Poll(abi.DescriptorStdin, system.PollIn, 0); errno != 0 || events&system.PollIn == 0 {
			return false
		}
		var b [1]byte
		if n, errno := system.Read(abi.DescriptorStdin, b[:]); errno != 0 || n != 1 {
			return false
		}
		if b[0] == abi.RequestStop {
			return true
		}
	}
}
