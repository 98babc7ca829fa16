package vmm

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestTail(t *testing.T) {
	for _, test := range []struct {
		writes int
		want   string
	}{
		{0, ""},
		{1, strings.Repeat("a", 1000)},
		{65, strings.Repeat("a", 65000)},
		{66, "[...]" + strings.Repeat("a", LogTailBytes)},
		{1000, "[...]" + strings.Repeat("a", LogTailBytes)},
	} {
		tail := NewTail(nil)
		for range test.writes {
			tail.Write(bytes.Repeat([]byte("a"), 1000))
		}
		if got := tail.String(); got != test.want {
			t.Errorf("after %d writes: %d bytes, want %d", test.writes, len(got), len(test.want))
		}
		if len(tail.kept) > 2*LogTailBytes {
			t.Errorf("after %d writes: %d bytes held", test.writes, len(tail.kept))
		}
	}
}

func TestTailPassesOn(t *testing.T) {
	var next bytes.Buffer
	tail := NewTail(&next)
	tail.Write([]byte("one "))
	tail.Write([]byte("two"))
	if next.String() != "one two" || tail.String() != "one two" {
		t.Errorf("passed on %q, kept %q", next.String(), tail.String())
	}
	tail = NewTail(failingWriter{errors.New("full")})
	if n, err := tail.Write([]byte("x")); n != 1 || err != nil {
		t.Errorf("Write = %d, %v although losing messages must not matter", n, err)
	}
}
