// names checks the functions that make, move and remove names:
// path_create_directory, path_link, path_readlink, path_remove_directory,
// path_rename, path_symlink and path_unlink_file.

#include "check.h"

static uint32_t directory, powerless, plain;

static __wasi_filestat_t stat_of(const char *name) {
	__wasi_filestat_t stat;
	must(path_filestat_get(directory, 0, path(name), at(&stat)));
	return stat;
}

static int32_t make(const char *name) { return path_create_directory(directory, path(name)); }
static int32_t removed(const char *name) { return path_remove_directory(directory, path(name)); }
static int32_t unlinked(const char *name) { return path_unlink_file(directory, path(name)); }
static int32_t renamed(const char *from, const char *to) { return path_rename(directory, path(from), directory, path(to)); }
static int32_t linked(const char *from, const char *to) { return path_link(directory, 0, path(from), directory, path(to)); }
static int32_t symlinked(const char *target, const char *name) { return path_symlink(path(target), directory, path(name)); }

// from_elsewhere has a function of one path begin where it cannot. name would be right.
static void from_elsewhere(const char *f, int32_t function(uint32_t, uint32_t, uint32_t), const char *name) {
	answers(f, "empty path", function(directory, path("")), E(NOENT));
	answers(f, "without the right", function(powerless, path(name)), E(NOTCAPABLE));
	answers(f, "in a file", function(plain, path("x")), E(NOTDIR));
	answers(f, "closed", function(CLOSED, path("x")), E(BADF));
	faults(f, "path outside", function(directory, OUTSIDE, 100));
}

static void making(void) {
	const char *f = "path_create_directory";
	answers(f, "new", make("d"), E(SUCCESS));
	answers(f, "with a slash", make("d/e/"), E(SUCCESS));
	holds(f, "is a directory", stat_of("d/e").filetype == __WASI_FILETYPE_DIRECTORY);
	answers(f, "exists", make("d"), E(EXIST));
	file(directory, "f", "");
	answers(f, "exists as a file", make("f"), E(EXIST));
	link_to(directory, "nowhere", "dangling");
	answers(f, "exists as a dangling link", make("dangling"), E(EXIST));
	answers(f, "itself", make("."), E(EXIST));
	answers(f, "missing folder", make("no/d"), E(NOENT));
	answers(f, "below a file", make("f/d"), E(NOTDIR));
	answers(f, "out of the directory", make("../d"), E(PERM));
	answers(f, "absolute path", make("/d"), E(PERM));
	from_elsewhere(f, path_create_directory, "x");
}

static void linking(void) {
	const char *f = "path_link";
	file(directory, "original", "text");
	must(make("folder"));
	answers(f, "a file", linked("original", "second"), E(SUCCESS));
	holds(f, "two names of one file", stat_of("original").ino == stat_of("second").ino && stat_of("second").nlink == 2);
	answers(f, "into another directory", linked("original", "folder/third"), E(SUCCESS));
	holds(f, "three names", stat_of("original").nlink == 3);
	answers(f, "exists", linked("original", "second"), E(EXIST));
	answers(f, "onto itself", linked("original", "original"), E(EXIST));
	answers(f, "exists as a directory", linked("original", "folder"), E(EXIST));
	answers(f, "exists as a dangling link", linked("original", "dangling"), E(EXIST));
	answers(f, "a directory", linked("folder", "again"), E(PERM));
	answers(f, "new name with a slash", linked("original", "again/"), E(NOENT));
	answers(f, "missing", linked("missing", "again"), E(NOENT));
	answers(f, "missing folder", linked("original", "no/again"), E(NOENT));
	answers(f, "a link itself", linked("dangling", "dangling-too"), E(SUCCESS));
	holds(f, "a link itself", stat_of("dangling-too").filetype == __WASI_FILETYPE_SYMBOLIC_LINK);
	answers(f, "through a dangling link", path_link(directory, 1, path("dangling"), directory, path("again")), E(NOENT));
	link_to(directory, "original", "to-original");
	answers(f, "through a link", path_link(directory, 1, path("to-original"), directory, path("followed")), E(SUCCESS));
	answers(f, "from outside", linked("../x", "again"), E(PERM));
	answers(f, "to outside", linked("original", "../x"), E(PERM));
	answers(f, "without the right", path_link(powerless, 0, path("original"), directory, path("again")), E(NOTCAPABLE));
	answers(f, "without the right there", path_link(directory, 0, path("original"), powerless, path("again")), E(NOTCAPABLE));
	answers(f, "closed", path_link(CLOSED, 0, path("original"), directory, path("again")), E(BADF));
	answers(f, "to closed", path_link(directory, 0, path("original"), CLOSED, path("again")), E(BADF));
	faults(f, "path outside", path_link(directory, 0, OUTSIDE, 100, directory, path("again")));
	refuses(f, "no such flag", path_link(directory, 2, path("original"), directory, path("again")));
	must(unlinked("original"));
	holds("path_unlink_file", "the others stay", stat_of("second").nlink >= 2 && stat_of("second").size == 4);
}

