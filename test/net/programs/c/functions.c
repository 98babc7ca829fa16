// A TCP server of small functions for tests, over the first generation of
// WasmEdge's sockets: functions [PORT]. The first line of a connection says what
// becomes of it:
//
//   echo        everything comes back; after the client's end, the server's
//   send N      N bytes of a known stream, then the end
//   receive     reads to the end, then says how much came and its checksum
//   pause MS    reads nothing for that long, then like receive
//   half        ends its own direction at once, then reads to the end
//   last        says what the last half read
//   reset       closes while bytes of the client are unread, so with a reset
//   linger      closes with SO_LINGER of 0 seconds: a reset where that is known
//   count       says how many connections are open, this one included
//   address     says the socket's own address and its peer's
//   quit        ends the program, whatever is open
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "sockets.h"

enum {
  BACKLOG = 1024,
  CONNECTIONS_MAX = 12000,
  LINE_BYTES = 32,
  BUFFER_BYTES = 65536,
  STREAM_BYTES = 65521, // a prime, so that no two places of a transfer are alike at powers of two
  ROUNDS_MAX = 16,      // of one connection before others have their turn
};

enum state { LINE, ECHO, SEND, RECEIVE, HALF, ANSWER };

typedef struct connection {
  __wasi_fd_t fd;
  uint32_t slot;
  enum state state;
  uint32_t line_length;
  char line[LINE_BYTES];
  uint64_t left, offset; // of SEND
  hash sum;
  uint8_t *output;
  uint32_t output_length;
  struct connection *next;
} connection;

static connection *unused, *dead;
static uint32_t connected;
static __wasi_subscription_t wanted[1 + CONNECTIONS_MAX];
static connection *owners[1 + CONNECTIONS_MAX];
static __wasi_event_t events[1 + CONNECTIONS_MAX];
static uint8_t buffer[BUFFER_BYTES];
static uint8_t stream[2 * STREAM_BYTES]; // twice the same, so that every piece lies in one place
static hash last;

static void make_stream(void) {
  uint32_t x = 2463534242;
  for (uint32_t i = 0; i < STREAM_BYTES; i++) {
    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    stream[i] = stream[STREAM_BYTES + i] = (uint8_t)(x >> 24);
  }
}

static void wait_on(connection *c, __wasi_eventtype_t type) {
  wanted[c->slot] = on_descriptor((uintptr_t)c, c->fd, type);
}

static void end_connection(connection *c) {
  (void)__wasi_fd_close(c->fd);
  free(c->output);
  c->output = NULL;
  const uint32_t end = connected--;
  wanted[c->slot] = wanted[end];
  owners[c->slot] = owners[end];
  owners[c->slot]->slot = c->slot;
  c->fd = -1;
  c->next = dead;
  dead = c;
}

static bool is_dead(const connection *c) { return c->fd == -1; }

// Sends bytes and keeps what does not go. False: c has ended.
static bool send_or_keep(connection *c, const uint8_t *bytes, uint32_t length) {
  const __wasi_ciovec_t part = {bytes, length};
  __wasi_size_t sent = 0;
  const __wasi_errno_t e = __wasi_sock_send(c->fd, &part, 1, 0, &sent);
  if ((e != 0 && e != __WASI_ERRNO_AGAIN) || (sent < length && (c->output = malloc(length - sent)) == NULL)) {
    end_connection(c);
    return false;
  }
  if (sent == length)
    return true;
  memcpy(c->output, bytes + sent, length - sent);
  c->output_length = length - sent;
  wait_on(c, __WASI_EVENTTYPE_FD_WRITE);
  return true;
}

static void say(connection *c, const char *text) {
  c->state = ANSWER;
  if (send_or_keep(c, (const uint8_t *)text, (uint32_t)strlen(text)) && c->output == NULL)
    end_connection(c);
}

static void say_sum(connection *c, const hash *h) {
  char text[64];
  snprintf(text, sizeof text, "%llu %016llx\n", (unsigned long long)h->length, (unsigned long long)hash_sum(h));
  say(c, text);
}

