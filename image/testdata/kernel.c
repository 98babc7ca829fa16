// A stand-in for the kernel. As a Linux process it maps what the linker says in
// the image, calls the program and answers four of its calls. In a machine it
// sends a checksum of what the VMM loaded for each segment. Numbers come from
// the test (-D), so that this file repeats none of package abi.
typedef unsigned char u8;
typedef unsigned u32;
typedef unsigned long u64;

static long system_call(long n, long a, long b, long c, long d, long e, long f) {
	long r;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	return r;
}

#define TEXT(x) #x
#define NUMBER(x) TEXT(x)

// 32-bit, no paging, no stack. EBX = ELF header, ESI = program header, ECX =
// headers left, EDI = byte, EDX = bytes left, EAX = checksum.
void pvh_entry(void);
__asm__(".text\n"
	".globl pvh_entry\n"
	".code32\n"
	"pvh_entry:\n"
	"	movl $0x400000, %ebx\n"
	"	movzwl 56(%ebx), %ecx\n"
	"	leal 64(%ebx), %esi\n"
	"1:	cmpl $1, (%esi)\n"
	"	jne 4f\n"
	"	movl 24(%esi), %edi\n"
	"	movl 32(%esi), %edx\n"
	"	xorl %eax, %eax\n"
	"2:	testl %edx, %edx\n"
	"	jz 3f\n"
	"	movzbl (%edi), %ebp\n"
	"	roll $1, %eax\n"
	"	addl %ebp, %eax\n"
	"	incl %edi\n"
	"	decl %edx\n"
	"	jmp 2b\n"
	"3:	outb %al, $" NUMBER(CHANNEL_PORT) "\n"
	"	shrl $8, %eax\n"
	"	outb %al, $" NUMBER(CHANNEL_PORT) "\n"
	"	shrl $8, %eax\n"
	"	outb %al, $" NUMBER(CHANNEL_PORT) "\n"
	"	shrl $8, %eax\n"
	"	outb %al, $" NUMBER(CHANNEL_PORT) "\n"
	"4:	addl $56, %esi\n"
	"	decl %ecx\n"
	"	jnz 1b\n"
	"	movl $" NUMBER(DEBUG_EXIT_PORT) ", %edx\n"
	"	movl $5, %eax\n"
	"	outb %al, %dx\n"
	"5:	hlt\n"
	"	jmp 5b\n"
	".code64\n");

__attribute__((used)) const struct {
	u32 name_bytes, bytes, type;
	char name[4];
	void (*entry)(void);
} note = {4, 8, 18, "Xen", pvh_entry};

char bss[10000];

void *kernel_memcpy(void *, const void *, u64) __asm__("mewz/kernel/instance.memcpy");
void *kernel_memmove(void *, const void *, u64) __asm__("mewz/kernel/instance.memmove");
void *kernel_memset(void *, int, u64) __asm__("mewz/kernel/instance.memset");

void *kernel_memcpy(void *d, const void *s, u64 n) {
	void *start = d;
	__asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n)::"memory");
	return start;
}
void *kernel_memmove(void *d, const void *s, u64 n) { return kernel_memcpy(d, s, n); }
void *kernel_memset(void *d, int v, u64 n) {
	void *start = d;
	__asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(v) : "memory");
	return start;
}

// The configuration, as far as this needs it: magic, strings, words, ranges.
static const u8 *at;
static u64 word(void) {
	u64 v = *(const u64 *)at;
	at += 8;
	return v;
}
static void strings(void) {
	for (u64 n = word(); n > 0; n--) {
		u64 bytes = word();
		at += bytes;
	}
}

__attribute__((used)) u64 call(u64 a, u64 b, u64 c, u64 d, u32 number) {
	bss[0]++;
	if (number == FD_WRITE) {
		u8 *memory = (u8 *)MEMORY_BASE;
		u32 *vector = (u32 *)(memory + b);
		long n = system_call(1, a, (long)memory + vector[0], vector[1], 0, 0, 0);
		*(u32 *)(memory + (u32)d) = n;
		return 0;
	}
	if (number == PROC_EXIT)
		system_call(231, a, 0, 0, 0, 0, 0);
	if (number == CALL_MEMORY_GROW)
		return 1000 + a;
	if (number == CALL_UNKNOWN_IMPORT)
		system_call(231, 200 + a, 0, 0, 0, 0, 0);
	system_call(231, 99, 0, 0, 0, 0, 0);
	return 0;
}

// Arguments stay where they are; the number is the fifth.
#define ENTRY(name) \
	".globl \"mewz/kernel/instance." name "\"\n" \
	".type \"mewz/kernel/instance." name "\", @function\n" \
	"\"mewz/kernel/instance." name "\":\n"
__asm__(ENTRY("hostcall") ENTRY("hostcall2") ENTRY("hostcall4") ENTRY("hostcall6")
	"movl %eax, %r8d\n"
	"jmp call\n");

__attribute__((used)) void start(void) {
	at = (const u8 *)CONFIG_BASE + 8;
	strings();
	strings();
	void (*entry)(void) = (void (*)(void))word();
	at += 13 * 8;
	u64 memories = word();
	at += 24 * memories;
	u64 ranges = word();
	at += 16 * ranges;
	for (u64 n = word(); n > 0; n--) {
		u64 address = word(), bytes = word();
		system_call(9, address, bytes, 3, 0x100032, -1, 0);
	}
	entry();
	system_call(231, 0, 0, 0, 0, 0, 0);
}

__asm__(".globl _start\n_start: xor %ebp, %ebp\nand $-16, %rsp\ncall start\n");
