// filestat checks fd_filestat_get, fd_filestat_set_size, fd_filestat_set_times,
// path_filestat_get and path_filestat_set_times.

#include "check.h"

static __wasi_filestat_t stat_of(uint32_t fd) {
	__wasi_filestat_t stat;
	must(fd_filestat_get(fd, at(&stat)));
	return stat;
}

static void getting(uint32_t directory) {
	__wasi_filestat_t stat, other;
	uint32_t fd = opened(directory, "file"), n;
	must(write_to(fd, "12345", &n));
	answers("fd_filestat_get", "of a file", fd_filestat_get(fd, at(&stat)), E(SUCCESS));
	holds("fd_filestat_get", "type of a file", stat.filetype == __WASI_FILETYPE_REGULAR_FILE);
	holds("fd_filestat_get", "size of a file", stat.size == 5);
	holds("fd_filestat_get", "one name", stat.nlink == 1);
	holds("fd_filestat_get", "has a number", stat.ino != 0);
	holds("fd_filestat_get", "has times", stat.atim > 0 && stat.mtim > 0 && stat.ctim > 0);
	answers("path_filestat_get", "of a file", path_filestat_get(directory, 0, path("file"), at(&other)), E(SUCCESS));
	holds("path_filestat_get", "as of the descriptor", memcmp(&stat, &other, sizeof stat) == 0);
	must(fd_close(fd));
	answers("fd_filestat_get", "of a directory", fd_filestat_get(directory, at(&other)), E(SUCCESS));
	holds("fd_filestat_get", "type of a directory", other.filetype == __WASI_FILETYPE_DIRECTORY);
	holds("fd_filestat_get", "one device", other.dev == stat.dev && other.ino != stat.ino);
	answers("fd_filestat_get", "of standard output", fd_filestat_get(1, at(&other)), E(SUCCESS));
	answers("fd_filestat_get", "closed", fd_filestat_get(CLOSED, at(&other)), E(BADF));
	faults("fd_filestat_get", "result outside", fd_filestat_get(directory, OUTSIDE));
	fd = with_rights(directory, "file", RIGHT(FD_READ), 0);
	answers("fd_filestat_get", "without the right", fd_filestat_get(fd, at(&other)), E(NOTCAPABLE));
	must(fd_close(fd));

	link_to(directory, "file", "link");
	link_to(directory, "missing", "dangling");
	answers("path_filestat_get", "of a link", path_filestat_get(directory, 0, path("link"), at(&other)), E(SUCCESS));
	holds("path_filestat_get", "type of a link", other.filetype == __WASI_FILETYPE_SYMBOLIC_LINK && other.size == 4);
	answers("path_filestat_get", "through a link", path_filestat_get(directory, 1, path("link"), at(&other)), E(SUCCESS));
	holds("path_filestat_get", "through a link", other.ino == stat.ino);
	answers("path_filestat_get", "of a dangling link", path_filestat_get(directory, 0, path("dangling"), at(&other)), E(SUCCESS));
	answers("path_filestat_get", "through a dangling link", path_filestat_get(directory, 1, path("dangling"), at(&other)), E(NOENT));
	answers("path_filestat_get", "of the directory", path_filestat_get(directory, 0, path("."), at(&other)), E(SUCCESS));
	answers("path_filestat_get", "missing", path_filestat_get(directory, 0, path("missing"), at(&other)), E(NOENT));
	answers("path_filestat_get", "empty path", path_filestat_get(directory, 0, path(""), at(&other)), E(NOENT));
	answers("path_filestat_get", "below a file", path_filestat_get(directory, 0, path("file/x"), at(&other)), E(NOTDIR));
	answers("path_filestat_get", "file with a slash", path_filestat_get(directory, 0, path("file/"), at(&other)), E(NOTDIR));
	answers("path_filestat_get", "out of the directory", path_filestat_get(directory, 0, path("../x"), at(&other)), E(PERM));
	answers("path_filestat_get", "closed", path_filestat_get(CLOSED, 0, path("file"), at(&other)), E(BADF));
	faults("path_filestat_get", "result outside", path_filestat_get(directory, 0, path("file"), OUTSIDE));
	faults("path_filestat_get", "path outside", path_filestat_get(directory, 0, OUTSIDE, 100, at(&other)));
	refuses("path_filestat_get", "no such flag", path_filestat_get(directory, 2, path("file"), at(&other)));
	fd = with_rights(directory, ".", RIGHT(PATH_OPEN), 0);
	answers("path_filestat_get", "without the right", path_filestat_get(fd, 0, path("file"), at(&other)), E(NOTCAPABLE));
	must(fd_close(fd));
	fd = opened(directory, "file");
	answers("path_filestat_get", "in a file", path_filestat_get(fd, 0, path("file"), at(&other)), E(NOTDIR));
	must(fd_close(fd));
}

