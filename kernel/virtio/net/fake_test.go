package net

import (
	"encoding/binary"
	"testing"

	"mewz/kernel/packet"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/discovery"
	"mewz/kernel/virtio/virtiotest"
)

// peer is a network device and what is behind it.
type peer struct {
	*virtiotest.Device
	sent  []frame // by the driver
	held  []virtiotest.Chain
	async bool // takes what is sent only when step is called
}

// frame is a frame with the header of the device.
type frame struct {
	header [headerBytes]byte
	bytes  string
}

var testMAC = packet.MAC{2, 0, 0, 0, 0, 7}

// newPeer returns a device with features and its machine.
func newPeer(features virtio.Features) (*peer, *virtiotest.Machine) {
	m := virtiotest.NewMachine()
	p := &peer{Device: virtiotest.NewDevice(m, virtio.DeviceNetwork, features)}
	p.QueueMax = 256
	copy(p.Config[configMAC:], testMAC[:])
	binary.LittleEndian.PutUint16(p.Config[configStatus:], statusLinkUp)
	binary.LittleEndian.PutUint16(p.Config[configMTU:], 1400)
	p.Notified = p.notified
	return p, m
}

func (p *peer) notified(queue uint16) {
	if !p.async && queue == queueTransmit {
		p.step()
	}
}

// step takes what the driver has sent.
func (p *peer) step() {
	q := &p.Queues[queueTransmit]
	for c, ok := q.Pop(); ok; c, ok = q.Pop() {
		var f frame
		f.bytes = string(c.Read[copy(f.header[:], c.Read):])
		p.sent = append(p.sent, f)
		q.Push(c.Head, 0)
	}
	q.Ask(true)
}

// arrive hands frames over, each with its header; false: no buffers.
func (p *peer) arrive(f frame) bool {
	q := &p.Queues[queueReceive]
	b := append(f.header[:len(f.header):len(f.header)], f.bytes...)
	var chains []virtiotest.Chain
	for room := 0; room < len(b); {
		c, ok := q.Pop()
		if !ok {
			return false
		}
		chains = append(chains, c)
		room += len(c.Into[0])
	}
	binary.LittleEndian.PutUint16(b[10:], uint16(len(chains)))
	before := q.UsedIdx
	for i, c := range chains {
		n := copy(c.Into[0], b)
		b = b[n:]
		q.PushRawLater(uint32(c.Head), uint32(n), i)
	}
	q.SetUsed(before + uint16(len(chains)))
	return true
}

// transports are the ways to a device.
var transports = []struct {
	name string
	open func(testing.TB, *virtiotest.Device) virtio.Transport
}{
	{"mmio", func(t testing.TB, d *virtiotest.Device) virtio.Transport {
		d.Machine.Windows[0xfeb0_0000] = virtiotest.MicroVM{Index: 5, Registers: virtiotest.MMIO{Device: d}}
		found, err := discovery.Find(d.Machine, nil)
		return open(t, d, found, err)
	}},
	{"pci", func(t testing.TB, d *virtiotest.Device) virtio.Transport {
		found, err := discovery.Find(d.Machine, virtiotest.NewPCI(d))
		return open(t, d, found, err)
	}},
}

func open(t testing.TB, d *virtiotest.Device, found []discovery.Device, err error) virtio.Transport {
	t.Helper()
	if err != nil || len(found) != 1 || found[0].ID != d.ID {
		t.Fatalf("Find = %+v, %v, want one device", found, err)
	}
	transport, err := found[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	return transport
}

// fixed are random numbers that are not.
type fixed byte

func (f fixed) Fill(p []byte) {
	for i := range p {
		p[i] = byte(f)
	}
}

// start opens the driver of a peer.
func (p *peer) start(t testing.TB, transport int) (*Device, *packet.Pool, error) {
	t.Helper()
	pool := packet.NewPool(p.Machine.Allocate, 1<<20)
	d, err := Open(Machine{Machine: p.Machine, Transport: transports[transport].open(t, p.Device), Pool: pool, Random: fixed(0xff)})
	return d, pool, err
}

func (p *peer) mustStart(t testing.TB, transport int) (*Device, *packet.Pool) {
	t.Helper()
	d, pool, err := p.start(t, transport)
	if err != nil {
		t.Fatal(err)
	}
	return d, pool
}
