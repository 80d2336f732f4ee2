/* SPDX-License-Identifier: MIT */
/* share/bits.c -- both widths of the same loops. */
#include "share/bits.h"

#define WORD uint64_t
#define W(name) narrow_##name
#include "share/bits_words.inc"
#undef WORD
#undef W
#define WORD u128
#define W(name) wide_##name
#include "share/bits_words.inc"

void bits_words(const prss_batch *b, const ring *R, void *a, void *word, const uint8_t sid[static PRSS_SID], uint64_t first,
                size_t bits)
{
	ASSERT(first % R->d == 0 && bits % R->d == 0);
	prss_z_many(b, R, a, sid, first, bits);
	przs_many(b, R, word, sid, first / R->d, bits / R->d);
	if (R->k == 64 && R->d == 4) narrow_pack(word, a, bits, 4);
	else if (R->k == 64) narrow_pack(word, a, bits, R->d);
	else if (R->d == 4) wide_pack(word, a, bits, 4);
	else wide_pack(word, a, bits, R->d);
}

bool bits_solve(const ring *R, void *a, const void *V, size_t bits)
{
	if (R->k == 64 && R->d == 4) return narrow_solve(a, V, bits, 4);
	if (R->k == 64) return narrow_solve(a, V, bits, R->d);
	if (R->d == 4) return wide_solve(a, V, bits, 4);
	return wide_solve(a, V, bits, R->d);
}

gr bits_word_of(const ring *R, const gr *a, gr zero)
{
	gr V = GR_ZERO;

	for (unsigned j = R->d; j--;) V = gr_add(R, gr_times_x(R, V), gr_add(R, gr_mul(R, a[j], a[j]), a[j]));
	return gr_add(R, V, zero);
}
