//go:build !nonetwork

package main

import (
	"strconv"
	"strings"
	"syscall"

	"mewz/abi"
	"mewz/kernel/commandline"
	"mewz/kernel/console"
	"mewz/kernel/vfs"
	"mewz/kernel/virtio/discovery"
)

// applyCommandLine overrides the network of the image by what the VMM says on the
// kernel command line.
func applyCommandLine(host *console.Host, n *abi.Network, found *discovery.Machine) error {
	return overrideNetwork(host, n, hasNetworkDevice(found))
}

// overrideNetwork is applyCommandLine. An address connects also a program that wants
// no network, so that others can see that it is there, but only where there is a
// device.
func overrideNetwork(host *console.Host, n *abi.Network, hasDevice bool) error {
	line, _ := syscall.Getenv(abi.CommandLineVariable)
	wanted := n.Enabled
	others, err := commandline.Apply(n, line)
	for _, word := range others {
		host.Message("command line: " + strconv.Quote(word) + " is not for this kernel")
	}
	if n.Enabled && !wanted && !hasDevice {
		n.Enabled = false
		host.Message("command line: the machine has no virtio network device for that address")
	}
	return err
}

// resolver is what the files in /etc are made of.
type resolver struct {
	hostName  string
	addresses func() []string                   // "ADDRESS/PREFIX" of the machine
	servers   func() (servers, search []string) // in use
}

// addEtc shows /etc/hosts and /etc/resolv.conf above the files of an image that
// has a network, where they have no such files; files may be nil.
//
// A program without files but with preopened sockets gets no directory for them:
// it expects its first socket at descriptor 3.
func addEtc(files vfs.FileSystem, config *abi.Config, r resolver) (vfs.FileSystem, error) {
	if files == nil && len(config.Network.Listen) > 0 {
		return nil, nil
	}
	return vfs.WithEtc(files, []vfs.Generated{
		{Name: "hosts", Content: r.hosts},
		{Name: "resolv.conf", Content: r.resolvConf},
	})
}

// hostsMaxBytes bounds the part of /etc/hosts that names are looked for in: it is read for
// each of them.
const hostsMaxBytes = 1 << 20

// hostsFile returns the text of /etc/hosts, the program's own or ours, or nil.
func hostsFile(files vfs.FileSystem) []byte {
	if files == nil {
		return nil
	}
	directory, err := files.Lookup(files.Root(), []byte("etc"))
	if err != nil || directory.Type != vfs.Directory {
		return nil
	}
	file, err := files.Lookup(directory.Node, []byte("hosts"))
	if err != nil || file.Type != vfs.File {
		return nil
	}
	text, _ := files.Bytes(file.Node, 0, hostsMaxBytes)
	return text
}

// hosts is hosts(5): localhost, and the name of the machine.
func (r *resolver) hosts() []byte {
	var b strings.Builder
	b.WriteString("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n")
	if r.hostName == "" {
		return []byte(b.String())
	}
	names := r.hostName
	if short, _, hasDomain := strings.Cut(names, "."); hasDomain {
		names += " " + short
	}
	for _, address := range r.addresses() {
		address, _, _ = strings.Cut(address, "/")
		b.WriteString(address + "\t" + names + "\n")
	}
	return []byte(b.String())
}

// resolvConf is resolv.conf(5).
func (r *resolver) resolvConf() []byte {
	servers, search := r.servers()
	var b strings.Builder
	if len(search) > 0 {
		b.WriteString("search " + strings.Join(search, " ") + "\n")
	}
	for _, server := range servers {
		b.WriteString("nameserver " + server + "\n")
	}
	return []byte(b.String())
}
