//go:build !amd64

package discovery

import bus "mewz/kernel/pci"

// Config returns nil: only amd64 has ports for the PCI bus.
func Config() bus.Config { return nil }
