package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"mewz/abi"
	"mewz/image"
	"mewz/vmm"
	"mewz/vmm/qemu"
)

// addressFlags say who the machine is in its network. They go into the image.
type addressFlags struct {
	IP        []string `name:"ip" sep:"none" group:"network" placeholder:"ADDR/PREFIX" help:"Address of the machine, IPv4 or IPv6; repeatable (DHCP and router advertisements)."`
	Gateway   []string `sep:"none" group:"network" placeholder:"ADDR" help:"Router to everywhere else, one for IPv4 and one for IPv6."`
	DNS       []string `name:"dns" group:"network" placeholder:"ADDR" help:"Name server; repeatable."`
	DNSSearch []string `name:"dns-search" group:"network" placeholder:"DOMAIN" help:"Domain to look names without a dot up in; repeatable."`
	HostName  string   `name:"hostname" group:"network" placeholder:"NAME" help:"Name of the machine."`
	Listen    []string `sep:"none" group:"network" placeholder:"ADDR:PORT" help:"Listening socket that the program finds open behind its directories; repeatable."`
}

// connectFlags say what the machine is connected to. They are for one run.
type connectFlags struct {
	Publish []string `short:"p" sep:"none" group:"network" placeholder:"HOST:GUEST" help:"Port of this computer that leads into the machine, as [ADDR:]8080:80[/udp]; repeatable."`
	Net     string   `group:"network" placeholder:"user|tap=NAME|none" help:"user: a network of QEMU's own behind this computer's address; tap: a TAP device (user for a program with sockets, else none)."`
	Pcap    string   `group:"network" placeholder:"FILE" help:"Write what crosses the wire, for Wireshark or tcpdump."`
}

// Bounds of what is passed on; the machine keeps it in memory.
const (
	addressesMax = 8
	serversMax   = 3   // what resolv.conf(5) has room for (MAXNS)
	searchMax    = 6   // likewise (MAXDNSRCH)
	listenMax    = 64  // descriptors of the program
	forwardsMax  = 512 // each one is a socket of QEMU
	labelMax     = 63  // RFC 1035, 2.3.4
	nameMax      = 253
	interfaceMax = 15 // IFNAMSIZ without its zero
)

// network checks the flags and returns them as the configuration has them.
func (f *addressFlags) network() (abi.Network, error) {
	n, err := f.check()
	return n, wrongFlags(err)
}

func (f *addressFlags) check() (abi.Network, error) {
	n := abi.Network{HostName: f.HostName}
	addresses, err := parseAddresses(f.IP)
	if err != nil {
		return n, err
	}
	if err := checkGateways(f.Gateway, addresses); err != nil {
		return n, err
	}
	for _, s := range f.DNS {
		if a, err := netip.ParseAddr(s); err != nil || a.IsUnspecified() || a.IsMulticast() {
			return n, fmt.Errorf("--dns %q: no address of a name server: write 10.0.2.3 or 2001:db8::53", s)
		}
	}
	if f.HostName != "" && !isDomainName(f.HostName) {
		return n, fmt.Errorf("--hostname %q: letters, digits and - in parts of at most %d: write web or web.example.org", f.HostName, labelMax)
	}
	for _, s := range f.DNSSearch {
		if !isDomainName(s) {
			return n, fmt.Errorf("--dns-search %q: no domain: write example.org", s)
		}
	}
	for _, s := range f.Listen {
		address, err := parseListen(s)
		if err != nil {
			return n, err
		}
		n.Listen = append(n.Listen, address.String())
	}
	for _, bound := range []struct {
		flag      string
		have, max int
	}{{"--ip", len(f.IP), addressesMax}, {"--dns", len(f.DNS), serversMax}, {"--dns-search", len(f.DNSSearch), searchMax}, {"--listen", len(f.Listen), listenMax}} {
		if bound.have > bound.max {
			return n, fmt.Errorf("%s: stands %d times: at most %d", bound.flag, bound.have, bound.max)
		}
	}
	n.Addresses, n.Gateways, n.Servers, n.Search = f.IP, f.Gateway, f.DNS, f.DNSSearch
	return n, nil
}

