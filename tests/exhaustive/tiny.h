/* SPDX-License-Identifier: MIT */
/*
 * tests/exhaustive/tiny.h -- the template of ring/gr.c at word lengths of one and two bits: rings with so few
 * elements that a test can take all of them.  GR(2, 3) is GF(8); GR(4, 3) has 64 elements.
 */
#ifndef ARCA_TESTS_EXHAUSTIVE_TINY_H
#define ARCA_TESTS_EXHAUSTIVE_TINY_H

#include "tests/test.h"
#include "ring/gr.h"

#define BITS 1
#define DEGREE 3
#include "ring/gr_impl.inc"
#define DEGREE 4
#include "ring/gr_impl.inc"
#undef BITS
#define BITS 2
#define DEGREE 3
#include "ring/gr_impl.inc"
#undef BITS

static const ring *const GF8 = &gr_ring_1_3, *const GF16 = &gr_ring_1_4, *const GR4_3 = &gr_ring_2_3;

static inline unsigned elements(const ring *R) { return 1u << (R->k * R->d); }

/* The elements, 0 <= number < elements(R); GR_ZERO is number 0. */
static inline gr element(const ring *R, unsigned number)
{
	gr a = GR_ZERO;

	for (unsigned i = 0; i < R->d; i++) a.c[i] = number >> i * R->k & ((1u << R->k) - 1);
	return a;
}

static inline unsigned number_of(const ring *R, gr a)
{
	unsigned number = 0;

	for (unsigned i = 0; i < R->d; i++) number |= (unsigned)a.c[i] << i * R->k;
	return number;
}

#endif
