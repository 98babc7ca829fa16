// fdstat checks fd_fdstat_get, fd_fdstat_set_flags and fd_fdstat_set_rights.

#include "check.h"

static __wasi_fdstat_t stat_of(uint32_t fd) {
	__wasi_fdstat_t stat;
	must(fd_fdstat_get(fd, at(&stat)));
	return stat;
}

// A file has the rights that were asked for, whatever else the directories on the way hand on.
static void through_directories(uint32_t directory) {
	const __wasi_rights_t asked = RIGHT(FD_READ) | RIGHT(FD_FILESTAT_GET) | RIGHT(PATH_OPEN);
	uint32_t narrow, first, second;
	must(open_at(directory, ".", 0, __WASI_OFLAGS_DIRECTORY, DIRECTORY_RIGHTS, asked, 0, &narrow));
	must(open_at(directory, "file", 0, 0, asked, asked, 0, &first));
	must(open_at(narrow, "file", 0, 0, asked, asked, 0, &second));
	__wasi_fdstat_t a = stat_of(first), b = stat_of(second);
	holds("fd_fdstat_get", "no right that was not asked for", (a.fs_rights_base & ~asked) == 0);
	holds("fd_fdstat_get", "the same through two directories",
		a.fs_rights_base == b.fs_rights_base && a.fs_rights_inheriting == b.fs_rights_inheriting);
	must(fd_close(first));
	must(fd_close(second));
	must(fd_close(narrow));
}

static void getting(uint32_t directory) {
	__wasi_fdstat_t stat;
	answers("fd_fdstat_get", "of a directory", fd_fdstat_get(directory, at(&stat)), E(SUCCESS));
	holds("fd_fdstat_get", "type of a directory", stat.fs_filetype == __WASI_FILETYPE_DIRECTORY);
	holds("fd_fdstat_get", "a directory has no flags", stat.fs_flags == 0);
	holds("fd_fdstat_get", "rights of a directory", (stat.fs_rights_base & DIRECTORY_RIGHTS) == DIRECTORY_RIGHTS);
	holds("fd_fdstat_get", "a directory cannot seek", (stat.fs_rights_base & RIGHT(FD_SEEK)) == 0);
	holds("fd_fdstat_get", "a directory has no size", (stat.fs_rights_base & RIGHT(FD_FILESTAT_SET_SIZE)) == 0);
	stat = stat_of(ROOT);
	holds("fd_fdstat_get", "rights of a preopened one", (stat.fs_rights_base & DIRECTORY_RIGHTS) == DIRECTORY_RIGHTS);
	holds("fd_fdstat_get", "what it hands on",
		(stat.fs_rights_inheriting & (DIRECTORY_RIGHTS | FILE_RIGHTS)) == (DIRECTORY_RIGHTS | FILE_RIGHTS));
	uint32_t fd = opened(directory, "file");
	answers("fd_fdstat_get", "of a file", fd_fdstat_get(fd, at(&stat)), E(SUCCESS));
	holds("fd_fdstat_get", "type of a file", stat.fs_filetype == __WASI_FILETYPE_REGULAR_FILE);
	must(fd_close(fd));
	must(open_at(directory, "file", 0, 0, RIGHT(FD_READ), 0, 0, &fd));
	stat = stat_of(fd);
	holds("fd_fdstat_get", "only what was asked for", (stat.fs_rights_base & (RIGHT(FD_READ) | RIGHT(FD_WRITE))) == RIGHT(FD_READ));
	must(fd_close(fd));
	through_directories(directory);
	answers("fd_fdstat_get", "of standard input", fd_fdstat_get(0, at(&stat)), E(SUCCESS));
	answers("fd_fdstat_get", "of standard output", fd_fdstat_get(1, at(&stat)), E(SUCCESS));
	answers("fd_fdstat_get", "of standard error", fd_fdstat_get(2, at(&stat)), E(SUCCESS));
	answers("fd_fdstat_get", "closed", fd_fdstat_get(CLOSED, at(&stat)), E(BADF));
	faults("fd_fdstat_get", "result outside", fd_fdstat_get(directory, OUTSIDE));
}

