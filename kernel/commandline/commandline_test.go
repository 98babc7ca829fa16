package commandline

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mewz/abi"
)

func built() abi.Network {
	return abi.Network{
		Addresses: []string{"192.168.0.2/24"}, Gateways: []string{"192.168.0.1"}, Servers: []string{"192.168.0.3"}, HostName: "built",
	}
}

func TestApply(t *testing.T) {
	for _, test := range []struct {
		line   string
		want   abi.Network
		others string
	}{
		{line: "", want: built()},
		{line: "  \t\n", want: built()},
		// What urunc writes: newer, older, and older without a network.
		{line: "ip=10.0.2.15/24 gateway=10.0.2.2", want: abi.Network{
			Enabled: true, Addresses: []string{"10.0.2.15/24"}, Gateways: []string{"10.0.2.2"}, Servers: []string{"192.168.0.3"}, HostName: "built"}},
		{line: "ip=10.0.2.15/24 gateway=10.0.2.2 ", want: abi.Network{
			Enabled: true, Addresses: []string{"10.0.2.15/24"}, Gateways: []string{"10.0.2.2"}, Servers: []string{"192.168.0.3"}, HostName: "built"}},
		{line: "ip=/24 gateway= ", want: built()},
		{line: "ip=/ gateway=", want: built()},
		// The gateway of the image is none for other addresses.
		{line: "ip=10.0.2.15/24", want: abi.Network{
			Enabled: true, Addresses: []string{"10.0.2.15/24"}, Servers: []string{"192.168.0.3"}, HostName: "built"}},
		{line: "ip=10.0.2.15/24,fd00::2/64 ip=fd00::3/64 dns=1.1.1.1,::1 search=a.b,c hostname=web-1.example.org", want: abi.Network{
			Enabled: true, Addresses: []string{"10.0.2.15/24", "fd00::2/64", "fd00::3/64"},
			Servers: []string{"1.1.1.1", "::1"}, Search: []string{"a.b", "c"}, HostName: "web-1.example.org"}},
		// QEMU's microvm tells Linux of its devices.
		{line: "virtio_mmio.device=512@0xfeb00e00:12 quiet ip gateway", want: built(), others: "virtio_mmio.device=512@0xfeb00e00:12 quiet ip gateway"},
	} {
		got := built()
		others, err := Apply(&got, strings.Fields(test.line))
		if err != nil {
			t.Errorf("Apply(%q): %v", test.line, err)
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("Apply(%q) (-want +got):\n%s", test.line, diff)
		}
		if got := strings.Join(others, " "); got != test.others {
			t.Errorf("Apply(%q): other words %q, want %q", test.line, got, test.others)
		}
	}
}

func TestApplyMalformed(t *testing.T) {
	for line, want := range map[string]string{
		"ip=10.0.2.15":                          `"ip=10.0.2.15" is malformed: write ip=10.0.0.2/24`,
		"x ip=banana/24":                        `"ip=banana/24" is malformed: write ip=10.0.0.2/24`,
		"ip=10.0.0.2/33":                        "is malformed",
		"ip=10.0.0.2/0":                         "is malformed",
		"ip=10.0.0.2/+8":                        "is malformed",
		"ip=10.0.0.2/":                          "is malformed",
		"ip=fd00::1/129":                        "is malformed",
		"ip=10.0.0.2/24,":                       "is malformed",
		"ip=10.0.0.2/24,,10.0.0.3/24":           "is malformed",
		"gateway=router":                        `"gateway=router" is malformed: write gateway=10.0.0.1`,
		"gateway=10.0.0":                        "is malformed",
		"dns=1.1.1.1,two":                       `"dns=1.1.1.1,two" is malformed: write dns=10.0.0.1,10.0.0.3`,
		"hostname=-":                            "is malformed",
		"hostname=a..b":                         "is malformed",
		"hostname=a,b":                          "too many values of hostname",
		"hostname=" + strings.Repeat("a", 64):   "is malformed",
		"search=\x1b[2J":                        `"search=\x1b[2J" is malformed`,
		"search=" + strings.Repeat("a,", 20):    "is malformed",
		strings.Repeat("dns=1.1.1.1 ", 17):      "too many values of dns",
		"ip=" + strings.Repeat("9", 5000) + "/": "is malformed",
	} {
		n := built()
		_, err := Apply(&n, strings.Fields(line))
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("Apply(%.50q): %v, want %q", line, err, want)
		}
		if diff := cmp.Diff(built(), n); diff != "" {
			t.Errorf("Apply(%.50q) failed and changed (-want +got):\n%s", line, diff)
		}
	}
}

func FuzzApply(f *testing.F) {
	f.Add("dir=a::/a:ro volume=b::/b")
	f.Add("ip=10.0.2.15/24 gateway=10.0.2.2 dns=1.1.1.1,::1 hostname=a x -- y")
	f.Fuzz(func(t *testing.T, line string) {
		var n abi.Network
		l, err := Split(line)
		if err != nil {
			return
		}
		for _, word := range append(l.Words, l.Args...) {
			if strings.ContainsAny(word, "\"") || len(word) > len(line) {
				t.Errorf("Split(%q) has the word %q", line, word)
			}
		}
		env, others, err := Environment([]string{"A=1"}, l.Words)
		if err != nil {
			return
		}
		for _, variable := range env {
			if name, _, ok := strings.Cut(variable, "="); !ok || name == "" {
				t.Errorf("Environment(%q): %q", line, variable)
			}
		}
		mounts, others, err := Mounts(others)
		if err != nil {
			return
		}
		for _, m := range mounts {
			if m.Guest == "" || m.Tag == "" {
				t.Errorf("Mounts of %q: %+v", line, m)
			}
		}
		if _, err := Apply(&n, others); err == nil && len(n.Addresses) > 0 != n.Enabled {
			t.Errorf("Apply(%q): %+v", line, n)
		}
	})
}
