package cpu

// In8 reads a byte from an I/O port.
func In8(port uint16) uint8

// In32 reads four bytes from an I/O port.
func In32(port uint16) uint32

// Out8 writes a byte to an I/O port.
func Out8(port uint16, value uint8)

// Out32 writes four bytes to an I/O port.
func Out32(port uint16, value uint32)

// OutBytes writes n bytes from address to an I/O port (REP OUTSB). The
// instruction can be interrupted by a page fault and goes on after it; RCX then
// holds what is left (see OutBytesAt).
func OutBytes(port uint16, address, n uintptr)

// OutBytesAt is the address of the REP OUTSB in OutBytes.
func OutBytesAt() uintptr

// ReadMSR reads a model specific register.
func ReadMSR(register uint32) uint64

// WriteMSR writes a model specific register.
func WriteMSR(register uint32, value uint64)

// ReadTSC reads the time-stamp counter, after all earlier loads.
func ReadTSC() uint64

// ReadCR2 reads the address of the last page fault.
func ReadCR2() uintptr

// ReadCR4 reads the control register of processor features.
func ReadCR4() uintptr

// WriteCR4 writes the control register of processor features.
func WriteCR4(value uintptr)

// ReadCR3 reads the physical address of the page tables.
func ReadCR3() uintptr

// WriteCR3 sets the physical address of the page tables and empties the TLB.
func WriteCR3(root uintptr)

// InvalidatePage removes the translation of address from the TLB.
func InvalidatePage(address uintptr)

// ZeroPages clears n bytes, a multiple of 8, from address.
func ZeroPages(address, n uintptr)

// CopyPages copies n bytes, a multiple of 8, that do not overlap.
func CopyPages(to, from, n uintptr)

// LoadGDT loads the global descriptor table register from the ten bytes at
// address.
func LoadGDT(address uintptr)

// LoadIDT loads the interrupt descriptor table register from the ten bytes at
// address.
func LoadIDT(address uintptr)

// LoadTaskRegister loads the selector of the task state segment.
func LoadTaskRegister(selector uint16)

// WaitForInterrupt enables interrupts, halts until one came, and disables
// them again. The enabling takes effect after HLT only, so none is missed.
func WaitForInterrupt()

// Pause tells the processor, and who simulates it, that a loop waits for memory
// to change (PAUSE).
func Pause()

// HaltForever stops the processor with interrupts off. It does not return.
func HaltForever()

// CPUID returns what the processor says about itself.
func CPUID(leaf, subleaf uint32) (a, b, c, d uint32)

// SetXCR0 sets the register states that XSAVE manages.
func SetXCR0(mask uint64)

// RandomNumber returns a number of the hardware generator (RDRAND); ok is
// false when it had none. The processor must have RDRAND.
func RandomNumber() (value uint64, ok bool)

// Breakpoint raises the breakpoint exception (INT3).
func Breakpoint()

// outBytesLoop is REP OUTSB alone, so that its address is a symbol.
//
//lint:ignore U1000 called from instruction_amd64.s
func outBytesLoop()
