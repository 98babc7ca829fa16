// One shard: a static function and constants that b.c has by the same name, and
// calls into b.c.
int fd_write(int, int, int, int) __asm__("wasi_snapshot_preview1.fd_write");
int from_b(int) __attribute__((visibility("hidden")));
extern int shared_b __attribute__((visibility("hidden")));
int (*const table_a[])(int) = {from_b, from_b};
static int zero_a[100];
double scale_a = 2.5;

static __attribute__((noinline)) int local(int a) { return a + 1 + zero_a[a]; }
__attribute__((visibility("hidden"))) int from_a(int a) { return local(a) * 10; }

void wasm_start(void) {
	double d = shared_b * 1.25 + scale_a;
	fd_write(local(1), table_a[1](5), shared_b, (int)d);
}
