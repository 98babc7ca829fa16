//go:build !nofiles

package main

import (
	"errors"

	"mewz/abi"
	"mewz/kernel/initramfs"
	"mewz/kernel/instance"
	"mewz/kernel/vfs"
	"mewz/kernel/vfs/memfs"
)

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
		Lower: lower, Now: m.wallClock, Charge: m.charge, LimitBytes: opened.Bytes,
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

// openInitramfs lays the files of an archive over the root of the program's files.
func (m *machine) openInitramfs(archive []byte) error {
	if hasFiles, err := initramfs.HasFiles(archive); err != nil || !hasFiles {
		return err
	}
	root := m.root()
	if root == nil {
		root = &mount{Mount: abi.Mount{Kind: abi.MountMemory, Guest: rootName}}
		if err := m.openOver(root, nil); err != nil {
			return &mountError{root.Mount, err}
		}
		m.mounts = append(m.mounts, root)
	}
	if root.Kind != abi.MountArchive && root.Kind != abi.MountMemory {
		return errRootKind
	}
	return initramfs.Layer(root.files, archive)
}

var errRootKind = errors.New("initramfs: its files belong at /, which is no file system in memory: give them another way")
