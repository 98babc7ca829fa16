package net

import (
	"encoding/binary"
	"io"
)

// streamBytes is the length of the known stream, which repeats: a prime.
const streamBytes = 65521

// stream is the known stream of programs/c/functions.c.
var stream = func() []byte {
	b := make([]byte, streamBytes)
	x := uint32(2463534242)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x >> 24)
	}
	return b
}()

// streamReader gives so many bytes of the known stream.
type streamReader struct {
	at, left int64
}

// Read implements io.Reader.
func (r *streamReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), r.left)], stream[r.at%streamBytes:])
	r.at += int64(n)
	r.left -= int64(n)
	return n, nil
}

// checksum is that of programs/c/hash.h.
type checksum struct {
	state, length uint64
	rest          []byte
}

func hashWord(state, word uint64) uint64 {
	state = (state ^ word) * 0x9e3779b97f4a7c15
	return state ^ state>>29
}

// Write implements io.Writer.
func (c *checksum) Write(p []byte) (int, error) {
	c.length += uint64(len(p))
	all := len(p)
	if len(c.rest) > 0 {
		n := min(8-len(c.rest), len(p))
		c.rest = append(c.rest, p[:n]...)
		p = p[n:]
		if len(c.rest) < 8 {
			return all, nil
		}
		c.state = hashWord(c.state, binary.LittleEndian.Uint64(c.rest))
		c.rest = c.rest[:0]
	}
	for ; len(p) >= 8; p = p[8:] {
		c.state = hashWord(c.state, binary.LittleEndian.Uint64(p))
	}
	c.rest = append(c.rest, p...)
	return all, nil
}

func (c *checksum) sum() uint64 {
	state := c.state
	if len(c.rest) > 0 {
		var word [8]byte
		copy(word[:], c.rest)
		state = hashWord(state, binary.LittleEndian.Uint64(word[:]))
	}
	return hashWord(state, c.length)
}
