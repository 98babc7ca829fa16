// What the compiler might make of a module, in C: the symbols of docs/abi.md.
typedef unsigned char u8;
typedef unsigned u32;
typedef unsigned long u64;

extern u8 wasm_memory[];
extern u64 wasm_memory_bytes;
extern u32 wasm_memory_grow(u32 pages);
extern u32 fd_write(u32, u32, u32, u32) __asm__("wasi_snapshot_preview1.fd_write");
extern void proc_exit(u32) __asm__("wasi_snapshot_preview1.proc_exit");
extern void nobody(u32) __asm__("env.nobody");
extern void *memcpy(void *, const void *, u64);

#define M32(a) (*(u32 *)(wasm_memory + (u32)(a)))

static char zero[9000];
static const char digits[] = "0123456789abcdef";
static u64 counter = 41;

typedef void (*function)(void);
void print(u32 address, u32 bytes);
void fail(void);
static const function table[2] = {fail, fail};

__attribute__((noinline)) void print(u32 address, u32 bytes) {
	M32(16) = address;
	M32(20) = bytes;
	fd_write(1, 16, 1, 24);
}

void fail(void) { proc_exit(3); }

void wasm_start(void) {
	print(0x400, 6);
	for (int i = 0; i < 9000; i++)
		if (zero[i])
			table[1]();
	counter++;
	if (counter != 42 || wasm_memory_bytes != 3 * 65536 || M32(0x20000) != 0x44434241)
		table[0]();
	zero[8999] = 1;
	if (wasm_memory_grow(7) != 1007)
		fail();
	memcpy(wasm_memory + 0x500, digits, 16);
	wasm_memory[0x510] = '\n';
	print(0x500, 17);
#ifdef UNKNOWN
	nobody(5);
#endif
	proc_exit(7);
}
