// A UDP echo server for IPv4 and IPv6: udp [PORT].
//
// A datagram goes back to its sender unchanged. "quit" ends the server. A system
// whose IPv6 sockets take IPv4 too may refuse the second socket: one is enough.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockets.h"

static uint8_t datagram[65536]; // the largest there is

static __wasi_errno_t open_on(int family, uint32_t port, __wasi_fd_t *fd) {
  static const uint8_t any[16];
  const sock_address address = {any, family == INET4 ? 4 : 16};
  __wasi_errno_t e = sock_open(family, DATAGRAM, fd);
  if (e == 0)
    e = sock_bind(*fd, &address, port);
  if (e == 0)
    e = __wasi_fd_fdstat_set_flags(*fd, __WASI_FDFLAGS_NONBLOCK);
  return e;
}

// Sends back all that has come. A datagram that cannot be sent is lost, as the
// protocol allows.
static void echo(__wasi_fd_t fd) {
  for (;;) {
    sock_storage storage;
    const sock_address from = {&storage, sizeof storage};
    const __wasi_iovec_t in = {datagram, sizeof datagram};
    uint32_t port, length, flags;
    if (sock_recv_from_v2(fd, &in, 1, &from, 0, &port, &length, &flags) != 0)
      return; // nothing more, or an answer that an earlier datagram was refused
    if (length == 4 && memcmp(datagram, "quit", 4) == 0)
      exit(0);
    const sock_address to = {storage.address, storage.family == INET4 ? 4 : 16};
    const __wasi_ciovec_t out = {datagram, length};
    (void)sock_send_to(fd, &out, 1, &to, port, 0, &length);
  }
}

int main(int argc, char **argv) {
  const uint32_t port = argc > 1 ? (uint32_t)atoi(argv[1]) : 7;
  __wasi_subscription_t wanted[2];
  __wasi_event_t events[2];
  __wasi_size_t sockets = 0, ready;
  for (int family = INET6; family >= INET4; family--) {
    __wasi_fd_t fd;
    const __wasi_errno_t e = open_on(family, port, &fd);
    if (e == 0)
      wanted[sockets++] = on_descriptor(fd, fd, __WASI_EVENTTYPE_FD_READ);
    else
      printf("no socket of family %d: error %d\n", family, e);
  }
  if (sockets == 0)
    return 1;
  printf("listening on port %u\n", port);
  fflush(stdout);
  while (__wasi_poll_oneoff(wanted, events, sockets, &ready) == 0) {
    for (__wasi_size_t i = 0; i < ready; i++)
      echo((__wasi_fd_t)events[i].userdata);
  }
  return 1;
}
