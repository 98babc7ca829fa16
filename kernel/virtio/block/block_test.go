package block

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"mewz/kernel/system"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/discovery"
	"mewz/kernel/virtio/request"
	"mewz/kernel/virtio/virtiotest"
)

const diskBytes = 4 << 20

// disk is a block device that answers late and in any order.
type disk struct {
	*virtiotest.Device
	data    []byte
	waiting []virtiotest.Chain
	random  *rand.Rand
	flushes int
	broken  func(kind uint32, sector uint64) bool // fails such requests
	lie     func(q *virtiotest.Queue, c virtiotest.Chain) bool
	unsafe  int // writes since the last flush
	most    int // requests at once
}

func newDisk(t testing.TB, transport string, features virtio.Features) (*disk, request.Machine) {
	t.Helper()
	m := virtiotest.NewMachine()
	d := &disk{
		Device: virtiotest.NewDevice(m, virtio.DeviceBlock, features|virtio.FeatureEventIndex),
		data:   make([]byte, diskBytes), random: rand.New(rand.NewPCG(1, 2)),
	}
	binary.LittleEndian.PutUint64(d.Config[configCapacity:], diskBytes/SectorBytes)
	binary.LittleEndian.PutUint32(d.Config[configSizeMax:], 5000)
	d.Notified = func(uint16) { d.collect() }
	var found []discovery.Device
	var err error
	if transport == "mmio" {
		m.Windows[0xfeb0_0000] = virtiotest.MicroVM{Index: 3, Registers: virtiotest.MMIO{Device: d.Device}}
		found, err = discovery.Find(m, nil)
	} else {
		found, err = discovery.Find(m, virtiotest.NewPCI(d.Device))
	}
	if err != nil || len(found) != 1 {
		t.Fatalf("Find = %v, %v", found, err)
	}
	registers, err := found[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	pause := func(limit time.Duration) {
		d.serve()
		m.Wait(1, min(limit, 100*time.Millisecond))
	}
	return d, request.Machine{Machine: m, Transport: registers, Pause: pause}
}

func (d *disk) collect() {
	q := &d.Queues[0]
	for c, ok := q.Pop(); ok; c, ok = q.Pop() {
		d.waiting = append(d.waiting, c)
	}
	q.Ask(true)
	d.most = max(d.most, len(d.waiting))
}

// serve answers one request, any of them.
func (d *disk) serve() {
	d.collect()
	if len(d.waiting) == 0 {
		return
	}
	i := d.random.IntN(len(d.waiting))
	c := d.waiting[i]
	d.waiting = append(d.waiting[:i], d.waiting[i+1:]...)
	q := &d.Queues[0]
	if d.lie != nil && d.lie(q, c) {
		return
	}
	kind, sector := binary.LittleEndian.Uint32(c.Read), binary.LittleEndian.Uint64(c.Read[8:])
	status, written := c.Into[len(c.Into)-1], 1
	switch status[0] = statusOK; {
	case d.broken != nil && d.broken(kind, sector):
		status[0] = 1
	case kind == typeIn:
		written += copy(c.Into[0], d.data[sector*SectorBytes:])
	case kind == typeOut:
		copy(d.data[sector*SectorBytes:], c.Read[headerBytes:])
		d.unsafe++
	case kind == typeFlush:
		d.flushes++
		d.unsafe = 0
	case kind == typeGetID:
		written += copy(c.Into[0], "volume-7\x00garbage")
	default:
		status[0] = 2
	}
	q.Push(c.Head, uint32(written))
}

// TestDisk: random reads and writes against a copy, on both transports, with and
// without a bound of the request size.
func TestDisk(t *testing.T) {
	for _, transport := range []string{"mmio", "pci"} {
		for _, features := range []virtio.Features{0, FeatureFlush, FeatureFlush | FeatureSizeMax} {
			d, m := newDisk(t, transport, features)
			device, err := Open(m)
			if err != nil || device.Bytes() != diskBytes || device.Serial() != "volume-7" || device.ReadOnly() {
				t.Fatalf("Open = %+v, %v", device, err)
			}
			model := make([]byte, diskBytes)
			r := rand.New(rand.NewPCG(3, uint64(features)))
			for range 300 {
				at := r.IntN(diskBytes/SectorBytes) * SectorBytes
				n := min(diskBytes-at, r.IntN(300)*SectorBytes)
				b := make([]byte, n)
				cut := r.IntN(n + 1)
				switch r.IntN(5) {
				case 0, 1:
					for i := range b {
						b[i] = byte(r.Uint32())
					}
					if err := device.Write([][]byte{b[:cut], b[cut:]}, uint64(at)); err != nil {
						t.Fatal(err)
					}
					copy(model[at:], b)
				case 2, 3:
					if err := device.Read([][]byte{b[:cut], b[cut:]}, uint64(at)); err != nil || !bytes.Equal(b, model[at:at+n]) {
						t.Fatalf("Read(%d, %d) is wrong, %v", at, n, err)
					}
				case 4:
					if err := device.Flush(); err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(d.data, model) || features&FeatureFlush != 0 && d.unsafe != 0 {
						t.Fatal("Flush has left something")
					}
				}
			}
			if features&FeatureFlush != 0 != (d.flushes != 0) || d.most < 4 {
				t.Errorf("%d flushes, at most %d requests at once", d.flushes, d.most)
			}
		}
	}
}

// TestErrors: a write that fails is told by Flush, once; a read at once.
func TestErrors(t *testing.T) {
	d, m := newDisk(t, "mmio", FeatureFlush)
	device, err := Open(m)
	if err != nil {
		t.Fatal(err)
	}
	d.broken = func(kind uint32, sector uint64) bool { return sector == 8 }
	b := make([]byte, SectorBytes)
	for range 2 {
		for i := range 40 {
			if err := device.Write([][]byte{b}, uint64(i)*SectorBytes); err != nil {
				t.Fatal(err)
			}
		}
		if err := device.Flush(); err != syscall.EIO {
			t.Errorf("Flush = %v, want EIO", err)
		}
		if err := device.Flush(); err != nil {
			t.Errorf("Flush = %v after the error was told", err)
		}
	}
	if err := device.Read([][]byte{make([]byte, 20*SectorBytes)}, 8*SectorBytes); err != syscall.EIO {
		t.Errorf("Read = %v, want EIO", err)
	}
	d.broken = func(kind uint32, _ uint64) bool { return kind == typeFlush }
	if err := device.Flush(); err != syscall.EIO {
		t.Errorf("Flush = %v, want EIO", err)
	}
	for _, bad := range []struct {
		n  int
		at uint64
	}{{1, 0}, {SectorBytes, 1}, {SectorBytes, diskBytes}, {2 * SectorBytes, diskBytes - SectorBytes}, {0, 1<<64 - SectorBytes}} {
		if err := device.Read([][]byte{make([]byte, bad.n)}, bad.at); err != syscall.EINVAL {
			t.Errorf("Read(%v) = %v, want EINVAL", bad, err)
		}
		if err := device.Write([][]byte{make([]byte, bad.n)}, bad.at); err != syscall.EINVAL {
			t.Errorf("Write(%v) = %v, want EINVAL", bad, err)
		}
	}
}

// TestReadOnly: what cannot be written says so.
func TestReadOnly(t *testing.T) {
	_, m := newDisk(t, "pci", FeatureReadOnly)
	device, err := Open(m)
	if err != nil || !device.ReadOnly() {
		t.Fatalf("Open = %+v, %v", device, err)
	}
	if err := device.Write([][]byte{make([]byte, SectorBytes)}, 0); err != syscall.EROFS {
		t.Errorf("Write = %v, want EROFS", err)
	}
}

// TestHostile: devices that lie end every call with an error.
func TestHostile(t *testing.T) {
	for _, test := range []struct {
		name string
		lie  func(q *virtiotest.Queue, c virtiotest.Chain) bool
	}{
		{"no status", func(q *virtiotest.Queue, c virtiotest.Chain) bool { q.Push(c.Head, 0); return true }},
		{"wrong head", func(q *virtiotest.Queue, c virtiotest.Chain) bool { q.PushRaw(63, 0); return true }},
		{"index jumps", func(q *virtiotest.Queue, c virtiotest.Chain) bool { q.SetUsed(q.UsedIdx + 40); return true }},
		{"too long", func(q *virtiotest.Queue, c virtiotest.Chain) bool { q.PushRaw(uint32(c.Head), 1<<30); return true }},
		{"silence", func(q *virtiotest.Queue, c virtiotest.Chain) bool { return true }},
	} {
		d, m := newDisk(t, "mmio", FeatureFlush)
		device, err := Open(m)
		if err != nil {
			t.Fatal(err)
		}
		d.Lies, d.lie = true, test.lie
		if err := device.Read([][]byte{make([]byte, 100*SectorBytes)}, 0); !errors.Is(err, syscall.EIO) {
			t.Errorf("%s: Read = %v, want EIO", test.name, err)
		}
		_ = device.Write([][]byte{make([]byte, 100*SectorBytes)}, 0)
		if err := device.Flush(); err == nil {
			t.Errorf("%s: Flush succeeds", test.name)
		}
	}
	for name, spoil := range map[string]func(d *disk){
		"size":     func(d *disk) { binary.LittleEndian.PutUint32(d.Config[configSizeMax:], 511) },
		"capacity": func(d *disk) { binary.LittleEndian.PutUint64(d.Config[configCapacity:], 1<<60) },
		"queue":    func(d *disk) { d.QueueMax = 2 },
	} {
		d, m := newDisk(t, "mmio", FeatureSizeMax)
		spoil(d)
		if device, err := Open(m); err == nil || d.Status&virtio.StatusDriverOK != 0 {
			t.Errorf("%s: Open = %v, %v", name, device, err)
		}
	}
}

// TestFile: a file of the host behaves as a device.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(name, make([]byte, 10*SectorBytes+7), 0o600); err != nil {
		t.Fatal(err)
	}
	host, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	f, err := OpenFile(int(host.Fd()), waitFor)
	if err != nil || f.Bytes() != 10*SectorBytes || f.ReadOnly() {
		t.Fatalf("OpenFile = %+v, %v", f, err)
	}
	if err := f.Write([][]byte{[]byte("abc"), []byte("def")}, 100); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4)
	if err := f.Read([][]byte{b[:1], b[1:]}, 101); err != nil || string(b) != "bcde" {
		t.Errorf("Read = %q, %v", b, err)
	}
	if err := f.Flush(); err != nil {
		t.Error(err)
	}
	if err := f.Write([][]byte{b}, f.Bytes()-3); err != syscall.EINVAL {
		t.Errorf("Write beyond the end = %v, want EINVAL", err)
	}
	if err := os.Truncate(name, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Read([][]byte{b}, 0); err != syscall.EIO {
		t.Errorf("Read of a file that was cut = %v, want EIO", err)
	}
	reader, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if f, err := OpenFile(int(reader.Fd()), waitFor); err != nil || !f.ReadOnly() || f.Write(nil, 0) != syscall.EROFS {
		t.Errorf("OpenFile of a file to be read = %+v, %v", f, err)
	}
	if _, err := OpenFile(-1, waitFor); err == nil {
		t.Error("OpenFile(-1) succeeds")
	}
}

// waitFor pauses as nobody would who has something else to do.
func waitFor(time.Duration) { runtime.Gosched() }

// TestFileLetsOthersGoOn: while the disk of a file works, who calls has time for others.
func TestFileLetsOthersGoOn(t *testing.T) {
	host, err := os.CreateTemp(t.TempDir(), "disk")
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	if err := host.Truncate(1 << 20); err != nil {
		t.Fatal(err)
	}
	var f *File
	pauses, ended := 0, 0
	f, err = OpenFile(int(host.Fd()), func(limit time.Duration) {
		pauses++
		if found, errno := system.Poll(f.Ended(), system.PollIn, limit); errno == 0 && found != 0 {
			ended++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	const turns = 100
	for i := range turns {
		if err := f.Write([][]byte{make([]byte, 4096)}, uint64(i)*4096); err != nil {
			t.Fatal(err)
		}
		if err := f.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if pauses == 0 || ended == 0 {
		t.Errorf("%d pauses, %d of them ended by the file: want some", pauses, ended)
	}
}
