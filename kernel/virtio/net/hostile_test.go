package net

import (
	"encoding/binary"
	"errors"
	"testing"

	"mewz/kernel/packet"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/virtiotest"
)

// TestLies: a device that breaks a rule is stopped, everything it had is
// released, and the driver goes on as if it sent into the void.
func TestLies(t *testing.T) {
	tests := []struct {
		name string
		lie  func(rx, tx *virtiotest.Queue)
		want error
	}{
		{"receive index jumps", func(rx, _ *virtiotest.Queue) { rx.SetUsed(rx.UsedIdx + 300) }, virtio.ErrUsedIndex},
		{"receive index goes back", func(rx, _ *virtiotest.Queue) { rx.SetUsed(rx.UsedIdx - 1) }, virtio.ErrUsedIndex},
		{"receive head beyond the queue", func(rx, _ *virtiotest.Queue) { rx.PushRaw(256, 60) }, virtio.ErrUsedHead},
		{"more than a buffer holds", func(rx, _ *virtiotest.Queue) { rx.PushRaw(3, receiveBytes+1) }, virtio.ErrUsedLength},
		{"less than a header", func(rx, _ *virtiotest.Queue) { rx.PushRaw(3, headerBytes-1) }, ErrShort},
		{"nothing", func(rx, _ *virtiotest.Queue) { rx.PushRaw(3, 0) }, ErrShort},
		{"a frame of no buffers", func(rx, _ *virtiotest.Queue) { pushCount(rx, 0) }, ErrBuffers},
		{"a frame of more buffers than there are", func(rx, _ *virtiotest.Queue) { pushCount(rx, 2) }, ErrBuffers},
		{"a frame of too many buffers", func(rx, _ *virtiotest.Queue) { pushCount(rx, 0xffff) }, ErrBuffers},
		{"send index jumps", func(_, tx *virtiotest.Queue) { tx.SetUsed(tx.UsedIdx + 9) }, virtio.ErrUsedIndex},
		{"send head beyond the queue", func(_, tx *virtiotest.Queue) { tx.PushRaw(999, 0) }, virtio.ErrUsedHead},
		{"send head of nothing", func(_, tx *virtiotest.Queue) { tx.PushRaw(200, 0) }, virtio.ErrUsedHead},
	}
	for _, test := range tests {
		for i, transport := range transports {
			p, _ := newPeer(all)
			p.async, p.Lies = true, true
			d, pool := p.mustStart(t, i)
			for range 4 {
				send(t, d, pool, "head", "payload", 7)
			}
			d.Flush()
			if pool.Used() != 4 {
				t.Fatalf("%s: %d chunks are held, want 4", test.name, pool.Used())
			}
			reserved := d.Reserve()
			test.lie(&p.Queues[queueReceive], &p.Queues[queueTransmit])
			for range 3 {
				d.Receive()
				d.Recycle()
				d.Flush()
			}
			if !errors.Is(d.Err(), test.want) {
				t.Errorf("%s, %s: Err = %v, want %v", transport.name, test.name, d.Err(), test.want)
			}
			checkGivenUp(t, test.name, p, d, pool, reserved)
		}
	}
}

// pushCount receives a frame whose header says how many buffers it has.
func pushCount(rx *virtiotest.Queue, n uint16) {
	c, _ := rx.Pop()
	binary.LittleEndian.PutUint16(c.Into[0][10:], n)
	rx.Push(c.Head, 100)
}

// checkGivenUp checks that a device that was given up swallows everything.
func checkGivenUp(t *testing.T, name string, p *peer, d *Device, pool *packet.Pool, reserved *packet.Frame) {
	t.Helper()
	if p.Status&virtio.StatusDriverOK != 0 || pool.Used() != 0 {
		t.Errorf("%s: status %#x, %d chunks are held", name, p.Status, pool.Used())
	}
	before := len(p.sent)
	d.Send(reserved)
	for range 1000 {
		f := d.Reserve()
		if f == nil {
			t.Fatalf("%s: no room in the void", name)
		}
		d.Send(f)
		send(t, d, pool, "head", "payload", 7)
		d.Flush()
	}
	if d.Receive() != nil || d.Pending() || len(p.sent) != before || pool.Used() != 0 || d.LinkUp() {
		t.Errorf("%s: a device that is given up still works, %d chunks are held", name, pool.Used())
	}
	if slots, pending := d.Arm(); slots != 0 || pending {
		t.Errorf("%s: Arm of a device that is given up = %#x, %v", name, slots, pending)
	}
	d.Disarm()
}

// TestNeedsReset: a device that asks for a reset is given up when the machine waits.
func TestNeedsReset(t *testing.T) {
	for i, transport := range transports {
		for _, dead := range []bool{false, true} {
			p, _ := newPeer(all)
			p.async = true
			d, pool := p.mustStart(t, i)
			send(t, d, pool, "head", "payload", 7)
			reserved := d.Reserve()
			d.Flush()
			if _, pending := d.Arm(); pending || d.Err() != nil {
				t.Fatalf("%s: pending %v, %v", transport.name, pending, d.Err())
			}
			if p.Dead = dead; !dead {
				p.Status |= virtio.StatusNeedsReset
				p.Isr |= 2
			}
			if _, pending := d.Arm(); !pending || !errors.Is(d.Err(), virtio.ErrBroken) {
				t.Errorf("%s, dead %v: pending %v, Err = %v", transport.name, dead, pending, d.Err())
			}
			if !dead {
				checkGivenUp(t, transport.name, p, d, pool, reserved)
			}
		}
	}
}

