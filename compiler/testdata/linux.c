// A runtime for compiled objects on Linux: what docs/abi.md asks of an
// environment, and two functions of WASI. It is linked by the system's cc:
//
//	cc -static -no-pie -o hello linux.c hello.o -Wl,--defsym=wasm_memory=0x60000000
//
// Linux may begin the heap of such a program anywhere in the first GiB, so linear
// memory lies beyond it. A trap ends the process with status 134 and a line
// on standard error.

#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { WASM_PAGE = 65536, TRAP_STATUS = 134 };
#define RESERVED ((8ull << 30) + WASM_PAGE)

struct chunk { uint64_t offset, bytes; const void *data; };

extern uint8_t wasm_memory[];
extern uint64_t wasm_memory_bytes;
extern const uint64_t wasm_memory_max;
extern const struct chunk wasm_memory_image[];
void wasm_start(void);

int32_t wasm_memory_grow(int32_t delta) {
	uint64_t old = wasm_memory_bytes, more = (uint64_t)(uint32_t)delta * WASM_PAGE;
	if (old / WASM_PAGE + (uint32_t)delta > wasm_memory_max) return -1;
	if (more != 0 && mprotect(wasm_memory + old, more, PROT_READ | PROT_WRITE) != 0) return -1;
	wasm_memory_bytes = old + more;
	return old / WASM_PAGE;
}

// The heap of objects of the GC proposal, where the object has one.
#define HEAP_RESERVED (512ull << 20)

extern uint64_t wasm_heap[] __attribute__((weak));

int32_t wasm_heap_commit(uint64_t offset, uint64_t bytes) {
	return mprotect((uint8_t *)wasm_heap[0] + offset, bytes, PROT_READ | PROT_WRITE);
}

static void reserve_heap(void *stack_end) {
	void *range = mmap(NULL, HEAP_RESERVED + WASM_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (range == MAP_FAILED) {
		perror("reserve the heap");
		exit(1);
	}
	wasm_heap[0] = ((uint64_t)range + WASM_PAGE - 1) & -(uint64_t)WASM_PAGE;
	wasm_heap[1] = HEAP_RESERVED;
	wasm_heap[2] = (uint64_t)stack_end;
}

static void trap(const char *what, int code) {
	char line[64];
	int n = snprintf(line, sizeof line, "trap: %s %d\n", what, code);
	if (write(2, line, n) != n) _exit(1);
	_exit(TRAP_STATUS);
}

// A trap of compiled code is `ud1l code(%eax),%eax`, 67 0f b9 40 code; a fault
// in the reserved range is an access beyond linear memory.
static void on_signal(int signal, siginfo_t *info, void *context) {
	const uint8_t *rip = (const uint8_t *)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	static const uint8_t ud1[] = {0x67, 0x0f, 0xb9, 0x40};
	if (signal == SIGILL && memcmp(rip, ud1, sizeof ud1) == 0) trap("code", rip[4]);
	uintptr_t at = (uintptr_t)info->si_addr - (uintptr_t)wasm_memory;
	if (signal == SIGSEGV && at < RESERVED) trap("code", 1);
	if (signal == SIGSEGV) trap("stack", 64);
	trap("signal", signal);
}

static int valid(uint32_t at, uint64_t bytes) { return at + bytes <= wasm_memory_bytes; }

uint32_t fd_write(uint32_t fd, uint32_t vectors, uint32_t count, uint32_t written)
	__asm__("wasi_snapshot_preview1.fd_write");
uint32_t fd_write(uint32_t fd, uint32_t vectors, uint32_t count, uint32_t written) {
	enum { EFAULT_ = 21, EIO_ = 29 };
	uint32_t total = 0;
	if (!valid(vectors, (uint64_t)count * 8) || !valid(written, 4)) return EFAULT_;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t v[2];
		memcpy(v, wasm_memory + vectors + i * 8, sizeof v);
		if (!valid(v[0], v[1])) return EFAULT_;
		ssize_t n = write(fd, wasm_memory + v[0], v[1]);
		if (n < 0) return EIO_;
		total += n;
		if ((size_t)n < v[1]) break;
	}
	memcpy(wasm_memory + written, &total, sizeof total);
	return 0;
}

void proc_exit(uint32_t code) __asm__("wasi_snapshot_preview1.proc_exit");
void proc_exit(uint32_t code) { exit(code); }

int main(void) {
	static char handler_stack[65536];
	stack_t s = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
	struct sigaction a = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	sigaltstack(&s, NULL);
	for (int signal = 1; signal < 32; signal++)
		if (signal == SIGSEGV || signal == SIGILL || signal == SIGFPE || signal == SIGBUS || signal == SIGTRAP)
			sigaction(signal, &a, NULL);
	if (mmap(wasm_memory, RESERVED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) !=
		wasm_memory) {
		perror("reserve linear memory");
		return 1;
	}
	if (mprotect(wasm_memory, wasm_memory_bytes, PROT_READ | PROT_WRITE) != 0) {
		perror("map linear memory");
		return 1;
	}
	for (const struct chunk *c = wasm_memory_image; c->bytes != 0; c++)
		memcpy(wasm_memory + c->offset, c->data, c->bytes);
	if (wasm_heap) reserve_heap(__builtin_frame_address(0));
	wasm_start();
	return 0;
}
