package console

import (
	"encoding/binary"
	"testing"

	"mewz/kernel/virtio"
	"mewz/kernel/virtio/discovery"
	"mewz/kernel/virtio/virtiotest"
)

// host is a console device with three ports, and what is behind them.
type host struct {
	*virtiotest.Device
	names   []string
	written [4][]byte // by port: what the driver wrote
	input   [4][]byte // what it has not got yet
	opened  [4]bool   // by the driver
	piece   int       // bytes that the host hands over at once
	deaf    int       // notifications that get lost
	full    bool      // takes no output
	held    []virtiotest.Chain
}

// newHost returns a host with its machine.
func newHost() (*host, *virtiotest.Machine) {
	m := virtiotest.NewMachine()
	h := &host{Device: virtiotest.NewDevice(m, virtio.DeviceConsole, FeatureMultiport), piece: inputBufferBytes}
	h.names = []string{1: "in", 2: "out", 3: "err"}
	binary.LittleEndian.PutUint32(h.Config[configPortCount:], 4)
	h.Notified = h.notified
	return h, m
}

// transports are the ways to a device.
var transports = []struct {
	name string
	open func(testing.TB, *virtiotest.Device) virtio.Transport
}{
	{"mmio", func(t testing.TB, d *virtiotest.Device) virtio.Transport {
		d.Machine.Windows[0xfeb0_0000] = virtiotest.MicroVM{Index: 5, Registers: virtiotest.MMIO{Device: d}}
		return discover(t, d, nil)
	}},
	{"pci", func(t testing.TB, d *virtiotest.Device) virtio.Transport {
		return discover(t, d, virtiotest.NewPCI(d))
	}},
}

func discover(t testing.TB, d *virtiotest.Device, p *virtiotest.PCI) virtio.Transport {
	t.Helper()
	var found []discovery.Device
	var err error
	if p != nil {
		found, err = discovery.Find(d.Machine, p)
	} else {
		found, err = discovery.Find(d.Machine, nil)
	}
	if err != nil || len(found) != 1 || found[0].ID != d.ID {
		t.Fatalf("Find = %+v, %v, want one device", found, err)
	}
	transport, err := found[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	return transport
}

func (h *host) notified(queue uint16) {
	if h.deaf > 0 {
		h.deaf--
		return
	}
	switch {
	case queue == queueControlOut:
		for c, ok := h.Queues[queue].Pop(); ok; c, ok = h.Queues[queue].Pop() {
			h.Queues[queue].Push(c.Head, 0)
			h.control(c.Read)
		}
	case queue >= 4 && queue%2 == 0:
		h.feed(int(queue-2) / 2)
	case queue >= 5:
		h.take(queue)
	}
}

// take takes output.
func (h *host) take(queue uint16) {
	for !h.full {
		c, ok := h.Queues[queue].Pop()
		if !ok {
			return
		}
		port := int(queue-3) / 2
		h.written[port] = append(h.written[port], c.Read...)
		h.Queues[queue].Push(c.Head, 0)
	}
}

// feed hands input over.
func (h *host) feed(port int) {
	for len(h.input[port]) > 0 && h.opened[port] {
		q := &h.Queues[2*port+2]
		c, ok := q.Pop()
		if !ok {
			return
		}
		n := min(h.piece, len(h.input[port]))
		h.input[port] = append(q.Fill(c, h.input[port][:n]), h.input[port][n:]...)
	}
}

func (h *host) control(message []byte) {
	le := binary.LittleEndian
	id, e, value := le.Uint32(message), event(le.Uint16(message[4:])), le.Uint16(message[6:])
	switch e {
	case eventDeviceReady:
		for id, name := range h.names {
			if name != "" {
				h.send(uint32(id), eventDeviceAdd, 1, "")
			}
		}
	case eventPortReady:
		h.send(id, eventPortName, 1, h.names[id]+"\x00")
		h.send(id, eventPortOpen, 1, "")
	case eventPortOpen:
		h.opened[id] = value != 0
	}
}

// send sends a control message to the driver.
func (h *host) send(id uint32, e event, value uint16, name string) {
	if c, ok := h.Queues[queueControlIn].Pop(); ok {
		h.Queues[queueControlIn].Fill(c, controlMessage(id, e, value, name))
	}
}

func controlMessage(id uint32, e event, value uint16, name string) []byte {
	le := binary.LittleEndian
	return append(le.AppendUint16(le.AppendUint16(le.AppendUint32(nil, id), uint16(e)), value), name...)
}

// open opens the ports of a host.
func (h *host) open(t testing.TB, m *virtiotest.Machine) (*Device, error) {
	t.Helper()
	return Open(m, transports[0].open(t, h.Device), "in", "out", "err")
}
