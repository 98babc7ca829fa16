// raise-abort checks that a signal ends the program with the code that a shell shows.

#include "check.h"

int main(void) {
	printf("ok proc_raise abort: yes\n");
	fflush(stdout);
	answers("proc_raise", "of what must not return", proc_raise(6), -1);
	return 0;
}
