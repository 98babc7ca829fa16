//go:build !nofiles

package main

import (
	"strconv"
	"time"

	"mewz/abi"
	"mewz/kernel/system"
	"mewz/kernel/vfs/ext4"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/block"
	"mewz/kernel/virtio/request"
)

// openVolume opens the file system on a block device.
func (m *machine) openVolume(opened *mount) error {
	device, err := m.findVolume(opened)
	if err != nil {
		return err
	}
	options := ext4.Options{Now: m.wallClock, Log: m.host.Message, Warn: m.warnOf(opened), ReadOnly: opened.ReadOnly, Charge: system.Charge}
	if m.found == nil {
		options.DataBytes = processDataBytes
	}
	files, err := ext4.Open(device, options)
	if err != nil {
		return err
	}
	opened.files, opened.tick, opened.end, opened.reclaim = files, files.Tick, files.Unmount, files.Reclaim
	return nil
}

// processDataBytes bounds what a volume keeps of files in a process: Linux keeps them, too.
const processDataBytes = 64 << 20

// findVolume opens the block device that the tag of a mount names.
func (m *machine) findVolume(opened *mount) (ext4.Device, error) {
	if m.found == nil {
		descriptor, err := strconv.Atoi(opened.Tag)
		if err != nil || descriptor < abi.DescriptorFiles {
			return nil, errDescriptor
		}
		if !system.Inherited(descriptor) {
			return nil, errDescriptor
		}
		file, err := block.OpenFile(descriptor, m.pauseOf(opened))
		if err != nil {
			return nil, err
		}
		opened.descriptor = file.Ended()
		return file, nil
	}
	if err := m.findFileDevices(); err != nil {
		return nil, err
	}
	var there []string
	for i := range m.fileDevices {
		d := &m.fileDevices[i]
		if d.used || d.id != virtio.DeviceBlock {
			continue
		}
		// Its serial number is known when it works. One that is another's stays open for that.
		d.owner = opened
		if d.disk == nil && !m.startDisk(d) {
			continue
		}
		if serial := d.disk.Serial(); serial != opened.Tag {
			there = append(there, serial)
			continue
		}
		d.used, opened.device = true, d.disk
		return d.disk, nil
	}
	return nil, absent("virtio block device with that serial number", there, "start it by mewz run --volume, or give it one")
}

// startDisk starts a disk; it reports whether that works.
func (m *machine) startDisk(d *fileDevice) bool {
	pause := func(limit time.Duration) { m.pause(d.owner, limit) }
	disk, err := block.Open(request.Machine{Machine: m.found, Transport: d.transport, Pause: pause})
	if err != nil {
		m.host.Warn("a disk does not work: " + err.Error())
		d.used = true
		return false
	}
	d.disk = disk
	return true
}
