/* memory writes and reads a file, takes all memory that there is, and reads the file again.
 *
 *   memory            ->  "took N" wasm pages
 *   memory FILE MIB   ->  the same, and "same" if the file is as it was */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 64 << 10, WASM_PAGE = 64 << 10, PAGES = 16 };

static unsigned char piece[PIECE];

/* sum reads a file to its end. */
static uint64_t sum(int fd) {
  uint64_t total = 0;
  for (long at = 0, n; (n = pread(fd, piece, PIECE, at)) > 0; at += n)
    for (long i = 0; i < n; i += 4000) total = total * 31 + piece[i];
  return total;
}

/* take grows the memory until it does not grow any more, and uses it. */
static long take(void) {
  long taken = 0;
  for (size_t old; (old = __builtin_wasm_memory_grow(0, PAGES)) != SIZE_MAX; taken += PAGES)
    memset((char *)(old * WASM_PAGE), 1, PAGES * WASM_PAGE);
  return taken;
}

int main(int count, char **arguments) {
  if (count < 3) {
    printf("took %ld\n", take());
    return 0;
  }
  int fd = open(arguments[1], O_RDWR | O_CREAT, 0666);
  for (int i = 0; i < atoi(arguments[2]) * (1 << 20) / PIECE; i++) {
    memset(piece, i * 7, PIECE);
    if (write(fd, piece, PIECE) != PIECE) return 1;
  }
  if (fsync(fd)) return 2;
  uint64_t before = sum(fd);
  printf("took %ld\n", take());
  puts(sum(fd) == before ? "same" : "other");
  return close(fd);
}
