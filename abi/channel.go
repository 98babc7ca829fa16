package abi

import "encoding/binary"

// The host channel carries what the machine says to the host: a sequence of
// frames, each FrameHeaderBytes of header (kind, three zero bytes, length of
// the payload as little-endian uint32) and the payload.
const (
	FrameHeaderBytes = 8
	FrameMaxBytes    = 1 << 20 // a longer payload is a fault of the sender
)

// FrameKind says what the payload of a frame is.
type FrameKind uint8

const (
	FrameReady  FrameKind = 1 // the kernel runs: empty or ReadyPorts; sent once, before anything else
	FrameStdout FrameKind = 2 // bytes
	FrameStderr FrameKind = 3 // bytes
	FrameLog    FrameKind = 4 // text, kernel messages
	FrameReport FrameKind = 5 // text, why the machine ends: a trap with its backtrace, a refusal
	FrameExit   FrameKind = 6 // reason, three zero bytes, code as little-endian uint32; the last frame

	// FrameNetwork says that others reach the machine now: its addresses, one
	// "ADDRESS/PREFIX" a line. Sent again when they change.
	FrameNetwork FrameKind = 7
	// FrameWarning is one line about something that the program was promised and that is
	// gone, or was never there, although the machine goes on.
	FrameWarning FrameKind = 8
)

// ExitReason says who ended the machine.
type ExitReason uint8

const (
	ExitByProgram ExitReason = 1 // proc_exit, or return from _start (code 0)
	ExitByTrap    ExitReason = 2 // code is ExitTrap
	ExitByKernel  ExitReason = 3 // a kernel failure or refusal: code is ExitKernel or ExitMemory
)

// AppendFrameHeader appends the header of a frame with payloadBytes of payload.
func AppendFrameHeader(b []byte, kind FrameKind, payloadBytes int) []byte {
	b = append(b, byte(kind), 0, 0, 0)
	return binary.LittleEndian.AppendUint32(b, uint32(payloadBytes))
}

// AppendExitFrame appends a whole FrameExit.
func AppendExitFrame(b []byte, reason ExitReason, code uint32) []byte {
	b = AppendFrameHeader(b, FrameExit, 8)
	b = append(b, byte(reason), 0, 0, 0)
	return binary.LittleEndian.AppendUint32(b, code)
}

// ParseFrameHeader takes a header apart; ok is false when it is none.
func ParseFrameHeader(b []byte) (kind FrameKind, payloadBytes int, ok bool) {
	if len(b) < FrameHeaderBytes || b[1]|b[2]|b[3] != 0 {
		return 0, 0, false
	}
	kind = FrameKind(b[0])
	n := binary.LittleEndian.Uint32(b[4:])
	if kind < FrameReady || kind > FrameWarning || n > FrameMaxBytes {
		return 0, 0, false
	}
	return kind, int(n), true
}

// ParseExit takes the payload of a FrameExit apart.
func ParseExit(payload []byte) (reason ExitReason, code uint32, ok bool) {
	if len(payload) != 8 {
		return 0, 0, false
	}
	return ExitReason(payload[0]), binary.LittleEndian.Uint32(payload[4:]), true
}

// Standard input comes to a machine with a host channel, but without the ports of
// port.go, over the serial port as chunks: length as little-endian uint16, then that many bytes. Length 0 is the
// end of the input.
const StdinChunkMaxBytes = 4096
