// Package discovery finds the virtio devices of a machine: on the PCI bus where
// there is one, else among the memory-mapped ones of QEMU's microvm.
//
// In: a device.Machine. Out: transports. Nothing is read from the window of the
// microvm on a machine with a PCI bus, for there it may be anybody's registers.
package discovery

import (
	"mewz/kernel/device"
	bus "mewz/kernel/pci"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/mmio"
	"mewz/kernel/virtio/pci"
)

// Device is a virtio device that nobody has started yet.
type Device struct {
	ID   virtio.DeviceID
	Open func() (virtio.Transport, error)
}

// Machine is a machine and the virtio devices in it.
type Machine struct {
	device.Machine
	Devices []Device
	Err     error // why they are not known
}

// Open returns this machine, or nil in a Linux process.
func Open() *Machine {
	m, ok := device.Open()
	if !ok {
		return nil
	}
	devices, err := Find(m, Config())
	return &Machine{m, devices, err}
}

// Find returns the devices of m. c is its PCI bus, or nil: see Config.
func Find(m device.Machine, c bus.Config) ([]Device, error) {
	var devices []Device
	if c != nil && bus.Present(c) {
		for _, f := range pci.Find(m, c) {
			devices = append(devices, Device{f.ID, func() (virtio.Transport, error) { return f.Open() }})
		}
		return devices, nil
	}
	found, err := mmio.FindMicroVM(m)
	for _, f := range found {
		devices = append(devices, Device{f.ID, func() (virtio.Transport, error) { return f.Open(), nil }})
	}
	return devices, err
}
