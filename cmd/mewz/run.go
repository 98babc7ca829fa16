package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mewz/abi"
	"mewz/image"
	"mewz/vmm"
	"mewz/vmm/process"
	"mewz/vmm/qemu"
)

// Run runs a program as a machine and ends with its exit code.
func (r *runCommand) Run(a *app) error {
	src, err := openSource(r.File)
	if err != nil {
		return err
	}
	if r.DryRun {
		return r.dryRun(a, src)
	}
	prepared, err := r.prepare(a, src)
	if err != nil {
		return err
	}
	defer prepared.file.Close()
	info, err := prepared.file.Stat()
	if err != nil {
		return err
	}
	if err := a.context().Err(); err != nil {
		return err
	}
	network := prepared.network
	m := &vmm.Machine{Image: prepared.path, Name: src.name, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Network: network, Announced: a.announcer(network),
		Warned: func(text string) { warn(withHosts(text, prepared.mounts)) }}
	if r.File == "-" {
		m.Stdin = nil // the module was there
	}
	if r.KernelLog {
		m.Log = os.Stderr
	}
	attach(m, prepared.mounts, r.Share)
	if err := a.makeVolumes(prepared.mounts); err != nil {
		return err
	}
	if m.MemoryBytes, err = r.memory(prepared.path, uint64(info.Size())); err != nil {
		return err
	}
	ctx, cancel := r.timeout(a.context())
	defer cancel()
	result, err := r.monitor(a).Run(ctx, m)
	if err != nil {
		if result != nil {
			printLog(withHosts(result.Report, prepared.mounts)) // what it could not bring to safety
		}
		return err
	}
	result.Report = withHosts(withPlaces(result.Report, src), prepared.mounts)
	return end(result)
}

// prepared is a run up to its machine.
type prepared struct {
	path    string // of the image
	file    *os.File
	network *vmm.Network
	mounts  []plannedMount
}

// prepare makes the image of this run, and says what its machine is connected to.
func (r *runCommand) prepare(a *app, src *source) (p prepared, err error) {
	a.context() // before there is a temporary file
	config, err := programConfig(src, r.linkFlags, r.programArgs())
	if err != nil {
		return p, err
	}
	// What is wrong with the flags is said before anything is compiled.
	if config.Network, err = r.addressFlags.network(); err != nil {
		return p, err
	}
	plan, err := r.connectFlags.parse()
	if err != nil {
		return p, err
	}
	config.Network.Enabled = plan.wanted()
	if err := r.connectFlags.capture(); err != nil {
		return p, err
	}
	if p.mounts, err = r.planMounts(); err != nil {
		return p, err
	}
	config.Mounts = mountsOf(p.mounts) // the linker gives the program file systems then
	// complete sets what is true for this run only.
	complete := func(c *abi.Config) (err error) {
		if p.network, err = r.connect(a, c); err != nil {
			return err
		}
		if len(p.mounts) > 0 && c.FilesAbsent {
			return errFilesAbsent
		}
		c.AddMounts(mountsOf(p.mounts))
		return configureRun(c)
	}
	if r.VMM == "process" && r.Memory != 0 {
		config.MemoryMaxPages = max(1, uint64(r.Memory)/abi.WasmPageBytes)
	}
	if src.kind == kindImage {
		var refused error // no matter of the place
		p.path, p.file, err = placeImage(func(path string) error {
			return image.ReplaceConfig(src.path, path, func(c *abi.Config) error {
				if refused = r.adapt(c, &config); refused == nil {
					refused = complete(c)
				}
				return refused
			})
		})
		return p, cmp.Or(refused, err)
	}
	img, err := a.link(src, r.code(), r.linkFlags, config)
	if err != nil {
		return p, err
	}
	if err := complete(&img.Config); err != nil {
		return p, err
	}
	p.path, p.file, err = placeImage(img.WriteFile)
	return p, err
}

// planMounts returns what files the program finds, with the tags of this run.
func (r *runCommand) planMounts() ([]plannedMount, error) {
	isProcess := r.VMM == "process"
	if isProcess && r.Share == shareVirtioFS && len(r.Dir) > 0 {
		return nil, wrongFlags(errors.New("--share virtiofs: --vmm process shares directories by itself: leave one of them out"))
	}
	list, err := planMounts(r.memoryFlags, r.shareFlags)
	assignTags(list, isProcess)
	return list, err
}

// code says how to compile for this run: a process runs on this computer only.
func (r *runCommand) code() compileFlags {
	flags := r.compileFlags
	if flags.CPU == cpuAuto && r.VMM == "process" {
		flags.CPU = cpuHost
	}
	return flags
}

// programArgs are the arguments without the -- that may introduce them.
func (r *runCommand) programArgs() []string { return withoutDashes(r.Args) }

func withoutDashes(args []string) []string {
	if len(args) > 0 && args[0] == "--" {
		return args[1:]
	}
	return args
}

