package main

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/console"
	"mewz/kernel/vfs"
	"mewz/kernel/virtio/discovery"
	"mewz/kernel/virtio/virtiotest"
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

// ended is a machine whose file systems note their end.
func ended(t *testing.T) (m *machine, ends *[]string) {
	ends = new([]string)
	m = &machine{host: &console.Host{}, config: &abi.Config{}, found: &discovery.Machine{Machine: virtiotest.NewMachine()}}
	for _, name := range []string{"a", "b", "c"} {
		m.mounts = append(m.mounts, &mount{
			Mount: abi.Mount{Guest: name}, end: func() error { *ends = append(*ends, name); return nil },
		})
	}
	m.waiter = &machineWaiter{machine: m.found}
	return m, ends
}

func TestEnd(t *testing.T) {
	m, ends := ended(t)
	m.mounts = append(m.mounts, &mount{})
	if reason, code := m.end(abi.ExitByProgram, 3); reason != abi.ExitByProgram || code != 3 || strings.Join(*ends, "") != "abc" {
		t.Errorf("end = %v, %d after %v", reason, code, *ends)
	}
	if m.end(abi.ExitByProgram, 3); len(*ends) != 3 {
		t.Errorf("ended twice: %v", *ends)
	}
}

// What cannot be written at the end is no success, and does not keep the others from theirs.
func TestEndLoses(t *testing.T) {
	for code, want := range map[uint32]uint32{0: abi.ExitKernel, 7: 7} {
		m, ends := ended(t)
		m.mounts[0].end = func() error { return syscall.EIO }
		if _, got := m.end(abi.ExitByProgram, code); got != want || strings.Join(*ends, "") != "bc" {
			t.Errorf("end with code %d = %d, want %d; after %v", code, got, want, *ends)
		}
	}
}

// A file system that waits when the machine ends is left as it is.
func TestEndWhileWaiting(t *testing.T) {
	m, ends := ended(t)
	m.mounts[1].waiting = true
	if m.end(abi.ExitByProgram, 0); strings.Join(*ends, "") != "ac" {
		t.Errorf("ended %v, want a and c", *ends)
	}
}

// A file system may wait at its end; the time for that is bounded.
func TestEndPauses(t *testing.T) {
	m, _ := ended(t)
	waited := time.Duration(0)
	m.mounts[0].end = func() error {
		start := m.found.Now()
		m.pause(m.mounts[0], time.Hour)
		waited = m.found.Now() - start
		return nil
	}
	m.mounts[0].device = &fakeSource{}
	if m.end(abi.ExitByProgram, 0); waited == 0 || waited > endPatience {
		t.Errorf("waited %v, want up to %v", waited, endPatience)
	}
	if m.mounts[0].waiting {
		t.Error("it still waits")
	}
}

func TestMountError(t *testing.T) {
	err := error(&mountError{abi.Mount{Guest: "/data", Tag: "mewz0"}, syscall.EIO})
	if !errors.Is(err, syscall.EIO) || err.Error() != `mount "/data" of "mewz0": input/output error` {
		t.Errorf("%v", err)
	}
}
