// open checks path_open with all of its flags.

#include "check.h"

enum { CREAT = __WASI_OFLAGS_CREAT, EXCL = __WASI_OFLAGS_EXCL, TRUNC = __WASI_OFLAGS_TRUNC, DIRECTORY = __WASI_OFLAGS_DIRECTORY };
enum { FOLLOW = __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW };

static uint32_t directory;

// opening checks one call and closes what it opened.
static void opening(const char *situation, const char *name, uint32_t lookup, uint32_t flags, uint64_t base, int32_t want) {
	uint32_t fd = CLOSED;
	int32_t got = open_at(directory, name, lookup, flags, base, 0, 0, &fd);
	answers("path_open", situation, got, want);
	if (got == SUCCESS) {
		must(fd_close(fd));
	}
}

static void files(void) {
	__wasi_filestat_t stat;
	uint64_t read_write = RIGHT(FD_READ) | RIGHT(FD_WRITE);
	opening("missing", "file", 0, 0, RIGHT(FD_READ), E(NOENT));
	opening("missing folder", "no/file", 0, CREAT, 0, E(NOENT));
	opening("create", "file", 0, CREAT, 0, E(SUCCESS));
	opening("create what is there", "file", 0, CREAT, 0, E(SUCCESS));
	opening("create exclusively", "file", 0, CREAT | EXCL, 0, E(EXIST));
	opening("create exclusively what is new", "file2", 0, CREAT | EXCL, read_write, E(SUCCESS));
	opening("no rights at all", "file", 0, 0, 0, E(SUCCESS));
	opening("a file as directory", "file", 0, DIRECTORY, 0, E(NOTDIR));
	opening("a file with a slash", "file/", 0, 0, 0, E(NOTDIR));
	opening("a file with slashes", "file///", 0, 0, 0, E(NOTDIR));
	opening("below a file", "file/x", 0, 0, 0, E(NOTDIR));
	opening("create with a slash", "new/", 0, CREAT, 0, E(ISDIR));
	opening("create a directory", "new", 0, CREAT | DIRECTORY, 0, E(INVAL));
	file(directory, "full", "something");
	opening("truncate", "full", 0, TRUNC, RIGHT(FD_WRITE), E(SUCCESS));
	must(path_filestat_get(directory, 0, path("full"), at(&stat)));
	holds("path_open", "truncate cuts", stat.size == 0);
	file(directory, "full", "something");
	opening("truncate without writing", "full", 0, TRUNC, 0, E(SUCCESS));
	must(path_filestat_get(directory, 0, path("full"), at(&stat)));
	holds("path_open", "truncate without writing cuts", stat.size == 0);
	opening("name of 255 bytes", // the longest
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		0, CREAT, 0, E(SUCCESS));
	opening("name of 256 bytes",
		"baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		0, CREAT, 0, E(NAMETOOLONG));
}

static void directories(void) {
	must(path_create_directory(directory, path("folder")));
	must(path_create_directory(directory, path("folder/nested")));
	file(directory, "folder/nested/file", "");
	opening("a directory", "folder", 0, DIRECTORY, 0, E(SUCCESS));
	opening("a directory without the flag", "folder", 0, 0, 0, E(SUCCESS));
	opening("a directory with a slash", "folder/", 0, 0, 0, E(SUCCESS));
	opening("a directory with slashes", "folder///", 0, 0, 0, E(SUCCESS));
	opening("a directory to read", "folder", 0, DIRECTORY, RIGHT(FD_READ), E(SUCCESS));
	opening("a directory to write", "folder", 0, DIRECTORY, RIGHT(FD_READ) | RIGHT(FD_WRITE), E(ISDIR));
	opening("truncate a directory", "folder", 0, TRUNC, RIGHT(FD_WRITE), E(ISDIR));
	opening("create over a directory", "folder", 0, CREAT, RIGHT(FD_WRITE), E(ISDIR));
	opening("itself", ".", 0, DIRECTORY, 0, E(SUCCESS));
	opening("a winding path", "folder/.//nested/../../folder/nested/../nested///./file", 0, 0, 0, E(SUCCESS));
	uint32_t fd;
	answers("path_open", "a directory with nonblock", open_at(directory, "folder", 0, 0, 0, 0, __WASI_FDFLAGS_NONBLOCK, &fd), E(SUCCESS));
	must(fd_close(fd));
	fd = opened(directory, "file");
	uint32_t other;
	answers("path_open", "in a file", open_at(fd, "x", 0, CREAT, 0, 0, 0, &other), E(NOTDIR));
	must(fd_close(fd));
}

static void links(void) {
	link_to(directory, "file", "to-file");
	link_to(directory, "folder", "to-folder");
	link_to(directory, "missing", "dangling");
	link_to(directory, "loop", "loop");
	link_to(directory, "pong", "ping");
	link_to(directory, "ping", "pong");
	opening("a link to a file", "to-file", 0, 0, 0, E(LOOP));
	opening("a link to a file as directory", "to-file", 0, DIRECTORY, 0, E(LOOP));
	opening("a link to a directory", "to-folder", 0, 0, 0, E(LOOP));
	opening("a link to a directory as directory", "to-folder", 0, DIRECTORY, 0, E(LOOP));
	opening("a link to a directory with a slash", "to-folder/", 0, DIRECTORY, 0, E(SUCCESS));
	opening("through a link to a file", "to-file", FOLLOW, 0, 0, E(SUCCESS));
	opening("through a link to a file as directory", "to-file", FOLLOW, DIRECTORY, 0, E(NOTDIR));
	opening("through a link to a directory", "to-folder", FOLLOW, DIRECTORY, 0, E(SUCCESS));
	opening("a link in the middle", "to-folder/nested/file", 0, 0, 0, E(SUCCESS));
	opening("a dangling link", "dangling", 0, 0, 0, E(LOOP));
	opening("a dangling link as directory", "dangling", 0, DIRECTORY, 0, E(LOOP));
	opening("through a dangling link", "dangling", FOLLOW, 0, 0, E(NOENT));
	opening("create exclusively over a link", "dangling", FOLLOW, CREAT | EXCL, 0, E(EXIST));
	opening("create through a link", "dangling", FOLLOW, CREAT, 0, E(SUCCESS));
	holds("path_open", "create through a link", exists(directory, "missing"));
	opening("a link to itself", "loop", FOLLOW, 0, 0, E(LOOP));
	opening("links to each other", "ping", FOLLOW, 0, 0, E(LOOP));
	opening("links to each other in the middle", "ping/x", 0, 0, 0, E(LOOP));
}

static void failing(void) {
	uint32_t fd;
	opening("empty path", "", 0, 0, 0, E(NOENT));
	opening("absolute path", "/file", 0, 0, 0, E(PERM));
	opening("out of the directory", "..", 0, DIRECTORY, 0, E(PERM));
	opening("out of the directory and back", "../open.cleanup/file", 0, 0, 0, E(PERM));
	opening("out of the directory through another", "folder/../../x", 0, 0, 0, E(PERM));
	answers("path_open", "zero byte at the end", path_open(directory, 0, at("file"), 5, 0, 0, 0, 0, at(&fd)), E(INVAL));
	answers("path_open", "zero byte inside", path_open(directory, 0, at("fi\0le"), 5, 0, 0, 0, 0, at(&fd)), E(INVAL));
	answers("path_open", "no UTF-8", path_open(directory, 0, path("fi\xffle"), CREAT, 0, 0, 0, at(&fd)), E(ILSEQ));
	answers("path_open", "closed", open_at(CLOSED, "file", 0, 0, 0, 0, 0, &fd), E(BADF));
	answers("path_open", "in a stream", open_at(1, "file", 0, 0, 0, 0, 0, &fd), E(NOTDIR));
	faults("path_open", "path outside", path_open(directory, 0, OUTSIDE, 100, 0, 0, 0, 0, at(&fd)));
	faults("path_open", "result outside", path_open(directory, 0, path("file"), 0, 0, 0, 0, OUTSIDE));
	refuses("path_open", "no such lookup flag", open_at(directory, "file", 2, 0, 0, 0, 0, &fd));
	refuses("path_open", "no such open flag", open_at(directory, "file", 0, 1 << 4, 0, 0, 0, &fd));
	refuses("path_open", "no such descriptor flag", open_at(directory, "file", 0, 0, 0, 0, 1 << 5, &fd));
	uint32_t none = with_rights(directory, ".", RIGHT(FD_READDIR), 0);
	answers("path_open", "without the right", open_at(none, "file", 0, 0, 0, 0, 0, &fd), E(NOTCAPABLE));
	must(fd_close(none));
}

int main(void) {
	directory = scratch("open.cleanup");
	files();
	directories();
	links();
	failing();
	cleaned(directory, "open.cleanup");
	return result();
}
