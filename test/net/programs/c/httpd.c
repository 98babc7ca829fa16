// A static-file HTTP/1.1 server (RFC 9110, 9112): httpd [PORT [ROOT [SECONDS]]].
//
// GET and HEAD with keep-alive and pipelining, on one thread around one
// poll_oneoff. A request costs one receive and one send: requests are parsed
// where they were received, answers are sent from where the file is kept. A
// connection at rest holds no buffer. A file is read at its first request and kept
// as long as all of them fit (FILES_MAX_BYTES); what is larger is sent in pieces
// from the disk. A connection that finishes no request within SECONDS is closed,
// and so is the one at rest the longest when there is no room for a new one.
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sockets.h"

enum {
  BACKLOG = 1024,
  CONNECTIONS_MAX = 16384,
  ACCEPTS_MAX = 64,            // in one round, so that those who are here are served too
  INPUT_BYTES = 65536,         // what one receive takes at most
  HEAD_MAX_BYTES = 8192,       // of a request, as elsewhere
  PATH_MAX_BYTES = 1024,       // of a file's name
  PARTS_MAX = 64,              // of one send
  TEXT_BYTES = 4096,           // of answers that are no files, in one send
  FILES_MAX = 4096,            // that are kept; a power of two is the size of their table
  FILE_MAX_BYTES = 1 << 20,    // of one that is kept
  FILES_MAX_BYTES = 32 << 20,  // of all that are kept
  PIECE_BYTES = 65536,         // of a file that is not kept
  PIECES_MAX = 4,              // in one round
  DRAIN_MAX_BYTES = 1 << 20,   // that are read and forgotten after a refusal
  IDLE_SECONDS = 60,
};

// A file as it is sent: the end of the head, then the contents if they are kept.
typedef struct {
  char *path; // below the root, without percent signs
  uint32_t path_length;
  uint32_t hash;
  uint8_t *bytes;
  uint32_t head_length;
  uint32_t body_length; // kept behind the head
  uint64_t size;
  bool kept;
  bool directory; // without the slash at its end
  bool plain;     // a target reads like the path
} file;

typedef struct connection {
  __wasi_fd_t fd;
  uint32_t slot;                  // among the subscriptions
  struct connection *older, *newer; // by the last finished request
  uint32_t second;                // of that
  uint32_t input_length;
  uint8_t *input;                 // received and not yet parsed
  __wasi_ciovec_t *output;        // accepted and not yet sent; one allocation with its copies
  uint32_t output_count, output_next;
  int stream;                     // a file that is not kept, or -1
  uint64_t offset, left;          // of it
  uint64_t skip;                  // bytes of a request's body
  uint32_t drained;
  bool closing;                   // after the output
  bool refused;                   // and what still comes is read, or it would become a reset
  bool draining;
  bool dead;
} connection;

typedef struct {
  const uint8_t *target;
  uint32_t target_length;
  bool head_only;
  bool refused_method;
  bool http10;
  bool close, keep_alive, host;
  uint64_t body_length;
} request;

static connection connections[CONNECTIONS_MAX];
static connection *unused;               // linked by older
static connection *dead;                 // of this round
static connection ends;                  // of the list by age: newer is the oldest, older the newest
static uint32_t connected;

enum { CLOCK_SLOT, LISTENER_SLOT, FIRST_SLOT };
static __wasi_subscription_t wanted[FIRST_SLOT + CONNECTIONS_MAX];
static connection *owners[FIRST_SLOT + CONNECTIONS_MAX];
static __wasi_event_t events[FIRST_SLOT + CONNECTIONS_MAX];

static uint8_t input[INPUT_BYTES];
static uint8_t piece[PIECE_BYTES];
static __wasi_ciovec_t parts[PARTS_MAX];
static uint32_t part_count;
static char text[TEXT_BYTES]; // of this send
static uint32_t text_length;

static file files[FILES_MAX * 2];
static uint32_t file_count;
static uint64_t files_bytes;
static int root;