static void symlinking(void) {
	const char *f = "path_symlink";
	answers(f, "to nothing", symlinked("nothing", "s1"), E(SUCCESS));
	holds(f, "is a link", stat_of("s1").filetype == __WASI_FILETYPE_SYMBOLIC_LINK && stat_of("s1").size == 7);
	answers(f, "exists", symlinked("x", "s1"), E(EXIST));
	answers(f, "exists as a directory", symlinked("x", "folder"), E(EXIST));
	answers(f, "exists as a directory with a slash", symlinked("x", "folder/"), E(EXIST));
	answers(f, "exists as a file with a slash", symlinked("x", "second/"), E(NOTDIR));
	answers(f, "new name with a slash", symlinked("x", "s2/"), E(NOENT));
	answers(f, "absolute target", symlinked("/", "s3"), E(PERM));
	answers(f, "target upwards", symlinked("../..", "s4"), E(SUCCESS));
	answers(f, "empty target", symlinked("", "s5"), E(NOENT));
	answers(f, "missing folder", symlinked("x", "no/s"), E(NOENT));
	answers(f, "to outside", symlinked("x", "../s"), E(PERM));
	answers(f, "without the right", path_symlink(path("x"), powerless, path("s")), E(NOTCAPABLE));
	answers(f, "closed", path_symlink(path("x"), CLOSED, path("s")), E(BADF));
	faults(f, "target outside", path_symlink(OUTSIDE, 100, directory, path("s")));
	faults(f, "path outside", path_symlink(path("x"), directory, OUTSIDE, 100));
}

static int32_t read_link(const char *name, char *buffer, uint32_t length, uint32_t *used) {
	memset(buffer, '?', 16);
	return path_readlink(directory, path(name), at(buffer), length, at(used));
}

static void reading(void) {
	const char *f = "path_readlink";
	char buffer[16];
	uint32_t used = 99;
	answers(f, "a link", read_link("s1", buffer, sizeof buffer, &used), E(SUCCESS));
	holds(f, "no more than the target", used == 7 && memcmp(buffer, "nothing????", 11) == 0);
	answers(f, "room for the target only", read_link("s1", buffer, 7, &used), E(SUCCESS));
	answers(f, "little room", read_link("s1", buffer, 4, &used), E(SUCCESS));
	holds(f, "cut to the room", used == 4 && memcmp(buffer, "noth????", 8) == 0);
	answers(f, "no room", read_link("s1", buffer, 0, &used), E(SUCCESS));
	holds(f, "no room is filled", used == 0);
	answers(f, "a file", read_link("second", buffer, 16, &used), E(INVAL));
	answers(f, "a directory", read_link("folder", buffer, 16, &used), E(INVAL));
	answers(f, "missing", read_link("missing", buffer, 16, &used), E(NOENT));
	answers(f, "out of the directory", read_link("../x", buffer, 16, &used), E(PERM));
	answers(f, "without the right", path_readlink(powerless, path("s1"), at(buffer), 16, at(&used)), E(NOTCAPABLE));
	answers(f, "closed", path_readlink(CLOSED, path("s1"), at(buffer), 16, at(&used)), E(BADF));
	faults(f, "buffer outside", path_readlink(directory, path("s1"), OUTSIDE, 100, at(&used)));
	faults(f, "result outside", path_readlink(directory, path("s1"), at(buffer), 16, OUTSIDE));
}

static void removing(void) {
	const char *f = "path_remove_directory";
	must(make("r"));
	must(make("r/full"));
	file(directory, "r/full/file", "");
	must(make("r/empty"));
	must(make("r/slash"));
	link_to(directory, "empty", "r/link");
	answers(f, "not empty", removed("r/full"), E(NOTEMPTY));
	answers(f, "a link to a directory", removed("r/link"), E(NOTDIR));
	uint32_t fd;
	must(open_at(directory, "r/empty", 0, __WASI_OFLAGS_DIRECTORY, DIRECTORY_RIGHTS, 0, 0, &fd));
	answers(f, "empty, and open", removed("r/empty"), E(SUCCESS));
	uint32_t other;
	answers("path_open", "create in a removed directory", open_at(fd, "x", 0, __WASI_OFLAGS_CREAT, 0, 0, 0, &other), E(NOENT));
	must(fd_close(fd));
	answers(f, "with a slash", removed("r/slash/"), E(SUCCESS));
	answers(f, "missing", removed("r/empty"), E(NOENT));
	answers(f, "a file", removed("second"), E(NOTDIR));
	answers(f, "a file with a slash", removed("second/"), E(NOTDIR));
	answers(f, "itself", removed("."), E(INVAL));
	answers(f, "upwards", removed("r/full/.."), E(NOTEMPTY));
	answers(f, "out of the directory", removed(".."), E(PERM));
	from_elsewhere(f, path_remove_directory, "folder");

	f = "path_unlink_file";
	file(directory, "u", "");
	answers(f, "a file with a slash", unlinked("u/"), E(NOTDIR));
	answers(f, "a file", unlinked("u"), E(SUCCESS));
	answers(f, "missing", unlinked("u"), E(NOENT));
	link_to(directory, "second", "u");
	answers(f, "a link", unlinked("u"), E(SUCCESS));
	holds(f, "not where it leads", exists(directory, "second"));
	answers(f, "a directory", unlinked("folder"), E(ISDIR));
	answers(f, "a directory with a slash", unlinked("folder/"), E(ISDIR));
	link_to(directory, "folder", "u");
	answers(f, "a link to a directory with a slash", unlinked("u/"), E(NOTDIR));
	answers(f, "a link to a directory", unlinked("u"), E(SUCCESS));
	answers(f, "itself", unlinked("."), E(ISDIR));
	answers(f, "out of the directory", unlinked("../x"), E(PERM));
	from_elsewhere(f, path_unlink_file, "second");
}

