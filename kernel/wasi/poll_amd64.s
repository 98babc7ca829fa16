#include "go_asm.h"
#include "textflag.h"

// LOOK goes to found if subscription i behind AX is interesting.
// AX subscription; DI, BX table of readiness and its length; R10, R11 are destroyed
#define LOOK(i, found) \
	MOVL    (const_subscriptionFD+(i)*const_subscriptionBytes)(AX), R10; \
	MOVBLZX (const_subscriptionTag+(i)*const_subscriptionBytes)(AX), R11; \
	CMPQ    R10, BX; \
	JCC     found; \
	ORL     $const_scanMark, R11; \
	TESTB   R11, (DI)(R10*1); \
	JNE     found

// func nextInteresting(in []byte, at int, ready []socket.Readiness) int
TEXT ·nextInteresting(SB),NOSPLIT|NOFRAME,$0-64
	MOVQ in_base+0(FP), SI
	MOVQ in_len+8(FP), CX
	MOVQ at+24(FP), AX
	MOVQ ready_base+32(FP), DI
	MOVQ ready_len+40(FP), BX
	ADDQ SI, CX                                                    // the end
	ADDQ SI, AX                                                    // the first
	LEAQ (-const_scanRound*const_subscriptionBytes)(CX), DX        // where the last round may begin

	CMPQ AX, DX
	JGT  rest

round:
	LOOK(0, found0)
	LOOK(1, found1)
	LOOK(2, found2)
	LOOK(3, found3)
	ADDQ $(const_scanRound*const_subscriptionBytes), AX
	CMPQ AX, DX
	JLE  round

rest:
	CMPQ AX, CX
	JGE  found0
	LOOK(0, found0)
	ADDQ $const_subscriptionBytes, AX
	JMP  rest

found3:
	ADDQ $const_subscriptionBytes, AX

found2:
	ADDQ $const_subscriptionBytes, AX

found1:
	ADDQ $const_subscriptionBytes, AX

found0:
	SUBQ SI, AX
	MOVQ AX, ret+56(FP)
	RET