static uint32_t idle_seconds = IDLE_SECONDS;
static uint32_t second;     // of the monotonic clock
static int64_t clock_offset; // of the real clock to it

#define OK_LINE "HTTP/1.1 200 OK\r\n"
#define DATE_LINE "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
static char start[] = OK_LINE DATE_LINE; // of every answer that is a file
static char *const date_line = start + sizeof OK_LINE - 1;
enum { START_BYTES = sizeof start - 1, DATE_BYTES = sizeof DATE_LINE - 1 };

static void set_clock(void) {
  clock_offset = (int64_t)(now(__WASI_CLOCKID_REALTIME) / 1000000000) - (int64_t)(now(__WASI_CLOCKID_MONOTONIC) / 1000000000);
}

static void tick(void) {
  const uint32_t s = (uint32_t)(now(__WASI_CLOCKID_MONOTONIC) / 1000000000);
  if (s == second)
    return;
  second = s;
  const time_t t = (time_t)(clock_offset + s);
  struct tm utc;
  char line[DATE_BYTES + 1];
  if (gmtime_r(&t, &utc) != NULL && strftime(line, sizeof line, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc) == DATE_BYTES)
    memcpy(date_line, line, DATE_BYTES);
}

// Connections.

static void leave_list(connection *c) {
  c->older->newer = c->newer;
  c->newer->older = c->older;
}

static void become_newest(connection *c) {
  c->second = second;
  c->older = ends.older;
  c->newer = &ends;
  ends.older->newer = c;
  ends.older = c;
}

static void wait_on(connection *c, __wasi_eventtype_t type) { wanted[c->slot].u.tag = type; }

static void drop_output(connection *c) {
  free(c->output);
  c->output = NULL;
  c->output_count = c->output_next = 0;
}

// Events of this round may still name c, so it is used again only after it.
static void end_connection(connection *c) {
  if (c->dead)
    return;
  (void)__wasi_fd_close(c->fd);
  if (c->stream >= 0)
    close(c->stream);
  free(c->input);
  drop_output(c);
  leave_list(c);
  const uint32_t last = FIRST_SLOT + --connected;
  wanted[c->slot] = wanted[last];
  owners[c->slot] = owners[last];
  owners[c->slot]->slot = c->slot;
  c->dead = true;
  c->older = dead;
  dead = c;
}

static void bury(void) {
  while (dead != NULL) {
    connection *const c = dead;
    dead = c->older;
    c->older = unused;
    unused = c;
  }
}

static void add_connection(__wasi_fd_t fd) {
  const uint32_t yes = 1;
  (void)sock_setsockopt(fd, LEVEL_TCP, TCP_NO_DELAY, &yes, sizeof yes); // where there is such an option
  connection *const c = unused;
  unused = c->older;
  *c = (connection){.fd = fd, .slot = FIRST_SLOT + connected++, .stream = -1};
  become_newest(c);
  wanted[c->slot] = on_descriptor((uintptr_t)c, fd, __WASI_EVENTTYPE_FD_READ);
  owners[c->slot] = c;
}

static void accept_some(__wasi_fd_t listener) {
  for (int i = 0; i < ACCEPTS_MAX; i++) {
    if (unused == NULL) {
      end_connection(ends.newer);
      return; // its place is free in the next round
    }
    __wasi_fd_t fd;
    switch (sock_accept_v2(listener, __WASI_FDFLAGS_NONBLOCK, &fd)) {
    case __WASI_ERRNO_SUCCESS:
      add_connection(fd);
      break;
    case __WASI_ERRNO_MFILE:
    case __WASI_ERRNO_NFILE:
    case __WASI_ERRNO_NOBUFS:
    case __WASI_ERRNO_NOMEM:
      if (connected > 0)
        end_connection(ends.newer);
      return;
    case __WASI_ERRNO_CONNABORTED:
      break;
    default:
      return;
    }
  }
}

