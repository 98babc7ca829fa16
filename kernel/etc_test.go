//go:build !nonetwork

package main

import (
	"testing"

	"mewz/abi"
	"mewz/kernel/console"
	"mewz/kernel/vfs"
	"mewz/kernel/vfs/vfstest"
)

func content(t *testing.T, files vfs.FileSystem, path string) string {
	t.Helper()
	entry, err := vfs.Resolve(files, vfs.Walk{Base: files.Root(), Path: []byte(path)})
	if err != nil {
		return err.Error()
	}
	b, err := files.Bytes(entry.Node, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAddEtc(t *testing.T) {
	var addresses, servers, search []string
	r := resolver{
		hostName:  "web.example.org",
		addresses: func() []string { return addresses },
		servers:   func() ([]string, []string) { return servers, search },
	}
	const local = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
	files, err := addEtc(nil, &abi.Config{}, r)
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, files, "etc/hosts"); got != local {
		t.Errorf("hosts without an address: %q", got)
	}
	if got := content(t, files, "etc/resolv.conf"); got != "" {
		t.Errorf("resolv.conf without servers: %q", got)
	}
	// The answer of the DHCP server has come.
	addresses, servers, search = []string{"10.0.2.15/24", "fec0::2/64"}, []string{"10.0.2.3", "fec0::3"}, []string{"a.org", "b.org"}
	if got, want := content(t, files, "etc/hosts"), local+"10.0.2.15\tweb.example.org web\nfec0::2\tweb.example.org web\n"; got != want {
		t.Errorf("hosts %q, want %q", got, want)
	}
	if got, want := content(t, files, "etc/resolv.conf"), "search a.org b.org\nnameserver 10.0.2.3\nnameserver fec0::3\n"; got != want {
		t.Errorf("resolv.conf %q, want %q", got, want)
	}
	r.hostName = ""
	if files, _ = addEtc(nil, &abi.Config{}, r); content(t, files, "etc/hosts") != local {
		t.Errorf("hosts without a name: %q", content(t, files, "etc/hosts"))
	}
}

func TestAddEtcKeepsDescriptor3(t *testing.T) {
	listens := &abi.Config{Network: abi.Network{Listen: []string{"0.0.0.0:80"}}}
	if files, err := addEtc(nil, listens, resolver{}); files != nil || err != nil {
		t.Errorf("addEtc = %v, %v, want no files", files, err)
	}
	archive, err := vfs.OpenArchive(vfstest.Archive(vfstest.Tree{"etc/hosts": "mine", "index.html": "hi"}))
	if err != nil {
		t.Fatal(err)
	}
	r := resolver{servers: func() ([]string, []string) { return []string{"1.1.1.1"}, nil }}
	files, err := addEtc(archive, listens, r)
	if err != nil {
		t.Fatal(err)
	}
	if text := hostsFile(files); string(text) != "mine" {
		t.Errorf("hostsFile = %q, want the program's own", text)
	}
	for path, want := range map[string]string{"etc/hosts": "mine", "etc/resolv.conf": "nameserver 1.1.1.1\n", "index.html": "hi"} {
		if got := content(t, files, path); got != want {
			t.Errorf("%s = %q, want %q", path, got, want)
		}
	}
}

func TestOverrideNetwork(t *testing.T) {
	t.Setenv(abi.CommandLineVariable, "ip=10.0.0.2/8 virtio_mmio.device=x ")
	for _, test := range []struct{ wanted, hasDevice, want bool }{
		{false, false, false}, {false, true, true}, {true, false, true}, {true, true, true},
	} {
		n := abi.Network{Enabled: test.wanted, Gateways: []string{"192.168.0.1"}}
		err := overrideNetwork(&console.Host{}, &n, test.hasDevice)
		if err != nil || len(n.Addresses) != 1 || n.Addresses[0] != "10.0.0.2/8" || n.Gateways != nil || n.Enabled != test.want {
			t.Errorf("%+v: %v, %+v", test, err, n)
		}
	}
	t.Setenv(abi.CommandLineVariable, "ip=10.0.0.2")
	if err := overrideNetwork(&console.Host{}, &abi.Network{}, true); err == nil {
		t.Error("a malformed command line is taken")
	}
}
