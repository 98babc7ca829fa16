//go:build nofiles

package main

import (
	"testing"

	"mewz/abi"
	"mewz/kernel/console"
)

func TestOpenMountsAbsent(t *testing.T) {
	m := &machine{host: &console.Host{}, config: &abi.Config{}}
	if err := m.openMounts(); err != nil || len(m.mounts) != 0 {
		t.Errorf("openMounts = %v, want none", err)
	}
	m.config.Mounts = []abi.Mount{{Kind: abi.MountMemory, Guest: "/tmp"}}
	if err := m.openMounts(); err != errNoFiles {
		t.Errorf("openMounts = %v, want %v", err, errNoFiles)
	}
}
