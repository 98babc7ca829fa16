// Package link gives a network interface of Linux an address, by the ioctls of
// netdevice(7): for the ends of a wire, in the benchmark's namespace and in its guest.
package link

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Up gives an interface an IPv4 address with a prefix and brings it up. The
// socket by which that is asked belongs to the namespace of the calling thread.
func Up(name string, prefix netip.Prefix) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s: socket: %w", name, err)
	}
	defer unix.Close(socket)
	mask := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	network, err := mask.Prefix(prefix.Bits())
	if err != nil {
		return fmt.Errorf("%s: %v: %w", name, prefix, err)
	}
	for _, step := range []struct {
		request uint
		address netip.Addr
	}{{unix.SIOCSIFADDR, prefix.Addr()}, {unix.SIOCSIFNETMASK, network.Addr()}} {
		request, err := unix.NewIfreq(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := request.SetInet4Addr(step.address.AsSlice()); err != nil {
			return fmt.Errorf("%s: %v: %w", name, step.address, err)
		}
		if err := unix.IoctlIfreq(socket, step.request, request); err != nil {
			return fmt.Errorf("%s: %v: %w", name, step.address, err)
		}
	}
	request, err := unix.NewIfreq(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := unix.IoctlIfreq(socket, unix.SIOCGIFFLAGS, request); err != nil {
		return fmt.Errorf("%s: flags: %w", name, err)
	}
	request.SetUint16(request.Uint16() | unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("%s: up: %w", name, err)
	}
	return nil
}

// Tap makes a persistent TAP device (Documentation/networking/tuntap.rst), which
// lives as long as the namespace of the calling thread.
func Tap(name string) error {
	tun, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("/dev/net/tun: %w: this needs root, and the module tun", err)
	}
	defer unix.Close(tun)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	if err := unix.IoctlIfreq(tun, unix.TUNSETIFF, request); err != nil {
		return fmt.Errorf("%s: TUNSETIFF: %w", name, err)
	}
	if err := unix.IoctlSetInt(tun, unix.TUNSETPERSIST, 1); err != nil {
		return fmt.Errorf("%s: TUNSETPERSIST: %w", name, err)
	}
	return nil
}
