package wasi

import (
	"errors"
	"time"

	"mewz/abi"
	"mewz/kernel/console"
	"mewz/kernel/instance"
	"mewz/kernel/socket"
	"mewz/kernel/vfs"
)

// Args are the parameters of a call as the program passed them. Of an i32 only
// the low 32 bits count, the others are garbage.
type Args [abi.FunctionMaxParams]uint64

// Random fills p with numbers that nobody can predict (entropy.Generator).
type Random interface{ Fill(p []byte) }

// Machine is what the functions work with.
type Machine struct {
	Config *abi.Config
	Clock  Clock
	Random Random // nil if the program does not import random_get
	Stdin  console.Input
	Stdout console.Output
	Stderr console.Output
	// Preopens are the directories that the program finds open, from descriptor 3 on.
	Preopens []Preopen
	// Network is where sockets come from; nil: sock_open is ENETDOWN.
	Network socket.Network
	// Wait is how calls wait; nil: by Stdin and Clock alone. With a Network it is needed,
	// because only it knows of devices.
	Wait Waiter
}

// Preopen is the root of a file system that the program finds open. Several may show
// the same file system; what is moved between two that do not is EXDEV.
type Preopen struct {
	Name  string
	Files vfs.FileSystem
}

// System is WASI for one program.
type System struct {
	// Memory is linear memory; whoever grows it sets it anew.
	Memory      Memory
	machine     Machine
	functions   [functionsMax]function
	descriptors descriptors
	args, env   stringList
	network     network
	buffers     [buffersMax][]byte             // of one call of a file system
	gather      [gatherBytes]byte              // fd_write: small buffers on their way
	staging     []byte                         // of a datagram and its many buffers, made when it is needed first
	listing     listing                        // of fd_readdir
	visit       func(*vfs.DirectoryEntry) bool // of listing, made once
	exitCode    uint32
}

// function is what the table binds to a name.
type function func(*System, *Args) Errno

// functionsMax bounds the numbers of functions; a power of two, so that the
// index needs no comparison.
const functionsMax = 128

var errTable = errors.New("wasi: a function of abi.Functions has no implementation")

// New returns WASI for the program that machine describes.
func New(machine Machine) (*System, error) {
	s := &System{machine: machine}
	if err := s.bind(); err != nil {
		return nil, err
	}
	var ok [2]bool
	s.args, ok[0] = newStringList(machine.Config.Args)
	s.env, ok[1] = newStringList(machine.Config.Env)
	if !ok[0] || !ok[1] {
		return nil, errStrings
	}
	s.visit = s.listing.visitor()
	s.openStreams()
	if err := s.openPreopens(); err != nil {
		return nil, err
	}
	if err := s.openNetwork(); err != nil {
		return nil, err
	}
	return s, nil
}

// bind fills functions for the numbers of abi.Functions. A name may have several
// types, so that only the order tells them apart.
func (s *System) bind() error {
	if len(abi.Functions) > functionsMax || len(abi.Functions) != len(Table) {
		return errTable
	}
	for number := range s.functions {
		s.functions[number] = (*System).missing
	}
	for number, f := range abi.Functions {
		if Table[number].Module != f.Module || Table[number].Name != f.Name {
			return errTable
		}
		s.functions[number] = Table[number].function
	}
	return nil
}

// Call calls function number and returns its result, or Exited. It may wait.
// Preconditions: number comes from the linker. It is small enough to be inlined
// into the one caller, which is on the way of every call of a program.
func (s *System) Call(number uint64, args *Args) Errno {
	return s.functions[number%functionsMax](s, args)
}

// Answer has the functions answer the imports of the instance.
func (s *System) Answer() error { return instance.Bind(s, s.functions[:]) }

// missing stands for every number that no function has.
func (s *System) missing(*Args) Errno { return ENoSys }

// Wait lets d pass by the monotonic clock; the network goes on meanwhile.
func (s *System) Wait(d time.Duration) {
	clock := s.machine.Clock
	start, _ := clock.Now(ClockMonotonic)
	for {
		s.poll()
		now, _ := clock.Now(ClockMonotonic)
		passed := time.Duration(now - start)
		if passed >= d {
			return
		}
		s.wait(false, d-passed)
	}
}

// ExitCode returns the code of proc_exit.
func (s *System) ExitCode() uint32 { return s.exitCode }
