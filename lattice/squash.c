/* SPDX-License-Identifier: MIT */
/* lattice/squash.c -- doc/notes/squash.md, step by step. */
#include "lattice/squash.h"
#include "lattice/bootstrap.h"
#include "lattice/compress.h"
#include "lattice/scratch.h"

typedef struct squashing {
	lwe128_run out;
	const eval_keys *keys;
	lwe64_run in;
	const u128 *lut;
} squashing;

static err squash_pair(void *ctx, size_t t)
{
	const squashing *q = ctx;
	const lat_params *p = q->keys->params;
	const size_t width = q->in.dim + 1;
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	uint64_t *pair, *small;
	uint32_t *switched;

	TRY(arena_new(&a, &pair, width));
	TRY(arena_new(&a, &small, p->n + 1));
	TRY(arena_new(&a, &switched, p->n + 1));
	memcpy(pair, lwe64_at(q->in, 2 * t), width * sizeof *pair);
	if (2 * t + 1 < q->in.count) {
		const uint64_t *high = lwe64_at(q->in, 2 * t + 1);
		for (size_t c = 0; c < width; c++) pair[c] += MESSAGE_MODULUS * high[c];
	}
	keyswitch_var(small, pair, &q->keys->part[PART_KSK]);
	modulus_switch_var(switched, small, p->n, p->sns.N, p->sns.ms.kind);
	return bootstrap128_var(lwe128_at(q->out, t), switched, q->lut, &q->keys->part[PART_SNS_BSK]);
}

err squash_var(lwe128_run out, const eval_keys *keys, lwe64_run in, pool *p)
{
	const lat_params *params = keys->params;
	static const uint8_t identity[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	u128 *lut;

	ASSERT(out.count == squashed_count(in.count) && out.dim == params->sns.k * params->sns.N);
	ASSERT(in.dim == params->k * params->N);
	TRY(arena_new(&a, &lut, params->sns.N));
	lut128(lut, params->sns.N, identity, COUNT(identity), DELTA_LOG_128);
	squashing q = { out, keys, in, lut };
	return pool_try(p, out.count, squash_pair, &q);
}

err squash_packed_var(lwe128_run out, const eval_keys *keys, packed64 ct, size_t blocks, pool *p)
{
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	lwe64_run plain = { .count = blocks, .dim = keys->params->k * keys->params->N };

	TRY(arena_new(&a, &plain.w, plain.count * (plain.dim + 1)));
	TRY(decompress64_var(plain, keys, ct, p));
	return squash_var(out, keys, plain, p);
}
