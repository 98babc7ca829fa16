package dhcp

import (
	"encoding/binary"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/socket"
)

// Host is the machine that a client works for.
type Host interface {
	// Send sends a message from ClientPort to ServerPort: to a server from the
	// address that is bound, or to all when to is header.Broadcast4.
	Send(message []byte, to socket.Address)
	// Probe finds out whether another node has an address; Client.Probed tells.
	Probe(a header.Prefix)
	// Bound: the lease holds, or holds longer than before.
	Bound(l *Lease)
	// Lost: the address is not ours any more.
	Lost(l *Lease)
	Log(text string)
}

// Random gives numbers that nobody can predict.
type Random interface{ Fill(p []byte) }

// state is a state of RFC 2131, figure 5.
type state uint8

const (
	stateInit       state = iota // waits before it begins
	stateSelecting               // DISCOVER is out
	stateRequesting              // REQUEST is out
	stateProbing                 // has an ACK and looks whether the address is free
	stateBound                   // until T1
	stateRenewing                // asks the server, until T2
	stateRebinding               // asks all, until the lease ends
)

// Config is what a client works with.
type Config struct {
	Host     Host
	Random   Random
	MAC      packet.MAC
	HostName string // or empty
}

// Client is a client.
type Client struct {
	Config
	state  state
	next   time.Duration // when the clock moves it
	began  time.Duration // of the transaction
	wait   time.Duration // before the next retransmission
	tries  int
	id     uint32
	server socket.Address
	lease  Lease
	t1, t2 time.Duration
	out    writer
	silent bool // it was told that no server answers
}

// Times. RFC 2131, 4.1 begins with four seconds; a machine that boots in milliseconds would wait
// that long for one lost frame.
const (
	firstWait   = time.Second
	maxWait     = 64 * time.Second
	requestsMax = 4                // then it begins anew
	declineWait = 10 * time.Second // RFC 2131, 3.1.5
	renewMin    = 60 * time.Second // RFC 2131, 4.4.5
	silentTries = 4                // after that people want to know
)

// New returns a client that begins at once.
func New(c Config) *Client {
	return &Client{Config: c, wait: firstWait}
}

// Deadline returns when Poll is due, or socket.Forever.
func (c *Client) Deadline() time.Duration { return c.next }

// Poll does what is due.
func (c *Client) Poll(now time.Duration) {
	if now < c.next {
		return
	}
	switch c.state {
	case stateInit:
		c.id = c.random()
		c.began, c.tries = now, 0
		c.state = stateSelecting
		c.sendDiscover(now)
	case stateSelecting:
		if c.tries++; c.tries == silentTries && !c.silent {
			c.silent = true
			c.Host.Log("no DHCP server answers yet: give the machine an address with --ip if there is none")
		}
		c.sendDiscover(now)
	case stateRequesting:
		if c.tries++; c.tries >= requestsMax {
			c.restart(now, 0)
			return
		}
		c.sendRequest(now, stateRequesting)
	case stateProbing:
		c.next = socket.Forever
	case stateBound:
		c.state, c.id, c.began = stateRenewing, c.random(), now
		c.renew(now)
	case stateRenewing, stateRebinding:
		c.renew(now)
	}
}

// renew asks to keep the address: its server before T2, all after it.
func (c *Client) renew(now time.Duration) {
	switch {
	case now >= c.lease.Expires:
		c.Host.Log("the lease of " + header.FormatAddress(c.lease.Address.Address) + " has ended: no DHCP server renews it")
		c.lose(now, 0)
		return
	case now >= c.t2:
		c.state = stateRebinding
	}
	until := c.t2
	if c.state == stateRebinding {
		until = c.lease.Expires
	}
	c.sendRequest(now, c.state)
	c.next = min(now+max((until-now)/2, renewMin), until)
	if c.next <= now { // never twice at one moment
		c.next = now + time.Second
	}
}

// restart begins anew after a while.
func (c *Client) restart(now, after time.Duration) {
	c.state, c.next = stateInit, now+after
}

// lose gives the address up and begins anew.
func (c *Client) lose(now, after time.Duration) {
	l := c.lease
	c.lease = Lease{}
	c.Host.Lost(&l)
	c.wait = firstWait
	c.restart(now, after)
}

func (c *Client) random() uint32 {
	var b [4]byte
	c.Random.Fill(b[:])
	return binary.LittleEndian.Uint32(b[:])
}

// backOff sets when to try again: twice as late each time, with some randomness.
func (c *Client) backOff(now time.Duration) {
	jitter := time.Duration(c.random()%1000) * c.wait / 4000
	c.next = now + c.wait + jitter
	c.wait = min(2*c.wait, maxWait)
}

