// fileio checks fd_read, fd_write, fd_pread, fd_pwrite, fd_seek and fd_tell.

#include "check.h"

static __wasi_filesize_t tell(uint32_t fd) {
	__wasi_filesize_t position = ~0ull;
	must(fd_tell(fd, at(&position)));
	return position;
}

// vectors are three pieces of a text, the second empty.
static void vectors(uint32_t fd) {
	static char one[4], three[8];
	uint32_t n = 0;
	__wasi_ciovec_t out[] = {{(uint8_t *)"abcd", 4}, {(uint8_t *)"", 0}, {(uint8_t *)"efghij", 6}};
	answers("fd_write", "three vectors", fd_write(fd, at(out), 3, at(&n)), E(SUCCESS));
	holds("fd_write", "all of three vectors", n == 10 && tell(fd) == 10);
	__wasi_filesize_t position;
	must(fd_seek(fd, 0, __WASI_WHENCE_SET, at(&position)));
	__wasi_iovec_t in[] = {{(uint8_t *)one, 4}, {0, 0}, {(uint8_t *)three, 8}};
	answers("fd_read", "three vectors", fd_read(fd, at(in), 3, at(&n)), E(SUCCESS));
	holds("fd_read", "up to the end", n == 10 && memcmp(one, "abcd", 4) == 0 && memcmp(three, "efghij", 6) == 0);
	answers("fd_read", "at the end", fd_read(fd, at(in), 3, at(&n)), E(SUCCESS));
	holds("fd_read", "nothing at the end", n == 0);
	answers("fd_read", "no vectors", fd_read(fd, at(in), 0, at(&n)), E(SUCCESS));
	answers("fd_write", "no vectors", fd_write(fd, at(out), 0, at(&n)), E(SUCCESS));
	memset(three, 0, sizeof three);
	answers("fd_pread", "in the middle", fd_pread(fd, at(&in[2]), 1, 3, at(&n)), E(SUCCESS));
	holds("fd_pread", "in the middle", n == 7 && memcmp(three, "defghij", 8) == 0 && tell(fd) == 10);
	answers("fd_pread", "beyond the end", fd_pread(fd, at(&in[2]), 1, 100, at(&n)), E(SUCCESS));
	holds("fd_pread", "nothing beyond the end", n == 0);
	answers("fd_pwrite", "in the middle", fd_pwrite(fd, at(out), 1, 4, at(&n)), E(SUCCESS));
	holds("fd_pwrite", "the position stays", n == 4 && tell(fd) == 10);
	answers("fd_pwrite", "beyond the end", fd_pwrite(fd, at(out), 1, 20, at(&n)), E(SUCCESS));
	char all[30];
	must(fd_seek(fd, 0, __WASI_WHENCE_SET, at(&position)));
	must(read_from(fd, all, sizeof all, &n));
	holds("fd_pwrite", "zeroes between", n == 24 && memcmp(all, "abcdabcdij\0\0\0\0\0\0\0\0\0\0abcd", 24) == 0);
	answers("fd_pread", "offset beyond 2^63", fd_pread(fd, at(&in[2]), 1, 1ull << 63, at(&n)), E(INVAL));
	answers("fd_pwrite", "offset beyond 2^63", fd_pwrite(fd, at(out), 1, 1ull << 63, at(&n)), E(INVAL));
}

