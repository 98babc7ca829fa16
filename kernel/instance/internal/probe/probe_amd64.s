#include "go_asm.h"
#include "textflag.h"

DATA ·hostcall(SB)/8, $0
GLOBL ·hostcall(SB), NOPTR, $8
DATA ·memcpy(SB)/8, $0
GLOBL ·memcpy(SB), NOPTR, $8

// func Bind(hostcall, memcpy uint64)
TEXT ·Bind(SB),NOSPLIT,$0-16
	MOVQ hostcall+0(FP), AX
	MOVQ AX, ·hostcall(SB)
	MOVQ memcpy+8(FP), AX
	MOVQ AX, ·memcpy(SB)
	RET

// func Invoke(function, di, si, dx uint64) uint64
TEXT ·Invoke(SB),NOSPLIT,$0-40
	MOVQ function+0(FP), AX
	MOVQ di+8(FP), DI
	MOVQ si+16(FP), SI
	MOVQ dx+24(FP), DX
	CALL AX
	MOVQ AX, ret+32(FP)
	RET

// call a function of the kernel as a stub of the linker would
TEXT call<>(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ ·hostcall(SB), R11                // JMP has no form for a variable
	JMP  R11

TEXT ·start(SB),NOSPLIT|NOFRAME,$0-0
	RET

TEXT ·nine(SB),NOSPLIT|NOFRAME,$0-0
	PUSHQ BP
	SUBQ $32, SP                           // three arguments, aligned
	MOVQ $7, 0(SP)
	MOVQ $8, 8(SP)
	MOVQ $9, 16(SP)
	MOVQ $1, DI
	MOVQ $2, SI
	MOVQ $3, DX
	MOVQ $4, CX
	MOVQ $5, R8
	MOVQ $6, R9
	MOVQ $const_Magic, R14
	MOVQ $const_Magic, BP
	MOVL $const_CallNine, AX
	CALL call<>(SB)
	CMPQ R14, $const_Magic
	JNE  wrong
	CMPQ BP, $const_Magic
	JNE  wrong
	MOVQ AX, DI
	JMP  done

wrong:
	XORL DI, DI

done:
	MOVL $const_CallDone, AX
	CALL call<>(SB)
	UD2

TEXT ·count(SB),NOSPLIT|NOFRAME,$0-0
	SUBQ $8, SP
	XORL BX, BX
	XORL R15, R15
	MOVQ $const_Magic, R14

again:
	INCQ BX
	MOVQ BX, DI
	MOVL $const_CallCount, AX
	CALL call<>(SB)
	ADDQ AX, R15
	CMPQ BX, $const_lastCount
	JNE  again
	MOVQ R15, DI
	MOVL $const_CallDone, AX
	CALL call<>(SB)
	UD2

TEXT ·forever(SB),NOSPLIT|NOFRAME,$0-0
	SUBQ $8, SP
	XORL BX, BX

again:
	INCQ BX
	MOVQ BX, DI
	MOVL $const_CallCount, AX
	CALL call<>(SB)
	JMP  again

// All registers hold something through a loop that gets preempted.
TEXT ·spin(SB),NOSPLIT|NOFRAME,$0-0
	PUSHQ BP
	MOVQ $0x11, AX
	MOVQ AX, X0
	MOVQ $0x22, AX
	MOVQ AX, X7
	MOVQ $0x33, AX
	MOVQ AX, X15                           // Go has zero here
	MOVQ $1, BX
	MOVQ $2, DX
	MOVQ $3, SI
	MOVQ $4, DI
	MOVQ $5, BP
	MOVQ $6, R8
	MOVQ $7, R9
	MOVQ $8, R10
	MOVQ $9, R11
	MOVQ $10, R12
	MOVQ $11, R13
	MOVQ $12, R14
	MOVQ $13, R15
	MOVQ $0x77, -8(SP)                     // in the red zone
	XORL CX, CX
	MOVQ $const_SpinRounds, AX

loop:
	DECQ AX
	ADDQ $2, CX
	CMPQ AX, $0
	JNE  loop
	CMPQ -8(SP), $0x77
	JNE  wrong
	SHRQ $1, CX
	CMPQ CX, $const_SpinRounds
	JNE  wrong
	LEAQ (BX)(DX*1), AX                    // 1+2+...+13 = 91
	ADDQ SI, AX
	ADDQ DI, AX
	ADDQ BP, AX
	ADDQ R8, AX
	ADDQ R9, AX
	ADDQ R10, AX
	ADDQ R11, AX
	ADDQ R12, AX
	ADDQ R13, AX
	ADDQ R14, AX
	ADDQ R15, AX
	CMPQ AX, $91
	JNE  wrong
	MOVQ X0, AX
	CMPQ AX, $0x11
	JNE  vector
	MOVQ X7, AX
	CMPQ AX, $0x22
	JNE  vector
	MOVQ X15, AX
	CMPQ AX, $0x33
	JNE  vector
	XORL DI, DI
	JMP  done

wrong:
	MOVQ $1, DI
	JMP  done

vector:
	MOVQ $2, DI

done:
	MOVL $const_CallState, AX
	CALL call<>(SB)
	UD2

TEXT ·unreachable(SB),NOSPLIT|NOFRAME,$0-0
	PUSHQ BP
	MOVQ $const_Magic, BP
	BYTE $0x67; BYTE $0x0f; BYTE $0xb9; BYTE $0x40; BYTE $const_trapCode // UD1L code(EAX), EAX

TEXT ·otherIllegal(SB),NOSPLIT|NOFRAME,$0-0
	UD2

TEXT ·memory(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ $const_beyondMin, AX
	MOVQ AX, const_memoryBase(AX)
	UD2

TEXT ·overflow(SB),NOSPLIT|NOFRAME,$0-0
	SUBQ $const_frameBytes, SP
	MOVQ AX, 0(SP)                         // the probe of the frame
	LEAQ ·overflow(SB), CX
	CALL CX
	UD2

TEXT ·divide(SB),NOSPLIT|NOFRAME,$0-0
	XORL CX, CX
	XORL DX, DX
	DIVQ CX
	UD2

TEXT ·wild(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ $0x1000, AX
	MOVQ (AX), AX
	UD2

TEXT ·copy(SB),NOSPLIT|NOFRAME,$0-0
	SUBQ $24, SP
	MOVQ $const_memoryBase, DI
	ADDQ $const_beyondMin, DI
	MOVQ $const_memoryBase, SI
	MOVQ $100, DX
	MOVQ ·memcpy(SB), AX
	CALL AX
	UD2

TEXT ·return(SB),NOSPLIT|NOFRAME,$0-0
	RET

TEXT ·end(SB),NOSPLIT|NOFRAME,$0-0
	RET

#define ADDRESS(name, symbol) \
TEXT name(SB),NOSPLIT,$0-8 \
	LEAQ symbol(SB), AX \
	MOVQ AX, ret+0(FP) \
	RET

ADDRESS(·Nine, ·nine)
ADDRESS(·Count, ·count)
ADDRESS(·Forever, ·forever)
ADDRESS(·Spin, ·spin)
ADDRESS(·Unreachable, ·unreachable)
ADDRESS(·OtherIllegal, ·otherIllegal)
ADDRESS(·Memory, ·memory)
ADDRESS(·Overflow, ·overflow)
ADDRESS(·Divide, ·divide)
ADDRESS(·Wild, ·wild)
ADDRESS(·Copy, ·copy)
ADDRESS(·Return, ·return)
ADDRESS(·Start, ·start)
ADDRESS(·End, ·end)
