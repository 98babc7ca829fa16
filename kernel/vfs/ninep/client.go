package ninep

import (
	"math/bits"
	"syscall"

	"mewz/kernel/device"
	"mewz/kernel/vfs"
)

const (
	// slotsMax is how many requests may be under way: the pieces of a read, fids that
	// are given back, and what the call itself asks.
	slotsMax = 16

	// pieceBytes is what one request reads: so much that its own cost does not count,
	// and so little that copying one while the server reads the next saves time.
	pieceBytes = 256 << 10
	pieces     = 2
	// partBytes is what one request writes: nothing is copied or written meanwhile.
	partBytes = pieces * pieceBytes

	// messageBytes is the longest message (msize): what is not copied here may be longer
	// than what is.
	messageBytes = 1<<20 + writeHeadBytes
	// messageMinBytes is what a server has to agree to: a piece. A smaller one is
	// refused rather than served slowly; QEMU and mewz take any size.
	messageMinBytes = 8 << 10

	// fidsMax bounds the fids: 10,000 open files take two each, and the nodes of
	// deep walks some more. A server keeps a descriptor of its host for many.
	fidsMax = 1 << 16

	// deadMax is how many fids wait to be given back together with a later request.
	deadMax = 8
)

// slot is a request under way. Its memory is that of the carrier.
type slot struct {
	tag       uint16
	kind      kind
	out       []byte        // the request without its payload
	memory    device.Memory // what out is in
	payload   device.Memory // the rest of the request
	in        device.Memory // the beginning of the answer, headBytes of it
	headBytes int
	into      device.Memory // the rest of the answer
	reached   bool          // payload or into is the program's memory, where carrier.reach has found it

	reply [answerHeadBytes]byte // what was in in, where no server reaches it
	bytes int                   // of the whole answer
}

// carrier takes requests to a server and answers back.
type carrier interface {
	// allocate takes memory for slots and payload, for good.
	allocate(n int) (device.Memory, error)
	// reach finds memory of the program, for one request that is sent next and ended before the
	// program goes on. It reports whether that works, and pays.
	reach(b []byte) bool
	// send sends a request; receive waits for its answer and returns how long it is.
	// Any error means that nothing comes any more.
	send(s *slot) error
	receive(s *slot) (bytes int, err error)
	// close makes sure that the server touches no memory any more.
	close()
	// source is what a wait for answers looks at.
	source() source
}

// source is a device that ends a wait (virtio/request).
type source interface {
	Arm() (slots uint32, pending bool)
	Disarm()
	Pending() bool
}

// client asks the server.
type client struct {
	carrier carrier
	log     func(string)
	failed  bool
	message int // bytes that server and client agree on

	slots   [slotsMax]slot
	idle    uint32        // slots that are not under way, as a set
	data    device.Memory // pieces of payload
	clunks  [deadMax]*slot
	clunked int // of clunks

	fids     []uint32 // given back
	fidsUsed uint32   // numbers that have ever been used
	dead     [deadMax]uint32
	deadUsed int
}

// start takes memory and agrees with the server on the protocol.
func (c *client) start() error {
	const slotBytes = requestHeadBytes + answerHeadBytes
	memory, err := c.carrier.allocate(slotsMax*slotBytes + pieces*pieceBytes)
	if err != nil {
		return err
	}
	c.data = memory.Part(0, pieces*pieceBytes) // first: aligned as the memory is
	for i := range c.slots {
		s := &c.slots[i]
		at := pieces*pieceBytes + i*slotBytes
		s.tag, s.memory, s.in = uint16(i), memory.Part(at, requestHeadBytes), memory.Part(at+requestHeadBytes, answerHeadBytes)
		s.out = s.memory.Bytes[:0]
	}
	c.idle = 1<<slotsMax - 1
	s := c.begin(kindVersion)
	s.out[5], s.out[6] = noTag&0xff, noTag>>8
	s.uint32(messageBytes)
	s.text(protocol)
	a, err := c.call(s)
	if err != nil {
		return err
	}
	n, version := a.uint32(), string(a.take(int(a.uint16())))
	switch {
	case !a.done() || n > messageBytes:
		return c.lie("Rversion")
	case version != protocol:
		return c.giveUp("the server speaks no " + protocol)
	case n < messageMinBytes:
		return c.giveUp("the server takes no messages of 8 KiB")
	}
	c.message = int(n)
	return nil
}

