// Package entropy makes the machine's random numbers.
//
// In: the entropy source of the machine (getrandom with GRND_RANDOM, which in a
// machine is answered only when there is a real source) and 32 fresh bytes that
// the host may put into the configuration. Out: a stream that nobody can
// predict: ChaCha8 with forward secrecy (C2SP chacha8rand), keyed from both by
// exclusive or, so that either is enough, and keyed anew from the machine's
// source now and then. Without any source there is no Generator at all.
package entropy

import (
	"errors"
	"math/rand/v2"
	"syscall"

	"mewz/kernel/system"
)

const (
	keyBytes = 32
	// rekeyBytes is how much is handed out between two keys.
	rekeyBytes = 1 << 20
)

// ErrNoSource says that there is nothing to make random numbers from.
var ErrNoSource = errors.New("no entropy source: the machine has neither virtio-rng nor RDRAND, and the image carries no seed")

// Source fills p with bytes of a real entropy source, or reports that there is
// none.
type Source func(p []byte) bool

// Generator is a cryptographically secure generator of random numbers.
type Generator struct {
	stream *rand.ChaCha8
	source Source
	left   int // bytes until the next key
}

// New returns a generator keyed from source and from seed, of which one may be
// missing: source by returning false, seed by being empty.
func New(source Source, seed []byte) (*Generator, error) {
	var key [keyBytes]byte
	found := source(key[:])
	if !found {
		clear(key[:]) // of a source that failed half way
	}
	if len(seed) >= keyBytes {
		found = true
		for i := range key {
			key[i] ^= seed[i]
		}
	}
	if !found {
		return nil, ErrNoSource
	}
	return &Generator{stream: rand.NewChaCha8(key), source: source, left: rekeyBytes}, nil
}

// Fill fills p with random bytes.
func (g *Generator) Fill(p []byte) {
	for len(p) > 0 {
		if g.left == 0 {
			g.rekey()
		}
		n := min(len(p), g.left)
		_, _ = g.stream.Read(p[:n]) // never fails
		g.left -= n
		p = p[n:]
	}
}

// rekey mixes fresh entropy into the stream. The old stream stays part of the
// key: a source that turned bad makes nothing worse.
func (g *Generator) rekey() {
	var old, key [keyBytes]byte
	_, _ = g.stream.Read(old[:])
	if !g.source(key[:]) {
		clear(key[:])
	}
	for i := range key {
		key[i] ^= old[i]
	}
	g.stream.Seed(key)
	g.left = rekeyBytes
}

// Machine is the Source of the machine this runs in.
func Machine(p []byte) bool {
	for len(p) > 0 {
		n, errno := system.Random(p)
		if errno == syscall.EINTR {
			continue
		}
		if errno != 0 || n <= 0 || n > len(p) {
			return false
		}
		p = p[n:]
	}
	return true
}
