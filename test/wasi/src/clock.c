// clock checks clock_res_get and clock_time_get.

#include "check.h"

static void resolution(uint32_t id, const char *name) {
	uint64_t nanos = 0;
	answers("clock_res_get", name, clock_res_get(id, at(&nanos)), E(SUCCESS));
	holds("clock_res_get", name, nanos > 0 && nanos <= 1000000000);
}

static void time_of(uint32_t id, const char *name) {
	uint64_t first = 0, second = 0;
	answers("clock_time_get", name, clock_time_get(id, 0, at(&first)), E(SUCCESS));
	must(clock_time_get(id, 1, at(&second)));
	holds("clock_time_get", name, second >= first);
}

int main(void) {
	resolution(__WASI_CLOCKID_REALTIME, "realtime");
	resolution(__WASI_CLOCKID_MONOTONIC, "monotonic");
	resolution(__WASI_CLOCKID_PROCESS_CPUTIME_ID, "process time");
	resolution(__WASI_CLOCKID_THREAD_CPUTIME_ID, "thread time");
	refuses("clock_res_get", "no such clock", clock_res_get(4, at(&failures)));
	faults("clock_res_get", "result outside", clock_res_get(__WASI_CLOCKID_REALTIME, OUTSIDE));

	time_of(__WASI_CLOCKID_REALTIME, "realtime");
	time_of(__WASI_CLOCKID_MONOTONIC, "monotonic");
	time_of(__WASI_CLOCKID_PROCESS_CPUTIME_ID, "process time");
	time_of(__WASI_CLOCKID_THREAD_CPUTIME_ID, "thread time");
	refuses("clock_time_get", "no such clock", clock_time_get(4, 0, at(&failures)));
	faults("clock_time_get", "result outside", clock_time_get(__WASI_CLOCKID_REALTIME, 0, OUTSIDE));
	uint64_t now = 0, before = 0, after = 0;
	must(clock_time_get(__WASI_CLOCKID_REALTIME, 0, at(&now)));
	holds("clock_time_get", "realtime is after 2024", now > 1704067200ull * 1000000000);
	must(clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, at(&before)));
	for (int i = 0; i < 1000000 && after <= before; i++) {
		must(clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, at(&after)));
	}
	holds("clock_time_get", "monotonic goes on", after > before);
	return result();
}
