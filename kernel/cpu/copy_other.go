//go:build !amd64

package cpu

// CopyWide copies as copy does.
func CopyWide(to, from []byte) int { return copy(to, from) }

// HasWide returns false.
func HasWide() bool { return false }
