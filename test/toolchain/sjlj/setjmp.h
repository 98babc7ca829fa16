// setjmp and longjmp, which wasi-libc lacks, made of exceptions by clang's
// -wasm-enable-sjlj. The functions that it calls are in longjmp.c.

#ifndef SJLJ_SETJMP_H
#define SJLJ_SETJMP_H

typedef struct {
	void *invocation;  // of the function that called setjmp
	unsigned label;    // of the call of setjmp in that function
	struct {           // what is thrown; clang reads both
		void *buffer;
		int value;
	} thrown;
} jmp_buf[1];

int setjmp(jmp_buf buffer) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf buffer, int value);

#define _setjmp setjmp
#define _longjmp longjmp

#endif