// Ends connections that have finished no request for long, and looks at the clock
// again when the next may be due.
static void sweep(void) {
  while (connected > 0 && second - ends.newer->second >= idle_seconds)
    end_connection(ends.newer);
  const uint32_t due = connected > 0 ? ends.newer->second + idle_seconds : second + idle_seconds;
  wanted[CLOCK_SLOT].u.u.clock.timeout = (__wasi_timestamp_t)(due + 1) * 1000000000;
  set_clock();
}

// Output.

static void add_part(const void *bytes, uint32_t length) {
  parts[part_count++] = (__wasi_ciovec_t){bytes, length};
}

// What stays as it is until it is sent, and so needs no copy.
static bool lasting(const uint8_t *bytes) {
  const char *const p = (const char *)bytes;
  return (p < text || p >= text + sizeof text) && (p < start || p >= start + sizeof start);
}

// Keeps what of parts has not been sent.
static bool keep_output(connection *c, uint32_t sent) {
  uint32_t first = 0, copied = 0;
  while (sent >= parts[first].buf_len)
    sent -= parts[first++].buf_len;
  parts[first].buf += sent;
  parts[first].buf_len -= sent;
  const uint32_t count = part_count - first;
  for (uint32_t i = first; i < part_count; i++)
    copied += lasting(parts[i].buf) ? 0 : parts[i].buf_len;
  c->output = malloc(count * sizeof *c->output + copied);
  if (c->output == NULL)
    return false;
  memcpy(c->output, parts + first, count * sizeof *c->output);
  uint8_t *copy = (uint8_t *)(c->output + count);
  for (uint32_t i = 0; i < count; i++) {
    if (lasting(c->output[i].buf))
      continue;
    c->output[i].buf = memcpy(copy, c->output[i].buf, c->output[i].buf_len);
    copy += c->output[i].buf_len;
  }
  c->output_count = count;
  c->output_next = 0;
  return true;
}

// Sends the parts, or as much as goes; what is left waits. False: c has ended.
static bool send_parts(connection *c) {
  __wasi_size_t sent = 0, total = 0;
  for (uint32_t i = 0; i < part_count; i++)
    total += parts[i].buf_len;
  const __wasi_errno_t e = total == 0 ? 0 : __wasi_sock_send(c->fd, parts, part_count, 0, &sent);
  bool alive = e == 0 || e == __WASI_ERRNO_AGAIN;
  if (alive && sent < total)
    alive = keep_output(c, sent);
  part_count = text_length = 0;
  if (!alive)
    end_connection(c);
  return alive;
}

// Sends what waits. True: all of it is sent.
static bool send_output(connection *c) {
  __wasi_size_t sent = 0;
  const __wasi_errno_t e = __wasi_sock_send(c->fd, c->output + c->output_next, c->output_count - c->output_next, 0, &sent);
  if (e != 0 && e != __WASI_ERRNO_AGAIN) {
    end_connection(c);
    return false;
  }
  if (sent > 0)
    leave_list(c), become_newest(c); // a slow reader is no idle one
  while (c->output_next < c->output_count && sent >= c->output[c->output_next].buf_len)
    sent -= c->output[c->output_next++].buf_len;
  if (c->output_next < c->output_count) {
    c->output[c->output_next].buf += sent;
    c->output[c->output_next].buf_len -= sent;
    return false;
  }
  drop_output(c);
  return true;
}

// Sends pieces of a file that is not kept. True: the whole file is sent.
static bool send_stream(connection *c) {
  for (int i = 0; i < PIECES_MAX && c->left > 0; i++) {
    const ssize_t n = pread(c->stream, piece, c->left < sizeof piece ? c->left : sizeof piece, (off_t)c->offset);
    if (n <= 0) { // it has become shorter than was promised
      end_connection(c);
      return false;
    }
    const __wasi_ciovec_t part = {piece, (size_t)n};
    __wasi_size_t sent = 0;
    const __wasi_errno_t e = __wasi_sock_send(c->fd, &part, 1, 0, &sent);
    if (e != 0 && e != __WASI_ERRNO_AGAIN) {
      end_connection(c);
      return false;
    }
    c->offset += sent;
    c->left -= sent;
    if (sent > 0)
      leave_list(c), become_newest(c);
    if (sent < (__wasi_size_t)n)
      return false;
  }
  if (c->left > 0)
    return false;
  close(c->stream);
  c->stream = -1;
  return true;
}

