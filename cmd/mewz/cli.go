package main

import (
	"github.com/alecthomas/kong"
)

const description = `mewz turns a WebAssembly program into a virtual machine.

It compiles the program to native code, links it with a unikernel and runs the result under QEMU.

Exit codes of run: the program's own; 1 the command could not do its work, 2 wrong flags, 124 --timeout,
125 the kernel failed, 130 Ctrl-C, 134 the program trapped, 137 out of memory.`

// cli is the command line (DESIGN.md, section 7).
type cli struct {
	Verbose bool `short:"v" help:"Say what is being done, on standard error."`
	Quiet   bool `short:"q" help:"No progress and no warnings."`

	VersionFlag kong.VersionFlag `name:"version" help:"Print the version."` // as runners of tests ask for it

	Run     runCommand     `cmd:"" help:"Compile, link and run a program as a machine."`
	Build   buildCommand   `cmd:"" help:"Compile and link a program into a bootable image."`
	Compile compileCommand `cmd:"" help:"Compile a program into a native object with undefined imports."`
	Inspect inspectCommand `cmd:"" help:"Show what a module, object or image contains, or one function of it as WebAssembly, LLVM IR and machine code."`
	Check   checkCommand   `cmd:"" help:"Say whether a program will run, which features it uses, what is missing, and what to do about it."`
	Doctor  doctorCommand  `cmd:"" help:"Say which tools are here, which are missing, and how to install them."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// compileFlags say how code is made.
type compileFlags struct {
	Opt     string `enum:"0,fast,2" default:"fast" group:"code" help:"Optimisation: 0, fast or 2."`
	CPU     string `default:"auto" group:"code" help:"Processor that the code needs: one that LLVM knows; host, which is x86-64-v3 if this computer has it, else x86-64-v2; or auto, which is host for run --vmm process, else x86-64-v2 (${default})." placeholder:"NAME"`
	NoCache bool   `group:"code" help:"Compile again what the cache has."`
}

// linkFlags say what goes into an image.
type linkFlags struct {
	memoryFlags
	Env            []string `short:"e" sep:"none" group:"image" placeholder:"K=V" help:"Environment variable; NAME alone passes the one of this shell through."`
	Stack          byteSize `group:"image" placeholder:"SIZE" help:"Stack of the program (8M)."`
	UnknownImports string   `enum:"refuse,trap" default:"refuse" group:"image" help:"Imports that nobody has: refuse the program, or trap when it calls them."`
	KernelLog      bool     `group:"image" help:"Print kernel messages on standard error."`
}

// machineFlags say what an image runs on.
type machineFlags struct {
	Memory   byteSize `short:"m" group:"machine" placeholder:"SIZE" help:"Memory of the machine (128M, or more if the program asks for more)."`
	VMM      string   `name:"vmm" enum:"qemu,process" default:"qemu" group:"machine" help:"qemu, or process: an ordinary Linux process, which isolates nothing beyond WebAssembly itself."`
	Machine  string   `enum:"microvm,q35,pc" default:"microvm" group:"machine" help:"QEMU's machine type: microvm, q35 or pc."`
	Accel    string   `enum:"auto,kvm,tcg" default:"auto" group:"machine" help:"auto uses KVM where it works, else tcg."`
	GuestCPU string   `name:"guest-cpu" group:"machine" placeholder:"MODEL" help:"QEMU's -cpu (all that the accelerator has)."`
	Timeout  seconds  `group:"machine" placeholder:"TIME" help:"End the machine after this time, with exit code 124."`
	QEMUArg  []string `name:"qemu-arg" hidden:"" sep:"none" group:"machine" placeholder:"ARG" help:"One more argument for QEMU, as it is; repeatable. For measurements."`
	DryRun   bool     `group:"machine" help:"Print the command of the VMM and run nothing."`
}

type runCommand struct {
	compileFlags
	linkFlags
	shareFlags
	addressFlags
	connectFlags
	machineFlags
	File string   `arg:"" help:"A module (.wasm or .wat), an object or an image; - is standard input."`
	Args []string `arg:"" optional:"" passthrough:"" help:"Arguments of the program."`
}

type buildCommand struct {
	compileFlags
	linkFlags
	addressFlags
	Output string   `short:"o" required:"" placeholder:"FILE" help:"Where the image goes; - is standard output."`
	File   string   `arg:"" help:"A module (.wasm or .wat) or an object; - is standard input."`
	Args   []string `arg:"" optional:"" passthrough:"" help:"Arguments of the program that the image starts with."`
}

type compileCommand struct {
	compileFlags
	Output string `short:"o" required:"" placeholder:"FILE" help:"Where the result goes; - is standard output."`
	Emit   string `enum:"obj,llvm" default:"obj" help:"obj, or llvm for the LLVM IR."`
	File   string `arg:"" help:"A module (.wasm or .wat); - is standard input."`
}

// formatFlag chooses between text and JSON.
type formatFlag struct {
	Format string `short:"o" name:"output" enum:"text,json" default:"text" help:"text or json."`
}

type inspectCommand struct {
	formatFlag
	compileFlags
	Disassemble string `short:"d" placeholder:"FUNC" help:"Show one function as WebAssembly, LLVM IR and machine code. FUNC is an index, a name or a part of one, an export, or an offset in the module as a trap prints it (0x1234)."`
	IR          string `name:"ir" enum:"lowered,optimized,none" default:"lowered" help:"LLVM IR in the disassembly: lowered, as the compiler writes it; optimized, after LLVM's passes; none."`
	File        string `arg:"" help:"A module (.wasm or .wat), an object or an image; - is standard input."`
}

type checkCommand struct {
	formatFlag
	File string `arg:"" help:"A module (.wasm or .wat); - is standard input."`
}

type doctorCommand struct {
	formatFlag
}

type versionCommand struct{}

// options set kong up; exited becomes true when it has printed help and would
// exit.
func options(exited *bool) []kong.Option {
	return []kong.Option{
		kong.Name("mewz"),
		kong.Description(description),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "code", Title: "Code:"},
			{Key: "image", Title: "Image:"},
			{Key: "files", Title: "Files:"},
			{Key: "network", Title: "Network:"},
			{Key: "machine", Title: "Machine:"},
		}),
		kong.Vars{"version": versionLine()},
		kong.Exit(func(int) { *exited = true }),
	}
}
