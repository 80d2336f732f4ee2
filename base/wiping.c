/* SPDX-License-Identifier: MIT */
/* base/wiping.c -- what is given back is zero. */
#include "base/wiping.h"
#include <malloc.h>
#include <stdlib.h>
#include "base/base.h"

void wiping_free(void *p)
{
	if (p) wipe(p, malloc_usable_size(p));
	free(p);
}

/* realloc may move what it has, and leave the old bytes where they were. */
void *wiping_realloc(void *p, size_t n)
{
	const size_t had = p ? malloc_usable_size(p) : 0;
	void *q = malloc(size_max(n, 1));

	if (!q) return NULL;
	if (p) memcpy(q, p, size_min(had, n));
	wiping_free(p);
	return q;
}
