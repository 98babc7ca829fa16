// A DNS client: resolve FAMILY NAME... prints the addresses of each name, one a
// line, sorted as they came; FAMILY is 4, 6 or 0 for both.
#include <stdio.h>
#include <stdlib.h>

#include "resolve.h"

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "resolve FAMILY NAME...\n");
    return 2;
  }
  const int family = atoi(argv[1]) == 4 ? INET4 : atoi(argv[1]) == 6 ? INET6 : FAMILY_ANY;
  for (int i = 2; i < argc; i++) {
    resolved list[ADDRESSES_MAX];
    char text[40];
    const int n = resolve(argv[i], family, list);
    if (n <= 0) {
      printf("%s error %d\n", argv[i], -n);
      continue;
    }
    for (int k = 0; k < n; k++) {
      print_address(&list[k], text);
      printf("%s %s\n", argv[i], text);
    }
  }
  return 0;
}
