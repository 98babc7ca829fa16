package main

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"mewz/abi"
	"mewz/kernel/instance"
	"mewz/kernel/system"
	"mewz/kernel/vfs"
	"mewz/kernel/vfs/memfs"
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

var errMountKind = errors.New("of a kind that this kernel does not know: build the image again")

// openMounts opens the file systems of the program, in order.
func (m *machine) openMounts() error {
	for _, wanted := range m.config.Mounts {
		opened := &mount{Mount: wanted}
		m.mounts = append(m.mounts, opened)
		var err error
		switch wanted.Kind {
		case abi.MountArchive:
			err = m.openArchive(opened)
		case abi.MountMemory:
			err = m.openMemory(opened)
		case abi.MountShare:
			err = m.openShare(opened)
		case abi.MountVolume:
			err = m.openVolume(opened)
		default:
			err = errMountKind
		}
		if err != nil {
			m.mounts = m.mounts[:len(m.mounts)-1]
			return &mountError{wanted, err}
		}
		if wanted.ReadOnly { // whatever the host does about it
			opened.files = vfs.ReadOnly(opened.files)
		}
	}
	if err := m.openInitramfs(m.initramfs); err != nil {
		return err
	}
	return m.openEtc()
}

// rootName is the name of the directory that all absolute paths begin in.
const rootName = "/"

// openEtc shows a program with a network, and without a root of its own, one that has
// nothing but the files about the network, and cannot be changed.
//
// A program without files but with preopened sockets gets no directory for them:
// it expects its first socket at descriptor 3.
func (m *machine) openEtc() error {
	if m.root() != nil || len(m.mounts) == 0 && len(m.config.Network.Listen) > 0 {
		return nil
	}
	files, err := m.network.withEtc(nil)
	if err != nil || files == nil {
		return err
	}
	m.mounts = append(m.mounts, &mount{Mount: abi.Mount{Kind: abi.MountArchive, Guest: rootName}, files: files})
	return nil
}

// root returns what is mounted at the root, or nil.
func (m *machine) root() *mount {
	for _, mounted := range m.mounts {
		if mounted.Guest == rootName {
			return mounted
		}
	}
	return nil
}

// openArchive opens the files of the image: what the program changes stays in memory.
func (m *machine) openArchive(opened *mount) (err error) {
	var files *vfs.Archive
	if m.config.Archive.Bytes != 0 {
		if files, err = vfs.OpenArchive(instance.Bytes(m.config.Archive)); err != nil {
			return err
		}
	}
	return m.openOver(opened, files)
}

// openMemory opens an empty file system in memory.
func (m *machine) openMemory(opened *mount) error { return m.openOver(opened, nil) }

// openOver opens a file system in memory over an archive, or over nothing. As the root it has the files about
// the network, and a place for files that last no longer than the machine.
func (m *machine) openOver(opened *mount, archive *vfs.Archive) (err error) {
	lower := orNone(archive)
	isRoot := opened.Guest == rootName
	if isRoot {
		if lower, err = m.network.withEtc(archive); err != nil {
			return err
		}
	}
	files, err := memfs.New(memfs.Options{
		Lower: lower, Now: m.wallClock, Charge: system.Charge, LimitBytes: opened.Bytes,
	})
	if err != nil {
		return err
	}
	if isRoot && opened.Kind == abi.MountArchive {
		// What has that name already stays, whatever it is.
		if err := files.MakeDirectory(files.Root(), []byte("tmp")); err != nil && !errors.Is(err, vfs.ErrExists) {
			return err
		}
	}
	opened.files = files
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

// programWaiter is how the program waits.
type programWaiter struct{ machine *machine }

// Wait implements wasi.Waiter.
func (w programWaiter) Wait(input bool, timeout time.Duration) {
	m := w.machine
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
	if m.ending && m.found != nil {
		left := m.endBy - m.found.Now()
		if left <= 0 {
			m.giveUp(of)
		}
		limit = min(limit, left)
	}
	m.waiter.Pause(of, limit)
	of.waiting = false
}
