// exit-125 checks that proc_exit ends the program with its code, at once.

#include "check.h"

int main(void) {
	printf("ok proc_exit code 125: yes\n");
	fflush(stdout);
	proc_exit(125);
}
