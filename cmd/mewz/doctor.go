package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"mewz/abi"
	"mewz/compiler/llvm"
	"mewz/image"
	"mewz/vmm"
	"mewz/vmm/process"
	"mewz/vmm/qemu"
)

// finding is what doctor says about one thing.
type finding struct {
	Name     string `json:"name"`
	OK       bool   `json:"ok"`
	Needed   bool   `json:"needed"` // for run
	Detail   string `json:"detail"`
	Remedy   string `json:"remedy,omitempty"`
	optional string // what happens without it
}

// diagnosis is what doctor prints.
type diagnosis struct {
	OK       bool      `json:"ok"`
	Findings []finding `json:"findings"`
}

// probeTimeout bounds one question to a tool.
const probeTimeout = 20 * time.Second

// Run says which tools are here; the exit code is 1 if a needed one is not.
func (c *doctorCommand) Run(a *app) error {
	ctx, cancel := context.WithTimeout(a.context(), 4*probeTimeout)
	defer cancel()
	d := diagnosis{OK: true}
	for _, examine := range []func(context.Context) finding{
		examineKernel, examineLLVM, examineQEMU, examineTCG, examineKVM, examineTAP, examineVirtioFS, examineFormat, examineCache, examineProcess,
	} {
		f := examine(ctx)
		d.OK = d.OK && (f.OK || !f.Needed)
		d.Findings = append(d.Findings, f)
	}
	if err := a.context().Err(); err != nil {
		return err
	}
	if err := printResult(c.Format, &d, d.print); err != nil {
		return err
	}
	if !d.OK {
		return exitError(abi.ExitFailure)
	}
	return nil
}

func examineKernel(context.Context) finding {
	f := finding{Name: "kernel", Needed: true}
	kernels, err := image.Kernels(architecture)
	if err != nil {
		f.Detail, f.Remedy = "not built into this mewz", "make kernel, then build mewz again"
		return f
	}
	f.OK, f.Detail = true, fmt.Sprintf("%s, %d bytes, without a network %d, nor files %d",
		architecture, len(kernels.Network), len(kernels.Small), len(kernels.Plain))
	return f
}

// examineLLVM looks for the compiler's back end.
func examineLLVM(ctx context.Context) finding {
	f := finding{Name: "LLVM " + llvm.Version, Needed: true, Remedy: "apt-get install llvm-" + llvm.Version}
	tools, err := llvm.Find()
	if err != nil {
		f.Detail, _, _ = strings.Cut(err.Error(), ": ")
		return f
	}
	for _, path := range []string{tools.Opt, tools.Llc} {
		if f = f.withVersion(ctx, path, "LLVM version"); !f.OK {
			return f
		}
	}
	return f
}

func examineQEMU(ctx context.Context) finding {
	f := finding{Name: qemu.Program, Needed: true, Remedy: "apt-get install qemu-system-x86"}
	path, err := exec.LookPath(qemu.Program)
	if err != nil {
		f.Detail = "not found"
		return f
	}
	return f.withVersion(ctx, path, "version")
}

// withVersion fills in the line of path's --version that has marker in it.
func (f finding) withVersion(ctx context.Context, path, marker string) finding {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		f.Detail = fmt.Sprintf("%s does not start: %v", path, err)
		return f
	}
	f.OK, f.Remedy, f.Detail = true, "", path
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, marker) {
			f.Detail = path + ": " + strings.TrimSpace(line)
			break
		}
	}
	return f
}

func examineTCG(ctx context.Context) finding {
	return examineAccel(ctx, finding{Name: "QEMU with TCG", Needed: true}, qemu.AccelTCG)
}

func examineKVM(ctx context.Context) finding {
	return examineAccel(ctx, finding{Name: "QEMU with KVM", optional: "TCG is used instead, which is slower"}, qemu.AccelKVM)
}

// examineAccel runs a tiny machine.
func examineAccel(ctx context.Context, f finding, accel qemu.Accel) finding {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	start := time.Now()
	err := new(qemu.VMM).Probe(ctx, accel)
	switch {
	case err == nil:
		f.OK, f.Detail = true, fmt.Sprintf("ran a machine in %v", time.Since(start).Round(time.Millisecond))
	case errors.Is(err, qemu.ErrNotFound):
		f.Detail = "no QEMU"
	default:
		f.Detail = oneLine(err.Error())
	}
	return f
}

// examineTAP looks for what --net tap needs.
func examineTAP(context.Context) finding {
	f := finding{Name: "/dev/net/tun", optional: "no --net tap=NAME; --net user needs nothing"}
	if err := vmm.CheckTUN(); err != nil {
		f.Detail = strings.TrimPrefix(err.Error(), f.Name+": ")
		return f
	}
	f.OK, f.Detail = true, "TAP devices for --net tap=NAME: ip tuntap add dev NAME mode tap user $USER, as root"
	return f
}

// examineVirtioFS looks for what --share virtiofs needs.
func examineVirtioFS(ctx context.Context) finding {
	f := finding{Name: "virtiofsd", optional: "no --share virtiofs; --dir goes by 9p, which needs nothing",
		Remedy: "apt-get install virtiofsd, or qemu-system-common up to Debian 12"}
	path, err := qemu.FindVirtioFS()
	if err != nil {
		f.Detail = "not found"
		return f
	}
	return f.withVersion(ctx, path, "version")
}

// examineFormat looks for what makes a file system on a new volume.
func examineFormat(context.Context) finding {
	f := finding{Name: formatProgram, optional: "--volume takes files that have a file system, and makes none", Remedy: "apt-get install e2fsprogs"}
	path, err := findFormat()
	if err != nil {
		f.Detail = "not found"
		return f
	}
	f.OK, f.Remedy, f.Detail = true, "", path
	return f
}

// examineCache sees whether the compiler can keep what it made.
func examineCache(context.Context) finding {
	f := finding{Name: "cache", optional: "each run compiles again"}
	dir, err := os.UserCacheDir()
	if err == nil {
		dir = filepath.Join(dir, "mewz")
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(dir, "doctor-*"); err == nil {
			err = errors.Join(probe.Close(), os.Remove(probe.Name()))
		}
	}
	if err != nil {
		f.Detail, f.Remedy = message(err), "set XDG_CACHE_HOME to a directory that can be written"
		return f
	}
	f.OK, f.Detail = true, dir
	return f
}

func examineProcess(context.Context) finding {
	return finding{Name: "--vmm process", OK: true, Detail: process.Isolation}
}

func (d *diagnosis) print(w io.Writer) {
	for _, f := range d.Findings {
		mark := "ok"
		switch {
		case !f.OK && f.Needed:
			mark = "MISSING"
		case !f.OK:
			mark = "no"
		}
		fmt.Fprintf(w, "%-8s %-20s %s\n", mark, f.Name, f.Detail)
		if !f.OK && f.optional != "" {
			fmt.Fprintf(w, "%-30s%s\n", "", f.optional)
		}
		if !f.OK && f.Remedy != "" {
			fmt.Fprintf(w, "%-30sremedy: %s\n", "", f.Remedy)
		}
	}
	if d.OK {
		fmt.Fprintln(w, "mewz run works here")
	} else {
		fmt.Fprintln(w, "mewz run does not work here yet")
	}
}
