/* What test/benchfiles measures, as one program for machines of ours and for Linux. It reads
 * commands from standard input, one a line, and answers each with a line:
 *
 *   FOLDER OPERATION COUNT   ->   "ok CHECK" or "error OPERATION: REASON"
 *
 * CHECK depends on what was read, so that both sides can be seen to have done the same. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  SMALL_FILES = 100, SMALL_BYTES = 1024,
  LISTED_FILES = 1000,
  BIG_BYTES = 16 << 20,
  PAGE = 4096, CHUNK = 1 << 20,
};

static char buffer[CHUNK];
static uint64_t check;
static const char *folder;

/* path is the path of a file in the folder, in one of two places. */
static const char *path(int which, const char *name, int number) {
  static char paths[2][512];
  snprintf(paths[which], sizeof paths[which], number < 0 ? "%s/%s" : "%s/%s%d", folder, name, number);
  return paths[which];
}

static void add(const char *bytes, long n) {
  check = check * 31 + (uint64_t)n;
  if (n > 0) check += (unsigned char)bytes[0] + (unsigned char)bytes[n - 1];
}

/* fill makes content that differs from place to place. */
static void fill(uint32_t seed) {
  for (int i = 0; i < CHUNK; i += 64) memcpy(buffer + i, &(uint32_t){seed + (uint32_t)i}, 4);
}

/* prepare makes what the other operations work with. */
static int prepare(int count) {
  (void)count;
  if (mkdir(path(0, "small", -1), 0777) || mkdir(path(0, "many", -1), 0777)) return -1;
  for (int i = 0; i < SMALL_FILES; i++) {
    int fd = open(path(0, "small/file", i), O_WRONLY | O_CREAT | O_EXCL, 0666);
    fill(i);
    if (fd < 0 || write(fd, buffer, SMALL_BYTES) != SMALL_BYTES || close(fd)) return -1;
  }
  for (int i = 0; i < LISTED_FILES; i++) {
    int fd = open(path(0, "many/file", i), O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (fd < 0 || close(fd)) return -1;
  }
  int fd = open(path(0, "big", -1), O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (fd < 0) return -1;
  for (int i = 0; i < BIG_BYTES / CHUNK; i++) {
    fill(i * CHUNK);
    if (write(fd, buffer, CHUNK) != CHUNK) return -1;
  }
  return close(fd);
}

/* openclose opens, reads and closes small files. */
static int openclose(int count) {
  for (int i = 0; i < count; i++) {
    int fd = open(path(0, "small/file", i % SMALL_FILES), O_RDONLY);
    if (fd < 0) return -1;
    long n = read(fd, buffer, CHUNK);
    add(buffer, n);
    if (n != SMALL_BYTES || close(fd)) return -1;
  }
  return 0;
}

/* transfer reads or writes pieces of the big file, one after the other or anywhere. */
static int transfer(int count, int size, int writes, int anywhere) {
  int fd = open(path(0, "big", -1), writes ? O_RDWR : O_RDONLY);
  if (fd < 0) return -1;
  uint32_t random = 1;
  for (int i = 0; i < count; i++) {
    random = random * 1664525 + 1013904223;
    uint32_t pieces = BIG_BYTES / size, piece = anywhere ? (random >> 8) % pieces : i % pieces;
    if ((anywhere || piece == 0) && lseek(fd, (off_t)piece * size, SEEK_SET) < 0) return -1;
    if (writes) {
      memcpy(buffer, &random, 4);
      if (write(fd, buffer, size) != size) return -1;
    } else {
      if (read(fd, buffer, size) != size) return -1;
      add(buffer, size);
    }
  }
  return close(fd);
}

static int read4k(int count) { return transfer(count, PAGE, 0, 0); }
static int read1m(int count) { return transfer(count, CHUNK, 0, 0); }
static int readany(int count) { return transfer(count, PAGE, 0, 1); }
static int write4k(int count) { return transfer(count, PAGE, 1, 0); }
static int write1m(int count) { return transfer(count, CHUNK, 1, 0); }
static int writeany(int count) { return transfer(count, PAGE, 1, 1); }

/* names makes a file, looks at it, gives it another name and removes it. */
static int names(int count) {
  for (int i = 0; i < count; i++) {
    struct stat status;
    int fd = open(path(0, "new", i % SMALL_FILES), O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (fd < 0 || close(fd) || stat(path(0, "new", i % SMALL_FILES), &status)) return -1;
    add("", status.st_size);
    if (rename(path(0, "new", i % SMALL_FILES), path(1, "other", i % SMALL_FILES)) || unlink(path(1, "other", i % SMALL_FILES))) return -1;
  }
  return 0;
}

/* status looks at files. */
static int status(int count) {
  for (int i = 0; i < count; i++) {
    struct stat s;
    if (stat(path(0, "small/file", i % SMALL_FILES), &s)) return -1;
    add("", s.st_size);
  }
  return 0;
}

/* list reads the names in a folder. */
static int list(int count) {
  for (int i = 0; i < count; i++) {
    DIR *d = opendir(path(0, "many", -1));
    if (!d) return -1;
    int n = 0;
    for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] == 'f';
    add("", n);
    if (n != LISTED_FILES || closedir(d)) return -1;
  }
  return 0;
}

/* durable writes a page and waits until it is safe. */
static int durable(int count) {
  int fd = open(path(0, "big", -1), O_RDWR);
  if (fd < 0) return -1;
  for (int i = 0; i < count; i++) {
    memcpy(buffer, &i, 4);
    if (pwrite(fd, buffer, PAGE, (off_t)(i % SMALL_FILES) * PAGE) != PAGE || fsync(fd)) return -1;
  }
  return close(fd);
}

static const struct operation { const char *name; int (*run)(int count); } operations[] = {
  {"prepare", prepare}, {"open", openclose}, {"stat", status}, {"read4k", read4k}, {"read1m", read1m}, {"readany", readany},
  {"write4k", write4k}, {"write1m", write1m}, {"writeany", writeany}, {"names", names}, {"list", list}, {"durable", durable},
};

int main(void) {
  static char line[512], where[256], name[32];
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  printf("files: ready\n");
  while (fgets(line, sizeof line, stdin)) {
    int count;
    if (sscanf(line, "%255s %31s %d", where, name, &count) != 3) { printf("error %s: no command\n", line); continue; }
    const struct operation *o = NULL;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
      if (!strcmp(name, operations[i].name)) o = &operations[i];
    if (!o) { printf("error %s: no operation\n", name); continue; }
    folder = where;
    check = 0;
    errno = 0;
    if (o->run(count)) printf("error %s: %s\n", name, strerror(errno));
    else printf("ok %llu\n", (unsigned long long)check);
  }
  return 0;
}
