// unstable checks what is different in wasi_unstable, the name of WASI before
// preview 1: the numbers of whence, the layout of attributes and of subscriptions.
// The program imports both modules: its library has preview 1.

#define MODULE "wasi_unstable"
#include "check.h"

enum { CURRENT, END, SET };

// attributes are __wasi_filestat_t of then, with links of 32 bits.
struct attributes {
	uint64_t device, number;
	uint8_t type;
	uint32_t links;
	uint64_t size, accessed, modified, changed;
};
_Static_assert(sizeof(struct attributes) == 56, "witx of snapshot 0");

// subscription is one to a clock: it has an identifier of its own.
struct subscription {
	uint64_t userdata;
	uint8_t type;
	uint64_t identifier;
	uint32_t clock;
	uint64_t timeout, precision;
	uint16_t flags;
};
_Static_assert(sizeof(struct subscription) == 56, "witx of snapshot 0");

int main(void) {
	uint32_t directory = scratch("unstable.cleanup"), fd = opened(directory, "file"), n;
	must(write_to(fd, "0123456789", &n));
	uint64_t position = 0;
	answers("fd_seek", "of wasi_unstable, set", fd_seek(fd, 4, SET, at(&position)), E(SUCCESS));
	holds("fd_seek", "of wasi_unstable, set", position == 4);
	answers("fd_seek", "of wasi_unstable, current", fd_seek(fd, 3, CURRENT, at(&position)), E(SUCCESS));
	holds("fd_seek", "of wasi_unstable, current", position == 7);
	answers("fd_seek", "of wasi_unstable, end", fd_seek(fd, -1, END, at(&position)), E(SUCCESS));
	holds("fd_seek", "of wasi_unstable, end", position == 9);

	struct attributes a, b;
	struct {
		struct attributes a;
		uint64_t behind;
	} guarded = {.behind = 0x5555};
	answers("fd_filestat_get", "of wasi_unstable", fd_filestat_get(fd, at(&a)), E(SUCCESS));
	holds("fd_filestat_get", "of wasi_unstable",
		a.type == __WASI_FILETYPE_REGULAR_FILE && a.links == 1 && a.size == 10 && a.number != 0 && a.modified != 0);
	answers("path_filestat_get", "of wasi_unstable", path_filestat_get(directory, 0, path("file"), at(&b)), E(SUCCESS));
	holds("path_filestat_get", "of wasi_unstable", a.number == b.number && a.size == b.size && a.modified == b.modified);
	must(path_filestat_get(directory, 0, path("file"), at(&guarded)));
	holds("path_filestat_get", "of wasi_unstable, no more than 56 bytes", guarded.behind == 0x5555);
	must(fd_close(fd));

	struct subscription s = {.userdata = 42, .clock = __WASI_CLOCKID_MONOTONIC, .timeout = 5000000};
	__wasi_event_t event = {0};
	uint64_t before, after;
	must(clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, at(&before)));
	answers("poll_oneoff", "of wasi_unstable", poll_oneoff(at(&s), at(&event), 1, at(&n)), E(SUCCESS));
	must(clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, at(&after)));
	holds("poll_oneoff", "of wasi_unstable", n == 1 && event.userdata == 42 && event.error == SUCCESS && after - before >= 5000000);
	must(path_unlink_file(directory, path("file")));
	must(fd_close(directory));
	must(path_remove_directory(ROOT, path("unstable.cleanup")));
	return result();
}
