// zlib packs data of several kinds with every level and strategy, in pieces of
// odd sizes, unpacks it again, compares, and prints sizes and checksums:
// zlib ROUNDS.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zlib.h"

enum { SIZE = 1 << 20 };

static unsigned char data[SIZE], packed[SIZE + SIZE / 8], unpacked[SIZE + 1];

static unsigned seed = 1;

static unsigned next(void) {
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

// The kinds of data: words, noise, runs, a picture.
static void fill(int kind) {
	static const char *words[] = {"the ", "machine ", "is ", "nothing ", "but ", "a ", "program ", "that ", "runs ", "\n", "and ", "ends "};
	size_t at = 0;
	while (at < SIZE) {
		unsigned r = next();
		if (kind == 0) {
			const char *word = words[r % 12 * (r >> 8 & 1)];
			size_t n = strlen(word);
			n = n < SIZE - at ? n : SIZE - at;
			memcpy(data + at, word, n);
			at += n;
		} else if (kind == 1) {
			data[at++] = (unsigned char)r;
		} else if (kind == 2) {
			size_t n = r % 700;
			n = n < SIZE - at ? n : SIZE - at;
			memset(data + at, (int)(r >> 12 & 3), n);
			at += n;
		} else {
			data[at] = (unsigned char)(at / 1024 + at % 1024 + (r & 3));
			at++;
		}
	}
}

static void fail(const char *what, int result) {
	printf("%s: %d\n", what, result);
	exit(1);
}

// pack compresses all of data in pieces and returns the size.
static size_t pack(int level, int strategy, int window, size_t piece) {
	z_stream s = {0};
	int result = deflateInit2(&s, level, Z_DEFLATED, window, 1 + level % 9, strategy);
	if (result != Z_OK) {
		fail("deflateInit2", result);
	}
	s.next_out = packed;
	s.avail_out = sizeof(packed);
	for (size_t at = 0; at < SIZE; at += piece) {
		s.next_in = data + at;
		s.avail_in = (uInt)(SIZE - at < piece ? SIZE - at : piece);
		int flush = at + piece >= SIZE ? Z_FINISH : (at / piece % 5 == 4 ? Z_SYNC_FLUSH : Z_NO_FLUSH);
		result = deflate(&s, flush);
		if (result != (flush == Z_FINISH ? Z_STREAM_END : Z_OK)) {
			fail("deflate", result);
		}
	}
	deflateEnd(&s);
	return s.total_out;
}

// unpack decompresses and compares.
static void unpack(size_t size, int window, size_t piece) {
	z_stream s = {0};
	int result = inflateInit2(&s, window);
	if (result != Z_OK) {
		fail("inflateInit2", result);
	}
	memset(unpacked, 0xaa, sizeof(unpacked));
	s.next_in = packed;
	s.avail_in = (uInt)size;
	while (result == Z_OK) {
		s.next_out = unpacked + s.total_out;
		s.avail_out = (uInt)(sizeof(unpacked) - s.total_out < piece ? sizeof(unpacked) - s.total_out : piece);
		result = inflate(&s, Z_NO_FLUSH);
	}
	if (result != Z_STREAM_END || s.total_out != SIZE || memcmp(data, unpacked, SIZE) != 0) {
		fail("inflate", result);
	}
	inflateEnd(&s);
}

// broken counts what inflate says about packed data with a byte changed.
static void broken(size_t size) {
	int errors = 0, ends = 0, others = 0;
	for (int i = 0; i < 50; i++) {
		size_t at = next() % size;
		packed[at] ^= 1 << i % 8;
		uLongf length = sizeof(unpacked);
		switch (uncompress(unpacked, &length, packed, (uLong)size)) {
		case Z_DATA_ERROR: errors++; break;
		case Z_OK: ends++; break;
		default: others++;
		}
		packed[at] ^= 1 << i % 8;
	}
	printf("broken: %d data errors, %d accepted, %d others\n", errors, ends, others);
}

int main(int argc, char **argv) {
	int rounds = argc > 1 ? atoi(argv[1]) : 1;
	static const int windows[] = {15, 31, -15, -9};
	printf("zlib %s\n", zlibVersion());
	for (int kind = 0; kind < 4; kind++) {
		fill(kind);
		uLong sum = adler32(0, NULL, 0), crc = crc32(0, NULL, 0);
		for (int i = 0; i < rounds; i++) {
			sum = adler32(sum, data, SIZE);
			crc = crc32(crc, data, SIZE);
			crc = crc32_combine(crc, crc32(0, data, SIZE / 3), SIZE / 3);
		}
		printf("data %d: adler32 %08lx, crc32 %08lx\n", kind, sum, crc);
		for (int round = 0; round < rounds; round++) {
			for (int level = 0; level <= 9; level++) {
				int window = windows[(level + kind) % 4];
				size_t size = pack(level, level % 5, window, 1000 + 37771 * (size_t)level);
				unpack(size, window, 777 + 60013 * (size_t)level);
				if (round == 0) {
					printf("level %d, strategy %d, window %d: %zu bytes, crc32 %08lx\n", level, level % 5, window, size, crc32(0, packed, (uInt)size));
				}
			}
		}
		uLongf size = sizeof(packed);
		int result = compress2(packed, &size, data, SIZE, 6);
		if (result != Z_OK) {
			fail("compress2", result);
		}
		broken(size);
	}
	return 0;
}
