// hash follows pointers: a hash table with chains, and binary trees that are
// allocated, walked and freed.

#include <stdlib.h>

#include "bench.h"

enum { BUCKETS = 1 << 16, INSERTS = 300000, LOOKUPS = 3000000, TREES = 20, TREE_DEPTH = 14 };

struct entry {
	struct entry *next;
	uint32_t key, value, padding;
};

static struct entry *buckets[BUCKETS];
static struct entry *pool;

static uint32_t bucket(uint32_t key) { return key * 0x9e3779b1u >> 16; }

static uint32_t random_next(uint32_t x) { return x * 1664525 + 1013904223; }

__attribute__((noinline)) static struct entry *find(uint32_t key) {
	struct entry *entry = buckets[bucket(key)];
	while (entry && entry->key != key) {
		entry = entry->next;
	}
	return entry;
}

struct tree {
	struct tree *left, *right;
};

static struct tree *make(int depth) {
	struct tree *tree = malloc(sizeof *tree);
	tree->left = depth > 0 ? make(depth - 1) : NULL;
	tree->right = depth > 0 ? make(depth - 1) : NULL;
	return tree;
}

static uint32_t count(const struct tree *tree) {
	return tree->left ? 1 + count(tree->left) + count(tree->right) : 1;
}

static void drop(struct tree *tree) {
	if (tree->left) {
		drop(tree->left);
		drop(tree->right);
	}
	free(tree);
}

static uint64_t work(void) {
	if (!pool) {
		pool = malloc(sizeof *pool * INSERTS);
	}
	memset(buckets, 0, sizeof buckets);
	uint32_t x = 99;
	int used = 0;
	for (int i = 0; i < INSERTS; i++) {
		x = random_next(x);
		uint32_t key = x >> 12;
		struct entry *entry = find(key);
		if (entry) {
			entry->value++;
			continue;
		}
		entry = &pool[used++];
		*entry = (struct entry){.next = buckets[bucket(key)], .key = key, .value = 1};
		buckets[bucket(key)] = entry;
	}
	uint64_t hash = 0;
	for (int i = 0; i < LOOKUPS; i++) {
		x = random_next(x);
		struct entry *entry = find(x >> 12);
		if (entry) {
			hash += entry->value ^ (uint32_t)i;
		}
	}
	for (int i = 0; i < TREES; i++) {
		struct tree *tree = make(TREE_DEPTH);
		hash += count(tree);
		drop(tree);
	}
	return hash;
}
