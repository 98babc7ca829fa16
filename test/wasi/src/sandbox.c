// sandbox tries to leave its directory in every way there is: no path leads out,
// whatever is renamed and linked in the middle of it.

#include "check.h"

static uint32_t inner;

static void reaching(const char *situation, const char *name, int32_t want) {
	uint32_t fd;
	__wasi_filestat_t stat;
	int32_t e = open_at(inner, name, 1, 0, 0, 0, 0, &fd);
	answers("path_open", situation, e, want);
	if (e == SUCCESS) {
		must(fd_close(fd));
	}
	answers("path_filestat_get", situation, path_filestat_get(inner, 1, path(name), at(&stat)), want);
}

int main(void) {
	uint32_t outer = scratch("sandbox.cleanup");
	file(outer, "secret", "out of reach");
	must(path_create_directory(outer, path("inner")));
	must(path_create_directory(outer, path("inner/a")));
	must(path_create_directory(outer, path("inner/a/b")));
	file(outer, "inner/file", "");
	must(open_at(outer, "inner", 0, __WASI_OFLAGS_DIRECTORY, DIRECTORY_RIGHTS, DIRECTORY_RIGHTS | FILE_RIGHTS, 0, &inner));
	reaching("upwards", "../secret", E(PERM));
	reaching("down and further upwards", "a/b/../../../secret", E(PERM));
	reaching("down and upwards", "a/b/../../file", E(SUCCESS));
	reaching("absolute", "/secret", E(PERM));
	reaching("upwards and back", "../inner/file", E(PERM));
	must(path_symlink(path("../secret"), outer, path("inner/leak")));
	must(path_symlink(path(".."), outer, path("inner/a/up")));
	must(path_symlink(path("a/up"), outer, path("inner/top")));
	reaching("link upwards", "leak", E(PERM));
	reaching("link to the top", "a/up/file", E(SUCCESS));
	reaching("link to the top and further", "a/up/../secret", E(PERM));
	reaching("link of a link and further", "top/../secret", E(PERM));

	// A directory that is moved away while it is open must not become a way out.
	uint32_t b, fd;
	must(open_at(inner, "a/b", 0, __WASI_OFLAGS_DIRECTORY, DIRECTORY_RIGHTS, DIRECTORY_RIGHTS | FILE_RIGHTS, 0, &b));
	must(path_rename(inner, path("a/b"), outer, path("b")));
	answers("path_open", "upwards from a moved directory", open_at(b, "../secret", 0, 0, 0, 0, 0, &fd), E(PERM));
	answers("path_rename", "out of a directory", path_rename(inner, path("file"), inner, path("../file")), E(PERM));
	answers("path_link", "out of a directory", path_link(inner, 0, path("../secret"), inner, path("got")), E(PERM));
	answers("path_unlink_file", "out through a link", path_unlink_file(inner, path("top/../secret")), E(PERM));
	answers("path_create_directory", "out through a link", path_create_directory(inner, path("top/../new")), E(PERM));
	holds("path_create_directory", "nothing is made outside", !exists(outer, "new"));
	must(fd_close(b));
	must(fd_close(inner));
	cleaned(outer, "sandbox.cleanup");
	return result();
}
