// limits makes much of everything: open descriptors, files in a directory, levels
// of folders. Arguments: how many of each.

#include "check.h"

static void descriptors(uint32_t directory, uint32_t count) {
	static uint32_t fds[10000];
	char text[4];
	uint32_t made = 0, n;
	file(directory, "file", "x");
	while (made < count && made < 10000 && open_at(directory, "file", 0, 0, FILE_RIGHTS, 0, 0, &fds[made]) == SUCCESS) {
		made++;
	}
	holds("path_open", "as many descriptors", made == count);
	must(read_from(fds[made - 1], text, 4, &n));
	holds("fd_read", "of the last of them", n == 1 && text[0] == 'x');
	for (uint32_t i = 0; i < made; i++) {
		must(fd_close(fds[i]));
	}
}

static void files(uint32_t directory, uint32_t count) {
	static char buffer[65536];
	char name[20];
	must(path_create_directory(directory, path("many")));
	uint32_t fd, found = 0, used;
	must(open_at(directory, "many", 0, __WASI_OFLAGS_DIRECTORY, DIRECTORY_RIGHTS, FILE_RIGHTS, 0, &fd));
	for (uint32_t i = 0; i < count; i++) {
		uint32_t one;
		snprintf(name, sizeof name, "file-%u", i);
		must(open_at(fd, name, 0, __WASI_OFLAGS_CREAT | __WASI_OFLAGS_EXCL, 0, 0, 0, &one));
		must(fd_close(one));
	}
	uint64_t cookie = 0;
	do {
		must(fd_readdir(fd, at(buffer), sizeof buffer, cookie, at(&used)));
		for (uint32_t i = 0; i + sizeof(__wasi_dirent_t) <= used;) {
			__wasi_dirent_t d;
			memcpy(&d, buffer + i, sizeof d);
			i += sizeof d + d.d_namlen;
			if (i > used) {
				break;
			}
			cookie = d.d_next;
			found++;
		}
	} while (used == sizeof buffer);
	holds("fd_readdir", "as many files", found == count + 2);
	for (uint32_t i = 0; i < count; i++) {
		snprintf(name, sizeof name, "file-%u", i);
		must(path_unlink_file(fd, path(name)));
	}
	must(fd_close(fd));
	answers("path_remove_directory", "after as many files", path_remove_directory(directory, path("many")), E(SUCCESS));
}

static void levels(uint32_t directory, uint32_t count) {
	static char deep[4000];
	uint32_t made = 0;
	for (uint32_t i = 0; i < count; i++) {
		strcat(deep, i ? "/d" : "d");
		made += path_create_directory(directory, path(deep)) == SUCCESS;
	}
	holds("path_create_directory", "as many levels", made == count);
	uint32_t n = (uint32_t)strlen(deep);
	for (uint32_t i = 0; i < count; i++) {
		made -= path_remove_directory(directory, at(deep), n - 2 * i) == SUCCESS;
	}
	holds("path_remove_directory", "as many levels", made == 0);
}

int main(int argc, char **argv) {
	uint32_t directory = scratch("limits.cleanup");
	if (argc != 4) {
		fprintf(stderr, "usage: limits DESCRIPTORS FILES LEVELS\n");
		return 2;
	}
	descriptors(directory, (uint32_t)atoi(argv[1]));
	files(directory, (uint32_t)atoi(argv[2]));
	levels(directory, (uint32_t)atoi(argv[3]));
	cleaned(directory, "limits.cleanup");
	return result();
}
