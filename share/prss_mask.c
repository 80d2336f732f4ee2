/* SPDX-License-Identifier: MIT */
/*
 * share/prss_mask.c -- masks in batches: AES under some of the keys for all blocks of a batch, sums, and at the end one
 * division by D a coefficient.
 *
 * The keys of (13, 4) fill the second-level cache, 32 of them leave room in the first: so the keys are walked once a batch, and
 * what AES yields for 32 keys and eight masks, or for four keys and 32 masks, is added up while it is near.
 */
#include "base/cpu.h"
#include "share/prss_state.h"
#include "share/small.h"
#include <stdlib.h>

enum { BATCH = 32, QUADS = MASK_KEYS / AES_QUAD, NEAR = 8 * QUADS /* masks x quads */ };

const prss_mask_kernel *const PRSS_MASK_ALL[] = {
#if CPU_X86
	&PRSS_MASK_AVX512, &PRSS_MASK_AVX2,
#endif
	&PRSS_MASK_PORTABLE, NULL
};

const prss_mask_kernel *prss_mask_chosen(void)
{
	const prss_mask_kernel *const *k = PRSS_MASK_ALL;
	while (!cpu_allows((*k)->needs)) k++;
	return *k;
}

/* ---- small weights ------------------------------------------------------------------------------------------------- */

/* False: the sum of |w| over all sets is too large in some coefficient. */
static bool set_start(prss_mask_weights *W, unsigned held, unsigned d)
{
	const u128 moved = ((u128)1 << 31) + ((u128)1 << 63) + ((u128)1 << 95) - ((u128)1 << (PRSS_MASK_LOG + 1));
	const int64_t up = (int64_t)1 << 62;

	for (unsigned c = 0; c < d; c++) {
		int64_t total = 0, size = 0;
		for (unsigned s = 0; s < held; s++) total += W->w[s * d + c], size += llabs(W->w[s * d + c]);
		if (size > (int64_t)1 << 31) return false;

		const u128 rest = (u128)total * moved - ((u128)up + ((u128)up << 32));
		for (unsigned l = 0; l < MASK_LIMBS; l++)
			W->start[c * MASK_LIMBS + l] = (int64_t)(uint32_t)(rest >> 32 * l) + (l < 2 ? up : 0);
	}
	return true;
}

err prss_mask_weights_new(prss_mask_weights *out, const gr *weight, unsigned held, unsigned d)
{
	const size_t words = (size_t)held * d;
	uint64_t D;

	*out = (prss_mask_weights){ .w = calloc(words, sizeof *out->w) };
	u128 *c = calloc(words, sizeof *c);
	const bool memory = c && out->w;
	for (size_t i = 0; memory && i < words; i++) c[i] = weight[i / d].c[i % d];
	if (memory && small_fractions_var(out->w, &D, c, words, INT32_MAX)) {
		out->fit = set_start(out, held, d);
		out->D_inverse = inverse_of_odd(D);
	}
	free(c);
	return memory ? OK : err_fail(ERR_NOMEM, "the weights of %u sets of parties do not fit into memory", held);
}

void prss_mask_weights_free(prss_mask_weights *W)
{
	free(W->w);
	W->w = NULL;
}

/* ---- masks --------------------------------------------------------------------------------------------------------- */

typedef struct work {
	uint8_t input[2 * BATCH][AES_BLOCK];
	uint8_t state[MASK_KEYS][AES_BLOCK];                                   /* sid_A */
	_Alignas(64) uint8_t scratch[MASK_SCRATCH];
	_Alignas(64) uint8_t phi[2 * NEAR * AES_QUAD][AES_BLOCK];
} work;

/* By the weights as they are.  Not inlined: see wipe_below. */
static __attribute__((noinline))
void add_wide(u128 *w, const gr *weight, unsigned d, size_t keys, const uint8_t *phi, size_t row, size_t count)
{
	const u128 B = (u128)1 << PRSS_MASK_LOG;

	for (size_t m = 0; m < count; m++, phi += 2 * row, w += d)
		for (size_t key = 0; key < keys; key++) {
			const uint8_t *x = phi + key * AES_BLOCK;
			const u128 E = (load128(x) & (2 * B - 1)) + (load128(x + row) & (2 * B - 1)) - 2 * B;
			for (unsigned c = 0; c < d; c++) w[c] += weight[key].c[c] * E;
		}
}

