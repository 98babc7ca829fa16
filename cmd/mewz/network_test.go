package main

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"mewz/abi"
	"mewz/vmm"
)

// parseRun parses the flags of mewz run.
func parseRun(t *testing.T, flags ...string) *runCommand {
	t.Helper()
	exited := false
	var c cli
	parser, err := kong.New(&c, options(&exited)...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append(append([]string{"run"}, flags...), "a.wasm")); err != nil {
		t.Fatalf("Parse(%q): %v", flags, err)
	}
	return &c.Run
}

// connectWith is what a run does with its flags, for an image with a configuration.
func connectWith(t *testing.T, c *abi.Config, flags ...string) (*vmm.Network, error) {
	t.Helper()
	r := parseRun(t, flags...)
	network, err := r.addressFlags.network()
	if err != nil {
		return nil, err
	}
	mergeNetwork(&c.Network, network)
	return r.connect(&app{ctx: t.Context(), quiet: true}, c)
}

func TestPublish(t *testing.T) {
	for text, want := range map[string]string{
		"8080:80":                   "0.0.0.0:8080:80",
		"8080":                      "0.0.0.0:8080:8080",
		"8080/tcp":                  "0.0.0.0:8080:8080",
		"5353:53/udp":               "0.0.0.0:5353:53/udp",
		"127.0.0.1:8080:80":         "127.0.0.1:8080:80",
		"[::1]:8080:80":             "[::1]:8080:80",
		"[::]:8080:80/udp":          "[::]:8080:80/udp",
		"127.0.0.1:8080-8082:80-82": "127.0.0.1:8080:80 127.0.0.1:8081:81 127.0.0.1:8082:82",
		"1-1":                       "0.0.0.0:1:1",
		"65535:1":                   "0.0.0.0:65535:1",
	} {
		list, err := parsePublish([]string{text})
		if got := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(list), "["), "]"); err != nil || got != want {
			t.Errorf("-p %s = %s, %v, want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                     `"" is no port of this computer, 1 to 65535: write 8080:80`,
		"http":                 `"http" is no port of this computer`,
		"80:":                  `"" is no port of the machine`,
		":80":                  `"" is no port of this computer`,
		"127.0.0.1::80":        `"" is no port of this computer`,
		"0:80":                 `"0" is no port`,
		"80:65536":             `"65536" is no port of the machine`,
		"+80:80":               `"+80" is no port`,
		"80/sctp":              `the protocol "sctp" is neither tcp nor udp`,
		"80/":                  `the protocol "" is neither`,
		"::1:80:80":            `"::1": addresses of IPv6, and no others, have brackets`,
		"[1.2.3.4]:1:1":        `"[1.2.3.4]": addresses of IPv6, and no others, have brackets`,
		"[::ffff:1.2.3.4]:1:1": `"[::ffff:1.2.3.4]" is an IPv4 address as one of IPv6: write 1.2.3.4`,
		"[::1]:80":             `is no address of this computer`,
		"1:2:3:4":              `"1:2" is no address of this computer`,
		"host:80:80":           `"host" is no address of this computer`,
		"80-70":                "the range 80-70 goes backwards",
		"80-:80":               `"" is no port`,
		"80-82:80-81":          "3 ports of this computer lead to 2 of the machine",
	} {
		list, err := parsePublish([]string{text})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), `-p "`+text+`": `) {
			t.Errorf("-p %q = %v, %v, want %q", text, list, err, want)
		}
	}
	for want, flags := range map[string][]string{
		"port 80 of this computer is given away twice": {"80:1", "80:2"},
		"more than 512 ports":                          {"1-400", "401-600"},
	} {
		if list, err := parsePublish(flags); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("-p %q = %v, %v, want %q", flags, list, err, want)
		}
	}
	if list, err := parsePublish([]string{"80", "80/udp", "127.0.0.1:80:80"}); err != nil || len(list) != 3 {
		t.Errorf("different protocols and addresses: %v, %v", list, err)
	}
}

