/* SPDX-License-Identifier: MIT */
/* share/prss_mask_portable.c -- the definition: one mask after the other. */
#include "share/prss_mask.h"

static void add(int64_t *sum, bool first, uint8_t *scratch, const int32_t *w, unsigned d, size_t keys, const uint8_t *phi,
                size_t row, size_t count)
{
	const u128 low = ((u128)1 << (PRSS_MASK_LOG + 1)) - 1;

	(void)scratch;
	if (first) memset(sum, 0, count * d * MASK_LIMBS * sizeof *sum);
	for (size_t m = 0; m < count; m++, phi += 2 * row, sum += d * MASK_LIMBS)
		for (size_t key = 0; key < keys; key++) {
			const uint8_t *x = phi + key * AES_BLOCK;
			const u128 v = (load128(x) & low) + (load128(x + row) & low);
			for (unsigned l = 0; l < MASK_LIMBS; l++) {
				const int64_t limb = (int64_t)(uint32_t)(v >> 32 * l) - (l < 3 ? (int64_t)1 << 31 : 0);
				for (unsigned c = 0; c < d; c++) sum[c * MASK_LIMBS + l] += limb * w[key * d + c];
			}
		}
}

static void carry(int64_t *sum, const int64_t *start, unsigned d, size_t count)
{
	for (size_t i = 0; i < count * d; i++, sum += MASK_LIMBS) {
		u128 v = 0;
		for (unsigned l = 0; l < MASK_LIMBS; l++) v += (u128)(i128)(sum[l] + start[i % d * MASK_LIMBS + l]) << 32 * l;
		sum[0] = (int64_t)(uint64_t)v, sum[1] = (int64_t)(uint64_t)(v >> 64);
	}
}

const prss_mask_kernel PRSS_MASK_PORTABLE = { "portable", 0, 1, add, carry };