static void sizes(uint32_t directory) {
	uint32_t fd = opened(directory, "size"), n;
	char text[16];
	__wasi_filesize_t position;
	must(write_to(fd, "0123456789", &n));
	answers("fd_filestat_set_size", "shorter", fd_filestat_set_size(fd, 4), E(SUCCESS));
	answers("fd_filestat_set_size", "longer", fd_filestat_set_size(fd, 8), E(SUCCESS));
	must(fd_seek(fd, 0, __WASI_WHENCE_SET, at(&position)));
	must(read_from(fd, text, sizeof text, &n));
	holds("fd_filestat_set_size", "zeroes behind what was cut", n == 8 && memcmp(text, "0123\0\0\0\0", 8) == 0);
	holds("fd_filestat_set_size", "is shown", stat_of(fd).size == 8);
	answers("fd_filestat_set_size", "sparse", fd_filestat_set_size(fd, 1ull << 40), E(SUCCESS));
	holds("fd_filestat_set_size", "sparse is shown", stat_of(fd).size == 1ull << 40);
	answers("fd_filestat_set_size", "beyond 2^63", fd_filestat_set_size(fd, 1ull << 63), E(INVAL));
	answers("fd_filestat_set_size", "to nothing", fd_filestat_set_size(fd, 0), E(SUCCESS));
	answers("fd_filestat_set_size", "closed", fd_filestat_set_size(CLOSED, 0), E(BADF));
	must(fd_close(fd));
	fd = with_rights(directory, "size", RIGHT(FD_WRITE), 0);
	answers("fd_filestat_set_size", "without the right", fd_filestat_set_size(fd, 1), E(NOTCAPABLE));
	must(fd_close(fd));
	answers("fd_filestat_set_size", "of a directory", fd_filestat_set_size(directory, 0), E(ISDIR));
}

enum { SECOND = 1000000000 };

static void times(uint32_t directory) {
	uint32_t fd = opened(directory, "times");
	uint64_t now;
	__wasi_filestat_t stat;
	answers("fd_filestat_set_times", "both", fd_filestat_set_times(fd, 1 * SECOND + 1, 2ull * SECOND + 2, 1 | 4), E(SUCCESS));
	stat = stat_of(fd);
	holds("fd_filestat_set_times", "to the nanosecond", stat.atim == SECOND + 1 && stat.mtim == 2ull * SECOND + 2);
	answers("fd_filestat_set_times", "accessed only", fd_filestat_set_times(fd, 3ull * SECOND, 9, 1), E(SUCCESS));
	stat = stat_of(fd);
	holds("fd_filestat_set_times", "accessed only", stat.atim == 3ull * SECOND && stat.mtim == 2ull * SECOND + 2);
	answers("fd_filestat_set_times", "modified only", fd_filestat_set_times(fd, 9, 4ull * SECOND, 4), E(SUCCESS));
	stat = stat_of(fd);
	holds("fd_filestat_set_times", "modified only", stat.atim == 3ull * SECOND && stat.mtim == 4ull * SECOND);
	answers("fd_filestat_set_times", "nothing", fd_filestat_set_times(fd, 9, 9, 0), E(SUCCESS));
	holds("fd_filestat_set_times", "nothing changes", stat_of(fd).mtim == stat.mtim);
	must(clock_time_get(__WASI_CLOCKID_REALTIME, 0, at(&now)));
	answers("fd_filestat_set_times", "now", fd_filestat_set_times(fd, 9, 9, 2 | 8), E(SUCCESS));
	stat = stat_of(fd);
	// Files of Linux take the time from a clock that goes by ticks.
	holds("fd_filestat_set_times", "now is now",
		stat.atim + SECOND > now && stat.mtim + SECOND > now && stat.mtim < now + 60ull * SECOND);
	answers("fd_filestat_set_times", "accessed and now", fd_filestat_set_times(fd, 1, 1, 1 | 2), E(INVAL));
	answers("fd_filestat_set_times", "modified and now", fd_filestat_set_times(fd, 1, 1, 4 | 8), E(INVAL));
	refuses("fd_filestat_set_times", "no such flag", fd_filestat_set_times(fd, 1, 1, 16));
	answers("fd_filestat_set_times", "closed", fd_filestat_set_times(CLOSED, 1, 1, 1), E(BADF));
	must(fd_close(fd));
	fd = with_rights(directory, "times", RIGHT(FD_READ), 0);
	answers("fd_filestat_set_times", "without the right", fd_filestat_set_times(fd, 1, 1, 1), E(NOTCAPABLE));
	must(fd_close(fd));
	answers("fd_filestat_set_times", "of a directory", fd_filestat_set_times(directory, SECOND, SECOND, 1 | 4), E(SUCCESS));
}

