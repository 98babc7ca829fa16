package qemu

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"mewz/abi"
	"mewz/vmm"
)

func TestFileOptions(t *testing.T) {
	const disk = "driver=raw,node-name=volume0,read-only=off,cache.direct=off,cache.no-flush=off,discard=unmap," +
		"file.driver=file,file.locking=on,file.cache.direct=off,file.cache.no-flush=off,file.discard=unmap,file.filename=/none/disk,,1.img"
	shares := []vmm.Share{{Path: "/a,b", Tag: "mewz0"}, {Path: "/c", Tag: "mewz1", ReadOnly: true}}
	for _, test := range []struct {
		machine string
		m       vmm.Machine
		want    []string
	}{
		{"microvm,rtc=on", vmm.Machine{}, nil},
		{"microvm,rtc=on", vmm.Machine{Shares: shares}, []string{
			"-fsdev", "local,id=share0,path=/a,,b,security_model=none,multidevs=remap",
			"-device", "virtio-9p-device,fsdev=share0,mount_tag=mewz0",
			"-fsdev", "local,id=share1,path=/c,security_model=none,multidevs=remap,readonly=on",
			"-device", "virtio-9p-device,fsdev=share1,mount_tag=mewz1",
		}},
		{"q35", vmm.Machine{Shares: shares[:1], Volumes: []vmm.Volume{{Path: "/none/disk,1.img", Tag: "mewz1"}}}, []string{
			"-fsdev", "local,id=share0,path=/a,,b,security_model=none,multidevs=remap",
			"-device", "virtio-9p-pci,fsdev=share0,mount_tag=mewz0,disable-legacy=on",
			"-blockdev", disk,
			"-device", "virtio-blk-pci,drive=volume0,serial=mewz1,write-cache=on,werror=report,rerror=report,disable-legacy=on",
		}},
		{"microvm,rtc=on", vmm.Machine{Volumes: []vmm.Volume{{Path: "/none/disk,1.img", Tag: "mewz0", ReadOnly: true}}}, []string{
			"-blockdev", strings.Replace(disk, "read-only=off", "read-only=on", 1),
			"-device", "virtio-blk-device,drive=volume0,serial=mewz0,write-cache=on,werror=report,rerror=report",
		}},
		{"pc", vmm.Machine{Shares: []vmm.Share{{Path: "/a", Tag: "mewz0"}, {Path: "/b", Tag: "mewz1", VirtioFS: true}, {Path: "/c", Tag: "mewz2", VirtioFS: true}}}, []string{
			"-fsdev", "local,id=share0,path=/a,security_model=none,multidevs=remap",
			"-device", "virtio-9p-pci,fsdev=share0,mount_tag=mewz0,disable-legacy=on",
			"-chardev", "socket,id=virtiofs0,fd=8", "-device", "vhost-user-fs-pci,chardev=virtiofs0,tag=mewz1",
			"-chardev", "socket,id=virtiofs1,fd=9", "-device", "vhost-user-fs-pci,chardev=virtiofs1,tag=mewz2",
		}},
	} {
		got, err := fileOptions(test.machine, &test.m)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("fileOptions(%s, %+v) = %q, %v, want %q", test.machine, test.m, got, err, test.want)
		}
	}
}

func TestFileOptionsTooMany(t *testing.T) {
	machine := func(shares int, network *vmm.Network) *vmm.Machine {
		return &vmm.Machine{Shares: make([]vmm.Share, shares), Network: network}
	}
	for _, test := range []struct {
		kind string
		m    *vmm.Machine
		want string
	}{
		{"microvm,rtc=on", machine(microVMDevicesMax, nil), ""},
		{"microvm,rtc=on", machine(microVMDevicesMax, &vmm.Network{}), "a microvm has room for 23 devices: --machine q35"},
		{"microvm,rtc=on", machine(40, nil), "a machine has room for 23 devices: share a directory above them"},
		{"q35", machine(pciDevicesMax, nil), ""},
		{"q35", machine(pciDevicesMax, &vmm.Network{}), "a machine has room for 27 devices: share a directory above them"},
	} {
		_, err := fileOptions(test.kind, test.m)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s with %d: %v, want %q", test.kind, len(test.m.Shares), err, test.want)
		}
	}
}

