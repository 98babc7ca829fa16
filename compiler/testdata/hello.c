// Imports nothing but fd_write and proc_exit.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void) {
	static const char greeting[] = "hello from an object\n";
	char *copy = malloc(1 << 20); // grows the memory
	if (copy == NULL) return 1;
	memset(copy, 0, 1 << 20);
	strcpy(copy, greeting);
	write(1, copy, strlen(copy));
	return 42;
}
