package vmm

import (
	"io"
	"sync"
)

// LogTailBytes is how much of the kernel messages is kept for the case that the
// kernel fails: a whole Go panic with the stacks of its goroutines.
const LogTailBytes = 64 << 10

// Tail keeps the last LogTailBytes of what is written to it and passes all of
// it on. It may be used from several goroutines.
type Tail struct {
	next   io.Writer
	passed bool // there was a next from the start

	mu   sync.Mutex
	kept []byte
	cut  bool
}

// NewTail returns a Tail that passes everything on to next; next may be nil.
func NewTail(next io.Writer) *Tail { return &Tail{next: next, passed: next != nil} }

// Write never fails: losing kernel messages is no reason to end a machine.
func (t *Tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next != nil {
		if _, err := t.next.Write(b); err != nil {
			t.next = nil
		}
	}
	t.kept = append(t.kept, b...)
	// Cutting at twice the size moves each byte once, not once a write.
	if len(t.kept) > 2*LogTailBytes {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-LogTailBytes:]...)
		t.cut = true
	}
	return len(b), nil
}

// Unseen returns what is kept if nobody has seen it yet.
func (t *Tail) Unseen() string {
	if t.passed {
		return ""
	}
	return t.String()
}

// String returns what is kept.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := t.kept
	if len(kept) > LogTailBytes {
		kept = kept[len(kept)-LogTailBytes:]
	}
	if t.cut || len(kept) < len(t.kept) {
		return "[...]" + string(kept)
	}
	return string(kept)
}
