int from_a(int) __attribute__((visibility("hidden")));
__attribute__((visibility("hidden"))) int shared_b = 44;
static int zero_b[1000];
extern char wasm_memory[];

static __attribute__((noinline)) int local(int a) { return a + 3 + zero_b[a] + wasm_memory[1024]; }
__attribute__((visibility("hidden"))) int from_b(int a) {
	switch (a) {
	case 1: return 7;
	case 2: return shared_b;
	case 3: return from_a(9);
	case 4: return zero_b[2];
	case 5: return local(a) + from_a(a);
	}
	return 0;
}
