package vmm

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"mewz/abi"
)

// tunDevice makes descriptors of TAP devices (Linux, Documentation/networking/tuntap.rst).
const tunDevice = "/dev/net/tun"

// Flags of TUNSETOFFLOAD: what Linux may leave to the reader of a frame.
const (
	tunChecksum = 1 // TUN_F_CSUM
	tunTCP4     = 2 // TUN_F_TSO4
	tunTCP6     = 4 // TUN_F_TSO6
)

// CheckTUN says whether this user may open the device that TAP devices come from.
func CheckTUN() error {
	fd, err := openTUN()
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

func openTUN() (int, error) {
	fd, err := unix.Open(tunDevice, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	switch {
	case err == nil:
		return fd, nil
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return -1, fmt.Errorf("%s: permission denied: chmod 666 %s as root, as distributions have it", tunDevice, tunDevice)
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return -1, fmt.Errorf("%s: %w: modprobe tun as root", tunDevice, err)
	default:
		return -1, fmt.Errorf("%s: %w", tunDevice, err)
	}
}

// CheckTAP says what is wrong with a TAP device of the host before a machine is
// started with it.
func CheckTAP(name string) error {
	if _, err := net.InterfaceByName(name); err != nil {
		return fmt.Errorf("--net tap=%s: there is no such device: ip tuntap add dev %s mode tap user $USER, then ip link set %s up, as root",
			name, name, name)
	}
	if !isTAP(name) {
		return fmt.Errorf("--net tap=%s: it is a network device, but no TAP device: ip tuntap add dev NAME mode tap makes one", name)
	}
	return CheckTUN()
}

// isTAP asks the driver of a network device what it is.
func isTAP(name string) bool {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return true // let the start of the machine find out
	}
	defer unix.Close(fd)
	info, err := unix.IoctlGetEthtoolDrvinfo(fd, name)
	return err == nil && unix.ByteSliceToString(info.Driver[:]) == "tun" && unix.ByteSliceToString(info.Bus_info[:]) == "tap"
}

// OpenTAP opens a TAP device of the host as abi.DescriptorNetwork describes it.
func OpenTAP(name string) (*os.File, error) {
	if err := CheckTAP(name); err != nil {
		return nil, err
	}
	fd, err := openTUN()
	if err != nil {
		return nil, err
	}
	if err := configureTAP(fd, name); err != nil {
		return nil, errors.Join(tapError(name, err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), name), nil
}

func configureTAP(fd int, name string) error {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return err
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TUNSETVNETHDRSZ, abi.NetworkHeaderBytes); err != nil {
		return err
	}
	// The argument is a number here, not a pointer to one.
	return unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, tunChecksum|tunTCP4|tunTCP6)
}

func tapError(name string, err error) error {
	switch {
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("--net tap=%s: another machine uses it: make one for each machine", name)
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return fmt.Errorf("--net tap=%s: it belongs to another user: ip tuntap add dev %s mode tap user $USER, as root", name, name)
	case errors.Is(err, unix.EINVAL):
		return fmt.Errorf("--net tap=%s: it was made without what machines need: ip tuntap add dev NAME mode tap makes one that has it", name)
	default:
		return fmt.Errorf("--net tap=%s: %w", name, err)
	}
}
