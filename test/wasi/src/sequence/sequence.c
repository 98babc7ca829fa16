// Makes random sequences of calls about files and prints one a line:
//
//	SEED CALL FUNCTION ARGUMENTS: ERRNO RESULTS
//
// Arguments: the first seed, the number of seeds, the calls of each. Every seed has
// a directory of its own, which it makes in the preopened one. What is called
// depends on the seed and on earlier answers only, so that two runtimes print the
// same until one answers otherwise. Not printed is what no two have to agree about:
// inode numbers, devices, times that are now, sizes and links of directories, the
// order of names.

#include "../check.h"

enum {
	BASE = 4, // the directory of the seed
	MOST_OPEN = 12, // descriptors at a time, besides the first five
	NAME_BYTES = 600,
	DATA_BYTES = 8192,
	MADE_NAMES = 8,
	LISTED_NAMES = 200,
	LISTED_BYTES = 300,
};

// random is splitmix64: small, and good enough for tests.
static uint64_t state;

static uint64_t random_bits(void) {
	uint64_t z = (state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint32_t below(uint32_t n) { return (uint32_t)(random_bits() % n); }
static bool once_in(uint32_t n) { return below(n) == 0; }

// open_fd is what the program knows of its descriptors.
static struct {
	uint32_t fd;
	bool directory, appends;
} open_fds[MOST_OPEN + 1];
static uint32_t open_count;

static void forget(uint32_t fd) {
	for (uint32_t i = 0; i < open_count; i++) {
		if (open_fds[i].fd == fd) {
			open_fds[i--] = open_fds[--open_count];
		}
	}
}

// pick is a descriptor of one kind, or sometimes any number.
static uint32_t pick(bool directory) {
	uint32_t start = below(MOST_OPEN), wrong = below(40), any = BASE + 1 + below(MOST_OPEN);
	if (wrong == 0) {
		return any;
	}
	for (uint32_t i = 0; i < open_count; i++) {
		uint32_t k = (start + i) % open_count;
		if (open_fds[k].directory == directory) {
			return open_fds[k].fd;
		}
	}
	return directory ? BASE : any;
}

static bool appends(uint32_t fd) {
	for (uint32_t i = 0; i < open_count; i++) {
		if (open_fds[i].fd == fd) {
			return open_fds[i].appends;
		}
	}
	return false;
}

static uint32_t pick_file(void) { return pick(false); }

// pick_directory is mostly the one that every seed has.
static uint32_t pick_directory(void) {
	bool other = once_in(4), file = once_in(60);
	uint32_t chosen = pick(!file);
	return other ? chosen : BASE;
}

// pick_besides is any but the directory of the seed.
static uint32_t pick_besides(bool directory) {
	uint32_t chosen = pick(directory);
	return chosen == BASE ? BASE + 1 : chosen;
}

static const char *const components[] = {"a", "b", "c", "d", "a", "b", "\xc3\xa4"};

static void add(char *name, const char *text) { strncat(name, text, NAME_BYTES - 1 - strlen(name)); }

static void add_long(char *name, uint32_t length) {
	for (uint32_t i = 0; i < length; i++) {
		add(name, "n");
	}
}

// only_asks says that a call changes nothing. Only then a path has .. or . behind a
// name: wazero takes a/.. for the directory of a, whatever a is, and what it made
// there would not be seen at once.
static bool only_asks;

// made are the last names in the directory of the seed that something was made by, so
// that calls find something.
static char made[MADE_NAMES][NAME_BYTES];
static uint32_t made_count;

static void remember(uint32_t directory, const char *name, int32_t e) {
	if (e == SUCCESS && directory == BASE) {
		strcpy(made[made_count++ % MADE_NAMES], name);
	}
}

// make_name is a path of one to three names, with everything that paths can have
// now and then.
static void make_name(char *name) {
	static const uint32_t depths[] = {1, 1, 1, 2, 2, 3};
	name[0] = 0;
	uint32_t kind = below(100), depth = depths[below(6)], last = below(MADE_NAMES);
	if (!once_in(3) && last < made_count) {
		strcpy(name, made[last]);
		return;
	}
	if (kind == 0) {
		add(name, "../");
	}
	if (kind == 1) {
		add(name, "/");
	}
	if (kind == 2 && once_in(8)) {
		return; // empty
	}
	if (kind == 3 && once_in(3)) {
		add(name, ".");
		return;
	}
	for (uint32_t i = 0; i < depth; i++) {
		uint32_t special = below(250);
		const char *component = components[below(sizeof components / sizeof *components)];
		add(name, i ? "/" : "");
		if (special == 0) {
			add_long(name, 255);
		} else if (special == 1) {
			add_long(name, 256);
		} else if (special < 6 && only_asks) {
			add(name, special < 4 ? "." : "..");
		} else {
			add(name, component);
		}
	}
	if (once_in(20)) {
		add(name, "/");
	}
}

// make_new_name is a path by which there may be nothing yet.
static void make_new_name(char *name) {
	uint32_t count = made_count;
	made_count = 0;
	make_name(name);
	made_count = count;
}

// make_target is where a link leads: often inside, sometimes up or around.
static void make_target(char *name) {
	static const char *const targets[] = {"../a", "../b/c", ".", "a/", "./d", "..", "/a", "a/../b", "../../a"};
	bool usual = !once_in(3), up = once_in(10);
	const char *target = targets[up ? below(sizeof targets / sizeof *targets) : below(3)];
	make_name(name);
	if (!usual) {
		name[0] = 0;
		add(name, target);
	}
}

// shown prints a name, shorter if it has long ones.
static void shown(const char *name) {
	printf(" \"");
	for (; *name; name++) {
		size_t run = strspn(name, "n");
		if (run > 1) {
			printf("n*%zu", run);
			name += run - 1;
		} else {
			putchar(*name);
		}
	}
	printf("\"");
}

static uint32_t hash(const uint8_t *data, uint32_t length) {
	uint32_t h = 2166136261u;
	for (uint32_t i = 0; i < length; i++) {
		h = (h ^ data[i]) * 16777619u;
	}
	return h;
}

static void said(int32_t e) { printf(": %s", errno_name(e)); }

// Times of the tests are long ago; others are those of the clock.
#define LONG_AGO 1000000000000000u

static void shown_time(const char *name, uint64_t time) {
	if (time < LONG_AGO) {
		printf(" %s %llu", name, (unsigned long long)time);
	} else {
		printf(" %s now", name);
	}
}

static void shown_stat(const __wasi_filestat_t *stat) {
	printf(" type %u", stat->filetype);
	if (stat->filetype != __WASI_FILETYPE_DIRECTORY) {
		printf(" links %llu size %llu", (unsigned long long)stat->nlink, (unsigned long long)stat->size);
	}
	shown_time("mtim", stat->mtim);
}

static char name[NAME_BYTES], other[NAME_BYTES];
static uint8_t data[DATA_BYTES];
static uint32_t result_word;
static uint64_t result_long;

static const uint64_t accesses[] = {
	RIGHT(FD_READ), RIGHT(FD_READ) | RIGHT(FD_WRITE), RIGHT(FD_READ) | RIGHT(FD_WRITE), RIGHT(FD_WRITE),
};

static void call_close(uint32_t fd) {
	printf("fd_close %u", fd);
	int32_t e = fd_close(fd);
	forget(fd);
	said(e);
}

// call_open also asks for type and flags of what it got.
static void call_open(void) {
	if (open_count == MOST_OPEN) {
		call_close(open_fds[below(open_count)].fd);
		return;
	}
	uint32_t directory = pick_directory(), lookup = !once_in(3), oflags = 0, fdflags = 0;
	bool as_directory = once_in(3);
	make_name(name);
	uint64_t access = accesses[below(4)] & (once_in(80) ? 0 : UINT64_MAX);
	uint32_t wanted = below(16), flagged = below(40);
	if (as_directory) {
		access = RIGHT(FD_READ) | RIGHT(FD_WRITE) * once_in(40);
		oflags = __WASI_OFLAGS_DIRECTORY | (wanted == 0 ? __WASI_OFLAGS_CREAT : 0) | (wanted == 1 ? __WASI_OFLAGS_TRUNC : 0) |
			(wanted == 2 ? __WASI_OFLAGS_EXCL : 0);
	} else {
		oflags |= wanted & 1 ? __WASI_OFLAGS_CREAT : 0;
		oflags |= (wanted & 6) == 6 ? __WASI_OFLAGS_EXCL : 0;
		oflags |= (wanted & 12) == 8 ? __WASI_OFLAGS_TRUNC : 0;
		fdflags |= flagged < 8 ? __WASI_FDFLAGS_APPEND : 0;
		fdflags |= flagged == 8 ? __WASI_FDFLAGS_SYNC : 0;
		fdflags |= flagged == 9 ? __WASI_FDFLAGS_DSYNC : 0;
		fdflags |= flagged == 10 ? __WASI_FDFLAGS_NONBLOCK : 0;
	}
	uint64_t more = as_directory ? DIRECTORY_RIGHTS | RIGHT(PATH_FILESTAT_SET_SIZE) : FILE_RIGHTS & ~(RIGHT(FD_READ) | RIGHT(FD_WRITE));
	printf("path_open %u%s", directory, lookup ? " follow" : " nofollow");
	shown(name);
	printf("%s%s%s%s", oflags & __WASI_OFLAGS_CREAT ? " creat" : "", oflags & __WASI_OFLAGS_DIRECTORY ? " directory" : "",
		oflags & __WASI_OFLAGS_EXCL ? " excl" : "", oflags & __WASI_OFLAGS_TRUNC ? " trunc" : "");
	printf("%s%s%s", access ? " " : " none", access & RIGHT(FD_READ) ? "r" : "", access & RIGHT(FD_WRITE) ? "w" : "");
	printf("%s%s%s%s", fdflags & __WASI_FDFLAGS_APPEND ? " append" : "", fdflags & __WASI_FDFLAGS_SYNC ? " sync" : "",
		fdflags & __WASI_FDFLAGS_DSYNC ? " dsync" : "", fdflags & __WASI_FDFLAGS_NONBLOCK ? " nonblock" : "");
	uint32_t fd;
	int32_t e = open_at(directory, name, lookup, oflags, access | more, DIRECTORY_RIGHTS | FILE_RIGHTS | RIGHT(PATH_FILESTAT_SET_SIZE), fdflags, &fd);
	said(e);
	remember(oflags & __WASI_OFLAGS_CREAT ? directory : CLOSED, name, e);
	if (e != SUCCESS) {
		return;
	}
	__wasi_fdstat_t stat;
	memset(&stat, 0, sizeof stat);
	fd_fdstat_get(fd, at(&stat));
	printf(" %u type %u%s", fd, stat.fs_filetype, stat.fs_flags & __WASI_FDFLAGS_APPEND ? " append" : "");
	open_fds[open_count].fd = fd;
	open_fds[open_count].appends = stat.fs_flags & __WASI_FDFLAGS_APPEND;
	open_fds[open_count++].directory = stat.fs_filetype == __WASI_FILETYPE_DIRECTORY;
}

// vectors cuts data into up to three parts, of which one may be empty.
static uint32_t vectors(__wasi_iovec_t *list, uint32_t length) {
	uint32_t count = 1 + below(3), from = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t part = i + 1 == count ? length - from : below(length - from + 1);
		list[i] = (__wasi_iovec_t){data + from, part};
		from += part;
	}
	return count;
}

static uint64_t offset(void) {
	uint64_t near = below(6000);
	return once_in(50) ? near + (1ull << 33) : near;
}

static void call_read_or_write(bool writes, bool positioned) {
	static const uint32_t most[] = {1, 100, 300, DATA_BYTES};
	uint32_t fd = pick_file(), length = below(most[below(4)]);
	uint64_t position = offset();
	bool rarely = once_in(30);
	positioned = positioned && (rarely || !writes || !appends(fd)); // where the two are known to differ
	__wasi_iovec_t list[3];
	uint32_t count = vectors(list, length);
	result_word = 0;
	for (uint32_t i = 0; i < DATA_BYTES; i++) {
		data[i] = writes ? (uint8_t)(random_bits() >> 56) : 0;
	}
	printf("fd_%s%s %u %u bytes %u parts", positioned ? "p" : "", writes ? "write" : "read", fd, length, count);
	int32_t e;
	if (positioned) {
		printf(" at %llu", (unsigned long long)position);
		e = writes ? fd_pwrite(fd, at(list), count, position, at(&result_word)) : fd_pread(fd, at(list), count, position, at(&result_word));
	} else {
		e = writes ? fd_write(fd, at(list), count, at(&result_word)) : fd_read(fd, at(list), count, at(&result_word));
	}
	said(e);
	if (e == SUCCESS) {
		printf(" %u %08x", result_word, hash(data, length));
	}
}

static void call_seek(void) {
	uint32_t fd = once_in(20) ? pick_directory() : pick_file(), whence = once_in(40) ? 3 : below(3);
	int64_t by = (int64_t)below(8500) - 500;
	printf("fd_seek %u %lld %u", fd, (long long)by, whence);
	int32_t e = fd_seek(fd, by, whence, at(&result_long));
	said(e);
	if (e == SUCCESS) {
		printf(" %llu", (unsigned long long)result_long);
	}
}

static void call_tell(void) {
	uint32_t fd = once_in(20) ? pick_directory() : pick_file();
	printf("fd_tell %u", fd);
	int32_t e = fd_tell(fd, at(&result_long));
	said(e);
	if (e == SUCCESS) {
		printf(" %llu", (unsigned long long)result_long);
	}
}

// call_sizes changes how long a file is.
static void call_sizes(bool allocates) {
	uint32_t fd = once_in(30) ? pick_directory() : pick_file();
	uint64_t from = below(10000), size = once_in(30) ? (uint64_t)below(3) << 33 : below(12000);
	int32_t e;
	if (allocates) {
		size = below(10000);
		printf("fd_allocate %u %llu %llu", fd, (unsigned long long)from, (unsigned long long)size);
		e = fd_allocate(fd, from, size);
	} else {
		printf("fd_filestat_set_size %u %llu", fd, (unsigned long long)size);
		e = fd_filestat_set_size(fd, size);
	}
	said(e);
}

static void call_fd_stat(void) {
	uint32_t fd = once_in(4) ? pick_directory() : pick_file();
	__wasi_filestat_t stat;
	printf("fd_filestat_get %u", fd);
	int32_t e = fd_filestat_get(fd, at(&stat));
	said(e);
	if (e == SUCCESS) {
		shown_stat(&stat);
	}
}

static void call_path_stat(void) {
	uint32_t directory = pick_directory(), lookup = below(2);
	only_asks = true;
	make_name(name);
	__wasi_filestat_t stat;
	printf("path_filestat_get %u%s", directory, lookup ? " follow" : " nofollow");
	shown(name);
	int32_t e = path_filestat_get(directory, lookup, path(name), at(&stat));
	said(e);
	if (e == SUCCESS) {
		shown_stat(&stat);
	}
}

// call_same asks whether two names are one file: of inode numbers nothing else is
// the same everywhere.
static void call_same(void) {
	__wasi_filestat_t one, two;
	only_asks = true;
	make_name(name);
	make_name(other);
	printf("path_same");
	shown(name);
	shown(other);
	int32_t first = path_filestat_get(BASE, 1, path(name), at(&one)), second = path_filestat_get(BASE, 1, path(other), at(&two));
	said(first);
	printf(" %s", errno_name(second));
	if (first == SUCCESS && second == SUCCESS) {
		printf(" %s", one.ino == two.ino && one.dev == two.dev ? "one" : "two");
	}
}

// call_times sets times and asks for those that were set.
static void call_times(bool by_path) {
	uint32_t directory = pick_directory(), fd = once_in(6) ? directory : pick_file(), lookup = !once_in(25), flags = below(16);
	uint64_t accessed = random_bits() % LONG_AGO, modified = random_bits() % LONG_AGO;
	make_name(name);
	__wasi_filestat_t stat;
	int32_t e;
	if (by_path) {
		printf("path_filestat_set_times %u%s", directory, lookup ? " follow" : " nofollow");
		shown(name);
		e = path_filestat_set_times(directory, lookup, path(name), accessed, modified, flags);
	} else {
		printf("fd_filestat_set_times %u", fd);
		e = fd_filestat_set_times(fd, accessed, modified, flags);
	}
	printf(" %llu %llu %u", (unsigned long long)accessed, (unsigned long long)modified, flags);
	said(e);
	if (e != SUCCESS) {
		return;
	}
	e = by_path ? path_filestat_get(directory, lookup, path(name), at(&stat)) : fd_filestat_get(fd, at(&stat));
	if (e != SUCCESS) {
		printf(" and then %s", errno_name(e));
		return;
	}
	if (flags & (__WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_ATIM_NOW)) {
		shown_time("atim", stat.atim);
	}
	shown_time("mtim", stat.mtim);
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

// call_readdir reads a directory from the start, with a buffer that may hold less
// than all, and follows the cookies.
static void call_readdir(void) {
	static char listed[LISTED_NAMES][LISTED_BYTES];
	uint32_t fd = once_in(20) ? pick_file() : pick_directory(), room = once_in(2) ? DATA_BYTES : 40 + below(200), count = 0, used;
	uint64_t cookie = 0;
	printf("fd_readdir %u %u", fd, room);
	for (;;) {
		uint32_t i = 0;
		used = 0;
		int32_t e = fd_readdir(fd, at(data), room, cookie, at(&used));
		if (e != SUCCESS) {
			said(e);
			return;
		}
		bool any = false;
		while (i + sizeof(__wasi_dirent_t) <= used) {
			__wasi_dirent_t entry;
			memcpy(&entry, data + i, sizeof entry);
			i += sizeof entry;
			if (entry.d_namlen > used - i || count == LISTED_NAMES) {
				break;
			}
			snprintf(listed[count++], LISTED_BYTES, "%.*s %u", (int)entry.d_namlen, data + i, entry.d_type);
			i += entry.d_namlen;
			cookie = entry.d_next;
			any = true;
		}
		if (used < room) {
			break;
		}
		if (!any) {
			room *= 2; // not even one fits
		}
	}
	said(SUCCESS);
	qsort(listed, count, LISTED_BYTES, by_text);
	for (uint32_t i = 0; i < count; i++) {
		shown(listed[i]);
	}
}

// moved closes directories but for that of the seed: a runtime that remembers
// them by their paths would find others. Sometimes it leaves them.
static void moved(int32_t e) {
	bool leave = once_in(40);
	if (e != SUCCESS || leave) {
		return;
	}
	printf(" closing");
	for (uint32_t i = open_count; i-- > 0;) {
		if (open_fds[i].directory) {
			fd_close(open_fds[i].fd);
			open_fds[i] = open_fds[--open_count];
		}
	}
}

// call_name is of the functions that take one name.
static void call_name(const char *function, int32_t (*call)(uint32_t, uint32_t, uint32_t), bool moves) {
	uint32_t directory = pick_directory();
	if (moves) {
		make_name(name);
	} else {
		make_new_name(name);
	}
	printf("%s %u", function, directory);
	shown(name);
	int32_t e = call(directory, path(name));
	said(e);
	if (moves) {
		moved(e);
	} else {
		remember(directory, name, e);
	}
}

static void call_rename(void) {
	uint32_t from = pick_directory(), to = pick_directory();
	make_name(name);
	make_name(other);
	if (once_in(30)) { // into itself
		strcpy(other, name);
		add(other, "/a");
		to = from;
	}
	printf("path_rename %u", from);
	shown(name);
	printf(" %u", to);
	shown(other);
	const char *last = strrchr(name, '/'), *other_last = strrchr(other, '/');
	bool itself = from == to && strcmp(name, other) == 0;
	bool alike = strcmp(last ? last + 1 : name, other_last ? other_last + 1 : other) == 0;
	printf("%s", itself ? " itself" : alike ? " alike" : "");
	int32_t e = path_rename(from, path(name), to, path(other));
	said(e);
	if (!itself) {
		remember(to, other, e);
		moved(e);
	}
}

// call_link follows no links: wazero never does, and says nothing.
static void call_link(void) {
	uint32_t from = pick_directory(), to = pick_directory();
	make_name(name);
	make_new_name(other);
	printf("path_link %u", from);
	shown(name);
	printf(" %u", to);
	shown(other);
	int32_t e = path_link(from, 0, path(name), to, path(other));
	said(e);
	remember(to, other, e);
}

static void call_symlink(void) {
	uint32_t directory = pick_directory();
	make_target(other);
	make_new_name(name);
	if (strncmp(other, "../", 3) == 0 && !once_in(10)) { // not out of the directory of the seed
		strcpy(name, components[below(2)]);
		add(name, "/c");
	}
	printf("path_symlink");
	shown(other);
	printf(" %u", directory);
	shown(name);
	int32_t e = path_symlink(path(other), directory, path(name));
	said(e);
	remember(directory, name, e);
}

static void call_readlink(void) {
	uint32_t directory = pick_directory(), room = once_in(20) ? below(4) : NAME_BYTES;
	only_asks = true;
	make_name(name);
	printf("path_readlink %u", directory);
	shown(name);
	printf(" %u", room);
	result_word = 0;
	int32_t e = path_readlink(directory, path(name), at(other), room, at(&result_word));
	said(e);
	if (e == SUCCESS) {
		other[result_word < NAME_BYTES ? result_word : NAME_BYTES - 1] = 0;
		shown(other);
	}
}

static void call_fdstat(void) {
	uint32_t fd = once_in(3) ? pick_directory() : pick_file();
	__wasi_fdstat_t stat;
	printf("fd_fdstat_get %u", fd);
	int32_t e = fd_fdstat_get(fd, at(&stat));
	said(e);
	if (e == SUCCESS) {
		printf(" type %u%s", stat.fs_filetype, stat.fs_flags & __WASI_FDFLAGS_APPEND ? " append" : "");
	}
}

// call_renumber takes two that are not the same: wazero closes one that is renumbered to
// itself, and says nothing.
static void call_renumber(void) {
	uint32_t first = below(MOST_OPEN), any = BASE + 1 + below(MOST_OPEN);
	bool wrong = once_in(25);
	if (open_count < 2 && !wrong) {
		call_fdstat();
		return;
	}
	uint32_t from = wrong ? any : open_fds[first % open_count].fd, to = wrong ? any + 1 : open_fds[(first + 1) % open_count].fd;
	printf("fd_renumber %u %u", from, to);
	int32_t e = fd_renumber(from, to);
	said(e);
	if (e == SUCCESS) {
		forget(to);
		for (uint32_t i = 0; i < open_count; i++) {
			open_fds[i].fd = open_fds[i].fd == from ? to : open_fds[i].fd;
		}
	}
}

static void call_flags(void) {
	uint32_t fd = pick_file(), flags = below(2) * __WASI_FDFLAGS_APPEND;
	printf("fd_fdstat_set_flags %u%s", fd, flags ? " append" : "");
	int32_t e = fd_fdstat_set_flags(fd, flags);
	said(e);
	for (uint32_t i = 0; i < open_count; i++) {
		open_fds[i].appends = open_fds[i].fd == fd && e == SUCCESS ? flags != 0 : open_fds[i].appends;
	}
}

static void call_sync(void) {
	uint32_t fd = once_in(4) ? pick_directory() : pick_file(), only_data = below(2);
	printf("fd_%ssync %u", only_data ? "data" : "", fd);
	said(only_data ? fd_datasync(fd) : fd_sync(fd));
}

static void call_advise(void) {
	uint32_t fd = pick_file(), advice = below(6);
	printf("fd_advise %u %u", fd, advice);
	said(fd_advise(fd, below(5000), below(5000), advice));
}

static void call(void) {
	uint32_t kind = below(100);
	only_asks = false;
	// clang-format off
	if (kind < 22) { call_open(); }
	else if (kind < 28) { call_read_or_write(true, false); }
	else if (kind < 33) { call_read_or_write(false, false); }
	else if (kind < 36) { call_read_or_write(true, true); }
	else if (kind < 39) { call_read_or_write(false, true); }
	else if (kind < 42) { call_seek(); }
	else if (kind < 43) { call_tell(); }
	else if (kind < 46) { call_sizes(false); }
	else if (kind < 48) { call_sizes(true); }
	else if (kind < 51) { call_fd_stat(); }
	else if (kind < 55) { call_path_stat(); }
	else if (kind < 57) { call_same(); }
	else if (kind < 60) { call_times(false); }
	else if (kind < 63) { call_times(true); }
	else if (kind < 67) { call_readdir(); }
	else if (kind < 73) { call_name("path_create_directory", path_create_directory, false); }
	else if (kind < 75) { call_name("path_remove_directory", path_remove_directory, true); }
	else if (kind < 78) { call_name("path_unlink_file", path_unlink_file, true); }
	else if (kind < 83) { call_rename(); }
	else if (kind < 86) { call_link(); }
	else if (kind < 90) { call_symlink(); }
	else if (kind < 92) { call_readlink(); }
	else if (kind < 93) { call_renumber(); }
	else if (kind < 95) { call_fdstat(); }
	else if (kind < 96 && once_in(3)) { call_flags(); }
	else if (kind < 97) { call_sync(); }
	else if (kind < 98) { call_advise(); }
	else { call_close(pick_besides(below(2))); }
	// clang-format on
}

int main(int argc, char **argv) {
	if (argc != 4) {
		fprintf(stderr, "usage: sequence SEED SEEDS CALLS\n");
		return 2;
	}
	unsigned long first = strtoul(argv[1], NULL, 10), seeds = strtoul(argv[2], NULL, 10), calls = strtoul(argv[3], NULL, 10);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	for (unsigned long seed = first; seed < first + seeds; seed++) {
		char directory[32];
		snprintf(directory, sizeof directory, "seed%lu", seed);
		if (scratch(directory) != BASE) {
			printf("the directory of the seed is not %u\n", BASE);
			return 1;
		}
		state = seed * 0x632be59bd9b4e019u + 1;
		open_count = made_count = 0;
		for (unsigned long i = 0; i < calls; i++) {
			printf("%lu %lu ", seed, i);
			call();
			printf("\n");
		}
		for (uint32_t fd = BASE; fd <= BASE + 2 * MOST_OPEN; fd++) {
			fd_close(fd);
		}
		fflush(stdout);
	}
	return 0;
}
