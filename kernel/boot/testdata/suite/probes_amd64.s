#include "textflag.h"

// func handler(): DI signal, SI siginfo, DX ucontext. Notes what it sees and skips
// an instruction of two bytes (UD2) or three (DIVQ CX).
TEXT ·handler(SB),NOSPLIT|NOFRAME,$0
	ADDQ $1, ·seen+0(SB)
	MOVQ DI, ·seen+8(SB)
	MOVLQSX 8(SI), AX
	MOVQ AX, ·seen+16(SB)
	MOVQ 16(SI), AX
	MOVQ AX, ·seen+24(SB)
	MOVQ 24(SI), AX
	MOVQ AX, ·seen+56(SB)
	MOVQ 168(DX), AX
	MOVQ AX, ·seen+32(SB)
	MOVQ 200(DX), CX
	MOVQ CX, ·seen+40(SB)
	MOVQ 216(DX), CX
	MOVQ CX, ·seen+48(SB)
	MOVQ 224(DX), R8
	MOVL 464(R8), CX
	MOVQ CX, ·seen+64(SB)
	CMPQ DI, $4
	JNE notInvalid
	ADDQ $2, 168(DX)
notInvalid:
	CMPQ DI, $8
	JNE done
	ADDQ $3, 168(DX)
done:
	PCMPEQB X0, X0	// sigreturn must bring the old ones back
	PCMPEQB X1, X1
	RET

TEXT ·restorer(SB),NOSPLIT|NOFRAME,$0
	MOVQ $15, AX
	SYSCALL
	INT $3

TEXT ·handlerAddress(SB),NOSPLIT,$0-8
	LEAQ ·handler(SB), AX
	MOVQ AX, ret+0(FP)
	RET

TEXT ·restorerAddress(SB),NOSPLIT,$0-8
	LEAQ ·restorer(SB), AX
	MOVQ AX, ret+0(FP)
	RET

TEXT ·invalid(SB),NOSPLIT,$0-0
	UD2
	RET

TEXT ·divide(SB),NOSPLIT,$0-8
	XORL CX, CX
	XORL DX, DX
	MOVL $5, AX
	DIVQ CX
	MOVQ AX, ret+0(FP)
	RET

TEXT ·spin(SB),NOSPLIT,$0-8
	MOVQ until+0(FP), AX
again:
	CMPQ (AX), $0
	JEQ again
	RET

// func vectorSum(n uint64) uint64
TEXT ·vectorSum(SB),NOSPLIT,$0-16
	MOVQ n+0(FP), CX
	MOVQ $1, AX
	MOVQ AX, X1
	PXOR X0, X0
again:
	PADDQ X1, X0
	SUBQ $1, CX
	JNE again
	MOVQ X0, AX
	MOVQ AX, ret+8(FP)
	RET

TEXT ·loadIDT(SB),NOSPLIT,$0-8
	MOVQ register+0(FP), AX
	LIDT (AX)
	RET

TEXT ·storeIDT(SB),NOSPLIT,$0-8
	MOVQ register+0(FP), AX
	SIDT (AX)
	RET

// func badStack(): a stack pointer into the window of the kernel's stacks makes
// what follows look like the kernel's own; the guard page is hit at once.
TEXT ·badStack(SB),NOSPLIT,$0-0
	MOVQ $0xffffff000000b000, SP
	PUSHQ AX
	INT $3
