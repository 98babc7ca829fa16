package ninep

import (
	"errors"

	"mewz/kernel/device"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/request"
)

// featureTag says that the configuration of the device holds its mount tag
// (VIRTIO_9P_MOUNT_TAG): the length in two bytes, then the tag.
const featureTag virtio.Features = 1 << 0

// tagMaxBytes bounds the tag that is read: QEMU has 31 bytes at most.
const tagMaxBytes = 64

// Tag returns the mount tag of a 9p device that nobody has started.
func Tag(t virtio.Transport) string {
	if t.Features()&featureTag == 0 {
		return ""
	}
	var tag [tagMaxBytes]byte
	n := min(int(t.Config16(0)), tagMaxBytes)
	for i := range n {
		tag[i] = t.Config8(2 + uint32(i))
	}
	return string(tag[:n])
}

var errGivenUp = errors.New("ninep: the share is given up")

// virtioCarrier is a virtio device of 9p: one queue of requests, each a chain of
// what the device reads and of what it writes.
type virtioCarrier struct {
	device *request.Device
	ids    [slotsMax]request.ID
}

func openDevice(m request.Machine) (*virtioCarrier, error) {
	d, err := request.Open(m, func(virtio.Features) virtio.Features { return featureTag })
	if err != nil {
		return nil, err
	}
	if err := d.Ready(0); err != nil {
		return nil, err
	}
	return &virtioCarrier{device: d}, nil
}

func (v *virtioCarrier) allocate(n int) (device.Memory, error) { return v.device.Allocate(n) }

func (v *virtioCarrier) send(s *slot) (err error) {
	buffers := [4]virtio.Buffer{{Physical: s.memory.Physical, Bytes: uint32(len(s.out))}}
	n := 1
	if len(s.payload.Bytes) != 0 {
		buffers[n] = virtio.Buffer{Physical: s.payload.Physical, Bytes: uint32(len(s.payload.Bytes))}
		n++
	}
	buffers[n] = virtio.Buffer{Physical: s.in.Physical, Bytes: uint32(s.headBytes), Write: true}
	n++
	if len(s.into.Bytes) != 0 {
		buffers[n] = virtio.Buffer{Physical: s.into.Physical, Bytes: uint32(len(s.into.Bytes)), Write: true}
		n++
	}
	v.ids[s.tag], err = v.device.Start(0, buffers[:n]...)
	return err
}

func (v *virtioCarrier) receive(s *slot) (int, error) {
	n, err := v.device.Wait(v.ids[s.tag])
	return int(n), err
}

func (v *virtioCarrier) close() { v.device.GiveUp(errGivenUp) }

func (v *virtioCarrier) source() source { return v.device }
