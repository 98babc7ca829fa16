package qemu

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"mewz/vmm"
)

// Devices that a machine has room for besides the console of its streams: a microvm
// has 24 windows for registers (hw/i386/microvm.c), the root bus of a PC 32 places,
// of which it takes up to four itself (q35: host bridge, and three parts at place 31).
const (
	microVMDevicesMax = 24 - 1
	pciDevicesMax     = 32 - 4 - 1
)

// fileOptions are the options for shares and volumes.
func fileOptions(machine string, m *vmm.Machine) ([]string, error) {
	devices, room := len(m.Shares)+len(m.Volumes), pciDevicesMax
	if m.Network != nil {
		devices++
	}
	isMicroVM := strings.HasPrefix(machine, Machines[0])
	if isMicroVM {
		room = microVMDevicesMax
	}
	if devices > room {
		if isMicroVM && devices <= pciDevicesMax {
			return nil, fmt.Errorf("%d directories, volumes and networks: a microvm has room for %d devices: --machine q35 has for more", devices, room)
		}
		return nil, fmt.Errorf("%d directories, volumes and networks: a machine has room for %d devices: share a directory above them", devices, room)
	}
	var options []string
	daemons := 0
	for i, s := range m.Shares {
		if s.VirtioFS {
			options = append(options, (&VirtioFS{tag: s.Tag}).Options(machine, daemons, virtioFSDescriptor+daemons)...)
			daemons++
			continue
		}
		options = append(options, shareOptions(isMicroVM, i, &s)...)
	}
	for i, v := range m.Volumes {
		more, err := volumeOptions(isMicroVM, i, &v)
		if err != nil {
			return nil, err
		}
		options = append(options, more...)
	}
	return options, nil
}

// hasVirtioFS says whether a share of m goes by virtio-fs.
func hasVirtioFS(m *vmm.Machine) bool {
	return slices.ContainsFunc(m.Shares, func(s vmm.Share) bool { return s.VirtioFS })
}

// startDaemons starts what serves the shares of m that go by virtio-fs.
func startDaemons(ctx context.Context, m *vmm.Machine) ([]*VirtioFS, error) {
	var daemons []*VirtioFS
	for _, s := range m.Shares {
		if !s.VirtioFS {
			continue
		}
		d, err := StartVirtioFS(ctx, VirtioFSShare{Directory: s.Path, Tag: s.Tag, ReadOnly: s.ReadOnly})
		if err != nil {
			closeDaemons(daemons)
			return nil, err
		}
		if d.unlocked != nil && m.Warned != nil {
			m.Warned(unlockedText(s.Path, d.unlocked))
		}
		daemons = append(daemons, d)
	}
	return daemons, nil
}

// watchDaemon tells the machine when a daemon has ended, which QEMU does not.
func (s *session) watchDaemon(d *VirtioFS) {
	for _, wait := range []<-chan struct{}{d.child.Done, s.begun} {
		select {
		case <-wait:
		case <-s.child.Done:
			return
		}
	}
	if s.stops.Load() {
		_, _ = s.serial.Write(vmm.LostRequest(d.tag)) // an error: the machine is gone, too
	}
}

func closeDaemons(daemons []*VirtioFS) {
	for _, d := range daemons {
		d.Close()
	}
}

// shareOptions are the options for a directory by 9P (hw/9pfs). security_model=none is the
// only one that leaves the files as this computer knows them: who QEMU runs as owns
// what the program makes, which has no users. multidevs=remap gives files of several
// file systems below the directory numbers of their own.
func shareOptions(isMicroVM bool, i int, s *vmm.Share) []string {
	backend := fmt.Sprintf("local,id=share%d,path=%s,security_model=none,multidevs=remap", i, escapeComma(s.Path))
	if s.ReadOnly {
		backend += ",readonly=on"
	}
	device := fmt.Sprintf("virtio-9p-pci,fsdev=share%d,mount_tag=%s,disable-legacy=on", i, s.Tag)
	if isMicroVM {
		device = fmt.Sprintf("virtio-9p-device,fsdev=share%d,mount_tag=%s", i, s.Tag)
	}
	return []string{"-fsdev", backend, "-device", device}
}

// volumeOptions are the options for a disk. Its cache is that of this computer, and a
// flush of the machine waits until that is written: cache.no-flush=off. locking=on: a second
// machine with the same file does not start. werror=report: a full disk of this computer is an
// error for the machine, which would be stopped for good otherwise, and nobody told (enospc).
func volumeOptions(isMicroVM bool, i int, v *vmm.Volume) ([]string, error) {
	driver := "file"
	switch info, err := os.Stat(v.Path); {
	case err != nil:
		// Perhaps it is made before the machine starts.
	case info.Mode()&os.ModeDevice != 0:
		driver = "host_device"
	}
	readOnly := "off"
	if v.ReadOnly {
		readOnly = "on"
	}
	node := fmt.Sprintf("driver=raw,node-name=volume%d,read-only=%s,cache.direct=off,cache.no-flush=off,discard=unmap,"+
		"file.driver=%s,file.locking=on,file.cache.direct=off,file.cache.no-flush=off,file.discard=unmap,file.filename=%s",
		i, readOnly, driver, escapeComma(v.Path))
	device := fmt.Sprintf("virtio-blk-pci,drive=volume%d,serial=%s,write-cache=on,werror=report,rerror=report,disable-legacy=on", i, v.Tag)
	if isMicroVM {
		device = fmt.Sprintf("virtio-blk-device,drive=volume%d,serial=%s,write-cache=on,werror=report,rerror=report", i, v.Tag)
	}
	return []string{"-blockdev", node, "-device", device}, nil
}

const inUse = "--volume: another machine, or another program, uses the file: end it first"

// fileComplaints are what QEMU says when something of the files came in between, and
// what we say.
var fileComplaints = []struct{ said, meant string }{
	{`Failed to get "write" lock`, inUse},
	{`Failed to get shared "write" lock`, inUse},
	{"Failed to lock byte", inUse},
	{"Is another process using the image", inUse}, // the line behind one of these
	{"No more available virtio-bus", "the machine has too many devices: --machine q35 has room for more"},
	{"'virtio-9p", "--dir: this QEMU was built without 9P: use --share virtiofs"},
	{"'local' is not", "--dir: this QEMU was built without 9P: use --share virtiofs"},
}

// fileComplaint translates a line of QEMU, or returns "".
func fileComplaint(said string) string {
	i := slices.IndexFunc(fileComplaints, func(c struct{ said, meant string }) bool { return strings.Contains(said, c.said) })
	if i < 0 {
		return ""
	}
	return fileComplaints[i].meant + " (" + said + ")"
}
