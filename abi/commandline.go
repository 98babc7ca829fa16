package abi

// A VMM's command line for the kernel (PVH: hvm_start_info.cmdline_paddr) of less
// than CommandLineMaxBytes becomes the environment variable CommandLineVariable of
// the kernel, which overrides parts of Config.Network (kernel/commandline). It is
// twice what Firecracker passes and Linux takes.
const (
	CommandLineVariable = "MEWZ_COMMAND_LINE"
	CommandLineMaxBytes = 4096
)
