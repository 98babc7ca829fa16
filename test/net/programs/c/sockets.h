// The sockets of WasmEdge, in both generations of their interface: what
// wasi_snapshot_preview1 lacks to open, connect and name a socket. A module
// imports one generation of a function, never both. sock_recv, sock_send and
// sock_shutdown are preview 1's own.
#pragma once

#include <stdint.h>
#include <wasi/api.h>

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(name)))

// Families and types of sockets.
enum { FAMILY_ANY, INET4, INET6 };
enum { TYPE_ANY, DATAGRAM, STREAM };

// Levels and names of options that are used here.
enum { LEVEL_SOCKET = 0, LEVEL_TCP = 6 };
enum { REUSE_ADDRESS = 0, SOCKET_ERROR = 2, LINGER = 9, TCP_NO_DELAY = 15 };

// What bind, connect, send_to take and recv_from, getlocaladdr, getpeeraddr fill:
// 4 or 16 bytes of address, or the storage of 128 bytes below.
typedef struct {
  const void *bytes;
  uint32_t length;
} sock_address;

// An address of the second generation.
typedef struct {
  uint16_t family;
  uint8_t address[126];
} sock_storage;

_Static_assert(sizeof(sock_address) == 8 && sizeof(sock_storage) == 128, "the layout of WasmEdge");

__wasi_errno_t sock_open(int32_t family, int32_t type, __wasi_fd_t *fd) IMPORT("sock_open");
__wasi_errno_t sock_bind(__wasi_fd_t fd, const sock_address *to, uint32_t port) IMPORT("sock_bind");
__wasi_errno_t sock_connect(__wasi_fd_t fd, const sock_address *to, uint32_t port) IMPORT("sock_connect");
__wasi_errno_t sock_listen(__wasi_fd_t fd, int32_t backlog) IMPORT("sock_listen");
__wasi_errno_t sock_setsockopt(__wasi_fd_t fd, int32_t level, int32_t name, const void *value, uint32_t length)
    IMPORT("sock_setsockopt");

// The fifth parameter is the size's address for WasmEdge and the size itself for
// wasi-go and for Go programs that were written for it.
__wasi_errno_t sock_getsockopt(__wasi_fd_t fd, int32_t level, int32_t name, void *value, uintptr_t length)
    IMPORT("sock_getsockopt");

// The first generation.
__wasi_errno_t sock_accept_v1(__wasi_fd_t fd, __wasi_fd_t *connection) IMPORT("sock_accept");
__wasi_errno_t sock_getlocaladdr_v1(__wasi_fd_t fd, const sock_address *to, uint32_t *type, uint32_t *port)
    IMPORT("sock_getlocaladdr");
__wasi_errno_t sock_getpeeraddr_v1(__wasi_fd_t fd, const sock_address *to, uint32_t *type, uint32_t *port)
    IMPORT("sock_getpeeraddr");

// The second generation.
__wasi_errno_t sock_accept_v2(__wasi_fd_t fd, __wasi_fdflags_t flags, __wasi_fd_t *connection) IMPORT("sock_accept");
__wasi_errno_t sock_recv_from_v2(__wasi_fd_t fd, const __wasi_iovec_t *vectors, uint32_t count, const sock_address *from,
                                 uint32_t flags, uint32_t *port, uint32_t *length, uint32_t *out) IMPORT("sock_recv_from");

// The same in both.
__wasi_errno_t sock_send_to(__wasi_fd_t fd, const __wasi_ciovec_t *vectors, uint32_t count, const sock_address *to,
                            uint32_t port, uint32_t flags, uint32_t *length) IMPORT("sock_send_to");

// What sock_getaddrinfo answers: entries that the caller has linked, each with
// room for an address whose first two bytes are the port.
typedef struct {
  uint8_t family;
  uint8_t pad[3];
  uint32_t length;
  uint8_t *data;
} sock_name;

typedef struct sock_info {
  uint16_t flags;
  uint8_t family;
  uint8_t type;
  uint32_t protocol;
  uint32_t name_length;
  sock_name *name;
  char *canonical;
  uint32_t canonical_length;
  struct sock_info *next;
} sock_info;

_Static_assert(sizeof(sock_info) == 28 && sizeof(sock_name) == 12, "the layout of WasmEdge");

// node and service end with a zero byte that their lengths count.
__wasi_errno_t sock_getaddrinfo(const char *node, uint32_t node_length, const char *service, uint32_t service_length,
                                const sock_info *hints, sock_info **result, uint32_t most, uint32_t *found)
    IMPORT("sock_getaddrinfo");

// What subscriptions to a descriptor and to a time of a clock are.
static inline __wasi_subscription_t on_descriptor(uint64_t data, __wasi_fd_t fd, __wasi_eventtype_t type) {
  __wasi_subscription_t s = {.userdata = data};
  s.u.tag = type;
  s.u.u.fd_read.file_descriptor = fd;
  return s;
}

static inline __wasi_subscription_t on_time(uint64_t data, __wasi_timestamp_t at) {
  __wasi_subscription_t s = {.userdata = data};
  s.u.tag = __WASI_EVENTTYPE_CLOCK;
  s.u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  s.u.u.clock.timeout = at;
  s.u.u.clock.flags = __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME;
  return s;
}

static inline __wasi_timestamp_t now(__wasi_clockid_t clock) {
  __wasi_timestamp_t t = 0;
  (void)__wasi_clock_time_get(clock, 1, &t);
  return t;
}

// Receives once. The flags of the answer are 16 bits wide, but wasi-go writes 32.
static inline __wasi_errno_t sock_receive(__wasi_fd_t fd, void *bytes, uint32_t room, __wasi_size_t *length) {
  const __wasi_iovec_t part = {bytes, room};
  uint32_t flags;
  return __wasi_sock_recv(fd, &part, 1, 0, length, (__wasi_roflags_t *)&flags);
}

// A non-blocking listener on all IPv4 addresses.
static inline __wasi_errno_t listen_on(uint32_t port, int32_t backlog, __wasi_fd_t *fd) {
  static const uint8_t any[4];
  const sock_address address = {any, sizeof any};
  const uint32_t yes = 1;
  __wasi_errno_t e = sock_open(INET4, STREAM, fd);
  if (e == 0)
    e = sock_setsockopt(*fd, LEVEL_SOCKET, REUSE_ADDRESS, &yes, sizeof yes);
  if (e == 0)
    e = sock_bind(*fd, &address, port);
  if (e == 0)
    e = sock_listen(*fd, backlog);
  if (e == 0)
    e = __wasi_fd_fdstat_set_flags(*fd, __WASI_FDFLAGS_NONBLOCK);
  return e;
}
