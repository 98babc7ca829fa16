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
	place, err := vfs.Resolve(files, vfs.Walk{Base: files.Root(), Path: []byte(path), Follow: true})
	if err != nil {
		return err.Error()
	}
	defer place.Release()
	if !place.Exists() {
		return "none"
	}
	h, err := files.Open(place.Entry.Node, vfs.ModeRead)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close(h)
	b := make([]byte, 1000)
	n, err := files.Read(h, [][]byte{b}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestWithEtc(t *testing.T) {
	var addresses, servers, search []string
	r := resolver{
		hostName:  "web.example.org",
		addresses: func() []string { return addresses },
		servers:   func() ([]string, []string) { return servers, search },
	}
	const local = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
	files, err := withEtc(nil, r)
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
	if files, _ = withEtc(nil, r); content(t, files, "etc/hosts") != local {
		t.Errorf("hosts without a name: %q", content(t, files, "etc/hosts"))
	}
}

func TestReadHosts(t *testing.T) {
	archive, err := vfs.OpenArchive(vfstest.Archive(vfstest.Tree{"etc/hosts": "mine", "index.html": "hi"}))
	if err != nil {
		t.Fatal(err)
	}
	r := resolver{servers: func() ([]string, []string) { return []string{"1.1.1.1"}, nil }}
	files, err := withEtc(archive, r)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"etc/hosts": "mine", "etc/resolv.conf": "nameserver 1.1.1.1\n", "index.html": "hi"} {
		if got := content(t, files, path); got != want {
			t.Errorf("%s = %q, want %q", path, got, want)
		}
	}
	m := &machine{}
	h := hostsReader{machine: m}
	if text := h.read(); text != nil {
		t.Errorf("without a root: %q", text)
	}
	data := &mount{Mount: abi.Mount{Guest: "/data"}}
	m.mounts = []*mount{data, {Mount: abi.Mount{Guest: "/"}, files: files}}
	if text := h.read(); string(text) != "mine" || h.reading {
		t.Errorf("read = %q, want the program's own", text)
	}
	// Another file system waits: none may be called now.
	m.mounts[1].files, data.waiting = nil, true
	if text := h.read(); string(text) != "mine" {
		t.Errorf("while a file system waits: %q, want what was read before", text)
	}
}

func TestOverrideNetwork(t *testing.T) {
	words := []string{"ip=10.0.0.2/8", "virtio_mmio.device=x"}
	for _, test := range []struct{ wanted, hasDevice, want bool }{
		{false, false, false}, {false, true, true}, {true, false, true}, {true, true, true},
	} {
		n := abi.Network{Enabled: test.wanted, Gateways: []string{"192.168.0.1"}}
		err := overrideNetwork(&console.Host{}, &n, words, test.hasDevice)
		if err != nil || len(n.Addresses) != 1 || n.Addresses[0] != "10.0.0.2/8" || n.Gateways != nil || n.Enabled != test.want {
			t.Errorf("%+v: %v, %+v", test, err, n)
		}
	}
	if err := overrideNetwork(&console.Host{}, &abi.Network{}, []string{"ip=10.0.0.2"}, true); err == nil {
		t.Error("a malformed command line is taken")
	}
}
