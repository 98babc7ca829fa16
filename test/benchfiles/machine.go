package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mewz/test/benchfiles/guest/plan"
	"mewz/test/linuxguest"
	"mewz/test/toolchain"
	"mewz/vmm/qemu"
)

// Both machines have a PCI bus and the same memory: Linux needs it to unpack its
// initrd.
const (
	machineType = "q35"

	memoryMegabytes = 1024
)

// memory is the value of -m.
func memory() string { return fmt.Sprintf("%dM", memoryMegabytes) }

// linuxPackages is the kernel of the Linux guest.
var linuxPackages = toolchain.BinaryPackages{Folder: "benchfiles", Newest: []string{"linux-image-amd64"}}

// linuxModules are the modules that the file systems need, in the order of their
// dependencies.
var linuxModules = []string{
	"drivers/virtio/virtio_ring.ko", "drivers/virtio/virtio.ko", "drivers/virtio/virtio_pci_modern_dev.ko",
	"drivers/virtio/virtio_pci_legacy_dev.ko", "drivers/virtio/virtio_pci.ko",
	"fs/netfs/netfs.ko", "fs/fscache/fscache.ko", "net/9p/9pnet.ko", "net/9p/9pnet_virtio.ko", "fs/9p/9p.ko",
	"fs/fuse/fuse.ko", "fs/fuse/virtiofs.ko",
	"drivers/block/virtio_blk.ko", "lib/crc16.ko", "crypto/crc32c_generic.ko", "fs/mbcache.ko", "fs/jbd2/jbd2.ko", "fs/ext4/ext4.ko",
}

// pluginSource counts instructions.
const pluginSource = "test/bench/icount/icount.c"

// startMewz boots our machine.
func (b *bench) startMewz(chosen []*fileSystem) (*session, error) {
	wasm, err := toolchain.Wasm(program)
	if err != nil {
		return nil, err
	}
	plugin, err := b.Plugin(pluginSource)
	if err != nil {
		return nil, err
	}
	counts := b.Path("mewz.counts")
	args := []string{
		"run", "--accel", "tcg", "--machine", machineType, "-m", memory(),
		"--qemu-arg=-plugin", "--qemu-arg=file=" + plugin + ",out=" + counts,
		"--root", b.archiveFolder(),
	}
	for _, f := range chosen {
		switch f.name {
		case "memory":
			args = append(args, "--tmpfs", f.folder)
		case "9p":
			args = append(args, "--dir", b.shareFolder(ours, tag9P)+"::"+f.folder)
		case nameVirtioFS:
			args = append(args, "--dir", b.shareFolder(ours, tagVirtioFS)+"::"+f.folder, "--share", nameVirtioFS)
		case "volume":
			args = append(args, "--volume", b.volumeFile(ours)+"::"+f.folder)
		}
	}
	return b.start(launch{counts: counts}, b.Mewz, append(args, wasm)...)
}

// startLinux boots the Linux guest.
func (b *bench) startLinux(chosen []*fileSystem) (*session, error) {
	kernel, err := b.linuxImage(chosen)
	if err != nil {
		return nil, err
	}
	plugin, err := b.Plugin(pluginSource)
	if err != nil {
		return nil, err
	}
	counts := b.Path("linux.counts")
	shared, property := qemu.SharedMemory(memoryMegabytes << 20)
	args := append(shared,
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio",
		"-machine", machineType+","+property,
		"-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", memory(),
		"-plugin", "file="+plugin+",out="+counts,
		"-kernel", kernel, "-initrd", b.Path("initrd"), "-append", "console=ttyS0 quiet nokaslr panic=-1",
	)
	var after func()
	var files []*os.File
	for _, f := range chosen {
		switch f.name {
		case "9p":
			args = append(args, "-fsdev", "local,id=share,path="+b.shareFolder(linux, tag9P)+",security_model=none",
				"-device", "virtio-9p-pci,disable-legacy=on,fsdev=share,mount_tag="+tag9P)
		case nameVirtioFS:
			daemon, err := qemu.StartVirtioFS(b.Context, qemu.VirtioFSShare{Directory: b.shareFolder(linux, tagVirtioFS), Tag: tagVirtioFS})
			if err != nil {
				return nil, err
			}
			after = daemon.Close
			files = append(files, daemon.Connection())
			const inherited = 3 // the first of ExtraFiles
			args = append(args, daemon.Options(machineType, 0, inherited)...)
		case "volume":
			args = append(args, "-drive", "if=none,id=volume,format=raw,cache=writeback,file="+b.volumeFile(linux),
				"-device", "virtio-blk-pci,disable-legacy=on,drive=volume")
		}
	}
	return b.start(launch{counts: counts, after: after, files: files}, "qemu-system-x86_64", args...)
}

// linuxImage writes the initrd and returns the path of the kernel.
func (b *bench) linuxImage(chosen []*fileSystem) (kernel string, err error) {
	tree, err := linuxPackages.Fetch()
	if err != nil {
		return "", err
	}
	if kernel, b.linux, err = linuxguest.Kernel(tree); err != nil {
		return "", err
	}
	a := linuxguest.New()
	init, err := b.Build("guest", "", "./test/benchfiles/guest")
	if err != nil {
		return "", err
	}
	if err := errorsOf(a.Copy("/init", init), a.Copy(plan.Program, b.Path("files")),
		a.Modules(plan.Modules, tree, b.linux, linuxModules), b.copyTree(a)); err != nil {
		return "", err
	}
	var p plan.Plan
	for _, module := range linuxModules {
		p.Modules = append(p.Modules, filepath.Base(module))
	}
	for _, folder := range []string{"/proc", "/sys", "/dev", "/tmp"} {
		a.Directory(folder)
	}
	for _, f := range chosen {
		if f.mount.Target != "" {
			a.Directory(f.mount.Target)
			p.Mounts = append(p.Mounts, f.mount)
		}
	}
	text, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	a.Add(plan.Path, text)
	return kernel, a.WriteFile(b.Path("initrd"))
}

// copyTree adds what our image has as its archive.
func (b *bench) copyTree(a *linuxguest.Initrd) error {
	return filepath.WalkDir(b.archiveFolder(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return a.Copy(strings.TrimPrefix(path, b.archiveFolder()), path)
	})
}

// errorsOf returns the first error.
func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("initrd: %w", err)
		}
	}
	return nil
}
