/* SPDX-License-Identifier: MIT */
/* share/prss_batch_portable.c -- the definition: words times weights, one after the other. */
#include "share/prss_batch_state.h"

#define INLINE static inline __attribute__((always_inline))

/* sum[0 .. d) += word times the weights w */
INLINE void add_narrow(uint64_t *sum, uint64_t word, const int16_t *w, unsigned d)
{
	for (unsigned c = 0; c < d; c++) sum[c] += (uint64_t)(int64_t)w[c] * word;
}

/* Two multiplications in place of three: of a negative weight, the upper half is what is too much. */
INLINE void add_wide(u128 *sum, u128 word, const int16_t *w, unsigned d)
{
	const uint64_t low = (uint64_t)word, high = (uint64_t)(word >> 64);

	for (unsigned c = 0; c < d; c++) {
		const uint64_t weight = (uint64_t)(int64_t)w[c];
		const uint64_t upper = high * weight - (low & (0 - (weight >> 63)));
		sum[c] += (u128)low * weight + ((u128)upper << 64);
	}
}

/* One sum, whose words are narrow[0 .. 2d) or wide[0 .. d). */
INLINE void add_keys(uint64_t *narrow, u128 *wide, batch_kind kind, const int16_t *w, const uint8_t *block, size_t row,
                     size_t keys, unsigned d)
{
	for (size_t i = 0; i < keys; i++, block += AES_BLOCK, w += d * d) {
		if (kind == BATCH_ZETA_64) add_narrow(narrow, load64(block), w, d), add_narrow(narrow + d, load64(block + 8), w, d);
		if (kind == BATCH_ZETA_128) add_wide(wide, load128(block), w, d);
		for (unsigned l = 0; l < d && kind == BATCH_CHI_64; l++)
			add_narrow(narrow, load64(block + l / 2 * row + 8 * (l & 1)), w + l * d, d);
		for (unsigned l = 0; l < d && kind == BATCH_CHI_128; l++) add_wide(wide, load128(block + l * row), w + l * d, d);
	}
}

INLINE void add_sums(uint8_t *sum, size_t sums, bool fresh, const prss_batch *b, batch_kind kind, const uint8_t *block,
                     size_t first, size_t quads, unsigned d)
{
	const size_t key = AES_QUAD * first, keys = size_min(AES_QUAD * quads, b->p->held - key);
	const size_t row = quads * AES_QUAD * AES_BLOCK, bytes = d * sizeof(u128);

	for (size_t s = 0; s < sums; s++, sum += BATCH_SUM, block += batch_blocks(kind, d) * row) {
		u128 wide[GR_MAX_DEGREE] = { 0 };
		uint64_t narrow[2 * GR_MAX_DEGREE] = { 0 };
		void *words = kind == BATCH_ZETA_128 || kind == BATCH_CHI_128 ? (void *)wide : narrow;
		if (!fresh) memcpy(words, sum, bytes);
		add_keys(narrow, wide, kind, b->weight + key * d * d, block, row, keys, d);
		memcpy(sum, words, bytes);
	}
}

/* One loop for each kind, and the usual degree known to the compiler. */
static void add(void *sum, size_t sums, bool fresh, const prss_batch *b, batch_kind kind, const uint8_t *block, size_t first,
                size_t quads)
{
#define ADD(kind) \
	case kind: \
		if (b->p->d == 4) add_sums(sum, sums, fresh, b, kind, block, first, quads, 4); \
		else add_sums(sum, sums, fresh, b, kind, block, first, quads, b->p->d); \
		break
	switch (kind) {
	ADD(BATCH_CHI_64);
	ADD(BATCH_CHI_128);
	ADD(BATCH_ZETA_64);
	ADD(BATCH_ZETA_128);
	default: ASSERT(kind <= BATCH_ZETA_128);
	}
#undef ADD
}

static void total(u128 *out, const void *sum, size_t sums, const prss_batch *b, batch_kind kind)
{
	const bool wide = kind == BATCH_CHI_128 || kind == BATCH_ZETA_128;
	const unsigned words = kind == BATCH_ZETA_64 ? 2 * b->p->d : b->p->d;
	const uint8_t *at = sum;

	for (size_t s = 0; s < sums; s++, at += BATCH_SUM, out += words)
		for (unsigned c = 0; c < words; c++) out[c] = wide ? ((const u128 *)at)[c] : ((const uint64_t *)at)[c];
}

const batch_kernel BATCH_PORTABLE = { "portable", 0, add, total };
