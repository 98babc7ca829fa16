package qemu

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"mewz/abi"
	"mewz/vmm"
)

// VMM starts QEMU. The zero value uses what is best here.
type VMM struct {
	Path    string   // of qemu-system-x86_64; empty: found by PATH
	Machine string   // one of Machines; empty: the first
	Accel   Accel    // empty: AccelAuto
	CPU     string   // QEMU's -cpu; empty: everything that the accelerator offers
	Args    []string // more arguments for QEMU, as they are: for measurements
	Verbose func(format string, args ...any)

	kvmTimeout time.Duration // zero: kvmReadyTimeout
}

// Machines are the machine types that an image boots on. microvm has no legacy
// devices and no firmware to wait for, so it is the first.
var Machines = []string{"microvm", "q35", "pc"}

// Accel chooses how the processor of the machine comes about.
type Accel string

const (
	AccelAuto Accel = "auto" // KVM if it works, else TCG
	AccelKVM  Accel = "kvm"
	AccelTCG  Accel = "tcg" // translation in software
)

// Program is what a search by PATH looks for.
const Program = "qemu-system-x86_64"

// ErrNotFound says that there is no QEMU, and the remedy.
var ErrNotFound = fmt.Errorf("%s not found: apt-get install qemu-system-x86", Program)

// Descriptors that QEMU inherits.
const (
	channelDescriptor = 3
	serialDescriptor  = 4
	portDescriptor    = 5 // of the first port

	virtioFSDescriptor = portDescriptor + portDescriptors // of the first connection to a virtiofsd
)

// The ports of the machine in the order of their descriptors.
const (
	stdinPort = iota
	stdoutPort
	stderrPort
	portDescriptors
)

// Bounds of -m. Less than minMemoryBytes does not hold the kernel, and QEMU
// ends in ways that nobody understands.
const (
	minMemoryBytes = 4 << 20
	maxMemoryBytes = 1 << 40
)

// Command returns the command line of the first attempt of Run.
func (v *VMM) Command(m *vmm.Machine) ([]string, error) {
	path, err := v.find()
	if err != nil {
		return nil, err
	}
	accels, err := v.accels()
	if err != nil {
		return nil, err
	}
	return v.command(path, m, accels[0])
}

func (v *VMM) find() (string, error) {
	if v.Path != "" {
		return v.Path, nil
	}
	path, err := exec.LookPath(Program)
	if err != nil {
		return "", ErrNotFound
	}
	return path, nil
}

// command builds the command line for one accelerator.
func (v *VMM) command(path string, m *vmm.Machine, accel Accel) ([]string, error) {
	machine := v.Machine
	if machine == "" {
		machine = Machines[0]
	}
	if !slices.Contains(Machines, machine) {
		return nil, fmt.Errorf("--machine %s: not one of %s", machine, strings.Join(Machines, ", "))
	}
	if m.MemoryBytes < minMemoryBytes || m.MemoryBytes > maxMemoryBytes {
		return nil, &vmm.FlagError{Err: fmt.Errorf("-m: %d bytes of memory: from %d MB to %d GB are possible",
			m.MemoryBytes, minMemoryBytes>>20, int64(maxMemoryBytes)>>30)}
	}
	if machine == "microvm" {
		// Under KVM microvm leaves the clock out unless asked.
		machine += ",rtc=on"
	}
	cpu := v.CPU
	if cpu == "" {
		cpu = map[Accel]string{AccelKVM: "host", AccelTCG: "max"}[accel]
	}
	machineType := machine
	var memory []string
	if hasVirtioFS(m) {
		var property string
		memory, property = SharedMemory(m.MemoryBytes)
		machine += "," + property
	}
	argv := []string{path,
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
		"-machine", machine, "-accel", string(accel), "-cpu", cpu, "-smp", "1",
		"-m", fmt.Sprintf("%dk", m.MemoryBytes>>10),
		"-rtc", "base=utc",
		// A pipe through a descriptor set: one byte costs one write there,
		// while a socket would fill its buffer with 278 writes of one byte.
		"-add-fd", fmt.Sprintf("fd=%d,set=1", channelDescriptor),
		// append: without it QEMU truncates, which a pipe refuses.
		"-chardev", "file,id=channel,path=/dev/fdset/1,append=on",
		"-device", fmt.Sprintf("isa-debugcon,chardev=channel,iobase=%#x,readback=%#x", abi.ChannelPort, abi.ChannelMagic),
		"-device", fmt.Sprintf("isa-debug-exit,iobase=%#x,iosize=4", abi.DebugExitPort),
		// The serial port is standard input for a kernel that does not know
		// the ports, and where one without a host channel speaks.
		"-chardev", fmt.Sprintf("socket,id=serial,fd=%d", serialDescriptor),
		"-serial", "chardev:serial",
	}
	argv = append(argv, memory...)
	argv = append(argv, portOptions(machineType)...)
	network, err := networkOptions(machineType, m.Network)
	if err != nil {
		return nil, err
	}
	argv = append(argv, network...)
	files, err := fileOptions(machineType, m)
	if err != nil {
		return nil, err
	}
	argv = append(argv, files...)
	argv = append(argv, "-kernel", escapeOption(m.Image))
	return append(argv, v.Args...), nil
}

// portOptions are the options for the virtio console device with a port for each
// stream (abi/port.go).
func portOptions(machine string) []string {
	// Modern devices only: the kernel does not know the registers before virtio 1.
	options := []string{"-device", "virtio-serial-pci,id=ports,max_ports=4,disable-legacy=on"}
	if strings.HasPrefix(machine, Machines[0]) {
		options = []string{"-global", "virtio-mmio.force-legacy=false", "-device", "virtio-serial-device,id=ports,max_ports=4"}
	}
	options = append(options, "-chardev", fmt.Sprintf("socket,id=stdin,fd=%d", portDescriptor+stdinPort))
	for i, name := range []string{stdoutPort: "stdout", stderrPort: "stderr"} {
		if name != "" {
			options = append(options,
				"-add-fd", fmt.Sprintf("fd=%d,set=%d", portDescriptor+i, 1+i),
				"-chardev", fmt.Sprintf("file,id=%s,path=/dev/fdset/%d,append=on", name, 1+i))
		}
	}
	for i, port := range []struct{ id, name string }{{"stdin", abi.PortStdin}, {"stdout", abi.PortStdout}, {"stderr", abi.PortStderr}} {
		options = append(options, "-device",
			fmt.Sprintf("virtserialport,bus=ports.0,nr=%d,chardev=%s,name=%s", 1+i, port.id, port.name))
	}
	return options
}

// escapeOption is for values of QEMU options that take commas apart; -kernel is
// a plain argument, but a name that starts with a dash needs a directory.
func escapeOption(path string) string {
	if strings.HasPrefix(path, "-") {
		return "./" + path
	}
	return path
}
