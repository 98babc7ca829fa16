package abi

import (
	"slices"
	"strings"
)

// Mount is a directory that the program finds open, in the order of its
// descriptors from 3 on. Each is the root of a file system of its own.
type Mount struct {
	Kind  MountKind
	Guest string // by what name the program finds it
	// Tag says which device it is: of a MountShare the mount tag of 9p or the tag of
	// virtio-fs, of a MountVolume the serial number of the block device. In a process it
	// is the number of an inherited descriptor, in decimal: a stream socket that
	// speaks 9P2000.L, or the volume itself.
	Tag      string
	ReadOnly bool
	Bytes    uint64 // of a MountMemory: the most that its files take; 0: half of the free memory
}

// MountKind is what a Mount shows.
type MountKind uint8

// Kinds of mounts.
const (
	// MountArchive is the files of the image under a copy-on-write layer in memory: what the
	// program changes is gone with the machine.
	MountArchive MountKind = 1
	// MountMemory is an empty file system in memory.
	MountMemory MountKind = 2
	// MountShare is a directory of the host, live.
	MountShare MountKind = 3
	// MountVolume is a file system on a block device.
	MountVolume MountKind = 4
)

// MountsMax bounds the mounts of a configuration: each share and each volume is a
// device, and a microvm has room for 24 in all.
const MountsMax = 64

// pathPrefix begins the names of the functions that name files.
const pathPrefix = "path_"

// OpensFiles says whether a function of this name looks at files, or at the directories
// that the program finds open.
func OpensFiles(name string) bool {
	switch name {
	case "fd_readdir", "fd_prestat_get", "fd_prestat_dir_name":
		return true
	default:
		return strings.HasPrefix(name, pathPrefix)
	}
}

// WantsFiles says whether the program of c is to have file systems.
func (c *Config) WantsFiles() bool {
	if len(c.Mounts) > 0 {
		return true
	}
	for _, number := range c.Imports {
		if int(number) < len(Functions) && OpensFiles(Functions[number].Name) {
			return true
		}
	}
	return false
}

// ImplicitTmp is the directory that a program finds although nobody said so: where programs
// put files that nobody needs later.
var ImplicitTmp = Mount{Kind: MountMemory, Guest: "/tmp"}

// AddMounts gives the program more directories, each in the place of what has its name, and
// what every program finds that opens files: a /tmp, the last, unless there is something
// that has one or is one. A program with preopened sockets and no directories expects the
// first of them at descriptor 3, where a directory would be.
func (c *Config) AddMounts(list []Mount) {
	mounts := slices.Clone(c.Mounts)
	if n := len(mounts); n > 0 && mounts[n-1] == ImplicitTmp {
		mounts = mounts[:n-1]
	}
	for _, added := range list {
		if i := slices.IndexFunc(mounts, func(m Mount) bool { return m.Guest == added.Guest }); i >= 0 {
			mounts[i] = added
			continue
		}
		mounts = append(mounts, added)
	}
	if c.needsTmp(mounts) {
		mounts = append(mounts, ImplicitTmp)
	}
	c.Mounts = mounts
}

// needsTmp says whether a program with these mounts finds a /tmp besides.
func (c *Config) needsTmp(mounts []Mount) bool {
	namesFiles := slices.ContainsFunc(c.Imports, func(n uint16) bool {
		return int(n) < len(Functions) && strings.HasPrefix(Functions[n].Name, pathPrefix)
	})
	if !namesFiles || len(c.Network.Listen) > 0 && len(mounts) == 0 {
		return false
	}
	return !slices.ContainsFunc(mounts, func(m Mount) bool {
		return m.Guest == ImplicitTmp.Guest || m.Guest == "/" || m.Guest == "."
	})
}

func (e *encoder) mounts(list []Mount) {
	e.uint64(uint64(len(list)))
	for _, m := range list {
		e.uint64(uint64(m.Kind))
		e.string(m.Guest)
		e.string(m.Tag)
		e.bool(m.ReadOnly)
		e.uint64(m.Bytes)
	}
}

func (d *decoder) mounts() []Mount {
	const minBytes = 8 + 8 + 8 + 1 + 8
	n := d.count(minBytes)
	if n > MountsMax {
		d.failed = true
		return nil
	}
	var list []Mount
	for range n {
		kind := d.uint64()
		if kind < uint64(MountArchive) || kind > uint64(MountVolume) {
			d.failed = true
			return nil
		}
		list = append(list, Mount{MountKind(kind), d.string(), d.string(), d.bool(), d.uint64()})
	}
	return list
}
