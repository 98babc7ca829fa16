// readdir checks fd_readdir: entries, cookies, buffers that are too short, and
// what happens to a listing when the directory changes meanwhile.

#include "check.h"

static char buffer[65536];

// entry is one of a listing.
struct entry {
	uint64_t next, number;
	uint8_t type;
	char name[64];
};

static struct entry entries[600];

// list reads a directory from a cookie on with a buffer of some bytes and returns
// how many entries there are; done says that the end was reached.
static uint32_t list(uint32_t fd, uint64_t cookie, uint32_t bytes, bool *done) {
	uint32_t used = 0, count = 0;
	must(fd_readdir(fd, at(buffer), bytes, cookie, at(&used)));
	*done = used < bytes;
	for (uint32_t i = 0; i + sizeof(__wasi_dirent_t) <= used && count < 600;) {
		__wasi_dirent_t d;
		memcpy(&d, buffer + i, sizeof d);
		i += sizeof d;
		if (i + d.d_namlen > used || d.d_namlen >= sizeof entries[0].name) {
			break;
		}
		struct entry *e = &entries[count++];
		*e = (struct entry){.next = d.d_next, .number = d.d_ino, .type = d.d_type};
		memcpy(e->name, buffer + i, d.d_namlen);
		i += d.d_namlen;
	}
	return count;
}

static struct entry *find(uint32_t count, const char *name) {
	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(entries[i].name, name) == 0) {
			return &entries[i];
		}
	}
	return NULL;
}

static bool matches(uint32_t fd, uint32_t count, const char *name, uint8_t type) {
	__wasi_filestat_t stat;
	struct entry *e = find(count, name);
	must(path_filestat_get(fd, 0, path(name), at(&stat)));
	return e && e->type == type && e->number == stat.ino;
}

static void few(uint32_t fd) {
	bool done;
	uint32_t count = list(fd, 0, sizeof buffer, &done);
	holds("fd_readdir", "an empty directory has two", count == 2 && done && find(count, ".") && find(count, ".."));
	holds("fd_readdir", "itself", matches(fd, count, ".", __WASI_FILETYPE_DIRECTORY));
	file(fd, "file", "text");
	must(path_create_directory(fd, path("folder")));
	link_to(fd, "file", "link");
	count = list(fd, 0, sizeof buffer, &done);
	holds("fd_readdir", "five", count == 5 && done);
	holds("fd_readdir", "a file", matches(fd, count, "file", __WASI_FILETYPE_REGULAR_FILE));
	holds("fd_readdir", "a directory", matches(fd, count, "folder", __WASI_FILETYPE_DIRECTORY));
	holds("fd_readdir", "a link", matches(fd, count, "link", __WASI_FILETYPE_SYMBOLIC_LINK));
	uint64_t last = entries[4].next, fourth = entries[3].next;
	char name[64];
	strcpy(name, entries[4].name);
	count = list(fd, fourth, sizeof buffer, &done);
	holds("fd_readdir", "from a cookie", count == 1 && done && strcmp(entries[0].name, name) == 0);
	count = list(fd, last, sizeof buffer, &done);
	holds("fd_readdir", "from the last cookie", count == 0 && done);
	uint32_t used = 99;
	answers("fd_readdir", "no room", fd_readdir(fd, at(buffer), 0, 0, at(&used)), E(SUCCESS));
	holds("fd_readdir", "no room is filled", used == 0);
	answers("fd_readdir", "little room", fd_readdir(fd, at(buffer), 10, 0, at(&used)), E(SUCCESS));
	holds("fd_readdir", "little room is filled", used == 10);
	must(path_unlink_file(fd, path("link")));
	must(path_unlink_file(fd, path("file")));
	must(path_remove_directory(fd, path("folder")));
}

enum { MANY = 300 };

// many reads a long directory in small pieces while others are made and removed:
// what was there all the time comes exactly once.
static void many(uint32_t fd) {
	static uint8_t seen[MANY];
	char name[20];
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "kept-%d", i);
		file(fd, name, "");
		snprintf(name, sizeof name, "gone-%d", i);
		file(fd, name, "");
	}
	uint64_t cookie = 0;
	uint32_t total = 0, rounds = 0;
	for (bool done = false; !done && rounds < 10 * MANY; rounds++) {
		uint32_t count = list(fd, cookie, 256, &done);
		for (uint32_t i = 0; i < count; i++) {
			cookie = entries[i].next;
			int number = -1;
			if (sscanf(entries[i].name, "kept-%d", &number) == 1 && number >= 0 && number < MANY) {
				seen[number]++;
				total++;
			}
		}
		if (rounds < MANY) {
			snprintf(name, sizeof name, "gone-%d", rounds);
			must(path_unlink_file(fd, path(name)));
			snprintf(name, sizeof name, "new-%d", rounds);
			file(fd, name, "");
		}
	}
	bool once = total == MANY;
	for (int i = 0; i < MANY; i++) {
		once = once && seen[i] == 1;
	}
	holds("fd_readdir", "what stays comes once while others change", once);
}

int main(void) {
	uint32_t fd = scratch("readdir.cleanup"), other, used;
	few(fd);
	many(fd);
	answers("fd_readdir", "closed", fd_readdir(CLOSED, at(buffer), 100, 0, at(&used)), E(BADF));
	answers("fd_readdir", "of a stream", fd_readdir(1, at(buffer), 100, 0, at(&used)), E(NOTDIR));
	faults("fd_readdir", "buffer outside", fd_readdir(fd, OUTSIDE, 100, 0, at(&used)));
	faults("fd_readdir", "result outside", fd_readdir(fd, at(buffer), 100, 0, OUTSIDE));
	other = opened(fd, "file");
	answers("fd_readdir", "of a file", fd_readdir(other, at(buffer), 100, 0, at(&used)), E(NOTDIR));
	must(fd_close(other));
	other = with_rights(fd, ".", RIGHT(PATH_OPEN), 0);
	answers("fd_readdir", "without the right", fd_readdir(other, at(buffer), 100, 0, at(&used)), E(NOTCAPABLE));
	must(fd_close(other));
	cleaned(fd, "readdir.cleanup");
	return result();
}
