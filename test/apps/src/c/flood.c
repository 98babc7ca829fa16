// flood writes as many bytes to standard output as its argument says, and a
// line on standard error after every MiB.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
	uint64_t bytes = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	static unsigned char buffer[16384];
	uint32_t state = 1;
	for (uint64_t done = 0; done < bytes;) {
		size_t n = bytes - done < sizeof buffer ? bytes - done : sizeof buffer;
		for (size_t i = 0; i < n; i++) {
			state = state * 1664525 + 1013904223;
			buffer[i] = (unsigned char)(state >> 24);
		}
		if (fwrite(buffer, 1, n, stdout) != n) {
			return 1;
		}
		done += n;
		if (done % (1 << 20) == 0) {
			fprintf(stderr, "%llu MiB\n", (unsigned long long)(done >> 20));
		}
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
