#include "go_asm.h"
#include "textflag.h"

// The ELF note that tells a VMM where to enter. Linkers of images look for it by
// name and put a PT_NOTE header on it.
DATA ·pvhNote+0(SB)/4, $const_noteNameBytes
DATA ·pvhNote+4(SB)/4, $const_noteDescBytes
DATA ·pvhNote+8(SB)/4, $const_noteTypeEntry
DATA ·pvhNote+12(SB)/4, $const_noteName
DATA ·pvhNote+16(SB)/8, $·pvhEntry(SB)
GLOBL ·pvhNote(SB), RODATA|NOPTR, $24

// Absolute addresses for the 32-bit code.
DATA bootAddresses<>+const_addressTables(SB)/8, $bootTables<>(SB)
DATA bootAddresses<>+const_addressGDT(SB)/8, $gdtRegister<>(SB)
DATA bootAddresses<>+const_addressStart64(SB)/8, $·start64(SB)
DATA bootAddresses<>+const_addressOldFrame(SB)/8, $oldProcessor<>(SB)
DATA bootAddresses<>+const_addressOldText(SB)/8, $oldProcessorText<>(SB)
GLOBL bootAddresses<>(SB), RODATA|NOPTR, $40

// Flat segments: null, 64-bit code, data.
DATA gdt<>+8(SB)/8, $0x00209b0000000000
DATA gdt<>+16(SB)/8, $0x0000930000000000
GLOBL gdt<>(SB), NOPTR, $24
DATA gdtRegister<>+0(SB)/2, $23
DATA gdtRegister<>+2(SB)/8, $gdt<>(SB)
GLOBL gdtRegister<>(SB), RODATA|NOPTR, $10

GLOBL bootTables<>(SB), NOPTR, $const_bootTableBytes
GLOBL bootStack<>(SB), NOPTR, $const_bootStackBytes
GLOBL bootThread<>(SB), NOPTR, $64

// What a processor without long mode is told: frames for the host channel
// (FrameReport, FrameExit), and the text for the serial port.
DATA oldProcessor<>+0(SB)/8, $0x0000003800000005
DATA oldProcessor<>+8(SB)/8, $"mewz: th"
DATA oldProcessor<>+16(SB)/8, $"is proce"
DATA oldProcessor<>+24(SB)/8, $"ssor has"
DATA oldProcessor<>+32(SB)/8, $" no 64-b"
DATA oldProcessor<>+40(SB)/8, $"it mode "
DATA oldProcessor<>+48(SB)/8, $"with NX "
DATA oldProcessor<>+56(SB)/8, $"pages  \n"
DATA oldProcessor<>+64(SB)/8, $0x0000000800000006
DATA oldProcessor<>+72(SB)/8, $(3+const_exitKernel<<32)
GLOBL oldProcessor<>(SB), RODATA|NOPTR, $80
DATA oldProcessorText<>+0(SB)/8, $"mewz: th"
DATA oldProcessorText<>+8(SB)/8, $"is proce"
DATA oldProcessorText<>+16(SB)/8, $"ssor has"
DATA oldProcessorText<>+24(SB)/8, $" no 64-b"
DATA oldProcessorText<>+32(SB)/8, $"it mode "
DATA oldProcessorText<>+40(SB)/8, $"with NX "
DATA oldProcessorText<>+48(SB)/8, $"pages\r\n\x00"
GLOBL oldProcessorText<>(SB), RODATA|NOPTR, $56

// func getPC()
TEXT ·getPC(SB),NOSPLIT|NOFRAME,$0
	POPQ AX
	PUSHQ AX
	RET

// func pvhEntry()
TEXT ·pvhEntry(SB),NOSPLIT|NOFRAME,$0
	CLI
	CLD
	MOVL $0x9000, SP		// one return address, in low RAM
	CALL ·getPC(SB)
	LEAL bootAddresses<>(SB), DI	// 8D 3D disp32: 32-bit code takes disp32 as it is,
	ADDL AX, DI			// which is relative to the end of LEAL:
	ADDL $6, DI			// six bytes after the return address
	MOVL BX, SI			// CPUID destroys BX

	MOVL $const_extendedMax, AX
	CPUID
	CMPL AX, $const_extendedLeaf
	JCS old
	MOVL $const_extendedLeaf, AX
	CPUID
	ANDL $const_longModeBits, DX
	CMPL DX, $const_longModeBits
	JEQ long
