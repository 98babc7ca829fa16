package tcp

// before reports whether sequence number a comes before b (RFC 9293, 3.4). It serves
// milliseconds too, which wrap as well.
func before(a, b uint32) bool { return int32(a-b) < 0 }

func atMost(a, b uint32) bool { return int32(a-b) <= 0 }

func later(a, b uint32) uint32 {
	if before(a, b) {
		return b
	}
	return a
}

func earlier(a, b uint32) uint32 {
	if before(b, a) {
		return b
	}
	return a
}

// span is sequence numbers from start up to end.
type span struct{ start, end uint32 }

// spansMax bounds the ranges of one scoreboard. A peer that leaves more gaps than that
// in one window has its further segments dropped, and sends them again.
const spansMax = 64

// spans are sorted ranges that do not touch: what has arrived behind a gap (RFC 9293, 3.10.7.4), or
// what the peer says has arrived behind one (the scoreboard of RFC 6675). The engine
// keeps those that nobody uses.
type spans struct {
	count int
	list  [spansMax]span
	// recent are sequence numbers of the ranges changed last, the last one first (RFC 2018, section 4).
	recent [4]uint32
	next   *spans
}

// add adds a range and joins what touches. It reports how many sequence numbers are new, and false when
// there is no room.
func (s *spans) add(r span) (uint32, bool) {
	i := 0
	for i < s.count && before(s.list[i].end, r.start) {
		i++
	}
	j, had := i, uint32(0)
	joined := r
	for j < s.count && atMost(s.list[j].start, r.end) {
		had += s.list[j].end - s.list[j].start
		joined.start = earlier(joined.start, s.list[j].start)
		joined.end = later(joined.end, s.list[j].end)
		j++
	}
	if i == j {
		if s.count == spansMax {
			return 0, false
		}
		copy(s.list[i+1:], s.list[i:s.count])
		s.count++
	} else {
		copy(s.list[i+1:], s.list[j:s.count])
		s.count -= j - i - 1
	}
	s.list[i] = joined
	return joined.end - joined.start - had, true
}

// remember makes the range that holds seq the first to be told of.
func (s *spans) remember(seq uint32) {
	copy(s.recent[1:], s.recent[:3])
	s.recent[0] = seq
}

// dropBelow forgets sequence numbers before seq.
func (s *spans) dropBelow(seq uint32) {
	i := 0
	for i < s.count && atMost(s.list[i].end, seq) {
		i++
	}
	if i > 0 {
		copy(s.list[:], s.list[i:s.count])
		s.count -= i
	}
	if s.count > 0 && before(s.list[0].start, seq) {
		s.list[0].start = seq
	}
}

// within counts the sequence numbers of s from a up to b.
func (s *spans) within(a, b uint32) (n uint32) {
	for _, r := range s.list[:s.count] {
		start, end := later(r.start, a), earlier(r.end, b)
		if before(start, end) {
			n += end - start
		}
	}
	return n
}

// find returns the range that holds seq.
func (s *spans) find(seq uint32) (span, bool) {
	for _, r := range s.list[:s.count] {
		if before(seq, r.end) {
			return r, atMost(r.start, seq)
		}
	}
	return span{}, false
}

func (e *Engine) newSpans() *spans {
	s := e.freeSpans
	if s == nil {
		return new(spans)
	}
	e.freeSpans = s.next
	*s = spans{}
	return s
}

// dropSpans gives ranges back, if there are any.
func (e *Engine) dropSpans(s **spans) {
	if *s != nil {
		(*s).next = e.freeSpans
		e.freeSpans = *s
		*s = nil
	}
}
