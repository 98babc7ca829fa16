package clock

// The vDSO is a shared object in memory, all of it constant: the linker fills in
// the absolute addresses, and p_vaddr of the load segment is the address of the
// image, so that the Go runtime's load offset is zero. A hash table with one
// bucket holds the one symbol; a single version definition, the base one, tells
// the runtime that symbols have no versions.

// VDSO returns the address of the image (AT_SYSINFO_EHDR).
func VDSO() uintptr

// clockGettime is __vdso_clock_gettime: DI is the clock, SI the timespec; the
// result is in AX. It is called by the Go runtime with the C calling convention
// on the stack of g0, and destroys AX, CX, DX, R8 to R11. A clock other than
// CLOCK_REALTIME and CLOCK_MONOTONIC becomes the system call.
//
//lint:ignore U1000 called through the image
func clockGettime()

const (
	clockRealtime   = 0
	clockMonotonic  = 1
	sysClockGettime = 228

	dynamicHash    = 4 // DT_HASH
	dynamicStrings = 5 // DT_STRTAB
	dynamicSymbols = 6 // DT_SYMTAB
	dynamicVerdef  = 0x6ffffffc
	programLoad    = 1
	programDynamic = 2
	symbolFunction = 0x12 // STB_GLOBAL<<4 | STT_FUNC

	vdsoProgram = 64 // offsets in the image
	vdsoDynamic = 176
	vdsoSymbols = 256
	vdsoHash    = 304
	vdsoVersion = 328
	vdsoStrings = 352
	vdsoBytes   = 376
)
