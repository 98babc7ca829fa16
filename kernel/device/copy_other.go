//go:build !amd64

package device

// CopyWide copies as copy does.
func CopyWide(to, from []byte) int { return copy(to, from) }

// HasWide returns false.
func HasWide() bool { return false }
