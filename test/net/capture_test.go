package net

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// Of a capture (libpcap's format, draft-ietf-opsawg-pcap): the header of the file and of a packet.
const (
	captureMagic       = 0xa1b2c3d4
	captureHeaderBytes = 24
	packetHeaderBytes  = 16
	linkTypeEthernet   = 1
)

// TestCapture finds what a client has sent, and what it got, in the file of --pcap, each in a frame from the
// side that it came from.
func TestCapture(t *testing.T) {
	const word = "a datagram that is in the capture twice"
	each(t, false, func(t *testing.T, k kind) {
		if k.vmm != "qemu" {
			t.Skip("QEMU writes captures")
		}
		file := filepath.Join(t.TempDir(), "wire.pcap")
		m := start(t, k, spec{program: udp, args: []string{strconv.Itoa(udpPort)}, udp: udpPort, flags: []string{"--pcap", file}})
		c, err := m.ns.dial("udp", m.address(udpPort))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if !echoOne(t, c, []byte(word), make([]byte, 100)) {
			t.Fatal("no answer")
		}
		send(t, c, "quit")
		m.wait(t)
		to, from := false, false
		for i, frame := range readCapture(t, file) {
			if !bytes.Contains(frame.data, []byte(word)) {
				continue
			}
			const etherTypeIPv4, udpProtocol, ethernetBytes, ipBytes = 0x0800, 17, 14, 20
			if binary.BigEndian.Uint16(frame.data[12:]) != etherTypeIPv4 || frame.data[ethernetBytes+9] != udpProtocol {
				t.Errorf("frame %d has the datagram and is none: %x", i, frame.data)
			}
			ports := frame.data[ethernetBytes+ipBytes:]
			from = from || binary.BigEndian.Uint16(ports) == udpPort
			to = to || binary.BigEndian.Uint16(ports[2:]) == udpPort
			if age := time.Since(frame.at); age < -time.Minute || age > readyTimeout {
				t.Errorf("frame %d is of %v", i, frame.at)
			}
		}
		if !to || !from {
			t.Errorf("the capture has the datagram to the machine: %v, from it: %v", to, from)
		}
	})
}

// captured is a frame of a capture.
type captured struct {
	at   time.Time
	data []byte
}

// readCapture reads all of a file.
func readCapture(t *testing.T, file string) (frames []captured) {
	t.Helper()
	all, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	if len(all) < captureHeaderBytes || le.Uint32(all) != captureMagic || le.Uint32(all[20:]) != linkTypeEthernet {
		t.Fatalf("%d bytes are no capture of Ethernet", len(all))
	}
	for all = all[captureHeaderBytes:]; len(all) > 0; {
		if len(all) < packetHeaderBytes || len(all) < packetHeaderBytes+int(le.Uint32(all[8:])) {
			t.Fatalf("the last packet is cut: %d bytes", len(all))
		}
		n := int(le.Uint32(all[8:]))
		frames = append(frames, captured{
			time.Unix(int64(le.Uint32(all)), int64(le.Uint32(all[4:]))*1000), all[packetHeaderBytes : packetHeaderBytes+n],
		})
		all = all[packetHeaderBytes+n:]
	}
	return frames
}
