package main

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"mewz/vmm"
)

// publishExample ends every message about -p.
const publishExample = "write 8080:80, 127.0.0.1:8080:80, [::1]:8080:80, 8080, 8000-8009:80-89 or 5353:53/udp"

// parsePublish parses the values of -p: [ADDRESS:]HOST:GUEST[/tcp|/udp], a
// port for both, or ranges of the same length.
func parsePublish(flags []string) ([]vmm.Forward, error) {
	var list []vmm.Forward
	seen := map[vmm.Forward]bool{}
	for _, flag := range flags {
		forwards, err := parseForwards(flag)
		if err != nil {
			return nil, fmt.Errorf("-p %q: %w: %s", flag, err, publishExample)
		}
		for _, f := range forwards {
			host := vmm.Forward{Protocol: f.Protocol, Host: f.Host}
			if seen[host] {
				return nil, fmt.Errorf("-p %q: port %d of this computer is given away twice: choose another", flag, f.Host.Port())
			}
			seen[host] = true
		}
		if list = append(list, forwards...); len(list) > forwardsMax {
			return nil, fmt.Errorf("-p %q: more than %d ports: give fewer, or use --net tap=NAME", flag, forwardsMax)
		}
	}
	return list, nil
}

// parseForwards parses one value of -p.
func parseForwards(flag string) ([]vmm.Forward, error) {
	rest, protocol, hasProtocol := strings.Cut(flag, "/")
	if !hasProtocol {
		protocol = "tcp"
	}
	if protocol != "tcp" && protocol != "udp" {
		return nil, fmt.Errorf("the protocol %q is neither tcp nor udp", protocol)
	}
	address, rest, err := cutAddress(rest)
	if err != nil {
		return nil, err
	}
	hostText, guestText, isPair := strings.Cut(rest, ":")
	if !isPair {
		guestText = hostText
	}
	host, err := parseRange(hostText, "of this computer")
	if err != nil {
		return nil, err
	}
	guest, err := parseRange(guestText, "of the machine")
	if err != nil {
		return nil, err
	}
	if host.count != guest.count {
		return nil, fmt.Errorf("%d ports of this computer lead to %d of the machine", host.count, guest.count)
	}
	var list []vmm.Forward
	for i := range host.count {
		list = append(list, vmm.Forward{
			Protocol: protocol, Host: netip.AddrPortFrom(address, host.first+uint16(i)), GuestPort: guest.first + uint16(i),
		})
	}
	return list, nil
}

// cutAddress takes the address of the host off the front, if there is one.
func cutAddress(text string) (address netip.Addr, rest string, err error) {
	address, rest = netip.IPv4Unspecified(), text
	at := strings.LastIndexByte(text, ':')
	if at >= 0 {
		at = strings.LastIndexByte(text[:at], ':')
	}
	if at < 0 {
		return address, rest, nil
	}
	name := text[:at]
	inner, isBracketed := strings.CutPrefix(name, "[")
	address, err = netip.ParseAddr(strings.TrimSuffix(inner, "]"))
	switch {
	case err != nil:
		return address, rest, fmt.Errorf("%q is no address of this computer", name)
	case address.Is6() != isBracketed:
		return address, rest, fmt.Errorf("%q: addresses of IPv6, and no others, have brackets", name)
	case address.Is4In6():
		return address, rest, fmt.Errorf("%q is an IPv4 address as one of IPv6: write %v", name, address.Unmap())
	default:
		return address, text[at+1:], nil
	}
}

// portRange is one port or several.
type portRange struct {
	first uint16
	count int
}

func parseRange(text, whose string) (portRange, error) {
	firstText, lastText, isRange := strings.Cut(text, "-")
	first, err := parsePort(firstText, whose)
	if err != nil || !isRange {
		return portRange{first, 1}, err
	}
	last, err := parsePort(lastText, whose)
	if err != nil {
		return portRange{}, err
	}
	if last < first {
		return portRange{}, fmt.Errorf("the range %s goes backwards", text)
	}
	return portRange{first, int(last-first) + 1}, nil
}

func parsePort(text, whose string) (uint16, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 || text[0] == '+' {
		return 0, fmt.Errorf("%q is no port %s, 1 to 65535", text, whose)
	}
	return uint16(n), nil
}
