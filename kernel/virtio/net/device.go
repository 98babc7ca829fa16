package net

import (
	"errors"
	"math/bits"

	"mewz/kernel/device"
	"mewz/kernel/packet"
	"mewz/kernel/virtio"
)

// Features of a network device (5.1.3).
const (
	FeatureChecksum       virtio.Features = 1 << 0  // VIRTIO_NET_F_CSUM
	FeatureGuestChecksum  virtio.Features = 1 << 1  // VIRTIO_NET_F_GUEST_CSUM
	FeatureMTU            virtio.Features = 1 << 3  // VIRTIO_NET_F_MTU
	FeatureMAC            virtio.Features = 1 << 5  // VIRTIO_NET_F_MAC
	FeatureGuestTCP4      virtio.Features = 1 << 7  // VIRTIO_NET_F_GUEST_TSO4
	FeatureGuestTCP6      virtio.Features = 1 << 8  // VIRTIO_NET_F_GUEST_TSO6
	FeatureHostTCP4       virtio.Features = 1 << 11 // VIRTIO_NET_F_HOST_TSO4
	FeatureHostTCP6       virtio.Features = 1 << 12 // VIRTIO_NET_F_HOST_TSO6
	FeatureMergeReceive   virtio.Features = 1 << 15 // VIRTIO_NET_F_MRG_RXBUF
	FeatureStatus         virtio.Features = 1 << 16 // VIRTIO_NET_F_STATUS
	featuresWithoutOthers                 = FeatureChecksum | FeatureGuestChecksum | FeatureMTU | FeatureMAC |
		FeatureMergeReceive | FeatureStatus | virtio.FeatureEventIndex
)

// Configuration (5.1.4).
const (
	configMAC    = 0
	configStatus = 6
	configMTU    = 10

	statusLinkUp = 1 // VIRTIO_NET_S_LINK_UP
)

// Queues (5.1.2).
const (
	queueReceive  = 0
	queueTransmit = 1
)

// Sizes.
const (
	// queueMaxEntries is what QEMU and other VMMs offer, and enough: at 2 KiB for
	// each receive buffer the queue holds half a megabyte, more than the window of
	// a fast connection in one host.
	queueMaxEntries = 256
	// queueMinEntries is the least that has room for a chain of the longest frame
	// while another one is on its way.
	queueMinEntries = 64

	// receiveBytes is the size of a receive buffer: a frame of Ethernet with the
	// header of the device fits; a larger one that the device has joined
	// takes several. Without merging an MTU beyond that makes buffers larger.
	receiveBytes = 2048
	// receiveMaxBuffers bounds the buffers of one frame: 64 KiB of IP packet and
	// the headers around it.
	receiveMaxBuffers = (packetMaxBytes+ethernetBytes+headerBytes)/receiveBytes + 1

	ethernetBytes  = 14
	packetMaxBytes = 65535 // of IP

	mtuEthernet = 1500
	mtuMin      = 68 // 5.1.4.1, RFC 791
)

// Faults of a device.
var (
	ErrMTU     = errors.New("virtio/net: the device has an MTU below 68")
	ErrShort   = errors.New("virtio/net: the device used a receive buffer without a whole header")
	ErrBuffers = errors.New("virtio/net: the device spread a frame over more buffers than it used, or over none")
)

// Machine is what a Device works with.
type Machine struct {
	device.Machine
	Transport virtio.Transport
	Pool      *packet.Pool
	// Random makes an address for a device that has none.
	Random interface{ Fill(p []byte) }
}

// Device is a network device (packet.Device).
type Device struct {
	transport virtio.Transport
	pool      *packet.Pool
	features  virtio.Features
	mac       packet.MAC
	mtu       int
	failed    error
	still     uint32 // times in a row that Flush found no progress

	receiver
	sender
}

// Open starts the device of m.Transport. After an error it is stopped.
func Open(m Machine) (*Device, error) {
	d := &Device{transport: m.Transport, pool: m.Pool}
	if err := d.start(&m); err != nil {
		virtio.GiveUp(m.Transport)
		return nil, err
	}
	return d, nil
}

func (d *Device) start(m *Machine) (err error) {
	if d.features, err = virtio.StartWith(d.transport, want); err != nil {
		return err
	}
	if err = d.configure(m); err != nil {
		return err
	}
	if err = d.enableQueues(m); err != nil {
		return err
	}
	virtio.Ready(d.transport)
	d.fill()
	return nil
}

