/* SPDX-License-Identifier: MIT */
/* lattice/squash.c -- doc/notes/squash.md, step by step, for a batch at a time. */
#include "lattice/squash.h"
#include "lattice/bootstrap.h"
#include "lattice/compress.h"
#include "lattice/engine.h"
#include "lattice/keyswitch.h"
#include "lattice/scratch.h"

/* So many at a time: what bounds the memory. */
enum { SQUASH_MOST = 256 };

typedef struct squashing {
	const eval_keys *keys;
	const u128 *lut;
	uint64_t   *pair, *small;
	uint32_t   *switched;
} squashing;

/* For `most` results at a time. */
static err squashing_new(squashing *q, arena *a, const eval_keys *keys, size_t most)
{
	const lat_params *p = keys->params;
	static const uint8_t identity[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	u128 *lut;

	TRY(arena_new(a, &lut, p->sns.N));
	lut128(lut, p->sns.N, identity, COUNT(identity), DELTA_LOG_128);
	*q = (squashing){ .keys = keys, .lut = lut };
	TRY(arena_new(a, &q->pair, most * ((size_t)p->k * p->N + 1)));
	TRY(arena_new(a, &q->small, most * (p->n + 1)));
	return arena_new(a, &q->switched, most * (p->n + 1));
}

/* in: the neighbours of which each result is made, `of` of them, fewer at the end. */
static err squash_some(squashing *q, lwe128_run out, lwe64_run in, unsigned of, pool *p)
{
	const lat_params *params = q->keys->params;
	const lwe64_run pair = { out.count, in.dim, q->pair }, small = { out.count, params->n, q->small };
	const size_t width = in.dim + 1;

	for (size_t t = 0; t < out.count; t++) {
		uint64_t *sum = lwe64_at(pair, t);
		memcpy(sum, lwe64_at(in, of * t), width * sizeof *sum);
		if (of == 1 || 2 * t + 1 >= in.count) continue;
		const uint64_t *high = lwe64_at(in, 2 * t + 1);
		for (size_t c = 0; c < width; c++) sum[c] += MESSAGE_MODULUS * high[c];
	}
	TRY(keyswitch_all_var(small, pair, &q->keys->rows[PART_KSK], p));
	modulus_switch_all_var(q->switched, small, params->sns.N, params->sns.ms.kind);
	return boot_rotate128(out, q->keys->boot[PART_SNS_BSK], q->switched, q->lut, p);
}

static err squash(lwe128_run out, const eval_keys *keys, lwe64_run in, unsigned of, pool *p)
{
	const lat_params *params = keys->params;
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	squashing q;

	ASSERT(out.count == (in.count + of - 1) / of && out.dim == params->sns.k * params->sns.N);
	ASSERT(in.dim == params->k * params->N);
	TRY(squashing_new(&q, &a, keys, size_min(SQUASH_MOST, out.count)));
	for (size_t t = 0; t < out.count; t += SQUASH_MOST) {
		const size_t count = size_min(SQUASH_MOST, out.count - t);
		const lwe128_run to = { count, out.dim, lwe128_at(out, t) };
		const lwe64_run from = { size_min(of * count, in.count - of * t), in.dim, lwe64_at(in, of * t) };
		TRY(squash_some(&q, to, from, of, p));
	}
	return OK;
}

err squash_var(lwe128_run out, const eval_keys *keys, lwe64_run in, pool *p)
{
	return squash(out, keys, in, 2, p);
}

err squash_single_var(lwe128_run out, const eval_keys *keys, lwe64_run in, pool *p)
{
	return squash(out, keys, in, 1, p);
}

err squash_packed_var(lwe128_run out, const eval_keys *keys, packed64 ct, size_t blocks, pool *p)
{
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	lwe64_run plain = { .count = blocks, .dim = keys->params->k * keys->params->N };

	TRY(arena_new(&a, &plain.w, plain.count * (plain.dim + 1)));
	TRY(decompress64_var(plain, keys, ct, p));
	return squash_var(out, keys, plain, p);
}