func FuzzPublish(f *testing.F) {
	f.Add("127.0.0.1:8000-8009:80-89/udp")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parsePublish([]string{text})
		if err != nil {
			return
		}
		for _, forward := range list { // what it prints is taken again, and means the same
			again, err := parsePublish([]string{forward.String()})
			if err != nil || len(again) != 1 || again[0] != forward {
				t.Errorf("-p %q: %v is read back as %v, %v", text, forward, again, err)
			}
		}
	})
}

// TestNetworkFlags has one line for each thing that can be wrong.
func TestNetworkFlags(t *testing.T) {
	for flags, want := range map[string]string{
		"--ip=10.0.0.2":                       `--ip "10.0.0.2": no prefix length: write 10.0.0.2/24`,
		"--ip=fd00::2":                        `--ip "fd00::2": no prefix length: write fd00::2/64`,
		"--ip=here/24":                        `--ip "here/24": no address with a prefix length: write 10.0.0.2/24 or 2001:db8::2/64`,
		"--ip=10.0.0.2/33":                    "no address with a prefix length",
		"--ip=fe80::1%eth0/64":                "no address with a prefix length",
		"--ip=10.0.0.2/0":                     "a prefix of no bits is everything",
		"--ip=10.0.0.0/24":                    "the address of the network itself",
		"--ip=10.0.0.255/24":                  "the broadcast address",
		"--ip=127.0.0.1/8":                    "a loopback address",
		"--ip=224.0.0.1/8":                    "a multicast address",
		"--ip=0.0.0.0/8":                      "nobody's address",
		"--ip=::ffff:10.0.0.1/96":             "an IPv4 address as one of IPv6",
		"--ip=10.0.2.9/24 --ip=10.0.2.9/16":   "stands twice",
		"--ip=10.0.2.9/24 --gateway=router":   `--gateway "router": no address of a router: write 10.0.0.1 or fe80::1`,
		"--gateway=10.0.0.1":                  "in none of the networks of --ip",
		"--ip=10.0.2.9/24 --gateway=10.0.3.1": "in none of the networks of --ip",
		"--ip=10.0.2.9/24 --gateway=10.0.2.9": "the machine's own address",
		"--ip=10.0.2.9/24 --gateway=10.0.2.1 --gateway=10.0.2.4": "a second one of the same family",
		"--dns=nowhere":                         `--dns "nowhere": no address of a name server: write 10.0.2.3`,
		"--dns=0.0.0.0":                         "no address of a name server",
		"--dns=1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4": "--dns: stands 4 times: at most 3",
		"--dns-search=a..b":                     `--dns-search "a..b": no domain: write example.org`,
		"--hostname=a_b":                        `--hostname "a_b": letters, digits and -`,
		"--hostname=" + strings.Repeat("a", 64): "in parts of at most 63",
		"--listen=8080":                         `--listen "8080": no address and port: write 0.0.0.0:8080 or [::]:8080`,
		"--listen=0.0.0.0:0":                    "no address and port",
		"--listen=localhost:80":                 "no address and port",
		"--net=bridge":                          `--net "bridge": write user, tap=NAME or none`,
		"--net=tap":                             `--net "tap": no name of a TAP device: write --net tap=tap0`,
		"--net=tap=":                            "no name of a TAP device",
		"--net=tap=a/b":                         "no name of a TAP device",
		"--net=tap=sixteenletters16":            "no name of a TAP device",
		"--net=user=x":                          "write user, tap=NAME or none",
		"--publish=80 --net=none":               "-p 80: --net none is a machine without a network",
		"--publish=80 --net=tap=t":              "-p 80: a machine on a TAP device is reached by its own address",
		"--pcap=f --net=none":                   "--pcap f: --net none is a machine without a network",
		"--ip=10.0.2.9/24 --net=none":           "--ip 10.0.2.9/24: the machine has no network",
		"--listen=:80 --net=none":               "--listen :80: the machine has no network",
		"--vmm=process --publish=80":            "-p 80: --vmm process has no network of its own: use --net tap=NAME, or leave --vmm out",
		"--vmm=process --net=user":              "--net user: --vmm process has no network of its own",
		"--vmm=process --listen=:80":            "--vmm process has no network of its own",
		"--vmm=process --net=tap=t --pcap=f":    "tcpdump -i t -w f",
	} {
		_, err := connectWith(t, &abi.Config{}, strings.Fields(flags)...)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", flags, err, want)
		}
	}
	for _, flags := range []string{"--net user", "-p 80", "--ip 10.0.2.9/24", "--listen :80", "--net tap=t --vmm process"} {
		if _, err := connectWith(t, &abi.Config{Network: abi.Network{Absent: true}}, strings.Fields(flags)...); err != errAbsent {
			t.Errorf("%s with an image without a network: %v, want %v", flags, err, errAbsent)
		}
	}
}

