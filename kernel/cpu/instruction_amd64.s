#include "textflag.h"

// func In8(port uint16) uint8
TEXT ·In8(SB),NOSPLIT,$0-9
	MOVWQZX port+0(FP), DX
	XORL AX, AX
	INB
	MOVB AX, ret+8(FP)
	RET

// func In32(port uint16) uint32
TEXT ·In32(SB),NOSPLIT,$0-12
	MOVWQZX port+0(FP), DX
	INL
	MOVL AX, ret+8(FP)
	RET

// func Out8(port uint16, value uint8)
TEXT ·Out8(SB),NOSPLIT,$0-3
	MOVWQZX port+0(FP), DX
	MOVBQZX value+2(FP), AX
	OUTB
	RET

// func Out32(port uint16, value uint32)
TEXT ·Out32(SB),NOSPLIT,$0-8
	MOVWQZX port+0(FP), DX
	MOVL value+4(FP), AX
	OUTL
	RET

// func OutBytes(port uint16, address, n uintptr)
TEXT ·OutBytes(SB),NOSPLIT,$0-24
	MOVWQZX port+0(FP), DX
	MOVQ address+8(FP), SI
	MOVQ n+16(FP), CX
	CALL ·outBytesLoop(SB)
	RET

// func outBytesLoop()
TEXT ·outBytesLoop(SB),NOSPLIT|NOFRAME,$0
	REP; OUTSB
	RET

// func OutBytesAt() uintptr
TEXT ·OutBytesAt(SB),NOSPLIT,$0-8
	LEAQ ·outBytesLoop(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func ReadMSR(register uint32) uint64
TEXT ·ReadMSR(SB),NOSPLIT,$0-16
	MOVL register+0(FP), CX
	RDMSR
	SHLQ $32, DX
	ORQ DX, AX
	MOVQ AX, ret+8(FP)
	RET

// func WriteMSR(register uint32, value uint64)
TEXT ·WriteMSR(SB),NOSPLIT,$0-16
	MOVL register+0(FP), CX
	MOVQ value+8(FP), AX
	MOVQ AX, DX
	SHRQ $32, DX
	WRMSR
	RET

// func ReadTSC() uint64
TEXT ·ReadTSC(SB),NOSPLIT,$0-8
	LFENCE
	RDTSC
	SHLQ $32, DX
	ORQ DX, AX
	MOVQ AX, ret+0(FP)
	RET

// func ReadCR2() uintptr
TEXT ·ReadCR2(SB),NOSPLIT,$0-8
	MOVQ CR2, AX
	MOVQ AX, ret+0(FP)
	RET

// func ReadCR4() uintptr
TEXT ·ReadCR4(SB),NOSPLIT,$0-8
	MOVQ CR4, AX
	MOVQ AX, ret+0(FP)
	RET

// func WriteCR4(value uintptr)
TEXT ·WriteCR4(SB),NOSPLIT,$0-8
	MOVQ value+0(FP), AX
	MOVQ AX, CR4
	RET

// func ReadCR3() uintptr
TEXT ·ReadCR3(SB),NOSPLIT,$0-8
	MOVQ CR3, AX
	MOVQ AX, ret+0(FP)
	RET

// func WriteCR3(root uintptr)
TEXT ·WriteCR3(SB),NOSPLIT,$0-8
	MOVQ root+0(FP), AX
	MOVQ AX, CR3
	RET

// func InvalidatePage(address uintptr)
TEXT ·InvalidatePage(SB),NOSPLIT,$0-8
	MOVQ address+0(FP), AX
	INVLPG (AX)
	RET

// func ZeroPages(address, n uintptr)
TEXT ·ZeroPages(SB),NOSPLIT,$0-16
	MOVQ address+0(FP), DI
	MOVQ n+8(FP), CX
	SHRQ $3, CX
	XORL AX, AX
	REP; STOSQ
	RET

// func CopyPages(to, from, n uintptr)
TEXT ·CopyPages(SB),NOSPLIT,$0-24
	MOVQ to+0(FP), DI
	MOVQ from+8(FP), SI
	MOVQ n+16(FP), CX
	SHRQ $3, CX
	REP; MOVSQ
	RET

// func LoadGDT(address uintptr)
TEXT ·LoadGDT(SB),NOSPLIT,$0-8
	MOVQ address+0(FP), AX
	LGDT (AX)
	RET

// func LoadIDT(address uintptr)
TEXT ·LoadIDT(SB),NOSPLIT,$0-8
	MOVQ address+0(FP), AX
	LIDT (AX)
	RET

// func LoadTaskRegister(selector uint16)
TEXT ·LoadTaskRegister(SB),NOSPLIT,$0-2
	MOVWQZX selector+0(FP), AX
	LTR AX
	RET

// func WaitForInterrupt()
TEXT ·WaitForInterrupt(SB),NOSPLIT,$0-0
	STI
	HLT
	CLI
	RET

// func Pause()
TEXT ·Pause(SB),NOSPLIT,$0-0
	PAUSE
	RET

// func HaltForever()
TEXT ·HaltForever(SB),NOSPLIT,$0-0
	CLI
	HLT
	JMP -1(PC)	// an NMI ends HLT

// func CPUID(leaf, subleaf uint32) (a, b, c, d uint32)
TEXT ·CPUID(SB),NOSPLIT,$0-24
	MOVL leaf+0(FP), AX
	MOVL subleaf+4(FP), CX
	CPUID
	MOVL AX, a+8(FP)
	MOVL BX, b+12(FP)
	MOVL CX, c+16(FP)
	MOVL DX, d+20(FP)
	RET

// func SetXCR0(mask uint64)
TEXT ·SetXCR0(SB),NOSPLIT,$0-8
	MOVQ mask+0(FP), AX
	MOVQ AX, DX
	SHRQ $32, DX
	XORL CX, CX
	XSETBV
	RET

// func RandomNumber() (value uint64, ok bool)
TEXT ·RandomNumber(SB),NOSPLIT,$0-9
	RDRANDQ AX
	SETCS ok+8(FP)
	MOVQ AX, value+0(FP)
	RET

// func Breakpoint()
TEXT ·Breakpoint(SB),NOSPLIT,$0-0
	INT $3
	RET
