/* SPDX-License-Identifier: MIT */
/* delegate/repeats.c -- a digest's first bytes are its place, and others stand there for it; who comes later takes the place. */
#include "delegate/repeats.h"
#include <stdatomic.h>
#include <stdlib.h>

enum { PLACES = 1 << 16 };

struct repeats { _Atomic uint64_t mark[PLACES]; };     /* 0: nothing has come there */

err repeats_new(repeats **out)
{
	*out = calloc(1, sizeof **out);
	return *out ? OK : err_fail(ERR_NOMEM, "no memory for what has come before");
}

void repeats_free(repeats **r)
{
	free(*r);
	*r = NULL;
}

bool repeats_has(repeats *r, const hash32 *request)
{
	const uint64_t mark = load64(request->b + 8) | 1;
	return atomic_exchange_explicit(&r->mark[load32(request->b) % PLACES], mark, memory_order_relaxed) == mark;
}
