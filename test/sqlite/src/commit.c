// commit makes transactions of which each says what it has done once it is safe:
//
//	commit DATABASE SEED COUNT   make COUNT transactions, "committed N" after each
//	commit DATABASE SEED check   look at what is there
//
// The contents of the database after N transactions follow from SEED and N alone, so
// that a check makes the same in memory and compares: whatever was said to be
// committed must be there, and nothing else but the one that was being made.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite3.h"

static void fail(sqlite3 *db, const char *what) {
	fprintf(stderr, "commit: %s: %s\n", what, sqlite3_errmsg(db));
	exit(3);
}

static void execute(sqlite3 *db, const char *text) {
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK) {
		fail(db, text);
	}
}

// integer returns the one number that a statement is about.
static int64_t integer(sqlite3 *db, const char *text) {
	sqlite3_stmt *s;
	if (sqlite3_prepare_v2(db, text, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW) {
		fail(db, text);
	}
	int64_t value = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return value;
}

// next is splitmix64.
static uint64_t next(uint64_t *state) {
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

enum { KEYS = 300, CHANGES = 8, VALUE_BYTES = 3000 };

static void create(sqlite3 *db) {
	execute(db, "begin; create table if not exists t(k integer primary key, v blob, n int);"
		    "create index if not exists by_number on t(n);"
		    "create table if not exists done(n int); insert into done select 0 where not exists (select 1 from done); commit");
}

// transaction makes the changes of number n.
static void transaction(sqlite3 *db, uint64_t seed, int64_t n) {
	static unsigned char value[VALUE_BYTES];
	uint64_t state = seed * 1000003 + (uint64_t)n;
	sqlite3_stmt *put, *drop;
	execute(db, "begin");
	if (sqlite3_prepare_v2(db, "insert or replace into t values(?, ?, ?)", -1, &put, NULL) != SQLITE_OK ||
		sqlite3_prepare_v2(db, "delete from t where k = ?", -1, &drop, NULL) != SQLITE_OK) {
		fail(db, "prepare");
	}
	for (int i = 0; i < CHANGES; i++) {
		uint64_t random = next(&state);
		int key = (int)(random % KEYS), bytes = (int)((random >> 16) % VALUE_BYTES);
		sqlite3_stmt *s = (random >> 40) % 4 == 0 ? drop : put;
		memset(value, (int)(random >> 32), sizeof value);
		sqlite3_bind_int(s, 1, key);
		if (s == put) {
			sqlite3_bind_blob(s, 2, value, bytes, SQLITE_STATIC);
			sqlite3_bind_int64(s, 3, n);
		}
		if (sqlite3_step(s) != SQLITE_DONE) {
			fail(db, "change");
		}
		sqlite3_reset(s);
	}
	sqlite3_finalize(put);
	sqlite3_finalize(drop);
	execute(db, "update done set n = n + 1");
	execute(db, "commit");
}

// hash covers all rows, in order.
static uint64_t hash(sqlite3 *db) {
	uint64_t h = 14695981039346656037u;
	sqlite3_stmt *s;
	if (sqlite3_prepare_v2(db, "select k, v, n from t order by k", -1, &s, NULL) != SQLITE_OK) {
		fail(db, "select");
	}
	int result;
	while ((result = sqlite3_step(s)) == SQLITE_ROW) {
		int64_t numbers[] = {sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 2), sqlite3_column_bytes(s, 1)};
		const unsigned char *parts[] = {(unsigned char *)numbers, sqlite3_column_blob(s, 1)};
		size_t sizes[] = {sizeof numbers, (size_t)numbers[2]};
		for (int p = 0; p < 2; p++) {
			for (size_t i = 0; i < sizes[p]; i++) {
				h = (h ^ parts[p][i]) * 1099511628211u;
			}
		}
	}
	if (result != SQLITE_DONE) {
		fail(db, "read");
	}
	sqlite3_finalize(s);
	return h;
}

static int show(void *count, int columns, char **values, char **names) {
	printf("integrity: %s\n", values[0]);
	return 0;
}

static int check(sqlite3 *db, uint64_t seed) {
	sqlite3 *model;
	if (sqlite3_exec(db, "pragma integrity_check", show, NULL, NULL) != SQLITE_OK) {
		fail(db, "integrity_check");
	}
	int64_t found = integer(db, "select n from done");
	if (sqlite3_open(":memory:", &model) != SQLITE_OK) {
		fail(model, "open");
	}
	create(model);
	for (int64_t n = 1; n <= found; n++) {
		transaction(model, seed, n);
	}
	printf("contents: %s\n", hash(db) == hash(model) ? "ok" : "differ");
	printf("found %lld\n", found);
	return 0;
}

int main(int argc, char **argv) {
	sqlite3 *db;
	if (argc != 4) {
		fprintf(stderr, "usage: commit DATABASE SEED COUNT|check\n");
		return 2;
	}
	if (sqlite3_open(argv[1], &db) != SQLITE_OK) {
		fail(db, argv[1]);
	}
	// Full, which is the default, leaves the removal of the journal to a later
	// synchronisation: the last transaction would be rolled back after a cut.
	execute(db, "pragma synchronous = extra");
	create(db);
	uint64_t seed = strtoull(argv[2], NULL, 10);
	if (strcmp(argv[3], "check") == 0) {
		return check(db, seed);
	}
	int64_t n = integer(db, "select n from done");
	for (int64_t last = n + atoll(argv[3]); n < last;) {
		transaction(db, seed, ++n);
		printf("committed %lld\n", n);
		fflush(stdout);
	}
	sqlite3_close(db);
	return 0;
}
