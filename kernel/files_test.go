//go:build !nofiles

package main

import (
	"strings"
	"testing"

	"mewz/abi"
	"mewz/kernel/console"
	"mewz/kernel/vfs"
	"mewz/kernel/wasi"
)

// mounted returns a machine in a process that has opened mounts.
func mounted(t *testing.T, list ...abi.Mount) *machine {
	t.Helper()
	m := &machine{host: &console.Host{}, config: &abi.Config{Mounts: list}, clock: wasi.NewClock(0)}
	m.openWaiter()
	if err := m.openMounts(); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestOpenMounts(t *testing.T) {
	m := mounted(t)
	if list := m.preopens(); len(list) != 0 || m.waiter != nil {
		t.Errorf("without mounts: %v and the waiter %v", list, m.waiter)
	}
	m = mounted(t, abi.Mount{Kind: abi.MountArchive, Guest: "/"}, abi.Mount{Kind: abi.MountMemory, Guest: "/data", Bytes: 1 << 20})
	list := m.preopens()
	if len(list) != 2 || list[0].Name != "/" || list[1].Name != "/data" || m.waiter != nil {
		t.Fatalf("preopens %v, waiter %v", list, m.waiter)
	}
	// A root without files has a /tmp, which a directory in memory has not.
	for i, want := range []error{nil, vfs.ErrNotFound} {
		if _, err := list[i].Files.Lookup(list[i].Files.Root(), []byte("tmp")); err != want {
			t.Errorf("tmp in %s: %v, want %v", list[i].Name, err, want)
		}
	}
	files := list[1].Files
	_, h, err := files.Create(files.Root(), []byte("big"), vfs.ModeWrite)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := files.Write(h, [][]byte{make([]byte, 2<<20)}, 0); err != nil || n > 1<<20 {
		t.Errorf("%d bytes in a directory of 1 MiB: %v", n, err)
	}
}

func TestOpenMountsRefuses(t *testing.T) {
	for want, wanted := range map[string]abi.Mount{
		`mount "/x": of a kind that this kernel does not know`: {Kind: 9, Guest: "/x"},
		`mount "/s" of "1000": `:                               {Kind: abi.MountShare, Guest: "/s", Tag: "1000"},
		`mount "/s" of "x": `:                                  {Kind: abi.MountShare, Guest: "/s", Tag: "x"},
		`mount "/v" of "1000": `:                               {Kind: abi.MountVolume, Guest: "/v", Tag: "1000"},
	} {
		m := &machine{host: &console.Host{}, config: &abi.Config{Mounts: []abi.Mount{wanted}}, clock: wasi.NewClock(0)}
		m.openWaiter()
		if err := m.openMounts(); err == nil || !strings.HasPrefix(err.Error(), want) || len(m.mounts) != 0 {
			t.Errorf("openMounts = %v, want %q", err, want)
		}
	}
}

// cpio is an archive with the file a, which is empty.
const cpio = "070701" + "00000001" + "000081a4" + "00000000" + "00000000" + "00000001" + "00000000" + "00000000" +
	"00000000" + "00000000" + "00000000" + "00000000" + "00000002" + "00000000" + "a\x00"

func TestOpenInitramfs(t *testing.T) {
	for _, list := range [][]abi.Mount{
		nil, {{Kind: abi.MountArchive, Guest: "/"}}, {{Kind: abi.MountMemory, Guest: "/data"}, {Kind: abi.MountMemory, Guest: "/"}},
	} {
		m := &machine{host: &console.Host{}, config: &abi.Config{Mounts: list}, clock: wasi.NewClock(0), initramfs: []byte(cpio)}
		m.openWaiter()
		if err := m.openMounts(); err != nil {
			t.Fatal(err)
		}
		files := m.root().files
		if e, err := files.Lookup(files.Root(), []byte("a")); err != nil || e.Type != vfs.File {
			t.Errorf("%v: a is %v, %v", list, e, err)
		}
	}
	m := &machine{mounts: []*mount{{Mount: abi.Mount{Kind: abi.MountShare, Guest: "/"}}}}
	if err := m.openInitramfs([]byte(cpio)); err != errRootKind {
		t.Errorf("over a share: %v", err)
	}
	if err := m.openInitramfs(nil); err != nil {
		t.Errorf("none: %v", err)
	}
}