// given says whether any of the flags that need a network is there, and which.
func (f *addressFlags) given() string {
	for _, flag := range []struct {
		name string
		list []string
	}{{"--ip", f.IP}, {"--gateway", f.Gateway}, {"--dns", f.DNS}, {"--dns-search", f.DNSSearch}, {"--listen", f.Listen}} {
		if len(flag.list) > 0 {
			return flag.name + " " + flag.list[0]
		}
	}
	return ""
}

func parseAddresses(texts []string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
				return nil, fmt.Errorf("--ip %q: no prefix length: write %v/%d", text, a, map[bool]int{true: 24, false: 64}[a.Is4()])
			}
			return nil, fmt.Errorf("--ip %q: no address with a prefix length: write 10.0.0.2/24 or 2001:db8::2/64", text)
		}
		if what := unusable(p); what != "" {
			return nil, fmt.Errorf("--ip %q: %s: write the address of one machine, as 10.0.0.2/24", text, what)
		}
		for _, other := range list {
			if other.Addr() == p.Addr() {
				return nil, fmt.Errorf("--ip %q: stands twice", text)
			}
		}
		list = append(list, p)
	}
	return list, nil
}

// unusable says why a machine cannot have an address, or "".
func unusable(p netip.Prefix) string {
	a := p.Addr()
	hostBits := a.BitLen() - p.Bits()
	switch {
	case p.Bits() == 0:
		return "a prefix of no bits is everything"
	case a.IsUnspecified():
		return "it is nobody's address"
	case a.IsLoopback():
		return "it is a loopback address"
	case a.IsMulticast():
		return "it is a multicast address"
	case a.Is4In6():
		return "it is an IPv4 address as one of IPv6"
	case hostBits > 1 && a == p.Masked().Addr():
		return "it is the address of the network itself"
	case a.Is4() && hostBits > 1 && a == broadcast(p):
		return "it is the broadcast address of the network"
	default:
		return ""
	}
}

// broadcast returns the last address of an IPv4 network.
func broadcast(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(b)
}

// checkGateways checks that each gateway can be reached from an address.
func checkGateways(texts []string, addresses []netip.Prefix) error {
	var families [2]bool
	for _, text := range texts {
		g, err := netip.ParseAddr(text)
		if err != nil || g.Zone() != "" || g.IsUnspecified() || g.IsMulticast() || g.IsLoopback() {
			return fmt.Errorf("--gateway %q: no address of a router: write 10.0.0.1 or fe80::1", text)
		}
		family := map[bool]int{true: 0, false: 1}[g.Is4()]
		if families[family] {
			return fmt.Errorf("--gateway %q: a second one of the same family: give one for IPv4 and one for IPv6", text)
		}
		families[family] = true
		near, own := g.Is6() && g.IsLinkLocalUnicast(), false
		for _, p := range addresses {
			near = near || p.Contains(g)
			own = own || p.Addr() == g
		}
		switch {
		case own:
			return fmt.Errorf("--gateway %q: it is the machine's own address: name the router", text)
		case !near:
			return fmt.Errorf("--gateway %q: in none of the networks of --ip: write --ip ADDR/PREFIX with a network that the router is in", text)
		}
	}
	return nil
}

// isDomainName says whether s is a name of a machine or domain (RFC 1123, 2.1).
func isDomainName(s string) bool {
	if s == "" || len(s) > nameMax {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > labelMax || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
				return false
			}
		}
	}
	return true
}

