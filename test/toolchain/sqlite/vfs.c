// The operating system as SQLite sees it (SQLITE_OS_OTHER): no files, only
// databases in memory, random numbers that are the same in every run.

#include <string.h>

#include "sqlite3.h"

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
	return SQLITE_CANTOPEN;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync) { return SQLITE_IOERR_DELETE; }

static int access_file(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
	*result = 0;
	return SQLITE_OK;
}

static int randomness(sqlite3_vfs *vfs, int size, char *out) {
	memset(out, 7, (size_t)size);
	return size;
}

static int sleep_micros(sqlite3_vfs *vfs, int micros) { return micros; }

// current_time_64 is 2000-01-01 12:00 in milliseconds of the Julian day.
static int current_time_64(sqlite3_vfs *vfs, sqlite3_int64 *out) {
	*out = 211813488000000LL;
	return SQLITE_OK;
}

static int last_error(sqlite3_vfs *vfs, int size, char *out) { return 0; }

enum { FILE_BYTES = sizeof(sqlite3_file), PATH_BYTES = 513 };
#define VFS_NAME "memory-only"
#include "vfs.h"