static void flags(uint32_t directory) {
	file(directory, "flags", "0123456789");
	uint32_t fd, n;
	must(open_at(directory, "flags", 0, 0, FILE_RIGHTS, 0, __WASI_FDFLAGS_APPEND, &fd));
	holds("path_open", "shows append", stat_of(fd).fs_flags == __WASI_FDFLAGS_APPEND);
	answers("fd_fdstat_set_flags", "none", fd_fdstat_set_flags(fd, 0), E(SUCCESS));
	holds("fd_fdstat_set_flags", "none are left", stat_of(fd).fs_flags == 0);
	__wasi_filesize_t position;
	must(fd_seek(fd, 0, __WASI_WHENCE_SET, at(&position)));
	must(write_to(fd, "ab", &n));
	answers("fd_fdstat_set_flags", "append", fd_fdstat_set_flags(fd, __WASI_FDFLAGS_APPEND), E(SUCCESS));
	holds("fd_fdstat_set_flags", "append is shown", stat_of(fd).fs_flags == __WASI_FDFLAGS_APPEND);
	must(fd_seek(fd, 0, __WASI_WHENCE_SET, at(&position)));
	must(write_to(fd, "cd", &n));
	must(fd_tell(fd, at(&position)));
	holds("fd_write", "append moves to the end", position == 12);
	char text[20];
	must(fd_seek(fd, 0, __WASI_WHENCE_SET, at(&position)));
	must(read_from(fd, text, sizeof text, &n));
	holds("fd_write", "append writes at the end", strcmp(text, "ab23456789cd") == 0);
	answers("fd_fdstat_set_flags", "nonblock", fd_fdstat_set_flags(fd, __WASI_FDFLAGS_NONBLOCK), E(SUCCESS));
	refuses("fd_fdstat_set_flags", "no such flag", fd_fdstat_set_flags(fd, 1 << 5));
	answers("fd_fdstat_set_flags", "closed", fd_fdstat_set_flags(CLOSED, 0), E(BADF));
	must(fd_close(fd));
	fd = with_rights(directory, "flags", RIGHT(FD_READ), 0);
	answers("fd_fdstat_set_flags", "without the right", fd_fdstat_set_flags(fd, __WASI_FDFLAGS_APPEND), E(NOTCAPABLE));
	must(fd_close(fd));
	for (uint32_t flag = __WASI_FDFLAGS_DSYNC; flag <= __WASI_FDFLAGS_SYNC; flag <<= 1) {
		if (flag == __WASI_FDFLAGS_NONBLOCK) {
			continue;
		}
		const char *name = flag == __WASI_FDFLAGS_DSYNC ? "with dsync" : flag == __WASI_FDFLAGS_RSYNC ? "with rsync" : "with sync";
		answers("path_open", name, open_at(directory, "flags", 0, 0, FILE_RIGHTS, 0, flag, &fd), E(SUCCESS));
		holds("fd_fdstat_get", name, (stat_of(fd).fs_flags & flag) == flag);
		answers("fd_write", name, write_to(fd, "x", &n), E(SUCCESS));
		must(fd_close(fd));
	}
}

static void rights(uint32_t directory) {
	uint32_t fd = opened(directory, "rights"), n;
	char text[4];
	__wasi_fdstat_t all = stat_of(fd);
	answers("fd_fdstat_set_rights", "the same", fd_fdstat_set_rights(fd, all.fs_rights_base, all.fs_rights_inheriting), E(SUCCESS));
	uint64_t less = FILE_RIGHTS & ~(RIGHT(FD_READ) | RIGHT(FD_WRITE));
	answers("fd_fdstat_set_rights", "less", fd_fdstat_set_rights(fd, less, 0), E(SUCCESS));
	holds("fd_fdstat_set_rights", "less is shown", stat_of(fd).fs_rights_base == less);
	answers("fd_fdstat_set_rights", "more", fd_fdstat_set_rights(fd, FILE_RIGHTS, 0), E(NOTCAPABLE));
	answers("fd_fdstat_set_rights", "more to hand on", fd_fdstat_set_rights(fd, less, RIGHT(PATH_OPEN)), E(NOTCAPABLE));
	holds("fd_fdstat_set_rights", "more changes nothing", stat_of(fd).fs_rights_base == less);
	answers("fd_read", "right given up", read_from(fd, text, 4, &n), E(BADF));
	answers("fd_write", "right given up", write_to(fd, "x", &n), E(BADF));
	answers("fd_fdstat_set_rights", "closed", fd_fdstat_set_rights(CLOSED, 0, 0), E(BADF));
	must(fd_close(fd));

	// What a directory hands on bounds what is opened through it.
	fd = with_rights(directory, ".", RIGHT(PATH_OPEN), RIGHT(FD_READ));
	answers("path_open", "more than is handed on", open_at(fd, "rights", 0, 0, RIGHT(FD_READ) | RIGHT(FD_WRITE), 0, 0, &n), E(NOTCAPABLE));
	must(open_at(fd, ".", 0, 0, 0, RIGHT(FD_WRITE), 0, &n));
	holds("path_open", "hands on no more", stat_of(n).fs_rights_inheriting == 0);
	must(fd_close(n));
	answers("path_open", "what is handed on", open_at(fd, "rights", 0, 0, RIGHT(FD_READ), 0, 0, &n), E(SUCCESS));
	must(fd_close(n));
	answers("path_open", "create without the right", open_at(fd, "new", 0, __WASI_OFLAGS_CREAT, 0, 0, 0, &n), E(NOTCAPABLE));
	answers("path_open", "truncate without the right", open_at(fd, "rights", 0, __WASI_OFLAGS_TRUNC, 0, 0, 0, &n), E(NOTCAPABLE));
	must(fd_close(fd));
}

int main(void) {
	uint32_t directory = scratch("fdstat.cleanup");
	getting(directory);
	flags(directory);
	rights(directory);
	cleaned(directory, "fdstat.cleanup");
	return result();
}
