package entropy

import (
	"bytes"
	"errors"
	"testing"
)

func none([]byte) bool { return false }

func fixed(p []byte) bool {
	for i := range p {
		p[i] = byte(i)
	}
	return true
}

func TestNewWithoutSource(t *testing.T) {
	for _, seed := range [][]byte{nil, make([]byte, keyBytes-1)} {
		if _, err := New(none, seed); !errors.Is(err, ErrNoSource) {
			t.Errorf("New(none, %d bytes) = %v, want %v", len(seed), err, ErrNoSource)
		}
	}
}

// TestEitherIsEnough proves that source and seed each change the stream.
func TestEitherIsEnough(t *testing.T) {
	seed := bytes.Repeat([]byte{7}, keyBytes)
	var streams [][]byte
	for _, test := range []struct {
		source Source
		seed   []byte
	}{{fixed, nil}, {none, seed}, {fixed, seed}} {
		g, err := New(test.source, test.seed)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 64)
		g.Fill(b)
		for _, other := range streams {
			if bytes.Equal(b, other) {
				t.Error("two keys give the same stream")
			}
		}
		streams = append(streams, b)
	}
}

func TestRekey(t *testing.T) {
	asked := 0
	g, err := New(func(p []byte) bool { asked++; return fixed(p) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	g.Fill(make([]byte, 2*rekeyBytes+1))
	if asked != 3 {
		t.Errorf("the source was asked %d times, want 3", asked)
	}
}

func TestMachine(t *testing.T) {
	var a, b [40]byte
	if !Machine(a[:]) || !Machine(b[:]) {
		t.Fatal("getrandom failed; every Linux that runs tests has it")
	}
	if a == b {
		t.Error("the machine's source repeats itself")
	}
}
