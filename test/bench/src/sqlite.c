// sqlite fills a table in memory, indexes it, joins, groups, changes and
// searches it.

#include <stdlib.h>

#include "bench.h"

#include "sqlite3.h"

static const char *const statements[] = {
	"create table t(id integer primary key, a int, b text, c real)",
	"begin;"
	"with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000)"
	" insert into t select i, (i * 7919) % 10007, 'row' || (i % 777) || 'x', i * 0.5 from n;"
	"commit",
	"create index ia on t(a); create index ib on t(b)",
	"select b, count(*), sum(a), avg(c) from t group by b order by 3, 1 limit 50",
	"select t1.id, t2.id from t t1 join t t2 on t1.a = t2.a"
	" where t1.id < 3000 and t2.id % 7 = 0 order by t2.c desc limit 100",
	"update t set c = c + a where a between 100 and 4000; delete from t where id % 5 = 0",
	"select sum(c), sum(length(b)), group_concat(distinct a % 13) from t where b like '%3%x'",
};

// hash_row adds the text of every column to the checksum.
static int hash_row(void *checksum, int columns, char **values, char **names) {
	uint64_t *hash = checksum;
	for (int i = 0; i < columns; i++) {
		for (const char *p = values[i]; p && *p; p++) {
			*hash = *hash * 31 + (unsigned char)*p;
		}
	}
	return 0;
}

static uint64_t work(void) {
	uint64_t hash = 0;
	sqlite3 *database;
	if (sqlite3_open(":memory:", &database) != SQLITE_OK) {
		fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(database));
		exit(1);
	}
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
		if (sqlite3_exec(database, statements[i], hash_row, &hash, NULL) != SQLITE_OK) {
			fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(database));
			exit(1);
		}
	}
	sqlite3_close(database);
	return hash;
}
