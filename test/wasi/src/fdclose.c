// fdclose checks fd_close and fd_renumber.

#include "check.h"

static void closing(uint32_t directory) {
	uint32_t fd = opened(directory, "file"), again;
	answers("fd_close", "of a file", fd_close(fd), E(SUCCESS));
	answers("fd_close", "of a closed one", fd_close(fd), E(BADF));
	answers("fd_close", "never open", fd_close(CLOSED), E(BADF));
	answers("fd_close", "minus one", fd_close(-1), E(BADF));
	again = opened(directory, "file");
	holds("fd_close", "the number is free again", again == fd);
	must(fd_close(again));
	must(open_at(directory, ".", 0, __WASI_OFLAGS_DIRECTORY, 0, 0, 0, &fd));
	answers("fd_close", "of a directory", fd_close(fd), E(SUCCESS));

	// What has lost its name lives on until it is closed.
	fd = opened(directory, "gone");
	must(path_unlink_file(directory, path("gone")));
	uint32_t n;
	answers("fd_write", "to a removed file", write_to(fd, "still there", &n), E(SUCCESS));
	char text[20];
	must(fd_seek(fd, 0, __WASI_WHENCE_SET, at(&text)));
	answers("fd_read", "from a removed file", read_from(fd, text, sizeof text, &n), E(SUCCESS));
	holds("fd_read", "from a removed file", strcmp(text, "still there") == 0);
	answers("fd_close", "of a removed file", fd_close(fd), E(SUCCESS));
}

static void renumbering(uint32_t directory) {
	uint32_t from, to, n;
	file(directory, "one", "1");
	file(directory, "two", "22");
	from = opened(directory, "one");
	to = opened(directory, "two");
	__wasi_filestat_t before, after;
	must(fd_filestat_get(from, at(&before)));
	answers("fd_renumber", "onto an open one", fd_renumber(from, to), E(SUCCESS));
	answers("fd_renumber", "from a closed one", fd_renumber(from, to), E(BADF));
	answers("fd_renumber", "to a closed one", fd_renumber(to, from), E(BADF));
	answers("fd_renumber", "never open", fd_renumber(CLOSED, to), E(BADF));
	must(fd_filestat_get(to, at(&after)));
	holds("fd_renumber", "is the same file", before.ino == after.ino && after.size == 1);
	answers("fd_renumber", "onto itself", fd_renumber(to, to), E(SUCCESS));
	char text[4];
	answers("fd_read", "after fd_renumber", read_from(to, text, sizeof text, &n), E(SUCCESS));
	must(fd_close(to));

	// A preopened directory is a descriptor like others.
	uint32_t other;
	must(open_at(ROOT, ".", 0, __WASI_OFLAGS_DIRECTORY, DIRECTORY_RIGHTS, DIRECTORY_RIGHTS | FILE_RIGHTS, 0, &other));
	answers("fd_renumber", "onto a preopened directory", fd_renumber(other, ROOT), E(SUCCESS));
	answers("fd_renumber", "and it works", fd_filestat_get(ROOT, at(&after)), E(SUCCESS));
}

int main(void) {
	uint32_t directory = scratch("fdclose.cleanup");
	closing(directory);
	renumbering(directory);
	cleaned(directory, "fdclose.cleanup");
	answers("fd_close", "of a preopened directory", fd_close(ROOT), E(SUCCESS));
	__wasi_prestat_t stat;
	answers("fd_prestat_get", "of a closed directory", fd_prestat_get(ROOT, at(&stat)), E(BADF));
	return result();
}
