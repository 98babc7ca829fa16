// mandel computes the Mandelbrot set four points at a time.

#include "bench.h"

enum { WIDTH = 1024, HEIGHT = 1024, STEPS = 200 };

typedef float floats __attribute__((vector_size(16)));
typedef int32_t ints __attribute__((vector_size(16)));

static ints counts[HEIGHT][WIDTH / 4];

__attribute__((noinline)) static void compute(void) {
	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH; x += 4) {
			floats across = {x, x + 1, x + 2, x + 3};
			floats cr = across * (3.0f / WIDTH) - 2.0f;
			floats ci = (floats){0} + (y * (2.0f / HEIGHT) - 1.0f);
			floats zr = {0}, zi = {0};
			ints steps = {0};
			for (int step = 0; step < STEPS; step++) {
				floats r2 = zr * zr, i2 = zi * zi;
				ints inside = r2 + i2 <= 4.0f;
				if ((inside[0] | inside[1] | inside[2] | inside[3]) == 0) {
					break;
				}
				steps -= inside;
				zi = 2.0f * zr * zi + ci;
				zr = r2 - i2 + cr;
			}
			counts[y][x / 4] = steps;
		}
	}
}

static uint64_t work(void) {
	memset(counts, 0, sizeof counts);
	compute();
	uint64_t sum = 0;
	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH / 4; x++) {
			for (int lane = 0; lane < 4; lane++) {
				sum = sum * 31 + (uint32_t)counts[y][x][lane];
			}
		}
	}
	return sum;
}
