package vfs

// Total is how many bytes buffers have.
func Total(buffers [][]byte) (n uint64) {
	for _, b := range buffers {
		n += uint64(len(b))
	}
	return n
}

// Clip bounds n bytes from an offset on to those that a file can have.
func Clip(offset, n uint64) uint64 {
	if offset >= OffsetMax {
		return 0
	}
	return min(n, OffsetMax-offset)
}
