/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

/* By the thread that runs the inputs: libFuzzer has one more, which looks at the memory in use and allocates, too. */
static __thread size_t allocated;

void fuzz_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
/* gcc comes with the function, not with its header. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *pointer,
								size_t size),
					      void (*on_free)(const volatile void *pointer));

static void on_malloc(const volatile void *pointer, size_t size)
{
	(void)pointer;
	allocated += size;
}

static void on_free(const volatile void *pointer)
{
	(void)pointer;
}

void fuzz_count_allocations(void)
{
	FUZZ_CHECK(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) != 0);
}
#else
void fuzz_count_allocations(void)
{
}
#endif

size_t fuzz_allocated(void)
{
	return allocated;
}

FUZZ_UNSEEN uint32_t fuzz_hash(const uint8_t *data, size_t size)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ data[i]) * 16777619u;
	return hash ^ hash >> 15;
}
