// noargs checks what a program finds that gets no argument, no variable and no
// directory: its own name, and nothing else.

#include "check.h"

int main(void) {
	uint32_t count = 9, bytes = 9;
	__wasi_prestat_t stat;
	must(args_sizes_get(at(&count), at(&bytes)));
	holds("args_sizes_get", "the name only", count == 1 && bytes > 1);
	must(environ_sizes_get(at(&count), at(&bytes)));
	holds("environ_sizes_get", "no variables", count == 0 && bytes == 0);
	answers("environ_get", "no variables", environ_get(at(&count), at(&bytes)), E(SUCCESS));
	answers("fd_prestat_get", "no directories", fd_prestat_get(3, at(&stat)), E(BADF));
	answers("fd_close", "no directories", fd_close(3), E(BADF));
	answers("sock_shutdown", "no directories", sock_shutdown(3, __WASI_SDFLAGS_RD), E(BADF));
	return result();
}
