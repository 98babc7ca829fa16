// entropy checks that random numbers look random and differ.

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wasi/api.h>

enum { BYTES = 100000 };

int main(void) {
	static unsigned char a[BYTES], b[BYTES];
	if (__wasi_random_get(a, sizeof a) != 0 || __wasi_random_get(b, sizeof b) != 0) {
		printf("random_get fails\n");
		return 1;
	}
	unsigned ones = 0, counts[256] = {0}, missing = 0;
	for (int i = 0; i < BYTES; i++) {
		ones += (unsigned)__builtin_popcount(a[i]);
		counts[a[i]]++;
	}
	for (int i = 0; i < 256; i++) {
		// 390 are expected; one in 10^20 runs has less than 200 of any.
		missing += counts[i] < 200;
	}
	// The standard deviation is 447 bits; ten of them is never.
	int balanced = ones > BYTES * 4 - 4470 && ones < BYTES * 4 + 4470;
	printf("two reads differ: %d\n", memcmp(a, b, sizeof a) != 0);
	printf("half of the bits are set: %d\n", balanced);
	printf("every byte occurs: %d\n", missing == 0);
	printf("nothing is random too: %d\n", __wasi_random_get(a, 0) == 0);
	return 0;
}