// want chooses features: each only with those that it requires (5.1.3.1), and
// segmentation by the device only where the buffers of a large frame are merged,
// for else each buffer had to have 64 KiB.
func want(offered virtio.Features) virtio.Features {
	wanted := featuresWithoutOthers
	if offered&FeatureChecksum != 0 {
		wanted |= FeatureHostTCP4 | FeatureHostTCP6
	}
	if large := FeatureGuestChecksum | FeatureMergeReceive; offered&large == large {
		wanted |= FeatureGuestTCP4 | FeatureGuestTCP6
	}
	return wanted
}

func (d *Device) has(f virtio.Features) bool { return d.features&f != 0 }

// configure reads what the device says of itself.
func (d *Device) configure(m *Machine) error {
	if d.has(FeatureMAC) {
		for i := range d.mac {
			d.mac[i] = d.transport.Config8(configMAC + uint32(i))
		}
	} else {
		m.Random.Fill(d.mac[:])
		d.mac[0] = d.mac[0]&^1 | 2 // of one interface, given by nobody (IEEE 802, 8.2)
	}
	d.mtu = mtuEthernet
	if d.has(FeatureMTU) {
		if d.mtu = int(d.transport.Config16(configMTU)); d.mtu < mtuMin {
			return ErrMTU
		}
	}
	return nil
}

// enableQueues makes both queues and their memory.
func (d *Device) enableQueues(m *Machine) error {
	receive, err := d.queueSize(queueReceive)
	if err != nil {
		return err
	}
	transmit, err := d.queueSize(queueTransmit)
	if err != nil {
		return err
	}
	buffer := d.bufferBytes()
	memory, err := m.Allocate(int(receive)*buffer + int(transmit)*slotBytes + virtio.QueueBytes(receive) + virtio.QueueBytes(transmit))
	if err != nil {
		return err
	}
	d.receiver.init(memory.Cut(int(receive)*buffer), receive, d.has(FeatureMergeReceive))
	d.sender.init(memory.Cut(int(transmit)*slotBytes), transmit)
	if err := d.enableQueue(&d.receiveQueue, queueReceive, memory.Cut(virtio.QueueBytes(receive)), receive); err != nil {
		return err
	}
	return d.enableQueue(&d.sendQueue, queueTransmit, memory.Cut(virtio.QueueBytes(transmit)), transmit)
}

// queueSize returns how many entries a queue gets.
func (d *Device) queueSize(index uint16) (uint16, error) {
	n := min(d.transport.QueueMax(index), queueMaxEntries)
	if n < queueMinEntries {
		return 0, virtio.ErrNoQueue
	}
	return 1 << (bits.Len16(n) - 1), nil
}

// bufferBytes returns the size of receive buffers: a frame of the MTU fits in one
// where the device does not merge them.
func (d *Device) bufferBytes() int {
	const alignment = 64 // a cache line
	if d.has(FeatureMergeReceive) {
		return receiveBytes
	}
	return max(receiveBytes, (headerBytes+ethernetBytes+d.mtu+alignment-1)&^(alignment-1))
}

func (d *Device) enableQueue(q *virtio.Queue, index uint16, memory device.Memory, size uint16) error {
	if err := q.Init(memory, size); err != nil {
		return err
	}
	if d.has(virtio.FeatureEventIndex) {
		q.UseEventIndex()
	}
	q.QuietInterrupts()
	return d.transport.EnableQueue(index, q.Addresses())
}

// MAC implements packet.Device, as the methods below.
func (d *Device) MAC() packet.MAC { return d.mac }

// MTU returns the largest IP packet.
func (d *Device) MTU() int { return d.mtu }

// Offload returns what the device does for the stack.
func (d *Device) Offload() packet.Offload {
	return packet.Offload{
		SendChecksum: d.has(FeatureChecksum), SendTCP4: d.has(FeatureHostTCP4), SendTCP6: d.has(FeatureHostTCP6),
	}
}

// Err returns why the device is given up, or nil.
func (d *Device) Err() error { return d.failed }

// LinkUp reports whether the cable is plugged in, as far as the device knows.
func (d *Device) LinkUp() bool {
	return d.failed == nil && (!d.has(FeatureStatus) || d.transport.Config16(configStatus)&statusLinkUp != 0)
}

// fail gives the device up: it is reset, so it touches no chunk any more, and all
// that it had is released.
func (d *Device) fail(err error) {
	if d.failed != nil {
		return
	}
	d.failed = err
	virtio.GiveUp(d.transport)
	d.abandonReceived()
	d.abandonSent()
}
