//go:build nonetwork

package main

import (
	"testing"

	"mewz/abi"
)

func TestOpenNetworkAbsent(t *testing.T) {
	if n, err := openNetwork(nil, &abi.Config{}, nil, nil); n != nil || err != nil {
		t.Errorf("openNetwork = %v, %v, want none", n, err)
	}
	if _, err := openNetwork(nil, &abi.Config{Network: abi.Network{Enabled: true}}, nil, nil); err != errNoStack {
		t.Errorf("openNetwork = %v, want %v", err, errNoStack)
	}
}
