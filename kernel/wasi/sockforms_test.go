package wasi

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"mewz/abi"
)

// form is a way to name the functions of sockets and their addresses.
type form struct {
	name   string
	suffix string // of the names that have one
	second bool   // parameters and addresses of WasmEdge's second generation
}

var forms = []form{{name: "first generation"}, {name: "second generation", second: true}, {name: "names with v2", suffix: "_v2", second: true}}

// formCase is a form with a kind and a family of sockets, over the machine's own stack.
type formCase struct {
	*netWorld
	form
	family, kind uint64
	worked       map[string]bool // functions that have succeeded, with their number of parameters
}

// eachForm runs a test with every form, and every family.
func eachForm(t *testing.T, kind uint64, f func(t *testing.T, c *formCase)) {
	for _, form := range forms {
		for _, family := range []uint64{familyINET4, familyINET6} {
			t.Run(fmt.Sprintf("%s, IPv%d", form.name, 2*family+2), func(t *testing.T) {
				f(t, &formCase{newRealWorld(t), form, family, kind, map[string]bool{}})
			})
		}
	}
}

// do calls a function by its name in this form.
func (c *formCase) do(want Errno, name string, args ...uint64) {
	c.t.Helper()
	if !c.isPlain(name) {
		name += c.suffix
	}
	c.want(want, name, args...)
	if want == Success {
		c.worked[fmt.Sprintf("%s/%d", name, len(args))] = true
	}
}

// isPlain says whether a function has one name only.
func (c *formCase) isPlain(name string) bool {
	switch name {
	case "sock_shutdown", "sock_getsockopt", "sock_setsockopt", "sock_getaddrinfo":
		return true
	}
	return !strings.HasPrefix(name, "sock_")
}

// here is an address of this machine, or with any the one of all of them.
func (c *formCase) here(any bool) []byte {
	b := []byte{127, 0, 0, 1}
	if c.family == familyINET6 {
		b = loopback6
	}
	if any {
		b = make([]byte, len(b))
	}
	if c.second {
		return storage(uint16(c.family), b...)
	}
	return b
}

func (c *formCase) to() uint64  { return c.addressOf(c.here(false)...) }
func (c *formCase) all() uint64 { return c.addressOf(c.here(true)...) }

// foreign is an address of the other family than IPv4.
func (c *formCase) foreign() uint64 { return c.addressOf(storage(familyINET6, loopback6...)...) }

func (c *formCase) open() uint64 {
	c.t.Helper()
	c.do(Success, "sock_open", c.family, c.kind, resultAt)
	return uint64(c.u32(resultAt))
}

func (c *formCase) accept(want Errno, listener uint64) uint64 {
	c.t.Helper()
	if c.second {
		c.do(want, "sock_accept", listener, 0, resultAt)
	} else {
		c.do(want, "sock_accept", listener, resultAt)
	}
	return uint64(c.u32(resultAt))
}

// name asks for an end of a socket and returns its port.
func (c *formCase) name(function string, fd uint64) uint32 {
	c.t.Helper()
	here := c.here(false)
	record, buffer := c.room(len(here))
	if c.second {
		c.do(Success, function, fd, record, portAt)
	} else {
		c.do(Success, function, fd, record, typeAt, portAt)
		if got := c.u32(typeAt); got != uint32(2*c.family+2) {
			c.t.Errorf("%s says that it is of IPv%d", function, got)
		}
	}
	if got := c.Memory[buffer:][:len(here)]; !bytes.Equal(got, here) {
		c.t.Errorf("%s = %v, want %v", function, got, here)
	}
	return c.u32(portAt)
}

// text is a list of one buffer with text, or with room.
func (c *formCase) text(s string) (list, count uint64) {
	at, length := c.place([]byte(s))
	return c.vector(uint32(at), uint32(length))
}

// receiveFrom receives and returns the text and the port of the sender, which the first
// generation does not tell.
func (c *formCase) receiveFrom(want Errno, fd uint64) (text string, port uint32) {
	c.t.Helper()
	const most = 100
	into, _ := c.place(make([]byte, most))
	list, count := c.vector(uint32(into), most)
	record, buffer := c.room(len(c.here(false)))
	if c.second {
		c.do(want, "sock_recv_from", fd, list, count, record, 0, portAt, resultAt, flagsAt)
	} else {
		c.do(want, "sock_recv_from", fd, list, count, record, 0, resultAt, flagsAt)
	}
	if want != Success {
		return "", 0
	}
	if got := c.Memory[buffer:][:len(c.here(false))]; !bytes.Equal(got, c.here(false)) {
		c.t.Errorf("sock_recv_from is from %v, want %v", got, c.here(false))
	}
	return string(c.Memory[into:][:c.u32(resultAt)]), c.u32(portAt)
}

