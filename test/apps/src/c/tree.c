// tree reads every directory below a root and prints each entry in the order of
// names: type, size and checksum of files, target of symbolic links. What
// differs between file systems (order, inode numbers, sizes of directories,
// times) is not printed.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static int failures;

static void fail(const char *what, const char *path) {
	printf("%s %s: %s\n", what, path, strerror(errno));
	failures++;
}

// fnv1a continues the 64-bit FNV-1a hash of bytes.
static uint64_t fnv1a(uint64_t hash, const unsigned char *bytes, size_t size) {
	for (size_t i = 0; i < size; i++) {
		hash = (hash ^ bytes[i]) * 0x100000001b3;
	}
	return hash;
}

// check_seek compares a part in the middle as pread, and lseek with read, see it.
static void check_seek(int file, const char *path, off_t size) {
	unsigned char a[64], b[64];
	off_t middle = size / 2;
	ssize_t n = pread(file, a, sizeof a, middle);
	if (lseek(file, -(size - middle), SEEK_END) != middle || lseek(file, 0, SEEK_CUR) != middle) {
		fail("lseek", path);
		return;
	}
	ssize_t m = read(file, b, sizeof b);
	if (n < 0 || n != m || memcmp(a, b, (size_t)n) != 0) {
		fail("pread", path);
	}
}

static void print_file(const char *path, const struct stat *status) {
	int file = open(path, O_RDONLY);
	if (file < 0) {
		fail("open", path);
		return;
	}
	static unsigned char buffer[65536];
	uint64_t hash = 0xcbf29ce484222325;
	long long total = 0;
	ssize_t n;
	while ((n = read(file, buffer, sizeof buffer)) > 0) {
		hash = fnv1a(hash, buffer, (size_t)n);
		total += n;
	}
	if (n < 0 || total != status->st_size) {
		fail("read", path);
	}
	check_seek(file, path, status->st_size);
	printf("file %s %lld %016llx\n", path, total, (unsigned long long)hash);
	close(file);
}

static void print_link(const char *path) {
	char target[PATH_BYTES];
	ssize_t n = readlink(path, target, sizeof target - 1);
	if (n < 0) {
		fail("readlink", path);
		return;
	}
	target[n] = 0;
	struct stat status;
	const char *kind = "nothing";
	if (stat(path, &status) == 0) {
		kind = S_ISDIR(status.st_mode) ? "a directory" : "a file";
	}
	printf("link %s -> %s, which is %s\n", path, target, kind);
}

static int by_name(const void *a, const void *b) {
	return strcmp(*(char *const *)a, *(char *const *)b);
}

// names reads a directory twice, the second time after rewinddir, and returns
// the sorted names without . and ..
static char **names(const char *path, size_t *count) {
	DIR *directory = opendir(path);
	if (!directory) {
		fail("opendir", path);
		return NULL;
	}
	size_t first = 0, used = 0, room = 16;
	char **list = malloc(room * sizeof *list);
	while (readdir(directory)) {
		first++;
	}
	rewinddir(directory);
	for (struct dirent *entry; (entry = readdir(directory));) {
		first--;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
			continue;
		}
		if (used == room) {
			list = realloc(list, (room *= 2) * sizeof *list);
		}
		list[used++] = strdup(entry->d_name);
	}
	closedir(directory);
	if (first != 0) {
		fail("rewinddir", path);
	}
	qsort(list, used, sizeof *list, by_name);
	*count = used;
	return list;
}

static void walk(const char *path) {
	size_t count = 0;
	char **list = names(path, &count);
	printf("directory %s %zu\n", path, count);
	for (size_t i = 0; i < count; i++) {
		char child[PATH_BYTES];
		snprintf(child, sizeof child, "%s/%s", strcmp(path, "/") == 0 ? "" : path, list[i]);
		struct stat status;
		if (lstat(child, &status) < 0) {
			fail("lstat", child);
		} else if (S_ISDIR(status.st_mode)) {
			walk(child);
		} else if (S_ISLNK(status.st_mode)) {
			print_link(child);
		} else if (S_ISREG(status.st_mode)) {
			print_file(child, &status);
		} else {
			printf("other %s\n", child);
		}
		free(list[i]);
	}
	free(list);
}

// expect_failures does what must not work.
static void expect_failures(void) {
	struct stat status;
	printf("no such file: %d\n", stat("/no/such/file", &status) < 0 && errno == ENOENT);
	printf("a file is no directory: %d\n", !opendir("/empty") && errno == ENOTDIR);
	printf("not through a file: %d\n", open("/empty/file", O_RDONLY) < 0 && errno == ENOTDIR);
	printf("bad descriptor: %d\n", read(99, &status, 1) < 0 && errno == EBADF);
	printf("out of the root: %d\n", open("/../../../../etc/passwd", O_RDONLY) < 0);
}

int main(int argc, char **argv) {
	walk(argc > 1 ? argv[1] : "/");
	expect_failures();
	return failures == 0 ? 0 : 1;
}
