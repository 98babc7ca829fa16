// What the operating systems of filevfs.c and vfs.c have in common: it is included where their
// functions are known, with FILE_BYTES, PATH_BYTES and VFS_NAME.

static int full_pathname(sqlite3_vfs *vfs, const char *name, int size, char *out) {
	size_t n = strlen(name);
	if (n >= (size_t)size) {
		return SQLITE_CANTOPEN;
	}
	memcpy(out, name, n + 1);
	return SQLITE_OK;
}

static int current_time(sqlite3_vfs *vfs, double *day) {
	sqlite3_int64 millis;
	current_time_64(vfs, &millis);
	*day = millis / 86400000.0;
	return SQLITE_OK;
}

static sqlite3_vfs vfs = {
	.iVersion = 2,
	.szOsFile = FILE_BYTES,
	.mxPathname = PATH_BYTES - 1,
	.zName = VFS_NAME,
	.xOpen = open_file,
	.xDelete = delete_file,
	.xAccess = access_file,
	.xFullPathname = full_pathname,
	.xRandomness = randomness,
	.xSleep = sleep_micros,
	.xCurrentTime = current_time,
	.xGetLastError = last_error,
	.xCurrentTimeInt64 = current_time_64,
};

int sqlite3_os_init(void) { return sqlite3_vfs_register(&vfs, 1); }

int sqlite3_os_end(void) { return SQLITE_OK; }
