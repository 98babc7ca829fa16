//go:build nonetwork

package main

import (
	"errors"
	"strconv"
	"time"

	"mewz/kernel/socket"
	"mewz/kernel/vfs"
	"mewz/kernel/wasi"
)

// This file stands in the kernel for programs without a network in the place of
// network.go and etc.go (decision 0015).

// errNoStack is of an image whose configuration was changed by something else
// than this mewz, which asks abi.Network.Linked.
var errNoStack = errors.New("network: the image was linked to the kernel without one: " +
	"build it again with --ip or --listen, or run the module itself")

// network is the network of the machine: never there.
type network struct{}

func (m *machine) openNetwork(wasi.Random) (*network, error) {
	if m.config.Network.Enabled {
		return nil, errNoStack
	}
	return nil, nil
}

// applyNetwork says that words of the kernel command line are for nobody.
func (m *machine) applyNetwork(words []string) error {
	for _, word := range words {
		m.host.Message("command line: " + strconv.Quote(word) + " is not for this kernel, which has no network")
	}
	return nil
}

func (n *network) connect(*wasi.Machine) {}

func (n *network) source() deviceSource { return nil }

func (n *network) events() eventSource { return nil }

func (n *network) waits(wasi.Waiter) {}

func (n *network) withEtc(files *vfs.Archive) (vfs.FileSystem, error) { return orNone(files), nil }

func (n *network) settle() {}

func (n *network) turn() time.Duration { return socket.Forever }

func (n *network) end() {}
