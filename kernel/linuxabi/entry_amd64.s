#include "go_asm.h"
#include "textflag.h"

#define XSAVE64_DI BYTE $0x48; BYTE $0x0f; BYTE $0xae; BYTE $0x27
#define XRSTOR64_DI BYTE $0x48; BYTE $0x0f; BYTE $0xae; BYTE $0x2f
#define FXSAVE64_DI BYTE $0x48; BYTE $0x0f; BYTE $0xae; BYTE $0x07
#define FXRSTOR64_DI BYTE $0x48; BYTE $0x0f; BYTE $0xae; BYTE $0x0f
#define FXSAVE64_SP BYTE $0x48; BYTE $0x0f; BYTE $0xae; BYTE $0x04; BYTE $0x24
#define FXRSTOR64_SP BYTE $0x48; BYTE $0x0f; BYTE $0xae; BYTE $0x0c; BYTE $0x24

// PUSHB is PUSHQ of a byte. The assembler does not know it, for it would add up
// the stack of all vectors as if one ran into the next. Each vector is at most 9
// bytes long; PCALIGN makes the distance vectorStride.
#define PUSHB(n) BYTE $0x6a; BYTE $n

#define VECTOR(n) \
	PCALIGN $const_vectorStride; \
	PUSHB(0); \
	PUSHB(n); \
	JMP ·trapEntry(SB)

#define VECTOR_WITH_CODE(n) \
	PCALIGN $const_vectorStride; \
	PUSHB(n); \
	JMP ·trapEntry(SB)

