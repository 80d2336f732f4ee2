/* SPDX-License-Identifier: MIT */
/* tests/base/freed.c -- between base and free(3). */
#include "tests/base/freed.h"
#include <malloc.h>

void __real_free(void *p);
void __wrap_free(void *p);

enum { PIECE = 8 };

static slice watched;
static size_t blocks, dirty;

static bool holds_a_piece(const void *p)
{
	for (size_t i = 0; i + PIECE <= watched.n; i++)
		if (memmem(p, malloc_usable_size((void *)(uintptr_t)p), watched.p + i, PIECE)) return true;
	return false;
}

void __wrap_free(void *p)
{
	if (p && watched.n) {
		blocks++;
		dirty += holds_a_piece(p);
	}
	__real_free(p);
}

void freed_watch(slice secret)
{
	watched = secret;
	blocks = dirty = 0;
}

size_t freed_blocks(void) { return blocks; }
size_t freed_dirty(void) { return dirty; }
