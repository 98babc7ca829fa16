package main

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/console"
	"mewz/kernel/virtio/discovery"
	"mewz/kernel/virtio/virtiotest"
)

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

// Only the share that nobody serves any more is given up.
func TestLose(t *testing.T) {
	lost := ""
	m := &machine{}
	for _, tag := range []string{"mewz0", "mewz1"} {
		m.mounts = append(m.mounts, &mount{Mount: abi.Mount{Kind: abi.MountShare, Tag: tag}, lost: func() { lost += tag }})
	}
	m.mounts = append(m.mounts, &mount{Mount: abi.Mount{Kind: abi.MountShare, Tag: "mewz2"}},
		&mount{Mount: abi.Mount{Kind: abi.MountVolume, Tag: "mewz1"}, lost: func() { lost += "volume" }})
	for _, tag := range []string{"mewz1", "mewz2", "", "mewz"} {
		m.lose(tag)
	}
	if lost != "mewz1" {
		t.Errorf("lost %q, want mewz1", lost)
	}
}
