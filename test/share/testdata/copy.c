// copy FROM TO: copies a file, waits until the disk has it, and says what it was.
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
	static char buffer[4096];
	if (argc != 3) return 2;
	FILE *from = fopen(argv[1], "r"), *to = fopen(argv[2], "w");
	if (!from || !to) return perror(from ? argv[2] : argv[1]), 1;
	size_t n = fread(buffer, 1, sizeof buffer, from);
	if (fwrite(buffer, 1, n, to) != n || fflush(to) || fsync(fileno(to))) return perror(argv[2]), 1;
	printf("copied %.*s", (int)n, buffer);
	return 0;
}