// func vectors()
TEXT ·vectors(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	VECTOR(0)
	VECTOR(1)
	VECTOR(2)
	VECTOR(3)
	VECTOR(4)
	VECTOR(5)
	VECTOR(6)
	VECTOR(7)
	VECTOR_WITH_CODE(8)
	VECTOR(9)
	VECTOR_WITH_CODE(10)
	VECTOR_WITH_CODE(11)
	VECTOR_WITH_CODE(12)
	VECTOR_WITH_CODE(13)
	VECTOR_WITH_CODE(14)
	VECTOR(15)
	VECTOR(16)
	VECTOR_WITH_CODE(17)
	VECTOR(18)
	VECTOR(19)
	VECTOR(20)
	VECTOR_WITH_CODE(21)
	VECTOR(22)
	VECTOR(23)
	VECTOR(24)
	VECTOR(25)
	VECTOR(26)
	VECTOR(27)
	VECTOR(28)
	VECTOR_WITH_CODE(29)
	VECTOR_WITH_CODE(30)
	VECTOR(31)
	VECTOR(32)
	VECTOR(33)
	VECTOR(34)
	VECTOR(35)
	VECTOR(36)
	VECTOR(37)
	VECTOR(38)
	VECTOR(39)
	VECTOR(40)
	VECTOR(41)
	VECTOR(42)
	VECTOR(43)
	VECTOR(44)
	VECTOR(45)
	VECTOR(46)
	VECTOR(47)
	VECTOR(48)
	VECTOR(49)
	VECTOR(50)
	VECTOR(51)
	VECTOR(52)
	VECTOR(53)
	VECTOR(54)
	VECTOR(55)
	VECTOR(56)
	VECTOR(57)
	VECTOR(58)
	VECTOR(59)
	VECTOR(60)
	VECTOR(61)
	VECTOR(62)
	VECTOR(63)

// func trapEntry()
TEXT ·trapEntry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	CLD
	PUSHQ AX
	PUSHQ BX
	PUSHQ CX
	PUSHQ DX
	PUSHQ SI
	PUSHQ DI
	PUSHQ BP
	PUSHQ R8
	PUSHQ R9
	PUSHQ R10
	PUSHQ R11
	PUSHQ R12
	PUSHQ R13
	PUSHQ R14
	PUSHQ R15
	MOVQ SP, BX
	SUBQ $const_fpLegacyBytes, SP
	FXSAVE64_SP			// Go code may use SSE; it has no VEX instructions
	SUBQ $16, SP
	MOVQ BX, 0(SP)
	CALL ·trap(SB)
	MOVQ 8(SP), AX
	ADDQ $16, SP
	FXRSTOR64_SP
	TESTQ AX, AX
	JNE switch
	ADDQ $const_fpLegacyBytes, SP
	POPQ R15
	POPQ R14
	POPQ R13
	POPQ R12
	POPQ R11
	POPQ R10
	POPQ R9
	POPQ R8
	POPQ BP
	POPQ DI
	POPQ SI
	POPQ DX
	POPQ CX
	POPQ BX
	POPQ AX
	ADDQ $16, SP			// vector, error code
	IRETQ
switch:
	// trap has saved the other registers
	MOVQ ·current(SB), DI
	ADDQ $const_fpOffset, DI
	MOVQ ·fpMask(SB), AX
	TESTQ AX, AX
	JEQ legacy
	XORL DX, DX
	XSAVE64_DI
	JMP saved
legacy:
	FXSAVE64_DI
saved:
	MOVQ ·kernelStack(SB), SP
	SUBQ $16, SP
	CALL ·afterTrap(SB)
	MOVQ 0(SP), AX
	JMP ·resume(SB)

// func sysEntry()
TEXT ·sysEntry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	MOVQ AX, ·scratch(SB)
	MOVQ ·current(SB), AX
	MOVQ BX, thread_rbx(AX)
	MOVQ DX, thread_rdx(AX)
	MOVQ SI, thread_rsi(AX)
	MOVQ DI, thread_rdi(AX)
	MOVQ BP, thread_rbp(AX)
	MOVQ SP, thread_rsp(AX)
	MOVQ R8, thread_r8(AX)
	MOVQ R9, thread_r9(AX)
	MOVQ R10, thread_r10(AX)
	MOVQ R12, thread_r12(AX)
	MOVQ R13, thread_r13(AX)
	MOVQ R14, thread_r14(AX)
	MOVQ R15, thread_r15(AX)
	MOVQ CX, thread_rip(AX)
	MOVQ R11, thread_rflags(AX)
	MOVQ $0, thread_full(AX)
	MOVQ ·scratch(SB), CX
	MOVQ CX, thread_rax(AX)
	MOVQ ·kernelStack(SB), SP
	SUBQ $16, SP
	MOVQ AX, 0(SP)
	CALL ·systemCall(SB)
	MOVQ 8(SP), AX
	JMP ·resume(SB)

// func resume()
TEXT ·resume(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	CMPQ AX, ·current(SB)
	JEQ same
	MOVQ AX, ·current(SB)
	MOVQ AX, BX
	MOVQ thread_fsBase(BX), AX
	MOVQ AX, DX
	SHRQ $32, DX
	MOVL $const_fsBaseMSR, CX
	WRMSR
	MOVQ BX, AX
same:
	MOVQ BP, BX			// vet wants to see BP read before it is written
	CMPQ thread_full(AX), $0
	JNE full
	MOVQ thread_rbx(AX), BX
	MOVQ thread_rdx(AX), DX
	MOVQ thread_rsi(AX), SI
	MOVQ thread_rdi(AX), DI
	MOVQ thread_rbp(AX), BP
	MOVQ thread_r8(AX), R8
	MOVQ thread_r9(AX), R9
	MOVQ thread_r10(AX), R10
	MOVQ thread_r12(AX), R12
	MOVQ thread_r13(AX), R13
	MOVQ thread_r14(AX), R14
	MOVQ thread_r15(AX), R15
	MOVQ thread_rip(AX), CX
	MOVQ thread_rsp(AX), SP
	MOVQ thread_rax(AX), AX
	PXOR X15, X15			// zero in ABIInternal
	STI				// takes effect after the next instruction
	JMP CX
full:
	MOVQ AX, BX
	LEAQ const_fpOffset(BX), DI
	MOVQ ·fpMask(SB), AX
	TESTQ AX, AX
	JEQ legacy
	XORL DX, DX
	XRSTOR64_DI
	JMP restored
legacy:
	FXRSTOR64_DI
restored:
	MOVQ BX, AX
	MOVQ ·kernelStack(SB), SP
	PUSHQ $const_dataSelector
	PUSHQ thread_rsp(AX)
	PUSHQ thread_rflags(AX)
	PUSHQ $const_codeSelector
	PUSHQ thread_rip(AX)
	MOVQ thread_rbx(AX), BX
	MOVQ thread_rcx(AX), CX
	MOVQ thread_rdx(AX), DX
	MOVQ thread_rsi(AX), SI
	MOVQ thread_rdi(AX), DI
	MOVQ thread_rbp(AX), BP
	MOVQ thread_r8(AX), R8
	MOVQ thread_r9(AX), R9
	MOVQ thread_r10(AX), R10
	MOVQ thread_r11(AX), R11
	MOVQ thread_r12(AX), R12
	MOVQ thread_r13(AX), R13
	MOVQ thread_r14(AX), R14
	MOVQ thread_r15(AX), R15
	MOVQ thread_rax(AX), AX
	IRETQ

// func runThread(t *thread)
TEXT ·runThread(SB),NOSPLIT,$0-8
	MOVQ t+0(FP), AX
	JMP ·resume(SB)

// func setFSBase(address uintptr)
TEXT ·setFSBase(SB),NOSPLIT,$0-8
	MOVQ address+0(FP), AX
	MOVQ AX, DX
	SHRQ $32, DX
	MOVL $const_fsBaseMSR, CX
	WRMSR
	RET

GLOBL idleWords<>(SB), NOPTR, $64

// func idleThread() uintptr
TEXT ·idleThread(SB),NOSPLIT,$0-8
	LEAQ idleWords<>+64(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func vectorsAddress() uintptr
TEXT ·vectorsAddress(SB),NOSPLIT,$0-8
	LEAQ ·vectors(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func sysEntryAddress() uintptr
TEXT ·sysEntryAddress(SB),NOSPLIT,$0-8
	LEAQ ·sysEntry(SB), AX
	MOVQ AX, ret+0(FP)
	RET
