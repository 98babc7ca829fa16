package ip

import (
	"mewz/kernel/netstack/header"
	"mewz/kernel/socket"
)

// Claim is the addresses that an endpoint takes: all of a family, or one.
type Claim struct {
	Any4, Any6 bool
	Address    socket.Address // without those
}

// ClaimOf returns the claim of an endpoint of a family at an address. One of IPv6 takes IPv4 too, unless it is only6.
func ClaimOf(a socket.Address, f socket.Family, only6 bool) Claim {
	switch a {
	case header.Unspecified4:
		return Claim{Any4: true}
	case header.Unspecified6:
		return Claim{Any4: f != socket.IPv6 || !only6, Any6: f != socket.IPv4}
	}
	return Claim{Address: a}
}

// IsAny reports whether it is all addresses of a family.
func (c *Claim) IsAny() bool { return c.Any4 || c.Any6 }

// Has reports whether an address belongs to it.
func (c *Claim) Has(a socket.Address) bool {
	if !c.IsAny() {
		return c.Address == a
	}
	return header.IsIPv4(a) && c.Any4 || !header.IsIPv4(a) && c.Any6
}

// Meets reports whether an address belongs to both.
func (c *Claim) Meets(other *Claim) bool {
	switch {
	case !c.IsAny():
		return other.Has(c.Address)
	case !other.IsAny():
		return c.Has(other.Address)
	default:
		return c.Any4 && other.Any4 || c.Any6 && other.Any6
	}
}
