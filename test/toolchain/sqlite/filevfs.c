// The operating system as SQLite sees it (SQLITE_OS_OTHER): files of WASI, through
// wasi-libc. There is one program, so locks are nobody's; what must be safe is
// synchronised, names too.

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sqlite3.h"

enum { PATH_BYTES = 1024 };

// file is an open file; name is empty once its directory entry is safe.
struct file {
	sqlite3_file base;
	int fd;
	bool temporary;
	char name[PATH_BYTES];
};

static int fd_of(sqlite3_file *f) { return ((struct file *)f)->fd; }

// sync_directory makes the names in the folder of a file safe.
static int sync_directory(const char *name) {
	char folder[PATH_BYTES];
	strcpy(folder, name);
	char *slash = strrchr(folder, '/');
	strcpy(slash ? slash + (slash == folder) : folder, slash ? "" : ".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY);
	if (fd < 0) {
		return SQLITE_IOERR_DIR_FSYNC;
	}
	int failed = fsync(fd);
	close(fd);
	return failed ? SQLITE_IOERR_DIR_FSYNC : SQLITE_OK;
}

static int file_close(sqlite3_file *f) {
	struct file *file = (struct file *)f;
	int failed = close(file->fd);
	if (file->temporary) {
		unlink(file->name);
	}
	return failed ? SQLITE_IOERR_CLOSE : SQLITE_OK;
}

static int file_read(sqlite3_file *f, void *data, int bytes, sqlite3_int64 offset) {
	int done = 0;
	while (done < bytes) {
		ssize_t n = pread(fd_of(f), (char *)data + done, (size_t)(bytes - done), offset + done);
		if (n < 0) {
			return SQLITE_IOERR_READ;
		}
		if (n == 0) {
			memset((char *)data + done, 0, (size_t)(bytes - done));
			return SQLITE_IOERR_SHORT_READ;
		}
		done += (int)n;
	}
	return SQLITE_OK;
}

static int file_write(sqlite3_file *f, const void *data, int bytes, sqlite3_int64 offset) {
	int done = 0;
	while (done < bytes) {
		ssize_t n = pwrite(fd_of(f), (const char *)data + done, (size_t)(bytes - done), offset + done);
		if (n <= 0) {
			return n < 0 && errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
		}
		done += (int)n;
	}
	return SQLITE_OK;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size) {
	return ftruncate(fd_of(f), size) ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int file_sync(sqlite3_file *f, int flags) {
	struct file *file = (struct file *)f;
	if (flags & SQLITE_SYNC_DATAONLY ? fdatasync(file->fd) : fsync(file->fd)) {
		return SQLITE_IOERR_FSYNC;
	}
	if (file->temporary || !file->name[0]) {
		return SQLITE_OK;
	}
	int result = sync_directory(file->name);
	file->name[0] = 0;
	return result;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size) {
	struct stat stat;
	if (fstat(fd_of(f), &stat)) {
		return SQLITE_IOERR_FSTAT;
	}
	*size = stat.st_size;
	return SQLITE_OK;
}

static int file_lock(sqlite3_file *f, int level) { return SQLITE_OK; }

static int file_check_lock(sqlite3_file *f, int *locked) {
	*locked = 0;
	return SQLITE_OK;
}

static int file_control(sqlite3_file *f, int operation, void *argument) { return SQLITE_NOTFOUND; }
static int file_sector_size(sqlite3_file *f) { return 4096; }
static int file_characteristics(sqlite3_file *f) { return 0; }

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_lock,
	.xCheckReservedLock = file_check_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
};

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out) {
	static int temporaries;
	struct file *file = (struct file *)f;
	memset(file, 0, sizeof *file);
	if (!name) {
		snprintf(file->name, PATH_BYTES, "/tmp/sqlite-%d", temporaries++);
		file->temporary = true;
	} else {
		strcpy(file->name, name);
	}
	int how = flags & SQLITE_OPEN_READWRITE ? O_RDWR : O_RDONLY;
	how |= (flags & SQLITE_OPEN_CREATE ? O_CREAT : 0) | (flags & SQLITE_OPEN_EXCLUSIVE ? O_EXCL : 0);
	file->fd = open(file->name, how, 0644);
	if (file->fd < 0 && how & O_RDWR && errno != EISDIR) {
		file->fd = open(file->name, O_RDONLY);
		flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
	}
	if (file->fd < 0) {
		return SQLITE_CANTOPEN;
	}
	file->base.pMethods = &methods;
	if (out) {
		*out = flags;
	}
	return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync) {
	if (unlink(name)) {
		return errno == ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
	}
	return sync ? sync_directory(name) : SQLITE_OK;
}

static int access_file(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
	struct stat stat_of;
	*result = stat(name, &stat_of) == 0 && (flags != SQLITE_ACCESS_EXISTS || stat_of.st_size > 0);
	return SQLITE_OK;
}

static int randomness(sqlite3_vfs *vfs, int size, char *out) {
	int done = 0;
	while (done < size) { // 256 is the most of getentropy(3)
		int n = size - done < 256 ? size - done : 256;
		if (getentropy(out + done, (size_t)n)) {
			break;
		}
		done += n;
	}
	return done;
}

static int sleep_micros(sqlite3_vfs *vfs, int micros) {
	usleep((useconds_t)micros);
	return micros;
}

// current_time_64 is milliseconds of the Julian day.
static int current_time_64(sqlite3_vfs *vfs, sqlite3_int64 *out) {
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	*out = 210866760000000LL + now.tv_sec * 1000LL + now.tv_nsec / 1000000;
	return SQLITE_OK;
}

static int last_error(sqlite3_vfs *vfs, int size, char *out) { return errno; }

enum { FILE_BYTES = sizeof(struct file) };
#define VFS_NAME "wasi"
#include "vfs.h"