// TestConnect checks which network a machine gets and what it is told of it.
func TestConnect(t *testing.T) {
	sockets := &abi.Config{Network: abi.Network{Enabled: true}}
	for _, test := range []struct {
		name, flags string
		image       *abi.Config
		want        *vmm.Network
		config      abi.Network
	}{
		{"nothing", "", &abi.Config{}, nil, abi.Network{}},
		{"sockets", "", sockets, &vmm.Network{}, abi.Network{Enabled: true}},
		{"sockets without a network", "--net none", sockets, nil, abi.Network{}},
		{"sockets in a process", "--vmm process", sockets, nil, abi.Network{}},
		{"no sockets, but asked for", "--net user", &abi.Config{}, &vmm.Network{}, abi.Network{Enabled: true}},
		{"a TAP device", "--net tap=t --vmm process", &abi.Config{}, &vmm.Network{Interface: "t", MAC: macAddress("t")}, abi.Network{Enabled: true}},
		{"-p", "-p 80", &abi.Config{},
			&vmm.Network{Forwards: []vmm.Forward{{Protocol: "tcp", Host: netip.MustParseAddrPort("0.0.0.0:80"), GuestPort: 80}}}, abi.Network{Enabled: true}},
		{"--listen", "--listen :80 --listen [::]:80", &abi.Config{}, &vmm.Network{},
			abi.Network{Enabled: true, Listen: []string{"0.0.0.0:80", "[::]:80"}}},
		{"an address in the user network", "--ip 192.168.7.9/24 --hostname web", &abi.Config{},
			&vmm.Network{Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.7.9/24")}},
			abi.Network{Enabled: true, Addresses: []string{"192.168.7.9/24"}, Gateways: []string{"192.168.7.2"}, Servers: []string{"192.168.7.3"}, HostName: "web"}},
		{"and a router", "--ip 192.168.7.9/24 --gateway 192.168.7.3 --dns 1.1.1.1", &abi.Config{},
			&vmm.Network{Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.7.9/24")}, Router: netip.MustParseAddr("192.168.7.3")},
			abi.Network{Enabled: true, Addresses: []string{"192.168.7.9/24"}, Gateways: []string{"192.168.7.3"}, Servers: []string{"1.1.1.1"}}},
		{"over that of the image", "--ip 10.1.0.2/16 --net tap=t",
			&abi.Config{Network: abi.Network{Addresses: []string{"10.0.0.2/24"}, Gateways: []string{"10.0.0.1"}, HostName: "built"}},
			&vmm.Network{Interface: "t", MAC: macAddress("t"), Addresses: []netip.Prefix{netip.MustParsePrefix("10.1.0.2/16")}},
			abi.Network{Enabled: true, Addresses: []string{"10.1.0.2/16"}, HostName: "built"}},
	} {
		image := *test.image
		got, err := connectWith(t, &image, strings.Fields(test.flags)...)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(fmt.Sprintf("%+v", test.want), fmt.Sprintf("%+v", got)); diff != "" {
			t.Errorf("%s: network (-want +got):\n%s", test.name, diff)
		}
		if diff := cmp.Diff(test.config, image.Network); diff != "" {
			t.Errorf("%s: configuration (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestSocketsOf(t *testing.T) {
	for names, want := range map[string]bool{
		"": false, "fd_write": false, "sock_accept sock_recv sock_send sock_shutdown": false,
		"fd_write sock_open": true, "sock_getaddrinfo": true, "sock_open_v2": true,
	} {
		if got := socketsOf(strings.Fields(names)); got != want {
			t.Errorf("socketsOf(%q) = %v, want %v", names, got, want)
		}
	}
}

func TestHintListen(t *testing.T) {
	r := parseRun(t, "--listen", ":8080", "--listen", "[::]:81", "-p", "9090:81", "-p", "8080/udp")
	text := captureStderr(t, func() {
		network, err := r.addressFlags.network()
		if err == nil {
			_, err = r.connect(&app{ctx: t.Context()}, &abi.Config{Network: network})
		}
		if err != nil {
			t.Error(err)
		}
	})
	if want := "mewz: run: port 8080 of --listen 0.0.0.0:8080 is not reached from outside: add -p 8080:8080\n"; text != want {
		t.Errorf("printed %q, want %q", text, want)
	}
}

// TestHintDown makes a TAP device, which is down then, in a network namespace that only the thread
// of this test has: the name is nobody else's.
func TestHintDown(t *testing.T) {
	const device = "net-down0"
	if text := captureStderr(t, func() { hintDown("lo") }); text != "" {
		t.Errorf("of lo, which is up: %q", text)
	}
	runtime.LockOSThread() // for good: the namespace ends with the thread
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("a network namespace: %v", err)
		}
		t.Skipf("no network namespace can be made: %v", err)
	}
	if out, err := exec.Command("ip", "tuntap", "add", "dev", device, "mode", "tap").CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("a TAP device: %v: %s", err, out)
		}
		t.Skipf("no TAP device can be made: %v", err)
	}
	if text := captureStderr(t, func() { hintDown(device) }); !strings.Contains(text, "the device is down") || strings.Count(text, "\n") != 1 {
		t.Errorf("printed %q", text)
	}
}

func TestAnnouncement(t *testing.T) {
	addresses := []netip.Prefix{netip.MustParsePrefix("10.0.2.15/24"), netip.MustParsePrefix("fe80::15/64"), netip.MustParsePrefix("fec0::15/64")}
	for flags, want := range map[string]string{
		"":                              "mewz: network 10.0.2.15/24, fec0::15/64",
		"8080:80":                       "mewz: network 10.0.2.15/24, fec0::15/64; http://127.0.0.1:8080 -> 80",
		"127.0.0.2:8080:80 5353:53/udp": "mewz: network 10.0.2.15/24, fec0::15/64; http://127.0.0.2:8080 -> 80, udp://127.0.0.1:5353 -> 53",
		"1-6":                           "mewz: network 10.0.2.15/24, fec0::15/64; http://127.0.0.1:1 -> 1, http://127.0.0.1:2 -> 2, http://127.0.0.1:3 -> 3, http://127.0.0.1:4 -> 4 and 2 more",
	} {
		forwards, err := parsePublish(strings.Fields(flags))
		if err != nil {
			t.Fatal(err)
		}
		if got := announcement(&vmm.Network{Forwards: forwards}, addresses); got != want {
			t.Errorf("-p %s: %q, want %q", flags, got, want)
		}
	}
	if (&app{verbose: true, quiet: true}).announcer(&vmm.Network{}) != nil || (&app{verbose: true}).announcer(nil) != nil {
		t.Error("it would speak with --quiet, or without a network")
	}
	text := captureStderr(t, func() {
		if (&app{}).announcer(&vmm.Network{}) != nil {
			t.Error("it would speak to a file")
		}
		(&app{verbose: true}).announcer(&vmm.Network{})(addresses)
	})
	if text != "mewz: network 10.0.2.15/24, fec0::15/64\n" {
		t.Errorf("printed %q", text)
	}
}

func TestCaptureFile(t *testing.T) {
	dir := t.TempDir()
	if err := (connectFlags{Pcap: dir + "/a.pcap"}).capture(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir + "/a.pcap"); err != nil {
		t.Error(err)
	}
	for _, path := range []string{dir, dir + "/none/a.pcap"} {
		if err := (connectFlags{Pcap: path}).capture(); err == nil || !strings.HasPrefix(err.Error(), "--pcap") {
			t.Errorf("--pcap %s: %v, want an error", path, err)
		}
	}
}

func TestMACAddress(t *testing.T) {
	if macAddress("") != "" || macAddress("tap0") == macAddress("tap1") || macAddress("tap0") != macAddress("tap0") {
		t.Error("not one and the same for each device")
	}
	if !strings.HasPrefix(macAddress("tap0"), "52:54:00:") {
		t.Errorf("macAddress = %s", macAddress("tap0"))
	}
}
