// Functions with frames of every kind: leaf, saved registers, large, variable.
typedef unsigned u32;

void use(void *);
u32 other(u32);

u32 leaf(u32 a) { return a * 3; }

u32 saved(u32 a, u32 b, u32 c) {
	u32 x = other(a), y = other(b), z = other(c);
	if (x == 5)
		return y;
	return other(x + y + z + a + b + c);
}

void large(u32 a) {
	char room[20000];
	room[a] = 1;
	use(room);
}

// The symbol of an export is an alias.
void exported(u32) __asm__("wasm_export.exported") __attribute__((alias("large")));

void variable(u32 a) {
	use(__builtin_alloca(a));
	use(&a);
}

__attribute__((noinline)) u32 recursive(u32 n) { return n < 2 ? other(n) : recursive(n - 1) + recursive(n - 2); }

u32 many(u32 a, u32 b, u32 c, u32 d, u32 e, u32 f, u32 g, u32 h, u32 i, u32 j);
u32 stack_arguments(u32 a) { return many(a, 1, 2, 3, 4, 5, 6, 7, 8, 9) + 1; }

void wasm_start(void) { saved(1, 2, 3); }
u32 many(u32 a, u32 b, u32 c, u32 d, u32 e, u32 f, u32 g, u32 h, u32 i, u32 j) {
	return other(a + b + c + d + e + f + g + h + i + j);
}
u32 other(u32 a) {
	use(&a);
	return a;
}
void use(void *p) { __asm__ volatile("" ::"r"(p) : "memory"); }
