// vector computes with vector instructions: some written by hand with
// <wasm_simd128.h>, some made by the compiler of plain loops (-msimd128 -O3). It
// prints a checksum of each.

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wasm_simd128.h>

enum { N = 4099 }; // no multiple of anything

static uint8_t bytes[N], other_bytes[N];
static int16_t shorts[N], other_shorts[N];
static int32_t ints[N];
static int64_t longs[N];
static float floats[N], other_floats[N];
static double doubles[N];

static uint64_t state = 88172645463325252;

static uint64_t next(void) {
	state ^= state << 13, state ^= state >> 7, state ^= state << 17;
	return state;
}

static void fill(void) {
	for (int i = 0; i < N; i++) {
		uint64_t r = next();
		bytes[i] = r, other_bytes[i] = r >> 8;
		shorts[i] = r >> 16, other_shorts[i] = r >> 32;
		ints[i] = r >> 20, longs[i] = next();
		floats[i] = (float)(int32_t)(r >> 7) / 65536, other_floats[i] = (float)(r & 1023) - 512;
		doubles[i] = (double)(int64_t)next() / 1e12;
	}
}

static void show(const char *name, const void *data, size_t size) {
	uint64_t hash = 14695981039346656037u;
	for (const uint8_t *p = data; size > 0; p++, size--) hash = (hash ^ *p) * 1099511628211u;
	printf("%-12s %016llx\n", name, (unsigned long long)hash);
}

// Loops for the compiler.

static void blend(uint8_t *out) {
	for (int i = 0; i < N; i++) out[i] = (bytes[i] * 77 + other_bytes[i] * 179 + 128) >> 8;
}

static void saturate(int16_t *out) {
	for (int i = 0; i < N; i++) {
		int sum = shorts[i] + other_shorts[i];
		out[i] = sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum;
	}
}

static void average(uint8_t *out) {
	for (int i = 0; i < N; i++) out[i] = (bytes[i] + other_bytes[i] + 1) >> 1;
}

static int64_t dot(void) {
	int64_t total = 0;
	for (int i = 0; i < N; i++) total += (int32_t)shorts[i] * other_shorts[i];
	return total;
}

static uint32_t difference(void) {
	uint32_t total = 0;
	for (int i = 0; i < N; i++) total += bytes[i] > other_bytes[i] ? bytes[i] - other_bytes[i] : other_bytes[i] - bytes[i];
	return total;
}

static void linear(float *out) {
	for (int i = 0; i < N; i++) out[i] = sqrtf(fabsf(floats[i] * 2.5f + other_floats[i])) - truncf(floats[i] / 3);
}

static void convert(int32_t *out, double *wide) {
	for (int i = 0; i < N; i++) out[i] = (int32_t)other_floats[i] ^ ints[i] >> 3, wide[i] = floor(doubles[i]) + ints[i];
}

static int64_t extremes(void) {
	int32_t low = INT32_MAX, high = INT32_MIN;
	int64_t all = 0;
	for (int i = 0; i < N; i++) {
		low = ints[i] < low ? ints[i] : low, high = ints[i] > high ? ints[i] : high;
		all ^= longs[i] << (i & 7);
	}
	return all + low * 3ll + high;
}

static void histogram(uint32_t *out) {
	for (int i = 0; i < N; i++) out[i % 64] += __builtin_popcount(bytes[i]) + __builtin_popcountll(longs[i]);
}

// By hand.

static size_t find(const uint8_t *data, size_t size, uint8_t wanted) {
	v128_t pattern = wasm_i8x16_splat(wanted);
	for (size_t i = 0; i + 16 <= size; i += 16) {
		uint32_t mask = wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(data + i), pattern));
		if (mask) return i + __builtin_ctz(mask);
	}
	return size;
}

