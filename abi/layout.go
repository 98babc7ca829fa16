package abi

// VirtAddr is an address as the program and the kernel see it.
type VirtAddr uint64

// PhysAddr is an address in the memory of the machine.
type PhysAddr uint64

// Sizes of the units of memory.
const (
	PageBytes      = 4096    // a page of the processor
	LargePageBytes = 2 << 20 // a large page of the processor
	WasmPageBytes  = 65536   // a wasm page (WebAssembly core 4.2.8)
)

// The virtual address space of an image. The kernel and the program lie below
// 2 GiB because the small code model of both reaches no further.
//
//	0x0000_0000_0000  unmapped: nil dereferences fault
//	0x0000_0040_0000  kernel: text, rodata, data, bss
//	     page aligned  program: text, rodata, data, bss
//	0x0000_4000_0000  linear memory, 8 GiB + guard reserved
//	0x0003_0000_0000  guard, then the stack of the program
//	0x0008_0000_0000  configuration (abi.Config), read-only
//	0x0009_0000_0000  symbols for backtraces (abi.Symbols), read-only
//	0x0010_0000_0000  archive (abi.Archive), read-only
//	0x00c0_0000_0000  the heap of the Go runtime, chosen by it
//	0x1000_0000_0000  memories after the first, 16 GiB apart, then the heap of objects
const (
	KernelBase VirtAddr = 0x400000

	// MemoryBase is where byte 0 of linear memory lies. An access is
	// MemoryBase + u32 address + u32 offset + at most 16 bytes, so 8 GiB and
	// one wasm page hold every access that an instruction can make.
	MemoryBase          VirtAddr = 0x4000_0000
	MemoryReservedBytes          = 8<<30 + WasmPageBytes
	MemoryMaxPages               = 65536 // 4 GiB

	// The memories of a module after its first lie where no code is compiled for
	// them: behind pointers. MoreMemoryStride holds MemoryReservedBytes of each.
	MoreMemoriesBase VirtAddr = 0x1000_0000_0000
	MoreMemoryStride          = 16 << 30
	MoreMemoriesMax           = 99 // the compiler takes modules of 100

	// The heap of objects lies behind the last of them. It is not larger than any
	// machine that runs images; what of it is usable is up to the machine.
	HeapBase          = MoreMemoriesBase + MoreMemoriesMax*MoreMemoryStride
	HeapReservedBytes = 16 << 30

	// The stack of the program grows down from StackTop. Below its lowest page
	// StackGuardBytes stay unmapped.
	StackTop          VirtAddr = 0x3_4000_0000
	StackGuardBytes            = 16 << 20
	StackDefaultBytes          = 8 << 20
	StackMaxBytes              = 512 << 20

	ConfigBase  VirtAddr = 0x8_0000_0000
	SymbolsBase VirtAddr = 0x9_0000_0000
	ArchiveBase VirtAddr = 0x10_0000_0000
)

// MemoryAddress is where byte 0 of a memory lies, by its number among those that
// the module defines.
func MemoryAddress(number int) VirtAddr {
	if number == 0 {
		return MemoryBase
	}
	return MoreMemoriesBase + VirtAddr(number-1)*MoreMemoryStride
}

// Program header types of an image, in the range for operating systems
// (ELF gABI, PT_LOOS). The kernel finds what the linker added by them, in the
// header table that its own first segment maps.
const (
	ProgramHeaderConfig = 0x6d65_7a01 // p_vaddr, p_filesz: the configuration
)

// Devices of the machine that mewz itself asks of a VMM (x86-64 port numbers).
const (
	ChannelPort   = 0xe9  // isa-debugcon: the host channel, guest to host; reads as ChannelMagic
	ChannelMagic  = 0xe9  // what reading ChannelPort yields when the device is there
	SerialPort    = 0x3f8 // 16550: standard input; the console of a machine without host channel
	SerialIRQ     = 4
	DebugExitPort = 0x501 // isa-debug-exit: status 2*code+1
)

// File descriptors of the kernel. As a Linux process it inherits them; in a
// machine kernel/linuxabi turns writes to them into frames of the host channel.
const (
	DescriptorStdin   = 0 // the program's standard input
	DescriptorStdout  = 1 // the program's standard output
	DescriptorLog     = 2 // kernel messages, and what the Go runtime prints
	DescriptorStderr  = 3 // the program's standard error
	DescriptorControl = 4 // frames: FrameReport, FrameExit, FrameReady, FrameNetwork, FrameWarning

	// DescriptorNetwork is a TAP device of a process whose program has a network
	// (Config.Network.Enabled): IFF_NO_PI and IFF_VNET_HDR with headers of
	// NetworkHeaderBytes, not blocking. In a machine there is no such descriptor.
	DescriptorNetwork = 5

	// DescriptorRequests is the read end of a pipe by which a process that has a network or
	// files gets requests (RequestStop). In a machine they come on its standard input.
	DescriptorRequests = 6

	// DescriptorFiles is the first of those that a process has for its mounts
	// (Mount.Tag), one after the other.
	DescriptorFiles = 7
)

// NetworkHeaderBytes is the header of each frame on DescriptorNetwork: struct
// virtio_net_hdr_mrg_rxbuf, little-endian (virtio 1.2, 5.1.6).
const NetworkHeaderBytes = 12
