package abi

import "encoding/binary"

// The streams of the program are ports of a virtio console device, each by its
// name (virtio 1.2, 5.3), where the machine has such a device. Output ports
// carry the bytes of the stream and nothing else. On the port of standard input
// the kernel asks and the host answers, so that the host takes from its own
// input what the program reads and not a byte more: what is left is for whoever
// reads after it.
const (
	PortStdin  = "org.mewz.stdin"
	PortStdout = "org.mewz.stdout"
	PortStderr = "org.mewz.stderr"
)

// ReadyPorts in the first byte of the payload of a FrameReady says that the
// program's streams go through the ports. Without it, or without a payload,
// standard input is expected on the serial port.
const ReadyPorts = 1

// ReadyStops in the same byte says that the kernel ends the machine when it is
// asked to: by the byte RequestStop on its standard input, where the streams are
// ports and that is not the program's, or on DescriptorRequests. It closes connections and
// brings files to safety first.
const ReadyStops = 2

// Requests to the kernel: a byte, and what is said there.
const (
	// RequestStop asks it to end the machine.
	RequestStop = 's'
	// RequestLost tells it that nobody serves a share any more: the length of its tag in
	// a byte, and the tag, follow.
	RequestLost = 'l'
)

// AppendRequestLost appends a RequestLost to b.
//
// Preconditions: the tag has less than 256 bytes.
func AppendRequestLost(b []byte, tag string) []byte {
	return append(append(b, RequestLost, byte(len(tag))), tag...)
}

// StdinMaxBytes is the most that one request reads.
const StdinMaxBytes = 64 << 10

// StdinRequestBytes is the length of a request on PortStdin: kind, three zero
// bytes, argument as little-endian uint32. Requests are answered one after the
// other, each exactly once.
const StdinRequestBytes = 8

// StdinRequest is the kind of a request.
type StdinRequest uint8

const (
	// StdinRead asks for at most as many bytes as the argument says, which is
	// not 0, as soon as there are any. An answer without bytes is the end.
	StdinRead StdinRequest = 1
	// StdinWait asks whether a read would not wait, as soon as that is so or
	// after as many milliseconds as the argument says. Nothing is taken.
	StdinWait StdinRequest = 2
)

// StdinWaitForever is the argument of a StdinWait without a timeout.
const StdinWaitForever = 1<<32 - 1

// StdinAnswerBytes is the length of an answer before its bytes: kind of the
// request, StdinState, two zero bytes, number of bytes as little-endian uint32.
const StdinAnswerBytes = 8

// StdinState is what a StdinWait found.
type StdinState uint8

const (
	StdinReady  StdinState = 1 << 0 // a read would not wait
	StdinHangup StdinState = 1 << 1 // the other end has gone; bytes may still be there
)

// StdinAnswer is the head of an answer.
type StdinAnswer struct {
	Kind  StdinRequest
	State StdinState
	Bytes uint32 // that follow; of a StdinRead only
}

// AppendStdinRequest appends a request.
func AppendStdinRequest(b []byte, kind StdinRequest, argument uint32) []byte {
	return binary.LittleEndian.AppendUint32(append(b, byte(kind), 0, 0, 0), argument)
}

// ParseStdinRequest takes a request apart; ok is false when it is none.
func ParseStdinRequest(b []byte) (kind StdinRequest, argument uint32, ok bool) {
	if len(b) < StdinRequestBytes || b[1]|b[2]|b[3] != 0 {
		return 0, 0, false
	}
	kind, argument = StdinRequest(b[0]), binary.LittleEndian.Uint32(b[4:])
	switch kind {
	case StdinRead:
		return kind, argument, argument != 0 && argument <= StdinMaxBytes
	case StdinWait:
		return kind, argument, true
	default:
		return 0, 0, false
	}
}

// AppendStdinAnswer appends the head of an answer.
func AppendStdinAnswer(b []byte, a StdinAnswer) []byte {
	return binary.LittleEndian.AppendUint32(append(b, byte(a.Kind), byte(a.State), 0, 0), a.Bytes)
}

// ParseStdinAnswer takes the head of an answer apart; ok is false when it is none.
func ParseStdinAnswer(b []byte) (a StdinAnswer, ok bool) {
	if len(b) < StdinAnswerBytes || b[2]|b[3] != 0 {
		return a, false
	}
	a = StdinAnswer{StdinRequest(b[0]), StdinState(b[1]), binary.LittleEndian.Uint32(b[4:])}
	switch a.Kind {
	case StdinRead:
		return a, a.State == 0 && a.Bytes <= StdinMaxBytes
	case StdinWait:
		return a, a.State&^(StdinReady|StdinHangup) == 0 && a.Bytes == 0
	default:
		return a, false
	}
}
