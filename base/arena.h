/* SPDX-License-Identifier: MIT */
/*
 * base/arena.h -- memory that lives as long as a request or a session.
 *
 * One arena each, made and freed by whoever owns the request; what is allocated inside is never freed singly.
 * Freeing wipes everything, so secrets may live here.  Every arena has a limit, so that bytes from outside can
 * make us refuse but never starve.
 */
#ifndef ARCA_BASE_ARENA_H
#define ARCA_BASE_ARENA_H

#include <stddef.h>
#include "base/err.h"

typedef struct arena {
	struct arena_chunk *last;
	size_t used, limit;          /* bytes handed out; bytes that may be */
} arena;

static inline arena arena_with_limit(size_t limit) { return (arena){ .limit = limit }; }

/* n zeroed bytes aligned to 64, or NULL when the limit is reached. */
void *arena_try(arena *a, size_t n);
/* Does the limit allow n bytes more? */
bool  arena_fits(const arena *a, size_t n);

/* *out = count zeroed elements.  ERR_NOMEM with a sentence when the limit is reached. */
#define arena_new(a, out, count) arena_new_bytes((a), (void **)(out), (count), sizeof **(out))
err   arena_new_bytes(arena *a, void **out, size_t count, size_t size);

void  arena_free(arena *a);      /* wipes and releases everything; the arena may be used again */

#endif