static void say_addresses(connection *c) {
  char text[96];
  uint8_t own[16] = {0}, peer[16] = {0};
  uint32_t own_type = 0, own_port = 0, peer_type = 0, peer_port = 0;
  const sock_address own_address = {own, sizeof own}, peer_address = {peer, sizeof peer};
  const __wasi_errno_t e = sock_getlocaladdr_v1(c->fd, &own_address, &own_type, &own_port);
  const __wasi_errno_t f = sock_getpeeraddr_v1(c->fd, &peer_address, &peer_type, &peer_port);
  if (e != 0 || f != 0)
    snprintf(text, sizeof text, "errors %d and %d\n", e, f);
  else
    snprintf(text, sizeof text, "%u %u.%u.%u.%u:%u %u %u.%u.%u.%u:%u\n", own_type, own[0], own[1], own[2], own[3], own_port,
             peer_type, peer[0], peer[1], peer[2], peer[3], peer_port);
  say(c, text);
}

static void send_stream(connection *c) {
  for (int i = 0; i < ROUNDS_MAX && c->left > 0; i++) {
    const uint32_t length = c->left < STREAM_BYTES ? (uint32_t)c->left : STREAM_BYTES;
    const __wasi_ciovec_t part = {stream + c->offset % STREAM_BYTES, length};
    __wasi_size_t sent = 0;
    const __wasi_errno_t e = __wasi_sock_send(c->fd, &part, 1, 0, &sent);
    if (e == __WASI_ERRNO_AGAIN)
      break;
    if (e != 0) {
      end_connection(c);
      return;
    }
    c->offset += sent;
    c->left -= sent;
  }
  if (c->left == 0)
    end_connection(c);
}

// Takes what follows the line of a command.
static void take(connection *c, const uint8_t *bytes, uint32_t length) {
  if (c->state == ECHO && length > 0)
    (void)send_or_keep(c, bytes, length);
  else if (c->state == RECEIVE || c->state == HALF)
    hash_add(&c->sum, bytes, length);
}

static void close_with_reset(connection *c) {
  const uint16_t off_or_on_and_seconds[4] = {1, 0, 0, 0};
  (void)sock_setsockopt(c->fd, LEVEL_SOCKET, LINGER, off_or_on_and_seconds, sizeof off_or_on_and_seconds);
  end_connection(c);
}

static void begin(connection *c, const char *line) {
  if (strcmp(line, "echo") == 0) {
    c->state = ECHO;
  } else if (strncmp(line, "send ", 5) == 0) {
    c->state = SEND;
    c->left = strtoull(line + 5, NULL, 10);
    wait_on(c, __WASI_EVENTTYPE_FD_WRITE);
  } else if (strcmp(line, "receive") == 0) {
    c->state = RECEIVE;
  } else if (strncmp(line, "pause ", 6) == 0) {
    c->state = RECEIVE;
    wanted[c->slot] = on_time((uintptr_t)c, now(__WASI_CLOCKID_MONOTONIC) + strtoull(line + 6, NULL, 10) * 1000000);
  } else if (strcmp(line, "half") == 0) {
    c->state = HALF;
    if (__wasi_sock_shutdown(c->fd, __WASI_SDFLAGS_WR) != 0)
      end_connection(c);
  } else if (strcmp(line, "last") == 0) {
    say_sum(c, &last);
  } else if (strcmp(line, "reset") == 0) {
    end_connection(c);
  } else if (strcmp(line, "linger") == 0) {
    close_with_reset(c);
  } else if (strcmp(line, "count") == 0) {
    char text[16];
    snprintf(text, sizeof text, "%u\n", connected);
    say(c, text);
  } else if (strcmp(line, "address") == 0) {
    say_addresses(c);
  } else if (strcmp(line, "quit") == 0) {
    exit(0);
  } else {
    say(c, "no such function\n");
  }
}

