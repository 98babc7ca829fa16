#include "go_asm.h"
#include "textflag.h"

// The ELF header holds only what the runtime reads: e_phoff and e_phnum.
DATA vdso<>+32(SB)/8, $const_vdsoProgram
DATA vdso<>+56(SB)/2, $2

// PT_LOAD: p_offset 0, p_vaddr the image itself.
DATA vdso<>+const_vdsoProgram+0(SB)/4, $const_programLoad
DATA vdso<>+const_vdsoProgram+16(SB)/8, $vdso<>(SB)
DATA vdso<>+const_vdsoProgram+32(SB)/8, $const_vdsoBytes
DATA vdso<>+const_vdsoProgram+40(SB)/8, $const_vdsoBytes

// PT_DYNAMIC
DATA vdso<>+const_vdsoProgram+56(SB)/4, $const_programDynamic
DATA vdso<>+const_vdsoProgram+64(SB)/8, $const_vdsoDynamic
DATA vdso<>+const_vdsoProgram+72(SB)/8, $vdso<>+const_vdsoDynamic(SB)

DATA vdso<>+const_vdsoDynamic+0(SB)/8, $const_dynamicStrings
DATA vdso<>+const_vdsoDynamic+8(SB)/8, $vdso<>+const_vdsoStrings(SB)
DATA vdso<>+const_vdsoDynamic+16(SB)/8, $const_dynamicSymbols
DATA vdso<>+const_vdsoDynamic+24(SB)/8, $vdso<>+const_vdsoSymbols(SB)
DATA vdso<>+const_vdsoDynamic+32(SB)/8, $const_dynamicHash
DATA vdso<>+const_vdsoDynamic+40(SB)/8, $vdso<>+const_vdsoHash(SB)
DATA vdso<>+const_vdsoDynamic+48(SB)/8, $const_dynamicVerdef
DATA vdso<>+const_vdsoDynamic+56(SB)/8, $vdso<>+const_vdsoVersion(SB)

// Symbol 1: st_name 1, st_info, st_shndx 1, st_value.
DATA vdso<>+const_vdsoSymbols+24(SB)/4, $1
DATA vdso<>+const_vdsoSymbols+28(SB)/1, $const_symbolFunction
DATA vdso<>+const_vdsoSymbols+30(SB)/2, $1
DATA vdso<>+const_vdsoSymbols+32(SB)/8, $·clockGettime(SB)

// nbucket 1, nchain 2, bucket[0] = 1, chain = {0, 0}
DATA vdso<>+const_vdsoHash+0(SB)/4, $1
DATA vdso<>+const_vdsoHash+4(SB)/4, $2
DATA vdso<>+const_vdsoHash+8(SB)/4, $1

// vd_version 1, vd_flags VER_FLG_BASE
DATA vdso<>+const_vdsoVersion+0(SB)/2, $1
DATA vdso<>+const_vdsoVersion+2(SB)/2, $1

DATA vdso<>+const_vdsoStrings+1(SB)/8, $"__vdso_c"
DATA vdso<>+const_vdsoStrings+9(SB)/8, $"lock_get"
DATA vdso<>+const_vdsoStrings+17(SB)/5, $"time\x00"
GLOBL vdso<>(SB), RODATA|NOPTR, $const_vdsoBytes

// func VDSO() uintptr
TEXT ·VDSO(SB),NOSPLIT,$0-8
	LEAQ vdso<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func clockGettime()
TEXT ·clockGettime(SB),NOSPLIT|NOFRAME,$0
	CMPL DI, $const_clockMonotonic
	JHI other
again:
	MOVQ ·state+timekeeper_sequence(SB), R8
	TESTQ $1, R8
	JNE again
	LFENCE			// RDTSC not before the loads
	RDTSC
	SHLQ $32, DX
	ORQ DX, AX
	MOVQ ·state+timekeeper_nanos(SB), R9
	MOVQ ·state+timekeeper_wall(SB), R10
	MOVQ ·state+timekeeper_tsc(SB), R11
	MOVQ ·state+timekeeper_rate(SB), CX
	CMPQ R8, ·state+timekeeper_sequence(SB)
	JNE again
	SUBQ R11, AX
	JCC forward
	XORL AX, AX		// before the last correction
forward:
	MULQ CX
	SHRQ $32, AX
	SHLQ $32, DX
	ORQ DX, AX
	ADDQ R9, AX
	TESTL DI, DI
	JNE monotonic
	ADDQ R10, AX
monotonic:
	XORL DX, DX
	MOVQ $const_nanosPerSecond, CX
	DIVQ CX
	MOVQ AX, 0(SI)
	MOVQ DX, 8(SI)
	XORL AX, AX
	RET
other:
	MOVL $const_sysClockGettime, AX
	SYSCALL
	RET
