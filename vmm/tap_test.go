package vmm_test

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"mewz/abi"
	"mewz/vmm"
	"mewz/vmm/process"
)

// makeTAP makes a TAP device in a network namespace that only the thread of this
// test has, and which ends with it.
func makeTAP(t *testing.T, name string) {
	t.Helper()
	runtime.LockOSThread() // for good: the thread is of no use to others
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("a network namespace: %v", err)
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip(err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(name)
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	if err := errors.Join(unix.IoctlIfreq(fd, unix.TUNSETIFF, request), unix.IoctlSetInt(fd, unix.TUNSETPERSIST, 1)); err != nil {
		t.Skip(err)
	}
}

func TestOpenTAP(t *testing.T) {
	makeTAP(t, "command0")
	f, err := vmm.OpenTAP("command0")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_NONBLOCK == 0 {
		t.Errorf("flags %#x, %v: it waits", flags, err)
	}
	if n, err := unix.IoctlGetInt(int(f.Fd()), unix.TUNGETVNETHDRSZ); err != nil || n != abi.NetworkHeaderBytes {
		t.Errorf("headers of %d bytes, %v, want %d", n, err, abi.NetworkHeaderBytes)
	}
	if _, err := vmm.OpenTAP("command0"); err == nil || !strings.Contains(err.Error(), "--net tap=command0: another machine uses it") {
		t.Errorf("a second time: %v", err)
	}
	if _, err := vmm.OpenTAP("command1"); err == nil || !strings.Contains(err.Error(), "there is no such device: ip tuntap add dev command1 mode tap user $USER") {
		t.Errorf("another name: %v", err)
	}
	if _, err := net.InterfaceByName("command1"); err == nil {
		t.Error("the attempt has made a device")
	}
	if _, err := vmm.OpenTAP("lo"); err == nil || !strings.Contains(err.Error(), "but no TAP device") {
		t.Errorf("lo: %v", err)
	}
}

// A process gets the device as abi.DescriptorNetwork, and only if it has one.
func TestProcessHasTAP(t *testing.T) {
	makeTAP(t, "command2")
	exit := string(abi.AppendExitFrame(nil, abi.ExitByProgram, 0))
	path := filepath.Join(t.TempDir(), "image")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "exit"), []byte(exit), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "#!/bin/sh\nPATH=/bin:/usr/bin\nreadlink /proc/$$/fd/5\nhead -c 16 <" + dir + "/exit >&4\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	for want, network := range map[string]*vmm.Network{"": nil, "/dev/net/tun\n": {Interface: "command2"}} {
		var out bytes.Buffer
		m := &vmm.Machine{Image: path, Name: "test", Stdout: &out, Network: network}
		if _, err := new(process.VMM).Run(t.Context(), m); err != nil || out.String() != want {
			t.Errorf("descriptor 5 is %q, %v, want %q", out.String(), err, want)
		}
	}
	m := &vmm.Machine{Image: path, Name: "test", Network: &vmm.Network{}}
	if _, err := new(process.VMM).Run(t.Context(), m); !errors.Is(err, process.ErrUserNetwork) {
		t.Errorf("a user network: %v, want %v", err, process.ErrUserNetwork)
	}
}
