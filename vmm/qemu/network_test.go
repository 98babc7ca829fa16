package qemu

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/vmm"
)

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func TestNetworkOptions(t *testing.T) {
	web := vmm.Forward{Protocol: "tcp", Host: netip.MustParseAddrPort("127.0.0.1:8080"), GuestPort: 80}
	dns := vmm.Forward{Protocol: "udp", Host: netip.MustParseAddrPort("0.0.0.0:5353"), GuestPort: 53}
	for _, test := range []struct {
		machine string
		network *vmm.Network
		want    string
	}{
		{"q35", nil, "-nic none"},
		{"microvm,rtc=on", &vmm.Network{}, "-netdev user,id=net0,ipv4=on,ipv6=on -device virtio-net-device,netdev=net0"},
		{"pc", &vmm.Network{Forwards: []vmm.Forward{web, dns}},
			"-netdev user,id=net0,ipv4=on,ipv6=on,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=udp:0.0.0.0:5353-:53 " +
				"-device virtio-net-pci,netdev=net0,disable-legacy=on,romfile="},
		{"q35", &vmm.Network{Interface: "tap,0", MAC: "52:54:00:01:02:03"},
			"-netdev tap,id=net0,script=no,downscript=no,ifname=tap,,0 -device virtio-net-pci,netdev=net0,disable-legacy=on,romfile=,mac=52:54:00:01:02:03"},
		{"microvm", &vmm.Network{Interface: "tap0", CaptureFile: "a,b.pcap"},
			"-netdev tap,id=net0,script=no,downscript=no,ifname=tap0,vnet_hdr=off -device virtio-net-device,netdev=net0 " +
				"-object filter-dump,id=capture0,netdev=net0,file=a,,b.pcap"},
		{"microvm", &vmm.Network{Addresses: prefixes("10.0.2.20/24"), Forwards: []vmm.Forward{web}},
			"-netdev user,id=net0,ipv4=on,ipv6=on,hostfwd=tcp:127.0.0.1:8080-10.0.2.20:80 -device virtio-net-device,netdev=net0"},
		{"microvm", &vmm.Network{Addresses: prefixes("192.168.7.9/16", "fd00::9/64"), Forwards: []vmm.Forward{web}},
			"-netdev user,id=net0,ipv4=on,ipv6=on,net=192.168.0.0/16,host=192.168.0.2,dns=192.168.0.3,dhcpstart=192.168.7.9," +
				"ipv6-prefix=fd00::,ipv6-prefixlen=64,hostfwd=tcp:127.0.0.1:8080-192.168.7.9:80 -device virtio-net-device,netdev=net0"},
		{"microvm", &vmm.Network{Addresses: prefixes("10.0.2.20/24"), Router: netip.MustParseAddr("10.0.2.3")},
			"-netdev user,id=net0,ipv4=on,ipv6=on,net=10.0.2.0/24,host=10.0.2.3,dns=10.0.2.2,dhcpstart=10.0.2.20 -device virtio-net-device,netdev=net0"},
	} {
		options, err := networkOptions(test.machine, test.network)
		if got := strings.Join(options, " "); err != nil || got != test.want {
			t.Errorf("%s, %+v:\n%s, %v, want\n%s", test.machine, test.network, got, err, test.want)
		}
	}
	for address, want := range map[string]string{
		"10.0.0.2/24":  "--ip 10.0.0.2/24: the user network has its router at 10.0.0.2 and its name server at 10.0.0.3: choose another, as 10.0.0.15/24",
		"10.0.0.3/24":  "choose another, as 10.0.0.15/24",
		"10.0.0.17/29": "at most /28, as in 10.0.0.17/24",
	} {
		if options, err := networkOptions("pc", &vmm.Network{Addresses: prefixes(address)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v, want %q", address, options, err, want)
		}
	}
}

// networks are of every kind that QEMU takes without help of the host.
var networks = map[string]*vmm.Network{
	"none":    nil,
	"user":    {},
	"static":  {Addresses: prefixes("192.168.7.9/24", "fd00::9/64")},
	"router":  {Addresses: prefixes("10.0.2.20/24"), Router: netip.MustParseAddr("10.0.2.3")},
	"small":   {Addresses: prefixes("10.9.8.20/28")},
	"default": {Addresses: prefixes("10.0.2.20/24", "fec0::20/64")},
}

// TestNetworkStarts has the QEMU that is here take what is built for it.
func TestNetworkStarts(t *testing.T) {
	needTool(t, Program)
	image := filepath.Join(t.TempDir(), "probe.img")
	if err := os.WriteFile(image, probeImage(), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, network := range networks {
		for _, machine := range Machines {
			if network != nil {
				copied := *network
				network = &copied
				network.Forwards = []vmm.Forward{freeForward(t, "tcp"), freeForward(t, "udp")}
				network.CaptureFile = filepath.Join(t.TempDir(), "a,b.pcap")
			}
			m := &vmm.Machine{Image: image, MemoryBytes: 16 << 20, Network: network}
			if _, err := (&VMM{Accel: AccelTCG, Machine: machine}).Run(t.Context(), m); err != nil {
				t.Errorf("%s on %s: %v", name, machine, err)
			}
			if network == nil {
				continue
			}
			if head, err := os.ReadFile(network.CaptureFile); err != nil || !bytes.HasPrefix(head, []byte("\xd4\xc3\xb2\xa1")) {
				t.Errorf("%s on %s: capture file %q, %v, want the head of libpcap's", name, machine, head, err)
			}
		}
	}
}

// freeForward returns a port that was free a moment ago.
func freeForward(t *testing.T, protocol string) vmm.Forward {
	t.Helper()
	f := vmm.Forward{Protocol: protocol, GuestPort: 80}
	if protocol == "udp" {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		f.Host = c.LocalAddr().(*net.UDPAddr).AddrPort()
	} else {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		f.Host = l.Addr().(*net.TCPAddr).AddrPort()
	}
	return f
}

func TestNetworkPortInUse(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	u, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	for want, f := range map[string]vmm.Forward{
		"is in use by another program: choose another, as -p": {Protocol: "tcp", Host: l.Addr().(*net.TCPAddr).AddrPort(), GuestPort: 80},
		"is in use by another program: choose":                {Protocol: "udp", Host: u.LocalAddr().(*net.UDPAddr).AddrPort(), GuestPort: 80},
		"192.0.2.1 is no address of this computer":            {Protocol: "tcp", Host: netip.MustParseAddrPort("192.0.2.1:8080"), GuestPort: 80},
	} {
		m, _ := testMachine()
		m.Network = &vmm.Network{Forwards: []vmm.Forward{f}}
		if _, err := fakeVMM(t, "hello").Run(t.Context(), m); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "-p ") {
			t.Errorf("%v: %v, want %q", f, err, want)
		}
	}
}

// What QEMU says when somebody was faster is translated, too.
func TestNetworkComplaint(t *testing.T) {
	needTool(t, Program)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := vmm.Forward{Protocol: "tcp", Host: l.Addr().(*net.TCPAddr).AddrPort(), GuestPort: 80}
	options, err := networkOptions("pc", &vmm.Network{Forwards: []vmm.Forward{taken}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, Program, append([]string{"-nodefaults", "-display", "none"}, options...)...).CombinedOutput()
	if err == nil || !strings.HasPrefix(networkComplaint(string(out)), "-p: a port of this computer was taken meanwhile") {
		t.Errorf("QEMU says %q (%v), we %q", out, err, networkComplaint(string(out)))
	}
	if got := networkComplaint("something else"); got != "" {
		t.Errorf("networkComplaint of something else = %q", got)
	}
}

// A machine with a network is asked to end before it is made to.
func TestRunCancelAsks(t *testing.T) {
	cause := errors.New("enough")
	grace := (&vmm.Machine{Network: &vmm.Network{}}).StopGrace()
	for _, test := range []struct {
		kind     string
		network  *vmm.Network
		asked    bool
		patience time.Duration // what the machine is given at least
	}{
		{"ports stops", &vmm.Network{}, true, 0},
		{"ports ignores", &vmm.Network{}, true, grace},
		{"ports stops", nil, false, 0}, // it has nothing to bring to an end
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		m, stdout := testMachine()
		m.Network = test.network
		m.Announced = func([]netip.Prefix) { cancel(cause) } // by then it has said that it can be asked
		start := time.Now()
		if _, err := fakeVMM(t, test.kind).Run(ctx, m); err != cause {
			t.Errorf("%+v: Run = %v, want the cause", test, err)
		}
		if took := time.Since(start); took < test.patience || took > patience {
			t.Errorf("%+v: it took %v", test, took)
		}
		if asked := strings.Contains(stdout.String(), "goodbye"); asked != test.asked {
			t.Errorf("%+v: output %q", test, stdout)
		}
	}
}

// A machine with files to bring to safety is asked to end when nobody takes its output any more.
func TestRunOutputClosedAsks(t *testing.T) {
	for _, readOnly := range []bool{false, true} {
		m, _ := testMachine()
		m.Shares = []vmm.Share{{Path: t.TempDir(), Tag: "x", ReadOnly: readOnly}}
		m.Stdout = closedWriter{}
		result, err := fakeVMM(t, "ports closed").Run(t.Context(), m)
		if !errors.Is(err, vmm.ErrOutputClosed) || (result != nil) == readOnly {
			t.Errorf("read-only %v: Run = %+v, %v", readOnly, result, err)
		}
	}
}

type closedWriter struct{}

func (closedWriter) Write([]byte) (int, error) { return 0, syscall.EPIPE }