// TestLostNotifications: a device that asked for a notification too late gets one
// when the machine waits, and when it never does after a while.
func TestLostNotifications(t *testing.T) {
	for i, transport := range transports {
		for _, features := range []virtio.Features{0, all} {
			p, _ := newPeer(features)
			d, pool := p.mustStart(t, i)
			lose := func() {
				p.Queues[queueTransmit].Ask(false)
				send(t, d, pool, "head", "payload", 7)
				d.Flush()
				p.Queues[queueTransmit].Ask(true)
			}
			if lose(); len(p.sent) != 0 {
				t.Fatal("the notification was not lost")
			}
			if d.Arm(); len(p.sent) != 1 {
				t.Errorf("%s, %#x: a wait begins with a frame that the device has not seen", transport.name, features)
			}
			d.Disarm()
			d.Flush()
			lose()
			for range stillMax + 1 {
				d.Flush()
			}
			if len(p.sent) != 2 || pool.Used() != 0 {
				t.Errorf("%s, %#x: after %d more calls of Flush %d frames are sent", transport.name, features, stillMax, len(p.sent))
			}
		}
	}
}

// FuzzDevice lets the input choose what both sides do. Whatever the device does,
// nothing panics, no chunk is lost and none is released twice (which panics).
func FuzzDevice(f *testing.F) {
	f.Add([]byte{0, 0, 1, 3, 2, 4, 60, 5, 6})
	f.Add([]byte{3, 3, 4, 70, 4, 71, 5, 7, 1, 9, 8, 3, 10, 200, 5})
	f.Add([]byte{0, 1, 10, 16, 255, 1, 11, 8, 9, 1, 5})
	f.Fuzz(func(t *testing.T, actions []byte) {
		if len(actions) == 0 {
			return
		}
		features := virtio.Features(uint64(actions[0])<<8|uint64(actions[0])) & all
		if actions[0]&4 != 0 {
			features |= virtio.FeatureEventIndex
		}
		p, m := newPeer(features)
		p.async, p.Lies = true, true
		d, pool := p.mustStart(t, int(actions[0])%len(transports))
		fuzzed := fuzzer{t: t, p: p, m: m, d: d, pool: pool, in: actions[1:]}
		writeCounts(d, 1)
		for len(fuzzed.in) > 0 {
			fuzzed.step()
		}
		for _, frame := range fuzzed.reserved {
			d.Cancel(frame)
		}
		d.fail(virtio.ErrBroken)
		if pool.Used() != 0 {
			t.Fatalf("%d chunks are held by nobody", pool.Used())
		}
	})
}

type fuzzer struct {
	t        *testing.T
	p        *peer
	m        *virtiotest.Machine
	d        *Device
	pool     *packet.Pool
	in       []byte
	reserved []*packet.Frame
}

func (f *fuzzer) byte() int {
	if len(f.in) == 0 {
		return 0
	}
	b := f.in[0]
	f.in = f.in[1:]
	return int(b)
}

func (f *fuzzer) step() {
	rx, tx := &f.p.Queues[queueReceive], &f.p.Queues[queueTransmit]
	switch f.byte() % 15 {
	case 0:
		if frame := f.d.Reserve(); frame != nil {
			f.reserved = append(f.reserved, frame)
		}
	case 1:
		if n := len(f.reserved); n > 0 {
			f.send(f.reserved[n-1], f.byte()%(packet.PartsMax+1))
			f.reserved = f.reserved[:n-1]
		}
	case 2:
		f.d.Flush()
	case 3:
		if r := f.d.Receive(); r != nil {
			sum := byte(0)
			for _, b := range append([][]byte{r.Bytes}, r.More...) {
				for _, c := range b {
					sum += c
				}
			}
		}
	case 4: // an honest frame
		if head, ok := rx.PopHead(); ok {
			rx.Push(head, uint32(headerBytes+f.byte()))
		}
	case 5:
		f.d.Recycle()
	case 6:
		f.d.Arm()
	case 7:
		f.d.Disarm()
	case 8:
		rx.PushRaw(uint32(f.byte()), uint32(f.byte()*10))
	case 9:
		tx.PushRaw(uint32(f.byte()), uint32(f.byte()))
	case 10: // a write anywhere in the rings
		f.scribble([]*virtiotest.Queue{rx, tx}[f.byte()%2])
	case 13: // how many buffers frames have
		writeCounts(f.d, uint16(f.byte()))
	case 14: // an honest device
		if head, ok := tx.PopHead(); ok {
			tx.Push(head, 0)
		}
	case 11:
		[]*virtiotest.Queue{rx, tx}[f.byte()%2].SetUsed(uint16(f.byte()))
	case 12:
		f.p.Status = virtio.Status(f.byte())
		f.p.Isr = uint32(f.byte())
	}
}

func (f *fuzzer) send(frame *packet.Frame, parts int) {
	frame.HeaderBytes = uint16(f.byte() % (packet.HeaderMaxBytes + 1))
	frame.PartCount = 0
	var chunks []packet.ChunkID
	for range parts {
		id, ok := f.pool.Get()
		if !ok {
			break
		}
		chunks = append(chunks, id)
		frame.Parts[frame.PartCount] = packet.Part{Chunk: id, Bytes: 100}
		frame.PartCount++
	}
	f.d.Send(frame)
	for _, id := range chunks {
		f.pool.Release(id)
	}
}

func (f *fuzzer) scribble(q *virtiotest.Queue) {
	at := f.byte()
	for _, b := range [][]byte{
		f.m.Bytes(q.At.Descriptors, 16*int(q.At.Size)),
		f.m.Bytes(q.At.Available, 6+2*int(q.At.Size)),
		f.m.Bytes(q.At.Used, 6+8*int(q.At.Size)),
	} {
		if b != nil {
			b[at*len(b)/256] = byte(f.byte())
		}
	}
}
