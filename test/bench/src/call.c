// call makes one call of WASI many times and prints the nanoseconds of one:
//
//	call NAME COUNT
//
// The loop around it is part of the measurement: an increment, a comparison and
// a jump.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wasi/api.h>

static double seconds(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Each call is a loop of its own, so that nothing but the call is in it.

static unsigned yield_loop(long count) {
	unsigned errors = 0;
	for (long i = 0; i < count; i++) {
		errors |= __wasi_sched_yield();
	}
	return errors;
}

static unsigned resolution_loop(long count) {
	__wasi_timestamp_t resolution;
	unsigned errors = 0;
	for (long i = 0; i < count; i++) {
		errors |= __wasi_clock_res_get(__WASI_CLOCKID_MONOTONIC, &resolution);
	}
	return errors;
}

static unsigned time_loop(long count) {
	__wasi_timestamp_t now;
	unsigned errors = 0;
	for (long i = 0; i < count; i++) {
		errors |= __wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &now);
	}
	return errors;
}

// No descriptor has this number, so fd_tell looks for it and answers EBADF.
static unsigned tell_loop(long count) {
	__wasi_filesize_t offset;
	unsigned errors = 0;
	for (long i = 0; i < count; i++) {
		errors |= __wasi_fd_tell(1000, &offset) ^ __WASI_ERRNO_BADF;
	}
	return errors;
}

static const struct {
	const char *name;
	unsigned (*loop)(long);
} calls[] = {
	{"sched_yield", yield_loop},
	{"clock_res_get", resolution_loop},
	{"clock_time_get", time_loop},
	{"fd_tell", tell_loop},
};

int main(int argc, char **argv) {
	long count = argc == 3 ? atol(argv[2]) : 0;
	for (size_t i = 0; count > 0 && i < sizeof calls / sizeof *calls; i++) {
		if (strcmp(argv[1], calls[i].name) == 0) {
			double start = seconds();
			unsigned errors = calls[i].loop(count);
			double end = seconds();
			printf("%s %.3f\n", calls[i].name, (end - start) / (double)count * 1e9);
			return errors != 0;
		}
	}
	fprintf(stderr, "call NAME COUNT\n");
	return 2;
}
