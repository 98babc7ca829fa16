#include "go_asm.h"
#include "textflag.h"

// func crcWords(sum uint32, p *byte, n uintptr) uint32
TEXT ·crcWords(SB),NOSPLIT,$0-28
	MOVL sum+0(FP), AX
	MOVQ p+8(FP), SI
	MOVQ n+16(FP), CX
	ADDQ CX, SI // the end, and how far from it
	NEGQ CX

	MOVQ CX, DX
	ANDQ $(const_crcTurnBytes-1), DX // -n modulo a turn is what is missing to whole turns
	JZ   turn
	SUBQ $const_crcTurnBytes, DX

word: // one by one, until whole turns are left
	CRC32Q (SI)(CX*1), AX
	ADDQ   $const_crcWordBytes, CX
	ADDQ   $const_crcWordBytes, DX
	JNE    word
	TESTQ  CX, CX
	JZ     done

turn:
	CRC32Q (SI)(CX*1), AX
	CRC32Q 8(SI)(CX*1), AX
	CRC32Q 16(SI)(CX*1), AX
	CRC32Q 24(SI)(CX*1), AX
	CRC32Q 32(SI)(CX*1), AX
	CRC32Q 40(SI)(CX*1), AX
	CRC32Q 48(SI)(CX*1), AX
	CRC32Q 56(SI)(CX*1), AX
	ADDQ   $const_crcTurnBytes, CX
	JNE    turn

done:
	MOVL AX, ret+24(FP)
	RET
