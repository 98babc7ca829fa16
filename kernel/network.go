//go:build !nonetwork

package main

import (
	"errors"
	"slices"
	"time"

	"mewz/abi"
	"mewz/kernel/console"
	"mewz/kernel/device"
	"mewz/kernel/netstack"
	"mewz/kernel/netstack/header"
	"mewz/kernel/packet"
	"mewz/kernel/packet/tap"
	"mewz/kernel/socket"
	"mewz/kernel/system"
	"mewz/kernel/vfs"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/discovery"
	"mewz/kernel/virtio/net"
	"mewz/kernel/wasi"
)

// Memory for payload: what waits to be sent or to be read, of all sockets.
const (
	// poolFraction of the memory that is free when the machine starts, rounded down
	// to a power of two, may become payload. It is taken as it is needed.
	poolFraction = 2
	poolMinBytes = 2 << 20   // below it a fast connection does not fit
	poolMaxBytes = 512 << 20 // thousands of connections with full windows
	// poolProcessBytes is the size in a Linux process, which takes memory as it likes.
	poolProcessBytes = 64 << 20

	// freeMaxBytes is where counting the free memory begins.
	freeMaxBytes = 1 << 40
)

// closePatience bounds the end of a machine: what the program has written goes
// out, and the peers learn that its connections are closed.
const closePatience = time.Second

var errNoNetwork = errors.New("network: the machine has no virtio network device: give it one, " +
	"or run the program without a network")

// network is the network of the machine (socket.Network), nil when the program
// has none.
type network struct {
	*netstack.Stack
	host     *console.Host
	hostName string
	device   packet.Device
	wait     wasi.Waiter
	told     bool // the host knows the addresses
	failed   bool // and that the device is given up
	ending   bool // end was called
	hosts    hostsReader
}

// openNetwork starts the network device and the stack over it.
func (m *machine) openNetwork(random wasi.Random) (*network, error) {
	if !m.config.Network.Enabled {
		return nil, nil
	}
	n := &network{host: m.host, hostName: m.config.Network.HostName}
	n.hosts.machine = m
	pool, err := n.openDevice(m.found, random)
	if err != nil {
		return nil, err
	}
	n.Stack, err = netstack.New(netstack.Machine{
		Device: n.device,
		Pool:   pool,
		Random: random,
		Now:    monotonic(),
		Config: m.config.Network,
		Log:    m.host.Message,
		Pause:  func(limit time.Duration) { n.wait.Wait(false, limit) },
		Hosts:  n.hosts.read,
	})
	if err != nil {
		return nil, err
	}
	return n, nil
}

// monotonic returns a clock that no system call reads. It begins at a second, for 0 is no
// moment to some.
func monotonic() func() time.Duration {
	start := time.Now().Add(-time.Second) // carries a monotonic reading
	return func() time.Duration { return time.Since(start) }
}

// openDevice opens the first network device that works.
func (n *network) openDevice(m *discovery.Machine, random wasi.Random) (*packet.Pool, error) {
	if m == nil {
		return n.openProcess(random)
	}
	if m.Err != nil {
		return nil, m.Err
	}
	pool := packet.NewPool(func(bytes int) (device.Memory, error) { return allocate(m, bytes) }, poolBytes(system.Charge))
	err := errNoNetwork
	for _, found := range m.Devices {
		if found.ID != virtio.DeviceNetwork {
			continue
		}
		var transport virtio.Transport
		if transport, err = found.Open(); err != nil {
			continue
		}
		var d *net.Device
		if d, err = net.Open(net.Machine{Machine: m, Transport: transport, Pool: pool, Random: random}); err == nil {
			n.device = d
			return pool, nil
		}
	}
	return nil, err
}

// openProcess opens the TAP device that a Linux process has inherited.
func (n *network) openProcess(random wasi.Random) (*packet.Pool, error) {
	pool := packet.NewPool(func(bytes int) (device.Memory, error) {
		return device.Memory{Bytes: make([]byte, bytes)}, nil
	}, poolProcessBytes)
	d, err := tap.Open(abi.DescriptorNetwork, pool, random)
	if err != nil {
		return nil, err
	}
	n.device = d
	return pool, nil
}