// giveUp ends the work with this server.
func (c *client) giveUp(why string) error {
	if !c.failed {
		c.failed = true
		c.carrier.close()
		c.log("9p: " + why + ": its files are gone (EIO)")
	}
	return vfs.ErrDamaged
}

// lie gives a server up whose answer cannot be true.
// Not inlined, for the size of the kernel: decision 0015.
//
//go:noinline
func (c *client) lie(what string) error {
	return c.giveUp("the server breaks the protocol: " + what)
}

// begin begins a request.
func (c *client) begin(k kind) *slot {
	if c.idle == 0 {
		panic("ninep: more requests than slots")
	}
	s := &c.slots[bits.TrailingZeros32(c.idle)]
	c.idle &= c.idle - 1
	s.begin(k)
	return s
}

// send sends a request, and the fids with it that are to be given back.
func (c *client) send(s *slot) error {
	c.sendOnly(s)
	for c.deadUsed > 0 && c.clunked < deadMax {
		c.deadUsed--
		clunk := c.beginFid(kindClunk, c.dead[c.deadUsed])
		c.clunks[c.clunked] = clunk
		c.clunked++
		c.sendOnly(clunk)
	}
	return c.failure()
}

func (c *client) sendOnly(s *slot) {
	n := len(s.out) + len(s.payload.Bytes)
	s.out[0], s.out[1], s.out[2], s.out[3] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24)
	if c.failed {
		return
	}
	if err := c.carrier.send(s); err != nil {
		_ = c.giveUp(err.Error())
	}
}

func (c *client) failure() error {
	if c.failed {
		return vfs.ErrDamaged
	}
	return nil
}

// beginFid begins a request about a fid.
func (c *client) beginFid(k kind, fid uint32) *slot {
	s := c.begin(k)
	s.uint32(fid)
	return s
}

// call sends a request and waits for its answer. The answer is valid until the
// next request begins.
func (c *client) call(s *slot) (a answer, err error) {
	_ = c.send(s) // wait knows
	return c.wait(s)
}

// wait waits for the answer to a request. Its error is the server's.
func (c *client) wait(s *slot) (a answer, err error) {
	a, err = c.finish(s)
	for c.clunked > 0 {
		c.clunked--
		clunk := c.clunks[c.clunked]
		fid := uint32(clunk.out[7]) | uint32(clunk.out[8])<<8 | uint32(clunk.out[9])<<16 | uint32(clunk.out[10])<<24
		if _, err := c.finish(clunk); !c.failed {
			_ = err // the fid is free then all the same
			c.fids = append(c.fids, fid)
		}
	}
	if c.failed {
		return answer{}, vfs.ErrDamaged
	}
	return a, err
}

// finish waits for the end of one request.
func (c *client) finish(s *slot) (a answer, err error) {
	c.idle |= 1 << s.tag
	if c.failed {
		return answer{}, vfs.ErrDamaged
	}
	n, err := c.carrier.receive(s)
	if err != nil {
		return answer{}, c.giveUp(err.Error())
	}
	head := min(n, s.headBytes)
	copy(s.reply[:], s.in.Bytes[:head])
	s.bytes = n
	a.b = s.reply[:head]
	size, k, tag := a.uint32(), kind(a.uint8()), a.uint16()
	switch {
	case a.bad || int64(size) != int64(n):
		return answer{}, c.lie("an answer of a wrong length")
	case tag != s.tag && s.kind != kindVersion:
		return answer{}, c.lie("an answer to nothing")
	case k == s.kind+answerTo:
		return a, nil
	case k != kindError+answerTo:
		return answer{}, c.lie("an answer to something else")
	}
	number := a.uint32()
	if !a.done() || number == 0 || number > errnoMax {
		return answer{}, c.lie("Rlerror")
	}
	return answer{}, syscall.Errno(number)
}

