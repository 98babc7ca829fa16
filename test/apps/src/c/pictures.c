// pictures packs pictures of every colour type and filter with libpng, unpacks them,
// compares, and prints sizes and checksums: pictures ROUNDS.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "png.h"
#include "zlib.h"

enum { WIDTH = 509, HEIGHT = 383, PIXEL_MAX = 8, FILE_MAX = 4 << 20 };

static png_byte picture[HEIGHT][WIDTH * PIXEL_MAX], again[HEIGHT][WIDTH * PIXEL_MAX];
static png_bytep rows[HEIGHT];

// file is what libpng writes to and reads from.
static struct {
	png_byte bytes[FILE_MAX];
	size_t size, at;
} file;

static void fail(png_structp png, png_const_charp message) {
	printf("error: %s\n", message);
	exit(1);
}

static void warn(png_structp png, png_const_charp message) { printf("warning: %s\n", message); }

static void put(png_structp png, png_bytep bytes, size_t size) {
	if (size > FILE_MAX - file.size) {
		fail(png, "the picture is too large");
	}
	memcpy(file.bytes + file.size, bytes, size);
	file.size += size;
}

static void flush(png_structp png) {}

static void get(png_structp png, png_bytep bytes, size_t size) {
	if (size > file.size - file.at) {
		fail(png, "the picture ends early");
	}
	memcpy(bytes, file.bytes + file.at, size);
	file.at += size;
}

// paint makes a picture with slopes, edges and some noise.
static void paint(unsigned channels, unsigned bytes) {
	unsigned seed = channels * 16 + bytes;
	for (unsigned y = 0; y < HEIGHT; y++) {
		for (unsigned x = 0; x < WIDTH * channels * bytes; x++) {
			seed = seed * 1664525 + 1013904223;
			unsigned pixel = x / (channels * bytes), channel = x / bytes % channels;
			unsigned value = pixel * (channel + 1) / 3 + y * 2 + (seed >> 30);
			if (pixel / 64 % 2 == y / 48 % 2) {
				value = value * 5 ^ channel * 77;
			}
			picture[y][x] = (png_byte)value;
		}
	}
}

static void write_png(int colour, int depth, int filters, int level, int interlace) {
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, fail, warn);
	png_infop info = png_create_info_struct(png);
	file.size = 0;
	png_set_write_fn(png, NULL, put, flush);
	png_set_IHDR(png, info, WIDTH, HEIGHT, depth, colour, interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_set_filter(png, PNG_FILTER_TYPE_BASE, filters);
	png_set_compression_level(png, level);
	if (colour == PNG_COLOR_TYPE_PALETTE) {
		png_color palette[256];
		for (int i = 0; i < 256; i++) {
			palette[i] = (png_color){(png_byte)i, (png_byte)(255 - i), (png_byte)(i * 7)};
		}
		png_set_PLTE(png, info, palette, 256);
	}
	png_write_info(png, info);
	for (int y = 0; y < HEIGHT; y++) {
		rows[y] = picture[y];
	}
	png_write_image(png, rows);
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
}

// read_png unpacks as it is, or everything as 8-bit RGBA. It returns the bytes of
// a row.
static size_t read_png(int expand) {
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, fail, warn);
	png_infop info = png_create_info_struct(png);
	file.at = 0;
	png_set_read_fn(png, NULL, get);
	png_read_info(png, info);
	if (expand) {
		png_set_expand(png);
		png_set_scale_16(png);
		png_set_gray_to_rgb(png);
		png_set_filler(png, 0xff, PNG_FILLER_AFTER);
		png_set_gamma(png, 2.2, 1 / 1.8);
	}
	png_set_interlace_handling(png);
	png_read_update_info(png, info);
	size_t bytes = png_get_rowbytes(png, info);
	memset(again, 0x55, sizeof(again));
	for (int y = 0; y < HEIGHT; y++) {
		rows[y] = again[y];
	}
	png_read_image(png, rows);
	png_read_end(png, info);
	png_destroy_read_struct(&png, &info, NULL);
	return bytes;
}

static unsigned long checksum(png_byte lines[][WIDTH * PIXEL_MAX], size_t bytes) {
	uLong sum = crc32(0, NULL, 0);
	for (int y = 0; y < HEIGHT; y++) {
		sum = crc32(sum, lines[y], (uInt)bytes);
	}
	return sum;
}

int main(int argc, char **argv) {
	int rounds = argc > 1 ? atoi(argv[1]) : 1;
	static const struct {
		const char *name;
		int colour, channels, depth;
	} kinds[] = {
	    {"gray", PNG_COLOR_TYPE_GRAY, 1, 8},         {"gray 16", PNG_COLOR_TYPE_GRAY, 1, 16},
	    {"gray alpha", PNG_COLOR_TYPE_GRAY_ALPHA, 2, 8}, {"RGB", PNG_COLOR_TYPE_RGB, 3, 8},
	    {"RGB 16", PNG_COLOR_TYPE_RGB, 3, 16},       {"RGBA", PNG_COLOR_TYPE_RGB_ALPHA, 4, 8},
	    {"RGBA 16", PNG_COLOR_TYPE_RGB_ALPHA, 4, 16}, {"palette", PNG_COLOR_TYPE_PALETTE, 1, 8},
	};
	static const struct {
		const char *name;
		int filters;
	} filters[] = {
	    {"none", PNG_FILTER_NONE}, {"sub", PNG_FILTER_SUB},     {"up", PNG_FILTER_UP},
	    {"average", PNG_FILTER_AVG}, {"Paeth", PNG_FILTER_PAETH}, {"all", PNG_ALL_FILTERS},
	};
	printf("libpng %s\n", png_get_libpng_ver(NULL));
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		size_t bytes = (size_t)(WIDTH * kinds[k].channels * kinds[k].depth / 8);
		paint((unsigned)kinds[k].channels, (unsigned)kinds[k].depth / 8);
		printf("%s: crc32 %08lx\n", kinds[k].name, checksum(picture, bytes));
		for (size_t f = 0; f < sizeof(filters) / sizeof(filters[0]); f++) {
			int interlace = f == 1 ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE;
			write_png(kinds[k].colour, kinds[k].depth, filters[f].filters, 1, interlace);
			if (read_png(0) != bytes || checksum(again, bytes) != checksum(picture, bytes)) {
				printf("%s, %s: the picture has changed\n", kinds[k].name, filters[f].name);
				return 1;
			}
			for (int round = 1; round < rounds; round++) {
				read_png(round % 2);
			}
			size_t expanded = read_png(1);
			printf("%s, %s: %zu bytes, crc32 %08lx, as RGBA %08lx\n", kinds[k].name, filters[f].name, file.size,
			       crc32(0, file.bytes, (uInt)file.size), checksum(again, expanded));
		}
	}
	return 0;
}
