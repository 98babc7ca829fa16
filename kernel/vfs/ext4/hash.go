package ext4

import (
	"encoding/binary"
	"math/bits"
)

// Hashes of names by which directories are ordered (DX_HASH_*). Those with 3 more
// take bytes as unsigned.
const (
	hashLegacy   = 0
	hashHalfMD4  = 1
	hashTea      = 2
	hashUnsigned = 3
	hashVersions = 6

	hashEnd = 0xffff_fffe // is no hash: it stands for the end of a directory
)

// hashName returns the hash of a name; its last bit is 0.
func (g *geometry) hashName(version uint8, name []byte) uint32 {
	unsigned := version >= hashUnsigned
	state := [4]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}
	if g.hashSeed != [4]uint32{} {
		state = g.hashSeed
	}
	var h uint32
	switch version % hashUnsigned {
	case hashLegacy:
		h = legacyHash(name, unsigned)
	case hashHalfMD4:
		for p := name; len(p) > 0; p = p[min(len(p), 32):] {
			var in [8]uint32
			hashWords(p, in[:], unsigned)
			halfMD4(&state, &in)
		}
		h = state[1]
	case hashTea:
		for p := name; len(p) > 0; p = p[min(len(p), 16):] {
			var in [4]uint32
			hashWords(p, in[:], unsigned)
			tea(&state, &in)
		}
		h = state[0]
	}
	if h &^= 1; h == hashEnd {
		h -= 2
	}
	return h
}

func hashByte(c byte, unsigned bool) uint32 {
	if unsigned {
		return uint32(c)
	}
	return uint32(int32(int8(c)))
}

func legacyHash(name []byte, unsigned bool) uint32 {
	h0, h1 := uint32(0x12a3fe2d), uint32(0x37abe8f9)
	for _, c := range name {
		h := h1 + (h0 ^ hashByte(c, unsigned)*7152373)
		if h&0x80000000 != 0 {
			h -= 0x7fffffff
		}
		h1, h0 = h0, h
	}
	return h0 << 1
}

// hashWords makes words of the beginning of p, filled up with its length.
func hashWords(p []byte, words []uint32, unsigned bool) {
	pad := uint32(len(p)) | uint32(len(p))<<8
	pad |= pad << 16
	i := 0
	for ; i < len(words) && len(p) >= 4; i++ {
		w := binary.BigEndian.Uint32(p)
		if w&0x80808080 != 0 && !unsigned {
			w = 0
			for _, c := range p[:4] {
				w = w<<8 + hashByte(c, false)
			}
		}
		words[i], p = w, p[4:]
	}
	if i < len(words) && len(p) > 0 {
		w := pad
		for _, c := range p {
			w = w<<8 + hashByte(c, unsigned)
		}
		words[i] = w
		i++
	}
	for ; i < len(words); i++ {
		words[i] = pad
	}
}

// halfMD4 is the compression of MD4 with 3 rounds of 8 steps.
func halfMD4(state *[4]uint32, in *[8]uint32) {
	const k2, k3 = 0x5a827999, 0x6ed9eba1
	a, b, c, d := state[0], state[1], state[2], state[3]
	f := func(x, y, z uint32) uint32 { return z ^ x&(y^z) }
	g := func(x, y, z uint32) uint32 { return x&y + (x^y)&z }
	h := func(x, y, z uint32) uint32 { return x ^ y ^ z }
	for i := 0; i < 8; i += 4 {
		a = bits.RotateLeft32(a+f(b, c, d)+in[i], 3)
		d = bits.RotateLeft32(d+f(a, b, c)+in[i+1], 7)
		c = bits.RotateLeft32(c+f(d, a, b)+in[i+2], 11)
		b = bits.RotateLeft32(b+f(c, d, a)+in[i+3], 19)
	}
	for _, i := range [2]int{1, 0} {
		a = bits.RotateLeft32(a+g(b, c, d)+in[i]+k2, 3)
		d = bits.RotateLeft32(d+g(a, b, c)+in[i+2]+k2, 5)
		c = bits.RotateLeft32(c+g(d, a, b)+in[i+4]+k2, 9)
		b = bits.RotateLeft32(b+g(c, d, a)+in[i+6]+k2, 13)
	}
	for _, i := range [2]int{3, 1} {
		a = bits.RotateLeft32(a+h(b, c, d)+in[i]+k3, 3)
		d = bits.RotateLeft32(d+h(a, b, c)+in[i+4]+k3, 9)
		c = bits.RotateLeft32(c+h(d, a, b)+in[i-1]+k3, 11)
		b = bits.RotateLeft32(b+h(c, d, a)+in[i+3]+k3, 15)
	}
	state[0] += a
	state[1] += b
	state[2] += c
	state[3] += d
}

// tea is the Tiny Encryption Algorithm, 16 rounds.
func tea(state *[4]uint32, in *[4]uint32) {
	b0, b1, sum := state[0], state[1], uint32(0)
	for range 16 {
		sum += 0x9e3779b9
		b0 += (b1<<4 + in[0]) ^ (b1 + sum) ^ (b1>>5 + in[1])
		b1 += (b0<<4 + in[2]) ^ (b0 + sum) ^ (b0>>5 + in[3])
	}
	state[0] += b0
	state[1] += b1
}
