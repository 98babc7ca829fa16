package device

// Copier copies what goes through the memory of a device. The zero value does
// what copy does.
type Copier struct{ wide bool }

// NewCopier returns the best that the processor has.
func NewCopier() Copier { return Copier{HasWide()} }

// wideMin is the shortest copy for CopyWide: a short one is left to the runtime,
// which wastes nothing on it.
const wideMin = 4 << 10

// Copy copies as copy does, of memory that does not overlap.
func (c Copier) Copy(to, from []byte) int {
	if c.wide && min(len(to), len(from)) >= wideMin {
		return CopyWide(to, from)
	}
	return copy(to, from)
}