// Files.

static uint32_t hash_of(const uint8_t *bytes, uint32_t length) {
  uint32_t h = 0x811c9dc5;
  for (uint32_t i = 0; i < length; i++)
    h = (h ^ bytes[i]) * 0x01000193;
  return h;
}

// The file of a path, or the place for it.
static file *find_file(const uint8_t *path, uint32_t length) {
  const uint32_t hash = hash_of(path, length);
  for (uint32_t i = hash;; i++) {
    file *const f = &files[i % (FILES_MAX * 2)];
    if (f->path == NULL || (f->hash == hash && f->path_length == length && memcmp(f->path, path, length) == 0)) {
      f->hash = hash;
      return f;
    }
  }
}

static const char *type_of(const char *path) {
  static const char *const types[][2] = {
      {".html", "text/html; charset=utf-8"}, {".css", "text/css"},      {".js", "text/javascript"},
      {".txt", "text/plain; charset=utf-8"}, {".png", "image/png"},     {".svg", "image/svg+xml"},
      {".json", "application/json"},         {".jpg", "image/jpeg"},    {".ico", "image/x-icon"},
      {".wasm", "application/wasm"},         {".woff2", "font/woff2"},  {".pdf", "application/pdf"},
  };
  const char *const dot = strrchr(path, '.');
  for (size_t i = 0; dot != NULL && i < sizeof types / sizeof *types; i++)
    if (strcmp(dot, types[i][0]) == 0)
      return types[i][1];
  return "application/octet-stream";
}

// Fills f, whose contents lie behind its head when keep says so.
static bool load(file *f, int fd, const char *name, uint64_t size, bool keep) {
  char head[160];
  const int length = snprintf(head, sizeof head, "Content-Type: %s\r\nContent-Length: %llu\r\n\r\n", type_of(name),
                              (unsigned long long)size);
  uint8_t *const bytes = malloc((size_t)length + (keep ? (size_t)size : 0));
  if (bytes == NULL)
    return false;
  memcpy(bytes, head, (size_t)length);
  for (uint64_t at = 0; keep && at < size;) {
    const ssize_t n = pread(fd, bytes + length + at, (size_t)(size - at), (off_t)at);
    if (n <= 0) {
      free(bytes);
      return false;
    }
    at += (uint64_t)n;
  }
  f->bytes = bytes;
  f->head_length = (uint32_t)length;
  f->body_length = keep ? (uint32_t)size : 0;
  f->kept = keep;
  f->size = size;
  return true;
}

// Opens the file that path names; "" and names with a slash at the end are the
// index of a directory.
static int open_file(const char *path, uint32_t length, char name[PATH_MAX_BYTES + 16], struct stat *s) {
  memcpy(name, path, length);
  strcpy(name + length, length == 0 || path[length - 1] == '/' ? "index.html" : "");
  const int fd = openat(root, name, O_RDONLY);
  if (fd >= 0 && fstat(fd, s) == 0)
    return fd;
  if (fd >= 0)
    close(fd);
  return -1;
}

// Makes f the file of path, if there is such a file.
static bool add_file(file *f, const char *path, uint32_t length) {
  char name[PATH_MAX_BYTES + 16];
  struct stat s;
  const int fd = open_file(path, length, name, &s);
  if (fd < 0 || file_count == FILES_MAX || (f->path = malloc(length + 1)) == NULL) {
    if (fd >= 0)
      close(fd);
    return false;
  }
  const uint64_t size = (uint64_t)s.st_size;
  const bool keep = size <= FILE_MAX_BYTES && files_bytes + size <= FILES_MAX_BYTES;
  const uint32_t hash = f->hash;
  *f = (file){.path = f->path, .path_length = length, .hash = hash, .directory = S_ISDIR(s.st_mode)};
  f->plain = memchr(path, '%', length) == NULL && memchr(path, '?', length) == NULL && memchr(path, '#', length) == NULL;
  if (!f->directory && (!S_ISREG(s.st_mode) || !load(f, fd, name, size, keep))) {
    free(f->path);
    f->path = NULL;
    close(fd);
    return false;
  }
  close(fd);
  memcpy(f->path, path, length);
  f->path[length] = 0;
  file_count++;
  files_bytes += f->body_length;
  return true;
}

