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

static int full_pathname(sqlite3_vfs *vfs, const char *name, int size, char *out) {
	if (strlen(name) >= (size_t)size) {
		return SQLITE_CANTOPEN;
	}
	strcpy(out, name);
	return SQLITE_OK;
}

static int randomness(sqlite3_vfs *vfs, int size, char *out) {
	memset(out, 7, (size_t)size);
	return size;
}

static int sleep_micros(sqlite3_vfs *vfs, int micros) { return micros; }

// current_time is 2000-01-01 12:00 as a Julian day.
static int current_time(sqlite3_vfs *vfs, double *day) {
	*day = 2451545.0;
	return SQLITE_OK;
}

static int last_error(sqlite3_vfs *vfs, int size, char *out) { return 0; }

static sqlite3_vfs vfs = {
	.iVersion = 1,
	.szOsFile = sizeof(sqlite3_file),
	.mxPathname = 512,
	.zName = "memory-only",
	.xOpen = open_file,
	.xDelete = delete_file,
	.xAccess = access_file,
	.xFullPathname = full_pathname,
	.xRandomness = randomness,
	.xSleep = sleep_micros,
	.xCurrentTime = current_time,
	.xGetLastError = last_error,
};

int sqlite3_os_init(void) { return sqlite3_vfs_register(&vfs, 1); }

int sqlite3_os_end(void) { return SQLITE_OK; }
