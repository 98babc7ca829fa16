#include "go_asm.h"
#include "textflag.h"

// memcpy: DI destination, SI source, DX bytes
TEXT ·memcpy(SB),NOSPLIT|NOFRAME,$0-0
	JMP ·memmove(SB)

// memmove: DI destination, SI source, DX bytes
TEXT ·memmove(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ DI, AX                            // the result
	CMPQ DX, $16
	JCS  below16
	CMPQ DX, $32
	JHI  above32
	MOVOU (SI), X0                         // 16 to 32: two that overlap
	MOVOU -16(SI)(DX*1), X1
	MOVOU X0, (DI)
	MOVOU X1, -16(DI)(DX*1)
	RET

below16:
	CMPQ DX, $8
	JCS  below8
	MOVQ (SI), CX
	MOVQ -8(SI)(DX*1), R8
	MOVQ CX, (DI)
	MOVQ R8, -8(DI)(DX*1)
	RET

below8:
	CMPQ DX, $4
	JCS  below4
	MOVL (SI), CX
	MOVL -4(SI)(DX*1), R8
	MOVL CX, (DI)
	MOVL R8, -4(DI)(DX*1)
	RET

below4:
	TESTQ DX, DX
	JEQ  nothing
	MOVBLZX (SI), CX                       // 1 to 3: first, middle, last
	MOVQ DX, R9
	SHRQ $1, R9
	MOVBLZX (SI)(R9*1), R10
	MOVBLZX -1(SI)(DX*1), R8
	MOVB CX, (DI)
	MOVB R10, (DI)(R9*1)
	MOVB R8, -1(DI)(DX*1)

nothing:
	RET

above32:
	CMPQ DX, $const_blockBytes
	JHI  long
	MOVOU (SI), X0                         // 33 to 64
	MOVOU 16(SI), X1
	MOVOU -32(SI)(DX*1), X2
	MOVOU -16(SI)(DX*1), X3
	MOVOU X0, (DI)
	MOVOU X1, 16(DI)
	MOVOU X2, -32(DI)(DX*1)
	MOVOU X3, -16(DI)(DX*1)
	RET

long:
	MOVQ DI, CX
	SUBQ SI, CX
	CMPQ DX, ·current+context_wideBytes(SB)
	JCC  wide
	CMPQ CX, DX
	JCS  backward                          // source < destination < source + bytes
	MOVOU -64(SI)(DX*1), X4                // the last block, loaded before it is overwritten
	MOVOU -48(SI)(DX*1), X5
	MOVOU -32(SI)(DX*1), X6
	MOVOU -16(SI)(DX*1), X7
	LEAQ -64(DI)(DX*1), R8                 // where it goes

forward:
	MOVOU (SI), X0
	MOVOU 16(SI), X1
	MOVOU 32(SI), X2
	MOVOU 48(SI), X3
	MOVOU X0, (DI)
	MOVOU X1, 16(DI)
	MOVOU X2, 32(DI)
	MOVOU X3, 48(DI)
	ADDQ $const_blockBytes, SI
	ADDQ $const_blockBytes, DI
	CMPQ DI, R8
	JCS  forward
	MOVOU X4, (R8)
	MOVOU X5, 16(R8)
	MOVOU X6, 32(R8)
	MOVOU X7, 48(R8)
	RET

backward:
	MOVOU (SI), X4                         // the first block
	MOVOU 16(SI), X5
	MOVOU 32(SI), X6
	MOVOU 48(SI), X7
	LEAQ -64(SI)(DX*1), SI
	LEAQ -64(DI)(DX*1), DI

down:
	MOVOU (SI), X0
	MOVOU 16(SI), X1
	MOVOU 32(SI), X2
	MOVOU 48(SI), X3
	MOVOU X0, (DI)
	MOVOU X1, 16(DI)
	MOVOU X2, 32(DI)
	MOVOU X3, 48(DI)
	SUBQ $const_blockBytes, SI
	SUBQ $const_blockBytes, DI
	CMPQ DI, AX
	JHI  down
	MOVOU X4, (AX)
	MOVOU X5, 16(AX)
	MOVOU X6, 32(AX)
	MOVOU X7, 48(AX)
	RET

wide:
	CMPQ CX, DX
	JCS  wideBackward
	VMOVDQU -128(SI)(DX*1), Y4             // the last block, loaded before it is overwritten
	VMOVDQU -96(SI)(DX*1), Y5
	VMOVDQU -64(SI)(DX*1), Y6
	VMOVDQU -32(SI)(DX*1), Y7
	LEAQ -128(DI)(DX*1), R8                // where it goes
	VMOVDQU (SI), Y8                       // the first 32 bytes, up to where stores are aligned
	MOVQ DI, CX
	ANDQ $31, CX
	SUBQ $32, CX
	SUBQ CX, SI
	SUBQ CX, DI
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VMOVDQU 64(SI), Y2
	VMOVDQU 96(SI), Y3
	VMOVDQU Y8, (AX)
	JMP  wideStore

wideForward:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VMOVDQU 64(SI), Y2
	VMOVDQU 96(SI), Y3

wideStore:
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, 32(DI)
	VMOVDQU Y2, 64(DI)
	VMOVDQU Y3, 96(DI)
	ADDQ $const_wideBlockBytes, SI
	ADDQ $const_wideBlockBytes, DI
	CMPQ DI, R8
	JCS  wideForward
	VMOVDQU Y4, (R8)
	VMOVDQU Y5, 32(R8)
	VMOVDQU Y6, 64(R8)
	VMOVDQU Y7, 96(R8)
	VZEROUPPER
	RET

wideBackward:
	VMOVDQU (SI), Y4                       // the first block
	VMOVDQU 32(SI), Y5
	VMOVDQU 64(SI), Y6
	VMOVDQU 96(SI), Y7
	LEAQ -128(SI)(DX*1), SI
	LEAQ -128(DI)(DX*1), DI

wideDown:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VMOVDQU 64(SI), Y2
	VMOVDQU 96(SI), Y3
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, 32(DI)
	VMOVDQU Y2, 64(DI)
	VMOVDQU Y3, 96(DI)
	SUBQ $const_wideBlockBytes, SI
	SUBQ $const_wideBlockBytes, DI
	CMPQ DI, AX
	JHI  wideDown
	VMOVDQU Y4, (AX)
	VMOVDQU Y5, 32(AX)
	VMOVDQU Y6, 64(AX)
	VMOVDQU Y7, 96(AX)
	VZEROUPPER
	RET

// memset: DI destination, SIL byte, DX bytes
TEXT ·memset(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ DI, AX                            // the result
	MOVBLZX SI, CX
	MOVQ $0x0101010101010101, R8
	IMULQ R8, CX                           // the byte eight times
	CMPQ DX, $16
	JCS  below16
	MOVQ CX, X0
	PUNPCKLQDQ X0, X0
	CMPQ DX, $const_blockBytes
	JHI  long
	MOVOU X0, (DI)                         // 16 to 64: at most four that overlap
	MOVOU X0, -16(DI)(DX*1)
	CMPQ DX, $32
	JLS  done
	MOVOU X0, 16(DI)
	MOVOU X0, -32(DI)(DX*1)

done:
	RET

below16:
	CMPQ DX, $8
	JCS  below8
	MOVQ CX, (DI)
	MOVQ CX, -8(DI)(DX*1)
	RET

below8:
	CMPQ DX, $4
	JCS  below4
	MOVL CX, (DI)
	MOVL CX, -4(DI)(DX*1)
	RET

below4:
	TESTQ DX, DX
	JEQ  done
	MOVB CX, (DI)
	MOVB CX, -1(DI)(DX*1)
	SHRQ $1, DX
	MOVB CX, (DI)(DX*1)
	RET

long:
	CMPQ DX, ·current+context_wideBytes(SB)
	JCC  wide
	LEAQ -64(DI)(DX*1), R8                 // the last block

fill:
	MOVOU X0, (DI)
	MOVOU X0, 16(DI)
	MOVOU X0, 32(DI)
	MOVOU X0, 48(DI)
	ADDQ $const_blockBytes, DI
	CMPQ DI, R8
	JCS  fill
	MOVOU X0, (R8)
	MOVOU X0, 16(R8)
	MOVOU X0, 32(R8)
	MOVOU X0, 48(R8)
	RET

wide:
	VINSERTF128 $1, X0, Y0, Y0
	LEAQ -128(DI)(DX*1), R8                // the last block

wideFill:
	VMOVDQU Y0, (DI)
	VMOVDQU Y0, 32(DI)
	VMOVDQU Y0, 64(DI)
	VMOVDQU Y0, 96(DI)
	ADDQ $const_wideBlockBytes, DI
	CMPQ DI, R8
	JCS  wideFill
	VMOVDQU Y0, (R8)
	VMOVDQU Y0, 32(R8)
	VMOVDQU Y0, 64(R8)
	VMOVDQU Y0, 96(R8)
	VZEROUPPER
	RET
