// Calls exported functions of one object: each line of standard input is a
// name's number and its arguments, see run_test.go. It answers with the result
// or the trap on a line of its own.

#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { WASM_PAGE = 65536 };
#define RESERVED ((8ull << 30) + WASM_PAGE)

struct chunk { uint64_t offset, bytes; const void *data; };

extern uint8_t wasm_memory[];
extern uint64_t wasm_memory_bytes;
extern const uint64_t wasm_memory_max;
extern const struct chunk wasm_memory_image[];
void wasm_instantiate(void);
extern uint64_t (*const functions[])(uint64_t, uint64_t, uint64_t);

static sigjmp_buf back;

int32_t wasm_memory_grow(int32_t delta) {
	uint64_t old = wasm_memory_bytes, more = (uint64_t)(uint32_t)delta * WASM_PAGE;
	if (old / WASM_PAGE + (uint32_t)delta > wasm_memory_max) return -1;
	if (more != 0 && mprotect(wasm_memory + old, more, PROT_READ | PROT_WRITE) != 0) return -1;
	wasm_memory_bytes = old + more;
	return old / WASM_PAGE;
}

static void on_signal(int signal, siginfo_t *info, void *context) {
	const uint8_t *rip = (const uint8_t *)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	static const uint8_t ud1[] = {0x67, 0x0f, 0xb9, 0x40};
	uintptr_t at = (uintptr_t)info->si_addr - (uintptr_t)wasm_memory;
	int code = -signal;
	if (signal == SIGILL && memcmp(rip, ud1, sizeof ud1) == 0) code = rip[4];
	if (signal == SIGSEGV) code = at < RESERVED ? 1 : 64;
	siglongjmp(back, 1000 + code);
}

int main(void) {
	static char handler_stack[65536];
	stack_t s = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
	struct sigaction a = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	sigaltstack(&s, NULL);
	sigaction(SIGSEGV, &a, NULL);
	sigaction(SIGILL, &a, NULL);
	sigaction(SIGFPE, &a, NULL);
	if (mmap(wasm_memory, RESERVED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) !=
		wasm_memory || mprotect(wasm_memory, wasm_memory_bytes, PROT_READ | PROT_WRITE) != 0) {
		perror("linear memory");
		return 1;
	}
	for (const struct chunk *c = wasm_memory_image; c->bytes != 0; c++)
		memcpy(wasm_memory + c->offset, c->data, c->bytes);
	wasm_instantiate();
	unsigned number;
	uint64_t x, y, z;
	while (scanf("%u %lu %lu %lu", &number, &x, &y, &z) == 4) {
		volatile int trap = sigsetjmp(back, 0);
		if (trap != 0) printf("trap %d\n", trap - 1000);
		else printf("%lu\n", functions[number](x, y, z));
		fflush(stdout);
	}
	return 0;
}
