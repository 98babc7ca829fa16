package fuse

import (
	"encoding/binary"
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mewz/abi"
	"mewz/kernel/device"
	"mewz/kernel/vfs"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/request"
	"mewz/test/qtest"
	"mewz/vmm/qemu"
)

// vhost is the front end of vhost-user in Go (QEMU, docs/interop/vhost-user.rst): a
// machine and a device behind which the real virtiofsd works, without a VMM.
type vhost struct {
	t testing.TB
	*qtest.Memory
	socket *os.File
	status virtio.Status
	agreed virtio.Features
	queues map[uint16]*vhostQueue
	driver interface {
		Arm() (uint32, bool)
		Disarm()
		Pending() bool
	}
	daemon *qemu.VirtioFS
	set    []unix.PollFd // of the queues
	one    [8]byte       // what an eventfd takes and gives
}

type vhostQueue struct {
	at         virtio.QueueAddresses
	kick, call int
}

const vhostMemory = 16 << 20

// vhostPatience bounds the wait for an answer of virtiofsd; requests of the driver have a bound of their own.
const vhostPatience = 2 * time.Minute

// Requests of vhost-user.
const (
	vhostGetFeatures  = 1
	vhostSetFeatures  = 2
	vhostSetOwner     = 3
	vhostSetMemTable  = 5
	vhostSetVringNum  = 8
	vhostSetVringAddr = 9
	vhostSetVringBase = 10
	vhostSetVringKick = 12
	vhostSetVringCall = 13
)

// newVhost starts virtiofsd for a directory, or skips the test.
func newVhost(t testing.TB, directory string) *vhost {
	t.Helper()
	if _, err := qemu.FindVirtioFS(); err != nil {
		t.Skip(err)
	}
	if os.Geteuid() != 0 {
		t.Skip("virtiofsd of QEMU serves root only")
	}
	d, err := qemu.StartVirtioFS(t.Context(), qemu.VirtioFSShare{Directory: directory, Tag: "test"})
	if err != nil {
		t.Fatal(err)
	}
	v := &vhost{
		t: t, Memory: qtest.NewMemory(t, vhostMemory), daemon: d, socket: d.Connection(), queues: map[uint16]*vhostQueue{}, one: [8]byte{1},
	}
	t.Cleanup(func() {
		d.Close()
		for _, q := range v.queues {
			unix.Close(q.kick)
			unix.Close(q.call)
		}
		if t.Failed() {
			t.Log(d.Said())
		}
	})
	return v
}

// say sends a message of 64-bit and 32-bit numbers, with descriptors.
func (v *vhost) say(kind uint32, payload []byte, descriptors ...int) {
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	var rights []byte
	if len(descriptors) != 0 {
		rights = unix.UnixRights(descriptors...)
	}
	raw, _ := v.socket.SyscallConn()
	raw.Write(func(fd uintptr) bool {
		if err := unix.Sendmsg(int(fd), append(b, payload...), rights, nil, 0); err != nil {
			v.t.Logf("vhost-user: %v", err)
		}
		return true
	})
}

func numbers64(list ...uint64) (b []byte) {
	for _, n := range list {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return b
}

func (v *vhost) Features() virtio.Features {
	v.say(vhostGetFeatures, nil)
	answer := make([]byte, 20)
	if err := v.socket.SetReadDeadline(time.Now().Add(vhostPatience)); err != nil {
		v.t.Error(err)
	}
	if _, err := io.ReadFull(v.socket, answer); err != nil {
		v.t.Error(err)
	}
	return virtio.Features(binary.LittleEndian.Uint64(answer[12:])) &^ (1 << 30)
}

func (v *vhost) Status() virtio.Status                              { return v.status }
func (v *vhost) SetFeatures(f virtio.Features)                      { v.agreed = f }
func (v *vhost) QueueMax(uint16) uint16                             { return 128 }
func (v *vhost) Config(uint32) uint32                               { return 1 }
func (v *vhost) Config16(uint32) uint16                             { return 0 }
func (v *vhost) Config8(offset uint32) uint8                        { return "test\x00"[min(offset, 4)] }
func (v *vhost) Acknowledge() error                                 { return nil }
func (v *vhost) Slots() uint32                                      { return 1 }
func (v *vhost) Map(abi.PhysAddr, uint64) (device.Registers, error) { return nil, device.ErrMap }
func (v *vhost) Wait(uint32, time.Duration) uint32                  { panic("not used") }

func (v *vhost) EnableQueue(index uint16, a virtio.QueueAddresses) error {
	kick, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return err
	}
	call, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	v.queues[index] = &vhostQueue{a, kick, call}
	v.set = append(v.set, unix.PollFd{Fd: int32(call), Events: unix.POLLIN})
	return err
}

// SetStatus hands memory and queues over when the driver is ready.
func (v *vhost) SetStatus(s virtio.Status) {
	was := v.status
	v.status = s
	if s&virtio.StatusDriverOK == 0 || was&virtio.StatusDriverOK != 0 {
		return
	}
	v.say(vhostSetOwner, nil)
	v.say(vhostSetFeatures, numbers64(uint64(v.agreed)))
	v.say(vhostSetMemTable, numbers64(1, 0, vhostMemory, 0, 0), int(v.File.Fd()))
	for i, q := range v.queues {
		pair := func(n uint32) []byte {
			return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(i)), n)
		}
		v.say(vhostSetVringNum, pair(uint32(q.at.Size)))
		v.say(vhostSetVringBase, pair(0))
		v.say(vhostSetVringAddr, append(pair(0), numbers64(uint64(q.at.Descriptors), uint64(q.at.Used), uint64(q.at.Available), 0)...))
		v.say(vhostSetVringCall, numbers64(uint64(i)), q.call)
		v.say(vhostSetVringKick, numbers64(uint64(i)), q.kick)
	}
}

func (v *vhost) Notify(index uint16) { unix.Write(v.queues[index].kick, v.one[:]) }

// pause waits for an interrupt.
func (v *vhost) pause(limit time.Duration) {
	for range 2000 { // an answer takes less than to sleep and to be woken
		if v.driver == nil {
			break
		}
		if v.driver.Pending() {
			return
		}
	}
	if v.driver != nil {
		if _, pending := v.driver.Arm(); pending {
			return
		}
		defer v.driver.Disarm()
	} else {
		limit = min(limit, time.Millisecond)
	}
	if n, _ := unix.Poll(v.set, int(min(limit, 50*time.Millisecond)/time.Millisecond)+1); n > 0 {
		for _, p := range v.set {
			unix.Read(int(p.Fd), v.one[:])
		}
		v.one = [8]byte{1}
	}
}

// openVhost opens a share behind the real virtiofsd.
func openVhost(t testing.TB, directory string) *FileSystem {
	t.Helper()
	f, _ := openReached(t, directory)
	return f
}

// openReached is openVhost; calls of the second go to the first, with memory that virtiofsd
// reaches as that of a program.
func openReached(t testing.TB, directory string) (*FileSystem, vfs.FileSystem) {
	t.Helper()
	v := newVhost(t, directory)
	f, err := Open(request.Machine{Machine: v, Transport: v, Pause: v.pause}, func(s string) { t.Log(s) })
	must(t, "Open", err)
	v.driver = f
	reached, err := v.Linear(f)
	must(t, "Linear", err)
	return f, reached
}
