// What the programs of this folder share. Each makes checks, one a line on
// standard output:
//
//	ok FUNCTION SITUATION: ANSWER
//	not ok FUNCTION SITUATION: ANSWER, want ANSWER
//
// and exits with 1 if one failed. FUNCTION is the function of WASI that the check
// is about, SITUATION some words, and ANSWER the name of an error number, or yes
// or no for what else must hold.

#ifndef CHECK_H
#define CHECK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preview1.h"

static const char *const errno_names[] = {
	"SUCCESS", "E2BIG", "EACCES", "EADDRINUSE", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EAGAIN", "EALREADY", "EBADF", "EBADMSG",
	"EBUSY", "ECANCELED", "ECHILD", "ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EDEADLK", "EDESTADDRREQ", "EDOM", "EDQUOT",
	"EEXIST", "EFAULT", "EFBIG", "EHOSTUNREACH", "EIDRM", "EILSEQ", "EINPROGRESS", "EINTR", "EINVAL", "EIO", "EISCONN",
	"EISDIR", "ELOOP", "EMFILE", "EMLINK", "EMSGSIZE", "EMULTIHOP", "ENAMETOOLONG", "ENETDOWN", "ENETRESET", "ENETUNREACH",
	"ENFILE", "ENOBUFS", "ENODEV", "ENOENT", "ENOEXEC", "ENOLCK", "ENOLINK", "ENOMEM", "ENOMSG", "ENOPROTOOPT", "ENOSPC",
	"ENOSYS", "ENOTCONN", "ENOTDIR", "ENOTEMPTY", "ENOTRECOVERABLE", "ENOTSOCK", "ENOTSUP", "ENOTTY", "ENXIO", "EOVERFLOW",
	"EOWNERDEAD", "EPERM", "EPIPE", "EPROTO", "EPROTONOSUPPORT", "EPROTOTYPE", "ERANGE", "EROFS", "ESPIPE", "ESRCH", "ESTALE",
	"ETIMEDOUT", "ETXTBSY", "EXDEV", "ENOTCAPABLE",
};

enum { SUCCESS };

static int failures;

static const char *errno_name(int32_t e) {
	bool known = e >= 0 && e < (int32_t)(sizeof errno_names / sizeof *errno_names);
	return known ? errno_names[e] : "no error number";
}

// answers checks what a call of a function returned.
static inline void answers(const char *function, const char *situation, int32_t got, int32_t want) {
	if (got == want) {
		printf("ok %s %s: %s\n", function, situation, errno_name(got));
		fflush(stdout); // what a program has checked is known if it hangs
		return;
	}
	printf("not ok %s %s: %s, want %s\n", function, situation, errno_name(got), errno_name(want));
	failures++;
}

// holds checks what must be true besides.
static inline void holds(const char *function, const char *situation, bool got) {
	if (got) {
		printf("ok %s %s: yes\n", function, situation);
		return;
	}
	printf("not ok %s %s: no, want yes\n", function, situation);
	failures++;
}

// traps says that the runtime ends the program for a bad pointer or constant. The
// harness sets the variable for wasmtime.
static inline bool traps(void) { return getenv("RUNTIME_TRAPS") != NULL; }

// faults and refuses check EFAULT for a bad pointer and EINVAL for a bad constant.
#define faults(function, situation, call) (traps() ? (void)0 : answers(function, situation, call, E(FAULT)))
#define refuses(function, situation, call) (traps() ? (void)0 : answers(function, situation, call, E(INVAL)))

// must_succeed reports what a check needs and does not work.
static inline void must_succeed(const char *what, int32_t e) {
	if (e != SUCCESS) {
		printf("not ok prepare %s: %s, want SUCCESS\n", what, errno_name(e));
		failures++;
	}
}
#define must(call) must_succeed(#call, call)

// result is the exit code.
static inline int result(void) { return failures > 0; }

// E is an error number of WASI by its name without the E.
#define E(name) __WASI_ERRNO_##name

// RIGHT is a right by its name.
#define RIGHT(name) __WASI_RIGHTS_##name

// FILE_RIGHTS are all that a file can have.
#define FILE_RIGHTS                                                                                                       \
	(RIGHT(FD_DATASYNC) | RIGHT(FD_READ) | RIGHT(FD_SEEK) | RIGHT(FD_FDSTAT_SET_FLAGS) | RIGHT(FD_SYNC) |             \
		RIGHT(FD_TELL) | RIGHT(FD_WRITE) | RIGHT(FD_ADVISE) | RIGHT(FD_ALLOCATE) | RIGHT(FD_FILESTAT_GET) |       \
		RIGHT(FD_FILESTAT_SET_SIZE) | RIGHT(FD_FILESTAT_SET_TIMES) | RIGHT(POLL_FD_READWRITE))

