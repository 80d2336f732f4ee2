/* SPDX-License-Identifier: MIT */
/*
 * base/ct.h -- constant time: compare, select, move.  Elsewhere one calls these, so that the tricks against the
 * compiler are discussed once.
 *
 * A mask is all ones or all zeros.  ct_barrier hides a value from the optimiser, which otherwise may see that a
 * mask has only two values and turn the arithmetic back into a branch.
 */
#ifndef ARCA_BASE_CT_H
#define ARCA_BASE_CT_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t ct_barrier(uint64_t x)
{
	__asm__("" : "+r"(x));
	return x;
}

static inline uint64_t ct_mask(uint64_t bit) { return ct_barrier(0 - bit); }                 /* bit is 0 or 1 */
static inline uint64_t ct_is_zero(uint64_t x) { return ct_mask(1 ^ ((x | (0 - x)) >> 63)); } /* mask          */
static inline uint64_t ct_lt(uint64_t a, uint64_t b) { return ct_mask((((~a & b) | ((~a | b) & (a - b))) >> 63)); }
static inline uint64_t ct_select(uint64_t mask, uint64_t yes, uint64_t no) { return no ^ (mask & (yes ^ no)); }

/* All ones if the n bytes are equal. */
static inline uint64_t ct_bytes_eq(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;
	uint64_t d = 0;
	for (size_t i = 0; i < n; i++) d |= (uint64_t)(x[i] ^ y[i]);
	return ct_is_zero(d);
}

/* out[i] = mask ? a[i] : out[i] */
static inline void ct_bytes_move(uint64_t mask, void *out, const void *a, size_t n)
{
	uint8_t *o = out;
	const uint8_t *x = a;
	for (size_t i = 0; i < n; i++) o[i] = (uint8_t)ct_select(mask, x[i], o[i]);
}

#endif