// ok is call for a request whose answer says nothing.
func (c *client) ok(s *slot) error {
	a, err := c.call(s)
	if err == nil && !a.done() {
		return c.lie("an answer that is too long")
	}
	return err
}

// qid is call for a request whose answer is a qid, and rest bytes more.
func (c *client) qid(s *slot, rest int) (qid, error) {
	a, err := c.call(s)
	if err != nil {
		return qid{}, err
	}
	q := a.qid()
	a.take(rest)
	if !a.done() {
		return qid{}, c.lie("a qid that cannot be")
	}
	return q, nil
}

// newFid takes a number for a fid.
func (c *client) newFid() (uint32, error) {
	if n := len(c.fids); n > 0 {
		fid := c.fids[n-1]
		c.fids = c.fids[:n-1]
		return fid, nil
	}
	if c.fidsUsed == fidsMax {
		return 0, syscall.ENFILE
	}
	c.fidsUsed++
	return c.fidsUsed - 1, nil
}

// dropFid gives a number back that the server does not know as a fid.
func (c *client) dropFid(fid uint32) { c.fids = append(c.fids, fid) }

// clunkLater gives a fid back with one of the next requests: it keeps no file of
// the host open, and nobody waits for it.
// Not inlined, for the size of the kernel: decision 0015.
//
//go:noinline
func (c *client) clunkLater(fid uint32) {
	if c.deadUsed == deadMax {
		_ = c.clunk(fid)
		return
	}
	c.dead[c.deadUsed] = fid
	c.deadUsed++
}

// clunk gives a fid back. Whatever the error is, the fid is free then (clunk(5)).
func (c *client) clunk(fid uint32) error {
	err := c.ok(c.beginFid(kindClunk, fid))
	if !c.failed {
		c.dropFid(fid)
	}
	return err
}

// attach makes fid the root of the share.
func (c *client) attach(fid uint32) (qid, error) {
	s := c.beginFid(kindAttach, fid)
	s.uint32(noFid)
	s.text(attachedUser)
	s.text(attachedTree)
	s.uint32(nobody)
	return c.qid(s, 0)
}

// walk finds a name in the directory that fid is, as a fid of its own.
func (c *client) walk(directory uint32, name []byte) (uint32, qid, error) {
	fid, err := c.newFid()
	if err != nil {
		return 0, qid{}, err
	}
	s := c.beginFid(kindWalk, directory)
	s.uint32(fid)
	s.uint16(1)
	s.name(name)
	a, err := c.call(s)
	if err != nil {
		c.dropFid(fid)
		return 0, qid{}, err
	}
	count, q := a.uint16(), a.qid()
	if count != 1 || !a.done() {
		return 0, qid{}, c.lie("Rwalk")
	}
	return fid, q, nil
}

// beginClone begins a request for another fid of a file.
func (c *client) beginClone(fid, clone uint32) *slot {
	s := c.beginFid(kindWalk, fid)
	s.uint32(clone)
	s.uint16(0)
	return s
}

// clone ends a request of beginClone.
func (c *client) cloned(a answer, err error) error {
	if err == nil && (a.uint16() != 0 || !a.done()) {
		return c.lie("Rwalk")
	}
	return err
}

// attributes asks for the attributes of a fid.
func (c *client) attributes(fid uint32) (vfs.Attributes, error) {
	a, err := c.call(c.beginAttributes(fid))
	return c.readAttributes(a, err)
}

func (c *client) beginAttributes(fid uint32) *slot {
	s := c.beginFid(kindGetattr, fid)
	s.uint64(getattrBasics)
	return s
}

func (c *client) readAttributes(a answer, err error) (vfs.Attributes, error) {
	if err != nil {
		return vfs.Attributes{}, err
	}
	at := a.attributes()
	if !a.done() {
		return vfs.Attributes{}, c.lie("Rgetattr")
	}
	return at, nil
}
