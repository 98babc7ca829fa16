package tcp

import (
	"encoding/binary"

	"mewz/kernel/netstack/header"
	"mewz/kernel/netstack/ip"
	"mewz/kernel/socket"
)

// Flags of a segment (RFC 9293, 3.1).
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
)

// Kinds of options (RFC 9293, 3.2; RFC 2018; RFC 7323).
const (
	optionEnd           = 0
	optionNone          = 1
	optionMSS           = 2
	optionScale         = 3
	optionSackPermitted = 4
	optionSack          = 5
	optionTimestamp     = 8
)

const (
	headerBytes    = 20
	timestampBytes = 12 // with two of padding
	// timestampPrefix is how everybody writes the option of time stamps: padding, kind, length.
	timestampPrefix = 0x0101_080a
	// scaleMax is the largest shift of a window (RFC 7323, 2.3).
	scaleMax = 14
	noScale  = 0xff
	// sackBlocksMax is how many ranges fit into the 40 bytes of options.
	sackBlocksMax = 4
)

// segment is a received segment whose lengths were checked.
type segment struct {
	packet *ip.Packet
	header uint32 // bytes of it
	skip   uint32 // bytes of data that are not wanted
	bytes  uint32 // of data, behind those

	seq, ack uint32
	window   uint16 // as it stands there
	flags    uint8

	hasTimestamp  bool
	value, echo   uint32 // TSval, TSecr
	sackPermitted bool
	mss           uint16 // 0: no such option
	scale         uint8  // noScale: no such option
	sackCount     int
	sack          [sackBlocksMax]span
}

// end is the sequence number behind the segment.
func (s *segment) end() uint32 {
	end := s.seq + s.bytes
	if s.flags&flagSYN != 0 {
		end++
	}
	if s.flags&flagFIN != 0 {
		end++
	}
	return end
}

// parse reads header and options. An option that does not keep its length ends them.
//
// Preconditions: p.Payload holds the header, header bytes long.
func (s *segment) parse(p *ip.Packet, length int) {
	be := binary.BigEndian
	t := p.Payload
	*s = segment{
		packet: p, header: uint32(length), bytes: uint32(p.Bytes - length),
		seq: be.Uint32(t[4:]), ack: be.Uint32(t[8:]), window: be.Uint16(t[14:]), flags: t[13], scale: noScale,
	}
	options := t[headerBytes:length]
	for len(options) > 0 {
		if options[0] == optionEnd {
			return
		}
		if options[0] == optionNone {
			options = options[1:]
			continue
		}
		if len(options) < 2 || options[1] < 2 || int(options[1]) > len(options) {
			return
		}
		s.option(options[0], options[2:options[1]])
		options = options[options[1]:]
	}
}

// option reads one option.
func (s *segment) option(kind uint8, b []byte) {
	be := binary.BigEndian
	syn := s.flags&flagSYN != 0
	switch {
	case kind == optionMSS && len(b) == 2 && syn:
		s.mss = be.Uint16(b)
	case kind == optionScale && len(b) == 1 && syn:
		s.scale = min(b[0], scaleMax)
	case kind == optionSackPermitted && len(b) == 0 && syn:
		s.sackPermitted = true
	case kind == optionTimestamp && len(b) == 8:
		s.hasTimestamp, s.value, s.echo = true, be.Uint32(b), be.Uint32(b[4:])
	case kind == optionSack && len(b)%8 == 0 && !syn:
		for ; len(b) > 0 && s.sackCount < sackBlocksMax; b = b[8:] {
			s.sack[s.sackCount] = span{be.Uint32(b), be.Uint32(b[4:])}
			s.sackCount++
		}
	default: // of no use to us
	}
}

// trim takes n bytes of data from the front.
func (s *segment) trim(n uint32) {
	s.seq += n
	s.skip += n
	s.bytes -= n
}

// data calls f with the pieces of the wanted data until it returns false.
func (s *segment) data(f func(b []byte) bool) {
	skip, left := int(s.header+s.skip), int(s.bytes)
	for i := -1; i < len(s.packet.More) && left > 0; i++ {
		b := s.packet.Payload
		if i >= 0 {
			b = s.packet.More[i]
		}
		if skip >= len(b) {
			skip -= len(b)
			continue
		}
		b = b[skip:]
		skip = 0
		b = b[:min(len(b), left)]
		left -= len(b)
		if !f(b) {
			return
		}
	}
}

// pseudo is the sum of the pseudo header (RFC 9293, 3.1) but for the length. It is the same
// for IPv6 and for IPv4, whose addresses have the prefix of mapped ones:
// that is 0xffff, nothing in this arithmetic.
func pseudo(local, remote *socket.Address) uint64 {
	return header.Sum(remote[:], header.Sum(local[:], ip.ProtocolTCP))
}

// sumAt adds b, which lies at an offset, to a sum.
func sumAt(b []byte, offset int, sum uint64) uint64 {
	if offset%2 == 0 {
		return header.Sum(b, sum)
	}
	odd := header.Fold(header.Sum(b, 0))
	return uint64(header.Fold(sum)) + uint64(odd>>8|odd<<8)
}

// checksumHolds checks a packet that the device has not checked.
func checksumHolds(p *ip.Packet) bool {
	sum := pseudo(&p.Source, &p.Destination) + uint64(p.Bytes)
	sum = header.Sum(p.Payload, sum)
	at := len(p.Payload)
	for _, b := range p.More {
		sum = sumAt(b, at, sum)
		at += len(b)
	}
	return header.Fold(sum) == 0xffff
}
