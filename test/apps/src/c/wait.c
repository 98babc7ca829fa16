// wait sleeps for ever.

#include <stdio.h>
#include <unistd.h>

int main(void) {
	printf("waiting\n");
	fflush(stdout);
	for (;;) {
		sleep(1000);
	}
}
