// An HTTP client: client [-n] HOST PORT PATH prints the status, the length of the
// body and its FNV-1a hash. With -n the socket does not block and is polled, from
// connecting on. The exit code is 0 when a whole answer came, otherwise 1, after a
// line "error N" with the errno of preview 1.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolve.h"

static bool polled;

static int fail(const char *what, __wasi_errno_t e) {
  printf("%s: error %d\n", what, e);
  return 1;
}

static void wait_for(__wasi_fd_t fd, __wasi_eventtype_t type) {
  const __wasi_subscription_t wanted = on_descriptor(0, fd, type);
  __wasi_event_t event;
  __wasi_size_t ready;
  (void)__wasi_poll_oneoff(&wanted, &event, 1, &ready);
}

// The error that a connection ended with, for both meanings of the last parameter.
static __wasi_errno_t socket_error(__wasi_fd_t fd) {
  int32_t value = 0;
  static uint32_t length = sizeof value;
  __wasi_errno_t e = sock_getsockopt(fd, LEVEL_SOCKET, SOCKET_ERROR, &value, (uintptr_t)&length);
  if (e != 0)
    e = sock_getsockopt(fd, LEVEL_SOCKET, SOCKET_ERROR, &value, sizeof value);
  return e != 0 ? e : (__wasi_errno_t)value;
}

static __wasi_errno_t connect_to(const resolved *to, uint32_t port, __wasi_fd_t *fd) {
  __wasi_errno_t e = sock_open((int32_t)to->family, STREAM, fd);
  if (e == 0 && polled)
    e = __wasi_fd_fdstat_set_flags(*fd, __WASI_FDFLAGS_NONBLOCK);
  if (e != 0)
    return e;
  const sock_address address = {to->bytes, to->family == INET4 ? 4 : 16};
  e = sock_connect(*fd, &address, port);
  if (e == __WASI_ERRNO_INPROGRESS) {
    wait_for(*fd, __WASI_EVENTTYPE_FD_WRITE);
    e = socket_error(*fd);
  }
  return e;
}

static __wasi_errno_t send_all(__wasi_fd_t fd, const char *text, size_t length) {
  while (length > 0) {
    const __wasi_ciovec_t part = {(const uint8_t *)text, length};
    __wasi_size_t sent = 0;
    const __wasi_errno_t e = __wasi_sock_send(fd, &part, 1, 0, &sent);
    if (e == __WASI_ERRNO_AGAIN) {
      wait_for(fd, __WASI_EVENTTYPE_FD_WRITE);
    } else if (e != 0) {
      return e;
    }
    text += sent;
    length -= sent;
  }
  return 0;
}

static __wasi_errno_t receive(__wasi_fd_t fd, uint8_t *buffer, size_t room, __wasi_size_t *length) {
  for (;;) {
    const __wasi_errno_t e = sock_receive(fd, buffer, room, length);
    if (e != __WASI_ERRNO_AGAIN)
      return e;
    wait_for(fd, __WASI_EVENTTYPE_FD_READ);
  }
}

// Reads the answer up to the end of the connection.
static int show_answer(__wasi_fd_t fd) {
  static uint8_t buffer[65536];
  size_t have = 0, body = 0;
  uint64_t hash = 0xcbf29ce484222325;
  char status[4] = "";
  bool head = true;
  for (;;) {
    __wasi_size_t length = 0;
    const __wasi_errno_t e = receive(fd, buffer + have, sizeof buffer - 1 - have, &length);
    if (e != 0)
      return fail("receive", e);
    if (length == 0)
      break;
    have += length;
    size_t from = 0;
    if (head) {
      buffer[have] = 0;
      const char *end = strstr((char *)buffer, "\r\n\r\n");
      if (end == NULL && have + 1 < sizeof buffer)
        continue;
      if (end == NULL || have < 12)
        return fail("head", __WASI_ERRNO_2BIG);
      memcpy(status, buffer + 9, 3);
      from = (size_t)(end - (char *)buffer) + 4;
      head = false;
    }
    for (size_t i = from; i < have; i++)
      hash = (hash ^ buffer[i]) * 0x100000001b3;
    body += have - from;
    have = 0;
  }
  if (head)
    return fail("head", __WASI_ERRNO_IO);
  printf("status %s, %zu bytes, hash %016llx\n", status, body, (unsigned long long)hash);
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "-n") == 0) {
    polled = true;
    argc--, argv++;
  }
  if (argc != 4) {
    fprintf(stderr, "client [-n] HOST PORT PATH\n");
    return 2;
  }
  resolved list[ADDRESSES_MAX];
  const int n = resolve(argv[1], FAMILY_ANY, list);
  if (n <= 0)
    return fail("resolve", (__wasi_errno_t)-n);
  __wasi_fd_t fd = 0;
  __wasi_errno_t e = __WASI_ERRNO_HOSTUNREACH;
  for (int i = 0; i < n; i++) {
    if ((e = connect_to(&list[i], (uint32_t)atoi(argv[2]), &fd)) == 0)
      break;
    (void)__wasi_fd_close(fd);
  }
  if (e != 0)
    return fail("connect", e);
  static char request[4096];
  const int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n\r\n", argv[3],
                              argv[1], argv[2]);
  if (length >= (int)sizeof request)
    return fail("request", __WASI_ERRNO_2BIG);
  if ((e = send_all(fd, request, (size_t)length)) != 0)
    return fail("send", e);
  const int code = show_answer(fd);
  (void)__wasi_fd_close(fd);
  return code;
}
