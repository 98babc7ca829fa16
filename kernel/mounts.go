package main

import (
	"slices"
	"strconv"
	"time"

	"mewz/abi"
	"mewz/kernel/system"
	"mewz/kernel/vfs"
	"mewz/kernel/wasi"
)

// mount is a file system that the program finds.
type mount struct {
	abi.Mount
	files vfs.FileSystem
	// end brings what the program has written to safety; nil: there is nothing that
	// outlives the machine.
	end func() error
	// tick brings to safety what has waited long enough for it; nil: nothing waits.
	tick func() error
	// reclaim gives memory back to the machine, of what can be read again; it reports whether
	// it was any. nil: there is none.
	reclaim func(bytes uint64) bool
	// lost is called when the host says that nobody serves a share any more; nil: the
	// device says so itself.
	lost func()
	// device is what the file system waits for, once it is open; nil: nothing.
	device  deviceSource
	waiting bool // a call of the file system has not ended

	descriptor int // in a process: what it is reached by
}

// mountError is a file system that cannot be opened.
type mountError struct {
	mount  abi.Mount
	reason error
}

func (e *mountError) Error() string {
	text := "mount " + strconv.Quote(e.mount.Guest)
	if e.mount.Tag != "" {
		text += " of " + strconv.Quote(e.mount.Tag)
	}
	return text + ": " + e.reason.Error()
}

func (e *mountError) Unwrap() error { return e.reason }

// rootName is the name of the directory that all absolute paths begin in.
const rootName = "/"

// root returns what is mounted at the root, or nil.
func (m *machine) root() *mount {
	for _, mounted := range m.mounts {
		if mounted.Guest == rootName {
			return mounted
		}
	}
	return nil
}

// orNone is for what takes no archive to be none.
func orNone(archive *vfs.Archive) vfs.FileSystem {
	if archive == nil {
		return nil
	}
	return archive
}

// wallClock is the time since 1970 for the times of files.
func (m *machine) wallClock() uint64 {
	nanos, _ := m.clock.Now(wasi.ClockRealtime)
	return nanos
}

// preopens returns the file systems as the program finds them.
func (m *machine) preopens() []wasi.Preopen {
	list := make([]wasi.Preopen, len(m.mounts))
	for i, mounted := range m.mounts {
		list[i] = wasi.Preopen{Name: mounted.Guest, Files: mounted.files}
	}
	return list
}

// needsWaiter reports whether a file system waits for a device.
func (m *machine) needsWaiter() bool {
	for _, wanted := range m.config.Mounts {
		if wanted.Kind == abi.MountShare || wanted.Kind == abi.MountVolume {
			return true
		}
	}
	return false
}

// tickEvery is how often file systems are asked whether something has waited long enough;
// ext4 has it wait for some seconds.
const tickEvery = time.Second

// tick lets file systems bring to safety what has waited long enough, so that a machine
// that is killed loses little. No call of a file system may be under way.
func (m *machine) tick() {
	for _, mounted := range m.mounts {
		if mounted.tick != nil {
			_ = mounted.tick() // it says so itself, and the program learns it by its next call
		}
	}
}

// reclaim lets file systems give memory back; it reports whether they have. No call of a
// file system may be under way.
func (m *machine) reclaim(bytes uint64) (any bool) {
	for _, mounted := range m.mounts {
		if mounted.reclaim != nil && mounted.reclaim(bytes) {
			any = true
		}
	}
	return any
}

// charge is system.Charge, which takes memory from what file systems keep if it has to. No
// call of another file system may be under way.
func (m *machine) charge(bytes int64) bool {
	return system.Charge(bytes) || bytes > 0 && m.reclaim(uint64(bytes)) && system.Charge(bytes)
}

// programWaiter is how the program waits.
type programWaiter struct{ machine *machine }

// Wait implements wasi.Waiter.
func (w programWaiter) Wait(input bool, timeout time.Duration) {
	m := w.machine
	if m.stopping { // the request came while a file system was in the middle of something
		m.stopIfAsked()
	}
	if slices.ContainsFunc(m.mounts, func(o *mount) bool { return o.tick != nil }) {
		m.tick()
		timeout = min(timeout, tickEvery)
	}
	m.waiter.Wait(input, timeout)
}

// pause lets the rest of the machine go on while the file system of waits for its
// device (request.Machine).
func (m *machine) pause(of *mount, limit time.Duration) {
	of.waiting = true
	if next := m.network.turn(); next < limit {
		limit = next
	}
	if m.ending {
		left := m.endBy - m.now()
		if left <= 0 {
			m.giveUp(of)
		}
		limit = min(limit, left)
	}
	m.waiter.Pause(of, limit)
	of.waiting = false
}
