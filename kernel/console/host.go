package console

import (
	"strings"

	"mewz/abi"
	"mewz/kernel/system"
	"mewz/kernel/virtio/discovery"
)

// reportMaxBytes bounds a report; a backtrace of long C++ names stays far below.
const reportMaxBytes = 256 << 10

// Host is the way to whoever started the machine.
type Host struct {
	framed  bool // control is there
	control Output
	streams *Streams // ports, or nil
	noPorts error    // why
	request requestBytes
	// requests is the descriptor on which the host asks for something, if asks is set.
	requests int
	asks     bool
	// Log says whether kernel messages are wanted.
	Log bool
}

// NewHost looks for the ports of the streams on m, which is nil in a Linux
// process, and for the control descriptor, and says on it that the kernel runs.
func NewHost(m *discovery.Machine) *Host {
	h := &Host{framed: system.Inherited(abi.DescriptorControl), control: Descriptor(abi.DescriptorControl)}
	h.streams, h.noPorts = openPorts(m)
	h.openRequests(m == nil)
	if h.framed {
		var payload []byte
		switch {
		case h.streams != nil:
			payload = []byte{abi.ReadyPorts | abi.ReadyStops}
		case h.asks:
			payload = []byte{abi.ReadyStops}
		}
		h.send(append(abi.AppendFrameHeader(nil, abi.FrameReady, len(payload)), payload...))
	}
	return h
}

// Streams returns the streams of the program: ports if the machine has them,
// else the descriptors.
func (h *Host) Streams() Streams {
	if h.streams != nil {
		h.Message("the streams are ports of a virtio console device")
		return *h.streams
	}
	h.Message("the streams are descriptors: " + h.noPorts.Error())
	stderr := Descriptor(abi.DescriptorLog)
	if system.Inherited(abi.DescriptorStderr) {
		stderr = abi.DescriptorStderr
	}
	return Streams{Descriptor(abi.DescriptorStdin), Descriptor(abi.DescriptorStdout), stderr}
}

// InputSource returns standard input as a device that interrupts, or nil when it
// comes over the serial port (device.SlotInput).
func (h *Host) InputSource() Source {
	if h.streams != nil {
		if in, ok := h.streams.Stdin.(*portInput); ok {
			return in
		}
	}
	return nil
}

// Source is what may end a wait for several things: see portInput.
type Source interface {
	Arm() (slots uint32, ready bool)
	Disarm()
}

// Message writes a kernel message, if they are wanted.
func (h *Host) Message(text string) {
	if h.Log {
		_, _ = Descriptor(abi.DescriptorLog).Write([]byte("mewz: " + text + "\n"))
	}
}

// Warn tells the host, whether kernel messages are wanted or not, that something that the
// program was promised is gone.
func (h *Host) Warn(text string) {
	if !h.framed {
		_, _ = Descriptor(abi.DescriptorLog).Write([]byte("mewz: warning: " + text + "\n"))
		return
	}
	h.send(append(abi.AppendFrameHeader(nil, abi.FrameWarning, len(text)), text...))
}

// Network tells the host by which addresses others reach the machine.
func (h *Host) Network(addresses []string) {
	if !h.framed {
		return
	}
	text := strings.Join(addresses, "\n")
	h.send(append(abi.AppendFrameHeader(nil, abi.FrameNetwork, len(text)), text...))
}

// Report tells why the machine ends.
func (h *Host) Report(text string) {
	text = text[:min(len(text), reportMaxBytes)]
	if !h.framed {
		_, _ = Descriptor(abi.DescriptorLog).Write([]byte(text))
		return
	}
	h.send(append(abi.AppendFrameHeader(nil, abi.FrameReport, len(text)), text...))
}

// Exit ends the machine and does not return.
func (h *Host) Exit(reason abi.ExitReason, code uint32) {
	if h.framed {
		h.send(abi.AppendExitFrame(nil, reason, code))
	}
	system.Exit(code)
}

// send writes a frame. An error has nobody to go to: the exit code still tells.
func (h *Host) send(frame []byte) { _, _ = h.control.Write(frame) }