// The bounds are those of QEMU: with as many devices it starts.
func TestFileOptionsFit(t *testing.T) {
	if _, err := exec.LookPath(Program); err != nil {
		t.Skip(err)
	}
	for _, kind := range Machines {
		m := &vmm.Machine{Image: writeProbe(t), MemoryBytes: probeMemoryBytes}
		room := pciDevicesMax
		if kind == Machines[0] {
			room = microVMDevicesMax
		}
		for range room {
			m.Shares = append(m.Shares, vmm.Share{Path: t.TempDir(), Tag: "x"})
		}
		v := &VMM{Machine: kind, Accel: AccelTCG}
		if _, err := v.Run(t.Context(), m); err != nil {
			t.Errorf("%s with %d shares: %v", kind, room, err)
		}
	}
}

// writeProbe writes the image of the probe.
func writeProbe(t *testing.T) string {
	t.Helper()
	path, err := probeFile()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(path) })
	return path
}

// Two machines do not have one volume.
func TestVolumeIsLocked(t *testing.T) {
	if _, err := exec.LookPath(Program); err != nil {
		t.Skip(err)
	}
	disk := filepath.Join(t.TempDir(), "disk.img")
	m := vmm.Machine{Image: writeProbe(t), MemoryBytes: probeMemoryBytes, Volumes: []vmm.Volume{{Path: disk, Tag: "x"}}}
	v := &VMM{Accel: AccelTCG}
	if _, err := v.Run(t.Context(), &m); err == nil || !strings.Contains(err.Error(), "No such file") {
		t.Errorf("without the file: %v", err)
	}
	makeFile(t, disk, 1<<20)
	if _, err := v.Run(t.Context(), &m); err != nil {
		t.Fatalf("alone: %v", err)
	}
	lockVolume(t, disk)
	if _, err := v.Run(t.Context(), &m); err == nil || !strings.Contains(err.Error(), "--volume: another machine, or another program, uses the file") {
		t.Errorf("beside another: %v", err)
	}
}

func TestVirtioFSMemory(t *testing.T) {
	m := &vmm.Machine{Image: "x", MemoryBytes: 64 << 20, Shares: []vmm.Share{{Path: "/a", Tag: "t", VirtioFS: true}}}
	for _, kind := range Machines {
		argv, err := (&VMM{Machine: kind}).command("qemu", m, AccelTCG)
		if err != nil {
			t.Fatal(err)
		}
		line := strings.Join(argv, " ")
		if !strings.Contains(line, "memory-backend=memory -accel") || !strings.Contains(line, "-object memory-backend-memfd,id=memory,size=65536k,share=on") {
			t.Errorf("%s: %s", kind, line)
		}
	}
}

func makeFile(t *testing.T, path string, bytes int64) {
	t.Helper()
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, bytes)); err != nil {
		t.Fatal(err)
	}
}

// lockVolume locks a volume as another monitor does.
func lockVolume(t *testing.T, path string) {
	t.Helper()
	f, err := vmm.OpenVolume(vmm.Volume{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
}

// A machine is told of a daemon that ended before it runs as soon as it says that it listens,
// and not by its first frame.
func TestWatchDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer read.Close()
		ended := make(chan struct{})
		close(ended)
		s := &session{ready: ended, begun: make(chan struct{}), child: &vmm.Child{Done: make(chan struct{})}, serial: write}
		go s.watchDaemon(&VirtioFS{tag: "mewz0", child: &vmm.Child{Done: ended}})
		synctest.Wait()
		s.started(abi.ReadyPorts | abi.ReadyStops)
		synctest.Wait()
		write.Close()
		if got, err := io.ReadAll(read); err != nil || string(got) != string(vmm.LostRequest("mewz0")) {
			t.Errorf("the machine is told %q, %v", got, err)
		}
	})
}
