package wasi

import (
	"encoding/binary"
	"testing"
	"time"

	"mewz/kernel/socket"
)

// setOption sets an int option.
func (n *netWorld) setOption(fd, level, name uint64, v uint32) Errno {
	n.t.Helper()
	at, size := n.place(binary.LittleEndian.AppendUint32(nil, v))
	return n.call("sock_setsockopt", fd, level, name, at, size)
}

func TestOptions(t *testing.T) {
	n := newNetWorld(t)
	stream, datagram := n.socket(familyINET6, typeStream), n.socket(familyINET4, typeDatagram)
	listener := n.listener(80)
	n.wantOption(stream, levelSocket, optionType, typeStream)
	n.wantOption(datagram, levelSocket, optionType, typeDatagram)
	n.wantOption(listener, levelSocket, 13, 1)
	n.wantOption(stream, levelSocket, 13, 0)
	for _, o := range plainOptions {
		if o.readOnly {
			if got := n.setOption(stream, uint64(o.level), uint64(o.name), 1); got != ENoProtoOpt {
				t.Errorf("option %d of level %d can be set: %d", o.name, o.level, got)
			}
			continue
		}
		if got := n.setOption(stream, uint64(o.level), uint64(o.name), 7); got != Success {
			t.Errorf("option %d of level %d = %d", o.name, o.level, got)
		}
		want, inside := uint32(7), int64(7)
		switch o.unit {
		case unitBoolean:
			want, inside = 1, 1
		case unitSeconds:
			inside = int64(7 * time.Second)
		}
		n.wantOption(stream, uint64(o.level), uint64(o.name), want)
		if got, _ := n.fake(stream).Option(o.option); got != inside {
			t.Errorf("option %d of level %d is %d inside, want %d", o.name, o.level, got, inside)
		}
		if o.unit != unitBoolean {
			if got := n.setOption(stream, uint64(o.level), uint64(o.name), 1<<31); got != EInval {
				t.Errorf("option %d of level %d, negative = %d", o.name, o.level, got)
			}
		}
	}
	if got := n.setOption(datagram, levelTCP, 1, 1); got != ENotSup {
		t.Errorf("TCP_NODELAY of a datagram socket = %d", got)
	}
	n.fake(stream).SetOption(socket.OptionSendBuffer, 1<<40)
	n.wantOption(stream, levelSocket, 5, 1<<31-1)
}

func TestOptionRecords(t *testing.T) {
	n := newNetWorld(t)
	fd := n.socket(familyINET4, typeStream)
	at, _ := n.place(make([]byte, 24))
	le := binary.LittleEndian
	get := func(name, size uint64) Errno {
		le.PutUint32(n.Memory[at+16:], uint32(size))
		return n.call("sock_getsockopt", fd, levelSocket, name, at, at+16)
	}
	// SO_LINGER
	if get(optionLinger, 8) != Success || n.u64(at) != 0 {
		t.Errorf("SO_LINGER = %x, want off", n.u64(at))
	}
	le.PutUint64(n.Memory[at:], 30<<32|1)
	n.want(Success, "sock_setsockopt", fd, levelSocket, optionLinger, at, 8)
	n.Memory[at+4] = 0
	if get(optionLinger, 8) != Success || n.u64(at) != 30<<32|1 {
		t.Errorf("SO_LINGER = %x, want 30 s", n.u64(at))
	}
	le.PutUint64(n.Memory[at:], 1<<63|1)
	n.want(EInval, "sock_setsockopt", fd, levelSocket, optionLinger, at, 8)
	// Times
	for _, name := range []uint64{optionReceiveLimit, optionSendLimit} {
		le.PutUint64(n.Memory[at:], 3)
		le.PutUint64(n.Memory[at+8:], 250_000)
		n.want(Success, "sock_setsockopt", fd, levelSocket, name, at, 16)
		clear(n.Memory[at:][:16])
		if get(name, 16) != Success || n.u64(at) != 3 || n.u64(at+8) != 250_000 || n.u32(at+16) != 16 {
			t.Errorf("option %d = %d s, %d µs", name, n.u64(at), n.u64(at+8))
		}
		for _, bad := range [][2]uint64{{1 << 63, 0}, {0, 1 << 63}, {0, 1_000_000}} {
			le.PutUint64(n.Memory[at:], bad[0])
			le.PutUint64(n.Memory[at+8:], bad[1])
			n.want(EInval, "sock_setsockopt", fd, levelSocket, name, at, 16)
		}
		le.PutUint64(n.Memory[at:], 1<<63-1) // as good as for ever
		le.PutUint64(n.Memory[at+8:], 0)
		n.want(Success, "sock_setsockopt", fd, levelSocket, name, at, 16)
		if get(name, 16) != Success || n.u64(at) != 0 {
			t.Errorf("option %d = %d s, want none", name, n.u64(at))
		}
	}
	for name, size := range map[uint64]uint64{optionType: 3, optionError: 3, optionLinger: 7, optionReceiveLimit: 15, optionSendLimit: 15, 0: 3} {
		if got := get(name, size); got != EInval {
			t.Errorf("option %d into %d bytes = %d, want EINVAL", name, size, got)
		}
		if name != optionType && name != optionError {
			n.want(EInval, "sock_setsockopt", fd, levelSocket, name, at, size)
		}
	}
	if get(optionDevice, 16) != Success || n.u32(at+16) != 0 {
		t.Error("SO_BINDTODEVICE is not none")
	}
	n.want(Success, "sock_setsockopt", fd, levelSocket, optionDevice, 0, 0)
	name, length := n.place([]byte("eth0"))
	n.want(ENoDev, "sock_setsockopt", fd, levelSocket, optionDevice, name, length)
	for _, unknown := range []uint64{3, 8, 10, 15, 99} {
		if get(unknown, 4) != ENoProtoOpt || n.setOption(fd, levelSocket, unknown, 1) != ENoProtoOpt {
			t.Errorf("option %d is known", unknown)
		}
	}
	n.want(EFault, "sock_getsockopt", fd, levelSocket, optionType, at, far)
	n.want(EFault, "sock_getsockopt", fd, levelSocket, optionType, far, at+16)
	n.want(EFault, "sock_setsockopt", fd, levelSocket, 0, far, 4)
}

// TestOptionSizeByValue has the size where WasmEdge has its address, as wasi-go.
func TestOptionSizeByValue(t *testing.T) {
	n := newNetWorld(t)
	fd := n.socket(familyINET4, typeStream)
	at, _ := n.place([]byte{1, 2, 3, 4})
	before := n.u64(0)
	n.want(Success, "sock_getsockopt", fd, levelSocket, optionType, at, 4)
	if n.u32(at) != typeStream || n.u64(0) != before {
		t.Errorf("SO_TYPE = %d", n.u32(at))
	}
}
