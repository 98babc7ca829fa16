package main

import (
	"errors"
	"syscall"
	"time"

	"mewz/abi"
	"mewz/kernel/console"
	"mewz/kernel/system"
)

// exitStopped is the code of a machine that the host has asked to end, as of a
// process that SIGTERM ends.
const exitStopped = 128 + 15

// exitOutputClosed is the code of a process whose output nobody takes any more, as of one that
// SIGPIPE ends.
const exitOutputClosed = 128 + 13

// processOutput is an output of a Linux process. In a machine the host sees that nobody
// takes it any more, and asks for the end.
type processOutput struct {
	console.Output
	closed func()
}

// Write implements console.Output. It does not return when nobody takes it.
func (o processOutput) Write(p []byte) (int, error) {
	n, err := o.Output.Write(p)
	if err == syscall.EPIPE {
		o.closed()
	}
	return n, err
}

// outputClosed ends a process whose output nobody takes any more.
func (m *machine) outputClosed() { m.host.Exit(m.end(abi.ExitByProgram, exitOutputClosed)) }

// Bounds of the end of a machine. Of its own accord it may take what disks take to
// write out what is in their caches; whoever asks for the end wants it soon, and kills
// the machine a little later (vmm/qemu).
const (
	endPatience  = 5 * time.Minute
	stopPatience = 8 * time.Second
	nextPatience = time.Second // for the file systems behind one that does not answer
)

var errSilent = errors.New("the host does not answer")

// end brings what the program leaves behind to safety: files, in the order of the
// mounts, then what its connections have not sent. Called again, from a file system
// that has to wait, it goes on behind it.
func (m *machine) end(reason abi.ExitReason, code uint32) (abi.ExitReason, uint32) {
	m.begin(reason, code)
	for m.ended < len(m.mounts) {
		mounted := m.mounts[m.ended]
		m.ended++
		if mounted.end == nil || mounted.waiting {
			continue
		}
		if err := mounted.end(); err != nil {
			m.lost((&mountError{mounted.Mount, err}).Error())
		}
	}
	m.network.end()
	return m.reason, m.code
}

// begin notes why the machine ends, and from when on nothing is waited for.
func (m *machine) begin(reason abi.ExitReason, code uint32) {
	if m.ending {
		return
	}
	m.ending, m.reason, m.code = true, reason, code
	m.endBy = m.now() + endPatience
}

// now is the time of a clock that only goes forward.
func (m *machine) now() time.Duration {
	if m.found != nil {
		return m.found.Now()
	}
	nanos, _ := system.Now(system.ClockMonotonic) // there always is one
	return time.Duration(nanos)
}

// lost says that what the program wrote is not safe. It has not succeeded then.
func (m *machine) lost(text string) {
	m.host.Report("mewz: kernel: " + text + ": what was written last may be lost\n")
	if m.code == 0 {
		m.reason, m.code = abi.ExitByKernel, abi.ExitKernel
	}
}

// giveUp ends the machine although a file system has not answered. It does not return.
func (m *machine) giveUp(of *mount) {
	m.lost((&mountError{of.Mount, errSilent}).Error())
	m.endBy = m.now() + nextPatience // for those behind it
	m.host.Exit(m.end(m.reason, m.code))
}

// stop has the machine end soon.
func (m *machine) stop() {
	m.host.Message("the host asks for the end")
	m.stopping = true
	m.begin(abi.ExitByProgram, exitStopped)
	m.endBy = min(m.endBy, m.now()+stopPatience)
}

// lose gives a share up that nobody serves any more.
func (m *machine) lose(tag string) {
	for _, mounted := range m.mounts {
		if mounted.Kind == abi.MountShare && mounted.Tag == tag && mounted.lost != nil {
			mounted.lost()
		}
	}
}

// stopIfAsked ends the machine when the host wants that: nobody waits for the program
// any more. It does not return then, unless a file system is in the middle of
// something: that may be completed first.
func (m *machine) stopIfAsked() {
	for r, ok := m.host.Request(); ok; r, ok = m.host.Request() {
		if r.Kind == abi.RequestLost {
			m.lose(r.Argument)
		} else if !m.stopping {
			m.stop()
		}
	}
	if !m.stopping {
		return
	}
	for _, mounted := range m.mounts {
		if mounted.waiting {
			return // pause sees to it that this ends
		}
	}
	m.host.Exit(m.end(abi.ExitByProgram, exitStopped))
}
