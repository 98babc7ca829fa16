// The checksum of a stream of bytes, whatever the pieces it comes in: 64-bit
// words, little-endian, the last one filled with zeros. Not against intent.
#pragma once

#include <stdint.h>
#include <string.h>

typedef struct {
  uint64_t state, length;
  uint8_t rest[8];
} hash;

static inline uint64_t hash_word(uint64_t state, uint64_t word) {
  state = (state ^ word) * 0x9e3779b97f4a7c15;
  return state ^ state >> 29;
}

static inline void hash_add(hash *h, const uint8_t *bytes, uint32_t length) {
  uint32_t have = h->length % 8;
  h->length += length;
  if (have > 0) {
    const uint32_t n = length < 8 - have ? length : 8 - have;
    memcpy(h->rest + have, bytes, n);
    bytes += n, length -= n, have += n;
    if (have < 8)
      return;
    uint64_t word;
    memcpy(&word, h->rest, 8);
    h->state = hash_word(h->state, word);
  }
  for (; length >= 8; bytes += 8, length -= 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    h->state = hash_word(h->state, word);
  }
  memcpy(h->rest, bytes, length);
}

static inline uint64_t hash_sum(const hash *h) {
  uint64_t word = 0;
  memcpy(&word, h->rest, h->length % 8);
  return hash_word(h->length % 8 ? hash_word(h->state, word) : h->state, h->length);
}