static void seeking(uint32_t fd) { // of 24 bytes
	__wasi_filesize_t position = 0;
	answers("fd_seek", "to a place", fd_seek(fd, 10, __WASI_WHENCE_SET, at(&position)), E(SUCCESS));
	holds("fd_seek", "to a place", position == 10);
	answers("fd_seek", "back", fd_seek(fd, -3, __WASI_WHENCE_CUR, at(&position)), E(SUCCESS));
	holds("fd_seek", "back", position == 7);
	answers("fd_seek", "from the end", fd_seek(fd, -4, __WASI_WHENCE_END, at(&position)), E(SUCCESS));
	holds("fd_seek", "from the end", position == 20);
	answers("fd_seek", "beyond the end", fd_seek(fd, 1000, __WASI_WHENCE_END, at(&position)), E(SUCCESS));
	holds("fd_seek", "beyond the end", position == 1024);
	answers("fd_seek", "before the start", fd_seek(fd, -1, __WASI_WHENCE_SET, at(&position)), E(INVAL));
	answers("fd_seek", "back before the start", fd_seek(fd, -1025, __WASI_WHENCE_CUR, at(&position)), E(INVAL));
	answers("fd_tell", "of a file", fd_tell(fd, at(&position)), E(SUCCESS));
	holds("fd_tell", "a failure moves nothing", position == 1024);
	refuses("fd_seek", "no such whence", fd_seek(fd, 0, 3, at(&position)));
	answers("fd_seek", "as far as possible", fd_seek(fd, INT64_MAX, __WASI_WHENCE_SET, at(&position)), E(SUCCESS));
	answers("fd_seek", "too far", fd_seek(fd, 1, __WASI_WHENCE_CUR, at(&position)), E(INVAL));
	answers("fd_seek", "closed", fd_seek(CLOSED, 0, __WASI_WHENCE_SET, at(&position)), E(BADF));
	answers("fd_tell", "closed", fd_tell(CLOSED, at(&position)), E(BADF));
	faults("fd_seek", "result outside", fd_seek(fd, 0, __WASI_WHENCE_SET, OUTSIDE));
	faults("fd_tell", "result outside", fd_tell(fd, OUTSIDE));
	answers("fd_seek", "of a pipe", fd_seek(1, 0, __WASI_WHENCE_CUR, at(&position)), E(SPIPE));
	answers("fd_tell", "of a pipe", fd_tell(1, at(&position)), E(SPIPE));
}

// sparse writes where only the offset is large.
static void sparse(uint32_t directory) {
	uint32_t fd = opened(directory, "sparse"), n;
	__wasi_ciovec_t out = {(uint8_t *)"end", 3};
	char text[4] = {0};
	__wasi_iovec_t in = {(uint8_t *)text, 4};
	uint64_t far = 1ull << 42;
	answers("fd_pwrite", "at 4 TiB", fd_pwrite(fd, at(&out), 1, far, at(&n)), E(SUCCESS));
	answers("fd_pread", "at 4 TiB", fd_pread(fd, at(&in), 1, far, at(&n)), E(SUCCESS));
	holds("fd_pread", "at 4 TiB", n == 3 && memcmp(text, "end", 3) == 0);
	must(fd_pread(fd, at(&in), 1, far / 2, at(&n)));
	holds("fd_pread", "a hole is zeroes", n == 4 && memcmp(text, "\0\0\0\0", 4) == 0);
	answers("fd_pwrite", "beyond every file", fd_pwrite(fd, at(&out), 1, INT64_MAX, at(&n)), E(FBIG));
	must(fd_close(fd));
}

