// What SQLite's shell wants and wasi-libc lacks, because WASI has neither users nor
// permissions: nobody has a home, and nothing can be made executable.

#ifndef PWD_H
#define PWD_H

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>

struct passwd {
	char *pw_dir;
};

static inline struct passwd *getpwuid(uid_t user) { return NULL; }

static inline uid_t getuid(void) { return 0; }

static inline int chmod(const char *path, mode_t mode) {
	errno = ENOTSUP;
	return -1;
}

#endif