static int digit(uint8_t c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Decodes a target's path and resolves its dots (RFC 3986, 2.1 and 5.2.4). The
// result lies below the root. False: the target names nothing there.
static bool canonical(const uint8_t *target, uint32_t length, char path[PATH_MAX_BYTES], uint32_t *path_length) {
  uint32_t n = 0, segment = 0; // segment is where the last one begins
  for (uint32_t i = 1; i <= length; i++) {
    uint8_t c = i < length ? target[i] : 0;
    const bool last = i == length || c == '?' || c == '#';
    if (c == '%' && !last) {
      if (i + 2 >= length || digit(target[i + 1]) < 0 || digit(target[i + 2]) < 0)
        return false;
      c = (uint8_t)(digit(target[i + 1]) << 4 | digit(target[i + 2]));
      i += 2;
    }
    if (!last && c != '/') {
      if (c < ' ' || c == '\\' || n + 1 >= PATH_MAX_BYTES)
        return false;
      path[n++] = (char)c;
      continue;
    }
    const uint32_t size = n - segment;
    const bool up = size == 2 && memcmp(path + segment, "..", 2) == 0;
    if (up && segment == 0)
      return false;
    if (up) { // to the segment before
      for (segment--; segment > 0 && path[segment - 1] != '/'; segment--)
        ;
      n = segment;
    } else if (size == 0 || (size == 1 && path[segment] == '.')) {
      n = segment;
    } else if (!last) {
      if (n + 1 >= PATH_MAX_BYTES)
        return false;
      path[n++] = '/';
      segment = n;
    }
    if (last)
      break;
  }
  *path_length = n;
  return true;
}

// Answers.

// Adds an answer that is no file; more is a header line of it or empty.
static void refuse(connection *c, const request *r, const char *status, const char *more) {
  const bool closing = c->closing;
  const int body = (int)strlen(status) + 1;
  char *const at = text + text_length;
  const int length = snprintf(at, sizeof text - text_length,
                              "HTTP/1.1 %s\r\n%.*s%s%sContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s%s", status,
                              DATE_BYTES, date_line, more, closing ? "Connection: close\r\n" : "", body,
                              r->head_only ? "" : status, r->head_only ? "" : "\n");
  text_length += (uint32_t)length;
  add_part(at, (uint32_t)length);
}

// Refuses what cannot be understood: where the next request begins is unknown.
static void give_up(connection *c, const char *status) {
  c->closing = c->refused = true;
  refuse(c, &(request){0}, status, "");
}

static void redirect(connection *c, const request *r, const file *f) {
  char more[PATH_MAX_BYTES + 32];
  for (const char *p = f->path; *p != 0; p++) {
    if (*p <= ' ' || (uint8_t)*p >= 0x7f || *p == '%') { // would have to be encoded again
      refuse(c, r, "404 Not Found", "");
      return;
    }
  }
  snprintf(more, sizeof more, "Location: /%s/\r\n", f->path);
  refuse(c, r, "301 Moved Permanently", more);
}

static void add_file_parts(connection *c, const request *r, const file *f) {
  static const char closes[] = "Connection: close\r\n", stays[] = "Connection: keep-alive\r\n";
  add_part(start, START_BYTES);
  if (c->closing)
    add_part(closes, sizeof closes - 1);
  else if (r->http10)
    add_part(stays, sizeof stays - 1);
  add_part(f->bytes, f->head_length + (r->head_only ? 0 : f->body_length));
}

// Begins to send a file that is not kept.
static bool begin_stream(connection *c, const file *f) {
  char name[PATH_MAX_BYTES + 16];
  struct stat s;
  c->stream = open_file(f->path, f->path_length, name, &s);
  c->offset = 0;
  c->left = f->size;
  return c->stream >= 0;
}

static void answer(connection *c, const request *r) {
  c->closing = r->close || (r->http10 && !r->keep_alive);
  if (r->refused_method) {
    refuse(c, r, "405 Method Not Allowed", "Allow: GET, HEAD\r\n");
    return;
  }
  // Names are canonical, so a target that is one of them needs no decoding.
  const file *f = find_file(r->target + 1, r->target_length - 1);
  if (f->path == NULL || !f->plain) {
    char path[PATH_MAX_BYTES];
    uint32_t length;
    if (!canonical(r->target, r->target_length, path, &length)) {
      refuse(c, r, "400 Bad Request", "");
      return;
    }
    file *const place = find_file((const uint8_t *)path, length);
    if (place->path == NULL && !add_file(place, path, length)) {
      refuse(c, r, file_count == FILES_MAX ? "503 Service Unavailable" : "404 Not Found", "");
      return;
    }
    f = place;
  }
  if (f->directory)
    redirect(c, r, f);
  else if (r->head_only || f->kept || begin_stream(c, f))
    add_file_parts(c, r, f);
  else
    refuse(c, r, "404 Not Found", "");
}

// Requests.

// The next line feed, eight bytes at a time, or end.
static const uint8_t *line_feed(const uint8_t *p, const uint8_t *end) {
  const uint64_t ones = 0x0101010101010101;
  for (; end - p >= 8; p += 8) {
    uint64_t v;
    memcpy(&v, p, 8);
    v ^= ones * '\n';
    const uint64_t zero = (v - ones) & ~v & ones << 7;
    if (zero != 0)
      return p + (__builtin_ctzll(zero) >> 3);
  }
  while (p < end && *p != '\n')
    p++;
  return p;
}

// The value of a header line if its name is that, which ends with a colon.
static const char *value(const uint8_t *line, const uint8_t *end, const char *name) {
  const size_t length = strlen(name);
  if ((size_t)(end - line) < length || strncasecmp((const char *)line, name, length) != 0)
    return NULL;
  line += length;
  while (line < end && (*line == ' ' || *line == '\t'))
    line++;
  return (const char *)line;
}

// Whether a list of tokens has one.
static bool has_token(const char *list, const char *end, const char *token) {
  const size_t length = strlen(token);
  while (list < end) {
    while (list < end && (*list == ' ' || *list == ',' || *list == '\t'))
      list++;
    const char *word = list;
    while (list < end && *list != ' ' && *list != ',' && *list != '\t')
      list++;
    if ((size_t)(list - word) == length && strncasecmp(word, token, length) == 0)
      return true;
  }
  return false;
}

// Reads one header line; false: the request is none.
static const char *header(request *r, const uint8_t *line, const uint8_t *end) {
  const char *v, *const stop = (const char *)end;
  switch (*line | 0x20) {
  case 'h':
    r->host |= value(line, end, "host:") != NULL;
    return NULL;
  case 'c':
    if ((v = value(line, end, "connection:")) != NULL) {
      r->close |= has_token(v, stop, "close");
      r->keep_alive |= has_token(v, stop, "keep-alive");
    } else if ((v = value(line, end, "content-length:")) != NULL) {
      uint64_t n = 0;
      const char *const first = v;
      for (; v < stop && *v >= '0' && *v <= '9' && v - first < 18; v++)
        n = n * 10 + (uint64_t)(*v - '0');
      if (v == first || v != stop)
        return "400 Bad Request";
      r->body_length = n;
    }
    return NULL;
  case 't':
    return value(line, end, "transfer-encoding:") != NULL ? "501 Not Implemented" : NULL;
  case ' ' | 0x20: // a line that goes on (RFC 9112, 5.2)
  case '\t' | 0x20:
    return *line == ' ' || *line == '\t' ? "400 Bad Request" : NULL;
  default:
    return NULL;
  }
}

// Reads the first line of a request.
static const char *request_line(request *r, const uint8_t *p, const uint8_t *end) {
  const uint8_t *const method = p;
  while (p < end && *p != ' ')
    p++;
  if (p == method || p == end)
    return "400 Bad Request";
  const size_t length = (size_t)(p - method);
  r->head_only = length == 4 && memcmp(method, "HEAD", 4) == 0;
  r->refused_method = !r->head_only && !(length == 3 && memcmp(method, "GET", 3) == 0);
  r->target = ++p;
  while (p < end && *p > ' ')
    p++;
  r->target_length = (uint32_t)(p - r->target);
  if (end - p != 9 || memcmp(p, " HTTP/1.", 8) != 0 || (p[8] != '0' && p[8] != '1'))
    return end - p > 6 && memcmp(p, " HTTP/", 6) == 0 ? "505 HTTP Version Not Supported" : "400 Bad Request";
  r->http10 = p[8] == '0';
  if (r->target_length > 7 && strncasecmp((const char *)r->target, "http://", 7) == 0) { // RFC 9112, 3.2.2
    const uint8_t *at = r->target + 7;
    while (at < p && *at != '/')
      at++;
    if (at == p)
      return "400 Bad Request";
    r->target_length -= (uint32_t)(at - r->target);
    r->target = at;
  }
  const bool all = r->target_length == 1 && *r->target == '*' && r->refused_method;
  return r->target_length == 0 || (*r->target != '/' && !all) ? "400 Bad Request" : NULL;
}

// Reads a request and returns its length, or 0 if there is more to come. status
// is NULL unless it must be refused.
static uint32_t parse(request *r, const uint8_t *from, const uint8_t *end, const char **status) {
  const uint8_t *p = from;
  *status = NULL;
  *r = (request){0};
  while (p < end && (*p == '\r' || *p == '\n')) // RFC 9112, 2.2
    p++;
  for (bool first = true;; first = false) {
    const uint8_t *const line = p, *feed = line_feed(p, end);
    if (feed == end || feed - from > HEAD_MAX_BYTES) {
      if (end - from > HEAD_MAX_BYTES)
        *status = first ? "414 URI Too Long" : "431 Request Header Fields Too Large";
      return 0;
    }
    p = feed + 1;
    if (feed > line && feed[-1] == '\r')
      feed--;
    if (feed == line)
      break;
    *status = first ? request_line(r, line, feed) : header(r, line, feed);
    if (*status != NULL)
      return 0;
  }
  if (!r->http10 && !r->host)
    *status = "400 Bad Request";
  return (uint32_t)(p - from);
}

// Keeps what has been received and cannot be answered yet.
static bool keep_input(connection *c, const uint8_t *from, const uint8_t *end) {
  const uint32_t length = (uint32_t)(end - from);
  uint8_t *copy = NULL;
  if (length > 0 && (copy = malloc(length)) == NULL)
    return false;
  if (length > 0)
    memcpy(copy, from, length);
  free(c->input);
  c->input = copy;
  c->input_length = length;
  return true;
}

// Whether c has something to send that has to wait.
static bool waits(const connection *c) { return c->output != NULL || c->stream >= 0; }

// Answers the requests from p to end, as long as answers can be sent.
static void answer_all(connection *c, const uint8_t *p, const uint8_t *end) {
  while (p < end && !waits(c) && !c->closing) {
    if (c->skip > 0) {
      const uint64_t n = c->skip < (uint64_t)(end - p) ? c->skip : (uint64_t)(end - p);
      c->skip -= n;
      p += n;
      continue;
    }
    request r;
    const char *status;
    const uint32_t length = parse(&r, p, end, &status);
    if (status != NULL)
      give_up(c, status);
    else if (length == 0)
      break;
    else
      answer(c, &r);
    p += length;
    c->skip = r.body_length;
    if (c->second != second || c->newer != &ends)
      leave_list(c), become_newest(c);
    const bool full = part_count + 3 > PARTS_MAX || text_length + TEXT_BYTES / 2 > TEXT_BYTES;
    if ((full || c->stream >= 0) && !send_parts(c))
      return;
  }
  if (part_count > 0 && !send_parts(c))
    return;
  if ((p < end || c->input != NULL) && !keep_input(c, p, end))
    end_connection(c);
}

// Sends what waits and answers what came meanwhile, then waits for what is next.
static void go_on(connection *c) {
  for (;;) {
    if (c->output != NULL && !send_output(c))
      break;
    if (c->stream >= 0 && !send_stream(c))
      break;
    if (c->closing || c->input == NULL)
      break;
    const uint32_t length = c->input_length;
    memcpy(input, c->input, length);
    answer_all(c, input, input + length);
    if (c->dead || !waits(c))
      break;
  }
  if (c->dead)
    return;
  if (waits(c)) {
    wait_on(c, __WASI_EVENTTYPE_FD_WRITE);
    return;
  }
  wait_on(c, __WASI_EVENTTYPE_FD_READ);
  if (!c->closing)
    return;
  if (c->refused && __wasi_sock_shutdown(c->fd, __WASI_SDFLAGS_WR) == 0)
    c->draining = true;
  else
    end_connection(c);
}

static void receive(connection *c) {
  const uint32_t have = c->input_length;
  if (have > 0)
    memcpy(input, c->input, have);
  __wasi_size_t length = 0;
  const __wasi_errno_t e = sock_receive(c->fd, input + have, sizeof input - have, &length);
  if (e == __WASI_ERRNO_AGAIN)
    return;
  if (e != 0 || length == 0) {
    end_connection(c);
    return;
  }
  if (c->draining) {
    c->drained += length;
    if (c->drained > DRAIN_MAX_BYTES)
      end_connection(c);
    return;
  }
  answer_all(c, input, input + have + length);
  if (!c->dead && (waits(c) || c->closing))
    go_on(c);
}

static void serve(__wasi_fd_t listener) {
  for (;;) {
    __wasi_size_t ready = 0;
    // Without connections there is no time to wait for.
    const uint32_t first = connected > 0 ? CLOCK_SLOT : LISTENER_SLOT;
    if (__wasi_poll_oneoff(wanted + first, events, FIRST_SLOT + connected - first, &ready) != 0)
      abort();
    tick();
    bool accepting = false;
    for (__wasi_size_t i = 0; i < ready; i++) {
      connection *const c = (connection *)(uintptr_t)events[i].userdata;
      if (events[i].type == __WASI_EVENTTYPE_CLOCK)
        sweep();
      else if (c == NULL)
        accepting = true;
      else if (c->dead)
        continue;
      else if (events[i].error != 0)
        end_connection(c);
      else if (events[i].type == __WASI_EVENTTYPE_FD_READ)
        receive(c);
      else
        go_on(c);
    }
    if (accepting)
      accept_some(listener);
    bury();
  }
}

int main(int argc, char **argv) {
  const uint32_t port = argc > 1 ? (uint32_t)atoi(argv[1]) : 8080;
  const char *const directory = argc > 2 ? argv[2] : "/";
  if (argc > 3)
    idle_seconds = (uint32_t)atoi(argv[3]);
  root = open(directory, O_RDONLY | O_DIRECTORY);
  if (root < 0) {
    perror(directory);
    return 1;
  }
  __wasi_fd_t listener;
  const __wasi_errno_t e = listen_on(port, BACKLOG, &listener);
  if (e != 0) {
    fprintf(stderr, "listening on port %u: error %d\n", port, e);
    return 1;
  }
  for (uint32_t i = CONNECTIONS_MAX; i-- > 0;) {
    connections[i].older = unused;
    unused = &connections[i];
  }
  ends.older = ends.newer = &ends;
  set_clock();
  tick();
  wanted[CLOCK_SLOT] = on_time(0, 0);
  wanted[LISTENER_SLOT] = on_descriptor(0, listener, __WASI_EVENTTYPE_FD_READ);
  printf("listening on port %u\n", port);
  fflush(stdout);
  serve(listener);
}
