//go:build nonetwork

package main

import (
	"testing"

	"mewz/abi"
)

func TestOpenNetworkAbsent(t *testing.T) {
	m := &machine{config: &abi.Config{}}
	if n, err := m.openNetwork(nil); n != nil || err != nil {
		t.Errorf("openNetwork = %v, %v, want none", n, err)
	}
	m.config.Network.Enabled = true
	if _, err := m.openNetwork(nil); err != errNoStack {
		t.Errorf("openNetwork = %v, want %v", err, errNoStack)
	}
}