// Reads the line, byte by byte: what follows it may have to stay unread.
static void receive_line(connection *c) {
  while (c->line_length < LINE_BYTES) {
    __wasi_size_t length = 0;
    const __wasi_errno_t e = sock_receive(c->fd, c->line + c->line_length, 1, &length);
    if (e == __WASI_ERRNO_AGAIN)
      return;
    if (e != 0 || length == 0) {
      end_connection(c);
      return;
    }
    if (c->line[c->line_length] == '\n') {
      c->line[c->line_length] = 0;
      begin(c, c->line);
      return;
    }
    c->line_length++;
  }
  say(c, "a line too long\n");
}

static void receive(connection *c) {
  for (int i = 0; i < ROUNDS_MAX; i++) {
    __wasi_size_t length = 0;
    const __wasi_errno_t e = sock_receive(c->fd, buffer, sizeof buffer, &length);
    if (e == __WASI_ERRNO_AGAIN)
      return;
    if (e != 0) {
      end_connection(c);
      return;
    }
    if (length == 0) {
      if (c->state == HALF)
        last = c->sum;
      if (c->state == RECEIVE)
        say_sum(c, &c->sum);
      else
        end_connection(c);
      return;
    }
    take(c, buffer, length);
    if (is_dead(c) || c->output != NULL)
      return;
  }
}

// Sends what waits, then goes on with what c is for.
static void go_on(connection *c) {
  if (c->state == SEND) {
    send_stream(c);
    return;
  }
  uint8_t *const output = c->output;
  c->output = NULL;
  if (output != NULL && !send_or_keep(c, output, c->output_length)) {
    free(output);
    return;
  }
  free(output);
  if (c->output != NULL)
    return;
  if (c->state == ANSWER)
    end_connection(c);
  else
    wait_on(c, __WASI_EVENTTYPE_FD_READ);
}

static void accept_all(__wasi_fd_t listener) {
  __wasi_fd_t fd;
  while (connected < CONNECTIONS_MAX && sock_accept_v1(listener, &fd) == 0) {
    connection *const c = unused;
    if (__wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_NONBLOCK) != 0) {
      (void)__wasi_fd_close(fd);
      continue;
    }
    unused = c->next;
    *c = (connection){.fd = fd, .slot = ++connected};
    owners[c->slot] = c;
    wait_on(c, __WASI_EVENTTYPE_FD_READ);
  }
}

static void serve(__wasi_fd_t listener) {
  for (;;) {
    __wasi_size_t ready = 0;
    // A full server leaves new connections to the system.
    const uint32_t first = connected < CONNECTIONS_MAX ? 0 : 1;
    if (__wasi_poll_oneoff(wanted + first, events, 1 + connected - first, &ready) != 0)
      abort();
    bool accepting = false;
    for (__wasi_size_t i = 0; i < ready; i++) {
      connection *const c = (connection *)(uintptr_t)events[i].userdata;
      if (c == NULL)
        accepting = true;
      else if (is_dead(c))
        continue;
      else if (events[i].type == __WASI_EVENTTYPE_CLOCK)
        wait_on(c, __WASI_EVENTTYPE_FD_READ);
      else if (events[i].type == __WASI_EVENTTYPE_FD_WRITE)
        go_on(c);
      else if (c->state == LINE)
        receive_line(c);
      else
        receive(c);
    }
    if (accepting)
      accept_all(listener);
    while (dead != NULL) {
      connection *const c = dead;
      dead = c->next;
      c->next = unused;
      unused = c;
    }
  }
}

int main(int argc, char **argv) {
  static connection connections[CONNECTIONS_MAX];
  const uint32_t port = argc > 1 ? (uint32_t)atoi(argv[1]) : 8080;
  __wasi_fd_t listener;
  const __wasi_errno_t e = listen_on(port, BACKLOG, &listener);
  if (e != 0) {
    fprintf(stderr, "listening on port %u: error %d\n", port, e);
    return 1;
  }
  for (uint32_t i = 0; i < CONNECTIONS_MAX; i++) {
    connections[i].next = unused;
    unused = &connections[i];
  }
  make_stream();
  wanted[0] = on_descriptor(0, listener, __WASI_EVENTTYPE_FD_READ);
  printf("listening on port %u\n", port);
  fflush(stdout);
  serve(listener);
}
