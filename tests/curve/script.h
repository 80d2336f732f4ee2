/* SPDX-License-Identifier: MIT */
/* tests/curve/script.h -- an rng that gives prepared bytes in order, so that a test sees what is made of them. */
#ifndef ARCA_TESTS_CURVE_SCRIPT_H
#define ARCA_TESTS_CURVE_SCRIPT_H

#include "tests/test.h"

typedef struct script { const uint8_t *next; size_t left; } script;

static inline void script_fill(void *ctx, uint8_t *out, size_t n)
{
	script *s = ctx;
	assert_true(n <= s->left);
	memcpy(out, s->next, n);
	s->next += n, s->left -= n;
}

static inline rng script_rng(script *s) { return (rng){ s, script_fill }; }

#endif