// allocate takes memory for payload, unless linear memory is promised it.
func allocate(m device.Machine, bytes int) (device.Memory, error) {
	if !system.Charge(int64(bytes)) {
		return device.Memory{}, device.ErrMemory
	}
	system.Charge(-int64(bytes))
	return m.Allocate(bytes)
}

// poolBytes chooses how much may become payload.
func poolBytes(charge func(bytes int64) bool) int {
	free := int64(freeMaxBytes)
	for free > poolMinBytes && !charge(free) {
		free /= 2
	}
	if free > poolMinBytes {
		charge(-free)
	}
	return int(min(max(free/poolFraction, poolMinBytes), poolMaxBytes))
}

// settleMax is how long a program waits for the machine's first address: a DHCP
// server answers within milliseconds, on a busy host within seconds, and one that has
// lost two messages is asked again before this, after one and after three seconds. Without
// an address the program begins all the same.
const settleMax = 7 * time.Second

// settle waits until others reach the machine. A program that connects at once
// would find no network otherwise, and one that listens is ready when it says so.
func (n *network) settle() {
	if n == nil {
		return
	}
	until := time.Now().Add(settleMax)
	for n.Poll(); !n.Configured(); n.Poll() {
		left := time.Until(until)
		if left <= 0 || n.failed {
			return
		}
		n.wait.Wait(false, min(left, n.Wait()))
	}
}

// connect gives the program the network.
func (n *network) connect(parts *wasi.Machine) {
	if n != nil {
		parts.Network = n
	}
}

// source returns the device as one that ends a wait.
func (n *network) source() deviceSource {
	if n == nil {
		return nil
	}
	d, ok := n.device.(deviceSource)
	if !ok {
		return tapSource{}
	}
	return d
}

// tapSource stands for a device of a process, which has a descriptor (processWaiter).
type tapSource struct{}

func (tapSource) Arm() (slots uint32, pending bool) { return 0, false }
func (tapSource) Disarm()                           {}
func (tapSource) Pending() bool                     { return false }

// events says what to wait for on the descriptor of a process.
func (n *network) events() eventSource {
	if n == nil {
		return nil
	}
	e, _ := n.device.(eventSource)
	return e
}

// waits tells the network how the machine waits.
func (n *network) waits(w wasi.Waiter) {
	if n != nil {
		n.wait = w
	}
}

// withEtc adds the files about the network to those of the program.
func (n *network) withEtc(files *vfs.Archive) (vfs.FileSystem, error) {
	if n == nil {
		return orNone(files), nil
	}
	return withEtc(files, resolver{n.hostName, n.Addresses, n.servers})
}

// turn lets the network go on while the program computes or a file system waits. It
// returns when it has to go on again.
func (n *network) turn() time.Duration {
	if n == nil || n.hosts.reading {
		return socket.Forever
	}
	n.Poll()
	return n.Wait()
}

// Poll implements socket.Network: the stack, and what the host wants to know of it.
func (n *network) Poll() bool {
	happened := n.Stack.Poll()
	if !n.told && n.Configured() {
		n.told = true
		n.tell()
	}
	if !happened && !n.failed {
		n.watch()
	}
	return happened
}

// tell announces the machine.
func (n *network) tell() {
	addresses := n.Addresses()
	for _, a := range addresses {
		n.host.Message("network: the machine is " + a)
	}
	n.host.Network(addresses)
}

// servers returns what /etc/resolv.conf says.
func (n *network) servers() (servers, search []string) {
	addresses, search := n.Servers()
	for _, a := range addresses {
		servers = append(servers, header.FormatAddress(a))
	}
	return servers, search
}

// watch reports, once, that the device is given up. The machine goes on without.
func (n *network) watch() {
	if err := n.device.Err(); err != nil {
		n.failed = true
		n.host.Warn("the network is gone: " + err.Error())
	}
}

// end closes what is open, so that the peers need not find out by themselves.
func (n *network) end() {
	if n != nil && !n.ending {
		n.ending = true
		n.Stack.Close(closePatience)
	}
}

// hasNetworkDevice reports whether there is anything to make a network of.
func hasNetworkDevice(m *discovery.Machine) bool {
	if m == nil {
		return system.Inherited(abi.DescriptorNetwork)
	}
	return slices.ContainsFunc(m.Devices, func(d discovery.Device) bool { return d.ID == virtio.DeviceNetwork })
}
