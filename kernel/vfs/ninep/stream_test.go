package ninep

import (
	"syscall"
	"testing"
	"time"

	"mewz/kernel/device"
)

// TestSendPauses: the rest of the machine goes on while a server takes nothing.
func TestSendPauses(t *testing.T) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(pair[0])
	defer syscall.Close(pair[1])
	payload, taken, pauses := make([]byte, partBytes), 0, 0
	take := func() {
		b := make([]byte, len(payload))
		for {
			n, err := syscall.Read(pair[1], b)
			if n <= 0 || err != nil {
				return
			}
			taken += n
		}
	}
	client := &stream{descriptor: pair[0], received: make([]byte, messageBytes), pause: func(time.Duration) {
		if pauses++; pauses > 1 {
			take()
		}
	}}
	if err := client.send(&slot{out: []byte("head"), payload: device.Memory{Bytes: payload}}); err != nil {
		t.Fatal(err)
	}
	take()
	if pauses < 2 || taken != len("head")+len(payload) {
		t.Errorf("%d pauses, %d bytes of %d", pauses, taken, len("head")+len(payload))
	}
}