static void times_by_path(uint32_t directory) {
	__wasi_filestat_t stat, link, now;
	const char *f = "path_filestat_set_times";
	must(path_filestat_get(directory, 0, path("link"), at(&link)));
	answers(f, "of a file", path_filestat_set_times(directory, 0, path("file"), 5ull * SECOND + 5, 6ull * SECOND + 6, 1 | 4), E(SUCCESS));
	must(path_filestat_get(directory, 0, path("file"), at(&stat)));
	holds(f, "to the nanosecond", stat.atim == 5ull * SECOND + 5 && stat.mtim == 6ull * SECOND + 6);
	answers(f, "through a link", path_filestat_set_times(directory, 1, path("link"), 0, 7ull * SECOND, 4), E(SUCCESS));
	must(path_filestat_get(directory, 0, path("file"), at(&stat)));
	must(path_filestat_get(directory, 0, path("link"), at(&now)));
	holds(f, "through a link", stat.mtim == 7ull * SECOND && now.mtim == link.mtim);
	answers(f, "of a link", path_filestat_set_times(directory, 0, path("link"), 0, 8ull * SECOND, 4), E(SUCCESS));
	must(path_filestat_get(directory, 0, path("file"), at(&stat)));
	must(path_filestat_get(directory, 0, path("link"), at(&now)));
	holds(f, "of a link", stat.mtim == 7ull * SECOND && now.mtim == 8ull * SECOND);
	answers(f, "accessed and now", path_filestat_set_times(directory, 0, path("file"), 1, 1, 1 | 2), E(INVAL));
	answers(f, "modified and now", path_filestat_set_times(directory, 0, path("file"), 1, 1, 4 | 8), E(INVAL));
	refuses(f, "no such flag", path_filestat_set_times(directory, 0, path("file"), 1, 1, 16));
	answers(f, "missing", path_filestat_set_times(directory, 0, path("missing"), 1, 1, 1), E(NOENT));
	answers(f, "through a dangling link", path_filestat_set_times(directory, 1, path("dangling"), 1, 1, 1), E(NOENT));
	answers(f, "out of the directory", path_filestat_set_times(directory, 0, path("../x"), 1, 1, 1), E(PERM));
	answers(f, "closed", path_filestat_set_times(CLOSED, 0, path("file"), 1, 1, 1), E(BADF));
	faults(f, "path outside", path_filestat_set_times(directory, 0, OUTSIDE, 100, 1, 1, 1));
	uint32_t fd = with_rights(directory, ".", RIGHT(PATH_OPEN), 0);
	answers(f, "without the right", path_filestat_set_times(fd, 0, path("file"), 1, 1, 1), E(NOTCAPABLE));
	must(fd_close(fd));
}

int main(void) {
	uint32_t directory = scratch("filestat.cleanup");
	getting(directory);
	sizes(directory);
	times(directory);
	times_by_path(directory);
	cleaned(directory, "filestat.cleanup");
	return result();
}
