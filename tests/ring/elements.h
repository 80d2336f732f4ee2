/* SPDX-License-Identifier: MIT */
/* tests/ring/elements.h -- every ring, and elements of it that are likely to show a mistake. */
#ifndef ARCA_TESTS_RING_ELEMENTS_H
#define ARCA_TESTS_RING_ELEMENTS_H

#include "tests/test.h"
#include "ring/gr.h"

#define FOR_EACH_RING(R) \
	for (unsigned number_##R = 0; number_##R < 12; number_##R++) \
		for (const ring *R = ring_of(number_##R < 6 ? 64 : 128, 3 + number_##R % 6), *once_##R = R; once_##R; \
		     once_##R = NULL)

static inline u128 edgy_word(unsigned k)
{
	const u128 mask = ~(u128)0 >> (128 - k), x = (u128)rng_u64(test_rng()) << 64 | rng_u64(test_rng());

	switch (test_below(6)) {
	case 0:  return 0;
	case 1:  return (u128)((i128)test_below(5) - 2) & mask;
	case 2:  return ((u128)1 << test_below(k)) & mask;
	case 3:  return (((u128)1 << test_below(k)) - 1) & mask;
	default: return x & mask;
	}
}

/* Uniform, or with coefficients near the ends of words. */
static inline gr edgy_element(const ring *R)
{
	gr a = GR_ZERO;

	if (test_below(2)) return gr_random(R, test_rng());
	for (unsigned i = 0; i < R->d; i++) a.c[i] = edgy_word(R->k);
	return a;
}

static inline gr edgy_unit(const ring *R)
{
	gr a = edgy_element(R);

	if (!gr_is_unit_var(R, a)) a.c[test_below(R->d)] |= 1;
	return a;
}

static inline void assert_gr_equal_at(const ring *R, gr a, gr b, const char *file, int line)
{
	for (unsigned i = 0; i < GR_MAX_DEGREE; i++) {
		if (a.c[i] == b.c[i] && (i < R->d || a.c[i] == 0) && (R->k == 128 || a.c[i] >> R->k == 0)) continue;
		print_error("GR(2^%u, %u), coefficient %u: %016llx%016llx, not %016llx%016llx\n", R->k, R->d, i,
		            (unsigned long long)(a.c[i] >> 64), (unsigned long long)a.c[i],
		            (unsigned long long)(b.c[i] >> 64), (unsigned long long)b.c[i]);
		_fail(file, line);
	}
}

/* Equal, and canonical. */
#define assert_gr_equal(R, a, b) assert_gr_equal_at(R, a, b, __FILE__, __LINE__)

#endif
