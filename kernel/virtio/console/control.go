package console

import (
	"bytes"
	"encoding/binary"
	"time"

	"mewz/kernel/virtio"
)

// event is the kind of a control message (virtio 1.2, 5.3.6.2).
type event uint16

const (
	eventDeviceReady  event = 0 // to the device: the driver is there
	eventDeviceAdd    event = 1 // a port
	eventDeviceRemove event = 2
	eventPortReady    event = 3 // to the device: the port is there
	eventPortOpen     event = 6 // both ways: somebody uses the port
	eventPortName     event = 7
)

// messageBytes is struct virtio_console_control: id, event, value.
const messageBytes = 8

// eventsAtOnce bounds the messages that are handled in one go.
const eventsAtOnce = 4 * controlBuffers

// control sends a control message.
func (d *Device) control(port int, e event, value uint16) error {
	le := binary.LittleEndian
	b := d.controlOut.buffers.Bytes
	le.PutUint32(b[0:], uint32(port))
	le.PutUint16(b[4:], uint16(e))
	le.PutUint16(b[6:], value)
	return d.send(&d.controlOut, nil, messageBytes)
}

// events handles the control messages that have come.
func (d *Device) events() error {
	for range eventsAtOnce {
		c, ok, err := d.controlIn.Used()
		if err != nil {
			return d.fail(err)
		}
		if !ok {
			break
		}
		buffer := d.controlIn.owner[c.Head%inputBuffers]
		var message [controlBytes]byte // copied once: the device may write on
		n := copy(message[:c.Bytes], d.controlIn.buffers.Part(int(buffer)*controlBytes, controlBytes).Bytes)
		d.controlIn.give(buffer, controlBytes)
		if err := d.handle(message[:n]); err != nil {
			return err
		}
	}
	if d.controlIn.unseen {
		d.notify(&d.controlIn)
	}
	return nil
}

// handle handles a control message. One that makes no sense is left alone.
func (d *Device) handle(message []byte) error {
	if len(message) < messageBytes {
		return nil
	}
	le := binary.LittleEndian
	id, e, value := le.Uint32(message), event(le.Uint16(message[4:])), le.Uint16(message[6:])
	if uint64(id) >= uint64(len(d.ports)) {
		return nil
	}
	p := &d.ports[id]
	switch e {
	case eventDeviceAdd:
		return d.control(int(id), eventPortReady, 1)
	case eventDeviceRemove:
		p.name, p.open = "", false
	case eventPortOpen:
		p.open = value != 0
	case eventPortName:
		name, _, _ := bytes.Cut(message[messageBytes:], []byte{0}) // QEMU ends it with a zero
		for _, wanted := range d.wanted {
			if string(name) == wanted {
				p.name = wanted
				return d.control(int(id), eventPortOpen, 1)
			}
		}
	default:
		// Sizes and console ports are not for streams.
	}
	return nil
}

// handshake waits until all wanted ports are there and open.
func (d *Device) handshake() error {
	until := time.Duration(0)
	for {
		if err := d.events(); err != nil {
			return err
		}
		if d.complete() {
			return nil
		}
		d.controlIn.WantInterrupts()
		_ = d.transport.Acknowledge() // Check comes after the wait
		switch now := d.machine.Now(); {
		case until == 0:
			until = now + handshakePatience
		case now >= until:
			return ErrNoPorts
		}
		d.machine.Wait(d.transport.Slots(), pauseFirst)
		if err := virtio.Check(d.transport); err != nil {
			return d.fail(err)
		}
	}
}

func (d *Device) complete() bool {
	for _, name := range d.wanted {
		if p := d.Port(name); p == nil || !p.open {
			return false
		}
	}
	return true
}

// Port returns the port with a name, or nil.
func (d *Device) Port(name string) *Port {
	for i := range d.ports {
		if d.ports[i].name == name {
			return &d.ports[i]
		}
	}
	return nil
}
