// advise checks fd_advise, fd_allocate, fd_sync and fd_datasync.

#include "check.h"

static uint64_t size_of(uint32_t fd) {
	__wasi_filestat_t stat;
	must(fd_filestat_get(fd, at(&stat)));
	return stat.size;
}

static void advising(uint32_t fd, uint32_t directory) {
	static const char *const names[] = {"normal", "sequential", "random", "will need", "dont need", "no reuse"};
	for (uint32_t advice = 0; advice < 6; advice++) {
		answers("fd_advise", names[advice], fd_advise(fd, 10, 50, advice), E(SUCCESS));
	}
	holds("fd_advise", "changes nothing", size_of(fd) == 0);
	answers("fd_advise", "all of it", fd_advise(fd, 0, 0, 0), E(SUCCESS));
	refuses("fd_advise", "no such advice", fd_advise(fd, 0, 1, 6));
	answers("fd_advise", "offset beyond 2^63", fd_advise(fd, 1ull << 63, 1, 0), E(INVAL));
	answers("fd_advise", "closed", fd_advise(CLOSED, 0, 1, 0), E(BADF));
	answers("fd_advise", "of a directory", fd_advise(directory, 0, 1, 0), E(BADF));
}

static void allocating(uint32_t fd, uint32_t directory) {
	answers("fd_allocate", "from the start", fd_allocate(fd, 0, 100), E(SUCCESS));
	holds("fd_allocate", "extends", size_of(fd) == 100);
	answers("fd_allocate", "in the middle", fd_allocate(fd, 10, 10), E(SUCCESS));
	holds("fd_allocate", "does not cut", size_of(fd) == 100);
	answers("fd_allocate", "over the end", fd_allocate(fd, 90, 20), E(SUCCESS));
	holds("fd_allocate", "extends again", size_of(fd) == 110);
	answers("fd_allocate", "nothing", fd_allocate(fd, 0, 0), E(INVAL));
	answers("fd_allocate", "beyond every file", fd_allocate(fd, INT64_MAX, 100), E(FBIG));
	answers("fd_allocate", "offset beyond 2^63", fd_allocate(fd, 1ull << 63, 1), E(INVAL));
	answers("fd_allocate", "closed", fd_allocate(CLOSED, 0, 1), E(BADF));
	answers("fd_allocate", "of a directory", fd_allocate(directory, 0, 1), E(BADF));
}

static void syncing(uint32_t fd, uint32_t directory) {
	answers("fd_sync", "of a file", fd_sync(fd), E(SUCCESS));
	answers("fd_datasync", "of a file", fd_datasync(fd), E(SUCCESS));
	answers("fd_sync", "closed", fd_sync(CLOSED), E(BADF));
	answers("fd_datasync", "closed", fd_datasync(CLOSED), E(BADF));
	uint32_t other;
	must(open_at(directory, ".", 0, __WASI_OFLAGS_DIRECTORY, RIGHT(FD_SYNC) | RIGHT(FD_DATASYNC), 0, 0, &other));
	answers("fd_sync", "of a directory", fd_sync(other), E(SUCCESS));
	answers("fd_datasync", "of a directory", fd_datasync(other), E(SUCCESS));
	must(fd_close(other));
}

static void without(uint32_t directory) {
	uint32_t fd = with_rights(directory, "file", RIGHT(FD_READ) | RIGHT(FD_WRITE), 0);
	answers("fd_advise", "without the right", fd_advise(fd, 0, 1, 0), E(NOTCAPABLE));
	answers("fd_allocate", "without the right", fd_allocate(fd, 0, 1), E(NOTCAPABLE));
	answers("fd_sync", "without the right", fd_sync(fd), E(NOTCAPABLE));
	answers("fd_datasync", "without the right", fd_datasync(fd), E(NOTCAPABLE));
	must(fd_close(fd));
}

int main(void) {
	uint32_t directory = scratch("advise.cleanup");
	uint32_t fd = opened(directory, "file");
	advising(fd, directory);
	allocating(fd, directory);
	syncing(fd, directory);
	must(fd_close(fd));
	without(directory);
	cleaned(directory, "advise.cleanup");
	return result();
}
