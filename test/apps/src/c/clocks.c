// clocks checks clocks, sleeping and polling. It prints only what is the same in
// every run. The environment variable NOW is the host's time in seconds.

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

static int failures;

static void check(const char *what, int good) {
	printf("%s: %s\n", what, good ? "yes" : "no");
	failures += !good;
}

static int64_t nanos(clockid_t clock) {
	struct timespec t;
	if (clock_gettime(clock, &t) < 0) {
		return -1;
	}
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void check_resolution(void) {
	struct timespec t;
	check("the monotonic clock resolves a millisecond",
	      clock_getres(CLOCK_MONOTONIC, &t) == 0 && t.tv_sec == 0 && t.tv_nsec > 0 && t.tv_nsec <= 1000000);
	check("the wall clock resolves a second", clock_getres(CLOCK_REALTIME, &t) == 0 && t.tv_sec <= 1);
}

static void check_monotonic(void) {
	int64_t last = nanos(CLOCK_MONOTONIC), first = last;
	int back = 0;
	for (int i = 0; i < 10000; i++) {
		int64_t now = nanos(CLOCK_MONOTONIC);
		back += now < last;
		last = now;
	}
	check("the monotonic clock never goes back", back == 0);
	check("the monotonic clock goes on", last > first);
}

static void check_sleep(void) {
	// What takes the processor away between two readings is seen by a third.
	int64_t before = nanos(CLOCK_MONOTONIC), wall = nanos(CLOCK_REALTIME), start = nanos(CLOCK_MONOTONIC);
	usleep(50000);
	int64_t end = nanos(CLOCK_MONOTONIC), passed = nanos(CLOCK_REALTIME) - wall, after = nanos(CLOCK_MONOTONIC);
	int64_t slept = end - start;
	check("50 ms of sleep are at least 50 ms", slept >= 50000000);
	check("50 ms of sleep are not a minute", slept < 60000000000);
	check("both clocks agree about it", passed > slept - 100000000 && passed < after - before + 100000000);
	struct timespec until = {.tv_sec = 0, .tv_nsec = 1};
	check("a short sleep ends", nanosleep(&until, NULL) == 0);
}

// check_poll asks for three times, of which one is over long before the others.
// The oracle answers with all of them then, so only that one is looked for.
static void check_poll(void) {
	int64_t start = nanos(CLOCK_MONOTONIC);
	__wasi_subscription_t in[3] = {
		{.userdata = 1, .u = {.tag = __WASI_EVENTTYPE_CLOCK, .u.clock = {.id = __WASI_CLOCKID_MONOTONIC, .timeout = 20000000}}},
		{.userdata = 2, .u = {.tag = __WASI_EVENTTYPE_CLOCK, .u.clock = {.id = __WASI_CLOCKID_MONOTONIC, .timeout = 60000000000}}},
		{.userdata = 3, .u = {.tag = __WASI_EVENTTYPE_CLOCK, .u.clock = {.id = __WASI_CLOCKID_REALTIME, .timeout = 60000000000}}},
	};
	__wasi_event_t out[3] = {0};
	__wasi_size_t count = 0;
	__wasi_errno_t err = __wasi_poll_oneoff(in, out, 3, &count);
	int64_t waited = nanos(CLOCK_MONOTONIC) - start;
	int due = 0;
	for (__wasi_size_t i = 0; i < count && i < 3; i++) {
		due += out[i].userdata == 1 && out[i].type == __WASI_EVENTTYPE_CLOCK && out[i].error == 0;
	}
	check("poll answers with the clock that is due", err == 0 && due == 1);
	check("poll waits as long as asked", waited >= 20000000 && waited < 30000000000);
}

static void check_wall(void) {
	const char *now = getenv("NOW");
	int64_t difference = nanos(CLOCK_REALTIME) / 1000000000 - (now ? atoll(now) : 0);
	check("the wall clock is the host's", difference >= -2 && difference < 600);
	time_t t = time(NULL);
	struct tm *parts = gmtime(&t);
	check("the year is a year", parts && parts->tm_year + 1900 >= 2024);
}

int main(void) {
	check_resolution();
	check_monotonic();
	check_sleep();
	check_poll();
	check_wall();
	check("sched_yield works", sched_yield() == 0);
	return failures == 0 ? 0 : 1;
}