// parseListen parses a --listen; without an address it is every IPv4 address.
func parseListen(text string) (netip.AddrPort, error) {
	whole := text
	if strings.HasPrefix(text, ":") {
		whole = "0.0.0.0" + text
	}
	a, err := netip.ParseAddrPort(whole)
	if err != nil || a.Port() == 0 || a.Addr().Zone() != "" {
		return a, fmt.Errorf("--listen %q: no address and port: write 0.0.0.0:8080 or [::]:8080", text)
	}
	return a, nil
}

// connection is the network of a run as the flags have it.
type connection struct {
	// how is "user", "tap" or "none"; "" as the program needs it.
	how      string
	device   string // of tap
	forwards []vmm.Forward
	pcap     string
}

// parse checks the flags as far as that goes without the program.
func (f *connectFlags) parse() (connection, error) {
	c, err := f.check()
	return c, wrongFlags(err)
}

func (f *connectFlags) check() (c connection, err error) {
	kind, name, hasName := strings.Cut(f.Net, "=")
	switch {
	case f.Net == "user", f.Net == "none":
		c.how = f.Net
	case kind == "tap" && hasName && isInterface(name):
		c.how, c.device = kind, name
	case kind == "tap":
		return c, fmt.Errorf("--net %q: no name of a TAP device: write --net tap=tap0", f.Net)
	case f.Net != "":
		return c, fmt.Errorf("--net %q: write user, tap=NAME or none", f.Net)
	}
	c.pcap = f.Pcap
	if c.forwards, err = parsePublish(f.Publish); err != nil {
		return c, err
	}
	if len(c.forwards) > 0 && c.how == "none" {
		return c, fmt.Errorf("-p %s: --net none is a machine without a network: leave out one of them", f.Publish[0])
	}
	if len(c.forwards) > 0 && c.how == "tap" {
		return c, fmt.Errorf("-p %s: a machine on a TAP device is reached by its own address: leave -p out, or use --net user", f.Publish[0])
	}
	if c.pcap != "" && c.how == "none" {
		return c, fmt.Errorf("--pcap %s: --net none is a machine without a network: leave out one of them", c.pcap)
	}
	return c, nil
}

// isInterface says whether Linux takes s as the name of a network device
// (dev_valid_name).
func isInterface(s string) bool {
	return s != "" && len(s) <= interfaceMax && s != "." && s != ".." && !strings.ContainsAny(s, "/: \t\r\n\v\f%,") // and no pattern
}

// socketsOf says whether one of the functions that a program imports opens sockets.
func socketsOf(names []string) bool { return slices.ContainsFunc(names, abi.OpensSockets) }

// mergeNetwork sets in the network of an image what the flags of a run say.
func mergeNetwork(n *abi.Network, flags abi.Network) {
	if len(flags.Addresses) > 0 { // gateways go with them
		n.Addresses, n.Gateways = flags.Addresses, nil
	}
	for _, list := range []struct{ have, want *[]string }{
		{&n.Gateways, &flags.Gateways}, {&n.Servers, &flags.Servers}, {&n.Search, &flags.Search}, {&n.Listen, &flags.Listen},
	} {
		if len(*list.want) > 0 {
			*list.have = *list.want
		}
	}
	if flags.HostName != "" {
		n.HostName = flags.HostName
	}
}

// wanted says whether the flags alone give the machine a network.
func (c *connection) wanted() bool {
	return c.how != "" && c.how != "none" || len(c.forwards) > 0 || c.pcap != ""
}

// errAbsent is of an image whose program wanted no network when it was linked.
var errAbsent = errors.New("the image has no network in it, because its program uses no sockets: " +
	"build it again with --ip ADDR/PREFIX, or give the module instead of the image")

