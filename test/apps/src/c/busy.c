// busy computes for ever and calls nothing, so only preemption stops it.

#include <stdint.h>
#include <stdio.h>

int main(void) {
	printf("busy\n");
	fflush(stdout);
	volatile uint64_t counter = 0;
	for (;;) {
		counter++;
	}
}
