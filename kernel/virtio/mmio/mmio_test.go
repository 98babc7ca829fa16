package mmio

import (
	"testing"

	"mewz/kernel/device"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/virtiotest"
)

// oneIOAPIC is a machine whose interrupt lines end at 23.
type oneIOAPIC struct{ *virtiotest.Machine }

func (m oneIOAPIC) Interrupt(line uint32) (device.Interrupt, error) {
	if line >= 24 {
		return device.Interrupt{}, device.ErrInterrupt
	}
	return m.Machine.Interrupt(line)
}

func TestFindMicroVM(t *testing.T) {
	m := virtiotest.NewMachine()
	if _, err := FindMicroVM(m); err != device.ErrMap {
		t.Errorf("FindMicroVM without a window = %v", err)
	}
	m.Windows[MicroVMBase] = virtiotest.MMIO{Device: virtiotest.NewDevice(m, virtio.DeviceNetwork, 0)}
	found, err := FindMicroVM(oneIOAPIC{m})
	if err != nil || len(found) != 1 || found[0].ID != virtio.DeviceNetwork {
		t.Fatalf("FindMicroVM = %+v, %v", found, err)
	}
	if slots := found[0].Open().Slots(); slots != 3 {
		t.Errorf("slots %#b, want both lines of the first I/O APIC", slots)
	}
	m.NoInterrupts = true
	if slots := found[0].Open().Slots(); slots != 0 {
		t.Errorf("slots %#b without interrupts", slots)
	}
}

func TestQueueMaxIsBounded(t *testing.T) {
	m := virtiotest.NewMachine()
	d := virtiotest.NewDevice(m, virtio.DeviceNetwork, 0)
	d.QueueMax = 0xffff
	transport := &Transport{registers: virtiotest.MMIO{Device: d}}
	if got := transport.QueueMax(0); got != virtio.QueueMaxSize {
		t.Errorf("QueueMax = %d", got)
	}
	if err := transport.EnableQueue(0, virtio.QueueAddresses{Size: 8}); err != nil || d.Queues[0].At.Size != 8 {
		t.Errorf("EnableQueue = %v, size %d", err, d.Queues[0].At.Size)
	}
	d.QueueMax = 0
	if err := transport.EnableQueue(1, virtio.QueueAddresses{Size: 8}); err != virtio.ErrNoQueue {
		t.Errorf("EnableQueue of a queue that is not there = %v", err)
	}
}
