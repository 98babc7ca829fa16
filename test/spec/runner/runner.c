// The process that compiled modules run in. It knows nothing of WebAssembly but
// memory.grow and traps: the Go side (process.go) tells it what to map where,
// what to write there, and what to call with which registers.
//
// Protocol: a struct request on standard input, followed by its payload; one
// answer on standard output for each. A request that cannot be done ends the
// process with a line on standard error: it is a fault of the harness.
//
// Traps of compiled code arrive as signals (SIGILL at `ud1l code(%eax),%eax`,
// SIGSEGV in a reserved range); the handler jumps back into call().

#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum op { OP_RESERVE = 1, OP_PROTECT, OP_WRITE, OP_READ, OP_CALL, OP_MEMORY, OP_STACK, OP_HEAP };

struct request {
	uint64_t op;
	uint64_t address;
	uint64_t bytes;
	uint64_t value; // OP_PROTECT: protection; OP_MEMORY: address of wasm_memory_bytes
	uint64_t max;   // OP_MEMORY: most wasm pages
};

// What OP_CALL has as its payload, before `stack_words` words for the stack.
struct call {
	uint64_t function;
	uint64_t integers[6]; // rdi, rsi, rdx, rcx, r8, r9
	uint64_t vectors[8][2]; // xmm0 to xmm7
	uint64_t stack_words;
};

struct result {
	uint64_t status;      // enum status
	uint64_t detail;      // trap code, signal number
	uint64_t address;     // of the fault
	uint64_t integers[3]; // rax, rdx, rcx
	uint64_t vectors[4][2]; // xmm0 to xmm3
};

// enter reaches into both structures by these numbers.
_Static_assert(offsetof(struct call, integers) == 8 && offsetof(struct call, vectors) == 56 &&
	offsetof(struct call, stack_words) == 184, "enter knows the layout of struct call");
_Static_assert(offsetof(struct result, integers) == 24 && offsetof(struct result, vectors) == 48,
	"enter knows the layout of struct result");

enum status { RETURNED = 0, TRAPPED, MEMORY_FAULT, STACK_FAULT, OTHER_FAULT };

enum { WASM_PAGE = 65536, MEMORIES_MAX = 64, STACK_WORDS_MAX = 4096 };

struct memory {
	uint64_t base, reserved, max_pages;
	uint64_t *bytes;
};

static struct memory memories[MEMORIES_MAX];
static unsigned memory_count;
static uint64_t stack_guard, stack_low, stack_top;
static sigjmp_buf back;
static volatile struct result outcome;

static void die(const char *what) {
	fprintf(stderr, "runner: %s: %s\n", what, strerror(errno));
	exit(3);
}

static void read_all(void *to, uint64_t bytes) {
	for (char *p = to; bytes > 0;) {
		ssize_t n = read(0, p, bytes);
		if (n == 0 && p == to) exit(0);
		if (n <= 0) die("read request");
		p += n, bytes -= n;
	}
}

static void write_all(const void *from, uint64_t bytes) {
	for (const char *p = from; bytes > 0;) {
		ssize_t n = write(1, p, bytes);
		if (n <= 0) die("write answer");
		p += n, bytes -= n;
	}
}

// grow is wasm_memory_grow of the memory `number`; process.go makes a stub for
// each memory that adds the second argument.
static int32_t grow(int32_t pages, uint32_t number) {
	struct memory *m = &memories[number];
	uint64_t old = *m->bytes, delta = (uint64_t)(uint32_t)pages * WASM_PAGE;
	if (old / WASM_PAGE + (uint32_t)pages > m->max_pages) return -1;
	if (delta != 0 && mprotect((void *)(m->base + old), delta, PROT_READ | PROT_WRITE) != 0) return -1;
	*m->bytes = old + delta;
	return old / WASM_PAGE;
}

// wait_for is wasm_memory_wait: memory.atomic.wait by an agent that nobody wakes.
static int32_t wait_for(int32_t differs, int64_t nanoseconds) {
	struct timespec t = {nanoseconds / 1000000000, nanoseconds % 1000000000};
	if (differs) return 1;
	if (nanoseconds < 0) for (;;) pause();
	nanosleep(&t, NULL);
	return 2;
}

// heap_commit is wasm_heap_commit: it makes a part of the heap's range usable,
// until heap_left bytes have become so.
static uint64_t heap_base, heap_left;

static int32_t heap_commit(uint64_t offset, uint64_t bytes) {
	if (bytes > heap_left || mprotect((void *)(heap_base + offset), bytes, PROT_READ | PROT_WRITE) != 0) return -1;
	heap_left -= bytes;
	return 0;
}

// A trap instruction is 67 0f b9 40 code.
static int trap_code(const uint8_t *rip) {
	static const uint8_t ud1[] = {0x67, 0x0f, 0xb9, 0x40};
	return memcmp(rip, ud1, sizeof ud1) == 0 ? rip[4] : -1;
}

static enum status classify(int signal, uint64_t address) {
	if (signal != SIGSEGV && signal != SIGBUS) return OTHER_FAULT;
	if (address >= stack_guard && address < stack_low) return STACK_FAULT;
	for (unsigned i = 0; i < memory_count; i++)
		if (address >= memories[i].base && address - memories[i].base < memories[i].reserved) return MEMORY_FAULT;
	return OTHER_FAULT;
}

