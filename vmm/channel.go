package vmm

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"mewz/abi"
)

// reportMaxBytes bounds all reports of one machine together; more is cut.
const reportMaxBytes = 1 << 20

// channelBufferBytes is how much of the host channel one read may take.
const channelBufferBytes = 64 << 10

// Channel takes the host channel apart. Its fields are set before Copy, and
// Result is read after it.
type Channel struct {
	Stdout io.Writer
	Stderr io.Writer
	Log    io.Writer
	Ready  func() // called once, before the first frame is acted upon
	// Started is called for the first FrameReady, with its first byte (abi.ReadyPorts).
	Started func(ready byte)
	// Announced is called for each FrameNetwork.
	Announced func(addresses []netip.Prefix)
	// Warned is called for each FrameWarning that says something new, up to a bound.
	Warned func(text string)

	Result  *Result // nil until FrameExit
	ready   bool    // Ready has been called
	running bool    // Started has
	report  bounded
	offset  int64 // of the next byte, for messages
	warned  map[string]bool
}

// Bounds of the warnings of a machine, which may say the same again and again: what differs
// is shown, up to a number that somebody reads.
const (
	warningMaxBytes = 1 << 10
	warningsMax     = 32
)

// ErrChannelEnd says that the channel ended before a FrameExit.
var ErrChannelEnd = errors.New("the host channel ended without an exit frame")

// Copy decodes r until FrameExit, the end or a fault. Payloads go to their
// writers as they come in, without waiting for the whole frame.
//
// Postconditions: nil exactly when c.Result is set.
func (c *Channel) Copy(r io.Reader) error {
	in := bufio.NewReaderSize(r, channelBufferBytes)
	buffer := make([]byte, channelBufferBytes)
	c.report.max = reportMaxBytes
	for c.Result == nil {
		if err := c.frame(in, buffer); err != nil {
			return err
		}
	}
	return nil
}

// frame decodes one frame.
func (c *Channel) frame(in *bufio.Reader, buffer []byte) error {
	header := buffer[:abi.FrameHeaderBytes]
	if n, err := io.ReadFull(in, header); err != nil {
		if n == 0 && err == io.EOF {
			return ErrChannelEnd
		}
		return c.truncated(err)
	}
	kind, payloadBytes, ok := abi.ParseFrameHeader(header)
	if !ok {
		return fmt.Errorf("host channel, byte %d: no frame: %q", c.offset, header)
	}
	if !c.ready {
		c.ready = true
		if c.Ready != nil {
			c.Ready()
		}
	}
	c.offset += abi.FrameHeaderBytes
	switch kind {
	case abi.FrameStdout:
		return c.payload(in, buffer, payloadBytes, stream{"standard output", c.Stdout})
	case abi.FrameStderr:
		return c.payload(in, buffer, payloadBytes, stream{"standard error", c.Stderr})
	case abi.FrameLog:
		return c.payload(in, buffer, payloadBytes, stream{"the kernel log", c.Log})
	case abi.FrameReport:
		return c.payload(in, buffer, payloadBytes, stream{"the report", &c.report})
	case abi.FrameReady:
		return c.started(in, buffer, payloadBytes)
	case abi.FrameNetwork:
		return c.announced(in, buffer, payloadBytes)
	case abi.FrameWarning:
		return c.warning(in, buffer, payloadBytes)
	case abi.FrameExit:
		return c.exit(in, buffer, payloadBytes)
	default:
		return fmt.Errorf("host channel, byte %d: unknown frame kind %d", c.offset, kind)
	}
}

// started reads the payload of a FrameReady, of which the first byte counts.
func (c *Channel) started(in *bufio.Reader, buffer []byte, n int) error {
	ready := byte(0)
	if n > 0 {
		first, err := in.Peek(1)
		if err != nil {
			return c.truncated(err)
		}
		ready = first[0]
	}
	if err := c.payload(in, buffer, n, stream{"", io.Discard}); err != nil {
		return err
	}
	if c.Started != nil && !c.running {
		c.running = true
		c.Started(ready)
	}
	return nil
}

// announced reads the payload of a FrameNetwork.
func (c *Channel) announced(in *bufio.Reader, buffer []byte, n int) error {
	text := bounded{max: announcementMaxBytes}
	if err := c.payload(in, buffer, n, stream{"", &text}); err != nil {
		return err
	}
	if c.Announced != nil {
		c.Announced(announced(text.bytes))
	}
	return nil
}

// warning reads the payload of a FrameWarning.
func (c *Channel) warning(in *bufio.Reader, buffer []byte, n int) error {
	payload := bounded{max: warningMaxBytes}
	if err := c.payload(in, buffer, n, stream{"", &payload}); err != nil {
		return err
	}
	text := string(payload.bytes)
	if c.Warned == nil || text == "" || c.warned[text] || len(c.warned) > warningsMax {
		return nil
	}
	if c.warned == nil {
		c.warned = map[string]bool{}
	}
	c.warned[text] = true
	if len(c.warned) > warningsMax {
		text = "more warnings of the machine are left out"
	}
	c.Warned(text)
	return nil
}

// bounded collects what is written to it, up to max bytes.
type bounded struct {
	bytes []byte
	max   int
}

func (w *bounded) Write(b []byte) (int, error) {
	w.bytes = append(w.bytes, b[:min(w.max-len(w.bytes), len(b))]...)
	return len(b), nil
}

// stream is a writer with the name that messages call it by.
type stream struct {
	name string
	w    io.Writer
}

// payload hands the next n bytes to s in pieces.
func (c *Channel) payload(in *bufio.Reader, buffer []byte, n int, s stream) error {
	for n > 0 {
		got, err := in.Read(buffer[:min(n, len(buffer))])
		c.offset += int64(got)
		n -= got
		if got > 0 && s.w != nil {
			if _, err := s.w.Write(buffer[:got]); err != nil {
				return outputError(s.name, err)
			}
		}
		if err != nil && n > 0 {
			return c.truncated(err)
		}
	}
	return nil
}

func (c *Channel) exit(in *bufio.Reader, buffer []byte, n int) error {
	payload := buffer[:min(n, len(buffer))]
	if _, err := io.ReadFull(in, payload); err != nil {
		return c.truncated(err)
	}
	reason, code, ok := abi.ParseExit(payload)
	if !ok || reason < abi.ExitByProgram || reason > abi.ExitByKernel {
		return fmt.Errorf("host channel, byte %d: no exit frame: %q", c.offset, payload)
	}
	c.Result = &Result{Reason: reason, Code: code, Report: string(c.report.bytes)}
	return nil
}

// truncated is the error of a read in the middle of a frame.
func (c *Channel) truncated(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: it stops in a frame, byte %d", ErrChannelEnd, c.offset)
	}
	return fmt.Errorf("host channel, byte %d: %w", c.offset, err)
}

// CopyStream copies a stream of the program that does not come in frames.
func CopyStream(name string, w io.Writer, r io.Reader) error {
	buffer := make([]byte, channelBufferBytes)
	for {
		n, err := r.Read(buffer)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return outputError(name, err)
			}
		}
		if err != nil {
			return nil // the process has closed it
		}
	}
}