static void hexadecimal(char *out, const uint8_t *data, size_t blocks) {
	const v128_t digits = wasm_i8x16_make('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f');
	for (size_t i = 0; i < blocks; i++) {
		v128_t v = wasm_v128_load(data + 16 * i);
		v128_t high = wasm_i8x16_swizzle(digits, wasm_u8x16_shr(v, 4));
		v128_t low = wasm_i8x16_swizzle(digits, wasm_v128_and(v, wasm_i8x16_splat(15)));
		wasm_v128_store(out + 32 * i, wasm_i8x16_shuffle(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
		wasm_v128_store(out + 32 * i + 16, wasm_i8x16_shuffle(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
	}
}

static void mandelbrot(uint8_t *out, int width) {
	for (int y = 0; y < width; y++)
		for (int x = 0; x < width; x += 2) {
			v128_t cr = wasm_f64x2_make(x * 3.0 / width - 2, (x + 1) * 3.0 / width - 2), ci = wasm_f64x2_splat(y * 2.0 / width - 1);
			v128_t zr = cr, zi = ci, count = wasm_i64x2_splat(0);
			for (int k = 0; k < 255; k++) {
				v128_t rr = wasm_f64x2_mul(zr, zr), ii = wasm_f64x2_mul(zi, zi);
				v128_t inside = wasm_f64x2_le(wasm_f64x2_add(rr, ii), wasm_f64x2_splat(4));
				if (!wasm_v128_any_true(inside)) break;
				count = wasm_i64x2_sub(count, inside);
				zi = wasm_f64x2_add(wasm_f64x2_mul(wasm_f64x2_add(zr, zr), zi), ci);
				zr = wasm_f64x2_add(wasm_f64x2_sub(rr, ii), cr);
			}
			out[y * width + x] = wasm_i64x2_extract_lane(count, 0);
			out[y * width + x + 1] = wasm_i64x2_extract_lane(count, 1);
		}
}

static void transform(int16_t *out) {
	for (int i = 0; i + 8 <= N; i += 8) {
		v128_t a = wasm_v128_load(shorts + i), b = wasm_v128_load(other_shorts + i);
		v128_t scaled = wasm_i16x8_q15mulr_sat(a, b);
		v128_t pairs = wasm_i32x4_add(wasm_i32x4_dot_i16x8(a, b), wasm_i32x4_extadd_pairwise_i16x8(scaled));
		v128_t wide = wasm_i32x4_add(wasm_i32x4_extmul_low_i16x8(a, b), wasm_i32x4_extmul_high_i16x8(b, a));
		v128_t narrow = wasm_i16x8_narrow_i32x4(pairs, wasm_i32x4_shr(wide, 9));
		wasm_v128_store(out + i, wasm_v128_bitselect(narrow, scaled, wasm_i16x8_gt(a, b)));
	}
}

// A call with many vectors, some of them on the stack.
__attribute__((noinline)) static v128_t mix(v128_t a, v128_t b, v128_t c, v128_t d, v128_t e, v128_t f, v128_t g, v128_t h, v128_t i, float x, v128_t j) {
	return wasm_i32x4_add(wasm_i32x4_sub(wasm_v128_xor(a, b), wasm_i32x4_mul(c, d)),
		wasm_v128_or(wasm_i32x4_min(e, f), wasm_i32x4_add(wasm_u32x4_max(g, h), wasm_v128_xor(i, wasm_i32x4_add(j, wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_splat(x)))))));
}

static v128_t mixed(void) {
	v128_t v = wasm_i32x4_splat(1);
	const v128_t *p = (const v128_t *)ints;
	for (int i = 0; i + 11 < N / 4; i++)
		v = mix(v, p[i], p[i + 1], p[i + 2], p[i + 3], p[i + 4], p[i + 5], p[i + 6], p[i + 7], floats[i], p[i + 8]);
	return v;
}

int main(void) {
	static uint8_t u8[2 * N + 64];
	static int16_t i16[N];
	static int32_t i32[N];
	static uint32_t counts[64];
	static float f32[N];
	static double f64[N];
	fill();
	blend(u8), show("blend", u8, N);
	average(u8), show("average", u8, N);
	saturate(i16), show("saturate", i16, sizeof i16);
	linear(f32), show("linear", f32, sizeof f32);
	convert(i32, f64), show("convert", i32, sizeof i32), show("wide", f64, sizeof f64);
	histogram(counts), show("histogram", counts, sizeof counts);
	printf("dot %lld, difference %u, extremes %lld\n", (long long)dot(), difference(), (long long)extremes());
	printf("find %zu %zu\n", find(bytes, N, bytes[1234]), find((const uint8_t *)"abcdefghijklmnop", 16, 'z'));
	hexadecimal((char *)u8, bytes, N / 16), show("hexadecimal", u8, N / 16 * 32);
	mandelbrot(u8, 64), show("mandelbrot", u8, 64 * 64);
	transform(i16), show("transform", i16, sizeof i16);
	v128_t v = mixed();
	show("mixed", &v, sizeof v);
	return 0;
}
