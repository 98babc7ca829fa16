package linuxabi

import (
	"mewz/abi"
	"mewz/kernel/cpu"
	"mewz/kernel/interrupt"
)

// Standard input comes over the serial port: with a host channel in chunks (see
// abi.StdinChunkMaxBytes), else as plain bytes without an end. What does not fit
// the buffer stays in the port, which makes the host wait.
const (
	inputBytes = 16 << 10 // a power of two
	inputMask  = inputBytes - 1

	serialMaxDrain = 4096 // bytes taken in one interrupt at most

	// fifoEnable turns the FIFO on and lets it interrupt at 14 of its 16 bytes,
	// or when fewer have been there for a while: once where the other levels
	// interrupt up to 14 times.
	fifoEnable = 0xc1
)

// States of the chunk reader.
const (
	chunkLow  = iota // the low byte of a length is next
	chunkHigh        // the high byte
	chunkData
)

var input struct {
	buffer     [inputBytes]byte
	head, tail uintptr // bytes ever put in and taken out
	state      uintptr
	left       uintptr // bytes of the chunk to come
	end        bool    // no more will come
	full       bool    // the port's interrupt is off until there is room
	nonblock   bool    // O_NONBLOCK of descriptor 0
}

// StartInput lets the serial port interrupt when there is input. Turning on the
// FIFO throws away a byte that is there already, and one that comes while the
// first is taken, so a host that sends before FrameReady gets a port without a
// FIFO: slow, but nothing is lost.
//
//go:nosplit
func StartInput() {
	if cpu.In8(serialStatus)&statusData == 0 {
		cpu.Out8(serialFIFO, fifoEnable)
	}
	interrupt.Route(abi.SerialIRQ, interrupt.VectorSerial)
	cpu.Out8(serialInterrupts, 1)
}

// receive takes what the serial port has, as far as there is room, and wakes
// those who wait for it.
//
//go:nosplit
func receive() {
	before, end := input.head, input.end
	for i := 0; i < serialMaxDrain && cpu.In8(serialStatus)&statusData != 0; i++ {
		if input.head-input.tail == inputBytes {
			input.full = true
			cpu.Out8(serialInterrupts, 0)
			break
		}
		accept(cpu.In8(serialData))
	}
	if input.head != before || input.end != end {
		wakeInput(1 << abi.DescriptorStdin)
	}
}

// accept takes one byte from the port.
//
//go:nosplit
func accept(c byte) {
	switch {
	case input.end:
		return
	case !channel || input.state == chunkData:
		input.buffer[input.head&inputMask] = c
		input.head++
		if channel {
			if input.left--; input.left == 0 {
				input.state = chunkLow
			}
		}
	case input.state == chunkLow:
		input.left, input.state = uintptr(c), chunkHigh
	default:
		input.left |= uintptr(c) << 8
		input.state = chunkData
		if input.left == 0 {
			input.end = true
		}
	}
}

// takeInput copies at most n bytes to address, which must be writable.
//
//go:nosplit
func takeInput(address, n uintptr) uintptr {
	taken := uintptr(0)
	for taken < n && input.tail != input.head {
		cpu.Store8(address+taken, input.buffer[input.tail&inputMask])
		input.tail++
		taken++
	}
	if input.full && input.head-input.tail <= inputBytes/2 {
		input.full = false
		cpu.Out8(serialInterrupts, 1) // interrupts at once if bytes wait
		receive()
	}
	return taken
}

// inputReady reports whether read would not wait.
//
//go:nosplit
func inputReady() bool { return input.head != input.tail || input.end }
