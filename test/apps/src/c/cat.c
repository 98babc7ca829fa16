// cat copies standard input to standard output byte by byte as it is, and says
// on standard error how many bytes that were.

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int write_all(const char *bytes, size_t size) {
	while (size > 0) {
		ssize_t n = write(1, bytes, size);
		if (n < 0) {
			return -1;
		}
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

int main(void) {
	static char buffer[10000];
	unsigned long long total = 0;
	for (;;) {
		ssize_t n = read(0, buffer, sizeof buffer);
		if (n < 0) {
			fprintf(stderr, "read: %s\n", strerror(errno));
			return 1;
		}
		if (n == 0) {
			break;
		}
		total += (unsigned long long)n;
		if (write_all(buffer, (size_t)n) < 0) {
			fprintf(stderr, "write: %s\n", strerror(errno));
			return 1;
		}
	}
	fprintf(stderr, "%llu bytes\n", total);
	return 0;
}
