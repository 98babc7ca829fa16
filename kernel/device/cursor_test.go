package device

import (
	"bytes"
	"testing"
)

func TestCursor(t *testing.T) {
	text := []byte("0123456789abcdef")
	split := func(b []byte) [][]byte { return [][]byte{b[:0], b[:3], b[3:3], b[3:10], b[10:]} }
	from := Cursor{Buffers: split(bytes.Clone(text))}
	got := make([]byte, len(text))
	for at := 0; at < len(got); at += 4 {
		from.Drain(got[at : at+4])
	}
	if !bytes.Equal(got, text) {
		t.Errorf("Drain = %q, want %q", got, text)
	}
	from = Cursor{Buffers: split(bytes.Clone(text))}
	from.Skip(4)
	if got := string(from.Next(3)); got != "456" {
		t.Errorf("Next behind Skip = %q, want %q", got, "456")
	}
	from.At += 2
	if got := string(from.Next(100)); got != "6789" {
		t.Errorf("Next behind 2 of the last = %q, want what is left of the buffer", got)
	}
	into := make([]byte, len(text))
	to := Cursor{Buffers: split(into)}
	to.Fill(text[:5])
	to.Zero(3)
	list := to.Cut(nil, 6)
	if want := "01234\x00\x00\x00"; string(into[:8]) != want {
		t.Errorf("Fill and Zero = %q, want %q", into[:8], want)
	}
	if len(list) != 2 || len(list[0]) != 2 || len(list[1]) != 4 || &list[1][0] != &into[10] {
		t.Errorf("Cut = %q, want 2 and 4 bytes from 8 on", list)
	}
	to.Fill(text[14:])
	if string(into[14:]) != "ef" {
		t.Errorf("Fill behind Cut = %q, want %q", into[14:], "ef")
	}
}