// DIRECTORY_RIGHTS are all that a directory can have.
#define DIRECTORY_RIGHTS                                                                                                   \
	(RIGHT(PATH_CREATE_DIRECTORY) | RIGHT(PATH_CREATE_FILE) | RIGHT(PATH_LINK_SOURCE) | RIGHT(PATH_LINK_TARGET) |      \
		RIGHT(PATH_OPEN) | RIGHT(FD_READDIR) | RIGHT(PATH_READLINK) | RIGHT(PATH_RENAME_SOURCE) |                  \
		RIGHT(PATH_RENAME_TARGET) | RIGHT(PATH_FILESTAT_GET) | RIGHT(PATH_FILESTAT_SET_TIMES) |                    \
		RIGHT(FD_FILESTAT_GET) | RIGHT(FD_FILESTAT_SET_TIMES) | RIGHT(PATH_SYMLINK) | RIGHT(PATH_REMOVE_DIRECTORY) | \
		RIGHT(PATH_UNLINK_FILE))

enum { ROOT = 3 }; // the preopened directory

// length of a path, as every function wants it after its address.
#define path(text) at(text), (uint32_t)strlen(text)

static inline int32_t open_at(uint32_t directory, const char *name, uint32_t lookup, uint32_t flags, uint64_t base, uint64_t inheriting,
	uint32_t fdflags, uint32_t *fd) {
	*fd = CLOSED;
	return path_open(directory, lookup, path(name), flags, base, inheriting, fdflags, at(fd));
}

// opened returns a file with all rights, made if it is not there.
static inline uint32_t opened(uint32_t directory, const char *name) {
	uint32_t fd = CLOSED;
	must(open_at(directory, name, 0, __WASI_OFLAGS_CREAT, FILE_RIGHTS, 0, 0, &fd));
	return fd;
}

// with_rights opens what is there and gives up all rights but some. That a call of
// path_open asks for few is not enough: only those to read and to write are by
// request (docs/decisions/0016).
static inline uint32_t with_rights(uint32_t directory, const char *name, uint64_t base, uint64_t inheriting) {
	uint32_t fd;
	must(open_at(directory, name, 0, 0, base & (RIGHT(FD_READ) | RIGHT(FD_WRITE)), inheriting, 0, &fd));
	must(fd_fdstat_set_rights(fd, base, inheriting));
	return fd;
}

static inline int32_t write_to(uint32_t fd, const char *text, uint32_t *written) {
	__wasi_ciovec_t vector = {(const uint8_t *)text, strlen(text)};
	return fd_write(fd, at(&vector), 1, at(written));
}

static inline int32_t read_from(uint32_t fd, char *buffer, uint32_t length, uint32_t *read) {
	__wasi_iovec_t vector = {(uint8_t *)buffer, length};
	memset(buffer, 0, length);
	return fd_read(fd, at(&vector), 1, at(read));
}

// file makes a file with a text in it.
static inline void file(uint32_t directory, const char *name, const char *text) {
	uint32_t fd = opened(directory, name), written;
	if (*text) {
		must(write_to(fd, text, &written));
	}
	must(fd_close(fd));
}

static inline void link_to(uint32_t directory, const char *target, const char *name) {
	must(path_symlink(path(target), directory, path(name)));
}

// exists says whether there is a name in a directory, and not what it leads to.
static inline bool exists(uint32_t directory, const char *name) {
	__wasi_filestat_t stat;
	return path_filestat_get(directory, 0, path(name), at(&stat)) == SUCCESS;
}

// remove_tree removes what is below a directory, as far as that works. A listing
// is read anew after each folder, because the buffer is one for all.
static inline void remove_tree(uint32_t directory) {
	static char buffer[4096];
	for (bool again = true; again;) {
		again = false;
		uint32_t used = 0;
		must(fd_readdir(directory, at(buffer), sizeof buffer, 0, at(&used)));
		for (uint32_t i = 0; i + sizeof(__wasi_dirent_t) <= used;) {
			__wasi_dirent_t entry;
			memcpy(&entry, buffer + i, sizeof entry);
			uint32_t name = at(buffer + i + sizeof entry), length = entry.d_namlen;
			i += sizeof entry + length;
			if (i > used) {
				break;
			}
			if (length <= 2 && memcmp("..", (void *)name, length) == 0) {
				continue;
			}
			if (path_unlink_file(directory, name, length) == SUCCESS || path_remove_directory(directory, name, length) == SUCCESS) {
				again = true;
				continue;
			}
			uint32_t below;
			if (path_open(directory, 0, name, length, __WASI_OFLAGS_DIRECTORY, DIRECTORY_RIGHTS, DIRECTORY_RIGHTS, 0, at(&below)) !=
				SUCCESS) {
				continue;
			}
			remove_tree(below);
			fd_close(below);
			again = true;
			break;
		}
	}
}

// scratch makes an empty directory in the preopened one and opens it with all
// rights. Its name ends as the public suite wants it, so that its runner would
// remove it too.
static inline uint32_t scratch(const char *name) {
	uint32_t fd = CLOSED;
	must(path_create_directory(ROOT, path(name)));
	must(open_at(ROOT, name, 0, __WASI_OFLAGS_DIRECTORY, DIRECTORY_RIGHTS | RIGHT(PATH_FILESTAT_SET_SIZE),
		DIRECTORY_RIGHTS | FILE_RIGHTS | RIGHT(PATH_FILESTAT_SET_SIZE), 0, &fd));
	return fd;
}

// cleaned removes a directory of scratch with what is in it.
static inline void cleaned(uint32_t fd, const char *name) {
	remove_tree(fd);
	must(fd_close(fd));
	must(path_remove_directory(ROOT, path(name)));
}

#endif
