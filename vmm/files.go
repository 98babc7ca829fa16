package vmm

// Share is a directory of the host that the machine sees, live.
type Share struct {
	Path string // absolute
	// Tag is how the machine finds it: the mount tag of a device, or the number of a
	// descriptor of a process.
	Tag      string
	ReadOnly bool
	// VirtioFS says that it goes by virtio-fs, which needs a daemon, not by 9P.
	VirtioFS bool
}

// Volume is a file, or a block device, of the host that the machine has as a disk.
type Volume struct {
	Path string // absolute
	// Tag is how the machine finds it: the serial number of the disk, or the number of a
	// descriptor of a process.
	Tag      string
	ReadOnly bool
}

// KeepsFiles says whether something that the machine writes outlives it.
func (m *Machine) KeepsFiles() bool {
	for _, s := range m.Shares {
		if !s.ReadOnly {
			return true
		}
	}
	for _, v := range m.Volumes {
		if !v.ReadOnly {
			return true
		}
	}
	return false
}
