/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fuzz target as a plain program, for any compiler: replays the files and folders that it is
 * given. usage: fuzz_TARGET FILE|FOLDER...; prints how many files it read; a failure ends it as a
 * crash. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

/* A target that has nothing to prepare has no such function. */
extern __typeof__(LLVMFuzzerInitialize) LLVMFuzzerInitialize __attribute__((weak));

static unsigned replay(const char *path)
{
	char *contents = NULL;
	const char *name;
	gsize length = 0;
	unsigned count = 0;
	GDir *dir = g_dir_open(path, 0, NULL);

	if (dir != NULL) {
		while ((name = g_dir_read_name(dir)) != NULL) {
			char *inside = g_build_filename(path, name, NULL);

			count += replay(inside);
			g_free(inside);
		}
		g_dir_close(dir);
		return count;
	}
	if (!g_file_get_contents(path, &contents, &length, NULL)) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(2);
	}
	if (g_getenv("FUZZ_VERBOSE") != NULL)
		fprintf(stderr, "%s\n", path);
	{
		/* Exactly as long as the input: a read beyond it is seen. */
		uint8_t *exact = g_memdup2(contents, length);

		LLVMFuzzerTestOneInput(exact, length);
		g_free(exact);
	}
	g_free(contents);
	return 1;
}

int main(int argc, char **argv)
{
	unsigned count = 0;

	if (LLVMFuzzerInitialize != NULL)
		LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		count += replay(argv[i]);
	printf("%u inputs\n", count);
	return count > 0 ? 0 : 2;
}
