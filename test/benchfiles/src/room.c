/* Takes memory until there is no more, and says how many pages of 64 KiB that were. */
#include <stdio.h>

int main(void) {
  int pages = 0;
  while (__builtin_wasm_memory_grow(0, 1) != (unsigned long)-1) pages++;
  printf("room %d\n", pages);
  return 0;
}