// begin writes what all messages have.
func (c *Client) begin(now time.Duration, t messageType, current socket.Address) *writer {
	w := &c.out
	w.begin(c.MAC, c.id, uint16(min((now-c.began)/time.Second, 65535)), current)
	w.option(optionType, uint8(t))
	w.option(optionClient, 1, c.MAC[0], c.MAC[1], c.MAC[2], c.MAC[3], c.MAC[4], c.MAC[5])
	return w
}

// wishes appends what a client tells of itself and wants to know.
func (c *Client) wishes(w *writer) {
	w.option(optionMaxBytes, maxBytes>>8, maxBytes&0xff)
	w.option(optionParameters, optionMask, optionRouter, optionServers, optionHostName, optionDomain, optionMTU,
		optionLease, optionServer, optionRenewal, optionRebinding, optionSearch)
	if c.HostName != "" && len(c.HostName) <= hostNameMax {
		w.option(optionHostName, []byte(c.HostName)...)
	}
}

func (c *Client) sendDiscover(now time.Duration) {
	w := c.begin(now, discover, header.Unspecified4)
	c.wishes(w)
	c.Host.Send(w.end(), header.Broadcast4)
	c.backOff(now)
}

// sendRequest asks for an address (RFC 2131, 4.3.2, table 4).
func (c *Client) sendRequest(now time.Duration, s state) {
	current, to := header.Unspecified4, header.Broadcast4
	if s != stateRequesting {
		current = c.lease.Address.Address
	}
	if s == stateRenewing {
		to = c.server
	}
	w := c.begin(now, request, current)
	if s == stateRequesting {
		w.option(optionRequested, c.lease.Address.Address[12:]...)
		w.option(optionServer, c.server[12:]...)
	}
	c.wishes(w)
	c.Host.Send(w.end(), to)
	if s == stateRequesting {
		c.backOff(now)
	}
}

// Input takes a message from ServerPort.
func (c *Client) Input(b []byte, now time.Duration) {
	m, ok := parse(b, c.id, c.MAC)
	if !ok {
		return
	}
	asking := c.state == stateRequesting || c.state == stateRenewing || c.state == stateRebinding
	switch {
	case m.kind == offer && c.state == stateSelecting:
		c.server, c.lease = m.server, m.lease
		c.state, c.tries, c.wait = stateRequesting, 0, firstWait
		c.sendRequest(now, stateRequesting)
	case m.kind == nak && asking && (c.state == stateRebinding || m.server == c.server):
		c.Host.Log("the DHCP server refuses " + header.FormatAddress(c.lease.Address.Address))
		if c.state == stateRequesting {
			c.restart(now, firstWait)
		} else {
			c.lose(now, firstWait)
		}
	case m.kind == ack && asking:
		c.acknowledged(&m, now)
	}
}

// acknowledged takes an ACK.
func (c *Client) acknowledged(m *message, now time.Duration) {
	if c.state != stateRequesting && m.yours != c.lease.Address.Address {
		return // a server that changes the address must refuse the old one
	}
	c.server, c.lease = m.server, m.lease
	if m.leaseFor == socket.Forever {
		c.lease.Expires, c.t1, c.t2 = socket.Forever, socket.Forever, socket.Forever
	} else { // RFC 2131, 4.4.1: from when the request was sent, which is a little earlier
		c.lease.Expires, c.t1, c.t2 = now+m.leaseFor, now+m.t1, now+m.t2
	}
	if c.state == stateRequesting {
		c.state, c.next = stateProbing, socket.Forever
		c.Host.Probe(c.lease.Address)
		return
	}
	c.bound()
}

// Probed tells what Host.Probe has found.
func (c *Client) Probed(taken bool, now time.Duration) {
	if c.state != stateProbing {
		return
	}
	if !taken {
		c.bound()
		return
	}
	c.Host.Log("DHCP gave " + header.FormatAddress(c.lease.Address.Address) + ", which another node uses")
	w := c.begin(now, decline, header.Unspecified4)
	w.option(optionRequested, c.lease.Address.Address[12:]...)
	w.option(optionServer, c.server[12:]...)
	c.Host.Send(w.end(), header.Broadcast4)
	c.lease = Lease{}
	c.restart(now, declineWait)
}

// bound begins to use the lease, or goes on.
func (c *Client) bound() {
	c.state, c.next, c.wait, c.silent = stateBound, c.t1, firstWait, false
	c.Host.Bound(&c.lease)
}

// HasLease reports whether there is an address.
func (c *Client) HasLease() bool { return c.state >= stateBound }
