/* SPDX-License-Identifier: MIT */
/*
 * sym/sha2_pair_shani.c -- two chains of SHA-256 with the instructions for it.
 *
 * The state (a .. h) lies in two registers, abef and cdgh, as sha256rnds2 wants it: it takes two rounds, with the sums of
 * schedule and constants in the low half of a third register, and yields what is the other half afterwards.  w holds the
 * last sixteen words of the schedule; msg1 and msg2 make the next four.
 */
#include <immintrin.h>
#include "sym/sha2_pair.h"
#include "base/cpu.h"

static const _Alignas(16) uint32_t K[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

typedef struct lane { __m128i abef, cdgh, a, c, w[4]; } lane;

static inline __m128i load(const void *p) { return _mm_loadu_si128(p); }
static inline void store(void *p, __m128i x) { _mm_storeu_si128(p, x); }

static inline void begin(lane *l, const uint32_t state[static 8])
{
	const __m128i low = _mm_shuffle_epi32(load(state), 0xb1), high = _mm_shuffle_epi32(load(state + 4), 0x1b);
	l->abef = _mm_alignr_epi8(low, high, 8);
	l->cdgh = _mm_blend_epi16(high, low, 0xf0);
}

static inline void end(uint32_t state[static 8], const lane *l)
{
	const __m128i low = _mm_shuffle_epi32(l->abef, 0x1b), high = _mm_shuffle_epi32(l->cdgh, 0xb1);
	store(state, _mm_blend_epi16(low, high, 0xf0));
	store(state + 4, _mm_alignr_epi8(high, low, 8));
}

static inline void take_block(lane *l, const uint8_t *p)
{
	const __m128i big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
	l->a = l->abef;
	l->c = l->cdgh;
	for (unsigned i = 0; i < 4; i++) l->w[i] = _mm_shuffle_epi8(load(p + 16 * i), big_endian);
}

/* The four words of the schedule that take the place of w[i]. */
static inline void next_words(lane *l, unsigned i)
{
	__m128i *w = l->w;
	const __m128i t = _mm_sha256msg1_epu32(w[i], w[(i + 1) % 4]);
	w[i] = _mm_sha256msg2_epu32(_mm_add_epi32(t, _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4)), w[(i + 3) % 4]);
}

/* Rounds 4r .. 4r + 3 of both lanes. */
static inline __attribute__((always_inline)) void four_rounds(lane l[static 2], unsigned r)
{
	const __m128i k = load(K + 4 * r);
	__m128i sum[2];

	for (unsigned i = 0; i < 2; i++) {
		sum[i] = _mm_add_epi32(l[i].w[r % 4], k);
		l[i].c = _mm_sha256rnds2_epu32(l[i].c, l[i].a, sum[i]);
	}
	for (unsigned i = 0; i < 2; i++) {
		if (r < 12) next_words(&l[i], r % 4);
		l[i].a = _mm_sha256rnds2_epu32(l[i].a, l[i].c, _mm_shuffle_epi32(sum[i], 0x0e));
	}
}

static void compress(uint32_t state[static 2][8], const uint8_t *const at[static 2], size_t blocks)
{
	lane l[2];

	begin(&l[0], state[0]);
	begin(&l[1], state[1]);
	for (size_t b = 0; b < blocks; b++) {
		take_block(&l[0], at[0] + b * SHA256_BLOCK);
		take_block(&l[1], at[1] + b * SHA256_BLOCK);
#pragma GCC unroll 16
		for (unsigned r = 0; r < 16; r++) four_rounds(l, r);
		for (unsigned i = 0; i < 2; i++) {
			l[i].abef = _mm_add_epi32(l[i].abef, l[i].a);
			l[i].cdgh = _mm_add_epi32(l[i].cdgh, l[i].c);
		}
	}
	end(state[0], &l[0]);
	end(state[1], &l[1]);
}

const sha256_pair_kernel SHA256_PAIR_SHANI = { "sha-ni", CPU_SHA, compress };