// connect decides how the machine of an image is connected, and completes its
// configuration by that. It returns nil for a machine without a network.
func (r *runCommand) connect(a *app, c *abi.Config) (*vmm.Network, error) {
	plan, err := r.connectFlags.parse()
	if err != nil {
		return nil, err
	}
	if err := r.settle(a, &plan, c); err != nil {
		return nil, wrongFlags(err)
	}
	c.Network.Enabled = plan.how != "none"
	if !c.Network.Enabled {
		return nil, nil
	}
	if c.Network.Absent {
		return nil, errAbsent
	}
	n := &vmm.Network{Interface: plan.device, Forwards: plan.forwards, CaptureFile: plan.pcap, MAC: macAddress(plan.device)}
	for _, text := range c.Network.Addresses {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("the image has the address %q: build it again, or give --ip", text)
		}
		n.Addresses = append(n.Addresses, p)
	}
	if plan.how == "user" {
		completeUser(n, &c.Network)
		r.hintListen(a, n, c.Network.Listen)
	} else if !a.quiet {
		hintDown(plan.device)
	}
	return n, nil
}

// hintDown says that nobody reaches a machine on a TAP device that is not up. It may be set up later.
func hintDown(device string) {
	if i, err := net.InterfaceByName(device); err == nil && i.Flags&net.FlagUp == 0 {
		fmt.Fprintf(os.Stderr, "mewz: run: --net tap=%s: the device is down, nobody reaches the machine: ip link set %s up, as root\n", device, device)
	}
}

// settle sets what the flags leave open, and refuses what cannot be.
func (r *runCommand) settle(a *app, plan *connection, c *abi.Config) error {
	isProcess := r.VMM == "process"
	switch {
	case plan.how != "":
	case !c.WantsNetwork() && len(plan.forwards) == 0 && plan.pcap == "":
		plan.how = "none"
	case isProcess && len(c.Network.Listen) == 0 && len(plan.forwards) == 0 && plan.pcap == "":
		plan.how = "none"
		if !a.quiet {
			fmt.Fprintln(os.Stderr, "mewz: run: the program uses sockets; --vmm process has a network only with --net tap=NAME")
		}
	default:
		plan.how = "user"
	}
	if plan.how == "none" {
		if flag := r.given(); flag != "" {
			return fmt.Errorf("%s: the machine has no network: leave it out, or --net none", flag)
		}
		if len(c.Network.Listen) > 0 {
			return fmt.Errorf("--net none: the program listens on %s: leave --net none out", c.Network.Listen[0])
		}
		return nil
	}
	if isProcess && plan.how == "user" {
		flag := "--net user"
		if len(r.Publish) > 0 {
			flag = "-p " + r.Publish[0]
		}
		return fmt.Errorf("%s: --vmm process has no network of its own: use --net tap=NAME, or leave --vmm out", flag)
	}
	if isProcess && plan.pcap != "" {
		return fmt.Errorf("--pcap %s: --vmm process does not write it: tcpdump -i %s -w %s", plan.pcap, plan.device, quote([]string{plan.pcap}))
	}
	return nil
}

// completeUser tells a machine with an address of its own where in QEMU's
// network router and name server are, unless the user does.
func completeUser(n *vmm.Network, c *abi.Network) {
	address, ok := n.IPv4()
	if !ok {
		return
	}
	router, server := qemu.UserRouter(address)
	for _, text := range c.Gateways {
		if g, err := netip.ParseAddr(text); err == nil && g.Is4() {
			n.Router, router = g, netip.Addr{}
		}
	}
	if router.IsValid() {
		c.Gateways = append(c.Gateways[:len(c.Gateways):len(c.Gateways)], router.String())
	}
	if len(c.Servers) == 0 {
		if n.Router == server {
			server, _ = qemu.UserRouter(address)
		}
		c.Servers = []string{server.String()}
	}
}

// hintListen says which ports of --listen nobody can reach.
func (r *runCommand) hintListen(a *app, n *vmm.Network, listen []string) {
	for _, text := range listen {
		address, err := netip.ParseAddrPort(text)
		if err != nil || a.quiet {
			continue
		}
		reached := false
		for _, f := range n.Forwards {
			reached = reached || f.Protocol == "tcp" && f.GuestPort == address.Port()
		}
		if !reached {
			fmt.Fprintf(os.Stderr, "mewz: run: port %d of --listen %s is not reached from outside: add -p %d:%d\n",
				address.Port(), text, address.Port(), address.Port())
		}
	}
}

