// Command kernel is the unikernel: one WebAssembly program, already compiled and
// linked to it, and nothing else.
//
// In: the image around it (abi.Config, found through the ELF header). Out: the
// program's streams, a report when it goes wrong, and an exit code. It talks
// Linux system calls only; as a process Linux answers them, in a machine
// kernel/linuxabi does, and nothing here knows the difference. One goroutine
// owns the program and all that it calls.
package main

import (
	"runtime"
	"time"

	"mewz/abi"
	"mewz/kernel/console"
	"mewz/kernel/entropy"
	"mewz/kernel/instance"
	"mewz/kernel/virtio/discovery"
	"mewz/kernel/wasi"
)

func main() {
	runtime.LockOSThread() // the preemption timer is the thread's
	machine := discovery.Open()
	host := console.NewHost(machine)
	defer reportPanic(host)
	host.Exit(run(host, machine))
}

// run is the life of the machine, step by step. found is nil in a Linux process.
func run(host *console.Host, found *discovery.Machine) (abi.ExitReason, uint32) {
	config, err := instance.Config()
	if err != nil {
		return refuse(host, err)
	}
	host.Log = config.KernelLog
	host.Message("instantiate " + config.ProgramName)
	m := &machine{host: host, found: found, config: config, clock: wasi.NewClock(config.WallClockNanos)}
	if err := m.open(); err != nil {
		return m.end(refuse(host, err))
	}
	m.network.settle()
	host.Message("start")
	return m.end(m.loop())
}

// open prepares all that the program finds, and the program.
func (m *machine) open() error {
	if err := m.configure(); err != nil {
		return err
	}
	random, err := openRandom(m.config)
	if err != nil {
		return err
	}
	streams := m.host.Streams()
	if m.found == nil {
		streams.Stdout = processOutput{streams.Stdout, m.outputClosed}
		streams.Stderr = processOutput{streams.Stderr, m.outputClosed}
	}
	if m.network, err = m.openNetwork(random); err != nil {
		return err
	}
	m.openWaiter()
	if err := m.openMounts(); err != nil {
		return err
	}
	parts := wasi.Machine{
		Config:   m.config,
		Clock:    m.clock,
		Random:   random,
		Stdin:    streams.Stdin,
		Stdout:   streams.Stdout,
		Stderr:   streams.Stderr,
		Preopens: m.preopens(),
	}
	m.network.connect(&parts)
	if m.waiter != nil {
		parts.Wait = programWaiter{m}
	}
	if m.system, err = wasi.New(parts); err != nil {
		return err
	}
	if m.program, err = instance.New(m.config); err != nil {
		return err
	}
	m.system.Memory = m.program.Memory()
	if err := m.system.Answer(); err != nil {
		return err
	}
	return m.program.Start(m)
}

// openWaiter prepares how the machine waits for devices. One that has neither a network
// nor a file system with a device waits for its streams and the clock only.
func (m *machine) openWaiter() {
	switch devices := m.network.source(); {
	case devices == nil && !m.needsWaiter():
	case m.found == nil:
		m.waiter = &processWaiter{network: m.network.events(), requests: m.host.Requests, asked: m.stopIfAsked}
	default:
		m.waiter = &machineWaiter{machine: m.found, network: devices, stdin: m.host.InputSource(), asked: m.stopIfAsked}
	}
	m.network.waits(m.waiter)
}

// openRandom keys the random numbers of a program that wants some, or has a
// network. A program that does not never needs an entropy source.
func openRandom(config *abi.Config) (wasi.Random, error) {
	if config.Network.Enabled {
		return entropy.New(entropy.Machine, config.Seed)
	}
	for _, imported := range config.Imports {
		if int(imported) < len(abi.Functions) && abi.Functions[imported].Name == "random_get" {
			return entropy.New(entropy.Machine, config.Seed)
		}
	}
	return nil, nil
}

// refuse reports why the program cannot be started.
func refuse(host *console.Host, err error) (abi.ExitReason, uint32) {
	host.Report("mewz: kernel: " + err.Error() + "\n")
	if err == instance.ErrMemoryShort {
		return abi.ExitByKernel, abi.ExitMemory
	}
	return abi.ExitByKernel, abi.ExitKernel
}

// machine is what this machine consists of.
type machine struct {
	host    *console.Host
	found   *discovery.Machine // nil: a Linux process
	config  *abi.Config
	clock   wasi.Clock
	system  *wasi.System
	program *instance.Instance
	network *network // nil: none
	mounts  []*mount
	waiter  waiter // nil: there are no devices to wait for

	initramfs   []byte       // of the VMM, or nil
	fileDevices []fileDevice // nil: not looked for

	ending   bool          // end was called, or will be
	stopping bool          // because the host asked
	endBy    time.Duration // by now
	ended    int           // mounts that are at their end
	reason   abi.ExitReason
	code     uint32
}

