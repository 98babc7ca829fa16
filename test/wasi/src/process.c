// process checks random_get, sched_yield and proc_raise. The codes of proc_exit
// are those of exit-*.c.

#include "check.h"

int main(void) {
	static uint8_t first[100000], second[100000];
	answers("random_get", "100000 bytes", random_get(at(first), sizeof first), E(SUCCESS));
	must(random_get(at(second), sizeof second));
	holds("random_get", "differs each time", memcmp(first, second, sizeof first) != 0);
	uint32_t counts[256] = {0};
	for (uint32_t i = 0; i < sizeof first; i++) {
		counts[first[i]]++;
	}
	bool even = true;
	for (int i = 0; i < 256; i++) {
		even = even && counts[i] > 200 && counts[i] < 600; // 391 expected, by chance never so far off
	}
	holds("random_get", "all bytes as often", even);
	answers("random_get", "nothing", random_get(at(first), 0), E(SUCCESS));
	faults("random_get", "outside", random_get(OUTSIDE, 100));
	faults("random_get", "longer than memory", random_get(at(first), 0xffffff00u));

	answers("sched_yield", "alone", sched_yield(), E(SUCCESS));
	return result();
}
