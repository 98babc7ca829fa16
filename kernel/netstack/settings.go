package netstack

import (
	"strconv"

	"mewz/abi"
	"mewz/kernel/netstack/header"
	"mewz/kernel/netstack/ip"
	"mewz/kernel/socket"
)

// settings is abi.Network, checked.
type settings struct {
	addresses []header.Prefix
	gateways  []socket.Address
	servers   []socket.Address
	search    []string
	hostName  string
	has4      bool
	has6      bool
}

// Bounds of what a user can say.
const (
	addressesMax = 8
	serversMax   = 4
	searchMax    = 6
)

// settingError names a value that is malformed.
type settingError struct{ what, value, remedy string }

func (e *settingError) Error() string {
	return "network: " + e.what + " " + strconv.Quote(e.value) + " is malformed: " + e.remedy
}

// parseSettings checks what the user said.
func parseSettings(c abi.Network) (s settings, err error) {
	s.search, s.hostName = c.Search, c.HostName
	for _, text := range c.Addresses {
		p, ok := header.ParsePrefix(text)
		switch {
		case !ok || header.IsMulticast(p.Address) || header.IsUnspecified(p.Address) || header.IsLoopback(p.Address):
			return s, &settingError{"address", text, "write ADDRESS/PREFIX as in 10.0.0.2/24 or fd00::2/64"}
		case len(s.addresses) == addressesMax:
			return s, &settingError{"address", text, "at most " + strconv.Itoa(addressesMax) + " are possible"}
		}
		s.addresses = append(s.addresses, p)
		if header.IsIPv4(p.Address) {
			s.has4 = true
		} else if !header.IsLinkLocal6(p.Address) {
			s.has6 = true
		}
	}
	has := map[bool]bool{}
	for _, text := range c.Gateways {
		a, ok := header.ParseAddress(text)
		switch {
		case !ok || header.IsMulticast(a) || header.IsUnspecified(a) || header.IsLoopback(a):
			return s, &settingError{"gateway", text, "write an address as in 10.0.0.1 or fd00::1"}
		case has[header.IsIPv4(a)]:
			return s, &settingError{"gateway", text, "one of each family is possible"}
		}
		has[header.IsIPv4(a)] = true
		s.gateways = append(s.gateways, a)
	}
	for _, text := range c.Servers {
		a, ok := header.ParseAddress(text)
		if !ok || header.IsMulticast(a) || header.IsUnspecified(a) {
			return s, &settingError{"name server", text, "write an address as in 10.0.0.1 or fd00::1"}
		}
		if len(s.servers) == serversMax {
			return s, &settingError{"name server", text, "at most " + strconv.Itoa(serversMax) + " are possible"}
		}
		s.servers = append(s.servers, a)
	}
	if len(s.search) > searchMax {
		return s, &settingError{"search domain", s.search[searchMax], "at most " + strconv.Itoa(searchMax) + " are possible"}
	}
	return s, nil
}

// configure gives the machine its addresses.
func (s *Stack) configure() error {
	for _, p := range s.settings.addresses {
		if err := s.ip.Assign(ip.Assignment{Prefix: p, Valid: socket.Forever}); err != nil {
			return &settingError{"address", header.FormatPrefix(p), err.Error()}
		}
	}
	for _, g := range s.settings.gateways {
		s.ip.SetGateway(g, socket.Forever)
	}
	s.ip.AssignLinkLocal()
	if !s.settings.has6 {
		s.ip.Autoconfigure()
	}
	if s.settings.has4 {
		return nil
	}
	return s.startDHCP()
}

// hasGateway4 reports whether the user named a gateway of IPv4.
func (s *settings) hasGateway4() bool {
	for _, g := range s.gateways {
		if header.IsIPv4(g) {
			return true
		}
	}
	return false
}