static void on_signal(int signal, siginfo_t *info, void *context) {
	const uint8_t *rip = (const uint8_t *)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	int code = signal == SIGILL ? trap_code(rip) : -1;
	outcome.status = code >= 0 ? TRAPPED : classify(signal, (uint64_t)info->si_addr);
	outcome.detail = code >= 0 ? code : signal;
	outcome.address = signal == SIGILL ? (uint64_t)rip : (uint64_t)info->si_addr;
	siglongjmp(back, 1);
}

static void install_handlers(void) {
	static char handler_stack[65536];
	stack_t s = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
	struct sigaction a = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
	if (sigaltstack(&s, NULL) != 0) die("sigaltstack");
	for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
		if (sigaction(signals[i], &a, NULL) != 0) die("sigaction");
}

// enter(call, result, top, words) calls call->function on the stack below top
// with the registers of *call and `words`, and stores its result registers.
void enter(const struct call *call, struct result *result, uint64_t top, const uint64_t *words);
__asm__(
	".text\n"
	".globl enter\n"
	"enter:\n"
	"	push %rbp\n"
	"	mov %rsp, %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	push %rsi\n" // the result, at -48(%rbp)
	"	mov %rdi, %rbx\n"
	"	mov %rdx, %rsp\n"
	"	mov 184(%rbx), %rax\n" // stack_words
	"	test $1, %al\n"
	"	jz 1f\n"
	"	sub $8, %rsp\n" // keeps the stack aligned to 16 bytes at the call
	"1:	test %rax, %rax\n"
	"	jz 2f\n"
	"	dec %rax\n"
	"	pushq (%rcx,%rax,8)\n"
	"	jmp 1b\n"
	"2:	mov 8(%rbx), %rdi\n"
	"	mov 16(%rbx), %rsi\n"
	"	mov 24(%rbx), %rdx\n"
	"	mov 32(%rbx), %rcx\n"
	"	mov 40(%rbx), %r8\n"
	"	mov 48(%rbx), %r9\n"
	"	movups 56(%rbx), %xmm0\n"
	"	movups 72(%rbx), %xmm1\n"
	"	movups 88(%rbx), %xmm2\n"
	"	movups 104(%rbx), %xmm3\n"
	"	movups 120(%rbx), %xmm4\n"
	"	movups 136(%rbx), %xmm5\n"
	"	movups 152(%rbx), %xmm6\n"
	"	movups 168(%rbx), %xmm7\n"
	"	mov $8, %eax\n"
	"	call *(%rbx)\n"
	"	mov -48(%rbp), %rsi\n"
	"	mov %rax, 24(%rsi)\n"
	"	mov %rdx, 32(%rsi)\n"
	"	mov %rcx, 40(%rsi)\n"
	"	movups %xmm0, 48(%rsi)\n"
	"	movups %xmm1, 64(%rsi)\n"
	"	movups %xmm2, 80(%rsi)\n"
	"	movups %xmm3, 96(%rsi)\n"
	"	lea -40(%rbp), %rsp\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n");

static void call(void) {
	static struct call c;
	static uint64_t words[STACK_WORDS_MAX];
	read_all(&c, sizeof c);
	if (c.stack_words > STACK_WORDS_MAX) die("too many stack words");
	read_all(words, c.stack_words * sizeof *words);
	memset((void *)&outcome, 0, sizeof outcome);
	if (sigsetjmp(back, 0) == 0) enter(&c, (struct result *)&outcome, stack_top, words);
	write_all((const void *)&outcome, sizeof outcome);
}

static void acknowledge(void) {
	uint64_t zero = 0;
	write_all(&zero, sizeof zero);
}

static void reserve(const struct request *r) {
	void *got = mmap((void *)r->address, r->bytes, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	if (got != (void *)r->address) die("reserve");
}

static void serve(const struct request *r) {
	switch (r->op) {
	case OP_RESERVE: reserve(r); break;
	case OP_PROTECT:
		if (mprotect((void *)r->address, r->bytes, r->value) != 0) die("protect");
		break;
	case OP_WRITE: read_all((void *)r->address, r->bytes); break;
	case OP_READ: write_all((const void *)r->address, r->bytes); return;
	case OP_CALL: call(); return;
	case OP_MEMORY:
		if (memory_count == MEMORIES_MAX) die("too many memories");
		memories[memory_count++] = (struct memory){r->address, r->bytes, r->max, (uint64_t *)r->value};
		break;
	case OP_STACK: // address: of the guard, bytes: of the guard, value: of the stack above it
		stack_guard = r->address, stack_low = r->address + r->bytes, stack_top = stack_low + r->value;
		break;
	case OP_HEAP: heap_base = r->address, heap_left = r->bytes; break;
	default: die("unknown request");
	}
	acknowledge();
}

int main(void) {
	uint64_t addresses[] = {(uint64_t)memcpy, (uint64_t)memmove, (uint64_t)memset, (uint64_t)grow, (uint64_t)wait_for,
		(uint64_t)heap_commit};
	install_handlers();
	write_all(addresses, sizeof addresses);
	for (;;) {
		struct request r;
		read_all(&r, sizeof r);
		serve(&r);
	}
}