static void failing(uint32_t directory) {
	uint32_t fd, n;
	char text[4];
	__wasi_iovec_t in = {(uint8_t *)text, 4}, outside = {(uint8_t *)OUTSIDE, 100};
	__wasi_ciovec_t out = {(uint8_t *)"text", 4};
	must(open_at(directory, "file", 0, 0, RIGHT(FD_READ) | RIGHT(FD_SEEK), 0, 0, &fd));
	answers("fd_write", "without the right", fd_write(fd, at(&out), 1, at(&n)), E(BADF));
	answers("fd_pwrite", "without the right", fd_pwrite(fd, at(&out), 1, 0, at(&n)), E(BADF));
	must(fd_close(fd));
	must(open_at(directory, "file", 0, 0, RIGHT(FD_WRITE) | RIGHT(FD_SEEK), 0, 0, &fd));
	answers("fd_read", "without the right", fd_read(fd, at(&in), 1, at(&n)), E(BADF));
	answers("fd_pread", "without the right", fd_pread(fd, at(&in), 1, 0, at(&n)), E(BADF));
	must(fd_close(fd));
	fd = with_rights(directory, "file", RIGHT(FD_READ) | RIGHT(FD_WRITE), 0);
	answers("fd_pread", "without the right to seek", fd_pread(fd, at(&in), 1, 0, at(&n)), E(NOTCAPABLE));
	answers("fd_pwrite", "without the right to seek", fd_pwrite(fd, at(&out), 1, 0, at(&n)), E(NOTCAPABLE));
	uint64_t position;
	answers("fd_seek", "without the right", fd_seek(fd, 1, __WASI_WHENCE_SET, at(&position)), E(NOTCAPABLE));
	answers("fd_tell", "without the right", fd_tell(fd, at(&position)), E(NOTCAPABLE));
	must(fd_close(fd));

	answers("fd_read", "of a directory", fd_read(directory, at(&in), 1, at(&n)), E(ISDIR));
	answers("fd_write", "to a directory", fd_write(directory, at(&out), 1, at(&n)), E(BADF));
	answers("fd_pread", "of a directory", fd_pread(directory, at(&in), 1, 0, at(&n)), E(ISDIR));
	answers("fd_pwrite", "to a directory", fd_pwrite(directory, at(&out), 1, 0, at(&n)), E(BADF));
	answers("fd_seek", "of a directory", fd_seek(directory, 0, __WASI_WHENCE_CUR, at(&position)), E(BADF));
	answers("fd_tell", "of a directory", fd_tell(directory, at(&position)), E(BADF));
	answers("fd_read", "closed", fd_read(CLOSED, at(&in), 1, at(&n)), E(BADF));
	answers("fd_write", "closed", fd_write(CLOSED, at(&out), 1, at(&n)), E(BADF));
	answers("fd_write", "far below zero", fd_write(-31337, at(&out), 1, at(&n)), E(BADF));
	answers("fd_pread", "closed", fd_pread(CLOSED, at(&in), 1, 0, at(&n)), E(BADF));
	answers("fd_pwrite", "closed", fd_pwrite(CLOSED, at(&out), 1, 0, at(&n)), E(BADF));
	answers("fd_read", "of standard output", fd_read(1, at(&in), 1, at(&n)), E(BADF));
	answers("fd_write", "to standard input", fd_write(0, at(&out), 1, at(&n)), E(BADF));
	answers("fd_pread", "of a pipe", fd_pread(0, at(&in), 1, 0, at(&n)), E(SPIPE));
	answers("fd_pwrite", "to a pipe", fd_pwrite(1, at(&out), 1, 0, at(&n)), E(SPIPE));

	fd = opened(directory, "file");
	faults("fd_read", "buffer outside", fd_read(fd, at(&outside), 1, at(&n)));
	faults("fd_write", "buffer outside", fd_write(fd, at(&outside), 1, at(&n)));
	faults("fd_pread", "buffer outside", fd_pread(fd, at(&outside), 1, 0, at(&n)));
	faults("fd_pwrite", "buffer outside", fd_pwrite(fd, at(&outside), 1, 0, at(&n)));
	faults("fd_read", "vectors outside", fd_read(fd, OUTSIDE, 100, at(&n)));
	faults("fd_write", "vectors outside", fd_write(fd, OUTSIDE, 100, at(&n)));
	faults("fd_pread", "vectors outside", fd_pread(fd, OUTSIDE, 100, 0, at(&n)));
	faults("fd_pwrite", "vectors outside", fd_pwrite(fd, OUTSIDE, 100, 0, at(&n)));
	faults("fd_read", "result outside", fd_read(fd, at(&in), 1, OUTSIDE));
	faults("fd_write", "result outside", fd_write(fd, at(&out), 1, OUTSIDE));
	must(fd_close(fd));
}

// appending is what the public suite leaves open: POSIX writes at the offset.
static void appending(uint32_t directory) {
	uint32_t fd, n;
	__wasi_ciovec_t out = {(uint8_t *)"xyz", 3};
	must(open_at(directory, "append", 0, __WASI_OFLAGS_CREAT, FILE_RIGHTS, 0, __WASI_FDFLAGS_APPEND, &fd));
	must(write_to(fd, "abcd", &n));
	must(fd_pwrite(fd, at(&out), 1, 0, at(&n)));
	holds("fd_pwrite", "append keeps the position", tell(fd) == 4);
	must(fd_close(fd));

	// Two descriptors of one file see each other's changes at once.
	uint32_t one = opened(directory, "shared"), two = opened(directory, "shared");
	char text[8];
	must(write_to(one, "seen", &n));
	must(read_from(two, text, sizeof text, &n));
	holds("fd_read", "what another descriptor wrote", strcmp(text, "seen") == 0);
	must(fd_close(one));
	must(fd_close(two));
}

int main(void) {
	uint32_t directory = scratch("fileio.cleanup");
	uint32_t fd = opened(directory, "file");
	vectors(fd);
	seeking(fd);
	must(fd_close(fd));
	sparse(directory);
	failing(directory);
	appending(directory);
	cleaned(directory, "fileio.cleanup");
	return result();
}
