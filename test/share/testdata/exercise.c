// exercise SEED STEPS: does random things to files in /data and keeps in memory what
// they must contain. At the end it says name, size and hash of each file.
// exercise check: says the same of what it finds.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 6, LARGEST = 700000, PIECE = 300000 };

static struct file {
	int fd; // -1: closed
	int exists;
	size_t size;
	unsigned char *bytes;
} files[FILES];

static unsigned char buffer[PIECE];
static uint64_t state;

static uint32_t number(uint32_t below) {
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (state >> 33) % below;
}

static void fail(const char *what, int i) {
	printf("%s of file %d: %s\n", what, i, strerror(errno));
	exit(1);
}

static char *path(int i) {
	static char name[2][32];
	static int turn;
	turn ^= 1;
	sprintf(name[turn], "/data/%s%d", i % 2 ? "directory/" : "", i);
	return name[turn];
}

static void need(int i) {
	struct file *f = &files[i];
	if (f->fd >= 0) return;
	f->fd = open(path(i), O_RDWR | (f->exists ? 0 : O_CREAT | O_EXCL), 0644);
	if (f->fd < 0) fail("open", i);
	if (!f->exists) f->size = 0;
	f->exists = 1;
}

static void check(int i) {
	struct file *f = &files[i];
	struct stat s;
	if (fstat(f->fd, &s) != 0) fail("fstat", i);
	if ((size_t)s.st_size != f->size) errno = 0, printf("size %lld, want %zu\n", (long long)s.st_size, f->size), fail("size", i);
}

static void move(int i, int to) {
	if (i == to || !files[i].exists) return;
	if (rename(path(i), path(to)) != 0) fail("rename", i);
	struct file *a = &files[i], *b = &files[to], old = *b;
	if (b->fd >= 0) close(b->fd);
	*b = *a;
	*a = (struct file){.fd = -1, .bytes = old.bytes};
}

static void step(void) {
	int i = number(FILES);
	struct file *f = &files[i];
	size_t at = number(LARGEST - PIECE), n = number(8) ? number(5000) : number(PIECE);
	switch (number(12)) {
	case 0 ... 2:
		need(i);
		for (size_t k = 0; k < n; k++) buffer[k] = number(256);
		if (pwrite(f->fd, buffer, n, at) != (ssize_t)n) fail("pwrite", i);
		if (n == 0) break;
		if (f->size < at) memset(f->bytes + f->size, 0, at - f->size);
		memcpy(f->bytes + at, buffer, n);
		if (f->size < at + n) f->size = at + n;
		break;
	case 3 ... 5: {
		need(i);
		size_t want = at >= f->size ? 0 : n < f->size - at ? n : f->size - at;
		if (pread(f->fd, buffer, n, at) != (ssize_t)want) fail("pread", i);
		if (memcmp(buffer, f->bytes + at, want) != 0) errno = 0, fail("content", i);
		break;
	}
	case 6: // one part after the other
		need(i);
		if (lseek(f->fd, 0, SEEK_SET) != 0) fail("lseek", i);
		for (size_t from = 0;;) {
			ssize_t got = read(f->fd, buffer, 1 + n % 9000);
			if (got < 0) fail("read", i);
			if (memcmp(buffer, f->bytes + from, got) != 0) errno = 0, fail("content", i);
			from += got;
			if (got == 0 && from != f->size) errno = 0, fail("end", i);
			if (got == 0) break;
		}
		break;
	case 7:
		need(i);
		if (ftruncate(f->fd, at) != 0) fail("ftruncate", i);
		if (f->size < at) memset(f->bytes + f->size, 0, at - f->size);
		f->size = at;
		break;
	case 8: {
		need(i);
		int fd = open(path(i), O_WRONLY | O_APPEND);
		if (f->size + 500 > LARGEST || fd < 0 || write(fd, path(i), 6) != 6) fail("append", i);
		memcpy(f->bytes + f->size, "/data/", 6);
		f->size += 6;
		close(fd);
		break;
	}
	case 9:
		if (f->fd >= 0 && close(f->fd) != 0) fail("close", i);
		f->fd = -1;
		break;
	case 10:
		if (f->exists && unlink(path(i)) != 0) fail("unlink", i);
		if (!f->exists && (unlink(path(i)) == 0 || errno != ENOENT)) fail("unlink of nothing", i);
		if (f->fd >= 0) check(i), close(f->fd);
		f->fd = -1, f->exists = 0;
		break;
	case 11:
		move(i, number(FILES));
		break;
	}
	if (f->fd >= 0) check(i);
}

static void tell(int i, const unsigned char *b, size_t n) {
	uint64_t hash = 14695981039346656037u; // FNV-1a
	for (size_t k = 0; k < n; k++) hash = (hash ^ b[k]) * 1099511628211u;
	printf("%s %zu %016llx\n", path(i) + strlen("/data/"), n, (unsigned long long)hash);
}

static int names(const char *directory) {
	DIR *d = opendir(directory);
	if (d == NULL) return -1;
	int n = 0;
	for (struct dirent *e; (e = readdir(d)) != NULL;) n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

int main(int argc, char **argv) {
	for (int i = 0; i < FILES; i++) {
		files[i].fd = -1;
		files[i].bytes = malloc(LARGEST + 1000);
	}
	if (argc > 2) {
		state = strtoull(argv[1], NULL, 10);
		if (mkdir("/data/directory", 0755) != 0) fail("mkdir", -1);
		for (int n = atoi(argv[2]); n > 0; n--) step();
		for (int i = 0; i < FILES; i++)
			if (files[i].fd >= 0 && fsync(files[i].fd) != 0) fail("fsync", i);
	}
	int found = 1; // directory
	for (int i = 0; i < FILES; i++) {
		if (argc <= 2) {
			int fd = open(path(i), O_RDONLY);
			if (fd < 0) continue;
			for (ssize_t got; (got = read(fd, files[i].bytes + files[i].size, 70000)) > 0;) files[i].size += got;
			files[i].exists = 1;
		}
		if (files[i].exists) found++, tell(i, files[i].bytes, files[i].size);
	}
	if (names("/data") + names("/data/directory") != found) printf("%d names, want %d\n", names("/data") + names("/data/directory"), found);
	return 0;
}
