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
	device  *request.Device
	ids     [slotsMax]request.ID
	reached []device.Extent // by the last reach
	chain   [request.BuffersMax]virtio.Buffer
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

func (v *virtioCarrier) reach(b []byte) bool {
	v.reached = v.device.Reach(0, b)
	return len(v.reached) != 0
}

func (v *virtioCarrier) send(s *slot) (err error) {
	chain := append(v.chain[:0], virtio.Buffer{Physical: s.memory.Physical, Bytes: uint32(len(s.out))})
	chain = v.add(chain, s, s.payload, false)
	chain = append(chain, virtio.Buffer{Physical: s.in.Physical, Bytes: uint32(s.headBytes), Write: true})
	chain = v.add(chain, s, s.into, true)
	v.ids[s.tag], err = v.device.Start(0, chain...)
	return err
}

// add adds data of a request to its buffers.
func (v *virtioCarrier) add(chain []virtio.Buffer, s *slot, data device.Memory, write bool) []virtio.Buffer {
	switch {
	case len(data.Bytes) == 0:
		return chain
	case s.reached:
		return request.AppendReached(chain, v.reached, write)
	default:
		return append(chain, virtio.Buffer{Physical: data.Physical, Bytes: uint32(len(data.Bytes)), Write: write})
	}
}

func (v *virtioCarrier) receive(s *slot) (int, error) {
	n, err := v.device.Wait(v.ids[s.tag])
	return int(n), err
}

func (v *virtioCarrier) close() { v.device.GiveUp(errGivenUp) }

func (v *virtioCarrier) source() source { return v.device }
