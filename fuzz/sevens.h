/* SPDX-License-Identifier: MIT */
/* fuzz/sevens.h -- randomness for fuzz targets, the same each time, so that an input does the same each time. */
#ifndef ARCA_FUZZ_SEVENS_H
#define ARCA_FUZZ_SEVENS_H

#include "base/base.h"

static void sevens_fill(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 7, n);
}

static const rng SEVENS = { NULL, sevens_fill };

#endif
