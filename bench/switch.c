/* SPDX-License-Identifier: MIT */
/*
 * bench/switch.c -- keyswitches with keys of production size: one and eight at a time, and the packing ones of whole lists.
 *
 * Keys and ciphertexts are random words: these are functions of integers, whose cost does not depend on them.
 */
#include "bench/bench.h"
#include <stdlib.h>
#include "lattice/keyswitch.h"
#include "lattice/memory.h"
#include "lattice/packing.h"

#define PARAMS (&PARAMS_DEFAULT)

static void *random_words(size_t bytes)
{
	void *w = malloc(bytes);

	ASSERT(w);
	rng_fill(rng_os(), w, bytes);
	return w;
}

/* ---- keyswitch --------------------------------------------------------------------------------------------------- */

typedef struct keyswitch { key_rows key; lwe64_run in, out; pool *cores; } keyswitch;

static err switch_all(void *ctx)
{
	const keyswitch *k = ctx;

	TRY(keyswitch_all_var(k->out, k->in, &k->key, k->cores));
	bench_keep(k->out.w);
	return OK;
}

static err check_keyswitch(const keyswitch *k)
{
	uint64_t *right = random_words((k->out.dim + 1) * sizeof *right);

	err e = switch_all((void *)k);
	keyswitch_var(right, lwe64_at(k->in, k->in.count - 1), &k->key);
	if (e == OK && memcmp(right, lwe64_at(k->out, k->in.count - 1), (k->out.dim + 1) * sizeof *right) != 0)
		e = err_fail(ERR_INTERNAL, "a keyswitch is wrong");
	free(right);
	return e;
}

/* arg: how many at a time; whether on all threads. */
static err keyswitch_row(bench *b)
{
	const part_shape s = part_shape_of(PARAMS, PART_KSK);
	const size_t bytes = s.rows * (s.mask + s.body) * sizeof(uint64_t), count = b->row->arg[0];
	keyswitch k = { .in = { count, PARAMS->k * PARAMS->N, NULL }, .out = { count, PARAMS->n, NULL } };
	void *key = NULL;

	TRY(memory_take(&key, bytes, "a keyswitch key"));
	rng_fill(rng_os(), key, bytes);
	k.key = (key_rows){ .shape = s, .w64 = key };
	k.in.w = random_words(count * (k.in.dim + 1) * sizeof *k.in.w);
	k.out.w = random_words(count * (k.out.dim + 1) * sizeof *k.out.w);
	err e = b->row->arg[1] ? pool_new(&k.cores, b->options->threads) : OK;
	if (e == OK) e = check_keyswitch(&k);
	bench_variant(b, "%s", keyswitch_chosen()->name);
	if (e == OK && k.cores) b->threads = pool_threads(k.cores);
	if (e == OK) e = bench_measure(b, b->row->arg[1] ? BENCH_WALL : BENCH_THREAD, count, switch_all, &k);
	pool_free(&k.cores);
	free(k.in.w), free(k.out.w);
	memory_give_back(key, bytes);
	return e;
}

/* ---- packing ------------------------------------------------------------------------------------------------------ */

typedef struct packing {
	part_shape  shape;
	seeded_part part;
	lwe64_run   in64;
	lwe128_run  in128;
	void       *out;
	pool       *cores;
} packing;

static err pack(void *ctx)
{
	const packing *x = ctx;
	const packing_key key = { x->shape, &x->part };

	TRY(x->shape.bits == 64 ? packing64_var(x->out, key, x->in64, x->cores) : packing128_var(x->out, key, x->in128, x->cores));
	bench_keep(x->out);
	return OK;
}

/* Both ways of packing give the same words. */
static err check_packing(const packing *x)
{
	const size_t bytes = (x->shape.mask + x->shape.body) * sizeof(u128);
	const lwe128_run two = { 2, x->in128.dim, x->in128.w };
	const packing_key key = { x->shape, &x->part };
	u128 *one, *other;

	if (x->shape.bits == 64) return OK;
	one = random_words(bytes), other = random_words(bytes);
	err e = packing128_by_slots_var(one, key, two, x->cores);
	if (e == OK) e = packing128_by_products_var(other, key, two, x->cores);
	if (e == OK && memcmp(one, other, bytes) != 0) e = err_fail(ERR_INTERNAL, "two ways of packing disagree");
	free(one), free(other);
	return e;
}

/* arg: key_part, slots. */
static err packing_row(bench *b)
{
	const part_shape s = part_shape_of(PARAMS, (key_part)b->row->arg[0]);
	const size_t slots = b->row->arg[1], dim = s.rows / s.decomp.level, word = s.bits / 8;
	uint8_t *bodies = random_words(part_body_bytes(s));
	void *in = random_words(slots * (dim + 1) * word);
	packing x = { .shape = s, .part = { .bodies = slice_of(bodies, part_body_bytes(s)), .seed = mask_seed_ctr(1) }, .in64 = { slots, (unsigned)dim, in },
	              .in128 = { slots, (unsigned)dim, in }, .out = random_words((s.mask + s.body) * word) };

	err e = pool_new(&x.cores, b->options->threads);
	if (e == OK) e = check_packing(&x);
	bench_variant(b, "%s", bench_cpu());
	if (e == OK) b->threads = pool_threads(x.cores);
	if (e == OK) e = bench_measure(b, BENCH_WALL, 1, pack, &x);
	pool_free(&x.cores);
	free(bodies), free(in), free(x.out);
	return e;
}

static const bench_row ROWS[] = {
	{ "keyswitch", "ms", "one ciphertext from the big key to the small one, all threads", keyswitch_row, { 1, 1 } },
	{ "keyswitch/b8", "ms", "the same, eight pass the key together, one thread; time of one", keyswitch_row, { 8, 0 } },
	{ "packing64/256", "ms", "a compressed list of 256 blocks, all threads", packing_row, { PART_COMP_PKSK, 256 } },
	{ "packing128/2", "ms", "a compressed list of 2 squashed blocks, all threads", packing_row, { PART_SNSCOMP_PKSK, 2 } },
	{ "packing128/16", "ms", "the same of 16, a euint64", packing_row, { PART_SNSCOMP_PKSK, 16 } },
	{ "packing128/128", "ms", "the same of 128", packing_row, { PART_SNSCOMP_PKSK, 128 } },
};

const bench_group BENCH_SWITCH = { .row = ROWS, .rows = COUNT(ROWS) };
