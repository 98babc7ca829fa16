package interop

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mewz/abi"
	"mewz/kernel/packet/packettest"
	"mewz/kernel/packet/tap"
)

// joined is a host whose frames do not go over the link of its world.
type joined struct{ host }

func (joined) Sent() [][]byte { return nil }
func (joined) Inject([]byte)  {}

// TestTAP sends much over the driver of TAP devices, with all that Linux does for it: frames of 64 KiB in both
// directions, and no sums.
func TestTAP(t *testing.T) {
	const bytes = 32 << 20
	for client := range 2 {
		t.Run(fmt.Sprint("client ", client), func(t *testing.T) {
			l := newLinuxWith(t, 1, unix.IFF_VNET_HDR)
			if err := unix.IoctlSetPointerInt(l.tap, unix.TUNSETVNETHDRSZ, abi.NetworkHeaderBytes); err != nil {
				t.Fatal(err)
			}
			// The driver wants a descriptor that was inherited. Other tests start no processes while this one runs.
			if _, err := unix.FcntlInt(uintptr(l.tap), unix.F_SETFD, 0); err != nil {
				t.Fatal(err)
			}
			clock := new(packettest.Clock)
			clock.Advance(time.Second)
			o := &ours{pool: packettest.NewPool(poolBytes)}
			device, err := tap.Open(l.tap, o.pool, seeded{rand.NewChaCha8([32]byte{})})
			if err != nil {
				t.Fatal(err)
			}
			o.start(t, device, clock.Now, 0, 1)
			w := pair{newRealWorld(t, clock, joined{o}, joined{l}, packettest.Behavior{}, 1), o}
			w.watch(l.tap)
			w.transfer(exchange{client: client, server: 1 - client, six: client == 1, bytes: [2]int{bytes, bytes}, connections: 2})
			w.empty()
		})
	}
}
