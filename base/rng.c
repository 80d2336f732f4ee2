/* SPDX-License-Identifier: MIT */
/* base/rng.c -- getrandom(2). */
#include "base/base.h"
#include <errno.h>
#include <sys/random.h>

static void os_fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	while (n) {
		ssize_t got = getrandom(out, n, 0);
		if (got < 0) {
			ASSERT(errno == EINTR);
			continue;
		}
		out += got;
		n -= (size_t)got;
	}
}

const rng *rng_os(void)
{
	static const rng os = { NULL, os_fill };
	return &os;
}

uint64_t rng_u64(const rng *r)
{
	uint8_t b[8];
	rng_fill(r, b, sizeof b);
	uint64_t x = load64(b);
	wipe(b, sizeof b);
	return x;
}