/* w += sums / D */
static void divide(u128 *w, const prss_mask_kernel *k, const int64_t *sum, const prss_mask_weights *W, unsigned d, size_t count)
{
	const uint64_t D0 = (uint64_t)W->D_inverse, D1 = (uint64_t)(W->D_inverse >> 64);
	const size_t lanes = k->lanes;

	for (size_t m = 0, lane = 0; m < count; m++) {
		const int64_t *v = sum + lane;
		for (unsigned c = 0; c < d; c++, w++, v += MASK_LIMBS * lanes) {
			const uint64_t v0 = (uint64_t)v[0], v1 = (uint64_t)v[lanes];
			*w += (u128)v0 * D0 + ((u128)(v0 * D1 + v1 * D0) << 64);
		}
		if (++lane == lanes) lane = 0, sum += d * MASK_LIMBS * lanes;
	}
}

/* Registers that kernels put by on their stacks, which were where this one is. */
static __attribute__((noinline)) void wipe_below(void)
{
	uint8_t spilled[1024];
	wipe(spilled, sizeof spilled);
}

/* At most BATCH masks.  Not inlined: its sums and the caller's work are too much for one frame. */
static __attribute__((noinline))
void add_batch(work *at, const prss_mask_kernel *k, const prss *p, u128 *w, const hash32 *h, size_t masks)
{
	_Alignas(64) int64_t sum[BATCH * GR_MAX_DEGREE * MASK_LIMBS];
	const size_t each = p->d * MASK_LIMBS, used = (masks + 7) / 8 * 8 * each * sizeof *sum;

	for (size_t q = 0; q < p->quads; q += QUADS) {
		const size_t quads = size_min(QUADS, p->quads - q), first = AES_QUAD * q;
		const size_t keys = size_min(MASK_KEYS, p->held - first), row = AES_QUAD * quads * AES_BLOCK;
		const aes_quad *key = p->mask_key + q;

		aes_many(key, quads, at->state[0], NULL, h->b, 1);
		aes_many(key, quads, at->state[0], at->state[0], h->b + AES_BLOCK, 1);
		for (size_t m = 0, count; m < masks; m += count) {
			count = size_min(masks - m, NEAR / quads / 8 * 8);
			aes_many(key, quads, at->phi[0], at->state[0], at->input[2 * m], 2 * count);
			if (!k) add_wide(w + m * p->d, p->weight + first, p->d, keys, at->phi[0], row, count);
			else k->add(sum + m * each, q == 0, at->scratch, p->small.w + first * p->d, p->d, keys, at->phi[0], row, count);
		}
	}
	if (k) k->carry(sum, p->small.start, p->d, masks), divide(w, k, sum, &p->small, p->d, masks);
	wipe(sum, used);
	wipe_below();
}

void prss_mask_add_by(const prss_mask_kernel *k, const prss *p, u128 *w, const hash32 *h, uint32_t first, size_t count)
{
	work at;

	ASSERT(count <= (uint64_t)UINT32_MAX + 1 - first);
	for (uint64_t done = 0, masks; done < count; done += masks, w += masks * p->d) {
		masks = size_min(count - done, BATCH);
		for (uint64_t b = 0; b < 2 * masks; b++) prf_input(at.input[b], PRSS_PHI, 0, 0, 2, 2 * (first + done) + b);
		for (uint64_t m = 0; m < masks; m++) prss_ledger_note(p, hash32_slice(h), PRSS_PHI, 2, first + done + m, LEDGER_MASK);
		add_batch(&at, k, p, w, h, masks);
	}
	const size_t keys = AES_QUAD * size_min(QUADS, p->quads);
	wipe(at.state, keys * AES_BLOCK);
	wipe(at.scratch, keys * (MASK_SCRATCH / MASK_KEYS));
	wipe(at.phi, size_min(sizeof at.phi, size_min(count, BATCH) * 2 * keys * AES_BLOCK));
}

void prss_mask_add(const prss *p, u128 *w, const hash32 *h, uint32_t first, size_t count)
{
	prss_mask_add_by(p->small.fit ? prss_mask_chosen() : NULL, p, w, h, first, count);
}
