// args checks args_get, args_sizes_get, environ_get and environ_sizes_get. The
// harness gives it what it expects.

#include "check.h"

static const char *const args[] = {"", "one", "", "two words", "größe", "a=b"};
static const char *const variables[] = {"a=text", "b=escap \" ing", "c=new\nline", "d=", "e=f=g"};

enum { ARGS = sizeof args / sizeof *args, VARIABLES = sizeof variables / sizeof *variables };

static char buffer[1000];
static uint32_t list[20];

// texts checks that pointers lead to texts that lie one behind the other.
static bool texts(const char *const *want, uint32_t from, uint32_t count) {
	for (uint32_t i = from; i < count; i++) {
		if (strcmp((char *)(uintptr_t)list[i], want[i]) != 0) {
			return false;
		}
		if (i > 0 && list[i] != list[i - 1] + strlen((char *)(uintptr_t)list[i - 1]) + 1) {
			return false;
		}
	}
	return list[0] == at(buffer);
}

// sorted orders pointers to variables: their order is nobody's promise.
static int by_text(const void *a, const void *b) {
	return strcmp((char *)(uintptr_t) * (const uint32_t *)a, (char *)(uintptr_t) * (const uint32_t *)b);
}

int main(void) {
	uint32_t count = 0, bytes = 0, name = 0;
	answers("args_sizes_get", "of six", args_sizes_get(at(&count), at(&bytes)), E(SUCCESS));
	holds("args_sizes_get", "number", count == ARGS);
	answers("args_get", "of six", args_get(at(list), at(buffer)), E(SUCCESS));
	holds("args_get", "texts", texts(args, 1, ARGS));
	name = (uint32_t)strlen(buffer);
	uint32_t want = name + 1;
	for (int i = 1; i < ARGS; i++) {
		want += (uint32_t)strlen(args[i]) + 1;
	}
	holds("args_sizes_get", "bytes", bytes == want);
	holds("args_get", "the program has a name", name > 0);
	faults("args_sizes_get", "number outside", args_sizes_get(OUTSIDE, at(&bytes)));
	faults("args_sizes_get", "bytes outside", args_sizes_get(at(&count), OUTSIDE));
	faults("args_get", "pointers outside", args_get(OUTSIDE, at(buffer)));
	faults("args_get", "texts outside", args_get(at(list), OUTSIDE));

	answers("environ_sizes_get", "of five", environ_sizes_get(at(&count), at(&bytes)), E(SUCCESS));
	holds("environ_sizes_get", "number", count == VARIABLES);
	want = 0;
	for (int i = 0; i < VARIABLES; i++) {
		want += (uint32_t)strlen(variables[i]) + 1;
	}
	holds("environ_sizes_get", "bytes", bytes == want);
	answers("environ_get", "of five", environ_get(at(list), at(buffer)), E(SUCCESS));
	qsort(list, VARIABLES, sizeof *list, by_text);
	bool same = true;
	for (int i = 0; i < VARIABLES; i++) {
		same = same && strcmp((char *)(uintptr_t)list[i], variables[i]) == 0;
	}
	holds("environ_get", "texts", same);
	faults("environ_sizes_get", "number outside", environ_sizes_get(OUTSIDE, at(&bytes)));
	faults("environ_sizes_get", "bytes outside", environ_sizes_get(at(&count), OUTSIDE));
	faults("environ_get", "pointers outside", environ_get(OUTSIDE, at(buffer)));
	faults("environ_get", "texts outside", environ_get(at(list), OUTSIDE));
	return result();
}