// adapt sets in the configuration of an image what the flags say, and leaves
// the rest as it was built.
func (r *runCommand) adapt(c, flags *abi.Config) error {
	switch {
	case r.Root != "":
		return wrongFlags(errors.New("--root: an image has its files already: give it to mewz build"))
	case r.UnknownImports == "trap":
		return wrongFlags(errors.New("--unknown-imports: an image is linked already: give it to mewz build"))
	}
	if len(flags.Args) > 1 {
		name := flags.Args[0]
		if len(c.Args) > 0 {
			name = c.Args[0]
		}
		c.Args = append([]string{name}, flags.Args[1:]...)
	}
	if len(r.Env) > 0 {
		c.Env = flags.Env
	}
	if flags.StackBytes != 0 {
		c.StackBytes = flags.StackBytes
	}
	if flags.MemoryMaxPages != 0 {
		c.MemoryMaxPages = max(c.MemoryMinPages, min(c.MemoryMaxPages, flags.MemoryMaxPages))
		for i := range c.MoreMemories {
			m := &c.MoreMemories[i]
			m.MaxPages = max(m.MinPages, min(m.MaxPages, flags.MemoryMaxPages))
		}
	}
	c.KernelLog = c.KernelLog || flags.KernelLog
	mergeNetwork(&c.Network, flags.Network)
	return nil
}

// Memory of a machine when -m does not say it: enough for small programs, or
// what the image takes with room for the kernel and some growth.
const (
	defaultMemoryBytes = 128 << 20
	memoryRoomBytes    = 64 << 20
	megabyte           = 1 << 20
)

// memory returns the memory of the machine for an image of fileBytes.
func (r *runCommand) memory(path string, fileBytes uint64) (uint64, error) {
	// The image is loaded from KernelBase on, and everything in it stays.
	end := uint64(abi.KernelBase) + fileBytes
	if r.Memory != 0 {
		if uint64(r.Memory) < end && r.VMM == "qemu" {
			return 0, wrongFlags(fmt.Errorf("-m %s: the image alone takes %s: give it more", r.Memory, byteSize(roundUp(end, megabyte))))
		}
		return uint64(r.Memory), nil
	}
	description, err := image.Read(path)
	if err != nil {
		return 0, err
	}
	pages := description.Config.MemoryMinPages
	for _, m := range description.Config.MoreMemories {
		pages += m.MinPages
	}
	needed := end + pages*abi.WasmPageBytes + memoryRoomBytes
	return max(defaultMemoryBytes, roundUp(needed, megabyte)), nil
}

func roundUp(n, unit uint64) uint64 { return (n + unit - 1) / unit * unit }

// monitor returns the VMM that the flags choose.
func (r *runCommand) monitor(a *app) vmm.VMM {
	var verbose func(string, ...any)
	if a.verbose {
		verbose = a.logf
	}
	if r.VMM == "process" {
		return &process.VMM{Verbose: verbose}
	}
	return &qemu.VMM{Machine: r.Machine, Accel: qemu.Accel(r.Accel), CPU: r.GuestCPU, Args: r.QEMUArg, Verbose: verbose}
}

// timeout bounds the time of the machine, not that of the compiler before it.
func (r *runCommand) timeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.Timeout <= 0 {
		return ctx, func() {}
	}
	d := time.Duration(r.Timeout)
	return context.WithTimeoutCause(ctx, d, fmt.Errorf("%w: the machine did not end within %v", errTimeout, d))
}

// end says how the machine ended and makes an exit code of it.
func end(result *vmm.Result) error {
	if result.Reason == abi.ExitByKernel {
		printLog(result.Log)
	}
	printLog(result.Report)
	// A process has no more than eight bits for its exit code (wait(2)).
	if code := int(result.Code & 0xff); code != 0 || result.Code == 0 {
		return exitError(code)
	}
	return exitError(abi.ExitFailure)
}

// dryRun prints the command line of the VMM.
func (r *runCommand) dryRun(a *app, src *source) error {
	m := &vmm.Machine{Image: src.path, Name: src.name, MemoryBytes: uint64(r.Memory)}
	if m.MemoryBytes == 0 {
		m.MemoryBytes = defaultMemoryBytes
	}
	if src.kind == kindImage {
		info, err := os.Stat(src.path)
		if err != nil {
			return err
		}
		if m.MemoryBytes, err = r.memory(src.path, uint64(info.Size())); err != nil {
			return err
		}
	} else {
		m.Image = strings.TrimSuffix(src.name, filepath.Ext(src.name)) + ".img"
	}
	network, err := r.planNetwork(a, src)
	if err != nil {
		return err
	}
	m.Network = network
	mounts, err := r.planMounts()
	if err != nil {
		return err
	}
	attach(m, mounts, r.Share)
	argv, err := r.monitor(a).Command(m)
	if err != nil {
		return err
	}
	if src.kind != kindImage && !a.quiet {
		fmt.Fprintf(os.Stderr, "mewz: run: the image is a temporary file; to keep one: %s\n",
			quote([]string{"mewz", "build", src.path, "-o", m.Image}))
	}
	if r.VMM == "qemu" && !a.quiet {
		fmt.Fprintln(os.Stderr, "mewz: run: QEMU inherits descriptor 3, a pipe: the host channel; 4, a socket: the serial port; "+
			"5, a socket: standard input; 6 and 7, pipes: standard output and error")
	}
	_, err = fmt.Println(quote(argv))
	return stdoutError(err)
}
