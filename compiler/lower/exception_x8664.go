package lower

// What of exceptions is particular to x86-64 (psABI 3.2.1 and 3.7): saving and
// restoring the registers that belong to the caller, and jumping to a landing pad.
//
// The state of a frame that is unwound, in words:
//
//	rbx rbp r12 r13 r14 r15 rsp rip
//
// as package object numbers the saved registers. rsp is what it is once the call
// at rip has returned.

// exceptionStateBytes is the size of a state, frameSP and frameIP are its last
// members; frameBP is the frame pointer.
const (
	exceptionStateBytes = 64
	frameBP             = 8
	frameSP             = 48
	frameIP             = 56
)

// exceptionSave begins a function that needs the state of its caller: it lies at the
// stack pointer then, which is aligned as for a call.
const exceptionSave = `
	.type	{name},@function
	.hidden	{name}
	.globl	{name}
	.p2align	4, 0x90
{name}:
	.cfi_startproc
	subq	$72, %rsp
	.cfi_adjust_cfa_offset 72
	movq	%rbx, (%rsp)
	movq	%rbp, 8(%rsp)
	movq	%r12, 16(%rsp)
	movq	%r13, 24(%rsp)
	movq	%r14, 32(%rsp)
	movq	%r15, 40(%rsp)
	leaq	80(%rsp), %rax
	movq	%rax, 48(%rsp)
	movq	72(%rsp), %rax
	movq	%rax, 56(%rsp)
`

// exceptionThrow is exception_throw(exception): it unwinds to the next landing pad,
// which finds the exception in rax and the registers of its function as they were at
// the call. Without one it traps with the exception in rax, the number of calls that
// it left in rcx, and in rdx the address of its trace, which is copied to the stack:
// the environment knows where that lies, and nothing else of the module's memory.
const exceptionThrow = exceptionSave + `
	movq	%rdi, 64(%rsp)
	movq	%rdi, %rsi
	movq	%rsp, %rdi
	callq	{unwind}
	testq	%rax, %rax
	je	0f
	movq	%rax, %rcx
	movq	64(%rsp), %rax
	movq	(%rsp), %rbx
	movq	8(%rsp), %rbp
	movq	16(%rsp), %r12
	movq	24(%rsp), %r13
	movq	32(%rsp), %r14
	movq	40(%rsp), %r15
	xorl	%edx, %edx
	movq	48(%rsp), %rsp
	jmpq	*%rcx
0:
	movq	64(%rsp), %rax
	subq	${mostbytes}, %rsp
	.cfi_adjust_cfa_offset {mostbytes}
	leaq	{trace}+{first}(%rip), %rsi
	movq	%rsp, %rdi
	movl	${most}, %ecx
	rep movsq
	movq	%rsp, %rdx
	movq	{trace}+{calls}(%rip), %rcx
	ud1l	{trap}(%eax), %eax
	.cfi_endproc
	.size	{name}, .-{name}
`

// exceptionCollect is exception_collect(), which gives exception_mark the state of
// its caller. The registers in it are the lowest part of the stack that matters.
const exceptionCollect = exceptionSave + `
	movq	%rsp, %rdi
	callq	{mark}
	addq	$72, %rsp
	.cfi_adjust_cfa_offset -72
	retq
	.cfi_endproc
	.size	{name}, .-{name}
`
