package linuxabi

import (
	"mewz/abi"
	"mewz/kernel/cpu"
	"mewz/kernel/interrupt"
)

const (
	exitKernel = abi.ExitKernel
	exitMemory = abi.ExitMemory

	// exitRuntime is what the Go runtime ends with after a panic.
	exitRuntime = 2

	serialData       = abi.SerialPort
	serialInterrupts = abi.SerialPort + 1 // IER
	serialFIFO       = abi.SerialPort + 2 // FCR
	serialLine       = abi.SerialPort + 3 // LCR
	serialModem      = abi.SerialPort + 4 // MCR
	serialStatus     = abi.SerialPort + 5 // LSR

	statusData  = 1 << 0
	statusEmpty = 1 << 5

	// serialPatience is how often a full transmitter is asked before its byte is
	// given up: a port that is not there must not stop the machine.
	serialPatience = 100_000
)

var (
	channel     bool // the host channel is there
	exitSent    bool // a FrameExit went out
	frameHeader [abi.FrameHeaderBytes]byte
	frameOwed   uintptr // bytes of the frame that goes out, after those in OutBytes
)

// StartOutput finds out where output goes, and begins to count the time.
//
//go:nosplit
func StartOutput() {
	bootTSC = cpu.ReadTSC()
	channel = cpu.In8(abi.ChannelPort) == abi.ChannelMagic
	cpu.Out8(serialLine, 0x83) // the divisor's turn
	cpu.Out8(serialData, 1)    // 115200 baud
	cpu.Out8(serialInterrupts, 0)
	cpu.Out8(serialLine, 3)     // 8 bits, no parity
	cpu.Out8(serialModem, 0x0b) // DTR, RTS, and OUT2: let interrupts through
}

// sendFrame sends a frame, or its text over the serial port if there is no host
// channel.
//
//go:nosplit
func sendFrame(kind abi.FrameKind, address, n uintptr) {
	if !channel {
		sendSerial(address, n)
		return
	}
	header := headerAddress()
	cpu.Store32(header, uint32(kind))
	cpu.Store32(header+4, uint32(n))
	frameOwed = n
	cpu.OutBytes(abi.ChannelPort, header, abi.FrameHeaderBytes)
	frameOwed = 0
	cpu.OutBytes(abi.ChannelPort, address, n)
}

//go:nosplit
func sendSerial(address, n uintptr) {
	for end := address + n; address < end; address++ {
		c := cpu.Load8(address)
		if c == '\n' {
			sendSerialByte('\r')
		}
		sendSerialByte(c)
	}
}

//go:nosplit
func sendSerialByte(c byte) {
	for i := 0; i < serialPatience && cpu.In8(serialStatus)&statusEmpty == 0; i++ {
	}
	cpu.Out8(serialData, c)
}

// sendControl passes on what was written to the control descriptor: whole
// frames. Without a host channel, only the text of reports is for anybody.
//
//go:nosplit
func sendControl(address, n uintptr) {
	if n >= abi.FrameHeaderBytes {
		kind := abi.FrameKind(cpu.Load8(address))
		if kind == abi.FrameExit {
			exitSent = true
		}
		if !channel && kind == abi.FrameReport {
			sendSerial(address+abi.FrameHeaderBytes, n-abi.FrameHeaderBytes)
		}
	}
	if channel {
		cpu.OutBytes(abi.ChannelPort, address, n)
	}
}

// sendExit tells the host how the machine ends, unless the kernel's own main has.
//
//go:nosplit
func sendExit(code uintptr) {
	if exitSent || !channel {
		return
	}
	exitSent = true
	header := headerAddress()
	cpu.Store32(header, uint32(abi.FrameExit))
	cpu.Store32(header+4, 8)
	cpu.OutBytes(abi.ChannelPort, header, abi.FrameHeaderBytes)
	cpu.Store32(header, uint32(abi.ExitByKernel))
	cpu.Store32(header+4, uint32(code))
	cpu.OutBytes(abi.ChannelPort, header, abi.FrameHeaderBytes)
}

// stop ends the machine. It does not return.
//
//go:nosplit
func stop(code uintptr) {
	sendExit(code)
	cpu.Out8(abi.DebugExitPort, uint8(code))
	interrupt.Shutdown() // no such device
}

// sysExitGroup ends the machine: exit_group(code).
//
//go:nosplit
func sysExitGroup(t *thread) uintptr {
	code := t.rdi & 0xff
	if code == exitRuntime && !exitSent {
		code = exitKernel
	}
	stop(code)
	return 0
}
