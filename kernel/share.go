//go:build !nofiles

package main

import (
	"errors"
	"strconv"
	"time"

	"mewz/abi"
	"mewz/kernel/vfs"
	"mewz/kernel/vfs/fuse"
	"mewz/kernel/vfs/ninep"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/block"
	"mewz/kernel/virtio/request"
)

// fileDevice is a device that holds files, which no driver has started yet.
type fileDevice struct {
	id        virtio.DeviceID
	transport virtio.Transport
	used      bool
	disk      *block.Device // of a disk that is open
	owner     *mount        // whose disk it is, or who asks it whose it is
}

var (
	errDescriptor = errors.New("the tag is no number of a descriptor: run the program by mewz run --vmm process")
)

// deviceFiles is a file system that waits for a device.
type deviceFiles interface {
	vfs.FileSystem
	deviceSource
	// End brings what was written to safety; nothing may be used afterwards.
	End() error
}

// openShare opens a directory of the host.
func (m *machine) openShare(opened *mount) error {
	files, err := m.findShare(opened)
	if err != nil {
		return err
	}
	opened.files, opened.device, opened.end = files, files, files.End
	if share, ok := files.(interface{ Lost() }); ok {
		opened.lost = share.Lost
	}
	return nil
}

// findShare opens the share that the tag of a mount names.
func (m *machine) findShare(opened *mount) (deviceFiles, error) {
	if m.found == nil {
		descriptor, err := strconv.Atoi(opened.Tag)
		if err != nil || descriptor < abi.DescriptorFiles {
			return nil, errDescriptor
		}
		opened.descriptor = descriptor
		return asFiles(ninep.OpenStream(descriptor, m.pauseOf(opened), m.warnOf(opened)))
	}
	if err := m.findFileDevices(); err != nil {
		return nil, err
	}
	var there []string
	for i := range m.fileDevices {
		d := &m.fileDevices[i]
		tag, isShare := d.tag()
		if !isShare {
			continue
		}
		there = append(there, tag)
		if d.used || tag != opened.Tag {
			continue
		}
		d.used = true
		with := request.Machine{Machine: m.found, Transport: d.transport, Pause: m.pauseOf(opened)}
		if d.id == virtio.Device9P {
			return asFiles(ninep.Open(with, m.warnOf(opened)))
		}
		return asFiles(fuse.Open(with, m.warnOf(opened)))
	}
	return nil, absent("9p or virtio-fs device with that tag", there, "start it by mewz run --dir, or give it one")
}

// asFiles makes an interface of a file system, if there is one.
func asFiles[F deviceFiles](files F, err error) (deviceFiles, error) {
	if err != nil {
		return nil, err
	}
	return files, nil
}

// tag returns the tag of a share; isShare is false for other devices.
func (d *fileDevice) tag() (tag string, isShare bool) {
	switch d.id {
	case virtio.Device9P:
		return ninep.Tag(d.transport), true
	case virtio.DeviceFS:
		name, err := fuse.Tag(d.transport)
		return name, err == nil
	default:
		return "", false
	}
}

// absentShown is how many devices a message names that are there: more than a line has room
// for are of no use.
const absentShown = 8

// absent says that a device is not there, and which are.
func absent(what string, there []string, remedy string) error {
	text := "the machine has no " + what
	for i, name := range there[:min(len(there), absentShown)] {
		if i == 0 {
			text += ", only "
		} else {
			text += ", "
		}
		text += strconv.Quote(name)
	}
	return errors.New(text + ": " + remedy)
}

// findFileDevices finds the devices that hold files, once.
func (m *machine) findFileDevices() error {
	if m.fileDevices != nil {
		return nil
	}
	if m.found.Err != nil {
		return m.found.Err
	}
	for _, found := range m.found.Devices {
		if found.ID != virtio.Device9P && found.ID != virtio.DeviceFS && found.ID != virtio.DeviceBlock {
			continue
		}
		transport, err := found.Open()
		if err != nil {
			m.host.Warn("a device that holds files does not work: " + err.Error())
			continue
		}
		m.fileDevices = append(m.fileDevices, fileDevice{id: found.ID, transport: transport})
	}
	return nil
}

// warnOf returns how a file system says that something of it is gone.
func (m *machine) warnOf(opened *mount) func(text string) {
	return func(text string) { m.host.Warn((&mountError{opened.Mount, errors.New(text)}).Error()) }
}

// pauseOf returns how a file system waits.
func (m *machine) pauseOf(opened *mount) func(limit time.Duration) {
	return func(limit time.Duration) { m.pause(opened, limit) }
}
