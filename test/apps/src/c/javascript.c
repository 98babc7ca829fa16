// javascript runs a script with QuickJS: javascript SCRIPT ARGUMENT... The
// script has print, read (a file as text) and arguments.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quickjs.h"

// read_file returns the whole file with a zero behind it, or NULL.
static char *read_file(const char *path, size_t *size) {
	FILE *file = fopen(path, "rb");
	if (!file || fseek(file, 0, SEEK_END) != 0) {
		return NULL;
	}
	*size = (size_t)ftell(file);
	rewind(file);
	char *text = malloc(*size + 1);
	if (!text || fread(text, 1, *size, file) != *size) {
		return NULL;
	}
	text[*size] = 0;
	fclose(file);
	return text;
}

static JSValue print(JSContext *context, JSValueConst this, int count, JSValueConst *values) {
	for (int i = 0; i < count; i++) {
		const char *text = JS_ToCString(context, values[i]);
		if (!text) {
			return JS_EXCEPTION;
		}
		printf("%s%s", i > 0 ? " " : "", text);
		JS_FreeCString(context, text);
	}
	printf("\n");
	return JS_UNDEFINED;
}

static JSValue read_text(JSContext *context, JSValueConst this, int count, JSValueConst *values) {
	const char *path = JS_ToCString(context, values[0]);
	if (!path) {
		return JS_EXCEPTION;
	}
	size_t size;
	char *text = read_file(path, &size);
	JSValue result = text ? JS_NewStringLen(context, text, size) : JS_ThrowReferenceError(context, "no file %s", path);
	free(text);
	JS_FreeCString(context, path);
	return result;
}

// finish runs what promises wait for and reports the first exception.
static int finish(JSContext *context, JSValue value) {
	int failed = JS_IsException(value);
	JSContext *other;
	int jobs = 1;
	while (!failed && (jobs = JS_ExecutePendingJob(JS_GetRuntime(context), &other)) > 0) {
	}
	if (failed || jobs < 0) {
		JSValue exception = JS_GetException(context);
		const char *text = JS_ToCString(context, exception);
		fprintf(stderr, "uncaught: %s\n", text ? text : "an exception that is no text");
		JS_FreeCString(context, text);
		JS_FreeValue(context, exception);
		return 1;
	}
	JS_FreeValue(context, value);
	return 0;
}

int main(int argc, char **argv) {
	size_t size;
	char *script = argc > 1 ? read_file(argv[1], &size) : NULL;
	if (!script) {
		fprintf(stderr, "javascript: no script, or not readable\n");
		return 2;
	}
	JSRuntime *runtime = JS_NewRuntime();
	JS_SetMaxStackSize(runtime, 512 << 10);
	JSContext *context = JS_NewContext(runtime);
	JSValue global = JS_GetGlobalObject(context);
	JSValue arguments = JS_NewArray(context);
	for (int i = 2; i < argc; i++) {
		JS_SetPropertyUint32(context, arguments, (uint32_t)(i - 2), JS_NewString(context, argv[i]));
	}
	JS_SetPropertyStr(context, global, "arguments", arguments);
	JS_SetPropertyStr(context, global, "print", JS_NewCFunction(context, print, "print", 1));
	JS_SetPropertyStr(context, global, "read", JS_NewCFunction(context, read_text, "read", 1));
	JS_FreeValue(context, global);
	int result = finish(context, JS_Eval(context, script, size, argv[1], JS_EVAL_TYPE_GLOBAL));
	free(script);
	JS_FreeContext(context);
	JS_FreeRuntime(runtime);
	return result;
}
