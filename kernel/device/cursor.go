package device

// Cursor walks through buffers of a caller, which lie anywhere.
//
// Preconditions of all methods: the buffers have that many bytes left.
type Cursor struct {
	Buffers [][]byte // the rest
	At      int      // bytes of the first of them that are done
	Copier  Copier
}

// Next returns the next bytes that lie together, at most n, and stays; who is done with some
// of them adds as many to At.
func (c *Cursor) Next(n int) []byte {
	for c.At == len(c.Buffers[0]) {
		c.Buffers, c.At = c.Buffers[1:], 0
	}
	p := c.Buffers[0][c.At:]
	if len(p) > n {
		p = p[:n]
	}
	return p
}

// Piece returns the next bytes that lie together, at most n, and goes on.
func (c *Cursor) Piece(n int) []byte {
	p := c.Next(n)
	c.At += len(p)
	return p
}

// Skip leaves out n bytes.
func (c *Cursor) Skip(n int) {
	for n > 0 {
		n -= len(c.Piece(n))
	}
}

// Fill copies from b into the buffers.
func (c *Cursor) Fill(b []byte) {
	for len(b) > 0 {
		b = b[c.Copier.Copy(c.Piece(len(b)), b):]
	}
}

// Drain fills b from the buffers.
func (c *Cursor) Drain(b []byte) {
	for len(b) > 0 {
		b = b[c.Copier.Copy(b, c.Piece(len(b))):]
	}
}

// Zero clears the next n bytes.
func (c *Cursor) Zero(n int) {
	for n > 0 {
		p := c.Piece(n)
		clear(p)
		n -= len(p)
	}
}

// Cut appends the next n bytes to a list of buffers.
func (c *Cursor) Cut(list [][]byte, n int) [][]byte {
	for n > 0 {
		p := c.Piece(n)
		list = append(list, p)
		n -= len(p)
	}
	return list
}