// Call answers a call of the program (instance.Handler): those of memory, and the
// functions of WASI of more than six parameters; wasi.System.Answer has the others. The calls that end the program leave Resume.
func (m *machine) Call(number uint64, args *instance.Args) (result uint64, stay bool) {
	switch {
	case number < abi.CallMemoryGrow:
		errno := m.system.Call(number, (*wasi.Args)(args))
		return uint64(errno), errno != wasi.Exited
	case number == abi.CallMemoryGrow:
		return m.grow(0, uint32(args[0])), true
	case number == abi.CallMemoryWait:
		return m.wait(uint32(args[0]) != 0, int64(args[1]))
	case number == abi.CallHeapCommit:
		result := m.program.CommitHeap(args[0], args[1])
		if result == instance.GrowFailed && m.reclaim(args[1]) {
			result = m.program.CommitHeap(args[0], args[1])
		}
		return result, true
	case number >= abi.CallMoreMemoryGrow:
		return m.grow(number-abi.CallMoreMemoryGrow, uint32(args[0])), true
	default:
		return 0, false
	}
}

// Results of memory.atomic.wait (threads proposal, memory.atomic.wait32).
const (
	waitNotEqual = 1
	waitTimedOut = 2
)

// wait is memory.atomic.wait: the time runs out, because nobody else is there who
// could notify. Without a timeout it never would, which ends the program.
func (m *machine) wait(differs bool, nanos int64) (result uint64, stay bool) {
	if differs {
		return waitNotEqual, true
	}
	if nanos < 0 {
		return 0, false
	}
	m.system.Wait(time.Duration(nanos))
	return waitTimedOut, true
}

// grow is memory.grow.
func (m *machine) grow(number uint64, pages uint32) uint64 {
	result := m.program.Grow(number, pages)
	if result == instance.GrowFailed && m.reclaim(uint64(pages)*abi.WasmPageBytes) {
		result = m.program.Grow(number, pages)
	}
	m.system.Memory = m.program.Memory()
	return uint64(result)
}

// loop runs the program to its end.
func (m *machine) loop() (abi.ExitReason, uint32) {
	for {
		event := m.program.Resume()
		switch event.Kind {
		case instance.Preempted:
			if m.waiter != nil {
				m.network.turn()
				m.tick()
				m.stopIfAsked()
			}
			runtime.Gosched()
		case instance.Trapped:
			return m.trap(m.program.Trap(), "")
		default:
			return m.left(event.Number)
		}
	}
}

// left ends the program, which made a call that does not return.
func (m *machine) left(number uint64) (abi.ExitReason, uint32) {
	switch number {
	case abi.CallReturned:
		return abi.ExitByProgram, 0
	case abi.CallMemoryWait:
		return m.trap(m.program.TrapInCall(abi.TrapDeadlock), "")
	case abi.CallUnknownImport:
		return m.unknownImport(m.program.Argument())
	default:
		return m.exit(m.system.ExitCode())
	}
}

// exit is proc_exit. A host tells 256 codes apart; a greater one would be taken
// for another, perhaps for success.
func (m *machine) exit(code uint32) (abi.ExitReason, uint32) {
	if code > exitCodeMax {
		m.host.Report("mewz: exit with invalid exit status outside of [0..256)\n")
		return abi.ExitByProgram, abi.ExitFailure
	}
	return abi.ExitByProgram, code
}

// exitCodeMax is the greatest code that exit_group(2) and the host keep.
const exitCodeMax = 255

// unknownImport ends a program that called an import nobody has.
func (m *machine) unknownImport(index uint32) (abi.ExitReason, uint32) {
	name := "unknown"
	if uint64(index) < uint64(len(m.config.UnknownImports)) {
		name = m.config.UnknownImports[index]
	}
	return m.trap(m.program.TrapInCall(abi.TrapUnknownImport), "mewz: the import is "+name+"\n")
}

// trap reports a trap.
func (m *machine) trap(trap instance.Trap, more string) (abi.ExitReason, uint32) {
	m.program.Stop()
	m.host.Report(m.program.Report(trap) + more)
	if trap.Code == abi.TrapMemoryShort {
		return abi.ExitByKernel, abi.ExitMemory
	}
	return abi.ExitByTrap, abi.ExitTrap
}

// panicStackBytes bounds the stack that a report of a panic shows.
const panicStackBytes = 8 << 10

// reportPanic ends the machine when the kernel itself is wrong. What the Go
// runtime cannot recover from it prints itself, and exits with code 2.
func reportPanic(host *console.Host) {
	reason := recover()
	if reason == nil {
		return
	}
	text := "mewz: kernel panic"
	switch reason := reason.(type) {
	case error:
		text += ": " + reason.Error()
	case string:
		text += ": " + reason
	}
	stack := make([]byte, panicStackBytes)
	stack = stack[:runtime.Stack(stack, false)]
	host.Report(text + "\n" + string(stack))
	host.Exit(abi.ExitByKernel, abi.ExitKernel)
}
