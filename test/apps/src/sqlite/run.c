// run executes a file of SQL on a database in memory and prints the rows:
// run SCRIPT. A statement that fails is reported and counted; the exit code is 1
// when there was one.

#include <stdio.h>
#include <stdlib.h>

#include "sqlite3.h"

// read_file returns the whole file as text, or NULL.
static char *read_file(const char *path) {
	FILE *file = fopen(path, "rb");
	if (!file || fseek(file, 0, SEEK_END) != 0) {
		return NULL;
	}
	long size = ftell(file);
	rewind(file);
	char *text = malloc((size_t)size + 1);
	if (!text || fread(text, 1, (size_t)size, file) != (size_t)size) {
		return NULL;
	}
	text[size] = 0;
	fclose(file);
	return text;
}

static void print_row(sqlite3_stmt *statement) {
	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const unsigned char *value = sqlite3_column_text(statement, i);
		printf("%s%s", i > 0 ? "|" : "", value ? (const char *)value : "NULL");
	}
	printf("\n");
}

// execute runs the first statement of text and returns what follows it.
static const char *execute(sqlite3 *database, const char *text, int *failures) {
	sqlite3_stmt *statement;
	const char *rest = text;
	int result = sqlite3_prepare_v2(database, text, -1, &statement, &rest);
	while (result == SQLITE_OK && statement && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		print_row(statement);
		result = SQLITE_OK;
	}
	if (result != SQLITE_OK && result != SQLITE_DONE) {
		printf("error: %s\n", sqlite3_errmsg(database));
		++*failures;
	}
	sqlite3_finalize(statement);
	return rest > text ? rest : "";
}

int main(int argc, char **argv) {
	const char *text = argc > 1 ? read_file(argv[1]) : NULL;
	if (!text) {
		fprintf(stderr, "run: no script, or not readable\n");
		return 2;
	}
	sqlite3 *database;
	if (sqlite3_open(":memory:", &database) != SQLITE_OK) {
		fprintf(stderr, "run: %s\n", sqlite3_errmsg(database));
		return 1;
	}
	int failures = 0;
	while (*text) {
		text = execute(database, text, &failures);
	}
	printf("changes %d, failures %d\n", sqlite3_total_changes(database), failures);
	sqlite3_close(database);
	return failures > 0;
}