// macAddress returns the Ethernet address of a machine: on a TAP device always
// the same, so that its DHCP server knows it again, and another one than on the
// next. The prefix is the one of QEMU's machines.
func macAddress(device string) string {
	if device == "" {
		return "" // nobody else is there
	}
	id, _ := os.ReadFile("/etc/machine-id") // without it two computers may choose the same one
	sum := sha256.Sum256(append(id, device...))
	return net.HardwareAddr{0x52, 0x54, 0, sum[0], sum[1], sum[2]}.String()
}

// capture makes the file of --pcap, so that what is wrong with it is said before
// anything starts.
func (n connectFlags) capture() error {
	if n.Pcap == "" {
		return nil
	}
	f, err := os.OpenFile(n.Pcap, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("--pcap: %w", err)
	}
	info, err := f.Stat()
	if err = errors.Join(err, f.Close()); err == nil && info.IsDir() {
		err = fmt.Errorf("--pcap %s: is a directory", n.Pcap)
	}
	return err
}

// forwardsShown bounds the ports of an announcement.
const forwardsShown = 4

// announcer returns what tells the user that the machine can be reached, or nil
// when nobody looks.
func (a *app) announcer(n *vmm.Network) func([]netip.Prefix) {
	if n == nil || a.quiet || !a.verbose && !stderrIsTerminal() {
		return nil
	}
	return func(addresses []netip.Prefix) { fmt.Fprintln(os.Stderr, announcement(n, addresses)) }
}

// announcement is one line.
func announcement(n *vmm.Network, addresses []netip.Prefix) string {
	var b strings.Builder
	b.WriteString("mewz: network ")
	var texts []string
	for _, address := range addresses {
		if !address.Addr().IsLinkLocalUnicast() || len(addresses) == 1 { // of no use beyond the link
			texts = append(texts, address.String())
		}
	}
	b.WriteString(strings.Join(texts, ", "))
	for i, f := range n.Forwards {
		if i == forwardsShown {
			fmt.Fprintf(&b, " and %d more", len(n.Forwards)-i)
			break
		}
		b.WriteString([]string{"; ", ", "}[min(i, 1)])
		host := f.Host
		if host.Addr().IsUnspecified() {
			loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
			if host.Addr().Is6() {
				loopback = netip.IPv6Loopback()
			}
			host = netip.AddrPortFrom(loopback, host.Port())
		}
		fmt.Fprintf(&b, "%s://%v -> %d", map[string]string{"tcp": "http", "udp": "udp"}[f.Protocol], host, f.GuestPort)
	}
	return b.String()
}

// planNetwork is connect for an image at path, or a module that is not compiled yet.
func (r *runCommand) planNetwork(a *app, src *source) (*vmm.Network, error) {
	flags, err := r.addressFlags.network()
	if err != nil {
		return nil, err
	}
	c := abi.Config{Network: flags}
	switch src.kind {
	case kindImage:
		d, err := image.Read(src.path)
		if err != nil {
			return nil, err
		}
		c.Imports, c.Network = d.Config.Imports, d.Config.Network
		mergeNetwork(&c.Network, flags)
	case kindModule:
		m, err := src.module()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", src.path, err)
		}
		var names []string
		for _, im := range m.Imports {
			names = append(names, im.Name)
		}
		c.Network.Enabled = socketsOf(names)
	default:
		img, err := a.link(src, r.compileFlags, linkFlags{UnknownImports: r.UnknownImports}, c)
		if err != nil {
			return nil, err
		}
		c.Imports = img.Config.Imports
	}
	return r.connect(a, &c)
}
