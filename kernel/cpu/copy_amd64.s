#include "go_asm.h"
#include "textflag.h"

// func copyWide(to, from *byte, n uintptr)
TEXT ·copyWide(SB),NOSPLIT,$0-24
	MOVQ to+0(FP), DI
	MOVQ from+8(FP), SI
	MOVQ n+16(FP), CX

turn:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VMOVDQU 64(SI), Y2
	VMOVDQU 96(SI), Y3
	VMOVDQU 128(SI), Y4
	VMOVDQU 160(SI), Y5
	VMOVDQU 192(SI), Y6
	VMOVDQU 224(SI), Y7
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, 32(DI)
	VMOVDQU Y2, 64(DI)
	VMOVDQU Y3, 96(DI)
	VMOVDQU Y4, 128(DI)
	VMOVDQU Y5, 160(DI)
	VMOVDQU Y6, 192(DI)
	VMOVDQU Y7, 224(DI)
	ADDQ $const_wideBytes, SI
	ADDQ $const_wideBytes, DI
	SUBQ $const_wideBytes, CX
	JNE  turn
	VZEROUPPER
	RET

// func hasWide() bool
TEXT ·hasWide(SB),NOSPLIT,$0-1
	XORL CX, CX
	XGETBV           // XCR0: SSE and AVX state (Intel SDM volume 1, 14.3)
	ANDL $6, AX
	CMPL AX, $6
	SETEQ ret+0(FP)
	RET
