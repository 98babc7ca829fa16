// poll checks poll_oneoff. Standard input is at its end, standard output and
// error are pipes that nobody fills.

#include "check.h"

static __wasi_subscription_t in[8];
static __wasi_event_t out[8];

enum { MILLISECOND = 1000000, ABSOLUTE = 1 };

static __wasi_subscription_t clock_of(uint64_t userdata, uint32_t id, uint64_t timeout, uint16_t flags) {
	__wasi_subscription_t s = {.userdata = userdata};
	s.u.tag = __WASI_EVENTTYPE_CLOCK;
	s.u.u.clock.id = id;
	s.u.u.clock.timeout = timeout;
	s.u.u.clock.flags = flags;
	return s;
}

static __wasi_subscription_t descriptor(uint64_t userdata, uint8_t type, uint32_t fd) {
	__wasi_subscription_t s = {.userdata = userdata};
	s.u.tag = type;
	s.u.u.fd_read.file_descriptor = fd;
	return s;
}

static __wasi_event_t *find(uint32_t count, uint64_t userdata) {
	for (uint32_t i = 0; i < count && i < 8; i++) {
		if (out[i].userdata == userdata) {
			return &out[i];
		}
	}
	return NULL;
}

static uint64_t now(uint32_t id) {
	uint64_t t;
	must(clock_time_get(id, 0, at(&t)));
	return t;
}

static void clocks(void) {
	const char *f = "poll_oneoff";
	uint32_t n = 0;
	uint64_t start = now(__WASI_CLOCKID_MONOTONIC);
	in[0] = clock_of(42, __WASI_CLOCKID_MONOTONIC, 20 * MILLISECOND, 0);
	answers(f, "monotonic, relative", poll_oneoff(at(in), at(out), 1, at(&n)), E(SUCCESS));
	holds(f, "one event of a clock",
		n == 1 && out[0].userdata == 42 && out[0].type == __WASI_EVENTTYPE_CLOCK && out[0].error == SUCCESS);
	holds(f, "it takes its time", now(__WASI_CLOCKID_MONOTONIC) - start >= 20 * MILLISECOND);
	start = now(__WASI_CLOCKID_REALTIME);
	in[0] = clock_of(43, __WASI_CLOCKID_REALTIME, start + 20 * MILLISECOND, ABSOLUTE);
	answers(f, "realtime, absolute", poll_oneoff(at(in), at(out), 1, at(&n)), E(SUCCESS));
	holds(f, "absolute is not relative", now(__WASI_CLOCKID_REALTIME) - start >= 19 * MILLISECOND && n == 1 && out[0].error == SUCCESS);
	in[0] = clock_of(44, __WASI_CLOCKID_MONOTONIC, 1, ABSOLUTE);
	answers(f, "absolute, past", poll_oneoff(at(in), at(out), 1, at(&n)), E(SUCCESS));
	in[0] = clock_of(1, __WASI_CLOCKID_MONOTONIC, 2000ull * MILLISECOND, 0);
	in[1] = clock_of(2, __WASI_CLOCKID_MONOTONIC, MILLISECOND, 0);
	answers(f, "two clocks", poll_oneoff(at(in), at(out), 2, at(&n)), E(SUCCESS));
	holds(f, "the first of two", n == 1 && out[0].userdata == 2);
	in[0] = clock_of(5, 99, 0, 0);
	must(poll_oneoff(at(in), at(out), 1, at(&n)));
	holds(f, "no such clock", n == 1 && out[0].error == E(INVAL));
}

static void descriptors(void) {
	const char *f = "poll_oneoff";
	uint32_t n = 0, directory = scratch("poll.cleanup");
	file(directory, "file", "12345");
	uint32_t fd = opened(directory, "file");
	in[0] = descriptor(7, __WASI_EVENTTYPE_FD_READ, fd);
	in[1] = descriptor(8, __WASI_EVENTTYPE_FD_WRITE, fd);
	in[2] = descriptor(9, __WASI_EVENTTYPE_FD_WRITE, 1);
	in[3] = descriptor(10, __WASI_EVENTTYPE_FD_WRITE, 2);
	in[4] = clock_of(11, __WASI_CLOCKID_MONOTONIC, 2000ull * MILLISECOND, 0);
	answers(f, "files and streams", poll_oneoff(at(in), at(out), 5, at(&n)), E(SUCCESS));
	__wasi_event_t *e = find(n, 7);
	holds(f, "a file can be read", e && e->type == __WASI_EVENTTYPE_FD_READ && e->error == SUCCESS);
	holds(f, "what can be read of a file", e && e->fd_readwrite.nbytes == 5);
	e = find(n, 8);
	holds(f, "a file can be written", e && e->type == __WASI_EVENTTYPE_FD_WRITE && e->error == SUCCESS);
	holds(f, "streams can be written", find(n, 9) && find(n, 10) && !find(n, 11));
	in[0] = descriptor(12, __WASI_EVENTTYPE_FD_READ, CLOSED);
	must(poll_oneoff(at(in), at(out), 1, at(&n)));
	holds(f, "a closed descriptor is an event", n == 1 && out[0].error == E(BADF) && out[0].userdata == 12);
	in[0] = descriptor(13, __WASI_EVENTTYPE_FD_READ, 0);
	in[1] = clock_of(14, __WASI_CLOCKID_MONOTONIC, 2000ull * MILLISECOND, 0);
	must(poll_oneoff(at(in), at(out), 2, at(&n)));
	holds(f, "the end of a stream can be read", n == 1 && out[0].userdata == 13 && out[0].error == SUCCESS);
	must(fd_close(fd));
	fd = with_rights(directory, "file", RIGHT(FD_READ), 0);
	in[0] = descriptor(15, __WASI_EVENTTYPE_FD_READ, fd);
	must(poll_oneoff(at(in), at(out), 1, at(&n)));
	holds(f, "without the right", n == 1 && out[0].error == E(NOTCAPABLE));
	must(fd_close(fd));
	cleaned(directory, "poll.cleanup");
}

int main(void) {
	const char *f = "poll_oneoff";
	uint32_t n = 0;
	clocks();
	descriptors();
	answers(f, "nothing", poll_oneoff(at(in), at(out), 0, at(&n)), E(INVAL));
	in[0] = clock_of(1, __WASI_CLOCKID_MONOTONIC, 1, 0);
	in[0].u.tag = 3;
	refuses(f, "no such type", poll_oneoff(at(in), at(out), 1, at(&n)));
	in[0].u.tag = 0;
	faults(f, "subscriptions outside", poll_oneoff(OUTSIDE, at(out), 1, at(&n)));
	faults(f, "events outside", poll_oneoff(at(in), OUTSIDE, 1, at(&n)));
	faults(f, "result outside", poll_oneoff(at(in), at(out), 1, OUTSIDE));
	return result();
}