static void renaming(void) {
	const char *f = "path_rename";
	file(directory, "a", "a");
	file(directory, "b", "bb");
	uint64_t a = stat_of("a").ino;
	answers(f, "a file", renamed("a", "a2"), E(SUCCESS));
	holds(f, "a file", !exists(directory, "a") && stat_of("a2").ino == a);
	answers(f, "over a file", renamed("a2", "b"), E(SUCCESS));
	holds(f, "over a file", !exists(directory, "a2") && stat_of("b").ino == a && stat_of("b").size == 1);
	answers(f, "onto itself", renamed("b", "b"), E(SUCCESS));
	must(linked("b", "b2"));
	answers(f, "onto another name of the file", renamed("b", "b2"), E(SUCCESS));
	holds(f, "both names stay", exists(directory, "b") && exists(directory, "b2"));
	must(make("m"));
	must(make("empty"));
	must(make("full"));
	file(directory, "full/x", "");
	answers(f, "a directory over an empty one", renamed("m", "empty"), E(SUCCESS));
	answers(f, "a directory over a full one", renamed("empty", "full"), E(NOTEMPTY));
	answers(f, "a directory over a file", renamed("empty", "b"), E(NOTDIR));
	answers(f, "a file over a directory", renamed("b", "empty"), E(ISDIR));
	answers(f, "into itself", renamed("full", "full/inside"), E(INVAL));
	must(make("full/deep"));
	answers(f, "far into itself", renamed("full", "full/deep/inside"), E(INVAL));
	answers(f, "over what it is in", renamed("full/deep", "full"), E(NOTEMPTY));
	answers(f, "a directory with a slash", renamed("empty/", "moved"), E(SUCCESS));
	answers(f, "to a new name with a slash", renamed("moved", "empty/"), E(SUCCESS));
	answers(f, "both with slashes", renamed("empty/", "moved/"), E(SUCCESS));
	answers(f, "a file with a slash", renamed("b/", "c"), E(NOTDIR));
	answers(f, "a file to a name with a slash", renamed("b", "c/"), E(NOTDIR));
	answers(f, "into another directory", renamed("b", "moved/b"), E(SUCCESS));
	link_to(directory, "nowhere", "l");
	answers(f, "a link", renamed("l", "l2"), E(SUCCESS));
	holds(f, "a link", stat_of("l2").filetype == __WASI_FILETYPE_SYMBOLIC_LINK);
	answers(f, "missing", renamed("missing", "x"), E(NOENT));
	answers(f, "missing folder", renamed("b2", "no/x"), E(NOENT));
	answers(f, "itself", renamed(".", "x"), E(BUSY));
	answers(f, "empty path", renamed("", "x"), E(NOENT));
	answers(f, "from outside", renamed("../x", "x"), E(PERM));
	answers(f, "to outside", renamed("b2", "../x"), E(PERM));
	answers(f, "without the right", path_rename(powerless, path("b2"), directory, path("x")), E(NOTCAPABLE));
	answers(f, "without the right there", path_rename(directory, path("b2"), powerless, path("x")), E(NOTCAPABLE));
	answers(f, "closed", path_rename(CLOSED, path("b2"), directory, path("x")), E(BADF));
	answers(f, "to closed", path_rename(directory, path("b2"), CLOSED, path("x")), E(BADF));
	faults(f, "path outside", path_rename(directory, OUTSIDE, 100, directory, path("x")));
	faults(f, "new path outside", path_rename(directory, path("b2"), directory, OUTSIDE, 100));

	// What is open follows the file, not the name.
	uint32_t fd = opened(directory, "open"), n;
	char text[8];
	must(renamed("open", "elsewhere"));
	must(write_to(fd, "follow", &n));
	must(fd_close(fd));
	must(open_at(directory, "elsewhere", 0, 0, RIGHT(FD_READ), 0, 0, &fd));
	must(read_from(fd, text, sizeof text, &n));
	holds(f, "an open file goes along", strcmp(text, "follow") == 0);
	must(fd_close(fd));
}

int main(void) {
	directory = scratch("names.cleanup");
	powerless = with_rights(directory, ".", RIGHT(FD_READDIR), 0);
	plain = opened(directory, "plain");
	making();
	linking();
	symlinking();
	reading();
	removing();
	renaming();
	must(fd_close(powerless));
	must(fd_close(plain));
	cleaned(directory, "names.cleanup");
	return result();
}
