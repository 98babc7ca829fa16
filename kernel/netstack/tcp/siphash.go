package tcp

import (
	"encoding/binary"
	"math/bits"
)

// secret is the key of SipHash-2-4, a function that nobody can predict without it. It makes
// initial sequence numbers (RFC 6528), ports (RFC 6056), cookies and offsets of time stamps.
type secret struct{ k0, k1 uint64 }

func newSecret(r Random) secret {
	var b [16]byte
	r.Fill(b[:])
	return secret{binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])}
}

// sum is SipHash-2-4 of a connection's name and two words. tag keeps uses apart.
func (s secret) sum(k *key, tag, word uint64) uint64 {
	v0, v1 := s.k0^0x736f6d6570736575, s.k1^0x646f72616e646f6d
	v2, v3 := s.k0^0x6c7967656e657261, s.k1^0x7465646279746573
	round := func() {
		v0 += v1
		v1 = bits.RotateLeft64(v1, 13) ^ v0
		v0 = bits.RotateLeft64(v0, 32)
		v2 += v3
		v3 = bits.RotateLeft64(v3, 16) ^ v2
		v0 += v3
		v3 = bits.RotateLeft64(v3, 21) ^ v0
		v2 += v1
		v1 = bits.RotateLeft64(v1, 17) ^ v2
		v2 = bits.RotateLeft64(v2, 32)
	}
	words := [...]uint64{k.localHigh, k.localLow, k.remoteHigh, k.remoteLow, uint64(k.ports), tag, word}
	for _, m := range words {
		v3 ^= m
		round()
		round()
		v0 ^= m
	}
	last := uint64(len(words)*8) << 56
	v3 ^= last
	round()
	round()
	v0 ^= last
	v2 ^= 0xff
	for range 4 {
		round()
	}
	return v0 ^ v1 ^ v2 ^ v3
}

// Tags of the uses of a secret.
const (
	tagSequence = iota
	tagTimestamp
	tagPort
	tagCookie
)