// receive receives and compares.
func (c *formCase) receive(fd uint64, want string) {
	c.t.Helper()
	into, _ := c.place(make([]byte, 100))
	list, count := c.vector(uint32(into), 100)
	c.do(Success, "sock_recv", fd, list, count, 0, resultAt, flagsAt)
	if got := string(c.Memory[into:][:c.u32(resultAt)]); got != want {
		c.t.Errorf("sock_recv = %q, want %q", got, want)
	}
}

// options sets one option and reads it.
func (c *formCase) options(fd uint64) {
	c.t.Helper()
	at, size := c.place([]byte{1, 0, 0, 0})
	c.do(Success, "sock_setsockopt", fd, levelSocket, 0, at, size)
	at, _ = c.place([]byte{0, 0, 0, 0, 4, 0, 0, 0})
	c.do(Success, "sock_getsockopt", fd, levelSocket, optionType, at, at+4)
	if got := c.u32(at); uint64(got) != c.kind {
		c.t.Errorf("SO_TYPE = %d, want %d", got, c.kind)
	}
	c.do(ENoProtoOpt, "sock_getsockopt", fd, levelSocket, 99, at, at+4)
}

// resolve asks for a number.
func (c *formCase) resolve() {
	c.t.Helper()
	node := map[uint64]string{familyINET4: "127.0.0.1", familyINET6: "::1"}[c.family]
	nodeAt, nodeLength := c.place([]byte(node))
	hints, first := c.hints(0, uint8(c.family), uint8(c.kind), 0), c.answers(1, 26)
	c.do(Success, "sock_getaddrinfo", nodeAt, nodeLength, nodeAt, 0, hints, first, 1, resultAt)
	if c.u32(resultAt) != 1 {
		c.t.Errorf("sock_getaddrinfo finds %d addresses, want 1", c.u32(resultAt))
	}
}

// complete says that no function of the form was left out, but for those named.
func (c *formCase) complete(but ...string) {
	c.t.Helper()
	skip := map[string]bool{}
	for _, name := range but {
		skip[name] = true
	}
	for _, f := range abi.Functions {
		if f.Module != abi.Preview1 || !strings.HasPrefix(f.Name, "sock_") {
			continue
		}
		base, v2 := strings.CutSuffix(f.Name, "_v2")
		plain := c.isPlain(base)
		if skip[base] || v2 != (c.suffix != "") && !plain {
			continue
		}
		if other := c.otherGeneration(base, len(f.Params)); other {
			continue
		}
		if key := fmt.Sprintf("%s/%d", f.Name, len(f.Params)); !c.worked[key] {
			c.t.Errorf("%s with %d parameters was not tried", f.Name, len(f.Params))
		}
	}
}

// otherGeneration says whether a function with so many parameters is of the other generation.
func (c *formCase) otherGeneration(base string, params int) bool {
	first, differs := map[string]int{"sock_accept": 2, "sock_recv_from": 7, "sock_getlocaladdr": 4, "sock_getpeeraddr": 4}[base]
	return differs && (params == first) == c.second
}

