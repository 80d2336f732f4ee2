/* SPDX-License-Identifier: MIT */
/* tkms/trial_zeros.c -- zeros of one part, zeros of the other, and their sums. */
#include "tkms/trial_zeros.h"
#include "lattice/compact.h"
#include "lattice/engine.h"
#include "tkms/trial.h"

static const uint64_t QUARTER = (uint64_t)1 << 62, HALF = (uint64_t)1 << 63;

static size_t words_of(lwe64_run r) { return r.count * (r.dim + 1); }

/* Of re-randomisation.  A message of the list is two blocks. */
static err rerandomisers(lwe64_run out, const seeded_keyset *set, const rng *random)
{
	compact_key key = { .n = out.dim, .noise = part_shape_of(set->params, PART_RERAND).noise };
	AUTO(arena) a = arena_with_limit(trial_zeros_memory(set->params, out.count));
	compact_list list;
	uint64_t *halves;
	uint8_t *zero;

	TRY(arena_new(&a, &halves, 2 * (size_t)key.n));
	TRY(arena_new(&a, &zero, 2 * out.count));
	part_rows64(halves, part_shape_of(set->params, PART_RERAND), &set->part[PART_RERAND], 0, 1);
	key.a = halves, key.b = halves + key.n;
	TRY(compact_encrypt(&list, &a, &key, zero, 2 * out.count, random));
	for (size_t i = 0; i < out.count; i++) compact_lwe(lwe64_at(out, i), &list, i);
	return OK;
}

/* A quarter or minus a quarter each: the function at masks that are drawn, with bodies of zero. */
static err quarters(lwe64_run out, boot_key *function, const lat_params *p, pool *cores, const rng *random)
{
	const size_t width = boot_key_form(function)->steps + 1;
	AUTO(arena) a = arena_with_limit(out.count * width * sizeof(uint32_t) + p->N * sizeof(uint64_t) + 4096);
	uint32_t *switched;
	uint64_t *table;
	uint8_t word[sizeof *switched];

	TRY(arena_new(&a, &switched, out.count * width));
	TRY(arena_new(&a, &table, p->N));
	for (size_t i = 0; i < out.count * width; i++) {
		if (i % width == width - 1) continue;
		rng_fill(random, word, sizeof word);
		switched[i] = load32(word) & (2 * p->N - 1);
	}
	for (unsigned c = 0; c < p->N; c++) table[c] = QUARTER;
	return boot_rotate64(out, function, switched, table, cores);
}

static err function_zeros(lwe64_run out, const seeded_keyset *set, exactness how, pool *cores, const rng *random)
{
	eval_keys keys;

	TRY(trial_keys_new(&keys, set, PART_BIT(PART_OPRF_BSK), how, cores));
	err e = quarters(out, keys.boot[PART_OPRF_BSK], set->params, cores, random);
	eval_keys_free(&keys);
	for (size_t i = 0; e == OK && i < words_of(out); i++) out.w[i] *= 2;
	for (size_t i = 0; e == OK && i < out.count; i++) lwe64_at(out, i)[out.dim] -= HALF;
	return e;
}

size_t trial_zeros_memory(const lat_params *p, size_t count)
{
	const size_t dim = (size_t)p->k * p->N;
	return (2 * count + 4 + count / dim) * (dim + 1) * sizeof(uint64_t) + 4 * count + 4096;
}

err trial_zeros(lwe64_run *out, arena *a, const seeded_keyset *set, size_t count, exactness how, pool *cores, const rng *random)
{
	lwe64_run zeros = { .count = count, .dim = set->params->k * set->params->N }, others = zeros;

	TRY(part_present(set, PART_RERAND));
	TRY(arena_new(a, &zeros.w, words_of(zeros)));
	TRY(arena_new(a, &others.w, words_of(others)));
	TRY(rerandomisers(zeros, set, random));
	TRY(function_zeros(others, set, how, cores, random));
	trial_add(zeros, others);
	*out = zeros;
	return OK;
}

void trial_add(lwe64_run blocks, lwe64_run zeros)
{
	ASSERT(blocks.count == zeros.count && blocks.dim == zeros.dim);
	for (size_t i = 0; i < words_of(blocks); i++) blocks.w[i] += zeros.w[i];
}
