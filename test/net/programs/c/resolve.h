// Addresses of a name, by sock_getaddrinfo.
#pragma once

#include <string.h>

#include "sockets.h"

enum { ADDRESSES_MAX = 16 };

typedef struct {
  uint32_t family;
  uint8_t bytes[16];
} resolved;

// Fills list and returns how many addresses there are, or minus an error.
static inline int resolve(const char *name, int family, resolved list[ADDRESSES_MAX]) {
  static sock_info entries[ADDRESSES_MAX];
  static sock_name names[ADDRESSES_MAX];
  static uint8_t data[ADDRESSES_MAX][26];
  static char canonical[ADDRESSES_MAX][30];
  for (int i = 0; i < ADDRESSES_MAX; i++) {
    names[i] = (sock_name){.length = sizeof data[i], .data = data[i]};
    entries[i] = (sock_info){.name = &names[i],
                             .name_length = sizeof names[i],
                             .canonical = canonical[i],
                             .canonical_length = sizeof canonical[i],
                             .next = i + 1 < ADDRESSES_MAX ? &entries[i + 1] : NULL};
  }
  const sock_info hints = {.family = (uint8_t)family, .type = STREAM};
  sock_info *first = entries;
  uint32_t found = 0;
  const __wasi_errno_t e =
      sock_getaddrinfo(name, (uint32_t)strlen(name) + 1, "80", 3, &hints, &first, ADDRESSES_MAX, &found);
  if (e != 0)
    return -(int)e;
  int n = 0;
  for (const sock_info *i = first; i != NULL && n < (int)found && n < ADDRESSES_MAX; i = i->next) {
    list[n].family = i->name->family;
    memcpy(list[n].bytes, i->name->data + 2, sizeof list[n].bytes);
    n++;
  }
  return n;
}

// Writes an address as text; IPv6 without abbreviation.
static inline void print_address(const resolved *a, char text[40]) {
  if (a->family == INET4) {
    sprintf(text, "%u.%u.%u.%u", a->bytes[0], a->bytes[1], a->bytes[2], a->bytes[3]);
    return;
  }
  for (int i = 0; i < 8; i++)
    text += sprintf(text, "%s%x", i ? ":" : "", a->bytes[2 * i] << 8 | a->bytes[2 * i + 1]);
}
