//go:build !nonetwork

package main

import (
	"strconv"
	"strings"

	"mewz/abi"
	"mewz/kernel/commandline"
	"mewz/kernel/console"
	"mewz/kernel/vfs"
)

// applyNetwork overrides the network of the image by words of the kernel command line.
func (m *machine) applyNetwork(words []string) error {
	return overrideNetwork(m.host, &m.config.Network, words, hasNetworkDevice(m.found))
}

// overrideNetwork is applyNetwork. An address connects also a program that wants
// no network, so that others can see that it is there, but only where there is a
// device.
func overrideNetwork(host *console.Host, n *abi.Network, words []string, hasDevice bool) error {
	wanted := n.Enabled
	others, err := commandline.Apply(n, words)
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

// withEtc shows /etc/hosts and /etc/resolv.conf above files, where they have no such files;
// files may be nil.
func withEtc(files *vfs.Archive, r resolver) (vfs.FileSystem, error) {
	return vfs.WithEtc(files, []vfs.Generated{
		{Name: "hosts", Content: r.hosts},
		{Name: "resolv.conf", Content: r.resolvConf},
	})
}

// hostsMaxBytes bounds the part of /etc/hosts that names are looked for in: it is read for
// each of them.
const hostsMaxBytes = 1 << 20

// hostsReader reads /etc/hosts of the program for the resolver.
type hostsReader struct {
	machine *machine
	reading bool   // the network must not go on: it is in the middle of something
	text    []byte // as it was read last
}

// read returns the text of /etc/hosts, the program's own or ours, or nil. While a file
// system waits none may be called: what was read before counts then.
func (h *hostsReader) read() []byte {
	root := h.machine.root()
	if root == nil {
		return nil
	}
	for _, mounted := range h.machine.mounts {
		if mounted.waiting {
			return h.text
		}
	}
	h.reading = true
	h.text = readHosts(root.files, h.text[:0])
	h.reading = false
	return h.text
}

// readHosts reads etc/hosts of a file system into text, or as much as there is.
func readHosts(files vfs.FileSystem, text []byte) []byte {
	place, err := vfs.Resolve(files, vfs.Walk{Base: files.Root(), Path: []byte("etc/hosts"), Follow: true, Rooted: true})
	if err != nil {
		return nil
	}
	defer place.Release()
	if place.Entry.Type != vfs.File { // perhaps nothing
		return nil
	}
	h, err := files.Open(place.Entry.Node, vfs.ModeRead)
	if err != nil {
		return nil
	}
	defer files.Close(h)
	attributes, err := files.Attributes(place.Entry.Node)
	if err != nil {
		return nil
	}
	if room := int(min(attributes.Size, hostsMaxBytes)); cap(text) < room {
		text = make([]byte, room)
	} else {
		text = text[:room]
	}
	n, _ := files.Read(h, [][]byte{text}, 0) // what was read before an error counts
	return text[:n]
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
