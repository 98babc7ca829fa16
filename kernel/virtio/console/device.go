package console

import (
	"errors"
	"time"

	"mewz/kernel/device"
	"mewz/kernel/virtio"
)

// FeatureMultiport says that the device has ports and a control queue.
const FeatureMultiport virtio.Features = 1 << 1 // VIRTIO_CONSOLE_F_MULTIPORT

const (
	configPortCount = 4 // max_nr_ports (5.3.4)
	portsMax        = 8 // ports that this driver looks at

	queueControlIn  = 2 // 5.3.2
	queueControlOut = 3

	inputBuffers      = 16
	inputBufferBytes  = 4096 // what QEMU hands over at most
	outputBuffers     = 2
	outputPieceBytes  = 64 << 10
	controlBuffers    = 16
	controlBytes      = 128 // a message with a name
	ringAlign         = 16
	handshakePatience = 500 * time.Millisecond

	// Waits get longer. An interrupt is lost, if ever, just after the driver has
	// asked for it, so it is found soon; an idle machine sleeps.
	pauseFirst = time.Millisecond
	pauseLast  = 2 * time.Second
	pauseBlind = 4 * time.Millisecond // without an interrupt
)

// Errors of the driver.
var (
	ErrNoPorts = errors.New("virtio/console: the device has no ports, or not those that are wanted")
	ErrClosed  = errors.New("virtio/console: the host has closed the port")
)

// Device is a console device.
type Device struct {
	machine    device.Machine
	transport  virtio.Transport
	controlIn  line
	controlOut line
	ports      []Port // by id
	output     device.Memory
	wanted     []string
	failed     error
}

// line is a queue with its number and the memory of its buffers.
type line struct {
	virtio.Queue
	index   uint16
	buffers device.Memory
	owner   [inputBuffers]uint8 // which buffer a chain of one is, by its head
	unseen  bool                // something was published and not notified
}

// Port is one stream. Its methods are in port.go.
type Port struct {
	device   *Device
	name     string
	in, out  line
	open     bool   // the host's side
	received []byte // of buffer: not read yet
	buffer   uint8  // of in
}

// Open starts the device and waits until the host has told of the ports with
// the names wanted. After an error the device is stopped.
func Open(m device.Machine, t virtio.Transport, wanted ...string) (*Device, error) {
	d := &Device{machine: m, transport: t, wanted: wanted}
	if err := d.start(); err != nil {
		virtio.GiveUp(t)
		return nil, err
	}
	return d, nil
}

func (d *Device) start() error {
	features, err := virtio.Start(d.transport, FeatureMultiport)
	if err != nil {
		return err
	}
	if features&FeatureMultiport == 0 {
		return ErrNoPorts
	}
	ports := min(d.transport.Config(configPortCount), portsMax)
	if err := d.enableQueues(int(ports)); err != nil {
		return err
	}
	virtio.Ready(d.transport)
	d.notify(&d.controlIn)
	if err := d.control(0, eventDeviceReady, 1); err != nil {
		return err
	}
	return d.handshake()
}

// queueFor says where the queues of a port are.
func queueFor(port int) (in, out uint16) {
	if port == 0 {
		return 0, 1
	}
	return uint16(2*port + 2), uint16(2*port + 3)
}

// enableQueues makes the queues of the ports and of the control messages.
func (d *Device) enableQueues(ports int) error {
	inBytes, outBytes := virtio.QueueBytes(inputBuffers), virtio.QueueBytes(outputBuffers)
	memory, err := d.machine.Allocate((ports+1)*(inBytes+outBytes) + (controlBuffers+1)*controlBytes)
	if err != nil {
		return err
	}
	enable := func(l *line, index, size uint16) {
		if err != nil {
			return
		}
		if err = l.Init(memory.Cut(virtio.QueueBytes(size)), size); err == nil {
			l.index = index
			l.QuietInterrupts()
			err = d.transport.EnableQueue(index, l.Addresses())
		}
	}
	enable(&d.controlIn, queueControlIn, controlBuffers)
	enable(&d.controlOut, queueControlOut, outputBuffers)
	d.ports = make([]Port, ports)
	for i := range d.ports {
		p := &d.ports[i]
		p.device = d
		in, out := queueFor(i)
		enable(&p.in, in, inputBuffers)
		enable(&p.out, out, outputBuffers)
	}
	if err != nil {
		return err
	}
	d.controlOut.buffers = memory.Cut(controlBytes)
	d.controlIn.buffers = memory.Cut(controlBuffers * controlBytes)
	d.fill(&d.controlIn, controlBytes)
	return nil
}

// fill gives the device all buffers of a queue, of n bytes each.
func (d *Device) fill(l *line, n int) {
	for i := range len(l.buffers.Bytes) / n {
		l.give(uint8(i), n)
	}
}

// give gives the device a buffer of n bytes to fill.
func (l *line) give(buffer uint8, n int) {
	b := virtio.Buffer{Physical: l.buffers.Part(int(buffer)*n, n).Physical, Bytes: uint32(n), Write: true}
	if head, ok := l.Add(b); ok {
		l.owner[head%inputBuffers] = buffer
		l.show()
	}
}

func (l *line) show() {
	l.Publish()
	l.unseen = true
}

func (d *Device) notify(l *line) {
	l.unseen = false
	d.transport.Notify(l.index)
}

// fail notes that the device is of no use any more and stops it.
func (d *Device) fail(err error) error {
	if d.failed == nil {
		d.failed = err
		virtio.GiveUp(d.transport)
	}
	return d.failed
}
