// hello prints its arguments and its environment, writes to standard error and
// ends with the exit code that EXIT_CODE says.

#include <stdio.h>
#include <stdlib.h>

extern char **environ;

int main(int argc, char **argv) {
	printf("hello, %d arguments\n", argc - 1);
	for (int i = 1; i < argc; i++) {
		printf("argument %d: %s\n", i, argv[i]);
	}
	for (char **variable = environ; *variable; variable++) {
		printf("environment: %s\n", *variable);
	}
	fprintf(stderr, "this is standard error\n");
	const char *code = getenv("EXIT_CODE");
	return code ? atoi(code) : 0;
}
