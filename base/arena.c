/* SPDX-License-Identifier: MIT */
/* base/arena.c -- a list of chunks, each twice the last one's size up to a bound. */
#include "base/base.h"
#include <stdlib.h>

enum { ALIGN = 64, FIRST_CHUNK = 1 << 12, LARGEST_STEP = 1 << 20 };

struct arena_chunk {
	struct arena_chunk *before;
	size_t room, used;
	_Alignas(ALIGN) uint8_t bytes[];
};

static struct arena_chunk *chunk_new(struct arena_chunk *before, size_t need)
{
	size_t step = before ? size_min(before->room * 2, LARGEST_STEP) : FIRST_CHUNK;
	size_t room = (size_max(step, need) + ALIGN - 1) / ALIGN * ALIGN;
	struct arena_chunk *c = aligned_alloc(ALIGN, sizeof *c + room);
	if (!c) return NULL;
	memset(c, 0, sizeof *c + room);
	c->before = before;
	c->room = room;
	return c;
}

/* Of n bytes, what they take; n <= SIZE_MAX / 4. */
static size_t aligned(size_t n) { return (size_max(n, 1) + ALIGN - 1) / ALIGN * ALIGN; }

bool arena_fits(const arena *a, size_t n)
{
	return n <= SIZE_MAX / 4 && aligned(n) <= a->limit - a->used;
}

void *arena_try(arena *a, size_t n)
{
	if (!arena_fits(a, n)) return NULL;
	n = aligned(n);
	if (!a->last || a->last->room - a->last->used < n) {
		struct arena_chunk *c = chunk_new(a->last, n);
		if (!c) return NULL;
		a->last = c;
	}
	void *p = a->last->bytes + a->last->used;
	a->last->used += n;
	a->used += n;
	return p;
}

err arena_new_bytes(arena *a, void **out, size_t count, size_t size)
{
	void *p = size && count > SIZE_MAX / size ? NULL : arena_try(a, count * size);
	if (!p)
		return err_fail(ERR_NOMEM, "%zu elements of %zu bytes do not fit: %zu of %zu bytes are in use",
		                count, size, a->used, a->limit);
	*out = p;
	return OK;
}

void arena_free(arena *a)
{
	for (struct arena_chunk *c = a->last, *before; c; c = before) {
		before = c->before;
		wipe(c->bytes, c->used);
		free(c);
	}
	a->last = NULL;
	a->used = 0;
}
