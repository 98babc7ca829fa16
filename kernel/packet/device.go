package packet

// Sizes.
const (
	// HeaderMaxBytes is room for the headers of a frame: Ethernet 14, IPv6 40, TCP 60.
	HeaderMaxBytes = 128
	// PartsMax bounds the pieces of payload of a frame: 64 KiB of chunks, of which
	// the first and the last may be parts.
	PartsMax = 17
)

// Segmentation is how a device cuts a frame that is larger than the MTU, or how
// it has put one together (virtio 1.2, 5.1.6: gso_type).
type Segmentation uint8

// Kinds of segmentation.
const (
	SegmentNone Segmentation = 0
	SegmentTCP4 Segmentation = 1 // VIRTIO_NET_HDR_GSO_TCPV4
	SegmentTCP6 Segmentation = 4 // VIRTIO_NET_HDR_GSO_TCPV6
)

// Offload is what a device does for its driver.
type Offload struct {
	SendChecksum bool // finishes Frame.Checksum
	SendTCP4     bool // cuts TCP over IPv4
	SendTCP6     bool
}

// Part is payload of a frame: bytes of a chunk.
type Part struct {
	Chunk  ChunkID
	Offset uint16
	Bytes  uint16
}

// Frame is a frame to send. Device.Reserve gives it, Device.Send or
// Device.Cancel takes it back. Its bytes are Header[:HeaderBytes], then the parts.
type Frame struct {
	// Header has HeaderMaxBytes, from the Ethernet header on. What is in it
	// is what an earlier frame left.
	Header      []byte
	HeaderBytes uint16
	PartCount   uint8
	Parts       [PartsMax]Part

	// Checksum asks the device to sum from ChecksumStart (in the frame) to the
	// end and to put the result ChecksumOffset behind ChecksumStart, where the
	// sum of the pseudo header lies already, not inverted.
	// Preconditions: Offload.SendChecksum.
	Checksum       bool
	ChecksumStart  uint16
	ChecksumOffset uint16

	// Segmentation asks the device to cut the payload into SegmentBytes each.
	// Preconditions: the device's Offload; Checksum.
	Segmentation Segmentation
	SegmentBytes uint16

	// Slot is the driver's own.
	Slot uint16
}

// Received is a frame that has arrived.
type Received struct {
	// Bytes begin with the Ethernet header. All headers lie in it when the frame
	// has more than one buffer, unless the device lies: check.
	Bytes []byte
	// More is the rest of a frame that spans several buffers.
	More [][]byte
	// ChecksumGood says that the transport checksum needs no check: the device
	// has checked it, or the frame never left the host.
	ChecksumGood bool
	// SegmentBytes is the payload of each segment that the device has joined, or
	// 0: the frame came as it is.
	SegmentBytes uint16
}

// MAC is an Ethernet address.
type MAC [6]byte

// Device is a network interface: kernel/virtio/net, or a fake.
type Device interface {
	MAC() MAC
	// MTU is the largest IP packet.
	MTU() int
	Offload() Offload
	// Receive returns the next frame that has arrived, or nil. It is valid until
	// Receive is called again.
	Receive() *Received
	// Recycle gives the buffers of all frames received back to the device.
	Recycle()
	// Reserve returns a frame to fill, or nil when the device has no room: try again
	// after a later Recycle or Flush.
	Reserve() *Frame
	// Cancel gives a frame back unsent.
	Cancel(f *Frame)
	// Send queues a frame. The device holds its chunks (Pool.Hold) until they are sent.
	Send(f *Frame)
	// Flush tells the device of the frames sent, at most once, and takes back
	// what it is done with.
	Flush()
	// Err returns why the device is given up, or nil. A device that is given up
	// receives nothing and swallows what is sent.
	Err() error
}
