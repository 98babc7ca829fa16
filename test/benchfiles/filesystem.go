package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"mewz/test/benchfiles/guest/plan"
	"mewz/test/toolchain"
)

// The two sides.
const (
	ours  = "mewz"
	linux = "Linux"
)

// fileSystem is a file system on both sides.
type fileSystem struct {
	name     string
	title    string
	folder   string // where the program finds it
	readOnly bool
	lasts    bool // what is written is safe after fsync
	// linux is what it is called there, and its mount; that of the archive is the
	// initrd, which is mounted already.
	linuxTitle string
	mount      plan.Mount
}

// Tags of the devices in both machines.
const (
	tag9P       = "share"
	tagVirtioFS = "fast"
)

// nameVirtioFS is the name of the file system that needs a machine of its own.
const nameVirtioFS = "virtiofs"

var fileSystems = []fileSystem{
	{name: "archive", title: "archive", folder: "/arc", readOnly: true, linuxTitle: "initramfs"},
	{name: "memory", title: "memory", folder: "/mem", linuxTitle: "tmpfs", mount: plan.Mount{Source: "none", Target: "/mem", Type: "tmpfs"}},
	{name: "9p", title: "9p", folder: "/share", lasts: true, linuxTitle: "9p", mount: plan.Mount{
		// 512000 is the most that Linux takes (net/9p/trans_virtio.c).
		Source: tag9P, Target: "/share", Type: "9p", Options: "trans=virtio,version=9p2000.L,msize=512000"}},
	{name: nameVirtioFS, title: "virtio-fs", folder: "/fast", lasts: true, linuxTitle: "virtiofs",
		mount: plan.Mount{Source: tagVirtioFS, Target: "/fast", Type: "virtiofs"}},
	{name: "volume", title: "volume (ext4)", folder: "/vol", lasts: true, linuxTitle: "ext4",
		mount: plan.Mount{Source: "/dev/vda", Target: "/vol", Type: "ext4"}},
}

// program is what is measured.
var program = toolchain.Program{
	Name: "benchfiles", Language: toolchain.C, Sources: []string{"test/benchfiles/src/files.c"}, NativeFlags: []string{"-O2"}, Flags: []string{"-O2", "-Wall"},
}

// native builds the program for Linux, without libraries.
func (b *bench) native() (string, error) {
	path := b.Path("files")
	return path, b.Execute("clang-19", "-O2", "-Wall", "-static", "-o", path, filepath.Join(b.Root, "test/benchfiles/src/files.c"))
}

// archiveFolder is what is in the image and in the initrd.
func (b *bench) archiveFolder() string { return b.Path("root") }

// shareFolder is a folder of the host for one side and one file system.
func (b *bench) shareFolder(side, tag string) string { return b.Path(side + "-" + tag) }

// volumeFile is the volume of one side.
func (b *bench) volumeFile(side string) string { return b.Path(side + ".ext4") }

// volumeBytes is the size of a volume.
const volumeBytes = "256M"

// prepareFolders makes everything on the host that machines see.
func (b *bench) prepareFolders() error {
	native, err := b.native()
	if err != nil {
		return err
	}
	arc := filepath.Join(b.archiveFolder(), "arc")
	if err := os.MkdirAll(arc, 0o777); err != nil {
		return err
	}
	fill := exec.CommandContext(b.Context, native)
	fill.Stdin, err = commandFile(arc)
	if err != nil {
		return err
	}
	if output, err := fill.CombinedOutput(); err != nil {
		return fmt.Errorf("files: %w\n%s", err, output)
	}
	for _, side := range []string{ours, linux} {
		for _, tag := range []string{tag9P, tagVirtioFS} {
			if err := os.Mkdir(b.shareFolder(side, tag), 0o777); err != nil {
				return err
			}
		}
		if err := b.Execute("mkfs.ext4", "-q", b.volumeFile(side), volumeBytes); err != nil {
			return err
		}
	}
	return nil
}

// commandFile returns a file with the command that fills a folder.
func commandFile(folder string) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	_, err = fmt.Fprintf(w, "%s %s 1\n", folder, operationPrepare)
	return r, err
}