// TestStreamForms takes a connection through its life by every function in every form, with the errors that a
// program sees on the way.
func TestStreamForms(t *testing.T) {
	const port = 80
	eachForm(t, typeStream, func(t *testing.T, c *formCase) {
		list, count := c.text("request")
		listener := c.open()
		c.do(EAddrNotAvail, "sock_bind", listener, c.addressOf(map[bool][]byte{false: {9, 9, 9, 9}, true: storage(familyINET4, 9, 9, 9, 9)}[c.second]...), port)
		c.do(EInval, "sock_bind", listener, c.addressOf(1, 2, 3), port)
		c.do(Success, "sock_bind", listener, c.all(), port)
		c.do(EInval, "sock_bind", listener, c.all(), port)
		c.do(Success, "sock_listen", listener, 8)
		c.do(ENotConn, "sock_recv", listener, list, count, 0, resultAt, flagsAt)
		second := c.open()
		c.do(EAddrInUse, "sock_bind", second, c.all(), port)
		c.nonblock(listener)
		c.accept(EAgain, listener)

		client := c.open()
		c.accept(EInval, client)
		c.do(ENotConn, "sock_shutdown", client, shutdownWrite)
		c.do(EConnRefused, "sock_connect", client, c.to(), port+1)
		client = c.open()
		c.nonblock(client)
		c.do(EInProgress, "sock_connect", client, c.to(), port)
		c.wantEvents(c.poll(sub{1, eventWrite, uint32(client), 0, false}), event{userdata: 1, tag: eventWrite, bytes: 1})
		c.do(EIsConn, "sock_connect", client, c.to(), port)
		c.do(EIsConn, "sock_connect", client, c.to(), port)
		server := c.accept(Success, listener)
		blocking := c.open()
		c.do(Success, "sock_connect", blocking, c.to(), port)

		if got := c.name("sock_getpeeraddr", client); got != port {
			t.Errorf("the peer's port is %d, want %d", got, port)
		}
		own := c.name("sock_getlocaladdr", client)
		if got := c.name("sock_getpeeraddr", server); got != own {
			t.Errorf("the server sees port %d, the client has %d", got, own)
		}
		c.options(client)
		c.resolve()

		c.do(Success, "sock_send", client, list, count, 0, resultAt)
		c.receive(server, "request")
		c.nonblock(server)
		c.do(EAgain, "sock_recv", server, list, count, 0, resultAt, flagsAt)
		c.receiveFrom(EAgain, server)
		c.do(Success, "sock_send_to", client, list, count, c.to(), port, 0, resultAt)
		c.poll(sub{1, eventRead, uint32(server), 0, false})
		if text, from := c.receiveFrom(Success, server); text != "request" || c.second && from != own {
			t.Errorf("sock_recv_from = %q from port %d, want port %d", text, from, own)
		}
		c.do(EInval, "sock_shutdown", client, 0)
		c.do(Success, "sock_shutdown", client, shutdownWrite)
		c.do(EPipe, "sock_send", client, list, count, 0, resultAt)
		c.do(EPipe, "sock_send_to", client, list, count, c.to(), port, 0, resultAt)
		c.poll(sub{1, eventRead, uint32(server), 0, false})
		c.receive(server, "")
		c.complete()
	})
}

// TestDatagramForms has datagrams go to and fro by every function in every form.
func TestDatagramForms(t *testing.T) {
	const port = 53
	eachForm(t, typeDatagram, func(t *testing.T, c *formCase) {
		list, count := c.text("question")
		server, client := c.open(), c.open()
		c.do(Success, "sock_bind", server, c.to(), port)
		c.do(EAddrInUse, "sock_bind", client, c.to(), port)
		c.do(ENotSup, "sock_listen", server, 1)
		c.accept(ENotSup, server)
		c.do(EDestAddrReq, "sock_send", client, list, count, 0, resultAt)
		huge, _ := c.vector(0, 65_530) // more than both families take
		c.do(EMsgSize, "sock_send_to", client, huge, 1, c.to(), port, 0, resultAt)
		if c.family == familyINET4 {
			c.do(EAfNoSupport, "sock_send_to", client, list, count, c.foreign(), port, 0, resultAt)
		}
		c.do(Success, "sock_send_to", client, list, count, c.to(), port, 0, resultAt)
		own := uint32(0)
		if text, from := c.receiveFrom(Success, server); text != "question" || c.second && from == 0 {
			t.Errorf("sock_recv_from = %q from port %d", text, from)
		} else {
			own = from
		}
		c.do(Success, "sock_connect", client, c.to(), port)
		local := c.name("sock_getlocaladdr", client)
		if c.second && local != own {
			t.Errorf("the datagram was from port %d, the socket has %d", own, local)
		}
		if got := c.name("sock_getpeeraddr", client); got != port {
			t.Errorf("the peer's port is %d, want %d", got, port)
		}
		c.options(client)
		c.resolve()
		c.do(Success, "sock_send", client, list, count, 0, resultAt)
		c.receive(server, "question")
		c.nonblock(server)
		c.receiveFrom(EAgain, server)
		c.do(Success, "sock_send_to", server, list, count, c.to(), uint64(local), 0, resultAt)
		c.receive(client, "question")
		c.do(Success, "sock_connect", client, c.to(), port+1)
		c.do(Success, "sock_send", client, list, count, 0, resultAt)
		c.do(EConnRefused, "sock_recv", client, list, count, 0, resultAt, flagsAt)
		c.do(Success, "sock_shutdown", client, shutdownWrite)
		c.do(EPipe, "sock_send", client, list, count, 0, resultAt)
		c.complete("sock_listen", "sock_accept")
	})
}
