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

/* Block t of the results of one value: `of` neighbours, fewer at the end. */
static void pair_up(uint64_t *sum, lwe64_run in, size_t t, unsigned of)
{
	const size_t width = in.dim + 1;

	memcpy(sum, lwe64_at(in, of * t), width * sizeof *sum);
	if (of == 1 || 2 * t + 1 >= in.count) return;
	const uint64_t *high = lwe64_at(in, 2 * t + 1);
	for (size_t c = 0; c < width; c++) sum[c] += MESSAGE_MODULUS * high[c];
}

/* The pairs that were put together. */
static err squash_pairs(squashing *q, lwe128_run out, pool *p)
{
	const lat_params *params = q->keys->params;
	const lwe64_run pair = { out.count, params->k * params->N, q->pair }, small = { out.count, params->n, q->small };

	TRY(keyswitch_all_var(small, pair, &q->keys->rows[PART_KSK], p));
	modulus_switch_all_var(q->switched, small, params->sns.N, params->sns.ms.kind);
	return boot_rotate128(out, q->keys->boot[PART_SNS_BSK], q->switched, q->lut, p);
}

static err squash(lwe128_run out, const eval_keys *keys, const lwe64_run *in, size_t values, unsigned of, pool *p)
{
	const lat_params *params = keys->params;
	const size_t dim = (size_t)params->k * params->N, most = size_min(SQUASH_MOST, out.count);
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	squashing q;
	size_t done = 0, pairs = 0;

	ASSERT(out.dim == params->sns.k * params->sns.N);
	TRY(squashing_new(&q, &a, keys, most));
	for (size_t v = 0; v < values; v++) {
		ASSERT(in[v].dim == dim);
		for (size_t t = 0; of * t < in[v].count; t++) {
			pair_up(q.pair + pairs * (dim + 1), in[v], t, of);
			if (++pairs < most && done + pairs < out.count) continue;
			ASSERT(done + pairs <= out.count);
			TRY(squash_pairs(&q, (lwe128_run){ pairs, out.dim, lwe128_at(out, done) }, p));
			done += pairs;
			pairs = 0;
		}
	}
	ASSERT(done == out.count && pairs == 0);
	return OK;
}

err squash_values_var(lwe128_run out, const eval_keys *keys, const lwe64_run *in, size_t values, pool *p)
{
	return squash(out, keys, in, values, 2, p);
}

err squash_var(lwe128_run out, const eval_keys *keys, lwe64_run in, pool *p)
{
	return squash(out, keys, &in, 1, 2, p);
}

err squash_single_var(lwe128_run out, const eval_keys *keys, lwe64_run in, pool *p)
{
	return squash(out, keys, &in, 1, 1, p);
}

err squash_packed_var(lwe128_run out, const eval_keys *keys, packed64 ct, size_t blocks, pool *p)
{
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	lwe64_run plain = { .count = blocks, .dim = keys->params->k * keys->params->N };

	TRY(arena_new(&a, &plain.w, plain.count * (plain.dim + 1)));
	TRY(decompress64_var(plain, keys, ct, p));
	return squash_var(out, keys, plain, p);
}
