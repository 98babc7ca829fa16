/* The least that serves HTTP on Linux: epoll SERVER PORT BYTES...
 *
 * For each of BYTES there is a response with a body of that size, made once.
 * A request is answered when it ends with an empty line; its path is the size:
 * GET /400.txt. Nothing else of it is looked at. */
#define _GNU_SOURCE /* accept4 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RESPONSES_MAX = 8, EVENTS_MAX = 256, BACKLOG = 4096, HEADER_MAX = 256, REQUEST_MAX = 4096 };

static struct { int body, length; char *text; } responses[RESPONSES_MAX];
static int responses_made;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void make_response(int body) {
  char *text = malloc(HEADER_MAX + body);
  if (!text || responses_made == RESPONSES_MAX) fail("response");
  int header = snprintf(text, HEADER_MAX,
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", body);
  memset(text + header, 'x', body);
  responses[responses_made].body = body;
  responses[responses_made].length = header + body;
  responses[responses_made++].text = text;
}

static void serve(int connection) {
  char request[REQUEST_MAX];
  ssize_t n = read(connection, request, sizeof request - 1);
  if (n <= 0) {
    if (n == 0 || errno != EAGAIN) close(connection);
    return;
  }
  if (n < 6 || memcmp(request + n - 4, "\r\n\r\n", 4)) return;
  request[n] = 0;
  int body = atoi(request + 5); /* after "GET /" */
  for (int i = 0; i < responses_made; i++)
    if (responses[i].body == body) {
      /* Smaller than the send buffer: it is written as a whole. */
      if (write(connection, responses[i].text, responses[i].length) != responses[i].length) close(connection);
      return;
    }
  close(connection);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  for (int i = 2; i < argc; i++) make_response(atoi(argv[i]));
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])) };
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, BACKLOG)) fail("listen");
  int poll = epoll_create1(0);
  struct epoll_event event = { .events = EPOLLIN, .data.fd = listener }, events[EVENTS_MAX];
  if (epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event)) fail("epoll_ctl");
  for (;;) {
    int n = epoll_wait(poll, events, EVENTS_MAX, -1);
    for (int i = 0; i < n; i++) {
      if (events[i].data.fd != listener) {
        serve(events[i].data.fd);
        continue;
      }
      for (int connection; (connection = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0;) {
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        event.data.fd = connection;
        if (epoll_ctl(poll, EPOLL_CTL_ADD, connection, &event)) fail("epoll_ctl");
      }
    }
  }
}
