package virtio

import (
	"errors"

	"mewz/abi"
)

// Transport is how a driver reaches a device.
type Transport interface {
	Status() Status
	SetStatus(s Status)
	Features() Features
	SetFeatures(f Features)
	// QueueMax returns the greatest size of a queue, 0 if there is no such queue.
	QueueMax(index uint16) uint16
	// EnableQueue tells the device where a queue is.
	EnableQueue(index uint16, a QueueAddresses) error
	// Notify tells the device that a queue has new buffers.
	Notify(index uint16)
	// Config reads a field of 4 bytes of the configuration of the device.
	Config(offset uint32) uint32
	// Config16 reads one of 2 bytes, Config8 one of a byte. A driver reads each
	// field by its own width (4.1.3.1, 4.2.2.2).
	Config16(offset uint32) uint16
	Config8(offset uint32) uint8
	// Acknowledge tells the device that its interrupt was seen. What it has
	// done before is visible after this. It returns ErrBroken when the device
	// says that it has given up.
	Acknowledge() error
	// Slots returns the interrupts of the device as a set of device.Machine; it
	// may be empty.
	Slots() uint32
}

// DeviceID says what a device is (virtio 1.2, chapter 5).
type DeviceID uint32

// Devices.
const (
	DeviceNetwork DeviceID = 1
	DeviceBlock   DeviceID = 2
	DeviceConsole DeviceID = 3
	DeviceEntropy DeviceID = 4
	Device9P      DeviceID = 9
	DeviceFS      DeviceID = 26
)

// Status is the device status field (2.1).
type Status uint8

// Bits of the status.
const (
	StatusAcknowledge Status = 1
	StatusDriver      Status = 2
	StatusDriverOK    Status = 4
	StatusFeaturesOK  Status = 8
	StatusNeedsReset  Status = 64
	StatusFailed      Status = 128
)

// Features is a set of feature bits.
type Features uint64

// Features that are not of a kind of device (6).
const (
	FeatureIndirect   Features = 1 << 28 // VIRTIO_F_INDIRECT_DESC
	FeatureEventIndex Features = 1 << 29 // VIRTIO_F_EVENT_IDX
	FeatureVersion1   Features = 1 << 32 // VIRTIO_F_VERSION_1: a device of virtio 1
)

// QueueAddresses is a queue as its device sees it.
type QueueAddresses struct {
	Size                         uint16
	Descriptors, Available, Used abi.PhysAddr
}

// Errors of bringing up a device.
var (
	ErrReset    = errors.New("virtio: the device does not reset")
	ErrLegacy   = errors.New("virtio: the device is older than virtio 1.0")
	ErrFeatures = errors.New("virtio: the device refuses the features it offered")
	ErrNoQueue  = errors.New("virtio: the device lacks a queue, or it is too small")
	ErrBroken   = errors.New("virtio: the device needs a reset")
)

// resetPatience is how often a device is asked whether its reset is done.
const resetPatience = 10_000

// Reset resets the device and waits until it has.
func Reset(t Transport) error {
	t.SetStatus(0)
	for range resetPatience {
		if t.Status() == 0 {
			return nil
		}
	}
	return ErrReset
}

// Start resets the device and agrees with it on wanted, as far as the device
// has it; FeatureVersion1 is required (3.1.1, steps 1 to 6).
func Start(t Transport, wanted Features) (Features, error) {
	return StartWith(t, func(Features) Features { return wanted })
}

// StartWith is Start for a driver that wants some features only with others:
// want is told what the device offers.
func StartWith(t Transport, want func(offered Features) Features) (Features, error) {
	if err := Reset(t); err != nil {
		return 0, err
	}
	t.SetStatus(StatusAcknowledge)
	t.SetStatus(StatusAcknowledge | StatusDriver)
	offered := t.Features()
	if offered&FeatureVersion1 == 0 {
		t.SetStatus(StatusFailed)
		return 0, ErrLegacy
	}
	accepted := offered & (want(offered) | FeatureVersion1)
	t.SetFeatures(accepted)
	t.SetStatus(StatusAcknowledge | StatusDriver | StatusFeaturesOK)
	if t.Status()&StatusFeaturesOK == 0 {
		t.SetStatus(StatusFailed)
		return 0, ErrFeatures
	}
	return accepted, nil
}

// Ready lets the device work (3.1.1, step 8).
//
// Preconditions: Start; all queues are enabled.
func Ready(t Transport) {
	t.SetStatus(StatusAcknowledge | StatusDriver | StatusFeaturesOK | StatusDriverOK)
}

// Check returns ErrBroken when the device has given up.
func Check(t Transport) error { return t.Status().Check() }

// Check returns ErrBroken for the status of a device that has given up.
func (s Status) Check() error {
	if s&StatusNeedsReset != 0 || s&StatusDriverOK == 0 {
		return ErrBroken
	}
	return nil
}

// GiveUp stops a device for good: after its reset it touches no memory.
func GiveUp(t Transport) {
	_ = Reset(t) // what does not reset cannot be stopped
	t.SetStatus(StatusFailed)
}
