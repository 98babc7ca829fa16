#include "go_asm.h"
#include "textflag.h"

// func resume()
TEXT ·resume(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ SP, ·current+context_goSP(SB)     // 0(SP) is the return address
	MOVQ BP, CX
	SUBQ SP, CX
	MOVQ CX, ·current+context_goFrame(SB)
	MOVQ ·current+context_result(SB), AX
	MOVQ ·current+context_rbx(SB), BX
	MOVQ ·current+context_rbp(SB), BP
	MOVQ ·current+context_r12(SB), R12
	MOVQ ·current+context_r13(SB), R13
	MOVQ ·current+context_r14(SB), R14
	MOVQ ·current+context_r15(SB), R15
	MOVQ ·current+context_rsp(SB), SP
	RET                                    // to where the program goes on

// What the entries of imports do, each for its number of parameters. The upper half
// of the number is always zero.
#define IMPORT2 \
	MOVL AX, ·current+context_number(SB) \
	MOVQ DI, ·current+(context_args+0*8)(SB) \
	MOVQ SI, ·current+(context_args+1*8)(SB)

#define IMPORT4 \
	IMPORT2 \
	MOVQ DX, ·current+(context_args+2*8)(SB) \
	MOVQ CX, ·current+(context_args+3*8)(SB)

#define IMPORT6 \
	IMPORT4 \
	MOVQ R8, ·current+(context_args+4*8)(SB) \
	MOVQ R9, ·current+(context_args+5*8)(SB)

// TO_GO saves what the program keeps across a call and goes to the Go stack. 0(SP)
// of the program is where it goes on. From the change of SP on, to the frame of
// resume, there is no tick. The chain of frame pointers ends there.
#define TO_GO \
	MOVQ SP, ·current+context_rsp(SB) \
	MOVQ BX, ·current+context_rbx(SB) \
	MOVQ BP, ·current+context_rbp(SB) \
	MOVQ R12, ·current+context_r12(SB) \
	MOVQ R13, ·current+context_r13(SB) \
	MOVQ R14, ·current+context_r14(SB) \
	MOVQ R15, ·current+context_r15(SB) \
	MOVQ ·current+context_goSP(SB), SP \
	XORL BP, BP

// TO_PROGRAM is the way back, from the frame of resume, with the result in AX.
#define TO_PROGRAM \
	MOVQ SP, ·current+context_goSP(SB) \
	MOVQ ·current+context_rbx(SB), BX \
	MOVQ ·current+context_rbp(SB), BP \
	MOVQ ·current+context_r12(SB), R12 \
	MOVQ ·current+context_r13(SB), R13 \
	MOVQ ·current+context_r14(SB), R14 \
	MOVQ ·current+context_r15(SB), R15 \
	MOVQ ·current+context_rsp(SB), SP \
	RET

// TO_RESUME makes BP that of resume, which TO_GO has not kept.
#define TO_RESUME \
	MOVQ ·current+context_goFrame(SB), BP \
	ADDQ SP, BP

// hostcall: EAX number, C arguments in DI, SI, DX, CX, R8, R9, 8(SP)...
// A tick in here saves the half done work as any other code of the program.
TEXT ·hostcall(SB),NOSPLIT|NOFRAME,$0-0
	MOVL AX, AX                            // the stub set EAX only
	MOVQ AX, ·current+context_number(SB)
	MOVQ DI, ·current+(context_args+0*8)(SB)
	MOVQ SI, ·current+(context_args+1*8)(SB)
	MOVQ DX, ·current+(context_args+2*8)(SB)
	MOVQ CX, ·current+(context_args+3*8)(SB)
	MOVQ R8, ·current+(context_args+4*8)(SB)
	MOVQ R9, ·current+(context_args+5*8)(SB)
	MOVQ 8(SP), AX                         // three words beyond are always mapped: entryReserve
	MOVQ 16(SP), CX
	MOVQ 24(SP), DX
	MOVQ AX, ·current+(context_args+6*8)(SB)
	MOVQ CX, ·current+(context_args+7*8)(SB)
	MOVQ DX, ·current+(context_args+8*8)(SB)
	TO_GO
	JMP  ·answer(SB)

// hostcall2: EAX number, C arguments in DI, SI
TEXT ·hostcall2(SB),NOSPLIT|NOFRAME,$0-0
	IMPORT2
	TO_GO
	JMP  ·answerImport(SB)

// hostcall4: EAX number, C arguments in DI, SI, DX, CX
TEXT ·hostcall4(SB),NOSPLIT|NOFRAME,$0-0
	IMPORT4
	TO_GO
	JMP  ·answerImport(SB)

// hostcall6: EAX number, C arguments in DI, SI, DX, CX, R8, R9
TEXT ·hostcall6(SB),NOSPLIT|NOFRAME,$0-0
	IMPORT6
	TO_GO
	JMP  ·answerImport(SB)

// answerImport: on the Go stack, 0(SP) is the return address of resume
TEXT ·answerImport(SB),NOSPLIT|NOFRAME,$0-0
	CALL ·dispatchImport(SB)               // may move the Go stack, SP and BP with it
	JMP  ·answeredImport(SB)

// answeredImport: on the Go stack, 0(SP) is the return address of resume
TEXT ·answeredImport(SB),NOSPLIT|NOFRAME,$0-0
	MOVWLZX ·current+context_errno(SB), AX
	CMPL AX, $const_exited
	JEQ  leaving
	TO_PROGRAM

leaving:
	MOVQ $const_eventCall, ·current+context_event(SB)
	TO_RESUME
	JMP  ·leave(SB)

// answer: on the Go stack, 0(SP) is the return address of resume
TEXT ·answer(SB),NOSPLIT|NOFRAME,$0-0
	CALL ·dispatch(SB)                     // may move the Go stack, SP and BP with it
	JMP  ·answered(SB)

// answered: on the Go stack, 0(SP) is the return address of resume
TEXT ·answered(SB),NOSPLIT|NOFRAME,$0-0
	CMPQ ·current+context_leaving(SB), $0
	JNE  leaving
	MOVQ ·current+context_result(SB), AX
	TO_PROGRAM

leaving:
	MOVQ $const_eventCall, ·current+context_event(SB)
	TO_RESUME
	JMP  ·leave(SB)

// programReturned: reached by RET of wasm_start
TEXT ·programReturned(SB),NOSPLIT|NOFRAME,$0-0
	MOVL $const_callReturned, AX
	CALL ·hostcall(SB)
	UD2                                    // nobody resumes a program that returned

// func resumeFull()
TEXT ·resumeFull(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ SP, ·current+context_goSP(SB)
	MOVQ BP, CX
	SUBQ SP, CX
	MOVQ CX, ·current+context_goFrame(SB)
	MOVQ ·current+context_saveArea(SB), CX
	MOVQ ·current+context_saveMask(SB), AX
	TESTQ AX, AX
	JEQ  fxrstor
	XORL DX, DX
	XRSTOR64 (CX)                          // the components in EDX:EAX
	JMP  general

fxrstor:
	FXRSTOR64 (CX)

general:
	MOVQ ·current+(context_full+registers_rip)(SB), AX
	MOVQ AX, ·current+(context_frame+interruptFrame_rip)(SB)
	XORL AX, AX
	MOVW CS, AX
	MOVQ AX, ·current+(context_frame+interruptFrame_cs)(SB)
	MOVQ ·current+(context_full+registers_eflags)(SB), AX
	MOVQ AX, ·current+(context_frame+interruptFrame_rflags)(SB)
	MOVQ ·current+(context_full+registers_rsp)(SB), AX
	MOVQ AX, ·current+(context_frame+interruptFrame_rsp)(SB)
	XORL AX, AX
	MOVW SS, AX
	MOVQ AX, ·current+(context_frame+interruptFrame_ss)(SB)
	MOVQ ·current+(context_full+registers_r8)(SB), R8
	MOVQ ·current+(context_full+registers_r9)(SB), R9
	MOVQ ·current+(context_full+registers_r10)(SB), R10
	MOVQ ·current+(context_full+registers_r11)(SB), R11
	MOVQ ·current+(context_full+registers_r12)(SB), R12
	MOVQ ·current+(context_full+registers_r13)(SB), R13
	MOVQ ·current+(context_full+registers_r14)(SB), R14
	MOVQ ·current+(context_full+registers_r15)(SB), R15
	MOVQ ·current+(context_full+registers_rdi)(SB), DI
	MOVQ ·current+(context_full+registers_rsi)(SB), SI
	MOVQ ·current+(context_full+registers_rbp)(SB), BP
	MOVQ ·current+(context_full+registers_rbx)(SB), BX
	MOVQ ·current+(context_full+registers_rdx)(SB), DX
	MOVQ ·current+(context_full+registers_rax)(SB), AX
	MOVQ ·current+(context_full+registers_rcx)(SB), CX
	LEAQ ·current+context_frame(SB), SP
	IRETQ                                  // RIP, RFLAGS and RSP at once: a tick finds the program or not

// leave: SP and BP are those of resume
TEXT ·leave(SB),NOSPLIT|NOFRAME,$0-0
	RET

// preempted: SP and BP are those of resume, vector and x87 registers the program's
TEXT ·preempted(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ ·current+context_saveArea(SB), CX
	MOVQ ·current+context_saveMask(SB), AX
	TESTQ AX, AX
	JEQ  fxsave
	XORL DX, DX
	XSAVE64 (CX)                           // the components in EDX:EAX
	TESTQ $const_vectorComponents, AX
	JEQ  done
	VZEROUPPER                             // Go uses SSE: no penalty for it
	JMP  done

fxsave:
	FXSAVE64 (CX)

done:
	MOVQ $const_eventPreempted, ·current+context_event(SB)
	JMP  ·leave(SB)

// handleTrap: DI signal, SI *signalInfo, DX *signalFrame
TEXT ·handleTrap(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ (signalFrame_registers+registers_rsp)(DX), AX
	CMPQ AX, ·current+context_stackLow(SB)
	JCS  runtime
	CMPQ AX, ·current+context_stackTop(SB)
	JHI  runtime
	MOVL DI, DI
	MOVQ DI, ·current+context_signal(SB)
	MOVL signalInfo_code(SI), AX
	MOVQ AX, ·current+context_signalCode(SB)
	MOVQ signalInfo_address(SI), AX
	MOVQ AX, ·current+context_address(SB)
	LEAQ signalFrame_registers(DX), SI
	LEAQ ·current+context_full(SB), DI
	MOVQ $const_registerWords, CX
	CLD
	REP; MOVSQ                             // the program's registers
	MOVQ $const_eventTrap, ·current+context_event(SB)
	LEAQ ·leave(SB), AX
	JMP  redirect<>(SB)

runtime:
	MOVL DI, AX
	LEAQ ·current+context_runtimeHandlers(SB), CX
	MOVQ (CX)(AX*8), AX
	JMP  AX                                // DI, SI, DX and the stack as they came

// handleTimer: DI signal, SI *signalInfo, DX *signalFrame
TEXT ·handleTimer(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ (signalFrame_registers+registers_rsp)(DX), AX
	CMPQ AX, ·current+context_stackLow(SB)
	JCS  ignore
	CMPQ AX, ·current+context_stackTop(SB)
	JHI  ignore
	LEAQ signalFrame_registers(DX), SI
	LEAQ ·current+context_full(SB), DI
	MOVQ $const_registerWords, CX
	CLD
	REP; MOVSQ
	LEAQ ·preempted(SB), AX
	JMP  redirect<>(SB)

ignore:
	RET                                    // to the restorer

// redirect: sigreturn is to go on at AX on the Go stack. DX *signalFrame.
// Returns from the handler, to the restorer.
TEXT redirect<>(SB),NOSPLIT|NOFRAME,$0-0
	MOVQ AX, (signalFrame_registers+registers_rip)(DX)
	MOVQ ·current+context_goSP(SB), AX
	MOVQ AX, (signalFrame_registers+registers_rsp)(DX)
	ADDQ ·current+context_goFrame(SB), AX
	MOVQ AX, (signalFrame_registers+registers_rbp)(DX)
	MOVQ $const_cleanFlags, AX
	MOVQ AX, (signalFrame_registers+registers_eflags)(DX)
	RET

// func fillEntries()
TEXT ·fillEntries(SB),NOSPLIT|NOFRAME,$0-0
	LEAQ ·handleTrap(SB), AX
	MOVQ AX, ·current+context_trapEntry(SB)
	LEAQ ·handleTimer(SB), AX
	MOVQ AX, ·current+context_timerEntry(SB)
	LEAQ ·programReturned(SB), AX
	MOVQ AX, ·current+context_returnedEntry(SB)
	LEAQ ·hostcall(SB), AX
	MOVQ AX, ·current+context_hostcallEntry(SB)
	LEAQ ·hostcall2(SB), AX
	MOVQ AX, ·current+(context_importEntries+0*8)(SB)
	LEAQ ·hostcall4(SB), AX
	MOVQ AX, ·current+(context_importEntries+1*8)(SB)
	LEAQ ·hostcall6(SB), AX
	MOVQ AX, ·current+(context_importEntries+2*8)(SB)
	LEAQ ·memcpy(SB), AX
	MOVQ AX, ·current+context_memcpyEntry(SB)
	LEAQ ·memmove(SB), AX
	MOVQ AX, ·current+context_memmoveEntry(SB)
	LEAQ ·memset(SB), AX
	MOVQ AX, ·current+context_memsetEntry(SB)
	RET

// func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)
TEXT ·cpuid(SB),NOSPLIT,$0-24
	MOVL leaf+0(FP), AX
	MOVL subleaf+4(FP), CX
	CPUID
	MOVL AX, eax+8(FP)
	MOVL BX, ebx+12(FP)
	MOVL CX, ecx+16(FP)
	MOVL DX, edx+20(FP)
	RET

// func enabledState() uint32
TEXT ·enabledState(SB),NOSPLIT,$0-4
	XORL CX, CX                            // XCR0
	XGETBV
	MOVL AX, ret+0(FP)
	RET