old:
	JMP ·noLongMode(SB)
long:
	MOVL SI, BX			// start64 wants it there
	// page map[0] and page-directory-pointer[0] lead to one page directory
	MOVL const_addressTables(DI), SI
	ADDL $(const_tableBytes-1), SI
	ANDL $~(const_tableBytes-1), SI
	MOVL SI, AX
	ADDL $(const_tableBytes+const_entryBits), AX
	MOVL AX, (SI)
	ADDL $const_tableBytes, AX
	MOVL AX, const_tableBytes(SI)
	MOVL SI, DX
	ADDL $(2*const_tableBytes), DX
	MOVL $const_entryLargeBits, AX
	MOVL $const_tableEntries, CX
directory:
	MOVL AX, (DX)
	ADDL $const_largeBytes, AX
	ADDL $8, DX
	SUBL $1, CX
	JNE directory

	MOVL $const_cr4Bits, AX
	BYTE $0x0f; BYTE $0x22; BYTE $0xe0	// MOVL AX, CR4
	MOVL SI, AX
	BYTE $0x0f; BYTE $0x22; BYTE $0xd8	// MOVL AX, CR3
	MOVL $const_eferMSR, CX
	RDMSR
	ORL $const_eferBits, AX
	WRMSR
	MOVL const_addressStart64(DI), CX
	MOVL const_addressGDT(DI), DX
	MOVL $const_cr0Bits, AX
	BYTE $0x0f; BYTE $0x22; BYTE $0xc0	// MOVL AX, CR0
	BYTE $0x0f; BYTE $0x01; BYTE $0x12	// LGDT (DX)
	PUSHQ $const_codeSelector
	PUSHQ CX
	BYTE $0xcb				// far return: 64-bit code

// func noLongMode()
TEXT ·noLongMode(SB),NOSPLIT|NOFRAME,$0
	MOVL const_addressOldFrame(DI), SI
	MOVL $const_channelPort, DX
	INB
	CMPB AX, $const_channelMagic
	JNE serial
	MOVL $80, CX				// the size of oldProcessor
	REP; OUTSB
	JMP stop
serial:
	MOVL const_addressOldText(DI), SI
	MOVL $const_serialPort, DX
	MOVL $55, CX				// the size of oldProcessorText without its zero
	REP; OUTSB				// longer than a FIFO; a virtual port takes it
stop:
	MOVL $const_exitPort, DX
	MOVL $const_exitKernel, AX
	OUTB
	CLI
	HLT
	JMP -1(PC)

// func start64()
TEXT ·start64(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	MOVL $const_dataSelector, AX
	MOVW AX, SS
	MOVW AX, DS
	MOVW AX, ES
	XORL AX, AX
	MOVW AX, FS
	MOVW AX, GS
	MOVQ CR4, AX
	ORQ $const_cr4SSE, AX
	MOVQ AX, CR4
	BYTE $0xdb; BYTE $0xe3			// FNINIT
	LEAQ bootThread<>+64(SB), AX		// g is at -8(FS)
	MOVQ AX, DX
	SHRQ $32, DX
	MOVL $const_fsBaseMSR, CX
	WRMSR
	LEAQ bootStack<>+const_bootStackBytes(SB), SP
	ANDQ $~15, SP
	MOVL BX, BX				// the upper half is undefined after the switch
	PUSHQ AX				// keeps the alignment
	PUSHQ BX
	CALL ·enter(SB)
	INT $3					// enter does not return

// func bootStackTop() uintptr
TEXT ·bootStackTop(SB),NOSPLIT,$0-8
	LEAQ bootStack<>+const_bootStackBytes(SB), AX
	ANDQ $~15, AX
	MOVQ AX, ret+0(FP)
	RET

// func kernelEnd() uintptr
TEXT ·kernelEnd(SB),NOSPLIT,$0-8
	LEAQ runtime·end(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func runtimeEntry() uintptr
TEXT ·runtimeEntry(SB),NOSPLIT,$0-8
	LEAQ _rt0_amd64_linux(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func keep()
TEXT ·keep(SB),NOSPLIT,$0-0
	LEAQ ·pvhNote(SB), AX
	RET
