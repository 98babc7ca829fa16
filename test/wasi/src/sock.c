// sock checks what sock_accept, sock_recv, sock_send and sock_shutdown say of what
// is no socket; what they do with one is test/net's.

#include "check.h"

int main(void) {
	uint32_t fd = 0, n = 0, flags = 0, directory = scratch("sock.cleanup");
	char text[4];
	__wasi_iovec_t in = {(uint8_t *)text, 4};
	uint32_t plain = opened(directory, "file");
	struct {
		const char *situation;
		uint32_t fd;
		int32_t want;
	} cases[] = {
		{"of a file", plain, E(NOTSOCK)},
		{"of a directory", directory, E(NOTSOCK)},
		{"of standard output", 1, E(NOTSOCK)},
		{"closed", CLOSED, E(BADF)},
	};
	for (int i = 0; i < 4; i++) {
		answers("sock_accept", cases[i].situation, sock_accept(cases[i].fd, 0, at(&fd)), cases[i].want);
		answers("sock_recv", cases[i].situation, sock_recv(cases[i].fd, at(&in), 1, 0, at(&n), at(&flags)), cases[i].want);
		answers("sock_send", cases[i].situation, sock_send(cases[i].fd, at(&in), 1, 0, at(&n)), cases[i].want);
		answers("sock_shutdown", cases[i].situation, sock_shutdown(cases[i].fd, __WASI_SDFLAGS_RD), cases[i].want);
	}
	must(fd_close(plain));
	cleaned(directory, "sock.cleanup");
	return result();
}
