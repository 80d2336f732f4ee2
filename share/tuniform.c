/* SPDX-License-Identifier: MIT */
/* share/tuniform.c -- from the highest bit down, doubling. */
#include "share/tuniform.h"

#define COMBINE(name, word) \
	static inline __attribute__((always_inline)) \
	void name(word *e, const word *bit, unsigned b, size_t count, unsigned d) \
	{ \
		for (size_t i = 0; i < count; i++, e += d, bit += tuniform_bits(b) * d) { \
			word sum[GR_MAX_DEGREE] = { 0 }; \
			for (unsigned j = b + 1; j--;) for (unsigned c = 0; c < d; c++) sum[c] = 2 * sum[c] + bit[j * d + c]; \
			for (unsigned c = 0; c < d; c++) e[c] = sum[c] + bit[(b + 1) * d + c]; \
			e[0] -= (word)1 << b; \
		} \
	}
COMBINE(combine_narrow, uint64_t)
COMBINE(combine_wide, u128)

void tuniform_from_bits(const ring *R, void *e, const void *bit, unsigned b, size_t count)
{
	ASSERT(b + 1 < R->k);
	if (R->k == 64 && R->d == 4) combine_narrow(e, bit, b, count, 4);
	else if (R->k == 64) combine_narrow(e, bit, b, count, R->d);
	else if (R->d == 4) combine_wide(e, bit, b, count, 4);
	else combine_wide(e, bit, b, count, R->d);
}
