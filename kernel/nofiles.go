//go:build nofiles

package main

import (
	"errors"

	"mewz/kernel/initramfs"
)

// This file stands in the kernel for programs that open no files in the place of
// files.go, share.go and volume.go (decision 0021).

// errNoFiles is of an image whose configuration was changed by something else than this
// mewz, which asks abi.Config.FilesAbsent.
var errNoFiles = errors.New("the image was linked to the kernel without file systems: " +
	"build it again with --tmpfs /tmp, or run the module itself")

// fileDevice is a device that holds files: never looked for.
type fileDevice struct{}

// openMounts opens nothing: nobody asks for files.
func (m *machine) openMounts() error {
	if len(m.config.Mounts) != 0 {
		return errNoFiles
	}
	hasFiles, err := initramfs.HasFiles(m.initramfs)
	if hasFiles {
		m.host.Message("the files of the initramfs are for nobody: the program opens none")
	}
	return err
}
